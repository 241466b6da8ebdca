"""What no writing explains: runs of characters as if at random, in which anything may be hidden.

Nobody can list every way to write a secret down. But a licence code is drawn at random, and so is whatever encodes it:
its letters do not follow each other as those of words do. Each word of a text is weighed: how many bits it takes as
a word like those that the project publishes, against how many as characters drawn at random. Where words near each
other come out as drawn at random, by far, they stay inside. Hashes, GUIDs, times and numbers are known by their form.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from runbook.case.identifiers import ESCAPED
from runbook.case.lookalikes import fold
from runbook.redaction.sensitive import public_text
from runbook.redaction.tokens import TOKEN, put

#: In place of what stays inside.
WITHHELD = "[unreadable-withheld]"
#: From so many bits on: 25 characters at random have 40 and more, of the project's own pages a handful of lines has
#: so many (tests/redaction/test_writings.py).
ENOUGH = 30.0
#: Each word costs so many bits, that many short ones do not add up.
_WORD_COSTS = 2.0
#: One that the project publishes costs so many.
_OURS_COSTS = 4.0
#: Words so many marks, or so many characters, apart do not belong together.
_APART, _FAR = 24, 120
_PACKAGE = Path(__file__).parents[1]
#: Not a part of a word of another script, of which some letters look like ours.
_WORD = re.compile(r"(?<![^\W_])[A-Za-z0-9]++(?![^\W_])")
#: Of so many characters on, what comes again proves nothing new: what is drawn at random hardly comes twice.
_ONCE = 3
#: Groups of one length, as such numbers are printed: each one after the first adds so many bits.
_GROUP, _GROUP_ADDS = 5, 5.0
#: Marks that seldom stand inside of what has no blanks: each one between two words adds so many bits.
_ODD, _ODD_ADDS = frozenset("!#$%&*+;<>?@[]^`{|}~"), 2.0
_BEGIN, _END = "^", "$"
_SMALL, _MIXED = math.log2(36), math.log2(62)
#: Before a pair of letters has been met this often its second letter alone counts for more than the pair.
_CAUTION = 20
#: Hash or address, GUID, SID, time, number, error code; tags and escapes; what the redaction itself put there.
_KNOWN = re.compile(
    rf"{TOKEN.pattern}|\[[a-z0-9]+-withheld\]"
    r"|(?<![A-Za-z0-9])(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\d{8}T\d{6}Z?|\d{4}-\d\d-\d\dT[\d:.]+Z?"
    r"|0x[0-9A-Fa-f]+|\d+|[0-9A-Fa-f]{6,})(?![A-Za-z0-9])"
    rf"|{ESCAPED}"
)
#: Two signs in a row of groups, as Morse has them.
_SIGNS = re.compile(r"[.·•\-–−_]{1,6}(?:[ /|]{1,3}[.·•\-–−_]{1,6}){12,}")
#: Longer than any number or hash, and of no hash's length: digits that something is written in.
_DIGITS = re.compile(
    r"(?<![0-9A-Za-z])(?!(?:[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})(?![0-9A-Za-z]))"
    r"[0-9A-Fa-f]{41,}(?![0-9A-Za-z])"
)
#: Signs that are no letters and no lines of a table.
_SYMBOLS = re.compile(r"[\u2190-\u24ff\u2580-\u2bff\U0001f000-\U0001faff\ue000-\uf8ff]{16,}")
_SEVERAL = 5


def opaque(text: str) -> Iterator[tuple[int, int]]:
    """From where to where ``text`` is as if drawn at random."""
    yield from (match.span() for match in _SIGNS.finditer(text) if len(set(match[0]) - set(" /|")) > 1)
    yield from (match.span() for match in _SYMBOLS.finditer(text) if len(set(match[0])) >= _SEVERAL)
    yield from (match.span() for match in _DIGITS.finditer(text) if len(set(match[0])) > 1)
    plain = _KNOWN.sub(lambda match: " " * len(match[0]), fold(text))
    bits = best = new = proof = 0.0  # new: without what comes again; proof: the most of it
    start = end = last = length = 0
    met: set[str] = set()
    for match in _WORD.finditer(plain):
        between = plain[last : match.start()]
        if bits <= 0 or len(between.replace(" ", "")) > _APART or len(between) > _FAR:
            if proof >= ENOUGH:
                yield start, end
            bits = best = new = proof = 0.0
            start = match.start()
            met.clear()
        elif " " not in between:
            odd = _ODD_ADDS * sum(mark in _ODD for mark in between)
            bits, new = bits + odd, new + odd
        word = _bits(match[0])
        if word > 0:
            word += _GROUP_ADDS if len(match[0]) == length >= _GROUP else 0
            length = len(match[0])
        bits += word
        new += 0 if word > 0 and len(match[0]) >= _ONCE and match[0] in met else word
        met.add(match[0])
        last = match.end()
        if bits > best:
            best, end, proof = bits, last, max(proof, new)
    if proof >= ENOUGH:
        yield start, end


def hides(text: str) -> bool:
    """Whether some of ``text`` is as if drawn at random, other than what the project itself publishes."""
    return any(not _is_ours(text[start:end]) for start, end in opaque(text))


def without_opaque(text: str) -> str:
    """``text`` with a mark in place of what is as if drawn at random, but for what the project itself publishes."""
    hidden = (place for place in opaque(text) if not _is_ours(text[slice(*place)]))
    return put(text, ((*place, WITHHELD) for place in hidden))


def _is_ours(text: str) -> bool:
    return text.replace("\r\n", "\n") in _published()


@cache
def _published() -> str:
    """What the project publishes, its program and the templates of its archives and papers too."""
    files = (file for ending in ("ps1", "sh", "j2", "css", "py") for file in sorted(_PACKAGE.rglob(f"*.{ending}")))
    return "\n".join([public_text(), *(file.read_text(encoding="utf-8-sig") for file in files)])


@cache
def _bits(word: str) -> float:
    """How much more a word takes as one of the project's than as drawn at random."""
    if len(word) > 2 and word in _learnt().words:
        return -_OURS_COSTS
    plain = _as_said(word)
    drawn = (_SMALL if plain.islower() or plain.isdigit() else _MIXED) * len(plain)
    pairs = zip(_BEGIN + plain, plain + _END, strict=True)
    return sum(_pair_bits(*pair) for pair in pairs) - drawn - _WORD_COSTS


def _as_said(word: str) -> str:
    """Small letters, unless small and capital ones stand mixed in it."""
    return word.lower() if word.isupper() or word[1:].islower() or word[1:].isupper() else word


@cache
def _pair_bits(first: str, second: str) -> float:
    learnt = _learnt()
    alone = (learnt.firsts[second] + 1) / (learnt.total + 64)
    return -math.log2((learnt.pairs[first, second] + _CAUTION * alone) / (learnt.firsts[first] + _CAUTION))


class _Learnt(NamedTuple):
    """The words that the project publishes, and how often letters follow each other in them."""

    words: frozenset[str]
    pairs: Counter[tuple[str, str]]
    firsts: Counter[str]
    total: int


@cache
def _learnt() -> _Learnt:
    """A word that stands there often counts a little more."""
    words = Counter(_WORD.findall(_published()))
    pairs: Counter[tuple[str, str]] = Counter()
    firsts: Counter[str] = Counter()
    for word, times in words.items():
        plain, weight = _as_said(word), times.bit_length()
        for first, second in zip(_BEGIN + plain, plain + _END, strict=True):
            pairs[first, second] += weight
            firsts[first] += weight
    return _Learnt(frozenset(words), pairs, firsts, firsts.total())


@cache
def pieces_of_words(size: int) -> frozenset[str]:
    """All runs of ``size`` characters, in capitals, in the words that the project publishes."""
    return frozenset(
        word[at : at + size] for word in {w.upper() for w in _learnt().words} for at in range(len(word) - size + 1)
    )
