"""Which rows a text in a person's own words is most like: the last resort, and a guess.

Wordings want the words of a message, ideas want its things and states together. A person says it otherwise each time.
Here a text is compared with all that knowledge/ has of people's sayings: those of said.tsv, the messages of heard/,
the wordings of each row; many of them have no row (a healthy state, a rule, another product) and speak for silence.

The words that a text shares with a saying, weighed by how rare they are, choose the nearest sayings. Among these each
gets the weight with which all together explain the text best (ridge regression), its ideas and whether it complains
included: ten sayings that say the same share one weight, and what tells two rows apart counts. The weights of a row's
sayings are its share.
"""

from __future__ import annotations

import heapq
import math
import operator
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import combinations, pairwise

from runbook.hints.ideas import denies_at, ideas_in, sentences_of, stem
from runbook.hints.words import folded, negations, words_of
from runbook.knowledge import reference
from runbook.words import sentences

#: How many sayings are weighed against each other, and how much each has to explain before it gets a weight.
_NEAR, _RIDGE = 80, 0.3
#: Rounds in which their weights are found, and the square of the error at which they are.
_ROUNDS, _EXACT = 60, 1e-8
#: What a pair of neighbouring words, or of ideas, weighs beside a single one; a word that knowledge/ never uses.
_PAIR, _UNKNOWN = 0.7, 4.0
#: What an idea weighs (nats), and that a text complains.
_IDEA, _COMPLAINT = 4.0, 3.0
#: Words of a text that is looked at as one; a longer one by two sentences at a time.
_WHOLE = 45
#: A denial stands at most so many words before what it makes harmless, or before another denial.
_DENIED, _TWICE = 5, 2
#: Letters of a word that tell its family: "activation", "activate", "activé".
_FAMILY = 6
#: A message of more signs is a paste, which says too much to be like another.
_A_SAYING = 600
_NUMBER = re.compile(r"\d+")
#: Numbers that mean something by themselves: years of versions, days and minutes of a grace period.
_TELLING = frozenset({"60", "90", "120", "180"})
#: Whose the sayings are that have no row.
SILENCE = "NONE"


@cache
def _fillers() -> frozenset[str]:
    return frozenset(reference.lexicon().fillers)


@cache
def _mark(word: str) -> str | None:
    """What stands for ``word``: its family, "#" for a number that means nothing by itself; None for a filler."""
    word = folded(word)
    if word in _fillers():
        return None
    number = _NUMBER.fullmatch(word) and not (word in _TELLING or (len(word) == 4 and word.startswith("20")))
    return "#" if number else stem(word)[:_FAMILY]


def _marks(text: str) -> dict[str, float]:
    """The words of ``text`` and its pairs of neighbouring words, each with its weight beside its rarity."""
    words = [mark for mark in map(_mark, words_of(text).words) if mark is not None]
    marks = dict.fromkeys(map(" ".join, pairwise(words)), _PAIR)
    marks.update(dict.fromkeys(words, 1.0))
    return marks


@lru_cache(maxsize=512)
def _meaning(text: str) -> dict[str, float]:
    """The ideas of ``text``, their pairs and whether it complains, as marks with their weights."""
    said = sentences_of(text)
    ideas = sorted(frozenset().union(*map(ideas_in, said)))
    marks = {f"={idea}": _IDEA for idea in ideas}
    marks |= {f"={a}={b}": _IDEA * _PAIR for a, b in combinations(ideas, 2)}
    marks["!" if any(map(complains, said)) else "."] = _COMPLAINT
    return marks


def _sayings() -> Iterator[tuple[tuple[str, ...], str]]:
    """Whose a saying is (rows, or silence), and the saying."""
    for row in reference.errors():
        for lang in sentences.LANGS:
            said = (row.symptom.of(lang), row.message.of(lang), *row.matches.of(lang))
            yield from (((row.id,), text) for text in said if text)
        yield from (((row.id,), text) for text in row.matches.other)
    ids = {row.id for row in reference.errors()} | {SILENCE}
    for text, rows in (*reference.said(), *reference.heard()):
        owners = tuple(row for row in rows if row in ids)
        if owners and len(text) <= _A_SAYING:
            yield owners, text


class _Sayings:
    """All sayings: whose, their marks, and how rare each mark is."""

    def __init__(self) -> None:
        self.said = [(owners, text, _marks(text)) for owners, text in _sayings()]
        users = Counter(mark for _, _, marks in self.said for mark in marks)
        self.rarity = {mark: 1 + math.log((1 + len(self.said)) / (1 + many)) for mark, many in users.items()}
        self.lengths: dict[int, float] = {}

    def shares(self, text: str) -> dict[str, float]:
        """By owner, the weights of its sayings among the nearest, added up."""
        asked = _marks(text)
        weights = {mark: weight * self.rarity.get(mark, _UNKNOWN) for mark, weight in asked.items()}
        like = {}
        for number, (_, _, marks) in enumerate(self.said):
            shared = weights.keys() & marks.keys()
            if shared:
                common = sum(weights[mark] * marks[mark] * self.rarity[mark] for mark in shared)
                like[number] = common / self._length(number)
        near = heapq.nlargest(_NEAR, like, key=like.__getitem__)
        vectors = [_normal(self._weighed(self.said[number][1], self.said[number][2])) for number in near]
        asked_for = _normal(self._weighed(text, asked))
        shares: defaultdict[str, float] = defaultdict(float)
        for number, weight in zip(near, explained(vectors, asked_for), strict=True):
            for owner in self.said[number][0]:
                shares[owner] += weight
        return dict(shares)

    def _weighed(self, text: str, marks: dict[str, float]) -> dict[str, float]:
        return {mark: weight * self.rarity.get(mark, _UNKNOWN) for mark, weight in marks.items()} | _meaning(text)

    def _length(self, number: int) -> float:
        if number not in self.lengths:
            weights = (weight * self.rarity[mark] for mark, weight in self.said[number][2].items())
            self.lengths[number] = math.hypot(*weights) or 1.0
        return self.lengths[number]


def _normal(weights: dict[str, float]) -> dict[str, float]:
    length = math.hypot(*weights.values()) or 1.0
    return {mark: weight / length for mark, weight in weights.items()}


def _dot(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(one[mark] * other[mark] for mark in one.keys() & other.keys())


def explained(vectors: Sequence[dict[str, float]], asked: dict[str, float]) -> list[float]:
    """The weights of ``vectors`` that together come nearest to ``asked``: (K + ridge)⁻¹ k, by conjugate gradients."""
    many = len(vectors)
    rows = [[0.0] * many for _ in range(many)]
    for place, one in enumerate(vectors):
        rows[place][place] = 1.0 + _RIDGE
        for other in range(place):
            rows[place][other] = rows[other][place] = _dot(one, vectors[other])
    weights = [0.0] * many
    rest = [_dot(one, asked) for one in vectors]
    way = rest[:]
    size = sum(value * value for value in rest)
    for _ in range(_ROUNDS):
        if size < _EXACT:
            break
        step = [sum(map(operator.mul, row, way)) for row in rows]
        far = size / sum(map(operator.mul, way, step))
        weights = [weight + far * part for weight, part in zip(weights, way, strict=True)]
        rest = [value - far * part for value, part in zip(rest, step, strict=True)]
        before, size = size, sum(value * value for value in rest)
        way = [value + size / before * part for value, part in zip(rest, way, strict=True)]
    return weights


@cache
def _known() -> _Sayings:
    return _Sayings()


def forget() -> None:
    """Have the sayings read anew, where ``reference`` has others."""
    _known.cache_clear()
    _shares.cache_clear()


@lru_cache(maxsize=128)
def _shares(part: str) -> dict[str, float]:
    return _known().shares(part)


@cache
def _stems(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(stem, words))


def complains(sentence: str) -> bool:
    """Whether ``sentence`` says that something is wrong: a denial, a word of a complaint or a state that is one. A
    denied one is none ("no problems", "no CALs needed") unless a trouble stands beside it, nor is a rule, nor the
    question how a thing is done."""
    lexicon = reference.lexicon()
    words = [folded(word) for word in words_of(sentence).words]
    if not words or words[0] in lexicon.askers:
        return False
    if sentence.rstrip().endswith("?") and (words[0] in lexicon.asks or not set(lexicon.askers).isdisjoint(words)):
        return False
    denials = [place for place, word in enumerate(words) if word in negations() or denies_at(words, place)]
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
    if not _stems(lexicon.rules + lexicon.possibilities).isdisjoint(map(stem, words)):
        return False
    if any(stem(word) in _stems(lexicon.troubles) for word in left):
        return True
    return not idle and not ideas_in(sentence).isdisjoint(lexicon.states)


def _parts(text: str) -> list[str]:
    """All of a short text; of a longer one each two neighbouring sentences."""
    said = sentences_of(text)
    if len(said) < 2 or len(text.split()) <= _WHOLE:
        return [" ".join(said)]
    return [" ".join(pair) for pair in pairwise(said)]


def shares_of(text: str) -> dict[str, float]:
    """By row, and for silence: how much of ``text`` its sayings explain. Of a longer text, the part that speaks most
    of a row and least for silence."""
    return max(map(_shares, _parts(text)), key=_tells)


def _tells(shares: dict[str, float]) -> float:
    rows = (share for owner, share in shares.items() if owner != SILENCE)
    return max(rows, default=0.0) - shares.get(SILENCE, 0.0)
