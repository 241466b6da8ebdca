"""Days that a page speaks of: written in its language, from versions.yml, and known to be past or still to come.

A page writes ``ends("2016.extended")`` where it says that something *will* end, ``since("2022.mainstream")`` where
it says that it has. A test reads every page and fails on the first day on which one of the two is no longer true.
"""

from __future__ import annotations

from macros.marks import mark
from macros.words import Here
from runbook.knowledge import reference
from runbook.knowledge.reference import Day

NBSP = "\N{NO-BREAK SPACE}"


def ends(here: Here, name: str) -> str:
    """The day ``name``, which is still to come ("12 January 2027"); KeyError where versions.yml has none."""
    row = reference.day(name)
    return written(here, row) if row.confirmed else f"{written(here, row)} {mark(here, row.confidence)}"


#: The same for a day that has passed: which of the two names a page uses is what the test looks at.
since = ends


def written(here: Here, row: Day) -> str:
    """The day in the page's language; only its month and year where no more is known."""
    month = here.word("site.months").split()[row.day.month - 1]
    number = ("1er" if here.lang == "fr" and row.day.day == 1 else str(row.day.day)) + NBSP if row.exact else ""
    return f"{number}{month}{NBSP}{row.day.year}"
