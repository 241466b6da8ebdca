"""Event logs, read once and in a stream: which known events, how often, when, in which records.

What is kept does not grow with the log: counts per event, the first record numbers, and a histogram of moments whose
bars double their width whenever there are too many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runbook.formats.event_xml import read_event_xml
from runbook.formats.events import EventRecord, EventStream
from runbook.formats.evtx import read_evtx
from runbook.formats.unread import Unread
from runbook.hints import matching
from runbook.hints.matching import Hint
from runbook.hints.rows import known_kind

_BARS = 240
_FINEST = 60  # seconds


@dataclass
class Moments:
    """When an event was seen: bars of ``width`` seconds since 1970 (UTC), each with its count."""

    width: int = _FINEST
    bars: dict[int, int] = field(default_factory=dict)

    def add(self, moment: datetime) -> None:
        """Count one event; bars get wider once there are more than ``_BARS``."""
        bar = int(moment.timestamp()) // self.width
        self.bars[bar] = self.bars.get(bar, 0) + 1
        while len(self.bars) > _BARS:
            self.width *= 2
            wider: dict[int, int] = {}
            for old, count in self.bars.items():
                wider[old // 2] = wider.get(old // 2, 0) + count
            self.bars = wider

    def join(self, other: Moments) -> None:
        """Take over the bars of another file's histogram."""
        for bar, count in other.bars.items():
            self._add(bar * other.width, count)

    def _add(self, second: int, count: int) -> None:
        self.add(datetime.fromtimestamp(second, UTC))
        bar = second // self.width
        self.bars[bar] = self.bars.get(bar, 0) + count - 1


@dataclass(frozen=True)
class LogRead:
    """One log as read. ``known`` counts records of known kinds, ``records`` all that were readable, ``damaged`` the
    faults, of which ``unread`` lists the first ones. ``channel`` is that of its first record, "" where none was
    readable. ``found`` are the rows that its events point to, ``moments`` when each known event was seen."""

    channel: str
    records: int
    known: int
    damaged: int
    unread: tuple[Unread, ...]
    found: tuple[Hint, ...]
    moments: dict[str, Moments]


def read_log(
    path: Path,
    kind: str,
    session_host: bool | None,
    service_runs: bool | None,
    counted: set[tuple[str, str, int]] | None = None,
) -> LogRead:
    """Read one event log (``kind`` "evtx" or "events"). Never raises for what is in it.

    ``counted``: records of known events that other files have brought (machine, channel, number); they are passed
    over, and this file's are added.
    """
    stream = read_evtx(path, known_kind) if kind == "evtx" else read_event_xml(path, known_kind)
    moments: dict[str, Moments] = {}
    counts: Counter[str] = Counter()
    found = matching.hints_for_events(_timed(stream, moments, counts, counted), session_host, service_runs)
    channel = _channel(path, kind)
    return LogRead(
        channel,
        stream.good + stream.skipped,
        counts.total(),
        stream.damaged,
        tuple(stream.unread),
        tuple(found),
        moments,
    )


def read_records(
    events: Iterable[EventRecord], session_host: bool | None, service_runs: bool | None
) -> tuple[tuple[Hint, ...], dict[str, Moments]]:
    """The same for events that came as records (a step's answer)."""
    moments: dict[str, Moments] = {}
    found = matching.hints_for_events(_timed(events, moments, Counter()), session_host, service_runs)
    return tuple(found), moments


def _timed(
    events: Iterable[EventRecord],
    moments: dict[str, Moments],
    counts: Counter[str],
    counted: set[tuple[str, str, int]] | None = None,
) -> Iterator[EventRecord]:
    for record in events:
        event = matching.known_event_of(record)
        if event is not None and counted is not None and record.record_number:
            mark = (record.computer.casefold(), event.channel, record.record_number)
            if mark in counted:
                continue
            counted.add(mark)
        if event is not None:
            counts[event.key] += 1
            if record.time is not None:
                moments.setdefault(event.key, Moments()).add(record.time)
        yield record


def _channel(path: Path, kind: str) -> str:
    """The channel of the first record that can be read, of whatever kind it is."""
    stream: EventStream = read_evtx(path) if kind == "evtx" else read_event_xml(path)
    for record in stream:
        return record.channel
    return ""
