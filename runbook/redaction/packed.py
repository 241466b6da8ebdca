"""What a text says in another alphabet: bytes written as base64, base32, hexadecimal or decimal numbers."""

from __future__ import annotations

import base64
import contextlib
import re
import zlib
from collections.abc import Iterator

from runbook.case.identifiers import written_secrets
from runbook.redaction.opaque import hides

_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
#: Bytes as a registry export, a dump or an array writes them; base64, also broken into lines as mail does.
PACKED = re.compile(
    r"(?:0[xX])?[0-9A-Fa-f]{2}(?:[ ,:;\\\r\n-]{1,6}(?:0[xX])?[0-9A-Fa-f]{2}){7,}(?![0-9A-Za-z])"
    rf"|(?<!\d){_BYTE}(?:,\s*{_BYTE}){{7,}}(?!\d)"
    r"|(?:[0-9A-Fa-f]{2}){2,}(?:\s{1,3}(?:[0-9A-Fa-f]{2}){2,}){2,}(?![0-9A-Za-z])"
    r"|(?:[A-Za-z0-9+/]{40,76}\r?\n[ \t]*)*[A-Za-z0-9+/_-]{8,}={0,6}"
)
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.IGNORECASE)
_PRINTED = re.compile(r"\s*[A-Za-z0-9+/_-]{16,}={0,6}\s*")
_BEFORE_NUMBER = r"(?:0?x|u00|(?:25)+)?"
_BYTE_NUMBER = rf"{_BEFORE_NUMBER}(?:[01]{{8}}|[0-9A-Fa-f]{{2,3}})"
#: Numbers that may be characters, in whatever notation and with whatever marks between them.
_NUMBERED = re.compile(
    rf"(?<![0-9A-Za-z]){_BYTE_NUMBER}(?:(?:(?i:cha?r)|[\W_]){{1,12}}+{_BYTE_NUMBER})+(?![0-9A-Za-z])"
)
_NUMBER = re.compile(rf"{_BEFORE_NUMBER}([01]{{8}}|[0-9A-Fa-f]{{2,3}})(?![0-9A-Za-z])")
#: Of so many, and with no more than a dump's line between two.
_SPELLS, _DUMP = 10, 60
#: What of unpacked bytes is text: between bytes at random anything may seem to stand.
_READABLE = re.compile("[ -~\\r\\n\\t\\u00a0\\u00ad\\u2000-\\u206f\\uff00-\\uffef]{16,}")
#: Packed text in packed text is followed this deep.
_DEPTH = 3


def unpacked(run: str, depth: int = _DEPTH) -> Iterator[str]:
    """What a match of PACKED may say: base64 from each of the four places it may begin at; as UTF-8 and with its zero
    bytes dropped (which turns UTF-16 into plain text)."""
    for raw in _bytes(run):
        for plain in (raw, *_inflated(raw)):
            text = plain.decode("utf-8", "replace")
            yield text
            if b"\0" in plain or "\ufffd" in text:
                yield plain.replace(b"\0", b"").decode("latin-1")
            if depth and _PRINTED.fullmatch(text):
                yield from unpacked(text.strip(), depth - 1)


def numbered(text: str) -> Iterator[tuple[int, int, str]]:
    """Where numbers in a row stand for characters, and what they say: in binary, hexadecimal, decimal or octal. Lines
    of a dump, with the place before and the text behind, are one row."""
    for base in (2, 16, 10, 8):
        yield from _rows(text, base)


def _rows(text: str, base: int) -> Iterator[tuple[int, int, str]]:
    said, start, end = "", 0, 0
    for row in _NUMBERED.finditer(text):
        for number in _NUMBER.finditer(text, *row.span()):
            if (len(number[1]) == 8) != (base == 2):
                continue  # a place in a dump, where no bits are asked for
            character = _character(number[1], base)
            if not character or number.start() - end > _DUMP:
                if len(said) >= _SPELLS:
                    yield start, end, said
                said, start = "", number.start()
            said, end = said + character, number.end()
    if len(said) >= _SPELLS:
        yield start, end, said


def _character(digits: str, base: int) -> str:
    """The printed character that a number stands for, or none."""
    try:
        character = chr(int(digits, base))
    except ValueError:
        return ""
    return character if " " <= character <= "~" else ""


def hides_identifier(text: str) -> bool:
    """Whether unpacked ``text`` holds what has the form of a licence code or an identifier, or may hide one."""
    return any(next(written_secrets(run[0]), None) or hides(run[0]) for run in _READABLE.finditer(text))


def _bytes(run: str) -> Iterator[bytes]:
    if "," in run and not re.search(r"[a-fA-FxX]", run):
        with contextlib.suppress(ValueError):
            yield bytes(map(int, run.split(",")))
    digits = re.sub(r"0[xX]|[ ,:;\\\r\n\t-]", "", run)
    if len(digits) % 2 == 0 and _HEX.fullmatch(digits):
        yield bytes.fromhex(digits)
    if run.isupper() and len(run) >= 16:
        with contextlib.suppress(ValueError):
            bare = run.rstrip("=")
            yield base64.b32decode(bare + "=" * (-len(bare) % 8))
    run = re.sub(r"\s", "", run).rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        piece = run[start:]
        piece = piece[: len(piece) // 4 * 4] if len(piece) % 4 == 1 else piece
        with contextlib.suppress(ValueError):
            yield base64.b64decode(piece + "=" * (-len(piece) % 4))


def _inflated(raw: bytes) -> Iterator[bytes]:
    """What gzip or zlib packed, its first million bytes."""
    if raw[:2] in (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(raw, 1_000_000)
