"""Diagnose: the exported logs and the readings of this run against the errors that are known.

An event counts by provider, channel and id. What events.yml calls noise is left out under the conditions stated
there; what only informs is counted and points nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from runbook import hints, knowledge
from runbook.knowledge_records import Event
from runbook.outcome import Line, Status, Verdict
from runbook.readers.event_xml import read_event_xml
from runbook.readers.events import EventRecord, EventStream
from runbook.readers.evtx import read_evtx
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for

_SESSION_HOST = "RDS-RD-Server"


@dataclass
class Seen:
    """One kind of event in the exported logs: how often, and when last (UTC)."""

    event: Event
    errors: tuple[str, ...]
    count: int = 0
    last: datetime | None = None

    def add(self, when: datetime | None) -> None:
        self.count += 1
        if when is not None and (self.last is None or when > self.last):
            self.last = when


def diagnose(context: Context) -> Verdict:
    """A finding where something known was recognised, in the logs or in this run's readings; its hints say what.

    Not judged where there were neither logs nor readings to look at.
    """
    seen: dict[tuple[str, tuple[str, ...]], Seen] = {}
    read, lines = 0, []
    files = sorted((context.run_folder / "export-logs" / "files").glob("*"))
    for path in files:
        stream = open_log(path)
        if stream is None:
            continue
        _collect(context, stream, seen)
        read += stream.good + stream.skipped
        if stream.damaged:
            lines.append(Line("steps.diagnose_damaged", {"file": path.name, "count": stream.damaged}))
    telling = sorted((s for s in seen.values() if s.errors), key=lambda s: (-s.count, s.event.key))
    found = [error for s in telling for error in s.errors]
    found += _from_readings(context)
    ids = tuple(dict.fromkeys(found))
    facts = {
        "events_read": read,
        "events": {s.event.key: s.count for s in seen.values()},
        "errors": list(ids),
    }
    table = tuple(_row(s) for s in telling)
    if ids:
        head = Line("steps.diagnose_found", {"count": len(ids), "ids": ", ".join(ids), "events": read})
        return Verdict(Status.FINDING, (head, *lines), facts, table, ids)
    if not files and not context.facts.get("license-server"):
        return Verdict(Status.NOT_JUDGED, (Line("steps.diagnose_no_logs"),), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.diagnose_nothing", {"events": read}), *lines), facts)


def open_log(path: Path) -> EventStream | None:
    """The events of an exported log, .evtx or XML; None for a file of another kind."""
    if path.suffix.lower() == ".evtx":
        return read_evtx(path, _wanted)
    return read_event_xml(path, _wanted) if path.suffix.lower() == ".xml" else None


def _wanted(provider: str, number: int) -> bool:
    return (provider.casefold(), number) in _known_kinds()


@cache
def _known_kinds() -> frozenset[tuple[str, int]]:
    rows = knowledge.events()
    return frozenset((name.casefold(), row.id) for row in rows for name in (row.provider, *row.aliases))


def _collect(context: Context, records: Iterable[EventRecord], seen: dict[tuple[str, tuple[str, ...]], Seen]) -> None:
    for record in records:
        event = hints.known_event(*record.key)
        if event is None:
            continue
        text = record.message or " ".join(record.data.values())
        if _is_noise(context, event, text):
            continue
        errors = tuple(row.id for row in hints.rows_of(event, text))
        seen.setdefault((event.key, errors), Seen(event, errors)).add(record.time)


def _is_noise(context: Context, event: Event, text: str) -> bool:
    match event.noise.rule if event.noise else None:
        case "always":
            return True
        case "not-a-session-host":
            features: dict[str, str] = context.fact("roles", "features", {})
            return features.get(_SESSION_HOST) != "Installed"
        case "ese-1316-and-service-runs":
            return "-1316" in text.replace("\u2212", "-") and str(context.fact("service", "state")) == "Running"
        case _:
            return False


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


def _row(seen: Seen) -> dict[str, Any]:
    return {
        "error": ", ".join(seen.errors),
        "event": seen.event.id,
        "channel": seen.event.channel,
        "times": seen.count,
        "at": seen.last.strftime("%Y-%m-%d %H:%M") if seen.last else "",
    }


LOCAL = {"diagnose": diagnose}
