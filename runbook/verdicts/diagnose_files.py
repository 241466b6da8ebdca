"""The notebook diagnose: read the files (or this run's own exports and answers), rank the causes, say what is left.

One step reads everything, once; the others tell it from its facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from runbook import knowledge
from runbook.case import Case, LicenseServer
from runbook.diagnosis.files import bring, listed
from runbook.diagnosis.gather import Gathered, gather, searched
from runbook.host.evidence import write_json
from runbook.outcome import BAD, Answer, Line, Status, Verdict
from runbook.readers.answers import HostsAnswer, read_answer
from runbook.verdicts import opening
from runbook.verdicts.context import Context
from runbook.verdicts.host_state import judge_hosts
from runbook.verdicts.hosts import hints_of

#: What the journal and the page keep of long lists.
_FILES, _UNREAD, _ROWS = 500, 20, 60
_RECORDS = 6
_DIGEST = 16  # characters of a hash in the table; files.json and the journal have it whole


def diagnose_read(context: Context) -> Verdict:
    """Reads and hashes every file. Not judged where there is none; a finding where a part could not be read."""
    place, paths = _place(context)
    copies = context.step_folder / "files" if context.parameters.get("folder") else None
    brought = list(bring(place, paths, copies))
    found = gather(brought, _judge(context), [server.name for server in context.case.lost_servers])
    write_json(context.step_folder / "files.json", found.files)
    facts = _facts(found, str(place))
    table = tuple(
        {
            "file": row["file"],
            "kind": f"diagnose.kind_{row['kind']}",
            "size": row["size"],
            "read": row["read"],
            "damaged": row["damaged"] or "",
            "sha256": row["sha256"][:_DIGEST] + "…",
        }
        for row in found.files[:_FILES]
    )
    if not brought:
        return Verdict(Status.NOT_JUDGED, (Line("diagnose.no_files", {"folder": str(place)}),), facts)
    lines = [Line("diagnose.read", {"files": len(brought), "records": found.records, "folder": str(place)})]
    lines += [Line("diagnose.other_kind", {"count": n}) for n in (_count(found, "other"),) if n]
    lines += [Line("diagnose.large", {"count": n}) for n in (_not_copied(found, copies is not None),) if n]
    damaged = sum(row["damaged"] for row in found.files)
    if damaged:
        lines.append(Line("diagnose.damaged", {"count": damaged}))
        lines += [
            Line("diagnose.unread", {"where": fault.where, "why": {"key": fault.why.key, "fields": fault.why.fields}})
            for fault in found.unread[:_UNREAD]
        ]
    return Verdict(Status.FINDING if damaged else Status.SUCCEEDED, tuple(lines), facts, table)


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
            seen = read_answer("hosts", answer.out)
            if isinstance(seen, HostsAnswer):
                case = _case_of(context.case, seen.expected_server)
                return Verdict(Status.FINDING, hints=hints_of(judge_hosts(case, seen.hosts, connectivity=True)))
        function = opening.JUDGES.get(script)
        return function(replace(context, facts={"preflight": {"elevated": True}}), answer) if function else None

    return judge


def _case_of(case: Case, expected: str) -> Case:
    """Without a case of one's own, a host's reading itself says which license server it was held against."""
    return (
        case.model_copy(update={"license_server": LicenseServer.model_construct(name=expected)}) if case.draft else case
    )


def _facts(found: Gathered, place: str) -> dict[str, Any]:
    return {
        "folder": place,
        "files": found.files[:_FILES],
        "file_count": len(found.files),
        "records": found.records,
        "causes": [cause.plain() for cause in found.of(problem=True, noise=False)],
        "informs": [cause.plain() for cause in found.of(problem=False, noise=False)],
        "noise": [c.plain() for kind in (True, False) for c in found.of(problem=kind, noise=True)],
        "policies": found.policies,
        "searched": searched(found),
        "moments": {
            key: {"width": seen.width, "bars": {str(bar): n for bar, n in sorted(seen.bars.items())}}
            for key, seen in sorted(found.moments.items())
        },
    }


def _count(found: Gathered, kind: str) -> int:
    return sum(1 for row in found.files if row["kind"] == kind)


def _not_copied(found: Gathered, copying: bool) -> int:
    return sum(1 for row in found.files if copying and row["kind"] != "other" and row["size"] and not row["copied"])


def diagnose_causes(context: Context) -> Verdict:
    """The rows found, worst first, with the evidence of each. A finding where there is one."""
    read = context.facts.get("diagnose-read", {})
    causes: list[dict[str, Any]] = read.get("causes", [])
    blind = context.status.get("preflight") in BAD and not causes
    if not read.get("file_count") or blind:
        return Verdict(Status.NOT_JUDGED, (Line("diagnose.nothing_to_judge"),))
    rows = [
        {
            "rank": rank,
            "error": cause["id"],
            "event": event_name(seen["event"]),
            "times": seen["count"],
            "first": seen["first"],
            "last": seen["last"],
            "file": seen["file"],
            "records": record_numbers(seen),
            "computers": ", ".join(seen["computers"][:_RECORDS]),
            "why": seen["why"],
        }
        for rank, cause in enumerate(causes, 1)
        for seen in cause["evidence"]
    ]
    policies = [Line("diagnose.policy", dict(row)) for row in read.get("policies", [])]
    facts = {"errors": [cause["id"] for cause in causes]}
    if not causes:
        line = Line("diagnose.nothing", {"records": read.get("records", 0)})
        return Verdict(Status.SUCCEEDED, (line, *policies), facts)
    head = Line("diagnose.found", {"count": len(causes), "ids": ", ".join(facts["errors"])})
    return Verdict(Status.FINDING, (head, *policies), facts, tuple(rows[:_ROWS]), tuple(facts["errors"]))


def event_name(key: str) -> str:
    """An event as a person names it: its id and the telling part of its provider."""
    if not key:
        return ""
    event = knowledge.event(key)
    return f"{event.id} · {event.provider.removeprefix('Microsoft-Windows-TerminalServices-')}"


def record_numbers(seen: dict[str, Any]) -> str:
    """The first record numbers of one piece of evidence; "…" where there are more."""
    numbers = [str(number) for number in seen["records"][:_RECORDS]]
    return ", ".join(numbers) + (", …" if numbers and seen["count"] > len(numbers) else "")


def diagnose_rest(context: Context) -> Verdict:
    """What only informs, what is noise here, what was looked for and not found, and where nobody could look."""
    read = context.facts.get("diagnose-read", {})
    lines = [
        Line(f"diagnose.{word}", {"event": event_name(event), "count": count, "file": file})
        for word in ("informs", "noise")
        for cause in read.get(word, [])
        for event, count, file in _seen(cause)
    ]
    table = tuple(
        {
            "channel": row["channel"],
            "files": ", ".join(row["files"][:_RECORDS]) + (", …" if len(row["files"]) > _RECORDS else ""),
            "found": ", ".join(str(number) for number in row["found"]) or "—",
            "not_found": ", ".join(str(number) for number in row["not_found"])
            if row["files"]
            else "diagnose.not_looked",
        }
        for row in read.get("searched", [])
    )
    missing = [row["channel"] for row in read.get("searched", []) if not row["files"]]
    if missing:
        lines.append(Line("diagnose.no_channel", {"channels": ", ".join(missing)}))
    return Verdict(Status.SUCCEEDED, tuple(lines), {"missing_channels": missing}, table)


def _seen(cause: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Each event of one row once: its key, how often, in which files."""
    counts: dict[str, int] = {}
    files: dict[str, list[str]] = {}
    for seen in cause["evidence"]:
        counts[seen["event"]] = counts.get(seen["event"], 0) + seen["count"]
        files.setdefault(seen["event"], []).append(seen["file"])
    return [(key, count, ", ".join(dict.fromkeys(files[key][:_RECORDS]))) for key, count in counts.items()]


def diagnose_next(context: Context) -> Verdict:
    """The one step to take now: that of the first cause; without any, where else to look."""
    causes: list[dict[str, Any]] = context.facts.get("diagnose-read", {}).get("causes", [])
    if causes:
        first = causes[0]["id"]
        return Verdict(Status.SUCCEEDED, (Line("diagnose.next", {"id": first}),), {"next": first}, hints=(first,))
    missing: list[str] = context.fact("diagnose-rest", "missing_channels", [])
    word = "next_export" if missing else "next_text"
    return Verdict(Status.SUCCEEDED, (Line(f"diagnose.{word}"),), {"next": ""})


LOCAL = {
    "diagnose-read": diagnose_read,
    "diagnose-causes": diagnose_causes,
    "diagnose-rest": diagnose_rest,
    "diagnose-next": diagnose_next,
}
