"""What is said where no record came back: the script's own error, or the fault that it tells."""

from __future__ import annotations

import re

from runbook.journal.facts import Facts
from runbook.journal.outcome import Answer, Line, Status, Verdict
from runbook.steps.answer_shape import Fault

#: Program text, never translated, of the error for a script that policy does not let run. With ``-File`` its id stands
#: alone on a line (``FullyQualifiedErrorId : UnauthorizedAccess``), and no type is named; called from a session the
#: type is, which a narrow console breaks in two. An access that is denied has the exception's name there.
_UNSIGNED_ID = re.compile(r"FullyQualifiedErrorId\s*:\s*UnauthorizedAccess(?!\s*Exc)(?=[\s,]|\Z)")
#: What preflight says of a session that may not call .NET, before it could write anything.
_LIMITED = re.compile(r"LanguageMode: (\w+)\. The steps need FullLanguage")
_SHOWN = 300  # characters of an error text that a sentence can carry


class Ended(Facts):
    """How a script ended that gave no answer."""

    exit_code: int | None = None


class Refused(Facts):
    """The code of the fault that an answer tells."""

    code: str = ""


def script_failed(answer: Answer) -> Verdict:
    """The script ended with an error, or without saying what it found."""
    errors = "\n".join(answer.errors)
    ended = Ended(exit_code=answer.exit_code)
    if _UNSIGNED_ID.search(errors) or "PSSecurityException" in re.sub(r"\s+", "", errors):
        return Verdict(Status.FAILED, (Line("steps.signing_needed"),), ended)
    if limited := _LIMITED.search(errors):
        return Verdict(Status.FAILED, (Line("steps.preflight_language_mode", {"mode": limited[1]}),), ended)
    fields = {"code": answer.exit_code, "error": short(answer.errors[-1] if answer.errors else "—")}
    key = "steps.script_failed" if answer.exit_code else "steps.script_silent"
    return Verdict(Status.FAILED, (Line(key, fields),), ended)


def failed(key: str, fault: Fault | None = None, hints: tuple[str, ...] = (), **fields: object) -> Verdict:
    """A failed verdict of one sentence; ``fault`` adds its code and its (localised) message as fields."""
    if fault is not None:
        fields |= {"code": fault.code, "message": short(fault.message)}
    facts = Refused(code=fault.code) if fault is not None else None
    return Verdict(Status.FAILED, (Line(key, fields),), facts, hints=hints)


def short(text: str) -> str:
    """``text`` on one line, as long as a sentence can carry it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"
