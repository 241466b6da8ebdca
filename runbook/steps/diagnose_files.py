"""The notebook diagnose: read the files (or this run's own exports and answers), rank the causes, say what is left.

One step reads everything, once; the others tell it from its facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from runbook.case.model import Case, LicenseServer
from runbook.files import write_json
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import BAD, Answer, Line, Status, Verdict
from runbook.knowledge import reference
from runbook.steps.answer_shape import one
from runbook.steps.diagnose_brought import KINDS, bring, listed
from runbook.steps.diagnose_gather import (
    Bars,
    CauseTold,
    Evidence,
    FileRead,
    Gathered,
    Searched,
    gather,
    is_old,
    searched,
)
from runbook.steps.host_state import HostsAnswer, judge_hosts
from runbook.steps.hosts import hints_of
from runbook.steps.opening import ExportedLogs
from runbook.steps.preflight import Preflight
from runbook.steps.registry import doing, local

#: What the journal and the page keep of long lists.
_FILES, _UNREAD, _ROWS = 500, 20, 60
_RECORDS = 6
_DIGEST = 16  # characters of a hash in the table; files.json and the journal have it whole


class FilesRead(Facts):
    """Everything that was read, once for all steps of a diagnosis: the files (the first of many), what was found in
    them, worst first, what only informs, what is noise here, what was looked for, and when each event was seen."""

    step: ClassVar[str] = "diagnose-read"
    folder: str = ""
    files: tuple[FileRead, ...] = ()
    file_count: int = 0
    records: int = 0
    causes: tuple[CauseTold, ...] = ()
    informs: tuple[CauseTold, ...] = ()
    noise: tuple[CauseTold, ...] = ()
    policies: tuple[dict[str, str], ...] = ()
    newest: str = ""
    searched: tuple[Searched, ...] = ()
    moments: dict[str, Bars] = Field(default_factory=dict)


class Causes(Facts):
    """Rows of errors.yml, worst first."""

    step: ClassVar[str] = "diagnose-causes"
    errors: tuple[str, ...] = ()


class Rest(Facts):
    """Channels of which nobody supplied a log."""

    step: ClassVar[str] = "diagnose-rest"
    missing_channels: tuple[str, ...] = ()


class Next(Facts):
    """The row of errors.yml to begin with, "" for none; ``stopped``: the step that failed first."""

    step: ClassVar[str] = "diagnose-next"
    first: str = Field(default="", alias="next")
    stopped: str = Field(default="", alias="step")


@local("diagnose-read")
def diagnose_read(context: Context) -> Verdict:
    """Reads and hashes every file. Not judged where there is none; a finding where a part could not be read."""
    place, paths = _place(context)
    copies = context.step_folder / "files" if context.parameters.get("folder") else None
    brought = list(bring(place, paths, copies))
    found = gather(brought, _judge(context), [server.name for server in context.case.lost_servers])
    write_json(context.step_folder / "files.json", [row.model_dump() for row in found.files])
    facts = _facts(found, str(place))
    table = tuple(
        {
            "file": row.file,
            "kind": KINDS[row.kind],
            "size": row.size,
            "read": row.read,
            "damaged": row.damaged or "",
            "sha256": row.sha256[:_DIGEST] + "…",
        }
        for row in found.files[:_FILES]
    )
    if not brought:
        return Verdict(Status.NOT_JUDGED, (Line("diagnose.no_files", {"folder": str(place)}),), facts)
    lines = [Line("diagnose.read", {"files": len(brought), "records": found.records, "folder": str(place)})]
    lines += [Line("diagnose.other_kind", {"count": n}) for n in (_count(found, "other"),) if n]
    lines += [Line("diagnose.large", {"count": n}) for n in (_not_copied(found, copies is not None),) if n]
    lines += [Line(row["word"], {"file": row["file"]}) for row in found.told]
    damaged = sum(row.damaged for row in found.files)
    if damaged:
        lines.append(Line("diagnose.damaged", {"count": damaged}))
        lines += [
            Line("diagnose.unread", {"where": fault.where, "why": {"key": fault.why.key, "fields": fault.why.fields}})
            for fault in found.unread[:_UNREAD]
        ]
    return Verdict(Status.FINDING if damaged else Status.SUCCEEDED, tuple(lines), facts, table)


#: The checks of the license server: each script is that of one step, and its verdict points to rows of errors.yml.
_OPENING = frozenset({"preflight", "roles", "service", "network", "license-server", "ad-group", "export-logs"})


def _place(context: Context) -> tuple[Path, list[Path]]:
    """Where the files lie, and which: those of the folder given, or what this run has exported and been told."""
    given = context.parameters.get("folder", "")
    if given:
        place = Path(given)
        return place, [p for p in listed(place) if context.case_folder not in p.parents]
    exported = sorted(p for p in (context.run_folder / "export-logs" / "files").glob("*") if p.is_file())
    answers = sorted(p for p in context.run_folder.glob("*/out.json") if p.parent.name != "export-logs")
    return context.run_folder, [*exported, *answers]


def _judge(context: Context) -> Callable[[str, Answer], Verdict | None]:
    """The verdict of the step that runs a script, for the hints it gives; None for scripts that point nowhere."""

    def judge(script: str, answer: Answer) -> Verdict | None:
        if script == "hosts" and answer.out is not None:
            seen = one(HostsAnswer, answer.out)
            case = _case_of(context.case, seen.expected_server)
            return Verdict(Status.FINDING, hints=hints_of(judge_hosts(case, seen.hosts, connectivity=True)))
        if script not in _OPENING:
            return None
        return doing(script).judge(replace(context, told={Preflight.step: Preflight(elevated=True).plain()}), answer)

    return judge


def _case_of(case: Case, expected: str) -> Case:
    """Without a case of one's own, a host's reading itself says which license server it was held against."""
    return (
        case.model_copy(update={"license_server": LicenseServer.model_construct(name=expected)}) if case.draft else case
    )


def _facts(found: Gathered, place: str) -> FilesRead:
    return FilesRead(
        folder=place,
        files=tuple(found.files[:_FILES]),
        file_count=len(found.files),
        records=found.records,
        causes=tuple(cause.told() for cause in found.of(problem=True, noise=False)),
        informs=tuple(cause.told() for cause in found.of(problem=False, noise=False)),
        noise=tuple(cause.told() for kind in (True, False) for cause in found.of(problem=kind, noise=True)),
        policies=tuple(found.policies),
        newest=found.newest,
        searched=searched(found),
        moments={
            key: Bars(width=seen.width, bars={str(bar): n for bar, n in sorted(seen.bars.items())})
            for key, seen in sorted(found.moments.items())
        },
    )


def _count(found: Gathered, kind: str) -> int:
    return sum(1 for row in found.files if row.kind == kind)


def _not_copied(found: Gathered, copying: bool) -> int:
    return sum(1 for row in found.files if copying and row.kind != "other" and row.size and not row.copied)


@local("diagnose-causes")
def diagnose_causes(context: Context) -> Verdict:
    """The rows found, worst first, with the evidence of each. A finding where there is one."""
    read = context.known(FilesRead)
    causes = read.causes
    blind = context.status.get(Preflight.step) in BAD and not causes
    if not read.file_count or blind:
        return Verdict(Status.NOT_JUDGED, (Line("diagnose.nothing_to_judge"),))
    rows = [
        {
            "rank": rank,
            "error": cause.id,
            "event": event_name(seen.event),
            "times": seen.count,
            "first": seen.first,
            "last": seen.last,
            "file": seen.file,
            "records": record_numbers(seen),
            "computers": ", ".join(seen.computers[:_RECORDS]),
            "why": seen.why,
        }
        for rank, cause in enumerate(causes, 1)
        for seen in cause.evidence
    ]
    policies = [Line("diagnose.policy", dict(row)) for row in read.policies]
    facts = Causes(errors=tuple(cause.id for cause in causes))
    if not causes:
        line = Line("diagnose.nothing", {"records": read.records})
        return Verdict(Status.SUCCEEDED, (line, *policies), facts)
    head = Line("diagnose.found", {"count": len(causes), "ids": ", ".join(facts.errors)})
    warned = [Line("diagnose.only_warns", told) for cause in causes if (told := _only_warns(cause))]
    return Verdict(Status.FINDING, (head, *warned, *policies), facts, tuple(rows[:_ROWS]), facts.errors)


def _only_warns(cause: CauseTold) -> dict[str, str]:
    """The cause's warnings, where nothing else was found of a fault that errors tell of; else nothing."""
    keys = list(dict.fromkeys(seen.event for seen in cause.evidence))
    levels = {reference.event(key).level for key in reference.problem(cause.id).events}
    if "Error" not in levels or not all(key and reference.event(key).level == "Warning" for key in keys):
        return {}
    return {"id": cause.id, "events": ", ".join(event_name(key) for key in keys)}


def event_name(key: str) -> str:
    """An event as a person names it: its id and the telling part of its provider."""
    if not key:
        return ""
    event = reference.event(key)
    return f"{event.id} · {event.provider.removeprefix('Microsoft-Windows-TerminalServices-')}"


def record_numbers(seen: Evidence) -> str:
    """The first record numbers of one piece of evidence; "…" where there are more."""
    numbers = [str(number) for number in seen.records[:_RECORDS]]
    return ", ".join(numbers) + (", …" if numbers and seen.count > len(numbers) else "")


@local("diagnose-rest")
def diagnose_rest(context: Context) -> Verdict:
    """What only informs, what is noise here, what was looked for and not found, and where nobody could look."""
    read = context.known(FilesRead)
    lines = [
        Line(key, {"event": event_name(event), "count": count, "file": file})
        for key, told in (("diagnose.informs", read.informs), ("diagnose.noise", read.noise))
        for cause in told
        for event, count, file in _seen(cause)
    ]
    table = tuple(
        {
            "channel": row.channel,
            "files": ", ".join(row.files[:_RECORDS]) + (", …" if len(row.files) > _RECORDS else ""),
            "found": ", ".join(str(number) for number in row.found) or "—",
            "not_found": ", ".join(str(number) for number in row.not_found) if row.files else "diagnose.not_looked",
        }
        for row in read.searched
    )
    unread = [row.channel for row in read.searched if not row.files]
    # A log that was exported and holds no event is not a log that nobody supplied.
    exported = context.known(ExportedLogs).exported
    quiet, missing = ([c for c in unread if (c in exported) is there] for there in (True, False))
    if quiet:
        lines.append(Line("diagnose.quiet_channel", {"channels": ", ".join(quiet)}))
    if missing:
        lines.append(Line("diagnose.no_channel", {"channels": ", ".join(missing)}))
    return Verdict(Status.SUCCEEDED, tuple(lines), Rest(missing_channels=tuple(missing)), table)


def _seen(cause: CauseTold) -> list[tuple[str, int, str]]:
    """Each event of one row once: its key, how often, in which files."""
    counts: dict[str, int] = {}
    files: dict[str, list[str]] = {}
    for seen in cause.evidence:
        counts[seen.event] = counts.get(seen.event, 0) + seen.count
        files.setdefault(seen.event, []).append(seen.file)
    return [(key, count, ", ".join(dict.fromkeys(files[key][:_RECORDS]))) for key, count in counts.items()]


#: Steps of which it is known what to do first where they fail.
_FIRST = {
    "preflight": "diagnose.first_preflight",
    "roles": "diagnose.first_roles",
    "service": "diagnose.first_service",
    "license-server": "diagnose.first_license_server",
}


@local("diagnose-next")
def diagnose_next(context: Context) -> Verdict:
    """The one step to take now: that of the first cause; without any, where else to look."""
    read = context.known(FilesRead)
    stopped = next((step for step in context.status if context.status[step] in BAD), None)
    if stopped is not None:
        # What keeps everything else from being read, or from working at all, comes before any log.
        title = _FIRST.get(stopped, "diagnose.first_other")
        return Verdict(Status.FINDING, (Line(title, {"step": stopped}),), Next(first="", stopped=stopped))
    if read.causes:
        first, last = read.causes[0].id, read.causes[0].last
        line = Line("diagnose.next", {"id": first})
        if is_old(last, read.newest or last):
            line = Line("diagnose.next_old", {"id": first, "last": last})
        return Verdict(Status.SUCCEEDED, (line,), Next(first=first), hints=(first,))
    missing = context.known(Rest).missing_channels
    key = "diagnose.next_export" if missing else "diagnose.next_text"
    return Verdict(Status.SUCCEEDED, (Line(key),), Next(first=""))
