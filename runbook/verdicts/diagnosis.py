"""Diagnose: the exported logs and the readings of this run against the errors that are known.

An event counts by provider, channel and id (``runbook.hints``); what means nothing on this machine is left out, what
only informs is told as an event and points to no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runbook import hints, knowledge
from runbook.hint_rows import known_kind
from runbook.hints import Hint
from runbook.outcome import Line, Status, Verdict
from runbook.readers.event_xml import read_event_xml
from runbook.readers.events import EventRecord, EventStream, Wanted
from runbook.readers.evtx import read_evtx
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for

_SESSION_HOST = "RDS-RD-Server"


def diagnose(context: Context) -> Verdict:
    """A finding where something known was recognised, in the logs or in this run's readings; its hints say what.

    Not judged where there were neither logs nor readings to look at.
    """
    streams = open_logs(context)
    features: dict[str, str] | None = context.fact("roles", "features")
    state = context.fact("service", "state")
    found = hints.hints_for_events(
        _chain(streams),
        session_host=None if features is None else features.get(_SESSION_HOST) == "Installed",
        service_runs=None if state is None else state == "Running",
    )
    telling = [hint for hint in found if hint.problem is not None and not hint.noise]
    ids = tuple(dict.fromkeys([*(hint.id for hint in telling), *_from_readings(context)]))
    read = sum(stream.good + stream.skipped for stream in streams)
    facts = {
        "logs": [stream.where for stream in streams],
        "events_read": read,
        "events": {seen.key: seen.count for hint in found for seen in hint.seen},
        "errors": list(ids),
    }
    damaged = damage_lines(streams)
    table = tuple(row for hint in telling for row in _rows(hint))
    if ids:
        head = Line("steps.diagnose_found", {"count": len(ids), "ids": ", ".join(ids), "events": read})
        return Verdict(Status.FINDING, (head, *damaged), facts, table, ids)
    if not streams and not context.facts.get("license-server"):
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
    if context.fact("license-server", "activation_status", 0) != 0:
        found += hints_for("activation")
    if context.fact("network", "closed") or context.fact("network", "registry_found") is False:
        found += hints_for("network")
    if context.fact("ad-group", "member") is False:
        found += hints_for("ad-group")
    return found


def _rows(hint: Hint) -> Iterator[dict[str, Any]]:
    for seen in hint.seen:
        event = knowledge.event(seen.key)
        yield {
            "error": hint.id,
            "event": event.id,
            "channel": event.channel,
            "times": seen.count,
            "at": seen.last.strftime("%Y-%m-%d %H:%M UTC") if seen.last else "",
        }


LOCAL = {"diagnose": diagnose}
