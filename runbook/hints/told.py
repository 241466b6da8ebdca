"""What ``runbook hint`` says: each row with its act first, its reason, cause and page; as text or as JSON."""

from __future__ import annotations

import json
from textwrap import shorten
from typing import Any

from runbook.hints.matching import Hint, hints_for_text
from runbook.knowledge.reference import Problem
from runbook.words.sentences import data_root, say

CONFIDENCE = {
    "third party": "hints.confidence_third_party",
    "inferred": "hints.confidence_inferred",
    "not confirmed": "hints.confidence_not_confirmed",
}


def report(text: str, lang: str) -> str:
    """What is known about ``text``, as plain text ready to print."""
    return told(text, hints_for_text(text, lang), lang)


def told(text: str, hints: list[Hint], lang: str) -> str:
    """``hints`` as plain text ready to print; without any, what to do then."""
    if not text.strip():
        return say("hints.empty", lang)
    if not hints:
        return say("hints.nothing", lang, asked=shorten(text, 80, placeholder=" …"))
    return "\n\n".join(_paragraph(hint, lang) for hint in hints)


def as_json(text: str, hints: list[Hint], lang: str) -> str:
    """The same for a program: ``{asked, hints: [{id, title, fix, guess, why, cause, do_not, act, page, score}]}``."""
    rows = [
        {
            "id": hint.id,
            "title": hint.title(lang),
            "fix": _text(hint, "fix", lang),
            "do_not": _text(hint, "do_not", lang),
            "cause": _text(hint, "cause", lang) or _text(hint, "meaning", lang),
            "why": [say(why.key, lang, **why.fields) for why in hint.why],
            "guess": hint.candidate,
            "act": getattr(hint.problem or hint.event, "act", None),
            "page": hint.page,
            "score": round(hint.score, 1),
        }
        for hint in hints
    ]
    return json.dumps({"asked": " ".join(text.split())[:200], "hints": rows}, ensure_ascii=False, indent=2)


def _text(hint: Hint, name: str, lang: str) -> str | None:
    value: Any = getattr(hint.problem or hint.event, name, None)
    return None if value is None else str(value.of(lang))


def _paragraph(hint: Hint, lang: str) -> str:
    row = hint.problem or hint.event
    fix = _text(hint, "fix", lang)
    lines = [
        say("hints.first", lang, id=hint.id, text=fix)
        if fix
        else say("hints.line", lang, id=hint.id, title="").rstrip(),
        say("hints.about", lang, title=hint.title(lang)),
    ]
    if hint.candidate:
        lines.append(say("hints.guess", lang))
    lines += [say(why.key, lang, **why.fields) for why in hint.why]
    if row:
        cause = row.cause if isinstance(row, Problem) else row.meaning
        lines.append(say("hints.cause", lang, text=cause.of(lang)))
        if isinstance(row, Problem):
            lines += [say("hints.do_not", lang, text=row.do_not.of(lang))] if row.do_not else []
        elif row.noise:
            lines.append(say("hints.noise", lang, text=row.noise.when.of(lang)))
        if row.note:
            lines.append(say("hints.note", lang, text=row.note.of(lang)))
        if not row.confirmed:
            kind = say(CONFIDENCE[row.confidence], lang)
            lines.append(say("hints.unconfirmed", lang, confidence=kind))
    if row and row.act:
        built = (data_root() / "site" / lang).is_dir()
        lines.append(say("hints.act", lang, page=f"site/{lang}/{row.act}" if built else row.act))
    lines.append(_page(hint.page, lang))
    return "\n  ".join(lines)


def _page(page: str, lang: str) -> str:
    """The built page where the site lies beside the knowledge; else the command that builds it."""
    there = data_root() / "site" / lang / page.partition("#")[0]
    return say("hints.page" if there.is_file() else "hints.page_unbuilt", lang, page=page)
