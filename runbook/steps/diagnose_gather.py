"""All files of a diagnosis put together: plain data for the journal, ranked, with the evidence of each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import Field

from runbook.formats.unread import Unread
from runbook.hints.matching import Hint
from runbook.hints.sightings import LogRead, Moments, read_log, read_records
from runbook.journal.facts import Plain
from runbook.knowledge import reference
from runbook.knowledge.records import Event
from runbook.steps.diagnose_brought import Brought
from runbook.steps.diagnose_reports import (
    Judge,
    ReportRead,
    read_policy_report,
    read_step_answer,
    read_text,
    service_runs,
    session_host_role,
)

LOGS = frozenset({"evtx", "events"})
#: Evidence of one row that the journal keeps; more is counted.
_KEPT = 40
_OLD = timedelta(days=182)


class Evidence(Plain):
    """What points to a cause in one file: an event by its key ("" for none), its record numbers, how often, first and
    last (to the minute, UTC), on which computers; ``why`` is a key of words/."""

    event: str = ""
    file: str = ""
    records: tuple[int, ...] = ()
    count: int = 0
    first: str = ""
    last: str = ""
    computers: tuple[str, ...] = ()
    why: str = ""


class CauseTold(Plain):
    """One row of errors.yml, or an event, with its evidence; ``more`` pieces of it are not kept."""

    id: str
    score: float = 0.0
    count: int = 0
    last: str = ""
    evidence: tuple[Evidence, ...] = ()
    more: int = 0


class FileRead(Plain):
    """One file: what it is, its size in bytes, its hash, what was read of it (records, a script, policies) and how
    much could not be; ``copied``: its name in the case, "" where it was not copied."""

    file: str
    kind: str = ""
    size: int = 0
    sha256: str = ""
    read: int | str = ""
    damaged: int = 0
    copied: str = ""


class Searched(Plain):
    """One channel: the files that hold it, which known events were seen in them and which were not."""

    channel: str
    files: tuple[str, ...] = ()
    found: tuple[int, ...] = ()
    not_found: tuple[int, ...] = ()


class Bars(Plain):
    """When an event was seen: how often in each span of ``width``, by the span's number."""

    width: int | float = 0
    bars: dict[str, int] = Field(default_factory=dict)


@dataclass
class Cause:
    """One row of errors.yml, or (``problem`` False) an event that only informs or is noise."""

    id: str
    problem: bool
    noise: bool
    score: float = 0.0
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(row.count for row in self.evidence)

    @property
    def last(self) -> str:
        return max((row.last for row in self.evidence), default="")

    def told(self) -> CauseTold:
        """As the journal keeps it."""
        return CauseTold(
            id=self.id,
            score=round(self.score, 1),
            count=self.count,
            last=self.last,
            evidence=tuple(self.evidence[:_KEPT]),
            more=max(0, len(self.evidence) - _KEPT),
        )


@dataclass
class Gathered:
    """What all files came to. ``channels`` are the files of each channel."""

    files: list[FileRead] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    moments: dict[str, Moments] = field(default_factory=dict)
    channels: dict[str, list[str]] = field(default_factory=dict)
    policies: list[dict[str, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)  # {word, file}
    records: int = 0

    @property
    def newest(self) -> str:
        """The last moment at which any known event was seen, "" where none has a time."""
        return max((cause.last for cause in self.causes), default="")

    def of(self, *, problem: bool, noise: bool) -> list[Cause]:
        """One kind of causes, the worst first; what has not come again for half a year stands behind what has. Of
        equals the one seen more often, then more recently."""
        chosen = [c for c in self.causes if c.problem == problem and c.noise == noise]
        return sorted(chosen, key=lambda c: (is_old(c.last, self.newest), -c.score, -c.count, _backwards(c.last), c.id))


def is_old(last: str, newest: str) -> bool:
    """Whether ``last`` lies more than half a year before the ``newest`` moment of the same files."""
    return bool(last) and datetime.fromisoformat(newest) - datetime.fromisoformat(last) > _OLD


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
    counted: set[tuple[str, str, int]] = set()
    for one in files:
        if one.kind in LOGS:
            _take_log(found, causes, one, read_log(one.path, one.kind, host, runs, counted))
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
    found.told += [{"word": word, "file": one.name} for word in report.told]
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
) -> Evidence:
    return Evidence(
        event=event,
        file=file,
        records=tuple(records),
        count=count,
        first=f"{first:%Y-%m-%d %H:%M}" if first else "",
        last=f"{last:%Y-%m-%d %H:%M}" if last else "",
        computers=tuple(name for name in computers if name),
        why=why,
    )


def _row(one: Brought, read: int | str, damaged: int) -> FileRead:
    about = FileRead(file=one.name, kind=one.kind, size=one.size, sha256=one.sha256, copied=one.copied)
    return about.model_copy(update={"read": read, "damaged": damaged})


def searched(found: Gathered) -> tuple[Searched, ...]:
    """What was looked for: per channel the files that hold it, the known events seen in them, and those not seen."""
    seen = {row.event for cause in found.causes for row in cause.evidence}
    held = {channel.casefold(): names for channel, names in found.channels.items()}
    channels: dict[str, list[Event]] = {}
    for event in reference.events():
        channels.setdefault(event.channel, []).append(event)
    return tuple(
        Searched(
            channel=channel,
            files=tuple(held.get(channel.casefold(), ())),
            found=tuple(event.id for event in events if event.key in seen),
            not_found=tuple(event.id for event in events if event.key not in seen),
        )
        for channel, events in channels.items()
    )


def _backwards(moment: str) -> tuple[int, ...]:
    return tuple(-ord(char) for char in moment)
