"""Recognises a known message in what a person pasted: quotes, case, spaces, cuts, slips and names aside.

Of a pasted line and a known message, the words that both have in the same order are weighed by how rare they are in
knowledge/ (a word that every row uses says nothing). A message counts when most of its weight is in the line, or most
of the line's weight is in it (a partial copy). Words that knowledge/ never uses, such as server names, weigh little.
Order and spelling are compared by rapidfuzz.

Likeness alone proves nothing: "is activated" is nearly "is not activated". So a message counts only where the line
denies as the message does, has its numbers, speaks of its row's field and names no other product.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from runbook.hints.words import (
    Words,
    denies,
    fields_in,
    flat,
    folded,
    has_accents,
    is_own,
    names_foreign,
    speaks_of_licences,
    telling_lines,
    words_of,
)

#: Places in a known message where a name, a number or a cut stands.
_HOLE = re.compile(r"%\d(?:!s!)?|%\w+%|<[^<>]*>|…|\.\.\.")
_NUMBER = re.compile(r"\d+")
#: Where a line falls into sentences: a title stands before one, advice behind it.
_SENTENCES = re.compile(r"(?<=[^\W\d_][.!?])\s+|(?<=[。！？])|(?<=:)\s+(?=[A-ZÀ-Ý])|\s[-–—]\s|…|\.{3}")

#: A text of more characters is looked at in lines only, each with its neighbours, and without mending slips.
_LONG = 20_000
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
#: An official message of which so much stands there (words, nats) is known by itself.
_BY_ITSELF = (6, 9.0)
#: A wording of so few words stands together: scattered over a sentence they say something else.
_BRIEF = 4
#: A wording without more than so many words of its end counts only where the line ends there as well.
_TAIL = 1
#: A wording of so many words is one clause: it stands in one, or in two neighbours.
_SAID_AT_ONCE = 8
#: Letters that a word cut off by the end of a selection must have left.
_STUMP = 5
#: A denial stands at most so many words before what it denies.
_BEFORE = 3


@dataclass(frozen=True)
class Phrase:
    """A known wording: ``owner`` is whose it is, ``text`` how it is written, ``lang`` "fr", "en" or "other".
    ``field``: the words of lexicon.yml of which one has to stand beside it, unless it is ``official`` and long."""

    owner: str
    text: str
    lang: str
    field: str = "rds"
    official: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        return words_of(_HOLE.sub(" ", self.text)).words


@dataclass(frozen=True)
class Found:
    """A phrase that was recognised, with ``score`` from 0 to 100."""

    phrase: Phrase
    score: float


class Wordings:
    """All known phrases, ready to be looked for."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self.phrases = tuple(phrase for phrase in phrases if phrase.words)

    @cached_property
    def _accented(self) -> _Index:
        return _Index(self.phrases, plain=False)

    @cached_property
    def _plain(self) -> _Index:
        return _Index(self.phrases, plain=True)

    def find(self, text: str) -> list[Found]:
        """The best place of each phrase that is recognised in ``text``, best first."""
        index = self._accented if has_accents(text) else self._plain
        best: dict[int, float] = {}
        long = len(text) > _LONG
        beside = "" if long else flat(text)
        for line, written in _lines(text):
            shape = flat(written)
            asked = shape == beside and line.share == 1  # nothing else was asked: no word of its field has to be there
            for number, score in index.in_line(line, beside or shape, asked=asked, mend=not long):
                best[number] = max(best.get(number, 0.0), score)
        found = [Found(self.phrases[number], score) for number, score in best.items()]
        return sorted(found, key=lambda one: (-one.score, one.phrase.owner, one.phrase.text))


class _Index:
    """The phrases by their words, for texts with accents or without (``plain``)."""

    def __init__(self, phrases: Sequence[Phrase], *, plain: bool) -> None:
        self.phrases, self._plain = phrases, plain
        self._words = [self._shaped(phrase.words) for phrase in phrases]
        self._weights = _rarity(phrases, self._words)
        self._by_fold = {folded(word): word for word in self._weights}
        self._long = [word for word in self._weights if len(word) >= 6 and word.isalpha()]
        self._full = [self._weigh(words) for words in self._words]
        self._spellings: dict[str, str] = {}
        self._using: dict[str, list[tuple[int, float]]] = {}
        for number, words in enumerate(self._words):
            for word in set(words):
                self._using.setdefault(word, []).append((number, words.count(word) * self._weights[word]))

    def _shaped(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(folded(word) for word in words) if self._plain else words

    def _weigh(self, words: Iterable[str]) -> float:
        return sum(self._weights.get(word, _FOREIGN) for word in words)

    def _spelled(self, word: str, mend: bool) -> str:
        """``word``, or the known word that it is a slip of."""
        if word in self._weights:
            return word
        if (known := self._by_fold.get(folded(word))) is not None:
            return known
        if not mend or len(word) < 6 or not word.isalpha():
            return word
        if word not in self._spellings:
            from rapidfuzz import fuzz, process  # here: most runs show nothing that has to be recognised

            near = process.extractOne(word, self._long, scorer=fuzz.ratio, score_cutoff=86)
            self._spellings[word] = str(near[0]) if near else word
        return self._spellings[word]

    def _completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """``words`` whose first and last are whole: a person's selection, like a console, cuts inside a word."""
        if len(words) < _FEW_WORDS:
            return words
        first, last = words[0], words[-1]
        return (self._whole(first, str.endswith), *words[1:-1], self._whole(last, str.startswith))

    def _is_cut(self, word: str) -> bool:
        """Whether ``word`` is the beginning of several known words."""
        return len(word) >= _STUMP and sum(known.startswith(word) for known in self._long) > 1

    def _whole(self, word: str, cut: Callable[[str, str], bool]) -> str:
        """The one known word that ``word`` is the end or the beginning of; ``word`` where there is none or several."""
        if word in self._weights or len(word) < _STUMP or not word.isalpha():
            return word
        whole = [known for known in self._long if cut(known, word)]
        return whole[0] if len(whole) == 1 else word

    def in_line(self, line: Words, beside: str, *, asked: bool, mend: bool) -> Iterator[tuple[int, float]]:
        """The phrases (by number) that stand in ``line``, each with its score. ``beside``: the flat text around it;
        ``asked``: it is all of that."""
        shaped = self._shaped(line.words)
        if mend:
            shaped = self._completed(shaped)
        last = len(shaped) - 1  # cut inside, it is no slip of a shorter word: "Termin" is not "termine"
        words = tuple(
            self._spelled(word, mend and not (place == last and self._is_cut(word)))
            for place, word in enumerate(shaped)
        )
        if not words:
            return
        whole = self._weigh(words)
        likely = list(self._likely(words, whole))
        if not likely:
            return
        fields = fields_in(beside) | fields_in(flat(" ".join((words[0], words[-1]))))
        foreign = names_foreign(beside)
        for number in likely:
            phrase = self.phrases[number]
            beside_it = (asked and self._words[number] == words) or phrase.field in fields or phrase.lang == "other"
            if not beside_it and not phrase.official:
                continue
            score, start, end = self._compare(number, words, whole, line, alone=not beside_it)
            if score and not (foreign and not is_own(" " + " ".join(map(folded, words[start:end])) + " ")):
                yield number, score

    def _names_field(self, words: Sequence[str], number: int) -> bool:
        return self.phrases[number].field in fields_in(" " + " ".join(map(folded, words)) + " ")

    def _likely(self, words: Sequence[str], whole: float) -> Iterator[int]:
        """Phrases that share enough words with ``words`` in whatever order: only these are compared in order."""
        shared: dict[int, float] = {}
        for word in set(words):
            for number, weight in self._using.get(word, ()):
                shared[number] = shared.get(number, 0.0) + weight
        for number, weight in shared.items():
            if _is_enough(weight, weight / self._full[number], weight / whole):
                yield number

    def _compare(
        self, number: int, words: Sequence[str], whole: float, line: Words, *, alone: bool
    ) -> tuple[float, int, int]:
        """The score, 0 where ``words`` do not hold the phrase nor are a piece of it, and where it stands in them."""
        from rapidfuzz.distance import LCSseq

        phrase = self._words[number]
        blocks = LCSseq.opcodes(phrase, words)
        same = [block for block in blocks if block.tag == "equal"]
        if not same:
            return 0.0, 0, 0
        start, end = same[0].dest_start, same[-1].dest_end
        common = sum(self._weigh(phrase[block.src_start : block.src_end]) for block in same)
        in_phrase, in_line = common / self._full[number], common / whole
        if end - start > (3 * len(phrase) + 10 if len(phrase) > _BRIEF else len(phrase) + 2):
            return 0.0, 0, 0
        crossed = line.clauses[end - 1] - line.clauses[start]
        if crossed > 1 and not self.phrases[number].official and len(phrase) <= _SAID_AT_ONCE:
            return 0.0, 0, 0
        goes_on = line.share < 1 or len(words) - end > _TAIL
        if goes_on and not self.phrases[number].official and len(phrase) - same[-1].src_end > _TAIL:
            return 0.0, 0, 0  # another end is no cut: "…the following error message: Access is denied" or what else
        many = sum(block.src_end - block.src_start for block in same)
        if (in_phrase < _HALF and many < _FEW_WORDS) or (alone and (many < _BY_ITSELF[0] or common < _BY_ITSELF[1])):
            return 0.0, 0, 0
        if not _is_enough(common, in_phrase, in_line):
            return 0.0, 0, 0
        if line.share < 1 and in_phrase < _SHARE:
            return 0.0, 0, 0  # a sentence of several is no cut copy: it says the whole of it or something else
        part = phrase if line.share < 1 else phrase[same[0].src_start : same[-1].src_end]
        meant = part if self.phrases[number].official or in_phrase < _SHARE else phrase  # a long copy may be cut
        if speaks_of_licences(meant) and not speaks_of_licences(words[start:end]):
            return 0.0, 0, 0
        if self._names_field(meant, number) and not self._names_field(words[start:end], number):
            return 0.0, 0, 0  # "no events match the specified criteria" is nearly "the specified channel"
        matched = {place for block in same for place in range(block.dest_start, block.dest_end)}
        numbers = part if self.phrases[number].official else phrase
        if any(_NUMBER.fullmatch(word) and word not in words[start:end] for word in numbers):
            return 0.0, 0, 0
        if not _says_the_same(part, words, line.clauses, start, end, matched):
            return 0.0, 0, 0
        score = 100 * max(in_phrase, in_line) * (0.7 + 0.3 * min(in_phrase, in_line)) * (0.9 + 0.1 * line.share)
        return (score if score >= _LEAST else 0.0), start, end


def _says_the_same(
    part: Sequence[str], words: Sequence[str], clauses: Sequence[int], start: int, end: int, matched: set[int]
) -> bool:
    """Whether ``words[start:end]`` deny where ``part`` of a phrase does."""
    before = start
    while before > max(0, start - _BEFORE) and clauses[before - 1] == clauses[start]:
        before -= 1
    if denies(part):
        return denies(words[before:end])
    around = [words[place] for place in range(before, end) if place not in matched]
    return not denies(around)


def _is_enough(common: float, in_phrase: float, in_line: float) -> bool:
    least = _ENOUGH_WHEN_WHOLE if in_phrase >= _WHOLE else _ENOUGH
    return common >= least and max(in_phrase, in_line) >= _SHARE


def _rarity(phrases: Sequence[Phrase], worded: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """How much each word tells: ln(owners / owners that use it), counted within its language, the lesser of two."""
    weights: dict[str, float] = {}
    for lang in {phrase.lang for phrase in phrases}:
        users: dict[str, set[str]] = {}
        for phrase, words in zip(phrases, worded, strict=True):
            if phrase.lang == lang:
                for word in words:
                    users.setdefault(word, set()).add(phrase.owner)
        total = len(set().union(*users.values()))
        for word, owners in users.items():
            light = len(word) <= _SHORT and word.isascii()
            weight = math.log(max(total, 3) / len(owners)) * (0.5 if light else 1.0)
            if _NUMBER.fullmatch(word):
                weight = min(weight, _FOREIGN)  # a text's own numbers say little; a phrase's have to be there anyway
            weights[word] = min(weight, weights.get(word, weight))
    return weights


def _lines(text: str) -> Iterator[tuple[Words, str]]:
    """The lines of ``text`` as words, with the text they come from: each alone, then with the one or two after it (a
    console wraps), then all of a short text. Of a long one only lines that speak of a field of ours, once each."""
    written = [line for line in text.splitlines() if line.strip()]
    if len(text) > _LONG:
        yield from _telling(written)
        return
    for line in dict.fromkeys(written):
        words = words_of(line)
        for start in range(0, len(words.words), _LONGEST_LINE // 2):
            stop = start + _LONGEST_LINE
            yield Words(words.words[start:stop], words.clauses[start:stop]), line
            if stop >= len(words.words):
                break
    for together in (2, 3):
        for first in range(len(written) - together + 1):
            yield from _joined(written[first : first + together])
    if len(written) > 3:
        yield from _joined(written, _LONGEST_LINE // 2)
    yield from _sentences(" ".join(written))


def _sentences(text: str) -> Iterator[tuple[Words, str]]:
    """Each sentence by itself, where there are several."""
    pieces = [words_of(piece) for piece in dict.fromkeys(_SENTENCES.split(text))]
    total = sum(len(piece.words) for piece in pieces)
    for piece in pieces:
        if _FEW_WORDS <= len(piece.words) <= min(_LONGEST_LINE, total - 1):
            yield replace(piece, share=len(piece.words) / total), text


def _joined(lines: Sequence[str], most: int = _LONGEST_LINE) -> Iterator[tuple[Words, str]]:
    joined = " ".join(lines)
    words = words_of(joined)
    if len(words.words) <= most:
        yield words, joined


def _telling(lines: Sequence[str]) -> Iterator[tuple[Words, str]]:
    seen: set[str] = set()
    for place in telling_lines(lines):
        shape = _NUMBER.sub("0", lines[place])
        if shape in seen:
            continue
        seen.add(shape)
        for first, last in ((place, place + 1), (place, place + 2), (max(0, place - 1), place + 2)):
            yield from _joined(lines[first:last])
