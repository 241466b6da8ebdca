"""What a text says in another alphabet: bytes written as base64, base32, hexadecimal or decimal numbers."""

from __future__ import annotations

import base64
import contextlib
import re
import zlib
from collections.abc import Iterator

from runbook.case.identifiers import written_secrets

_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
#: Bytes as a registry export, a dump or an array writes them; base64, also broken into lines as mail does.
PACKED = re.compile(
    r"(?:0[xX])?[0-9A-Fa-f]{2}(?:[ ,:;\\\r\n-]{1,6}(?:0[xX])?[0-9A-Fa-f]{2}){7,}(?![0-9A-Za-z])"
    rf"|(?<!\d){_BYTE}(?:,\s*{_BYTE}){{7,}}(?!\d)"
    r"|(?:[A-Za-z0-9+/]{40,76}\r?\n[ \t]*)*[A-Za-z0-9+/_-]{8,}={0,6}"
)
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.IGNORECASE)
_PRINTED = re.compile(r"\s*[A-Za-z0-9+/_-]{16,}={0,6}\s*")
#: What of unpacked bytes is text: between bytes at random anything may seem to stand.
_READABLE = re.compile("[ -~\\r\\n\\t\\u00a0\\u00ad\\u2000-\\u206f\\uff00-\\uffef]{25,}")
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


def hides_identifier(text: str) -> bool:
    """Whether unpacked ``text`` holds what has the form of a licence code or an identifier."""
    return any(next(written_secrets(run[0]), None) for run in _READABLE.finditer(text))


def _bytes(run: str) -> Iterator[bytes]:
    if "," in run and not re.search(r"[a-fA-FxX]", run):
        with contextlib.suppress(ValueError):
            yield bytes(map(int, run.split(",")))
    digits = re.sub(r"0[xX]|[ ,:;\\\r\n-]", "", run)
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
