"""What could not be read, and why: every reader returns it beside its records instead of failing."""

from __future__ import annotations

from dataclasses import dataclass, field

from runbook.journal.outcome import Line
from runbook.words import sentences

#: A damaged file can name thousands of faults; so many are listed, the rest is only counted.
LISTED = 50


@dataclass(frozen=True)
class Unread:
    """One thing that could not be read.

    ``where`` names the file and, where known, the place in it ("System.evtx, record 463011"). ``why`` is a key
    of ``knowledge/words/readers.yml`` and its fields; the field ``detail``, where there is one, is the
    library's own English wording.
    """

    where: str
    why: Line

    def text(self, lang: str) -> str:
        """The reason as a sentence in ``lang`` ("fr" or "en")."""
        return sentences.say(self.why.key, lang, **self.why.fields)


def unread(where: str, key: str, **fields: object) -> Unread:
    """An ``Unread`` whose reason is ``key``; every field is kept as short text."""
    return Unread(where, Line(key, {name: _short(value) for name, value in fields.items()}))


def _short(value: object) -> str:
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= 300 else text[:297] + "..."


@dataclass
class Faults:
    """Collects what could not be read: the first ``LISTED`` in full, all of them counted."""

    listed: list[Unread] = field(default_factory=list)
    count: int = 0

    def add(self, fault: Unread) -> None:
        self.count += 1
        if len(self.listed) < LISTED:
            self.listed.append(fault)
