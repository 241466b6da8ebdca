"""A text as words: where its sentences end, what denies, which field and which product it speaks of.

Accents stay, since in French they tell words apart ("activé", "active"); ``folded`` takes them off for a text whose
writer used none. Chinese and Japanese have no blanks: each pair of signs is a word there. The few words that mean
something here stand in knowledge/lexicon.yml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from runbook.knowledge import reference

_IDEOGRAMS = "\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"[{_IDEOGRAMS}]+|[^\W_{_IDEOGRAMS}]+|\.(?!\w)|[!?;:,\n。、]")
_DIGITS = re.compile(r"\d+")
_LINE = 8000  # characters of one line that are looked at
_STOPS = frozenset(".!?;:,\n。、")


@dataclass(frozen=True)
class Words:
    """``words`` in their order; ``clauses[i]`` counts the clauses up to word ``i``; ``share`` of a text they are."""

    words: tuple[str, ...]
    clauses: tuple[int, ...]
    share: float = 1.0


@lru_cache(maxsize=32768)  # more than the words of all sayings
def folded(text: str) -> str:
    """``text`` without accents and capitals."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def has_accents(text: str) -> bool:
    """Whether the writer of ``text`` uses accents."""
    return not text.isascii() and folded(text) != unicodedata.normalize("NFKC", text.casefold())


@lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """The words of ``text`` with their accents, compounds as one word, what is said in several ways in the first of
    them (lexicon.yml); signs only part clauses."""
    return _alike(*parted(text))


def parted(text: str) -> tuple[list[str], list[int]]:
    """The words of ``text`` as written, compounds as one, and the clause of each."""
    words: list[str] = []
    clauses: list[int] = []
    clause = 0
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if token in _STOPS:
            clause += 1
            continue
        for word in _pairs(token) if "\u3040" <= token[0] <= "\u9fff" else (token,):
            second = folded(word)
            if words and second in _seconds() and (compound := _compounds().get((folded(words[-1]), second))):
                words[-1] = compound
            else:
                words.append(word)
                clauses.append(clause)
    return words, clauses


def _alike(words: Sequence[str], clauses: Sequence[int]) -> Words:
    shapes = list(map(folded, words))
    if _same().keys().isdisjoint(shapes):
        return Words(tuple(words), tuple(clauses))
    said: list[str] = []
    where: list[int] = []
    at = 0
    while at < len(words):
        ways = _same().get(shapes[at], ())
        itself = ((shapes[at],), (words[at],))
        known, first = next((way for way in ways if tuple(shapes[at : at + len(way[0])]) == way[0]), itself)
        said += first
        where += [clauses[at]] * len(first)
        at += len(known)
    return Words(tuple(said), tuple(where))


@cache
def _same() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """By its first word, folded: each way to say a thing, the longest first, and the first way, with its accents."""
    ways: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for group in reference.lexicon().same:
        first = tuple(group[0].split())
        for way in sorted(group[1:], key=len, reverse=True):
            known = tuple(folded(way).split())
            ways.setdefault(known[0], []).append((known, first))
    return ways


def _pairs(run: str) -> Iterable[str]:
    return (run[at : at + 2] for at in range(max(1, len(run) - 1)))


@cache
def _seconds() -> frozenset[str]:
    return frozenset(second for _, second in _compounds())


@cache
def _compounds() -> dict[tuple[str, str], str]:
    return {(first, second): first + second for first, second in (c.split() for c in reference.lexicon().compounds)}


@cache
def negations() -> frozenset[str]:
    """The words that turn a sentence into its contrary, folded."""
    return frozenset(reference.lexicon().negations)


@cache
def possibilities() -> frozenset[str]:
    """The words before which a state is only possible, folded."""
    return frozenset(reference.lexicon().possibilities)


@cache
def _subjects() -> frozenset[str]:
    return frozenset(reference.lexicon().subjects)


def speaks_of_licences(words: Sequence[str]) -> bool:
    """Whether one of ``words`` names what the whole matter is about."""
    return any(folded(word) in _subjects() for word in words)


def speaks_of_our_matter(text: str) -> bool:
    """Whether ``text`` names licences, or what only they have: a grace period, a key pack, the Clearinghouse."""
    words = words_of(text).words
    return speaks_of_licences(words) or not {folded(word) for word in words}.isdisjoint(reference.lexicon().matters)


def denies(words: Sequence[str]) -> bool:
    """Whether one of ``words`` denies."""
    return any(folded(word) in negations() for word in words)


def flat(text: str) -> str:
    """``text`` folded, each run of signs a blank: what terms of the lexicon are looked for in."""
    return " " + re.sub(r"[\W_]+", " ", folded(text)) + " "


@lru_cache(maxsize=512)
def _singular(flat_text: str) -> str:
    """``flat_text`` with each word without the s of a plural."""
    return f" {' '.join(w[:-1] if len(w) > 3 and w[-1] == 's' and w[-2] != 's' else w for w in flat_text.split())} "


class _Terms:
    """Terms that are looked for as whole words, as written or where the text has a plural ("licences par
    utilisateur"); Chinese and Japanese anywhere. By their first word in a table: a pattern of hundreds of terms takes
    longer to compile than a run may last."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._first: dict[str, list[str]] = {}
        self._anywhere: list[str] = []
        for term in {flat(term) for term in terms}:
            if term.isascii():
                self._first.setdefault(term.split(maxsplit=1)[0], []).append(term)
            else:
                self._anywhere.append(term.strip())

    def stand_in(self, flat_text: str) -> bool:
        if any(term in flat_text for term in self._anywhere):
            return True
        known = self._first
        return any(
            term in text
            for text in (flat_text, _singular(flat_text))
            for word in text.split()
            if word in known
            for term in known[word]
        )


@cache
def _fields() -> dict[str, _Terms]:
    return {name: _Terms(terms) for name, terms in reference.lexicon().fields.items()}


@cache
def _finders() -> tuple[_Terms, _Terms]:
    return _Terms(reference.lexicon().foreign), _Terms(reference.lexicon().own)


@cache
def _any_field() -> _Terms:
    return _Terms({term for terms in reference.lexicon().fields.values() for term in terms})


def fields_in(flat_text: str) -> frozenset[str]:
    """The fields of lexicon.yml of which a word stands in ``flat_text``."""
    return frozenset(name for name, found in _fields().items() if found.stand_in(flat_text))


def names_foreign(flat_text: str) -> bool:
    """Another product is named."""
    return _finders()[0].stand_in(flat_text)


def is_own(flat_text: str) -> bool:
    """Words that only Windows' own Remote Desktop Services use stand there."""
    return _finders()[1].stand_in(flat_text)


@cache
def _trade() -> _Terms:
    return _Terms((*reference.lexicon().own, *reference.lexicon().trade))


def is_of_the_trade(flat_text: str) -> bool:
    """Words stand there that say more than "license server", which other products have as well."""
    return _trade().stand_in(flat_text)


def telling_lines(lines: Sequence[str]) -> list[int]:
    """Which of ``lines`` (by number) hold a word of a field of lexicon.yml."""
    known: dict[str, bool] = {}  # by the line without its numbers: a log says the same thing over and over
    found = []
    for number, line in enumerate(lines):
        shape = _DIGITS.sub("0", line)
        if shape not in known:
            known[shape] = _any_field().stand_in(flat(shape[:_LINE]))
        if known[shape]:
            found.append(number)
    return found
