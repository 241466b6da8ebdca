"""Reads events as XML text: what ``wevtutil qe /f:xml`` prints, and what Event Viewer saves as XML.

``wevtutil`` writes one ``<Event>`` after the other with no root around them, in the console's code page, in
UTF-16 with ``/uni:true``, or in UTF-8. So the text is cut at the events and each is parsed alone: one damaged
event costs only itself, and no more than one is in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from runbook.formats.decode import xml_text
from runbook.formats.events import EventRecord, EventStream, Wanted, event_time, put, whole_number
from runbook.formats.unread import unread
from runbook.formats.xml_tree import fromstring

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_BLOCK = 1 << 16
#: The longest event, in characters: Windows writes at most 64 KiB of binary XML per record.
_LONGEST = 1 << 20
_START = re.compile(r"<Event(?=[\s>])")
_EDGE = re.compile(r"<Event(?=[\s>])|</Event\s{0,8}>")
#: No longer than this is a tag that ``_START`` or ``_EDGE`` looks for.
_TAG = 16
#: Characters that XML 1.0 forbids, written out or as a reference: some providers put them into their strings.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")


def read_event_xml(source: Path | bytes, wanted: Wanted | None = None, *, oem: str = "cp850") -> EventStream:
    """The events of an XML text, in the text's order; ``source`` is a file or its bytes.

    ``oem`` is the code page of a text that has no mark, no declaration and is not valid UTF-8.
    ``wanted(provider, id)`` refuses events, which are then counted as skipped. Never raises for what is in
    the text: faults are in the stream's ``unread`` after the iteration.
    """
    where = source.name if isinstance(source, Path) else "XML"
    return EventStream(where, partial(_records, source, wanted, oem))


def _records(source: Path | bytes, wanted: Wanted | None, oem: str, stream: EventStream) -> Iterator[EventRecord]:
    try:
        file: BinaryIO = source.open("rb") if isinstance(source, Path) else BytesIO(source)
    except OSError as error:
        stream.faults.add(unread(stream.where, "readers.no_file", detail=error.strerror or error))
        return
    with file, xml_text(file, oem) as text:
        number = 0
        try:
            for piece in _cut(iter(partial(text.read, _BLOCK), "")):
                number += 1
                record = _record(piece, number, stream)
                if record is None:
                    continue
                if wanted is None or wanted(record.provider, record.id):
                    stream.good += 1
                    yield record
                else:
                    stream.skipped += 1
        except OSError as error:
            stream.faults.add(unread(stream.where, "readers.no_file", detail=error.strerror or error))
    if not number and not stream.faults.count:
        stream.faults.add(unread(stream.where, "readers.no_event"))


def _cut(blocks: Iterator[str]) -> Iterator[str | None]:
    """The text of each event; None for one that has no end or is longer than any event can be."""
    # ``text[at:]`` is what is not settled yet; when ``begun``, an event begins at ``at``. ``seen`` is how far
    # it has been searched, less the length of a tag that may straddle two blocks.
    text, at, seen, begun = "", 0, 0, False
    for block in blocks:
        text, seen = text[at:] + block, max(0, seen - at)
        at = 0
        while True:
            if not begun:
                start = _START.search(text, at)
                if start is None:
                    at = max(at, len(text) - _TAG)
                    break
                at, seen, begun = start.start(), start.end(), True
            found = _EDGE.search(text, seen)
            if found is None:
                seen = max(seen, len(text) - _TAG)
                if len(text) - at <= _LONGEST:
                    break
                yield None
                at, begun = seen, False
            elif found.group().startswith("</"):
                yield text[at : found.end()]
                at, begun = found.end(), False
            else:  # the event before it never ended
                yield None
                at, seen = found.start(), found.end()
    if begun:
        yield None


def _record(piece: str | None, number: int, stream: EventStream) -> EventRecord | None:
    if piece is None:
        stream.faults.add(unread(stream.where, "readers.cut_event", number=number))
        return None
    try:
        return _event(_parse(piece))
    except (ParseError, ValueError, RecursionError) as error:
        stream.faults.add(unread(stream.where, "readers.damaged_event", number=number, detail=error))
        return None


def _parse(piece: str) -> Element:
    try:
        return fromstring(piece)
    except (ParseError, UnicodeEncodeError):
        mended = _FORBIDDEN.sub("\ufffd", _REFERENCE.sub(_allowed, piece))
        if mended == piece:
            raise
        return fromstring(mended)


def _allowed(reference: re.Match[str]) -> str:
    digits = reference[1]
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    fits = code <= 0x10FFFF and not _FORBIDDEN.match(chr(code))
    return reference[0] if fits else "\ufffd"


def _local(element: Element) -> str:
    """The tag without its namespace: exports from different tools differ in it."""
    return element.tag.rpartition("}")[2]


def _child(element: Element | None, name: str) -> Element | None:
    return next((child for child in element if _local(child) == name), None) if element is not None else None


def _text(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _event(event: Element) -> EventRecord:
    system = _child(event, "System")
    if system is None:
        raise ValueError("no System part")
    provider, created = _child(system, "Provider"), _child(system, "TimeCreated")
    data: dict[str, str] = {}
    for part in event:
        if _local(part) not in ("System", "RenderingInfo"):
            _strings(part, data)
    return EventRecord(
        provider=(provider.get("Name") or provider.get("EventSourceName") or "") if provider is not None else "",
        channel=_text(_child(system, "Channel")),
        id=whole_number(_text(_child(system, "EventID"))),
        level=whole_number(_text(_child(system, "Level"))),
        time=event_time(created.get("SystemTime", "")) if created is not None else None,
        record_number=whole_number(_text(_child(system, "EventRecordID"))),
        computer=_text(_child(system, "Computer")),
        data=data,
        message=_text(_child(_child(event, "RenderingInfo"), "Message")) or None,
    )


def _strings(part: Element, data: dict[str, str]) -> None:
    """The strings of EventData or UserData: leaves by name, unnamed Data by its place ("1", "2", …) in their order."""
    for element in part.iter():
        if element is part or len(element):
            continue
        name = element.get("Name") or _local(element)
        put(data, "" if name == "Data" else name, (element.text or "").strip())
