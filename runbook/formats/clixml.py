"""Reads what Windows PowerShell writes to stderr when its error stream is serialised: CLIXML.

The text begins with ``#< CLIXML``; then come one or more ``<Objs>`` documents with the records of every stream
but output (error, warning, verbose, debug, information, progress), written in the console's code page. Plain
text may stand before, between and after them. Characters that XML cannot hold are written ``_xHHHH_``, UTF-16
unit by unit (MS-PSRP 2.2.5.3.2). Progress is of no use afterwards and is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError, XMLParser

from runbook.formats.decode import decode
from runbook.formats.unread import Faults, Unread, unread
from runbook.formats.xml_tree import NoDoctype

#: Longer than any real error stream; the rest is left unread.
_LONGEST = 1 << 24
_DEEPEST = 100
#: PowerShell writes one document, or one per nested call.
_DOCUMENTS = 2000
_TOKEN = re.compile(r"#< CLIXML[ \t]*(?:\r?\n)?|<Objs(?=[\s>])|</Objs\s*>")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNFINISHED = re.compile(r"(?:<[^<>]*|&[^;<&]{0,12})\Z")


@dataclass(frozen=True)
class Piece:
    """One piece of text: ``stream`` is "error", "warning", "verbose", "debug", "information", "output", or
    "plain" for text that stood outside of CLIXML.
    """

    stream: str
    text: str


@dataclass(frozen=True)
class StreamTexts:
    """The pieces in their order, and what could not be read."""

    pieces: tuple[Piece, ...]
    unread: tuple[Unread, ...] = ()

    def of(self, stream: str) -> str:
        """All text of one stream, put together."""
        return "".join(piece.text for piece in self.pieces if piece.stream == stream)


def read_stderr(data: bytes, declared: str = "cp850", where: str = "stderr") -> StreamTexts:
    """The texts in the bytes of powershell.exe's stderr, which are in the encoding ``declared``."""
    decoded = decode(data[: _LONGEST * 2], declared)
    found = read_clixml(decoded.text, where)
    if not decoded.damaged:
        return found
    return StreamTexts(found.pieces, (*found.unread, unread(where, "readers.bad_bytes", encoding=decoded.encoding)))


def read_clixml(text: str, where: str = "CLIXML") -> StreamTexts:
    """The texts in ``text``, by stream, in their order. Text without CLIXML is one plain piece.

    Never raises: a document that is cut off gives the records that it still holds.
    """
    faults = Faults()
    if len(text) > _LONGEST:
        faults.add(unread(where, "readers.too_long", limit=_LONGEST))
        text = text[:_LONGEST]
    pieces: list[Piece] = []
    documents = 0
    for is_document, part in _parts(text):
        documents += is_document
        if documents > _DOCUMENTS:
            faults.add(unread(where, "readers.too_many_documents", count=_DOCUMENTS))
            break
        if is_document:
            pieces += _document(part, where, faults)
        elif part.strip():
            pieces.append(Piece("plain", part))
    return StreamTexts(tuple(pieces), tuple(faults.listed))


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """``text`` cut into documents (True) and what stands outside of them; without the marks themselves."""
    begin, inside = 0, False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word.startswith("</"):
            if inside:
                yield True, text[begin : token.end()]
                begin, inside = token.end(), False
            continue
        # A mark or a beginning: a document that is still open was cut off here.
        yield inside, text[begin : token.start()]
        inside = word.startswith("<")
        begin = token.start() if inside else token.end()
    yield inside, text[begin:]


class _Records(NoDoctype):
    """Target of the XML parser: turns each child of Objs into a piece, holding no tree."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.open: list[str] = []
        self._stream = ""
        self._said: list[str] | None = None  # the text of the ToString of the record itself
        self._strings: list[str] = []  # all other strings of the record
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST}")
        self.open.append(tag.rpartition("}")[2])
        self._text = []
        if len(self.open) == 2:
            self._stream = attributes.get("S", "output").lower()
            self._said, self._strings = None, []

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        name, depth = self.open.pop(), len(self.open) + 1
        text, self._text = "".join(self._text), []
        if name == "ToString" and depth == 3:
            self._said = [text]
        elif name == "S" and depth > 1:
            self._strings.append(text)
        if depth == 2 and self._stream != "progress":
            said = self._said if self._said is not None else self._strings
            if name == "S" or said:
                self.pieces.append(Piece(self._stream, unescape("\n".join(said))))

    def close(self) -> None:
        pass


def _document(text: str, where: str, faults: Faults) -> list[Piece]:
    records = _Records()
    parser = XMLParser(target=records)
    try:
        if _cut_off(text):
            faults.add(unread(where, "readers.cut_document"))
            # Without a half tag or a half entity at its end, the rest is whole once its elements are closed.
            parser.feed(text[:-4096] + _UNFINISHED.sub("", text[-4096:]))
            parser.feed("".join(f"</{name}>" for name in reversed(records.open)))
        else:
            parser.feed(text)
        parser.close()
    except (ParseError, ValueError) as error:
        faults.add(unread(where, "readers.damaged_document", detail=error))
    return records.pieces


def _cut_off(text: str) -> bool:
    return not text.rstrip().endswith(">") or "</Objs" not in text[-32:]


def unescape(text: str) -> str:
    """``_x000D_`` and its like back to characters; pairs of surrogates become one, a lone one U+FFFD."""
    plain = _ESCAPE.sub(lambda unit: chr(int(unit[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
