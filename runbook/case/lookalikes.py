"""A text in the letters and digits of a keyboard, character for character: what looks like one of them is taken for it.

Circled, bold, full width, small capitals, accents, digits of any script and look-alikes of other alphabets are one
thing to a reader, and so must be one thing to a search. What has no width becomes one and the same such character.
Unicode's own data say most of it; the rest is a table beside this file.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

#: In place of any character without width.
NOTHING = "\u200b"
_NAMED = re.compile(r"(?:LATIN|REGIONAL INDICATOR)\b.*\b(?:LETTER|SMALL CAPITAL) ([A-Z])(?: WITH .*)?")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")
_TAGS = range(0xE0020, 0xE007F)


class _Folds(dict[int, str]):
    """Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_FOLDS = _Folds()


def fold(text: str) -> str:
    """``text`` as long as it is, each character in its plain form where it has one."""
    return text if text.isascii() else text.translate(_FOLDS)


@cache
def _table() -> dict[str, str]:
    rows = (row.split() for row in Path(__file__).with_name("lookalikes.txt").read_text(encoding="utf-8").splitlines())
    return {like: row[0] for row in rows if row[0] != "#" for like in row[1]}


def _folded(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in _TAGS:  # an unseen alphabet of its own
        return chr(ord(character) - 0xE0000)
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKD", character)
    written = [each for each in plain if each.isascii() and each.isalnum()]
    if len(written) == 1:
        return written[0]
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return NOTHING
    if named := _NAMED.search(unicodedata.name(character, "")):
        return named[1].lower() if "SMALL LETTER" in unicodedata.name(character) else named[1]
    like = unicodedata.normalize("NFKC", character)
    return _table().get(like, character)
