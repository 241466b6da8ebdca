"""What has changed since the previous audit: CALs, the server, and for each host what Group Policy gives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from runbook.outcome import Line, Status, Verdict
from runbook.verdicts import audits
from runbook.verdicts.audit import TYPES
from runbook.verdicts.audits import Audit
from runbook.verdicts.context import Context

#: A server without an update for this long is named: Microsoft publishes one each month.
PATCH_DAYS = 62
#: What Group Policy gives a host, by the names of ``host_state.facts_of``.
_DRIFT = ("mode", "set_by_policy", "servers", "gpo")
_ROWS = 200

Row = dict[str, Any]


def compare(context: Context) -> Verdict:
    """Each difference as one row. Hosts that Group Policy gives something else, and an unpatched server, are
    findings; the first audit is the baseline."""
    before = audits.previous(context)
    patch, patched = _patch_level(context)
    lost = audits.damaged(context)
    left = (Line("audit.damaged_cases", {"cases": ", ".join(lost)}),) if lost else ()
    if before is None:
        status = Status.SUCCEEDED if patched and not lost else Status.FINDING
        return Verdict(status, (Line("audit.baseline"), patch, *left), {"since": "", "drift": [], "changes": 0})
    drift = list(_hosts(before, context))
    rows = [*_server(before, context), *_counts(before, context), *drift]
    fields = {"case": before.case, "day": before.day, "count": len(rows)}
    lines = [Line("audit.compared" if rows else "audit.unchanged", fields), patch, *left]
    if drift:
        names = sorted({str(row["subject"]) for row in drift}, key=str.lower)
        shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        lines.append(Line("audit.drift", {"count": len(names), "hosts": shown}))
    facts = {"since": before.at, "with": before.case, "drift": drift[:_ROWS], "changes": len(rows)}
    status = Status.FINDING if drift or not patched or lost else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, tuple(rows[:_ROWS]))


def _patch_level(context: Context) -> tuple[Line, bool]:
    build, last = context.fact("preflight", "os", "—"), context.fact("preflight", "last_update") or ""
    seen = str(context.fact("audit-packs", "collected_at", ""))[:10]
    if not last or not seen:
        return Line("audit.patch_unknown", {"build": build}), False
    days = (dt.date.fromisoformat(seen) - dt.date.fromisoformat(last)).days
    word = "patch_old" if days > PATCH_DAYS else "patch_ok"
    return Line(f"audit.{word}", {"build": build, "last": last, "days": days}), days <= PATCH_DAYS


def _row(what: str, subject: str, before: Any, now: Any) -> Row:
    return {"what": f"audit.what_{what}", "subject": subject, "before": _shown(before), "now": _shown(now)}


def _shown(value: Any) -> Any:
    return "—" if value in (None, "", []) else value


def _server(before: Audit, context: Context) -> Iterator[Row]:
    places = (
        ("build", "preflight", "os"),
        ("last_update", "preflight", "last_update"),
        ("activation", "license-server", "activation_status"),
        ("member", "ad-group", "member"),
        ("newest_copy", "audit-backup", "newest"),
    )
    for what, step, name in places:
        old, new = before.fact(step, name), context.fact(step, name)
        if old != new:
            yield _row(what, context.case.license_server.name, old, new)


def _counts(before: Audit, context: Context) -> Iterator[Row]:
    for name in ("owned", "total", "issued"):
        old, new = before.fact("audit-packs", name, {}), context.fact("audit-packs", name, {})
        for kind in TYPES:
            if old.get(kind, 0) != new.get(kind, 0):
                yield _row(name, f"audit.type_{kind}", old.get(kind, 0), new.get(kind, 0))


def _hosts(before: Audit, context: Context) -> Iterator[Row]:
    old: dict[str, Row] = before.fact("hosts-state", "hosts", {})
    new: dict[str, Row] = context.fact("hosts-state", "hosts", {})
    if not old or not new:
        return  # one of the two audits read no host: nothing to compare
    for name in sorted({*old, *new}, key=str.lower):
        if name not in new or name not in old:
            yield _row(
                "host", name, "audit.host_known" if name in old else "", "audit.host_known" if name in new else ""
            )
            continue
        for what in _DRIFT:
            was, now = old[name].get(what), new[name].get(what)
            if was != now and "mode" in old[name] and "mode" in new[name]:  # both were reached
                yield _row(what, name, _worded(what, was), _worded(what, now))


def _worded(what: str, value: Any) -> Any:
    if what == "mode" and value in (2, 4, 5, 6):
        return f"steps.mode_{value}"
    if what == "set_by_policy" and value is not None:
        return "steps.set_by_policy" if value else "steps.set_by_server"
    return value


LOCAL = {"audit-compare": compare}
