"""The second pass: searches a redacted copy for what must not be in it. Trusts nothing that made the copy.

It works the other way round than the rewriting: it undoes every form of writing (bytes of UTF-16, base64 at each
alignment, URL, JSON and HTML escapes, separators) and looks for the plain values, and for the plain hashes with which
they could be guessed; then for anything that has the form of a sensitive value, known or not.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook.archive import bag as bagit_form
from runbook.archive.digest import hash_file
from runbook.archive.rewrite import HIDDEN, LONG, unpacked
from runbook.archive.sensitive import (
    COMPACT,
    EMAIL,
    GROUPS,
    PRODUCT_ID,
    SID,
    Kind,
    accounts,
    addresses,
    compact,
    parts_of_name,
    public_text,
    public_words,
    strings,
)
from runbook.archive.tokens import TOKEN, Tokens
from runbook.archive.withheld import EMPTY, HEX_RUN, SHORTEST, public_hashes
from runbook.journal import GENESIS

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HASH = re.compile(r"[0-9a-f]{32,128}")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Leak:
    """One value that is still there: in which file, what it is (its token, or the kind of an unknown one), in
    which form of writing. The value itself is never repeated."""

    path: str
    what: str
    form: str


def plain_hashes(files: Iterable[Path], journal: Path) -> frozenset[str]:
    """The SHA-256 with which somebody could try out what stands in a case: of each of its files and of each line of
    its journal, and those that the journal tells of other files, the project's own excepted."""
    raw = journal.read_bytes()
    found = {hash_file(file)["sha256"] for file in files}
    found |= {hashlib.sha256(line).hexdigest() for line in raw.split(b"\n")}
    told = {match[0].lower() for match in HEX_RUN.finditer(raw.decode("utf-8", "replace"))}
    found |= {digest for digest in told - public_hashes() if len(digest) == 64}
    return frozenset(found - {EMPTY, GENESIS})


class Search:
    """Looks for the values of one case, and for ``hashes`` (SHA-256 in hex) that are not those of files beside."""

    def __init__(self, tokens: Tokens, hashes: Iterable[str] = ()) -> None:
        self._hashes = {digest[:SHORTEST]: digest for digest in hashes}
        self.words: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.domains: list[str] = []
        for kind, value, token in tokens:
            if kind in COMPACT:
                self.numbers[compact(value)] = token
                continue
            self.words[_folded(value)] = token
            if kind is Kind.DOMAIN and "." in value:
                self.domains.append(re.escape(value.lower()))
            if kind in (Kind.PERSON, Kind.COMPANY):
                for part in parts_of_name(value):
                    if part.lower() not in public_words():
                        self.words[_folded(part)] = token
        ordered = sorted(self.words, key=len, reverse=True)
        self._words = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, ordered))})(?![^\W_])") if ordered else None
        self._long = {number: token for number, token in self.numbers.items() if len(number) >= LONG}
        short = sorted(set(self.numbers) - set(self._long), key=len, reverse=True)
        spaced = [r"[\s.\-]{0,2}".join(number) for number in short]
        self._short = re.compile(rf"(?<![A-Z0-9])(?:{'|'.join(spaced)})(?![A-Z0-9])") if spaced else None
        # a host's own label beside a domain, whether that still stands there or is a token already
        named = "|".join([*self.domains, rf"{Kind.DOMAIN}X*\d+"])
        self._hosts = re.compile(rf"[A-Za-z0-9][\w-]*\.(?:{named})(?![\w-])", re.IGNORECASE)

    def folder(self, folder: Path) -> list[Leak]:
        """Every leak in the files under ``folder`` and in their names."""
        leaks: list[Leak] = []
        paths = [path for path, _ in bagit_form.walk(folder)]
        for path in paths if self._hashes else ():
            if (folder / path).is_file():  # whoever has the copy can work out the hashes of what is in it
                self._hashes.pop(hash_file(folder / path)["sha256"][:SHORTEST], None)
        for path in paths:
            leaks += self.text(path, path, "name")
            file = folder / path
            if file.is_file():
                leaks += self.file(path, file.read_bytes())
        return list(dict.fromkeys(leaks))

    def file(self, path: str, raw: bytes) -> Iterator[Leak]:
        """Leaks in the bytes of one file, in every form."""
        plain = raw.decode("utf-8", "replace")
        yield from self.known(path, plain, "plain")
        yield from self.text(path, _without_json(path, plain), "plain")
        if b"\0" in raw:
            yield from self.text(path, raw.replace(b"\0", b"").decode("latin-1"), "UTF-16")
        if not _is_utf8(raw):
            for page in ("latin-1", "cp850"):
                yield from self.known(path, raw.decode(page), page)
        undone = {
            "URL": urllib.parse.unquote_plus(plain) if "%" in plain else plain,
            "HTML": html.unescape(plain) if "&" in plain else plain,
            "JSON": _unescaped(plain) if "\\" in plain else plain,
        }
        for form, text in undone.items():
            if text is not plain:
                yield from self.known(path, text, form)
        for match in _BASE64.finditer(plain):
            if not _HASH.fullmatch(match[0]):
                for text in unpacked(match[0]):
                    yield from self.hidden(path, text)

    def text(self, path: str, text: str, form: str) -> Iterator[Leak]:
        """Known values and whatever has the form of one."""
        yield from self.known(path, text, form)
        yield from self.unknown(path, text, form)

    def hidden(self, path: str, text: str) -> Iterator[Leak]:
        """Known values in what was unpacked from base64: anything may stand before and after them."""
        folded = _folded(text)
        for value, token in self.words.items():
            if len(value) >= HIDDEN and value in folded:
                yield Leak(path, token, "base64")
        yield from self._in_numbers(path, text, "base64")

    def known(self, path: str, text: str, form: str) -> Iterator[Leak]:
        """Known values."""
        if self._words:
            for match in self._words.finditer(_folded(text)):
                yield Leak(path, self.words[match[0]], form)
        yield from self._in_numbers(path, text, form)
        yield from self._plain_hashes(path, text, form)

    def _plain_hashes(self, path: str, text: str, form: str) -> Iterator[Leak]:
        """Hashes, or their first characters."""
        for run in HEX_RUN.finditer(text) if self._hashes else ():
            digits = run[0].lower()
            for at in range(len(digits) - SHORTEST + 1):
                whole = self._hashes.get(digits[at : at + SHORTEST], "")
                if whole and whole.startswith(digits[at : at + len(whole)]):
                    yield Leak(path, "SHA-256", form)

    def _in_numbers(self, path: str, text: str, form: str) -> Iterator[Leak]:
        if self._long:
            squeezed = compact(text)
            for number, token in self._long.items():
                if number in squeezed:
                    yield Leak(path, token, form)
        if self._short:
            for match in self._short.finditer(text.upper()):
                yield Leak(path, self.numbers[compact(match[0])], form)

    def unknown(self, path: str, text: str, form: str) -> Iterator[Leak]:
        for kind, pattern in ((Kind.SID, SID), (Kind.EMAIL, EMAIL), (Kind.CODE, GROUPS), (Kind.PRODUCT_ID, PRODUCT_ID)):
            for match in pattern.finditer(text):
                if not _harmless(match[0]):
                    yield Leak(path, f"{kind}?", form)
        for address in addresses(text):
            if not _harmless(address):
                yield Leak(path, f"{Kind.IP}?", form)
        for domain, user in accounts(text):
            if not (TOKEN.fullmatch(domain) or TOKEN.fullmatch(user) or _harmless(f"{domain}\\{user}")):
                yield Leak(path, f"{Kind.USER}?", form)
        for match in self._hosts.finditer(text):
            if not _harmless(match[0]):
                yield Leak(path, f"{Kind.HOST}?", form)


def _harmless(text: str) -> bool:
    """Made of tokens only, or printed in the project's own public text."""
    rest = TOKEN.sub("", text)
    return not re.search(r"[A-Za-z0-9]", rest) or text in public_text()


def _without_json(path: str, text: str) -> str:
    """Of JSON the strings alone: what has the form of a host must not begin with the n of a line end."""
    if not path.endswith((".json", ".jsonl", ".ipynb")):
        return text
    try:
        parsed = [json.loads(line) for line in (text.splitlines() if path.endswith(".jsonl") else [text])]
    except ValueError:
        return text
    return "\n".join(string for _, string in strings(parsed))


def _unescaped(text: str) -> str:
    """JSON's escapes undone, also those of JSON inside JSON; a line end as a line end."""
    text = re.sub(r"\\+([nrtbf])(?![A-Za-z0-9]*[\\:])", "\n", text)
    return _UNICODE.sub(lambda match: chr(int(match[1], 16)), text.replace("\\\\", "\\"))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
