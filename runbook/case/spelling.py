"""Identifiers spelled out, as one says them on the telephone: letters one by one, names in place of letters, numbers
as words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.case.lookalikes import fold

#: The ICAO spelling alphabet: the same words in both languages.
ICAO = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo",
    "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform",
    "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
)  # fmt: skip
#: The French one of first names, and other spellings of either.
_NAMES = (
    *ICAO, "Alpha", "Juliet", "Xray", "Whisky", "Anatole", "Berthe", "Célestin", "Désiré", "Eugène", "François",
    "Gaston", "Henri", "Irma", "Joseph", "Kléber", "Louis", "Marcel", "Nicolas", "Pierre", "Quintal", "Raoul",
    "Suzanne", "Thérèse", "Ursule", "William", "Xavier", "Yvonne", "Zoé",
)  # fmt: skip
_NUMBERS = (
    "zero zéro", "one un une", "two deux", "three trois", "four quatre", "five cinq", "six", "seven sept", "eight huit",
    "nine neuf niner",
)  # fmt: skip
_LETTERS = {fold(name).lower(): name[0] for name in _NAMES}
_DIGITS = {fold(word): str(digit) for digit, words in enumerate(_NUMBERS) for word in words.split()}
_WORD = re.compile(r"[xX]-ray|[A-Za-z0-9]+")
#: So many words that stand for nothing part two spellings: "as in", "comme", "tiret".
_APART = 4
#: From so many characters on, among them letters and digits, it is an identifier that is spelled.
_ENOUGH = 20
_WALL = "\n"


class Spelled:
    """The characters that a text spells, upper case, and where each stands; a wall between two spellings.

    ``initials``: every word stands for its first letter, whatever alphabet it may be of.
    """

    def __init__(self, text: str, *, initials: bool = False) -> None:
        pieces: list[str] = []
        self._at: list[tuple[int, int]] = []
        other, letter = 0, ""  # words since the last character; it, where it was said as itself
        for match in _WORD.finditer(fold(text)):
            word = match[0].lower()
            single = len(word) == 1
            said = word.upper() if single else _DIGITS.get(word) or _LETTERS.get(word, "")
            if not said and initials and not word[0].isdigit():
                said = word[0].upper()
            if not said:
                other += 1
                if other == _APART and pieces and pieces[-1] != _WALL:
                    pieces.append(_WALL)
                    self._at.append(match.span())
                continue
            if not initials and not single and said == letter and other < _APART:
                letter = ""  # "K as in Kilo" is one letter
                continue
            pieces.append(said)
            self._at.append(match.span())
            other, letter = 0, said if single and said.isalpha() else ""
        self.text = "".join(pieces)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` to before ``end`` stand in the text."""
        return self._at[start][0], self._at[end - 1][1]


def spelled_secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Where ``text`` spells what has the form of an identifier, and which characters."""
    spelled = Spelled(text)
    for match in re.finditer(rf"[A-Z0-9]{{{_ENOUGH},}}", spelled.text):
        digits = sum(map(str.isdigit, match[0]))
        if digits > 2 and len(match[0]) - digits > 5 and len(set(match[0])) > 7:
            yield *spelled.span(*match.span()), match[0]
