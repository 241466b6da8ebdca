"""Which rows of errors.yml a verdict points to: found by code, event or article row, never by a typed id."""

from __future__ import annotations

from runbook import hints, knowledge

#: Rows of the source article's own table of errors.
_ARTICLE = {"activation": 1, "network": 2, "refused-id": 3, "no-cal": 4, "grace": 5}
#: Events (keys of events.yml) that stand for a situation which has no code of its own.
_EVENTS = {"ad-group": "LS-4105", "stock": "LS-20"}
#: Codes that stand for a situation: (kind, value).
_CODES = {"role": ("wmi", "0x80041010"), "service": ("status", "6")}


def hints_for(situation: str, code: object = None) -> tuple[str, ...]:
    """Ids of errors.yml for ``situation``: a word of the tables above, or a kind of code ("wmi", "status",
    "win32", "exit") with its ``code``. Empty where no row speaks of it."""
    if code is not None:
        return _by_code(situation, str(code))
    if situation in _ARTICLE:
        return tuple(row.id for row in knowledge.errors() if row.article == _ARTICLE[situation])
    if situation in _EVENTS:
        return tuple(row.id for row in knowledge.errors() if _EVENTS[situation] in row.events)
    return _by_code(*_CODES[situation])


def _by_code(kind: str, value: str) -> tuple[str, ...]:
    found = hints.hint_for_code(value, kind)
    return tuple(hint.problem.id for hint in found if hint.problem is not None)
