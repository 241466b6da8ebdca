"""One event of a Windows event log, whatever file it came from, and a stream of them.

An id says nothing alone: ``EventRecord.key`` is what is compared with ``knowledge.events()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runbook.formats.unread import Faults, Unread

#: Says whether events of this provider and id are wanted.
Wanted = Callable[[str, int], bool]
#: Strings that are kept of one event. Windows itself allows a hundred or so; a made-up file could hold more.
_STRINGS = 512


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event.

    ``level``: 1 critical, 2 error, 3 warning, 4 information, 0 always logged. ``time`` is UTC, None where the
    record carries none that can be read. ``data`` holds the event's strings in their order: by name, unnamed
    ones under "1", "2", … (the ``%1``, ``%2`` of the message). ``message`` is the rendered text, which only a
    log that was exported with its texts carries.
    """

    provider: str
    channel: str
    id: int
    level: int
    time: datetime | None
    record_number: int
    computer: str
    data: Mapping[str, str] = field(default_factory=dict)
    message: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Provider, channel and id: together they say which event it is."""
        return self.provider, self.channel, self.id


@dataclass
class EventStream:
    """The events of one source, read once and one after the other, in constant memory.

    Iterate first; afterwards ``good`` counts the records that were given out, ``skipped`` those that were not
    wanted and ``damaged`` the faults, of which ``unread`` lists the first ones.
    """

    where: str
    source: Callable[[EventStream], Iterator[EventRecord]]
    good: int = 0
    skipped: int = 0
    faults: Faults = field(default_factory=Faults)

    def __iter__(self) -> Iterator[EventRecord]:
        return self.source(self)

    @property
    def damaged(self) -> int:
        return self.faults.count

    @property
    def unread(self) -> list[Unread]:
        return self.faults.listed


def event_time(text: str) -> datetime | None:
    """``SystemTime`` of an event ("2021-12-16T10:25:32.351835800Z", up to 9 decimals) in UTC, else None."""
    whole, _, decimals = text.rstrip("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{decimals[:6]:0<6}").replace(tzinfo=UTC)
    except ValueError:
        return None


def whole_number(text: object) -> int:
    """A number of an event's System part, which arrives as int or text; 0 where it is none."""
    try:
        return int(text) if isinstance(text, (int, str)) else 0
    except ValueError:
        return 0


def put(data: dict[str, str], name: str, value: str) -> None:
    """Add one string under ``name``, or under its place in the event ("1", "2", …) where it has none.

    A name that is taken gets "_1", "_2", … so that none is lost. Past ``_STRINGS`` the rest is left out.
    """
    if len(data) >= _STRINGS:
        return
    key, number = name or str(len(data) + 1), 0
    while key in data:
        number += 1
        key = f"{name}_{number}"
    data[key] = value
