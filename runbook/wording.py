"""Recognises a known message in what a person pasted: accents, quotes, case, spaces, cuts and names aside.

Both sides become words without accents. Of a pasted line and a known message, the words that both have in the
same order are weighed by how rare they are in knowledge/ (a word that every row uses says nothing). A message
counts when most of its weight is in the line, or most of the line's weight is in it (a partial copy). Words that
knowledge/ never uses, such as server names, weigh little. Order and spelling are compared by rapidfuzz.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(r"[a-z0-9]+")
#: Places in a known message where a name, a number or a cut stands.
_HOLE = re.compile(r"%\d(?:!s!)?|%\w+%|<[^<>]*>|…|\.\.\.")

#: Characters of a pasted text that are looked at: this many from its beginning and from its end.
_REACH = 10_000
_LONGEST_LINE = 400  # words; a longer line is looked at in pieces
#: Weight (nats) of the words in common below which nothing is concluded, and the share of either side needed.
_ENOUGH = 6.0
_ENOUGH_WHEN_WHOLE = 3.4
_SHARE = 0.72
_WHOLE = 0.97
#: Below this score (0 to 100) a likeness is chance: set between the everyday messages and the real questions of
#: the tests.
_LEAST = 70.0
#: A copy of less than half a message needs this many of its words ("Win32 error code" points nowhere).
_HALF, _FEW_WORDS = 0.5, 4
#: A word that knowledge/ does not have: it may be a name, so it weighs less than a rare word.
_FOREIGN = 1.2
#: Words of one letter or two ("l", "n", "of") are too common in speech to carry a message.
_SHORT = 2


def within_reach(text: str) -> str:
    """``text``, or its first and last 10,000 characters where it is longer than both."""
    return text if len(text) <= 2 * _REACH else text[:_REACH] + "\n" + text[-_REACH:]


def words_of(text: str) -> list[str]:
    """``text`` as words: no accents, no case, no signs ("n’est" gives "n", "est"; "X.224" gives "x", "224")."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


@dataclass(frozen=True)
class Phrase:
    """A known wording: ``owner`` is whose it is, ``text`` how it is written, ``lang`` "fr" or "en"."""

    owner: str
    text: str
    lang: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(words_of(_HOLE.sub(" ", self.text)))


@dataclass(frozen=True)
class Found:
    """A phrase that was recognised, with ``score`` from 0 to 100."""

    phrase: Phrase
    score: float


class Wordings:
    """All known phrases, ready to be looked for."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self.phrases = tuple(phrase for phrase in phrases if phrase.words)
        self._weights = _rarity(self.phrases)
        self._long = [word for word in self._weights if len(word) >= 6 and word.isalpha()]
        self._full = [self._weigh(phrase.words) for phrase in self.phrases]
        self._using: dict[str, list[tuple[int, float]]] = {}
        for number, phrase in enumerate(self.phrases):
            for word, times in Counter(phrase.words).items():
                self._using.setdefault(word, []).append((number, times * self._weights[word]))

    def _weigh(self, words: Iterable[str]) -> float:
        return sum(self._weights.get(word, _FOREIGN) for word in words)

    def _spelled(self, word: str) -> str:
        """``word``, or the known word that it is a slip of."""
        if word in self._weights or len(word) < 6 or not word.isalpha():
            return word
        from rapidfuzz import fuzz, process  # here: most runs show nothing that has to be recognised

        near = process.extractOne(word, self._long, scorer=fuzz.ratio, score_cutoff=86)
        return str(near[0]) if near else word

    def find(self, text: str) -> list[Found]:
        """The best place of each phrase that is recognised in ``text`` (as much as is in reach), best first."""
        best: dict[int, float] = {}
        slips: dict[str, str] = {}
        for line in dict.fromkeys(_lines(within_reach(text))):
            for word in line:
                if word not in slips:
                    slips[word] = self._spelled(word)
            words = [slips[word] for word in line]
            whole = self._weigh(words)
            for number in self._likely(words, whole):
                best[number] = max(best.get(number, 0.0), self._compare(number, words, whole))
        found = [Found(self.phrases[number], score) for number, score in best.items() if score]
        return sorted(found, key=lambda one: (-one.score, one.phrase.owner, one.phrase.text))

    def _likely(self, words: Sequence[str], whole: float) -> Iterator[int]:
        """Phrases that share enough words with ``words`` in whatever order: only these are compared in order."""
        shared: dict[int, float] = {}
        for word in set(words):
            for number, weight in self._using.get(word, ()):
                shared[number] = shared.get(number, 0.0) + weight
        for number, weight in shared.items():
            if _is_enough(weight, weight / self._full[number], weight / whole):
                yield number

    def _compare(self, number: int, words: Sequence[str], whole: float) -> float:
        """0 where ``words`` do not hold the phrase nor are a piece of it, else up to 100."""
        phrase = self.phrases[number]
        from rapidfuzz.distance import LCSseq

        blocks = LCSseq.opcodes(phrase.words, words)
        same = [block for block in blocks if block.tag == "equal"]
        if not same:
            return 0.0
        common = sum(self._weigh(phrase.words[block.src_start : block.src_end]) for block in same)
        in_phrase, in_line = common / self._full[number], common / whole
        if same[-1].dest_end - same[0].dest_start > 3 * len(phrase.words) + 10:
            return 0.0
        if in_phrase < _HALF and sum(block.src_end - block.src_start for block in same) < _FEW_WORDS:
            return 0.0
        if not _is_enough(common, in_phrase, in_line):
            return 0.0
        score = 100 * max(in_phrase, in_line) * (0.7 + 0.3 * min(in_phrase, in_line))
        return score if score >= _LEAST else 0.0


def _is_enough(common: float, in_phrase: float, in_line: float) -> bool:
    least = _ENOUGH_WHEN_WHOLE if in_phrase >= _WHOLE else _ENOUGH
    return common >= least and max(in_phrase, in_line) >= _SHARE


def _rarity(phrases: Sequence[Phrase]) -> dict[str, float]:
    """How much each word tells: ln(owners / owners that use it), counted within its language, the lesser of two."""
    weights: dict[str, float] = {}
    for lang in {phrase.lang for phrase in phrases}:
        users: dict[str, set[str]] = {}
        for phrase in phrases:
            if phrase.lang == lang:
                for word in phrase.words:
                    users.setdefault(word, set()).add(phrase.owner)
        total = len(set().union(*users.values()))
        for word, owners in users.items():
            weight = math.log(total / len(owners)) * (0.5 if len(word) <= _SHORT else 1.0)
            weights[word] = min(weight, weights.get(word, weight))
    return weights


def _lines(text: str) -> Iterator[tuple[str, ...]]:
    """The lines of ``text`` as words: each alone, then with the one or two after it (a console wraps), then all."""
    lines = [words for line in text.splitlines() if (words := words_of(line))]
    for line in lines:
        for start in range(0, len(line), _LONGEST_LINE // 2):
            yield tuple(line[start : start + _LONGEST_LINE])
            if start + _LONGEST_LINE >= len(line):
                break
    for together in (2, 3):
        for first in range(len(lines) - together + 1):
            joined = [word for line in lines[first : first + together] for word in line]
            if len(joined) <= _LONGEST_LINE:
                yield tuple(joined)
    if len(lines) > 3 and sum(map(len, lines)) <= _LONGEST_LINE // 2:
        yield tuple(word for line in lines for word in line)
