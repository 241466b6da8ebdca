"""Which rows of errors.yml a verdict points to: found by code, event, article row or wording, never by a typed id."""

from __future__ import annotations

from runbook.hints import matching
from runbook.knowledge import reference

#: Rows of the source article's own table of errors.
_ARTICLE = {"activation": 1, "network": 2, "refused-id": 3, "no-cal": 4, "grace": 5}
#: Events (keys of events.yml) that stand for a situation which has no code of its own.
_EVENTS = {"ad-group": "LS-4105", "stock": "LS-20"}
#: Codes that stand for a situation: (kind, value).
_CODES = {"role": ("wmi", "0x80041010")}
#: Wordings (of ``matches``, English) that stand for a situation which is neither an event nor a code.
_WORDINGS = {"workgroup": "Per User CALs are not usable in a workgroup"}


def hints_for(situation: str, code: object = None) -> tuple[str, ...]:
    """Ids of errors.yml for ``situation``: a word of the tables above, or a kind of code ("wmi", "status",
    "win32", "exit") with its ``code``. Empty where no row speaks of it."""
    if code is not None:
        return _by_code(situation, str(code))
    if situation in _ARTICLE:
        return tuple(row.id for row in reference.errors() if row.article == _ARTICLE[situation])
    if situation in _EVENTS:
        return tuple(row.id for row in reference.errors() if _EVENTS[situation] in row.events)
    if situation in _WORDINGS:
        return tuple(row.id for row in reference.errors() if _WORDINGS[situation] in row.matches.en)
    # A situation without a row of its own borrows none: the verdict's own sentence says what to do.
    return _by_code(*_CODES[situation]) if situation in _CODES else ()


def _by_code(kind: str, value: str) -> tuple[str, ...]:
    found = matching.hint_for_code(value, kind)
    return tuple(hint.problem.id for hint in found if hint.problem is not None)
