"""What the checker says about a text: where, what is wrong, what is right."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake. ``line`` counts from 1 inside the section (the file, the cell, the fence)."""

    line: int
    rule: str
    wrong: str
    right: str = ""
    file: str = ""
    section: str = ""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, self.section, str(self.line)) if part)
        return f"{place}: [{self.rule}] {self.wrong}" + (f" -> {self.right}" if self.right else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names that look most like ``name``, as a hint for a person ("" when none is near)."""
    by_lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=2, cutoff=0.6)
    return " or ".join(by_lower[word] for word in found)


def unknown(line: int, rule: str, what: str, name: str, known: Collection[str]) -> Iterator[Fault]:
    """A fault where ``name`` is none of the ``known``, whatever its case; ``what`` says of what."""
    if name.lower() not in {one.lower() for one in known}:
        few = ", ".join(sorted(known)) if len(known) < 12 else ""
        yield Fault(line, rule, f"{what} {name}", nearest(name, known) or few)
