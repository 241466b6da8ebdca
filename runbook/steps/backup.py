"""The backup notebook: where to, the system state, the shadow copy; what is not asked for is not done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps.answer_shape import Answered, Fault, Flag, Int
from runbook.steps.purpose import stock
from runbook.steps.registry import CASE_LINE, script
from runbook.steps.secure import (
    DESTINATION,
    LOG,
    ROBOCOPY_FAILS,
    CopyAnswer,
    CopyMade,
    log_path,
    refused,
    robocopy_fault,
    room,
)

_INSTALLED = "Installed"
#: Why the system state cannot go where the case says.
_TARGETS = {
    "none": "backup.plan_target_none",
    "form": "backup.plan_target_form",
    "system volume": "backup.plan_target_system_volume",
    "database volume": "backup.plan_target_database_volume",
    "missing": "backup.plan_target_missing",
}


# -- what need not be done


class BackupPlanAnswer(Answered):
    """backup-plan: everything that can be known before anything is stopped. It changes nothing.

    ``refused``: as in ``BackupAnswer``. ``feature_state``: InstallState of Windows-Server-Backup, None where
    Get-WindowsFeature failed. ``target_refused``: why the system state cannot go to ``target`` ("none", "form",
    "system volume", "database volume", "missing"), None where it can. ``second_copy_reachable`` is None where no
    second copy is asked for.
    """

    source: str
    destination: str
    refused: str | None
    free_bytes: Int | None
    needed_bytes: Int
    feature_state: str | None
    feature_fault: Fault | None
    target: str
    target_refused: str | None
    target_free_bytes: Int | None
    second_copy: str
    second_copy_reachable: Flag | None
    destination_fault: Fault | None = None  # why the place could not be looked at
    target_fault: Fault | None = None
    second_copy_fault: Fault | None = None


class SystemStateAnswer(Answered):
    """backup-system-state: one wbadmin start systemstatebackup.

    ``stopped``: the limit passed and ``wbadmin stop job`` was called (``stop_exit_code``). ``exit_code`` 0 is
    success; other codes are not documented (inferred: failure). ``last_result``, ``last_success_at`` and
    ``versions`` are Get-WBSummary's (LastBackupResultHR, LastSuccessfulBackupTime, NumberOfVersions).
    """

    target: str
    feature_state: str | None
    limit_minutes: Int
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    exit_code: Int | None
    stopped: Flag
    stop_exit_code: Int | None
    text: list[str]
    last_result: Int | None
    last_success_at: AwareDatetime | None
    versions: Int | None
    fault: Fault | None


class VssAnswer(CopyAnswer):
    """backup-vss: a shadow copy with the writer TermServLicensing, a copy out of it, the shadow copy deleted."""

    needed_bytes: Int
    drive: str | None  # the letter under which the shadow copy was shown
    diskshadow_exit_code: Int | None
    diskshadow_text: list[str]
    exposed: Flag
    deleted: Flag
    shadows_left: list[str] = Field(default_factory=list)  # ids of this run's, still there
    shadows_earlier: list[str] = Field(default_factory=list)  # "Z: {id}": shown by an earlier run, still there


def unless_applied(step: str, why: Callable[[Context], str | None] = lambda _: None) -> Callable[..., Verdict | None]:
    """Needless where ``why`` has a reason, and where nobody named the step in apply."""

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


# -- what goes in


def _plan_input(context: Context) -> dict[str, Any]:
    case = context.case.backup
    places = {"Destination": case.destination, "Target": case.system_state, "SecondCopy": case.second_copy}
    return {name: place or "" for name, place in places.items()}


def _state_input(context: Context) -> dict[str, Any]:
    case = context.case.backup
    return {
        "Target": case.system_state or "",
        "LimitMinutes": case.system_state_minutes,
        "Folder": context.files_folder,
    }


def _vss_input(context: Context) -> dict[str, Any]:
    return {"Destination": context.case.backup.destination or "", "LogPath": log_path(context)}


# -- the steps


class Plan(Facts):
    """Whether there is a place for a copy, a system state and a second copy; sizes in bytes."""

    step: ClassVar[str] = "backup-plan"
    source: str = ""
    destination: str = ""
    refused: str | None = None
    needed_bytes: int | None = None
    free_bytes: int | None = None
    feature: str | None = None
    target: str = ""
    target_refused: str | None = None
    second_copy_reachable: bool | None = None


@script("backup-plan", BackupPlanAnswer, given=_plan_input, wants=DESTINATION)
def plan(context: Context, seen: BackupPlanAnswer) -> Verdict:
    """A destination that cannot be used ends the backup here: nothing was stopped. Everything else is told."""
    facts = Plan(
        source=seen.source,
        destination=seen.destination,
        refused=seen.refused,
        needed_bytes=seen.needed_bytes,
        free_bytes=seen.free_bytes,
        feature=seen.feature_state,
        target=seen.target,
        target_refused=seen.target_refused,
        second_copy_reachable=seen.second_copy_reachable,
    )
    if seen.refused is not None:
        line = refused(seen.refused, seen.destination, seen.needed_bytes, seen.free_bytes)
        if seen.refused == "space":  # what makes room comes later: each way of copying refuses by itself
            return Verdict(Status.FINDING, (line, Line("backup.plan_make_room")), facts)
        return Verdict(Status.FAILED, (line,), facts)
    space = {"destination": seen.destination, "needed": room(seen.needed_bytes), "free": seen.free_bytes}
    lines = [Line("backup.plan_ok", space)]
    if seen.feature_state != _INSTALLED:
        lines.append(Line("backup.plan_no_feature"))
    elif seen.target_refused is not None:
        lines.append(Line(_TARGETS[seen.target_refused], {"target": seen.target}))
    if seen.second_copy_reachable is False:
        lines.append(Line("backup.plan_second_missing", {"place": seen.second_copy}))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts)


class SystemState(Facts):
    """What wbadmin and Get-WBSummary say of the system state."""

    step: ClassVar[str] = "backup-system-state"
    target: str = ""
    exit_code: int | None = None
    stopped: bool = False
    last_result: int | None = None
    last_success_at: str | None = None
    versions: int | None = None


@script(
    "backup-system-state",
    SystemStateAnswer,
    given=_state_input,
    needless=unless_applied("backup-system-state", _no_target),
    asked=stock,
    wants={"Target": (CASE_LINE, "backup.system_state")},
)
def system_state(context: Context, seen: SystemStateAnswer) -> Verdict:
    """wbadmin's exit code and Get-WBSummary's result have to agree that it went well."""
    facts = SystemState(
        target=seen.target,
        exit_code=seen.exit_code,
        stopped=seen.stopped,
        last_result=seen.last_result,
        last_success_at=seen.last_success_at.isoformat() if seen.last_success_at else None,
        versions=seen.versions,
    )
    if seen.feature_state != _INSTALLED:
        return Verdict(Status.FAILED, (Line("backup.state_no_feature"),), facts)
    if seen.stopped:
        key = "backup.state_stopped" if seen.stop_exit_code == 0 else "backup.state_not_stopped"
        fields: dict[str, Any] = {"minutes": seen.limit_minutes, "code": seen.stop_exit_code}
        return Verdict(Status.FAILED, (Line(key, fields),), facts)
    if seen.exit_code != 0 or seen.last_result not in (0, None) or seen.started_at is None:
        fields = {"code": seen.exit_code, "result": _hresult(seen.last_result), "message": told(seen.fault)}
        return Verdict(Status.FAILED, (Line("backup.state_failed", fields),), facts)
    # Whole seconds, and the backup's beginning as Windows saw it: not to be held against our own clock's fractions.
    if seen.last_success_at is None or seen.last_success_at < seen.started_at - dt.timedelta(minutes=5):
        return Verdict(Status.FINDING, (Line("backup.state_unconfirmed", {"target": seen.target}),), facts)
    at = f"{seen.last_success_at:%Y-%m-%d %H:%M}"
    fields = {"target": seen.target, "at": at, "versions": seen.versions}
    return Verdict(Status.SUCCEEDED, (Line("backup.state_ok", fields),), facts)


class ShadowCopy(CopyMade):
    """Made out of a shadow copy, without a stop."""

    step: ClassVar[str] = "backup-vss"
    diskshadow: int | None = None


@script(
    "backup-vss", VssAnswer, given=_vss_input, needless=unless_applied("backup-vss"), asked=stock, wants=DESTINATION
)
def vss(context: Context, seen: VssAnswer) -> Verdict:
    """A shadow copy that stayed behind is told: it takes room and a drive letter until somebody removes it."""
    size = sum(file.size for file in seen.files)
    facts = ShadowCopy(
        source=seen.source,
        destination=seen.destination,
        robocopy=seen.robocopy_exit_code,
        diskshadow=seen.diskshadow_exit_code,
        files=len(seen.files),
        bytes=size,
        clean_shutdown="Clean Shutdown" in "\n".join(seen.esentutl_text),
        service_state=seen.service_state,
        manifest=seen.manifest_path,
        seconds_stopped=0,
    )
    table = tuple({"file": file.name, "size": file.size, "sha256": file.sha256} for file in seen.files)
    lines: list[Line] = []
    if seen.refused is not None:
        place = seen.destination or context.case.backup.destination
        return Verdict(Status.FAILED, (refused(seen.refused, place, seen.needed_bytes, seen.free_bytes),), facts)
    if not seen.exposed:
        lines.append(Line("backup.vss_failed", {"code": seen.diskshadow_exit_code}))
    elif (code := seen.robocopy_exit_code) is not None and (code < 0 or code >= ROBOCOPY_FAILS):
        lines.append(robocopy_fault(code, context.step_folder / LOG))
    elif seen.fault is not None or seen.manifest is None:
        lines.append(Line("steps.backup_not_copied", {"message": told(seen.fault)}))
    unmade = bool(lines)
    if not unmade:
        lines.append(Line("backup.vss_ok", {"destination": seen.destination, "files": len(seen.files), "bytes": size}))
    # What is beside the copy: it is told, and does not make a whole copy a failed one.
    left = seen.exposed and not seen.deleted
    if left:
        lines.append(Line("backup.vss_left", {"drive": seen.drive}))
    if seen.shadows_left and not left:
        lines.append(Line("backup.vss_left_unseen", {"ids": ", ".join(seen.shadows_left)}))
    for earlier in seen.shadows_earlier:
        drive, _, identifier = earlier.partition(" ")
        lines.append(Line("backup.vss_earlier", {"drive": drive, "id": identifier}))
    if seen.rights_exit_code:
        lines.append(Line("steps.backup_rights", {"destination": seen.destination, "code": seen.rights_exit_code}))
    if unmade:
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    if not facts.clean_shutdown:
        lines.append(Line("backup.vss_replay"))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def told(fault: Fault | None) -> str:
    """The fault's own words on one line."""
    return " ".join(fault.message.split()) if fault else "—"


def _hresult(value: int | None) -> str:
    return "—" if value is None else f"0x{value & 0xFFFFFFFF:08X}"
