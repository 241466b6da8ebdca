"""The identifiers of RDS licensing as text: how they are compared, read out, masked, and recognised.

Standard library only: the guard imports it, and must start fast.
"""

from __future__ import annotations

import bisect
import re
import string
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from runbook.case.lookalikes import fold
from runbook.case.spelling import spelled_secrets

_BETWEEN = r"[\s\-\u00a0\u2010-\u2015\u2212\u202f]"
_SEPARATORS = re.compile(_BETWEEN)
_ID35 = re.compile(r"[A-Z0-9]{35}")
# What people, word processors, mails and pages put between the groups: any mark at all, marks without width, entities,
# tags, a terminal's colours, the escapes of a URL, of JSON, of mail and of RTF. Every piece is taken whole or not at
# all (no way back into it): a text made to be slow is not.
_INVISIBLE = (
    "\u00ad\u0640\u0300-\u036f\u115f\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_URL = r"PP(?:u20[01][0-9a-fA-F]|20|2[dD]|[cC]2PP[aA]0|[eE]2PP80PP(?:8[bB]|9[0-5]|[aA][fF]))".replace("PP", "%(?:25)*")
_MAIL = r"=(?:\r?\n|20|2[dD]|[cC]2=[aA]0|[eE]2=80=(?:8[bB]|9[0-5]|[aA][fF]))"
_TAG = r"</?[a-z]++[^<>]{0,60}+>|<!--[^<>]{0,60}+>|\x1b\[[0-9;]*+[A-Za-z]"
ESCAPED = rf"(?>&#?\w{{2,6}};|{_TAG}|{_URL}|{_MAIL}|\\u[0-9a-fA-F]{{4}}|\\[0-9a-fA-F]{{6}}|\\'[0-9a-f]{{2}}|\\[nrt])"
BETWEEN = rf"(?>{ESCAPED}|(?!\0|%[0-9A-Fa-f]{{2}})[\W_{_INVISIBLE}])"  # not what is part of a letter
_LETTER = "[A-Za-z0-9]"
_GAP = re.compile(rf"{BETWEEN}+")
_OTHER = re.compile(rf"{BETWEEN}|[%\0]", re.IGNORECASE)
_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
SECRET_LENGTHS = (25, 35)
#: Digits, and the letters that are taken for them, on a screen, in a hand and on the telephone.
_ALIKE = str.maketrans("OQILZSGB", "00112568")


def _writings() -> str:
    """A licence code is 25 characters, a License Server ID or License Key Pack ID 35: in one piece, or in groups of one
    size of which the last may be shorter."""
    more = rf"(?:[{_INVISIBLE}]*+{_LETTER})"
    forms = []
    for total in sorted(SECRET_LENGTHS, reverse=True):
        forms.append(f"{_LETTER}{more}{{{total - 1}}}")
        for size in range(1, 13):
            whole, rest = divmod(total - 1, size)
            group = f"{_LETTER}{more}{{{size - 1}}}"
            forms.append(f"(?:{group}{BETWEEN}{{1,16}}+){{{whole}}}{_LETTER}{more}{{{rest}}}")
    return "|".join(forms)


@cache
def _secret() -> re.Pattern[str]:
    """Made when it is first asked for: that takes longer than a guard takes to start."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{_writings()})(?![A-Za-z0-9])")


@cache
def _in_fives() -> re.Pattern[str]:
    """As an identifier is printed: in groups of five, one mark between them all."""
    five = f"{_LETTER}{{5}}"
    return re.compile(rf"{five}({BETWEEN}{{1,3}}+){five}(?:(?:\1{five}){{5}}|(?:\1{five}){{3}})(?![A-Za-z0-9])")


def written_secrets(text: str) -> Iterator[re.Match[str]]:
    """Where ``text`` holds what has the form of a licence code or an identifier, in every writing; what matches is in
    plain letters. Not the words of a sentence, numbers in a row, or a list of hosts that are counted."""
    folded, at = fold(text), 0
    while match := _secret().search(folded, at):
        at = match.end()
        found = _best(match)
        while found is not None and (better := _best(found)) is not found:
            found = better
        if found is not None:
            at = found.end()
            yield found


def _best(match: re.Match[str]) -> re.Match[str] | None:
    """What is an identifier of ``match`` and of those in fives that begin at one of its later groups and end after it.

    A word before an identifier, as long as its groups, is taken for the first of them, and leaves its last one over.
    What is left out before a later one are such words, or stands apart from it by another mark than its own.
    """
    found = [match] if _is_secret(match[0]) else []
    gaps, groups = [*_GAP.finditer(match[0])], _GAP.split(match[0])
    numbered = any(map(str.isdigit, groups[0]))
    if len(groups[0]) == 5 and not (numbered and any(gap[0] == gaps[0][0] for gap in gaps[1:])):
        for number, gap in enumerate(gaps, 1):
            later = _in_fives().match(match.string, match.start() + gap.end())
            words = not any(map(str.isdigit, "".join(groups[:number])))
            if later and later.end() > match.end() and (words or gap[0] != later[1]) and _is_secret(later[0]):
                found.append(later)
    return max(found, key=_alike, default=None)


def _alike(match: re.Match[str]) -> tuple[bool, int, int]:
    """How much the groups of ``match`` are of one identifier: one mark between them all, digits, capitals."""
    groups = _GAP.split(match[0])
    digits = sum(any(map(str.isdigit, group)) for group in groups)
    return len({*_GAP.findall(match[0])}) == 1, digits, sum(group.isupper() for group in groups)


def bare(text: str) -> str:
    """The letters and digits of an identifier, upper case, whatever stands between them."""
    return unicodedata.normalize("NFKC", _OTHER.sub("", fold(text))).upper()


class Squeezed:
    """A text without all that may stand between the characters of an identifier, in plain capitals, and where each
    character of it stood."""

    def __init__(self, text: str) -> None:
        text = fold(text).translate(_CAPITALS)
        self._at: list[tuple[int, int]] = []  # place here, place in the text: of each piece
        pieces, start, length = [], 0, 0
        for place in (*_OTHER.finditer(text), None):
            end = place.start() if place else len(text)
            if start < end:
                self._at.append((length, start))
                pieces.append(text[start:end])
                length += end - start
            start = place.end() if place else end
        self.text = "".join(pieces)

    def original(self, at: int) -> int:
        """Where the character ``at`` stood in the text."""
        here, there = self._at[bisect.bisect_right(self._at, (at, sys.maxsize)) - 1]
        return there + at - here

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` to before ``end`` stood."""
        return self.original(start), self.original(end - 1) + 1


def _is_secret(text: str) -> bool:
    groups = [group for group in _GAP.split(text) if group]
    plain = bare(text)
    digits = sum(map(str.isdigit, plain))
    dashes = len(re.findall("[-\u2010-\u2015\u2212]", text))
    if len(groups) in (5, 7) and {len(group) for group in groups} == {5} and dashes >= len(groups) - 1:
        return True  # as it is printed, whatever the characters
    if len(groups) > 2 and len({group[:3].upper() for group in groups}) == 1:
        return False
    if digits in (0, len(plain)):  # a word of 25 letters, a number of as many digits
        return len(groups) == 1 and (text.isupper() or digits == 35)
    if len(groups) == 1:  # in one case, but for the capital that Word gives; "RecordNumber12345" are words
        return digits > 1 and (text.isupper() or text[1:].islower())
    if {len(bare(group)) for group in groups} == {5} and digits > 3 and re.search(r"\d[A-Za-z]", " ".join(groups)):
        return True  # groups as they are printed, and no row of numbered names
    # words of one length beside one numbered name ("license_servers RDLIC01.CORP") are no identifier
    return sum(any(map(str.isdigit, bare(group))) for group in groups) > 1


def normalise_id35(text: str) -> str | None:
    """A License Server ID or License Key Pack ID as Microsoft's WMI methods take it: 35 characters, no
    separators, upper case; None where it is not one.

    Letters and digits: Microsoft's pages contradict each other ("35-digit number", "35-character
    alphanumeric string"), so none is refused (win32 InstallLicenseKeyPack, migrate-rds-cals).
    """
    compact = compact_id(text).upper()
    return compact if _ID35.fullmatch(compact) else None


def compact_id(text: str) -> str:
    """``text`` without the spaces, no-break spaces and hyphens of every kind that people put in."""
    return _SEPARATORS.sub("", text)


def read_alike(identifier: str) -> str:
    """``identifier`` with each letter that is taken for a digit as that digit: two that differ in nothing else are one,
    of which one was misread."""
    return compact_id(identifier).upper().translate(_ALIKE)


def groups_of_five(compact: str) -> str:
    """``ABCDE-FGHIJ-...``: how an identifier is read out and typed."""
    return "-".join(compact[i : i + 5] for i in range(0, len(compact), 5))


def mask(value: str) -> str:
    """What may be shown of a secret: its last five characters."""
    compact = compact_id(value)
    return "…" + compact[-5:] if len(compact) > 5 else "…"


def mask_agreement(number: str) -> str:
    """What may be shown of an agreement's number: its last two characters. It is confidential outside the company."""
    return "…" + number[-2:] if len(number) > 2 else number


def secrets_in(value: Any) -> set[str]:
    """Every licence code and identifier in ``value`` (JSON-able), compact and in upper case."""
    if isinstance(value, str):
        return {bare(match[0]) for match in written_secrets(value)}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {compact for item in inner for compact in secrets_in(item)}


def mask_known(text: str, known: Iterable[str]) -> str:
    """``text`` with each of the ``known`` secrets (compact) masked in any of its writings, in ASCII."""
    for compact in known:
        pattern = rf"{_BETWEEN}{{0,3}}".join(map(re.escape, compact))
        text = re.sub(pattern, "..." + compact[-5:], text, flags=re.IGNORECASE)
    return text


def mask_all(value: Any) -> Any:
    """``value`` (JSON-able) with everything in it that looks like a licence code or identifier masked."""
    if isinstance(value, str):
        for match in reversed(list(written_secrets(value))):
            value = f"{value[: match.start()]}…{bare(match[0])[-5:]}{value[match.end() :]}"
        for start, end, said in reversed(list(spelled_secrets(value))):
            value = f"{value[:start]}…{said[-5:]}{value[end:]}"
        return value
    if isinstance(value, dict):
        return {key: mask_all(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_all(item) for item in value]
    return value
