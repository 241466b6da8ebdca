"""Raw bytes of a Windows program to text, by a declared encoding; what could not be decoded is flagged.

Windows PowerShell writes UTF-8 or UTF-16 with a byte order mark, its console and the native tools the OEM code
page (850 on a French or English system), older files the ANSI page (1252). Which one it was is declared by the
caller, who knows the program; only a byte order mark outranks that.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Decoded:
    """Text and how it was read. ``damaged``: at least one byte did not fit and stands there as U+FFFD."""

    text: str
    encoding: str
    damaged: bool


def decode(data: bytes, declared: str) -> Decoded:
    """``data`` as text: by its byte order mark, else by ``declared`` ("utf-8", "utf-16", "cp850", "cp1252").

    "utf-16" without a mark is little-endian, as Windows writes it. Raises LookupError for a name that is no
    encoding of text.
    """
    encoding, mark = _by_mark(data) or (_plain_name(declared), 0)
    body = data[mark:]
    try:
        return Decoded(body.decode(encoding), encoding, False)
    except UnicodeDecodeError:
        return Decoded(body.decode(encoding, errors="replace"), encoding, True)


def xml_encoding(file: BinaryIO, fallback: str = "cp850") -> tuple[str, int]:
    """The encoding in which an XML file is really written, and the length of its byte order mark.

    Looks at the mark, then at the zero bytes of UTF-16, then at the declaration, then whether the whole is
    valid UTF-8, else ``fallback``. A declaration of UTF-16 over single bytes is not believed: such reports
    exist. ``file`` is read in blocks and left at its start.
    """
    file.seek(0)
    first = file.read(1024)
    found = _by_mark(first)
    if found is None and first[1:2] == b"\0":
        found = "utf-16-le", 0
    if found is None and first[:1] == b"\0":
        found = "utf-16-be", 0
    if found is None:
        declaration = _DECLARATION.match(first)
        name = declaration[1].decode("ascii").lower() if declaration else ""
        if name and not name.startswith(("utf", "ucs", "iso-10646")) and _holds_ascii(name):
            found = codecs.lookup(name).name, 0
    if found is None:
        found = ("utf-8" if _is_utf8(file) else fallback), 0
    file.seek(0)
    return found


def xml_text(file: BinaryIO, fallback: str = "cp850") -> io.TextIOWrapper:
    """``file`` as a text stream in the encoding that ``xml_encoding`` finds; bad bytes become U+FFFD.

    The wrapper is detached by the caller, or closes ``file`` with itself.
    """
    encoding, mark = xml_encoding(file, fallback)
    file.seek(mark)
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")


def _by_mark(data: bytes) -> tuple[str, int] | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    return None


def _plain_name(declared: str) -> str:
    name = codecs.lookup(declared).name
    if not _is_text(name):
        raise LookupError(f"{declared} is no encoding of text")
    return {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(name, name)


def _is_text(name: str) -> bool:
    try:
        b"a".decode(name)
    except UnicodeDecodeError:
        return True
    except LookupError:  # "hex", "zip" and the like
        return False
    return True


def _holds_ascii(name: str) -> bool:
    """Whether the bytes below 128 mean ASCII in this encoding, so that the declaration could be read by it."""
    probe = bytes(range(32, 127))
    try:
        return probe.decode(name) == probe.decode("ascii")
    except (LookupError, ValueError):
        return False


def _is_utf8(file: BinaryIO) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
