"""From an answer to a record, or to the failure that it is: the frame around every function of ``JUDGES``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from runbook.outcome import Answer, Line, Status, Verdict
from runbook.readers.answers import Answered, Fault, read_answer
from runbook.verdicts.context import Context

A = TypeVar("A", bound=Answered)

#: Program text of the error PowerShell raises for a script that policy wants signed; it is never translated.
_UNSIGNED = ("PSSecurityException", "UnauthorizedAccess,")
_SHOWN = 300  # characters of an error text that a sentence can carry


def reading(script: str, interpret: Callable[[Context, A], Verdict]) -> Callable[[Context, Answer], Verdict]:
    """A judge for the steps that run ``script``: ``interpret`` sees only a whole, typed record.

    A script that failed, or whose out.json has another shape, is a failed step with the error's own text.
    """

    def judge(context: Context, answer: Answer) -> Verdict:
        if not answer.ok or answer.out is None:
            return script_failed(answer)
        try:
            record = cast(A, read_answer(script, answer.out))
        except ValueError as error:
            fields = {"detail": _short(str(error))}
            return Verdict(Status.FAILED, (Line("steps.answer_unreadable", fields),))
        return interpret(context, record)

    return judge


def script_failed(answer: Answer) -> Verdict:
    """The script ended with an error, or without saying what it found."""
    errors = "\n".join(answer.errors)
    if any(word in errors for word in _UNSIGNED):
        return Verdict(Status.FAILED, (Line("steps.signing_needed"),), {"exit_code": answer.exit_code})
    fields = {"code": answer.exit_code, "error": _short(answer.errors[-1] if answer.errors else "—")}
    word = "script_failed" if answer.exit_code else "script_silent"
    return Verdict(Status.FAILED, (Line(f"steps.{word}", fields),), {"exit_code": answer.exit_code})


def failed(word: str, fault: Fault | None = None, hints: tuple[str, ...] = (), **fields: object) -> Verdict:
    """A failed verdict of one sentence; ``fault`` adds its code and its (localised) message as fields."""
    if fault is not None:
        fields |= {"code": fault.code, "message": _short(fault.message)}
    facts = {"code": fault.code} if fault is not None else {}
    return Verdict(Status.FAILED, (Line(f"steps.{word}", fields),), facts, hints=hints)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"
