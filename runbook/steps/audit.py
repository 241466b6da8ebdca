"""The monthly audit: the usage report, event 4105, the backup's age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import ClassVar

from pydantic import AwareDatetime

from runbook.formats.events import EventRecord
from runbook.hints import matching
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.steps import audits, dated_copies
from runbook.steps.answer_shape import Answered, Fault, Flag, Int
from runbook.steps.audit_packs import AuditPacks, version_word
from runbook.steps.backup_copies import copies_made
from runbook.steps.dated_copies import CopiesAnswer
from runbook.steps.diagnosis import damage_lines, is_unread, open_logs
from runbook.steps.opening import ExportedLogs, Roles, Service
from runbook.steps.preflight import Preflight
from runbook.steps.registry import local, script

#: A copy of the database older than this is named: an audit a month, and some days.
OLD_DAYS = 35
_TRACKING = "LS-4105"


#: What a Fetch method answers where there is nothing (more) to fetch.
NO_MORE_DATA = 0x4001


class ReportSummary(Answered):
    """One Win32_TSLicenseReportSummaryEntry. CalType and Availability are display text: never matched."""

    product_version: str | None
    product_version_id: Int | None
    cal_type: str | None
    installed_licenses: Int | None
    issued_licenses: Int | None
    availability: str | None


class ReportUsers(Answered):
    """How many users the report lists for one version and kind of CAL."""

    product_version_id: Int | None
    cal_type: str | None
    count: Int


class AuditReportAnswer(Answered):
    """audit-report: one report, made and deleted again. ``deleted`` False with a file name: it is still there."""

    collected_at: AwareDatetime
    generate_return_value: Int | None
    file_name: str | None
    summary: list[ReportSummary]
    summary_return_value: Int | None
    users: list[ReportUsers]
    users_return_value: Int | None
    failed_count: Int | None
    failed_return_value: Int | None
    deleted: Flag
    delete_return_value: Int | None
    fault: Fault | None


class AuditReport(Facts):
    """The usage report, counted; ``left`` is the file that could not be deleted on the server, "" for none."""

    step: ClassVar[str] = "audit-report"
    installed: int = 0
    issued: int = 0
    users: int = 0
    failed: int | None = None
    deleted: bool | None = None
    left: str = ""


class AuditEvents(Facts):
    """Events since the previous audit (``since``, "" for all): how often 4105, which rows of errors.yml."""

    step: ClassVar[str] = "audit-events"
    tracking: int | None = None
    since: str = ""
    errors: tuple[str, ...] = ()


class AuditBackup(Facts):
    """The newest copy that can be restored from, and its age in days."""

    step: ClassVar[str] = "audit-backup"
    destination: str = ""
    copies: int = 0
    newest: str = ""
    days: int | None = None


@script("audit-report", AuditReportAnswer)
def report(context: Context, seen: AuditReportAnswer) -> Verdict:
    """The usage report, counted. A finding where its sums differ from the key packs' or it could not be deleted."""
    left = seen.file_name if seen.file_name and not seen.deleted else ""
    facts = AuditReport(
        installed=sum(row.installed_licenses or 0 for row in seen.summary),
        issued=sum(row.issued_licenses or 0 for row in seen.summary),
        users=sum(row.count for row in seen.users),
        failed=seen.failed_count,
        deleted=seen.deleted,
        left=left,
    )
    table = tuple(
        {
            "version": version_word(row.product_version_id) if row.product_version_id is not None else "",
            "kind": row.cal_type or "",
            "total": row.installed_licenses,
            "issued": row.issued_licenses,
            "state": row.availability or "",
        }
        for row in seen.summary
    )
    lines = [Line("audit.report_left", {"file": left})] if left else []
    if seen.fault is not None:
        fault = Line("audit.report_fault", {"code": seen.fault.code, "message": seen.fault.message[:300]})
        return Verdict(Status.FAILED, (fault, *lines), facts, table)
    if seen.generate_return_value != 0 or seen.summary_return_value not in (0, NO_MORE_DATA):
        code = f"0x{(seen.generate_return_value or seen.summary_return_value or 0) & 0xFFFFFFFF:08X}"
        # Access denied is a matter of rights; only in a workgroup is there no tracking to report.
        key = "audit.report_denied" if code == "0x00000005" else "audit.report_refused"
        outside = context.known(Preflight).part_of_domain is False
        why = [Line(key, {"code": code})] + ([Line("audit.report_workgroup")] if outside else [])
        return Verdict(Status.FAILED, (*why, *lines), facts, table)
    fields = {"users": facts.users, "failed": facts.failed or 0, "issued": facts.issued}
    done = Line("audit.report_done", fields)
    counted = context.known(AuditPacks).issued
    if counted and facts.issued != sum(counted.values()):
        lines.append(Line("audit.report_differs", {"report": facts.issued, "packs": sum(counted.values())}))
    if seen.failed_count is None or seen.users_return_value not in (0, NO_MORE_DATA):
        codes = (seen.users_return_value, seen.failed_return_value)
        told = next((code for code in codes if code not in (0, NO_MORE_DATA, None)), 0) or 0
        lines.append(Line("audit.report_partly", {"code": f"0x{told & 0xFFFFFFFF:08X}"}))
    if seen.failed_count:
        lines.append(Line("audit.report_failed_users", {"count": seen.failed_count}))
    return Verdict(Status.FINDING if lines else Status.SUCCEEDED, (done, *lines), facts, table)


@local("audit-events")
def events(context: Context) -> Verdict:
    """The exported logs since the previous audit: event 4105, and whatever else points to a known error."""
    before = audits.previous(context)
    since = dt.datetime.fromisoformat(before.at.replace("Z", "+00:00")) if before else None
    streams = open_logs(context)

    def recent() -> Iterator[EventRecord]:
        for stream in streams:
            yield from (r for r in stream if since is None or (r.time is not None and r.time >= since))

    roles, service = context.known(Roles), context.known(Service)
    found = matching.hints_for_events(recent(), roles.is_session_host(), service.runs())
    telling = [hint for hint in found if hint.problem is not None and not hint.noise]
    counts = {seen.key: seen for hint in found for seen in hint.seen}
    tracking = counts[_TRACKING].count if _TRACKING in counts else 0
    table = tuple(
        {
            "event": seen.key.partition("-")[2],
            "times": seen.count,
            "first": f"{seen.first:%Y-%m-%d %H:%M}" if seen.first else "",
            "last": f"{seen.last:%Y-%m-%d %H:%M}" if seen.last else "",
        }
        for seen in counts.values()
    )
    ids = tuple(dict.fromkeys(hint.id for hint in telling))
    since_then = before.at if before else ""
    facts = AuditEvents(tracking=tracking, since=since_then, errors=ids)
    head = Line(
        "audit.events_since" if before else "audit.events_all",
        {"count": tracking, "since": before.day if before else ""},
    )
    damaged = damage_lines(streams)
    if telling:
        errors = Line("audit.events_errors", {"ids": ", ".join(ids)})
        return Verdict(Status.FINDING, (head, errors, *damaged), facts, table, ids)
    exported = context.known(ExportedLogs).exported
    channel = reference.event(_TRACKING).channel
    if channel not in exported or any(is_unread(stream) for stream in streams):
        # "0 times" of what nobody could read would be a comfort that was never seen.
        line = Line("audit.events_unread", {"channel": channel})
        return Verdict(Status.NOT_JUDGED, (line, *damaged), AuditEvents(since=since_then, errors=()), table)
    return Verdict(Status.SUCCEEDED, (head, *damaged), facts, table)


@script("audit-backup", CopiesAnswer, given=lambda context: {"Destination": context.case.backup.destination or ""})
def backup(context: Context, seen: CopiesAnswer) -> Verdict:
    """How old the newest copy is that can be restored from. None, or an old one, is a finding."""
    if not context.case.backup.destination:
        line = Line("guards.missing_case", {"name": "backup.destination", "case": context.case.name})
        return Verdict(Status.FINDING, (line,), AuditBackup(destination="", copies=0, newest="", days=None))
    found = dated_copies.newest_first(seen.copies, seen.collected_at, copies_made(context.history))
    whole = [copy for copy in found if copy.whole]
    future = dated_copies.from_the_future(seen.copies, seen.collected_at)
    told = (Line("backup.copies_future", {"copies": ", ".join(future)}),) if future else ()
    facts = AuditBackup(destination=seen.destination, copies=len(seen.copies), newest="", days=None)
    if not seen.answers:
        return Verdict(Status.FINDING, (Line("audit.backup_unreachable", {"place": seen.destination or "—"}),), facts)
    if not whole:
        return Verdict(Status.FINDING, (Line("audit.backup_none", {"place": seen.destination}), *told), facts)
    days = whole[0].age_days(seen.collected_at)
    facts = facts.model_copy(update={"newest": whole[0].name, "days": days})
    key = "audit.backup_old" if days > OLD_DAYS else "audit.backup_ok"
    line = Line(key, {"copy": whole[0].name, "days": days, "place": seen.destination})
    return Verdict(Status.FINDING if days > OLD_DAYS or told else Status.SUCCEEDED, (line, *told), facts)
