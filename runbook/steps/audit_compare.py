"""What has changed since the previous audit: CALs, the server, and for each host what Group Policy gives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from pydantic import Field

from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps import audits
from runbook.steps.all_hosts import HostsState
from runbook.steps.audit import AuditBackup
from runbook.steps.audit_packs import TYPES, AuditPacks, version_word
from runbook.steps.audits import Audit
from runbook.steps.codes import MODES, shown
from runbook.steps.host_state import HostSeen
from runbook.steps.key_packs import compare as compare_rows
from runbook.steps.opening import AdGroup, LicenseServer
from runbook.steps.preflight import Preflight, server_of
from runbook.steps.registry import local

#: A server without an update for this long is named: Microsoft publishes one each month.
PATCH_DAYS = 62
#: What Group Policy gives a host.
_DRIFT: tuple[tuple[str, Callable[[HostSeen], object]], ...] = (
    ("audit.what_mode", lambda seen: seen.mode),
    ("audit.what_set_by_policy", lambda seen: seen.set_by_policy),
    ("audit.what_servers", lambda seen: None if seen.servers is None else list(seen.servers)),
    ("audit.what_gpo", lambda seen: seen.gpo),
)
_ROWS = 200

Row = dict[str, Any]


class Compared(Facts):
    """The audit that this one was held against, what has drifted (rows as shown), and how much has changed in all."""

    step: ClassVar[str] = "audit-compare"
    since: str = ""
    other: str = Field(default="", alias="with")
    drift: tuple[dict[str, Any], ...] = ()
    changes: int = 0


@local("audit-compare")
def compare(context: Context) -> Verdict:
    """Each difference as one row. Hosts that Group Policy gives something else, and an unpatched server, are
    findings; the first audit is the baseline."""
    before = audits.previous(context)
    patch, patched = _patch_level(context)
    lost = audits.damaged(context)
    left = (Line("audit.damaged_cases", {"cases": ", ".join(lost)}),) if lost else ()
    if before is None:
        status = Status.SUCCEEDED if patched and not lost else Status.FINDING
        return Verdict(status, (Line("audit.baseline"), patch, *left), Compared(since="", drift=(), changes=0))
    drift = list(_hosts(before, context))
    rows = [*_server(before, context), *_counts(before, context), *_packs(before, context), *drift]
    fields = {"case": before.case, "day": before.day, "count": len(rows)}
    lines = [Line("audit.compared" if rows else "audit.unchanged", fields), patch, *left]
    if drift:
        names = sorted({str(row["subject"]) for row in drift}, key=str.lower)
        shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        lines.append(Line("audit.drift", {"count": len(names), "hosts": shown}))
    facts = Compared(since=before.at, other=before.case, drift=tuple(drift[:_ROWS]), changes=len(rows))
    status = Status.FINDING if drift or not patched or lost else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, tuple(rows[:_ROWS]))


def _patch_level(context: Context) -> tuple[Line, bool]:
    server = context.facts(Preflight) or Preflight(os="—")
    build, last = server.os, server.last_update
    seen = context.known(AuditPacks).collected_at[:10]
    if not last or not seen:
        return Line("audit.patch_unknown", {"build": build}), False
    days = (dt.date.fromisoformat(seen) - dt.date.fromisoformat(last)).days
    key = "audit.patch_old" if days > PATCH_DAYS else "audit.patch_ok"
    return Line(key, {"build": build, "last": last, "days": days}), days <= PATCH_DAYS


def _row(what: str, subject: str, before: Any, now: Any) -> Row:
    return {"what": what, "subject": subject, "before": _shown(before), "now": _shown(now)}


def _shown(value: Any) -> Any:
    return "—" if value in (None, "", []) else value


#: What an audit or a case tells of one thing on the server.
_PLACES: tuple[tuple[str, Callable[[Audit | Context], object]], ...] = (
    ("audit.what_build", lambda told: told.known(Preflight).os),
    ("audit.what_last_update", lambda told: told.known(Preflight).last_update),
    ("audit.what_activation", lambda told: told.known(LicenseServer).activation_status),
    ("audit.what_member", lambda told: told.known(AdGroup).member),
    ("audit.what_newest_copy", lambda told: told.known(AuditBackup).newest),
)


def _server(before: Audit, context: Context) -> Iterator[Row]:
    for what, read in _PLACES:
        old, new = read(before), read(context)
        if old != new:
            yield _row(what, server_of(context), old, new)


def _counts(before: Audit, context: Context) -> Iterator[Row]:
    then, now = (told.known(AuditPacks) for told in (before, context))
    for name, old, new in (
        ("audit.what_owned", then.owned, now.owned),
        ("audit.what_total", then.total, now.total),
        ("audit.what_issued", then.issued, now.issued),
    ):
        for kind in TYPES:
            if old.get(kind, 0) != new.get(kind, 0):
                yield _row(name, TYPES[kind], old.get(kind, 0), new.get(kind, 0))


def _packs(before: Audit, context: Context) -> Iterator[Row]:
    """The key packs row by row: one that was exchanged for another of the same size changes no sum."""
    then, now = (told.known(AuditPacks) for told in (before, context))
    if then.packs is None or now.packs is None:
        return
    for change in compare_rows(then.packs, now.packs, {}).changes:
        if change.gained:
            row = change.row
            subject = f"#{row.id} Windows Server {version_word(row.version_id)} (KeyPackType {row.type})"
            yield _row("audit.what_pack", subject, change.before, change.after)


def _hosts(before: Audit, context: Context) -> Iterator[Row]:
    old, new = (told.known(HostsState).hosts for told in (before, context))
    if not old or not new:
        return  # one of the two audits read no host: nothing to compare
    for name in sorted({*old, *new}, key=str.lower):
        if name not in new or name not in old:
            yield _row(
                "audit.what_host",
                name,
                "audit.host_known" if name in old else "",
                "audit.host_known" if name in new else "",
            )
            continue
        if old[name].fault or new[name].fault:
            continue  # not reached in one of them
        for what, read in _DRIFT:
            was, now = read(old[name]), read(new[name])
            if was != now and None not in (was, now):  # what could not be read has not drifted
                yield _row(what, name, _worded(what, was), _worded(what, now))


def _worded(what: str, value: Any) -> Any:
    if what == "audit.what_mode":
        return shown(MODES, value)
    if what == "audit.what_set_by_policy" and value is not None:
        return "steps.set_by_policy" if value else "steps.set_by_server"
    return value
