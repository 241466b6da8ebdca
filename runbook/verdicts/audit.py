"""The monthly audit: CALs owned and issued, the usage report, event 4105, the backup's age, what has changed since.

Over-use (rds-client-access-license): Per User CALs come from the available pool or from the over-used one, so a row
by row comparison can pass during over-use. What counts is the sum issued of one type over all rows against the CALs
owned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from runbook import hints, knowledge
from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import AuditReportAnswer, CopiesAnswer, KeyPacksAnswer
from runbook.readers.audit_answers import NO_MORE_DATA
from runbook.readers.codes import KeyPackType
from runbook.readers.events import EventRecord
from runbook.verdicts import audits, dated_copies
from runbook.verdicts.context import Context
from runbook.verdicts.diagnosis import damage_lines, is_unread, open_logs
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.key_packs import PRODUCT_TYPE, REVIEW, VERSION_ID, compact, wanted
from runbook.verdicts.reading import failed, reading

TYPES = ("user", "device")
#: A copy of the database older than this is named: an audit a month, and some days.
OLD_DAYS = 35
_TRACKING = "LS-4105"


def packs(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """Every row by version and type, and the sums against the CALs that the case owns. Over-use is a failure."""
    if seen.fault is not None:
        return failed("key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = compact(seen.key_packs)
    if not context.case.packs:
        return Verdict(Status.WAITING, (Line("audit.no_packs", {"case": context.case.name}),), {"packs": rows})
    owned = {kind: sum(p.count for p in context.case.packs if p.type == kind) for kind in TYPES}
    issued = {kind: sum(row["issued"] for row in _of_type(rows, kind)) for kind in TYPES}
    total = {kind: sum(row["total"] for row in _of_type(rows, kind)) for kind in TYPES}
    over = [kind for kind in TYPES if issued[kind] > owned[kind]]
    review = [row["id"] for row in rows if row["product_type"] in PRODUCT_TYPE.values() and row["type"] in REVIEW]
    facts = {
        "server": context.case.license_server.name,
        "collected_at": seen.collected_at.isoformat(),
        "owned": owned,
        "issued": issued,
        "total": total,
        "over": over,
        "review": review,
        "packs": rows,
    }
    lines = [Line(f"audit.over_{kind}", {"issued": issued[kind], "owned": owned[kind]}) for kind in over]
    lines += [
        Line(f"audit.count_{kind}", {"issued": issued[kind], "owned": owned[kind], "total": total[kind]})
        for kind in TYPES
        if kind not in over and (owned[kind] or total[kind])
    ]
    short = [kind for kind in TYPES if total[kind] < owned[kind]]
    lines += [Line(f"audit.short_{kind}", {"total": total[kind], "owned": owned[kind]}) for kind in short]
    if review:
        lines.append(Line("audit.review", {"rows": ", ".join(str(number) for number in review)}))
    status = Status.FAILED if over else Status.FINDING if short or review else Status.SUCCEEDED
    ids = hints_for("stock") if over else ()
    return Verdict(status, tuple(lines), facts, _table(rows, context), ids)


def _of_type(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The rows of one type. Temporary Per Device CALs are no CALs that anybody has to own."""
    own = PRODUCT_TYPE[kind]
    temporary = kind == "device"
    return [r for r in rows if r["product_type"] == own and not (temporary and r["type"] == KeyPackType.TEMPORARY)]


def _table(rows: list[dict[str, Any]], context: Context) -> tuple[dict[str, Any], ...]:
    sums: dict[tuple[int, int], list[int]] = {kind: [0, 0] for kind in wanted(context.case.packs)}
    for row in rows:
        if row["product_type"] in PRODUCT_TYPE.values():
            both = sums.setdefault((row["product_type"], row["version_id"]), [0, 0])
            both[0] += row["total"]
            both[1] += row["issued"]
    owned = wanted(context.case.packs)
    return tuple(
        {
            "product": f"steps.product_{product}",
            "version": version_word(version),
            "owned": owned.get((product, version), 0),
            "total": total,
            "issued": issued,
        }
        for (product, version), (total, issued) in sorted(sums.items(), reverse=True)
    )


def version_word(version_id: int) -> str:
    """``2022`` for ProductVersionID 7; the number itself where no source names it."""
    return next((word for word, number in VERSION_ID.items() if number == version_id), str(version_id))


def report(context: Context, seen: AuditReportAnswer) -> Verdict:
    """The usage report, counted. A finding where its sums differ from the key packs' or it could not be deleted."""
    left = seen.file_name if seen.file_name and not seen.deleted else ""
    summary = {"installed": 0, "issued": 0}
    for row in seen.summary:
        summary["installed"] += row.installed_licenses
        summary["issued"] += row.issued_licenses
    users = sum(row.count for row in seen.users)
    facts = {**summary, "users": users, "failed": seen.failed_count, "deleted": seen.deleted, "left": left}
    table = tuple(
        {
            "version": version_word(row.product_version_id),
            "kind": row.cal_type or "",
            "total": row.installed_licenses,
            "issued": row.issued_licenses,
            "state": row.availability or "",
        }
        for row in seen.summary
    )
    lines = [Line("audit.report_left", {"file": left})] if left else []
    if seen.fault is not None:
        fields = {"code": seen.fault.code, "message": seen.fault.message[:300]}
        return Verdict(Status.FAILED, (Line("audit.report_fault", fields), *lines), facts, table)
    if seen.generate_return_value != 0 or seen.summary_return_value not in (0, NO_MORE_DATA):
        code = f"0x{(seen.generate_return_value or seen.summary_return_value or 0) & 0xFFFFFFFF:08X}"
        return Verdict(Status.FAILED, (Line("audit.report_refused", {"code": code}), *lines), facts, table)
    done = Line("audit.report_done", {"users": users, "failed": seen.failed_count or 0, "issued": summary["issued"]})
    counted: dict[str, int] = context.fact("audit-packs", "issued", {})
    if counted and summary["issued"] != sum(counted.values()):
        lines.append(Line("audit.report_differs", {"report": summary["issued"], "packs": sum(counted.values())}))
    if seen.failed_count:
        lines.append(Line("audit.report_failed_users", {"count": seen.failed_count}))
    return Verdict(Status.FINDING if lines else Status.SUCCEEDED, (done, *lines), facts, table)


def events(context: Context) -> Verdict:
    """The exported logs since the previous audit: event 4105, and whatever else points to a known error."""
    before = audits.previous(context)
    since = dt.datetime.fromisoformat(before.at.replace("Z", "+00:00")) if before else None
    streams = open_logs(context)

    def recent() -> Iterator[EventRecord]:
        for stream in streams:
            yield from (r for r in stream if since is None or (r.time is not None and r.time >= since))

    features: dict[str, str] = context.fact("roles", "features") or {}
    found = hints.hints_for_events(
        recent(), features.get("RDS-RD-Server") == "Installed" if features else None, _runs(context)
    )
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
    facts = {"tracking": tracking, "since": before.at if before else "", "errors": list(ids)}
    word = "events_since" if before else "events_all"
    head = Line(f"audit.{word}", {"count": tracking, "since": before.day if before else ""})
    damaged = damage_lines(streams)
    if telling:
        errors = Line("audit.events_errors", {"ids": ", ".join(ids)})
        return Verdict(Status.FINDING, (head, errors, *damaged), facts, table, ids)
    exported: list[str] = context.fact("export-logs", "exported") or []
    channel = knowledge.event(_TRACKING).channel
    if channel not in exported or any(is_unread(stream) for stream in streams):
        # "0 times" of what nobody could read would be a comfort that was never seen.
        line = Line("audit.events_unread", {"channel": channel})
        return Verdict(Status.NOT_JUDGED, (line, *damaged), {"since": facts["since"], "errors": []}, table)
    return Verdict(Status.SUCCEEDED, (head, *damaged), facts, table)


def _runs(context: Context) -> bool | None:
    state = context.fact("service", "state")
    return None if state is None else state == "Running"


def backup(context: Context, seen: CopiesAnswer) -> Verdict:
    """How old the newest copy is that can be restored from. None, or an old one, is a finding."""
    whole = [copy for copy in dated_copies.newest_first(seen.copies) if copy.state in dated_copies.WHOLE]
    facts: dict[str, Any] = {"destination": seen.destination, "copies": len(seen.copies), "newest": "", "days": None}
    if not seen.reachable:
        return Verdict(Status.FINDING, (Line("audit.backup_unreachable", {"place": seen.destination or "—"}),), facts)
    if not whole:
        return Verdict(Status.FINDING, (Line("audit.backup_none", {"place": seen.destination}),), facts)
    days = whole[0].age_days(seen.collected_at)
    facts |= {"newest": whole[0].name, "days": days}
    word = "backup_old" if days > OLD_DAYS else "backup_ok"
    line = Line(f"audit.{word}", {"copy": whole[0].name, "days": days, "place": seen.destination})
    return Verdict(Status.FINDING if days > OLD_DAYS else Status.SUCCEEDED, (line,), facts)


JUDGES = {
    "audit-packs": reading("key-packs", packs),
    "audit-report": reading("audit-report", report),
    "audit-backup": reading("backup-copies", backup),
}
LOCAL = {"audit-events": events}
INPUTS = {"audit-backup": lambda context: {"Destination": context.case.backup.destination or ""}}
