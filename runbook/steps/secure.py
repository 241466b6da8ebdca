"""Secure: the copy of the license database, and whether the service came back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps.answer_shape import Answered, Fault, Flag, Int, Number
from runbook.steps.dated_copies import CopiedFile, Manifest
from runbook.steps.purpose import stock
from runbook.steps.registry import CASE_LINE, script

#: robocopy's exit code is a bit mask: 0 to 7 is success (return-codes-used-robocopy-utility).
ROBOCOPY_FAILS = 8
DATABASE = "TLSLic.edb"
#: After how many minutes the safety task starts the service again.
_SAFETY_MINUTES = 10
#: No copy is begun without a place for it.
DESTINATION = {"Destination": (CASE_LINE, "backup.destination")}
#: Where robocopy writes its log (``/UNILOG``: UTF-16), in the step's own folder.
LOG = "files/robocopy.log"
_SHARING_VIOLATION = re.compile(r"\(0x00000020\)[^\r\n]*?((?:[A-Za-z]:\\|\\\\)[^\r\n]+)")
#: ERROR_DISK_FULL (112) and ERROR_HANDLE_DISK_FULL (39), System Error Codes.
_DISK_FULL = re.compile(r"\(0x000000(?:70|27)\)")
#: Why a copy was not begun, as the scripts say it.
_REFUSALS = {
    "not absolute": "steps.backup_refused_not_absolute",
    "share": "steps.backup_refused_share",
    "drive missing": "steps.backup_refused_drive_missing",
    "inside database": "steps.backup_refused_inside_database",
    "space": "steps.backup_refused_space",
    "no database": "steps.backup_refused_no_database",
    "disabled": "steps.backup_refused_disabled",
    "task": "steps.backup_refused_task",
}


def refused(why: str, destination: str | None, needed: int | None, free: int | None) -> Line:
    """That no copy was begun, and why; sizes in bytes."""
    fields = {"destination": destination or "—", "needed": room(needed), "free": free, "reason": why}
    return Line(_REFUSALS.get(why, "steps.backup_refused_other"), fields)


class CopyAnswer(Answered):
    """What both ways of copying the database answer. ``destination``: the new dated folder, None where none was made.

    ``refused``: why nothing was begun, None when it was. RobocopyExitCode 0 to 7 is success, 8 and more failure,
    below 0 a crash (Microsoft, return-codes-used-robocopy-utility). EsentutlText is esentutl's own text, never
    translated (knowledge/open.yml).
    """

    source: str
    destination: str | None
    refused: str | None
    free_bytes: Int | None
    rights_exit_code: Int | None = None  # icacls on the new folder; None: not known
    robocopy_exit_code: Int | None
    esentutl_exit_code: Int | None
    esentutl_text: list[str]
    files: list[CopiedFile]
    manifest_path: str | None
    manifest: Manifest | None
    service_state: str
    fault: Fault | None


class BackupAnswer(CopyAnswer):
    """backup: the short stop, the copy, the start.

    ``refused``: "not absolute", "share", "drive missing", "inside database", "space", "no database", "disabled" or
    "task".
    """

    needed_bytes: Int | None
    task_name: str
    task_registered: Flag
    task_removed: Flag
    stopped_at: AwareDatetime | None
    started_at: AwareDatetime | None
    seconds_stopped: Number | None
    dependents_down: list[str] = Field(default_factory=list)  # stopped with the service, and not running again


def room(needed: int | None) -> int | None:
    """The free bytes that a copy is started with: the scripts ask for twice the database's folder."""
    return None if needed is None else 2 * needed


def stood(seconds: float | None) -> int:
    """Whole seconds that the service stood still; a stop is never rounded away."""
    return max(round(seconds), 1) if seconds else 0


def given(context: Context) -> dict[str, Any]:
    """What backup.ps1 is asked, in both notebooks."""
    return {
        "Destination": context.case.backup.destination or "",
        "SafetyMinutes": _SAFETY_MINUTES,
        "LogPath": log_path(context),
    }


def log_path(context: Context) -> str:
    """Where robocopy writes its log; it opens it and makes no folder for it."""
    log = context.step_folder / LOG
    log.parent.mkdir(exist_ok=True)
    return str(log)


def by_shadow(context: Context) -> Verdict | None:
    """The short stop is not needed where the shadow copy was asked for and the stop was not."""
    if "backup-vss" in context.applied and "backup-folder" not in context.applied:
        return Verdict(Status.SKIPPED, (Line("backup.skip_shadow"),))
    return None


class CopyMade(Facts):
    """A copy of the database folder. ``files`` and ``bytes`` count what was read back; ``manifest`` is the path of
    the list of its files, None where the copy was not finished."""

    source: str = ""
    destination: str | None = None
    robocopy: int | None = None
    seconds_stopped: float | int | None = None
    clean_shutdown: bool = False
    service_state: str = ""
    files: int = 0
    bytes: int = 0
    manifest: str | None = None


class StoppedCopy(CopyMade):
    """Made while the service stood still; ``task_removed``: the safety task is gone."""

    task_removed: bool = False


class Backup(StoppedCopy):
    """Before the packs are installed."""

    step: ClassVar[str] = "backup"


class FolderCopy(StoppedCopy):
    """Of the notebook backup."""

    step: ClassVar[str] = "backup-folder"


@script("backup", BackupAnswer, given=given, asked=stock, wants=DESTINATION)
@script("backup-folder", BackupAnswer, given=given, needless=by_shadow, asked=stock, wants=DESTINATION)
def backup(context: Context, seen: BackupAnswer) -> Verdict:
    """A service that does not run again is told before everything else: nobody gets a licence meanwhile."""
    text = "\n".join(seen.esentutl_text)
    clean, dirty = "Clean Shutdown" in text, "Dirty Shutdown" in text
    facts = StoppedCopy(
        source=seen.source,
        destination=seen.destination,
        robocopy=seen.robocopy_exit_code,
        seconds_stopped=seen.seconds_stopped,
        clean_shutdown=clean,
        service_state=seen.service_state,
        task_removed=seen.task_removed,
        files=len(seen.files),
        bytes=sum(file.size for file in seen.files),
        manifest=seen.manifest_path,
    )
    table = tuple({"file": file.name, "size": file.size, "sha256": file.sha256} for file in seen.files)
    running = seen.service_state == "Running"
    lines: list[Line] = []
    if not running:
        lines.append(Line("steps.backup_service_down", {"state": seen.service_state}))
    if seen.refused is not None:
        place = seen.destination or context.case.backup.destination
        lines.append(refused(seen.refused, place, seen.needed_bytes, seen.free_bytes))
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    log = context.step_folder / LOG
    lines += _copy_faults(seen, dirty, log)
    if lines:
        if seen.dependents_down:
            lines.append(Line("steps.backup_dependents", {"services": ", ".join(seen.dependents_down)}))
        code = seen.robocopy_exit_code
        hints = hints_for("exit", code) if code and not disk_was_full(log) else ()  # a full disk needs no explaining
        hints += () if running else hints_for("service")
        if running and seen.seconds_stopped is not None:
            lines.append(Line("steps.backup_service_back", {"seconds": stood(seen.seconds_stopped)}))
        return Verdict(Status.FAILED, tuple(lines), facts, table, hints)
    done = {"destination": seen.destination, "files": len(seen.files), "seconds": stood(seen.seconds_stopped)}
    lines.append(Line("steps.backup_ok", done))
    if not clean:
        lines.append(Line("steps.backup_shutdown_unknown", {"code": seen.esentutl_exit_code}))
    if seen.rights_exit_code:
        lines.append(Line("steps.backup_rights", {"destination": seen.destination, "code": seen.rights_exit_code}))
    if seen.dependents_down:
        lines.append(Line("steps.backup_dependents", {"services": ", ".join(seen.dependents_down)}))
    if seen.task_registered and not seen.task_removed:
        lines.append(Line("steps.backup_task_left", {"task": seen.task_name}))
    status = Status.SUCCEEDED if len(lines) == 1 else Status.FINDING
    return Verdict(status, (*lines, *_cut_before(context)), facts, table)


def _cut_before(context: Context) -> list[Line]:
    """What an attempt whose end nobody saw may have left beside the copies: it was told where to look, and here that
    it is none of them."""
    begun = context.history.begins(context.step_folder.name)
    runs = [str(begin["run"]) for begin in begun if context.history.ran(begin) is None]
    place = context.case.backup.destination
    return [Line("steps.backup_cut_left", {"runs": ", ".join(runs), "place": place})] if runs else []


def _copy_faults(seen: BackupAnswer, dirty: bool, log: Path) -> list[Line]:
    lines = []
    code = seen.robocopy_exit_code
    message = " ".join(seen.fault.message.split()) if seen.fault else "—"
    if code is None:
        lines.append(Line("steps.backup_not_copied", {"message": message}))
    elif code < 0 or code >= ROBOCOPY_FAILS:
        lines.append(robocopy_fault(code, log))
    elif seen.fault is not None:
        lines.append(Line("steps.backup_fault", {"message": message}))
    elif not any(_base(file.name).lower() == DATABASE.lower() for file in seen.files):
        lines.append(Line("steps.backup_no_database", {"file": DATABASE}))
    if dirty:
        lines.append(Line("steps.backup_dirty"))
    return lines


def robocopy_fault(code: int, log: Path) -> Line:
    """Why robocopy failed with ``code``: a full disk or a file that was held open, where its log names it."""
    locked = locked_files(log)
    named = {"code": code, "file": ", ".join(locked)}
    if disk_was_full(log):
        return Line("steps.backup_disk_full", named)
    return Line("steps.backup_locked" if locked else "steps.backup_robocopy", named)


def disk_was_full(log: Path) -> bool:
    """Whether robocopy's log holds error 112 or 39: there was no room left at the destination."""
    return log.is_file() and bool(_DISK_FULL.search(log.read_bytes().decode("utf-16", errors="replace")))


def locked_files(log: Path) -> list[str]:
    """The files that robocopy's log (``/UNILOG``: UTF-16) names beside error 32, ERROR_SHARING_VIOLATION.

    Words of the log are localised; the error's number in hexadecimal and the path are not.
    """
    if not log.is_file():
        return []
    text = log.read_bytes().decode("utf-16", errors="replace")
    return list(dict.fromkeys(_base(path) for path in _SHARING_VIOLATION.findall(text)))


def _base(name: str) -> str:
    return name.strip().replace("\\", "/").rpartition("/")[2]
