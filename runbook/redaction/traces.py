"""Pieces of known identifiers: with words, labels or look-alikes between them, mistyped, cut short, or spelled out.

A piece of four characters that is part of no word is hardly met by chance; several of one identifier near each other
give it away, in whatever way it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runbook.case.identifiers import Squeezed
from runbook.case.spelling import Spelled
from runbook.redaction.opaque import pieces_of_words
from runbook.redaction.tokens import TOKEN, put

#: What is easily taken for each other, also by who copies it.
_ALIKE = str.maketrans("OIL", "011")
#: A piece has so many characters; of numbers more, since their pieces are everywhere.
_PIECE, _NUMBER_PIECE = 4, 7
#: So many characters of an identifier give it away; its last ones may be shown.
_TELLS, _SHOWN = 10, 5
#: A token, or an identifier of which the last characters are shown.
_ALLOWED = re.compile(rf"{TOKEN.pattern}|(?:…|\.\.\.)[0-9A-Za-z]{{{_SHOWN}}}(?![0-9A-Za-z])")
#: Pieces so far apart, counted without separators, do not belong together.
_APART = 48
#: So long is the shortest text that spells an identifier.
_SPELLED = 40


@dataclass
class _Met:
    """Pieces of one identifier that stand near each other: from where to where, and which of its characters."""

    start: int
    end: int
    places: set[int] = field(default_factory=set)


class Traces:
    """Looks for pieces of ``identifiers`` (in plain capitals, with the token of each)."""

    def __init__(self, identifiers: Mapping[str, str]) -> None:
        self._tokens = dict(identifiers)
        self._pieces: dict[int, dict[str, dict[str, int]]] = {}  # by length: a piece, in whom it stands and where
        for whole in identifiers:
            size = _NUMBER_PIECE if whole.isdigit() else _PIECE
            pieces = self._pieces.setdefault(size, {})
            alike = whole.translate(_ALIKE)
            for at in range(len(whole) - max(size, _SHOWN)):
                if whole[at : at + size] not in pieces_of_words(size):
                    pieces.setdefault(alike[at : at + size], {}).setdefault(whole, at)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where ``text`` gives one away, and the token of that one. Places may overlap."""
        if not self._tokens or (len(text) < _TELLS and text.isascii()):  # others may stand for several letters each
            return
        # Tokens show a piece each and are made of words; so may be the label before an identifier that is masked.
        text = _ALLOWED.sub(lambda match: "T" * len(match[0]), text)
        views: list[Squeezed | Spelled] = [Squeezed(text)]
        if len(text) >= _SPELLED:
            views += [Spelled(text), Spelled(text, initials=True)]
        for view in views:
            for start, end, whole in self._in(view.text):
                yield *view.span(start, end), self._tokens[whole]

    def replace(self, text: str) -> str:
        """``text`` with a token from the first to the last piece of each."""
        return put(text, self.find(text))

    def _in(self, text: str) -> Iterator[tuple[int, int, str]]:
        alike = text.translate(_ALIKE)
        for size, pieces in self._pieces.items():
            met: dict[str, _Met] = {}
            for start in range(len(alike) - size + 1):
                for whole, at in pieces.get(alike[start : start + size], {}).items():
                    near = met.get(whole)
                    if near is None or start - near.end > _APART:
                        if near and len(near.places) >= _TELLS:
                            yield near.start, near.end, whole
                        near = met[whole] = _Met(start, start)
                    near.end = start + size
                    near.places.update(range(at, at + size))
            for whole, near in met.items():
                if len(near.places) >= _TELLS:
                    yield near.start, near.end, whole
