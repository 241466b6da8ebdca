"""The backup notebook: where to, the system state, the shadow copy, the copies there are, the second one, the old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.outcome import SATISFIED, Line, Status, Verdict
from runbook.readers.answers import (
    BackupPlanAnswer,
    CopiesAnswer,
    Fault,
    KeyPacksAnswer,
    RetentionAnswer,
    SecondCopyAnswer,
    SystemStateAnswer,
    VssAnswer,
)
from runbook.verdicts import dated_copies
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.inputs import INPUTS as STEP_INPUTS
from runbook.verdicts.key_packs import compact
from runbook.verdicts.reading import failed, reading
from runbook.verdicts.secure import LOG, REFUSALS, ROBOCOPY_FAILS, backup, robocopy_fault

#: Steps that make a copy of the folder in this run.
WAYS = ("backup-folder", "backup-vss")
_INSTALLED = "Installed"


def plan(context: Context, seen: BackupPlanAnswer) -> Verdict:
    """A destination that cannot be used ends the backup here: nothing was stopped. Everything else is told."""
    facts: dict[str, Any] = {
        "source": seen.source,
        "destination": seen.destination,
        "refused": seen.refused,
        "needed_bytes": seen.needed_bytes,
        "free_bytes": seen.free_bytes,
        "feature": seen.feature_state,
        "target": seen.target,
        "target_refused": seen.target_refused,
        "second_copy_reachable": seen.second_copy_reachable,
    }
    if seen.refused is not None:
        word = REFUSALS.get(seen.refused, "other")
        fields: dict[str, Any] = {
            "destination": seen.destination or "—",
            "needed": seen.needed_bytes,
            "free": seen.free_bytes,
            "reason": seen.refused,
        }
        return Verdict(Status.FAILED, (Line(f"steps.backup_refused_{word}", fields),), facts)
    room = {"destination": seen.destination, "needed": seen.needed_bytes, "free": seen.free_bytes}
    lines = [Line("backup.plan_ok", room)]
    if seen.feature_state != _INSTALLED:
        lines.append(Line("backup.plan_no_feature"))
    elif seen.target_refused is not None:
        word = seen.target_refused.replace(" ", "_")
        lines.append(Line(f"backup.plan_target_{word}", {"target": seen.target}))
    if seen.second_copy_reachable is False:
        lines.append(Line("backup.plan_second_missing", {"place": seen.second_copy}))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts)


def inventory(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """What the server holds at the moment of the backup: it says what a restore would have to bring back."""
    if seen.fault is not None:
        return failed("key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = [row for row in compact(seen.key_packs) if row["total"]]
    total = sum(row["total"] for row in rows)
    issued = sum(row["issued"] for row in rows)
    facts = {"packs": rows, "total": total, "issued": issued, "unissued": max(total - issued, 0)}
    fields = {"packs": len(rows), "total": total, "unissued": facts["unissued"]}
    if not rows:
        return Verdict(Status.FINDING, (Line("backup.inventory_empty"),), facts)
    return Verdict(Status.SUCCEEDED, (Line("backup.inventory", fields),), facts)


def system_state(context: Context, seen: SystemStateAnswer) -> Verdict:
    """wbadmin's exit code and Get-WBSummary's result have to agree that it went well."""
    facts: dict[str, Any] = {
        "target": seen.target,
        "exit_code": seen.exit_code,
        "stopped": seen.stopped,
        "last_result": seen.last_result,
        "last_success_at": seen.last_success_at.isoformat() if seen.last_success_at else None,
        "versions": seen.versions,
    }
    if seen.feature_state != _INSTALLED:
        return Verdict(Status.FAILED, (Line("backup.state_no_feature"),), facts)
    if seen.stopped:
        key = "backup.state_stopped" if seen.stop_exit_code == 0 else "backup.state_not_stopped"
        fields: dict[str, Any] = {"minutes": seen.limit_minutes, "code": seen.stop_exit_code}
        return Verdict(Status.FAILED, (Line(key, fields),), facts)
    if seen.exit_code != 0 or seen.last_result not in (0, None) or seen.started_at is None:
        fields = {"code": seen.exit_code, "result": _hresult(seen.last_result), "message": _message(seen.fault)}
        return Verdict(Status.FAILED, (Line("backup.state_failed", fields),), facts)
    if seen.last_success_at is None or seen.last_success_at < seen.started_at:
        return Verdict(Status.FINDING, (Line("backup.state_unconfirmed", {"target": seen.target}),), facts)
    fields = {"target": seen.target, "at": facts["last_success_at"][:16].replace("T", " "), "versions": seen.versions}
    return Verdict(Status.SUCCEEDED, (Line("backup.state_ok", fields),), facts)


def vss(context: Context, seen: VssAnswer) -> Verdict:
    """A shadow copy that stayed behind is told: it takes room and a drive letter until somebody removes it."""
    size = sum(file.size for file in seen.files)
    facts: dict[str, Any] = {
        "source": seen.source,
        "destination": seen.destination,
        "robocopy": seen.robocopy_exit_code,
        "diskshadow": seen.diskshadow_exit_code,
        "files": len(seen.files),
        "bytes": size,
        "clean_shutdown": "Clean Shutdown" in "\n".join(seen.esentutl_text),
        "service_state": seen.service_state,
        "manifest": seen.manifest_path,
        "seconds_stopped": 0,
    }
    table = tuple({"file": file.name, "size": file.size, "sha256": file.sha256} for file in seen.files)
    lines: list[Line] = []
    if seen.refused is not None:
        fields: dict[str, Any] = {"destination": seen.destination or context.case.backup.destination or "—"}
        fields |= {"needed": seen.needed_bytes, "free": seen.free_bytes, "reason": seen.refused}
        lines.append(Line(f"steps.backup_refused_{REFUSALS.get(seen.refused, 'other')}", fields))
        return Verdict(Status.FAILED, tuple(lines), facts)
    if not seen.exposed:
        lines.append(Line("backup.vss_failed", {"code": seen.diskshadow_exit_code}))
    elif seen.robocopy_exit_code is not None and seen.robocopy_exit_code >= ROBOCOPY_FAILS:
        lines.append(robocopy_fault(seen.robocopy_exit_code, context.step_folder / LOG))
    elif seen.fault is not None or seen.manifest is None:
        lines.append(Line("steps.backup_not_copied", {"message": _message(seen.fault)}))
    left = seen.exposed and not seen.deleted
    if left:
        lines.append(Line("backup.vss_left", {"drive": seen.drive}))
    if lines and not (left and len(lines) == 1):
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    lines.insert(0, Line("backup.vss_ok", {"destination": seen.destination, "files": len(seen.files), "bytes": size}))
    if not facts["clean_shutdown"]:
        lines.append(Line("backup.vss_replay"))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def copies(context: Context, seen: CopiesAnswer) -> Verdict:
    """Every copy read again. The one that this run made has to be good; older ones that are not are told."""
    found = dated_copies.newest_first(seen.copies)
    good = [copy.name for copy in found if copy.good]
    case = context.case.backup
    doomed = dated_copies.to_remove(found, case.keep, case.keep_days, seen.collected_at)
    facts: dict[str, Any] = {
        "destination": seen.destination,
        "good": good,
        "newest_good": good[0] if good else None,
        "newest_whole": next((copy.name for copy in found if copy.state in dated_copies.WHOLE), None),
        "to_remove": doomed,
        "states": {copy.name: copy.state for copy in found},
        "bytes": sum(copy.size for copy in found),
        "free_bytes": seen.free_bytes,
    }
    table = tuple(
        {
            "copy": copy.name,
            "state": f"backup.copy_{copy.state}",
            "files": copy.files,
            "size": copy.size,
            "fate": "backup.fate_remove" if copy.name in doomed else "backup.fate_keep",
        }
        for copy in found
    )
    made = [_leaf(context.fact(step, "destination")) for step in WAYS if context.fact(step, "manifest")]
    bad_made = [copy for copy in found if copy.name in made and copy.state not in dated_copies.WHOLE]
    lost = [name for name in made if name not in facts["states"]]
    lines: list[Line] = []
    if not seen.reachable and made:
        return Verdict(Status.FAILED, (Line("backup.copies_unreachable", {"place": seen.destination}),), facts)
    for copy in bad_made:
        fields = {"copy": copy.name, "state": f"backup.copy_{copy.state}", "files": ", ".join(copy.wrong) or "—"}
        lines.append(Line("backup.copies_new_bad", fields))
    lines += [Line("backup.copies_new_gone", {"copy": name}) for name in lost]
    if lines:
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    replay = [copy.name for copy in found if copy.state == dated_copies.REPLAY]
    other = [copy.name for copy in found if copy.state not in dated_copies.WHOLE]
    if good:
        counted = {"count": len(good), "newest": good[0], "bytes": facts["bytes"], "remove": len(doomed)}
        lines.append(Line("backup.copies_ok", counted))
    else:
        lines.append(Line("backup.copies_none", {"place": seen.destination}))
    if replay:
        lines.append(Line("backup.copies_replay", {"copies": ", ".join(replay)}))
    if other:
        lines.append(Line("backup.copies_other", {"copies": ", ".join(other)}))
    return Verdict(Status.SUCCEEDED if good and len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def second_copy(context: Context, seen: SecondCopyAnswer) -> Verdict:
    """The first copy stays whatever happens here, and the service is not touched: a failure says both."""
    facts = {"destination": seen.destination, "files": len(seen.files), "faulty": seen.faulty}
    if not seen.reachable:
        place = context.case.backup.second_copy or seen.destination
        return Verdict(Status.FAILED, (Line("backup.second_unreachable", {"place": place}),), facts)
    code = seen.robocopy_exit_code
    if seen.fault is not None or (code is not None and code >= ROBOCOPY_FAILS):
        fields = {"place": seen.destination, "code": code if code is not None else "—", "message": _message(seen.fault)}
        hints = hints_for("exit", code) if code else ()
        return Verdict(Status.FAILED, (Line("backup.second_lost", fields),), facts, hints=hints)
    if seen.faulty or not seen.manifest_copied:
        fields = {"place": seen.destination, "files": ", ".join(seen.faulty) or "—"}
        return Verdict(Status.FAILED, (Line("backup.second_differs", fields),), facts)
    fields = {"place": seen.destination, "files": len(seen.files)}
    return Verdict(Status.SUCCEEDED, (Line("backup.second_ok", fields),), facts)


def retention(context: Context, seen: RetentionAnswer) -> Verdict:
    """What went, what was left and why."""
    gone = [row.name for row in seen.removed if row.removed]
    left = [row for row in seen.removed if not row.removed and row.refused != "absent"]
    facts = {"removed": gone, "left": [row.name for row in left], "newest": seen.newest}
    table = tuple(
        {
            "copy": row.name,
            "state": "backup.removed" if row.removed else f"backup.left_{row.refused or 'fault'}",
        }
        for row in seen.removed
    )
    if left:
        fields = {"copies": ", ".join(row.name for row in left), "message": _message(next(iter(_faults(left)), None))}
        return Verdict(Status.FAILED, (Line("backup.retention_left", fields),), facts, table)
    if not gone:
        return Verdict(Status.SUCCEEDED, (Line("backup.retention_none", {"newest": seen.newest}),), facts, table)
    fields = {"copies": ", ".join(gone), "newest": seen.newest}
    return Verdict(Status.SUCCEEDED, (Line("backup.retention_ok", fields),), facts, table)


def report(context: Context) -> Verdict:
    """Where the backup is, how large, how long the service stood still, what it can and cannot bring back."""
    made = [s for s in WAYS if context.status.get(s) in SATISFIED and context.status.get(s) != Status.SKIPPED]
    name = context.case.name
    if not made:
        tried = any(context.status.get(step) in (Status.FAILED, Status.TIMED_OUT, Status.UNKNOWN) for step in WAYS)
        stood = context.status.get("backup-plan") == Status.FAILED
        key = "backup.report_failed" if tried or stood else "backup.report_nothing"
        status = Status.FINDING if tried or stood else Status.WAITING
        older = context.fact("backup-copies", "newest_whole") or "—"
        return Verdict(status, (Line(key, {"newest": older, "case": name}),), {"made": False})
    step = made[-1]
    facts: dict[str, Any] = {
        "made": True,
        "way": step,
        "destination": context.fact(step, "destination"),
        "manifest": context.fact(step, "manifest"),
        "files": context.fact(step, "files"),
        "bytes": context.fact(step, "bytes"),
        "seconds_stopped": context.fact(step, "seconds_stopped"),
        "system_state": context.status.get("backup-system-state") in (Status.SUCCEEDED, Status.ALREADY_DONE),
        "second_copy": context.status.get("backup-second-copy") in (Status.SUCCEEDED, Status.ALREADY_DONE),
        "unissued": context.fact("backup-inventory", "unissued"),
    }
    seconds = round(facts["seconds_stopped"] or 0)
    where = {key: facts[key] for key in ("destination", "files", "bytes", "manifest")}
    lines = [Line("backup.report_where", where)]
    lines.append(Line("backup.report_stopped" if seconds else "backup.report_not_stopped", {"seconds": seconds}))
    lines.append(Line("backup.report_can"))
    unissued = facts["unissued"] if facts["unissued"] is not None else "?"
    lines.append(Line("backup.report_cannot", {"unissued": unissued}))
    lacks = []
    if not facts["system_state"]:
        lacks.append(Line("backup.report_no_state"))
    if not facts["second_copy"]:
        lacks.append(Line("backup.report_one_place"))
    return Verdict(Status.FINDING if lacks else Status.SUCCEEDED, (*lines, *lacks), facts)


# -- what need not be done


def _unless_applied(step: str, why: Callable[[Context], str | None] = lambda _: None) -> Callable[..., Verdict | None]:
    def skip(context: Context) -> Verdict | None:
        reason = why(context)
        if reason:
            return Verdict(Status.SKIPPED, (Line(reason),))
        if step not in context.applied:
            return Verdict(Status.SKIPPED, (Line("backup.not_asked", {"step": step}),))
        return None

    return skip


def _no_target(context: Context) -> str | None:
    return None if context.case.backup.system_state else "backup.skip_no_target"


def _no_second(context: Context) -> str | None:
    if not context.case.backup.second_copy:
        return "backup.skip_no_second"
    return None if context.fact("backup-copies", "newest_whole") else "backup.skip_no_copy"


def _nothing_old(context: Context) -> str | None:
    return None if context.fact("backup-copies", "to_remove") else "backup.skip_nothing_old"


def _by_shadow(context: Context) -> Verdict | None:
    """The short stop is not needed where the shadow copy was asked for and the stop was not."""
    if "backup-vss" in context.applied and "backup-folder" not in context.applied:
        return Verdict(Status.SKIPPED, (Line("backup.skip_shadow"),))
    return None


# -- inputs


def _second_input(context: Context) -> dict[str, Any]:
    newest = str(context.fact("backup-copies", "newest_whole") or "")
    log = context.step_folder / LOG
    log.parent.mkdir(exist_ok=True)
    return {
        "Source": f"{_place(context)}\\{newest}",
        "Destination": context.case.backup.second_copy or "",
        "LogPath": str(log),
    }


def _place(context: Context) -> str:
    return str(context.fact("backup-copies", "destination") or context.case.backup.destination or "").rstrip("\\")


def _state_input(context: Context) -> dict[str, Any]:
    case = context.case.backup
    return {
        "Target": case.system_state or "",
        "LimitMinutes": case.system_state_minutes,
        "Folder": str(context.step_folder / "files"),
    }


def _vss_input(context: Context) -> dict[str, Any]:
    given = STEP_INPUTS["backup"](context)
    return {"Destination": given["Destination"], "LogPath": given["LogPath"]}


def _leaf(path: object) -> str:
    return str(path or "").rstrip("\\").rpartition("\\")[2]


def _message(fault: Fault | None) -> str:
    return " ".join(fault.message.split()) if fault else "—"


def _faults(rows: list[Any]) -> list[Fault]:
    return [row.fault for row in rows if row.fault is not None]


def _hresult(value: int | None) -> str:
    return "—" if value is None else f"0x{value & 0xFFFFFFFF:08X}"


JUDGES = {
    "backup-plan": reading("backup-plan", plan),
    "backup-inventory": reading("key-packs", inventory),
    "backup-system-state": reading("backup-system-state", system_state),
    "backup-folder": reading("backup", backup),
    "backup-vss": reading("backup-vss", vss),
    "backup-copies": reading("backup-copies", copies),
    "backup-second-copy": reading("backup-second-copy", second_copy),
    "backup-retention": reading("backup-retention", retention),
}
LOCAL = {"backup-report": report}
SKIPS = {
    "backup-system-state": _unless_applied("backup-system-state", _no_target),
    "backup-folder": _by_shadow,
    "backup-vss": _unless_applied("backup-vss"),
    "backup-second-copy": _unless_applied("backup-second-copy", _no_second),
    "backup-retention": _unless_applied("backup-retention", _nothing_old),
}
INPUTS: dict[str, Callable[[Context], dict[str, Any]]] = {
    "backup-plan": lambda context: {
        "Destination": context.case.backup.destination or "",
        "Target": context.case.backup.system_state or "",
        "SecondCopy": context.case.backup.second_copy or "",
    },
    "backup-system-state": _state_input,
    "backup-folder": STEP_INPUTS["backup"],
    "backup-vss": _vss_input,
    "backup-copies": lambda context: {"Destination": context.case.backup.destination or ""},
    "backup-second-copy": _second_input,
    "backup-retention": lambda context: {
        "Destination": _place(context),
        "Newest": context.fact("backup-copies", "newest_good") or "",
        "Names": list(context.fact("backup-copies", "to_remove") or []),
    },
}
