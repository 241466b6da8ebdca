"""Which rows a text in a person's own words is most like: the last resort, a guess, and none without a complaint.

Wordings want the words of a message, ideas want its things and states together. A person says it otherwise each time,
so here the words that a text shares with what knowledge/ says of each row are weighed by how rare they are (tf-idf,
cosine), and the nearest sayings vote. What is said of a healthy state (`calm` in lexicon.yml) votes for silence.

Likeness knows no "not": that the text is of our matter, complains and is no question stands before it.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise

from runbook.hints.ideas import ideas_in, sentences_of, stem
from runbook.hints.words import folded, negations, words_of
from runbook.knowledge import reference
from runbook.words import sentences

#: How many sayings vote, and what two of a row add: a vote is the square of the likeness.
_VOTERS = 7
#: How many of the ideas that together mean a row have to be there: two of three.
_MOST_OF = 0.66
#: The vote below which nothing is answered, and how far it has to be above that of the healthy states.
_LEAST, _ABOVE = 0.05, 1.6
#: A row that gets less than this share of the best row's vote is left out; how many rows there are at most.
_CLOSE, _MOST = 0.15, 3
#: What a pair of neighbouring words, or of ideas, weighs beside a single one; a word that knowledge/ never uses.
_PAIR, _UNKNOWN = 0.7, 4.0
#: Words of a text that is looked at as one; a longer one by two sentences at a time.
_WHOLE = 45
#: A denial stands at most so many words before what it makes harmless, or before another denial.
_DENIED, _TWICE = 5, 2
_NUMBER = re.compile(r"\d+")
#: Numbers that mean something by themselves: years of versions, days and minutes of a grace period.
_TELLING = frozenset({"60", "90", "120", "180"})

_CALM = ""


@dataclass(frozen=True)
class Like:
    """A row that a text is like, with ``share`` of the votes for rows (0 to 1)."""

    row: str
    share: float


@cache
def _fillers() -> frozenset[str]:
    return frozenset(reference.lexicon().fillers)


def _words(text: str) -> list[str]:
    found = []
    for word in map(folded, words_of(text).words):
        if word in _fillers():
            continue
        number = _NUMBER.fullmatch(word) and not (word in _TELLING or (len(word) == 4 and word.startswith("20")))
        found.append("#" if number else stem(word))
    return found


def _marks(text: str) -> dict[str, float]:
    """The words of ``text`` and its pairs of neighbouring words, each with its weight beside its rarity."""
    words = _words(text)
    return dict.fromkeys(words, 1.0) | dict.fromkeys((f"{a} {b}" for a, b in pairwise(words)), _PAIR)


def _idea_marks(ideas: Iterable[str]) -> dict[str, float]:
    known = sorted(ideas)
    return {f"={idea}": 1.0 for idea in known} | {f"={a}={b}": _PAIR for a, b in combinations(known, 2)}


def _sayings() -> Iterator[tuple[str, dict[str, float], frozenset[str]]]:
    """Whose saying it is (a row, or the healthy states), its marks, and its ideas where it is nothing else."""
    for row in reference.errors():
        for lang in sentences.LANGS:
            said = (row.symptom.of(lang), row.message.of(lang), *row.matches.of(lang), *row.asked.of(lang))
            yield from ((row.id, _marks(text), frozenset()) for text in said if text)
        yield from ((row.id, _idea_marks(ideas.split()), frozenset(ideas.split())) for ideas in row.says)
    yield from ((_CALM, _marks(text), frozenset()) for text in reference.lexicon().calm)


class _Sayings:
    """All sayings by their marks."""

    def __init__(self) -> None:
        said = list(_sayings())
        self.owners = [owner for owner, _, _ in said]
        self.ideas = [ideas for _, _, ideas in said]
        users = Counter(mark for _, marks, _ in said for mark in marks)
        self.rarity = {mark: math.log(len(said) / many) for mark, many in users.items()}
        self.using: dict[str, list[tuple[int, float]]] = {}
        for number, (_, marks, _) in enumerate(said):
            weights = {mark: weight * self.rarity[mark] for mark, weight in marks.items()}
            length = math.hypot(*weights.values()) or 1.0
            for mark, weight in weights.items():
                self.using.setdefault(mark, []).append((number, weight / length))

    def votes(self, words: dict[str, float], ideas: frozenset[str]) -> dict[str, float]:
        """By owner, the summed squares of the likeness of the nearest sayings. Of several ideas that together mean a
        row, most have to be there."""
        marks = words | _idea_marks(ideas)
        weights = {mark: weight * self.rarity.get(mark, _UNKNOWN) for mark, weight in marks.items()}
        length = math.hypot(*weights.values()) or 1.0
        like: defaultdict[int, float] = defaultdict(float)
        for mark, weight in weights.items():
            for number, other in self.using.get(mark, ()):
                like[number] += weight * other / length
        near = [n for n in like if len(self.ideas[n] & ideas) >= _MOST_OF * len(self.ideas[n])]
        votes: defaultdict[str, float] = defaultdict(float)
        for number in heapq.nlargest(_VOTERS, near, key=like.__getitem__):
            votes[self.owners[number]] += like[number] ** 2
        return dict(votes)


@cache
def _known() -> _Sayings:
    return _Sayings()


@cache
def _stems(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(stem, words))


def complains(sentence: str) -> bool:
    """Whether ``sentence`` says that something is wrong: a denial, a word of a complaint or a state that is one. A
    denied one is none ("no problems", "no CALs needed"), nor is a rule, nor the question how a thing is done."""
    lexicon = reference.lexicon()
    words = [folded(word) for word in words_of(sentence).words]
    if not words or words[0] in lexicon.askers:
        return False
    denials = [place for place, word in enumerate(words) if word in negations()]
    idle: set[int] = set()
    for place, word in enumerate(words):
        reach = _TWICE if word in negations() else _DENIED  # "never unreachable", and not "cannot: … unreachable"
        near = [at for at in denials if 0 < place - at <= reach]
        if stem(word) in _stems(lexicon.needs):
            near += [at for at in denials if at > place]
        if near and stem(word) in _stems(lexicon.harmless + lexicon.needs):
            idle |= {place, *near}
    left = [word for place, word in enumerate(words) if place not in idle]
    if any(word in negations() for word in left):
        return True
    if idle or not _stems(lexicon.rules + lexicon.possibilities).isdisjoint(map(stem, words)):
        return False
    return any(stem(word) in _stems(lexicon.troubles) for word in left) or not ideas_in(sentence).isdisjoint(
        lexicon.states
    )


def like_of(text: str) -> list[Like]:
    """The rows that ``text`` is like, best first; none where it complains of nothing or is like a healthy state."""
    if not any(map(complains, sentences_of(text))):
        return []
    best: dict[str, float] = {}
    for rows, calm in map(_votes, _parts(text)):
        if max(rows.values(), default=0.0) > max(_ABOVE * calm, *best.values(), 0.0):
            best = rows
    top = max(best.values(), default=0.0)
    if top < _LEAST:
        return []
    total = sum(best.values())
    ranked = heapq.nlargest(_MOST, best, key=best.__getitem__)
    return [Like(row, best[row] / total) for row in ranked if best[row] >= _CLOSE * top]


def is_calm(text: str) -> bool:
    """Whether ``text`` is more like what is said of a healthy state than like any row."""
    return all(calm > max(rows.values(), default=0.0) for rows, calm in map(_votes, _parts(text)))


def _parts(text: str) -> list[str]:
    """All of a short text; of a longer one each two neighbouring sentences."""
    said = sentences_of(text)
    if len(said) < 2 or len(text.split()) <= _WHOLE:
        return [" ".join(said)]
    return [" ".join(pair) for pair in pairwise(said)]


@lru_cache(maxsize=128)
def _votes(part: str) -> tuple[dict[str, float], float]:
    """The votes for rows, and those for a healthy state."""
    ideas = frozenset().union(*map(ideas_in, sentences_of(part)))
    votes = _known().votes(_marks(part), ideas)
    return votes, votes.pop(_CALM, 0.0)
