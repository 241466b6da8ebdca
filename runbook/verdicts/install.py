"""Install: which way was taken, and whether the license server now holds what the case owns.

The documented way is the wizard, by *Migrate* or by *Install Licenses* (migrate-rds-cals; KB 953918), confirmed
by a person. Win32_TSLicenseKeyPack.InstallLicenseKeyPack is offered, and every record of it says: unproven.
"""

from __future__ import annotations

from typing import Any

from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import InstalledPack, InstallPacksAnswer, KeyPacksAnswer, MigrationEventsAnswer
from runbook.verdicts import key_packs
from runbook.verdicts.clearinghouse import issued_packs
from runbook.verdicts.context import Context
from runbook.verdicts.entries import moment, said
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.key_packs import Comparison
from runbook.verdicts.reading import failed, reading

MIGRATE, INSTALL, AUTOMATIC, CIM = "wizard-migrate", "wizard-install", "automatic", "cim"
PROVIDERS = frozenset({"Microsoft-Windows-TerminalServices-Licensing", "TermServLicensing"})
#: The channel in which the licensing provider's numbers are unambiguous.
SYSTEM = "System"


def install_packs(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``way`` (wizard-migrate, wizard-install, automatic, cim), ``note``.

    Whether it worked is for key-packs-after to say."""
    if not entries:
        packs = issued_packs(context.confirms.get("clearinghouse", []))
        ids = ", ".join(pack.id for pack in packs if pack.id) or "—"
        fields = {"server": context.case.license_server.name, "packs": ids}
        word = f"install_waiting_{context.case.clearinghouse.wizard}"
        return Verdict(Status.WAITING, (Line(f"steps.{word}", fields),))
    entry = entries[-1]
    way = said(entry, "way")
    facts = {"way": way, "at": moment(entry), "confirmed_by": str(entry.get("who", "")), "documented_way": way != CIM}
    if way not in (MIGRATE, INSTALL, AUTOMATIC, CIM):
        return Verdict(Status.WAITING, (Line("steps.install_way_unclear", {"way": way}),), facts)
    line = Line(f"steps.install_way_{way.replace('-', '_')}", {"who": facts["confirmed_by"], "at": facts["at"]})
    return Verdict(Status.FINDING if way == CIM else Status.SUCCEEDED, (line,), facts)


def install_packs_cim(context: Context, seen: InstallPacksAnswer) -> Verdict:
    """The unproven way: one ReturnValue per ID (0 is success), each failure with its code as ``0x``."""
    facts: dict[str, Any] = {
        "way": CIM,
        "documented_way": False,
        "packs": [{"id": f"…{pack.tail}", "row": pack.key_pack_id, "code": _code(pack)} for pack in seen.packs],
        "rows_before": len(seen.before),
        "rows_after": len(seen.after),
    }
    table = tuple(
        {
            "pack": f"…{pack.tail}",
            "state": "steps.state_failed" if _code(pack) else "steps.state_installed",
            "code": _code(pack),
            "row": pack.key_pack_id,
        }
        for pack in seen.packs
    )
    refused = [pack for pack in seen.packs if _code(pack)]
    if refused or not seen.packs:
        lines = tuple(Line("steps.install_refused", {"id": f"…{pack.tail}", "code": _code(pack)}) for pack in refused)
        found = [hint for pack in refused for hint in hints_for("wmi", _code(pack))]
        hints = tuple(dict.fromkeys([*found, *hints_for("refused-id")]))
        return Verdict(Status.FAILED, lines or (Line("steps.install_nothing"),), facts, table, hints)
    # Proven only by key-packs-after: the method's success was never seen on a real server.
    return Verdict(Status.FINDING, (Line("steps.install_cim", {"count": len(seen.packs)}),), facts, table)


def _code(pack: InstalledPack) -> str:
    """The failure as ``0x80041008``; "" for success."""
    if pack.fault is not None:
        return pack.fault.code
    if pack.return_value is None:
        return "?"
    return "" if pack.return_value == 0 else f"0x{pack.return_value & 0xFFFFFFFF:08X}"


def key_packs_before(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """Every row as it is. No CAL of the case's kind is what the case exists to repair: a finding."""
    if seen.fault is not None:
        return failed("key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = key_packs.compact(seen.key_packs)
    held = key_packs.compare([], rows, key_packs.wanted(context.case.packs))
    facts = {"rows": rows, "count": held.after, "collected_at": seen.collected_at.isoformat()}
    table = tuple(_row(change.row, change.after, change.after, change.judged) for change in held.changes)
    if held.after == 0:
        line = Line("steps.key_packs_none", {"rows": len(rows), "expected": held.expected})
        return Verdict(Status.FINDING, (line,), facts, table)
    fields = {"count": held.after, "rows": len(rows)}
    return Verdict(Status.SUCCEEDED, (Line("steps.key_packs_before", fields),), facts, table)


def key_packs_after(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """After minus the frozen before, over the rows of the case's kind, against what the case owns."""
    if seen.fault is not None:
        return failed("key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    before = context.fact("key-packs-before", "rows")
    if before is None:
        return Verdict(Status.NOT_JUDGED, (Line("steps.key_packs_no_before"),))
    rows, kinds = key_packs.compact(seen.key_packs), key_packs.wanted(context.case.packs)
    found = key_packs.compare(before, rows, kinds)
    issued = sum(r["issued"] for r in rows if (r["product_type"], r["version_id"]) in kinds)
    facts = {
        "counted_before": found.before,
        "counted_after": found.after,
        "gained": found.gained,
        "expected": found.expected,
        "counted_rows": [change.row["id"] for change in found.counted],
        "review_rows": [change.row["id"] for change in found.review],
        "other_rows": [change.row["id"] for change in found.other],
        "issued": issued,
        "rows": rows,
        "collected_at": seen.collected_at.isoformat(),
    }
    table = tuple(_row(change.row, change.before, change.after, change.judged) for change in found.changes)
    status, line = _outcome(found, kinds)
    lines = [line, Line("steps.key_packs_counted", {"rows": _ids(found.counted)})]
    if found.review:
        fields = {"rows": _ids(found.review), "count": sum(change.gained for change in found.review)}
        lines.append(Line("steps.key_packs_review", fields))
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    if found.other:
        lines.append(Line("steps.key_packs_other", {"rows": _kinds(found.other)}))
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    if issued > found.expected:
        lines.append(Line("steps.key_packs_overused", {"issued": issued, "owned": found.expected}))
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    hints = hints_for("no-cal") if status is Status.FAILED else ()
    return Verdict(status, tuple(lines), facts, table, hints)


def _outcome(found: Comparison, kinds: dict[key_packs.Kind, int]) -> tuple[Status, Line]:
    fields: dict[str, Any] = {"gained": found.gained, "expected": found.expected, "packs": len(found.counted)}
    fields |= {"before": found.before, "after": found.after}
    if found.gained == found.expected and key_packs.by_kind(found) == kinds:
        return Status.SUCCEEDED, Line("steps.key_packs_equal", fields)
    review = sum(change.gained for change in found.review)
    if found.gained < found.expected <= found.gained + review:
        return Status.FINDING, Line("steps.key_packs_to_review", fields | {"review": review})
    if found.other and found.gained < found.expected:
        return Status.FAILED, Line("steps.key_packs_wrong", fields | {"other": _kinds(found.other)})
    if found.gained < found.expected:
        return Status.FAILED, Line("steps.key_packs_fewer", fields)
    if found.gained > found.expected:
        return Status.FAILED, Line("steps.key_packs_more", fields)
    return Status.FAILED, Line("steps.key_packs_mixed", fields)


def _ids(changes: list[key_packs.Change]) -> str:
    return ", ".join(str(change.row["id"]) for change in changes) or "—"


_YEAR = {number: word for word, number in key_packs.VERSION_ID.items()}


def _kinds(changes: list[key_packs.Change]) -> str:
    """``n° 5: Windows Server 2019, ProductType 1, +40``: numbers, so that it reads the same in any language."""
    return "; ".join(
        f"#{change.row['id']} Windows Server {_YEAR.get(change.row['version_id'], '?')}"
        f" (ProductType {change.row['product_type']}) +{change.gained}"
        for change in changes
    )


def _row(row: key_packs.Row, before: int, after: int, judged: str) -> dict[str, Any]:
    return {
        "row": row["id"],
        "product": f"steps.product_{row['product_type']}",
        "version": _YEAR.get(row["version_id"], str(row["version_id"])),
        "key_pack_type": row["type"],
        "before": before,
        "after": after,
        "issued": row["issued"],
        "judged": f"steps.judged_{judged}",
    }


def migration_events(context: Context, seen: MigrationEventsAnswer) -> Verdict:
    """Events 26 and 88 to 93. Their absence proves nothing (that 2022 writes them is inferred); 93 proves which
    reason was chosen, and nothing about the old server. In another channel than System an ID is ambiguous."""
    events = [event for event in seen.events if event.provider in PROVIDERS]
    sure = [event for event in events if event.channel == SYSTEM]
    counts = {str(number): sum(1 for e in sure if e.id == number) for number in sorted({e.id for e in sure})}
    since = seen.since.date().isoformat()
    facts = {"events": counts, "since": since, "ambiguous": len(events) - len(sure)}
    table = tuple(
        {
            "at": f"{e.at:%Y-%m-%d %H:%M:%S} UTC",
            "event": e.id,
            "channel": e.channel,
            "record": e.record_id,
        }
        for e in sorted(events, key=lambda e: e.at)
    )
    broken = [search.channel for search in seen.searches if search.fault is not None and not search.no_match]
    broken = [channel for channel in broken if not any(s.missing for s in seen.searches if s.channel == channel)]
    unread = (Line("steps.events_unread", {"channels": ", ".join(broken)}),) if broken else ()
    if unread and not sure:
        return Verdict(Status.NOT_JUDGED, unread, facts, table)
    if not sure:
        return Verdict(Status.SUCCEEDED, (Line("steps.events_none", {"since": since}),), facts, table)
    known = [number for number in (26, 88, 89, 90, 91, 92, 93) if str(number) in counts]
    lines = tuple(Line(f"steps.event_{number}", {"count": counts[str(number)]}) for number in known)
    trouble = {26, 90} & set(known)
    return Verdict(Status.FINDING if trouble else Status.SUCCEEDED, (*lines, *unread), facts, table)


JUDGES = {
    "install-packs": reading("install-packs", install_packs_cim),
    "key-packs-before": reading("key-packs", key_packs_before),
    "key-packs-after": reading("key-packs", key_packs_after),
    "migration-events": reading("migration-events", migration_events),
}
MANUAL = {"install-packs": install_packs}
