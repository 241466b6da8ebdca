"""Diagnose: the exported logs and the readings of this run against the errors that are known.

An event counts by provider, channel and id (``runbook.hints``); what means nothing on this machine is left out, what
only informs is told as an event and points to no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from runbook.formats.event_xml import read_event_xml
from runbook.formats.events import EventRecord, EventStream, Wanted
from runbook.formats.evtx import read_evtx
from runbook.hints import matching
from runbook.hints.ids import hints_for
from runbook.hints.matching import Hint
from runbook.hints.rows import known_kind
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.steps.opening import AdGroup, LicenseServer, Network, Roles, Service
from runbook.steps.registry import local


class Diagnosed(Facts):
    """The logs that were read, how many events, each known event by its key and how often, rows of errors.yml."""

    step: ClassVar[str] = "diagnose"
    logs: tuple[str, ...] = ()
    events_read: int = 0
    events: dict[str, int] = Field(default_factory=dict)
    errors: tuple[str, ...] = ()


@local("diagnose")
def diagnose(context: Context) -> Verdict:
    """A finding where something known was recognised, in the logs or in this run's readings; its hints say what.

    Not judged where there were neither logs nor readings to look at.
    """
    streams = open_logs(context)
    roles, service = context.known(Roles), context.known(Service)
    found = matching.hints_for_events(
        _chain(streams), session_host=roles.is_session_host(), service_runs=service.runs()
    )
    telling = [hint for hint in found if hint.problem is not None and not hint.noise]
    ids = tuple(dict.fromkeys([*(hint.id for hint in telling), *_from_readings(context)]))
    read = sum(stream.good + stream.skipped for stream in streams)
    facts = Diagnosed(
        logs=tuple(stream.where for stream in streams),
        events_read=read,
        events={seen.key: seen.count for hint in found for seen in hint.seen},
        errors=ids,
    )
    damaged = damage_lines(streams)
    table = tuple(row for hint in telling for row in _rows(hint))
    if ids:
        head = Line("steps.diagnose_found", {"count": len(ids), "ids": ", ".join(ids), "events": read})
        return Verdict(Status.FINDING, (head, *damaged), facts, table, ids)
    if not streams and context.facts(LicenseServer) is None:
        return Verdict(Status.NOT_JUDGED, (Line("steps.diagnose_no_logs"),), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.diagnose_nothing", {"events": read}), *damaged), facts)


def open_logs(context: Context) -> list[EventStream]:
    """The logs that this run has exported, .evtx or XML: of each, the events that events.yml may know."""
    readers: dict[str, Callable[[Path, Wanted], EventStream]] = {".evtx": read_evtx, ".xml": read_event_xml}
    files = sorted((context.run_folder / "export-logs" / "files").glob("*"))
    return [readers[kind](path, known_kind) for path in files if (kind := path.suffix.lower()) in readers]


def _chain(streams: list[EventStream]) -> Iterator[EventRecord]:
    for stream in streams:
        yield from stream


def damage_lines(streams: list[EventStream]) -> tuple[Line, ...]:
    """A line for each log of which records could not be read; once the streams have been read."""
    counts = ((stream.where, _damage(stream)) for stream in streams)
    return tuple(Line("steps.diagnose_damaged", {"file": file, "count": count}) for file, count in counts if count)


def is_unread(stream: EventStream) -> bool:
    """Nothing of this log could be read, although something is there."""
    return _damage(stream) > 0 and not stream.good + stream.skipped


def _damage(stream: EventStream) -> int:
    """What could not be read. A log without any event is quiet, not damaged."""
    return stream.damaged - sum(1 for fault in stream.unread if fault.why.key == "readers.no_event")


def _from_readings(context: Context) -> list[str]:
    """What this run's own readings already say."""
    found: list[str] = []
    server, network, group = context.facts(LicenseServer), context.facts(Network), context.facts(AdGroup)
    if server and not server.activated:
        found += hints_for("activation")
    if network and (network.closed or network.registry_found is False):
        found += hints_for("network")
    if group and group.member is False:
        found += hints_for("ad-group")
    return found


def _rows(hint: Hint) -> Iterator[dict[str, Any]]:
    for seen in hint.seen:
        event = reference.event(seen.key)
        yield {
            "error": hint.id,
            "event": event.id,
            "channel": event.channel,
            "times": seen.count,
            "at": seen.last.strftime("%Y-%m-%d %H:%M UTC") if seen.last else "",
        }
