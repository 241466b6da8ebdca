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
from runbook.journal.lines import GENESIS
from runbook.redaction.opaque import hides
from runbook.redaction.packed import PACKED, hides_identifier, numbered, unpacked
from runbook.redaction.rewrite import HIDDEN, IDENTIFIER, LONG
from runbook.redaction.sensitive import TABLE, Found, Kind, by_pattern, compact, key_of, public_text, strings
from runbook.redaction.tokens import TOKEN, Tokens
from runbook.redaction.traces import Traces
from runbook.redaction.withheld import EMPTY, HEX_RUN, SHORTEST, public_hashes

#: Within a word a tag may only change how it looks; between two cells of a table it parts two words.
_TAG = re.compile(r"<[^<>]{1,200}>")
_INLINE = re.compile(r"</?(?:a|b|code|del|em|font|i|ins|kbd|mark|s|small|span|strong|sub|sup|u|wbr)\b", re.IGNORECASE)
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
#: In place of a token: a word so long that it is no part of any identifier.
_WALL = "T" * 61


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
        self._packed: dict[str, list[str]] = {}  # what each packed run hides
        self.words: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.domains: list[str] = []
        for kind, value, token in tokens:
            if TABLE[kind].compact:
                self.numbers[key_of(kind, value)] = token
                continue
            self.words[_folded(value)] = token
            if kind is Kind.DOMAIN and "." in value:
                self.domains.append(re.escape(value.lower()))
            for word in TABLE[kind].words(value):
                self.words[_folded(word)] = token
        ordered = sorted(self.words, key=len, reverse=True)
        self._words = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, ordered))})(?![^\W_])") if ordered else None
        self._long = {number: token for number, token in self.numbers.items() if len(number) >= LONG}
        short = sorted(set(self.numbers) - set(self._long), key=len, reverse=True)
        self._traces = Traces({number: token for number, token in self.numbers.items() if len(number) >= IDENTIFIER})
        phones = {key_of(kind, value) for kind, value, _ in tokens if kind is Kind.PHONE}
        # whatever stands before the nine digits of a telephone number may be its country
        spaced = [("" if n in phones else "(?<![A-Z0-9])") + r"[^A-Z0-9]{0,3}".join(n) for n in short]
        self._short = re.compile(rf"(?:{'|'.join(spaced)})(?![A-Z0-9])") if spaced else None
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
        # without the zero bytes of UTF-16, between which each letter of a token would stand alone
        plain = raw.decode("utf-8", "replace").replace("\0", "")
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
        for run in dict.fromkeys(PACKED.findall(plain)):
            if run not in self._packed:  # the same words stand in many files
                self._packed[run] = [leak.what for text in unpacked(run) for leak in self.hidden(path, text)]
            yield from (Leak(path, what, "base64") for what in self._packed[run])
        for _, _, text in numbered(plain):
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
        if hides_identifier(text):
            yield Leak(path, f"{Kind.CODE}?", "base64")

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
            texts = {compact(each) for each in (text, _undone(text))}
            for number, token in self._long.items():
                if any(number in each for each in texts):
                    yield Leak(path, token, form)
            for written in dict.fromkeys((text, _undone(text))):
                for _, _, token in self._traces.find(written):
                    yield Leak(path, token, f"{form}, in pieces")
        if self._short:
            for match in self._short.finditer(text.upper()):
                yield Leak(path, self.numbers[compact(match[0])], form)

    def unknown(self, path: str, text: str, form: str) -> Iterator[Leak]:
        """What has the form of a value, as it stands and with every writing undone."""
        for written in dict.fromkeys((text, _undone(text))):
            for found in by_pattern(TOKEN.sub(_WALL, written)):
                if not _harmless(found):
                    yield Leak(path, f"{found.kind}?", form)
            if hides(written):
                yield Leak(path, f"{Kind.CODE}?", f"{form}, unreadable")
        for match in self._hosts.finditer(text):
            if not _harmless(Found(Kind.HOST, match[0])):
                yield Leak(path, f"{Kind.HOST}?", form)


def _harmless(found: Found) -> bool:
    """Made of tokens only (of an account its domain), or printed in the project's own public text."""
    rest = TOKEN.sub("", found.value.replace(_WALL, ""))
    if found.kind is Kind.USER and rest.startswith("\\"):
        return True
    return not re.search(r"[A-Za-z0-9]", rest) or found.value in public_text()


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


def _undone(text: str) -> str:
    """``text`` with its entities, its URL's and JSON's escapes undone, without tags, in plain width."""
    text = urllib.parse.unquote(_unescaped(html.unescape(text)))
    return unicodedata.normalize("NFKC", _TAG.sub(lambda tag: "" if _INLINE.match(tag[0]) else "\n", text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
