"""All files of a diagnosis put together: plain data for the journal, ranked, with the evidence of each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runbook import knowledge
from runbook.diagnosis.files import Brought
from runbook.diagnosis.reports import (
    Judge,
    ReportRead,
    read_policy_report,
    read_step_answer,
    read_text,
    service_runs,
    session_host_role,
)
from runbook.diagnosis.sightings import LogRead, Moments, read_log, read_records
from runbook.hints import Hint
from runbook.readers.unread import Unread

LOGS = frozenset({"evtx", "events"})
#: Evidence of one row that the journal keeps; more is counted.
_KEPT = 40


@dataclass
class Cause:
    """One row of errors.yml, or (``problem`` False) an event that only informs or is noise. ``evidence`` are plain
    rows ``{event, file, records, count, first, last, computers, why}``."""

    id: str
    problem: bool
    noise: bool
    score: float = 0.0
    evidence: list[dict[str, Any]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(int(row["count"]) for row in self.evidence)

    @property
    def last(self) -> str:
        return max((row["last"] for row in self.evidence), default="")

    def plain(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "id": self.id,
            "score": round(self.score, 1),
            "count": self.count,
            "last": self.last,
            "evidence": self.evidence[:_KEPT],
            "more": max(0, len(self.evidence) - _KEPT),
        }


@dataclass
class Gathered:
    """What all files came to. ``files`` are plain rows, ``channels`` the files of each channel."""

    files: list[dict[str, Any]] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    moments: dict[str, Moments] = field(default_factory=dict)
    channels: dict[str, list[str]] = field(default_factory=dict)
    policies: list[dict[str, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    records: int = 0

    def of(self, *, problem: bool, noise: bool) -> list[Cause]:
        """One kind of causes, the worst first; of equals the one seen more often, then more recently."""
        chosen = [c for c in self.causes if c.problem == problem and c.noise == noise]
        return sorted(chosen, key=lambda c: (-c.score, -c.count, _backwards(c.last), c.id))


def gather(brought: Iterable[Brought], judge: Judge, lost: Iterable[str]) -> Gathered:
    """Read every file. The steps' answers come first: they say what is noise in the logs."""
    files, lost = list(brought), tuple(lost)
    found = Gathered()
    reports: dict[str, ReportRead] = {}
    for one in files:
        if one.kind in ("rsop", "gpresult"):
            reports[one.name] = read_policy_report(one.path, one.kind, lost)
        elif one.kind == "json":
            reports[one.name] = read_step_answer(one.path, judge)
        elif one.kind == "text":
            reports[one.name] = read_text(one.path)
    answers = [r.answer for r in reports.values() if r.answer is not None]
    host, runs = session_host_role(answers), service_runs(answers)
    causes: dict[tuple[str, bool, bool], Cause] = {}
    for one in files:
        if one.kind in LOGS:
            _take_log(found, causes, one, read_log(one.path, one.kind, host, runs))
        elif one.name in reports:
            _take_report(found, causes, one, reports[one.name], host, runs)
        else:
            found.files.append(_row(one, "—", 0))
    found.causes = list(causes.values())
    return found


def _take_log(found: Gathered, causes: dict[tuple[str, bool, bool], Cause], one: Brought, log: LogRead) -> None:
    found.records += log.records
    # A log without any event is quiet, not damaged.
    quiet = [fault for fault in log.unread if fault.why.key == "readers.no_event"]
    found.unread += [fault for fault in log.unread if fault not in quiet]
    found.files.append(_row(one, log.records, log.damaged - len(quiet)))
    if log.channel:
        found.channels.setdefault(log.channel, []).append(one.name)
    _add_sightings(found, causes, one.name, log.found, log.moments)


def _take_report(
    found: Gathered,
    causes: dict[tuple[str, bool, bool], Cause],
    one: Brought,
    report: ReportRead,
    host: bool | None,
    runs: bool | None,
) -> None:
    found.unread += report.unread
    found.policies += [{"file": one.name, **row} for row in report.policies]
    found.files.append(_row(one, report.script or len(report.policies) or "", len(report.unread)))
    for pointer in report.pointers:
        cause = causes.setdefault((pointer.id, True, False), Cause(pointer.id, True, False))
        cause.score = max(cause.score, pointer.score)
        cause.evidence.append(_evidence("", one.name, (), 1, None, None, (), pointer.why))
    if report.events:
        for channel in sorted({event.channel for event in report.events}):
            found.channels.setdefault(channel, []).append(one.name)
        hints, moments = read_records(report.events, host, runs)
        found.records += len(report.events)
        _add_sightings(found, causes, one.name, hints, moments)


def _add_sightings(
    found: Gathered,
    causes: dict[tuple[str, bool, bool], Cause],
    file: str,
    hints: Iterable[Hint],
    moments: dict[str, Moments],
) -> None:
    for hint in hints:
        problem = hint.problem is not None
        cause = causes.setdefault((hint.id, problem, hint.noise), Cause(hint.id, problem, hint.noise))
        cause.score = max(cause.score, hint.score)
        for s in hint.seen:
            row = _evidence(s.key, file, s.records, s.count, s.first, s.last, s.computers, "diagnose.why_event")
            cause.evidence.append(row)
    for key, seen in moments.items():
        found.moments.setdefault(key, Moments()).join(seen)


def _evidence(
    event: str,
    file: str,
    records: Iterable[int],
    count: int,
    first: datetime | None,
    last: datetime | None,
    computers: Iterable[str],
    why: str,
) -> dict[str, Any]:
    return {
        "event": event,
        "file": file,
        "records": list(records),
        "count": count,
        "first": first.strftime("%Y-%m-%d %H:%M") if first else "",
        "last": last.strftime("%Y-%m-%d %H:%M") if last else "",
        "computers": [name for name in computers if name],
        "why": why,
    }


def _row(one: Brought, read: int | str, damaged: int) -> dict[str, Any]:
    return {
        "file": one.name,
        "kind": one.kind,
        "size": one.size,
        "sha256": one.sha256,
        "read": read,
        "damaged": damaged,
        "copied": one.copied,
    }


def searched(found: Gathered) -> list[dict[str, Any]]:
    """What was looked for: per channel the files that hold it, the known events seen in them, and those not seen."""
    seen = {row["event"] for cause in found.causes for row in cause.evidence}
    rows: dict[str, dict[str, Any]] = {}
    for event in knowledge.events():
        row = rows.setdefault(event.channel, {"channel": event.channel, "files": [], "found": [], "not_found": []})
        row["found" if event.key in seen else "not_found"].append(event.id)
    held = {channel.casefold(): names for channel, names in found.channels.items()}
    for row in rows.values():
        row["files"] = held.get(row["channel"].casefold(), [])
    return list(rows.values())


def _backwards(moment: str) -> tuple[int, ...]:
    return tuple(-ord(char) for char in moment)
