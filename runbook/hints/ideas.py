"""What a text speaks of, however it is worded: "the licensing box cannot be reached" is a license server, unreachable.

Wordings recognise what Windows prints; people say it in their own words. lexicon.yml has the things and the states
that matter with the ways to name them, and a row of errors.yml `says` which of them together mean it. What is found so
is a guess, and is called one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from runbook.hints.words import folded, negations, parted, possibilities
from runbook.knowledge import reference

#: Words that may stand where a term has "*"; words before a state in which a denial turns it round, or a "can".
_GAP, _BEFORE, _MODAL = 5, 5, 2
#: Words of a text of which more is not one complaint: there only neighbours are read together.
_SHORT = 45
_SENTENCES = re.compile(r"(?<=[^\W\d_][.!?])\s+|\n+")
#: Scores: ideas in one sentence, in two neighbours or in a short text; what they add by how few rows say each (nats).
_TOGETHER, _NEAR = 75.0, 71.0
_STEM, _SHORTEST = 5, 3
_NOUGHT = frozenset({"0", "zero"})
#: A number below nothing, as a console shows it: "Available: -3".
_BELOW = re.compile(r"(?<=[\s:=])[-\u2212](?=\d{1,2}(?!\d))")


@dataclass(frozen=True)
class _Term:
    """One way to name an idea: the words allowed at each place ("#": a number), None for a gap."""

    idea: str
    places: tuple[frozenset[str] | None, ...]
    deniable: bool


@dataclass(frozen=True)
class Meant:
    """A row that a text speaks of, by the names of the ideas found."""

    row: str
    ideas: tuple[str, ...]
    score: float

    @property
    def happened(self) -> bool:
        """Whether a state is among the ideas: things alone are no complaint."""
        return not reference.lexicon().states.keys().isdisjoint(self.ideas)


@cache
def stem(word: str) -> str:
    """``word`` without a plural or a French feminine, where enough of it is left."""
    if len(word) > _SHORTEST and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    while len(word) > _STEM and word.endswith("e"):
        word = word[:-1]
    return word


@cache
def _terms() -> dict[str, list[_Term]]:
    """The terms by each word that they may begin with."""
    terms: dict[str, list[_Term]] = {}
    lexicon = reference.lexicon()
    for kind, state in ((lexicon.things, False), (lexicon.states, True)):
        for idea, ways in kind.items():
            for way in ways:
                words = way.replace("_", " ").replace("active directory", "activedirectory").split()
                places = tuple(None if word == "*" else frozenset(map(stem, word.split("|"))) for word in words)
                options = {option for word in words for option in word.split("|")}
                denies = len(words) > 1 and bool(options & {*negations(), "t"})
                term = _Term(idea, places, state and not denies)
                for first in places[0] or ():
                    terms.setdefault(first, []).append(term)
    return terms


@cache
def _rows() -> tuple[tuple[str, frozenset[str], float], ...]:
    """Row, ideas and how much they tell: one that few rows say tells more than several that many say."""
    said = [(row.id, frozenset(text.split())) for row in reference.errors() for text in row.says]
    users: dict[str, set[str]] = {}
    for row, ideas in said:
        for idea in ideas:
            users.setdefault(idea, set()).add(row)
    total = len({row for row, _ in said})
    rare = {idea: math.log(total / len(rows)) for idea, rows in users.items()}
    return tuple((row, ideas, math.hypot(*map(rare.__getitem__, ideas))) for row, ideas in said)


def _stands(
    places: Sequence[frozenset[str] | None], words: Sequence[str], at: int, end: int, deniable: bool
) -> int | None:
    """Where the term that begins at ``at`` ends, None where it does not stand there: a ``deniable`` one not where what
    lies between its words denies it ("the grace period has not expired")."""
    for number, place in enumerate(places):
        if place is None:
            after = places[number + 1 :]
            for gap in range(_GAP + 1):
                stop = _stands(after, words, at + gap, end, deniable)
                if stop is not None:
                    return stop
                if deniable and at + gap < end and words[at + gap] in negations():
                    return None
            return None
        if at >= end or not (words[at] in place or ("#" in place and words[at].isdigit())):
            return None
        at += 1
    return at


def denies_at(words: Sequence[str], at: int) -> bool:
    """Whether the word at ``at`` denies what follows: not where it only says why something failed; a nought does
    before what is harmless then ("0 problems")."""
    lexicon, after = reference.lexicon(), words[at + 1 : at + 2]
    if words[at] in _NOUGHT:
        return not {stem(word) for word in lexicon.harmless}.isdisjoint(map(stem, after))
    return words[at] in negations() and not set(lexicon.reasons).intersection(after)


@lru_cache(maxsize=512)
def ideas_in(sentence: str) -> frozenset[str]:
    """The things and states that ``sentence`` names."""
    written, clauses = parted(_BELOW.sub("negative ", sentence))
    plain = [folded(word) for word in written]
    words = [stem(word) for word in plain]
    found = set()
    for at, word in enumerate(words):
        start = max([at - _BEFORE, 0, *(place + 1 for place in range(at) if clauses[place] != clauses[at])])
        denied = any(denies_at(plain, before) for before in range(start, at))
        denied |= any(before in possibilities() for before in plain[max(start, at - _MODAL) : at])
        end = next((place for place in range(at, len(words)) if clauses[place] != clauses[at]), len(words))
        for term in (*_terms().get(word, ()), *_terms().get("#" if word.isdigit() else "", ())):
            if term.idea in found or (term.deniable and denied):
                continue
            if _stands(term.places, words, at, end, term.deniable) is not None:
                found.add(term.idea)
    return frozenset(found)


def meant_by(text: str) -> list[Meant]:
    """The rows that ``text`` speaks of, best first; each once."""
    best: dict[str, Meant] = {}
    for ideas, score in _windows(text):
        for row, said, rare in _rows():
            if said <= ideas:
                one = Meant(row, tuple(sorted(said)), score + rare)
                if row not in best or best[row].score < one.score:
                    best[row] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.row))


def sentences_of(text: str) -> list[str]:
    """The sentences and lines of ``text``."""
    return [sentence for sentence in _SENTENCES.split(text) if sentence.strip()]


def _windows(text: str) -> Iterator[tuple[frozenset[str], float]]:
    sentences = sentences_of(text)
    ideas = [ideas_in(sentence) for sentence in sentences]
    for one in ideas:
        yield one, _TOGETHER
    for first, second in pairwise(ideas):
        yield first | second, _NEAR
    if len(ideas) > 2 and len(text.split()) <= _SHORT:
        yield frozenset().union(*ideas), _NEAR
