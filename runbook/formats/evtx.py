"""Reads .evtx files through the ``evtx`` package, one record after the other, damaged ones counted.

The package gives each record as JSON text. Reading all of it takes eight times as long as getting it, while a
diagnosis wants a handful of events among a million. So the part that names provider and id, the same text in
each event of a kind, is read once per kind and looked up afterwards; the rest of a record is read when it is
asked for. (The package gives XML as fast, but reading XML takes several times as long as reading JSON.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from evtx import PyEvtxParser

from runbook.formats.events import EventRecord, EventStream, Wanted, event_time, put, whole_number
from runbook.formats.unread import unread

#: What divides the part that is the same in each event of a kind from the rest. The quotes around the name
#: cannot come from a value: in JSON text those are escaped.
_CUT = '"TimeCreated"'
#: Kinds of events that are remembered; a real log has some hundreds. More would be a file made to fill memory.
_KINDS = 10_000
#: Characters of such a part; a real one has some 300. A record without the cut is longer, and not remembered.
_LONGEST_START = 1000
#: Channel and computer stand behind the cut and before this, in plain letters.
_SYSTEM_ENDS = '"Security"'
_PLACE = re.compile(r'"Channel":"([^"\\]+)","Computer":"')
_HEADER, _CHUNK = 4096, 1 << 16  # bytes
#: After so many faults in a row without a record the rest of the file is given up.
_FAULTS_IN_A_ROW = 10_000


class _Head(NamedTuple):
    provider: str
    id: int
    level: int


def read_evtx(path: Path, wanted: Wanted | None = None) -> EventStream:
    """The events of an .evtx file, in the file's order.

    ``wanted(provider, id)`` is asked once per kind of event; records that it refuses are counted as skipped.
    Never raises for what is in the file: faults are in the stream's ``unread`` after the iteration.
    """
    return EventStream(path.name, partial(_records, path, wanted))


def _records(path: Path, wanted: Wanted | None, stream: EventStream) -> Iterator[EventRecord]:
    try:
        raw = PyEvtxParser(str(path)).records_json()
    except (OSError, RuntimeError, ValueError) as error:
        stream.faults.add(unread(path.name, "readers.not_evtx", detail=error))
        return
    _tell_a_cut(path, stream)
    in_a_row = 0
    while in_a_row < _FAULTS_IN_A_ROW:
        before = stream.good + stream.skipped
        try:
            yield from _all(raw, stream) if wanted is None else _some(raw, wanted, stream)
            return
        except (RuntimeError, ValueError, OSError) as error:
            # The package names the fault and goes on behind it when it is asked for the next record.
            stream.faults.add(unread(path.name, "readers.damaged_record", number=_number(error), detail=error))
        in_a_row = in_a_row + 1 if stream.good + stream.skipped == before else 1
    stream.faults.add(unread(path.name, "readers.too_many_faults", count=in_a_row))


def _tell_a_cut(path: Path, stream: EventStream) -> None:
    """A file shorter than its header says has lost its end: chunks of 64 KiB behind a header of 4 KiB, their number
    at byte 42 (MS-EVEN6, and the package's own reading)."""
    with path.open("rb") as file:
        head = file.read(44)
    size, whole = path.stat().st_size, _HEADER + _CHUNK * int.from_bytes(head[42:44], "little")
    if size < whole:
        stream.faults.add(unread(path.name, "readers.cut_log", size=size, whole=whole))


def _number(error: Exception) -> str:
    """The number of the record or chunk that the package names, "?" where it names none."""
    found = re.search(r"(?:record number|chunk number|chunk) (\d+)", str(error))
    return found[1] if found else "?"


def _all(raw: Iterator[Any], stream: EventStream) -> Iterator[EventRecord]:
    for record in raw:
        stream.good += 1
        yield _lazy(record)


def _some(raw: Iterator[Any], wanted: Wanted, stream: EventStream) -> Iterator[EventRecord]:
    skipped_kinds: set[str] = set()
    heads: dict[str, _Head] = {}
    for record in raw:
        start, _, _ = record["data"].partition(_CUT)
        if start in skipped_kinds:
            stream.skipped += 1
            continue
        head = heads.get(start)
        if head is None:
            head = _head_of(start, record)
            keep = wanted(head.provider, head.id)
            if len(start) <= _LONGEST_START and len(skipped_kinds) + len(heads) < _KINDS:
                if keep:
                    heads[start] = head
                else:
                    skipped_kinds.add(start)
            if not keep:
                stream.skipped += 1
                continue
        stream.good += 1
        yield _lazy(record, head)


def _head_of(start: str, record: Mapping[str, Any]) -> _Head:
    """Provider, id and level from the first part of a record's JSON, or from all of it where that fails."""
    head = _remembered(start) if len(start) <= _LONGEST_START else None
    return head or _head(_system(_parsed(record)))


@lru_cache(maxsize=_KINDS)
def _remembered(start: str) -> _Head | None:
    try:
        return _head(json.loads(start.rstrip(",") + "}}}")["Event"]["System"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _head(system: Mapping[str, Any]) -> _Head:
    provider = _attributes(system.get("Provider"))
    name = provider.get("Name") or provider.get("EventSourceName") or ""
    return _Head(str(name), whole_number(_value(system.get("EventID"))), whole_number(system.get("Level")))


class _EvtxRecord(EventRecord):
    """An event whose parts are read from the package's JSON when they are first asked for."""

    # The fields of EventRecord stay empty: the properties below stand before them.
    __slots__ = ("_body", "_head_", "_raw")

    _raw: Mapping[str, Any]
    _head_: _Head | None
    _body: Mapping[str, Any] | None

    @property
    def provider(self) -> str:
        return self._named().provider

    @property
    def id(self) -> int:
        return self._named().id

    @property
    def level(self) -> int:
        return self._named().level

    @property
    def channel(self) -> str:
        if self._body is None:
            _, _, rest = self._raw["data"].partition(_CUT)
            place = _PLACE.search(rest.partition(_SYSTEM_ENDS)[0])
            if place is not None:
                return str(place[1])
        return _string(self._system().get("Channel"))

    @property
    def computer(self) -> str:
        return _string(self._system().get("Computer"))

    @property
    def record_number(self) -> int:
        # A log that was exported or collected numbers its records anew; the event's own number is this one.
        number = _value(self._system().get("EventRecordID"))
        return whole_number(self._raw["event_record_id"] if number is None else number)

    @property
    def time(self) -> datetime | None:
        text = _attributes(self._system().get("TimeCreated")).get("SystemTime")
        return event_time(str(text or self._raw["timestamp"]).removesuffix(" UTC"))

    @property
    def data(self) -> Mapping[str, str]:
        event = self._event().get("Event")
        found: dict[str, str] = {}
        if isinstance(event, dict):
            for part, content in event.items():
                if part not in ("System", "#attributes", "RenderingInfo"):
                    _strings(content, part, found, 0)
        return found

    @property
    def message(self) -> str | None:
        return None

    def __repr__(self) -> str:
        return f"EventRecord{self.key!r}, record {self.record_number}"

    def _named(self) -> _Head:
        head = self._head_
        if head is None:
            head = _head_of(self._raw["data"].partition(_CUT)[0], self._raw)
            _set_head(self, head)
        return head

    def _system(self) -> Mapping[str, Any]:
        return _system(self._event())

    def _event(self) -> Mapping[str, Any]:
        body = self._body
        if body is None:
            body = _parsed(self._raw)
            _set_body(self, body)
        return body


# Setting slots through their descriptors: the class is frozen, and this is the fast way in.
_set_raw = _EvtxRecord.__dict__["_raw"].__set__
_set_head = _EvtxRecord.__dict__["_head_"].__set__
_set_body = _EvtxRecord.__dict__["_body"].__set__
_new = object.__new__


def _lazy(raw: Mapping[str, Any], head: _Head | None = None) -> EventRecord:
    record = _new(_EvtxRecord)
    _set_raw(record, raw)
    _set_head(record, head)
    _set_body(record, None)
    return record


def _parsed(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        event = json.loads(raw["data"])
    except (ValueError, RecursionError):  # the package writes valid JSON; a nesting bomb it would pass on
        return {}
    return event if isinstance(event, dict) else {}


def _system(event: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = event.get("Event")
    system = inner.get("System") if isinstance(inner, dict) else None
    return system if isinstance(system, dict) else {}


def _attributes(element: object) -> Mapping[str, Any]:
    found = element.get("#attributes") if isinstance(element, dict) else None
    return found if isinstance(found, dict) else {}


def _value(element: object) -> object:
    return element.get("#text") if isinstance(element, dict) else element


def _string(element: object) -> str:
    value = _value(element)
    return "" if value is None else str(value)


def _strings(content: object, name: str, found: dict[str, str], depth: int) -> None:
    """Flatten EventData or UserData into ``found``: leaves by their name, unnamed Data by its place ("1", "2", …)"""
    if depth > 20:
        return
    if isinstance(content, dict):
        name = str(_attributes(content).get("Name") or name)
        if depth and content.keys() <= {"#attributes"}:
            put(found, name, "")
        for key, value in content.items():
            if key == "#text":
                _strings(value, name, found, depth + 1)
            elif key != "#attributes":
                _strings(value, key, found, depth + 1)
    elif isinstance(content, list):
        for value in content:
            _strings(value, name, found, depth + 1)
    elif name == "Data":
        put(found, "", _plain(content))
    elif depth:  # an empty EventData is no string
        put(found, name, _plain(content))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # As an XML reader would hand it over, so that both kinds of file give the same strings.
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
