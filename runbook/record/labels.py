"""What the record calls things that knowledge/ names: steps, columns, a person's answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runbook.journal.story import Attempt
from runbook.knowledge import reference
from runbook.knowledge.records import Ask
from runbook.words.forms import COLUMNS, NO_BREAK, phrase, semicolons, value


def step_title(step: str, lang: str) -> str:
    """The title of a step of steps.yml; its id where the step no longer exists."""
    try:
        return reference.step(step).title.of(lang)
    except (KeyError, FileNotFoundError):
        return step


def in_order(columns: Iterable[str]) -> tuple[str, ...]:
    """Columns whose order nobody kept, in that of all columns."""
    order = {column: place for place, column in enumerate(COLUMNS)}
    return tuple(sorted(columns, key=lambda column: order.get(column, len(order))))


def answer(ask: Ask | None, key: str, given: Any, lang: str) -> tuple[str, str]:
    """What was asked and what was answered, as a person reads it: the title of a choice, not its id."""
    if ask is None:
        return key, value(given, lang)
    if ask.type == "list" and isinstance(given, list):
        items = {item.id: item for item in ask.items}
        colon = f"{NO_BREAK}: " if lang == "fr" else ": "
        rows = [
            ", ".join(colon.join(answer(items.get(name), name, part, lang)) for name, part in row.items())
            for row in given
            if isinstance(row, dict)
        ]
        return ask.title.of(lang), semicolons(rows, lang) or "–"
    choice = next((choice for choice in ask.choices if choice.id == given), None)
    return ask.title.of(lang), choice.title.of(lang) if choice else value(given, lang)


def sentences_of(attempt: Attempt, lang: str) -> tuple[str, ...]:
    """What the judgement of an attempt said, in sentences."""
    lines = (attempt.end or {}).get("lines") or []
    return tuple(phrase(str(line.get("key")), lang, line.get("fields")) for line in lines if line)
