"""Secure: the copy of the license database, and whether the service came back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import BackupAnswer
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.reading import reading

#: robocopy's exit code is a bit mask: 0 to 7 is success (return-codes-used-robocopy-utility).
ROBOCOPY_FAILS = 8
DATABASE = "TLSLic.edb"
#: Where robocopy writes its log (``/UNILOG``: UTF-16), in the step's own folder.
LOG = "files/robocopy.log"
_SHARING_VIOLATION = re.compile(r"\(0x00000020\)[^\r\n]*?((?:[A-Za-z]:\\|\\\\)[^\r\n]+)")
#: ERROR_DISK_FULL (112) and ERROR_HANDLE_DISK_FULL (39), System Error Codes.
_DISK_FULL = re.compile(r"\(0x000000(?:70|27)\)")
REFUSALS = {
    "not absolute": "not_absolute",
    "share": "share",
    "drive missing": "drive_missing",
    "inside database": "inside_database",
    "space": "space",
    "task": "task",
}


def backup(context: Context, seen: BackupAnswer) -> Verdict:
    """A service that does not run again is told before everything else: nobody gets a licence meanwhile."""
    text = "\n".join(seen.esentutl_text)
    clean, dirty = "Clean Shutdown" in text, "Dirty Shutdown" in text
    facts: dict[str, Any] = {
        "source": seen.source,
        "destination": seen.destination,
        "robocopy": seen.robocopy_exit_code,
        "seconds_stopped": seen.seconds_stopped,
        "clean_shutdown": clean,
        "service_state": seen.service_state,
        "task_removed": seen.task_removed,
        "files": len(seen.files),
        "bytes": sum(file.size for file in seen.files),
        "manifest": seen.manifest_path,
    }
    table = tuple({"file": file.name, "size": file.size, "sha256": file.sha256} for file in seen.files)
    running = seen.service_state == "Running"
    lines: list[Line] = []
    if not running:
        lines.append(Line("steps.backup_service_down", {"state": seen.service_state}))
    if seen.refused is not None:
        word = REFUSALS.get(seen.refused, "other")
        fields: dict[str, Any] = {"destination": seen.destination or context.case.backup.destination or "—"}
        fields |= {"needed": seen.needed_bytes, "free": seen.free_bytes, "reason": seen.refused}
        lines.append(Line(f"steps.backup_refused_{word}", fields))
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    lines += _copy_faults(seen, dirty, context.step_folder / LOG)
    if lines:
        hints = hints_for("exit", seen.robocopy_exit_code) if seen.robocopy_exit_code else ()
        hints += () if running else hints_for("service")
        return Verdict(Status.FAILED, tuple(lines), facts, table, hints)
    done = {"destination": seen.destination, "files": len(seen.files), "seconds": round(seen.seconds_stopped or 0)}
    lines.append(Line("steps.backup_ok", done))
    if not clean:
        lines.append(Line("steps.backup_shutdown_unknown", {"code": seen.esentutl_exit_code}))
    if seen.task_registered and not seen.task_removed:
        lines.append(Line("steps.backup_task_left", {"task": seen.task_name}))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def _copy_faults(seen: BackupAnswer, dirty: bool, log: Path) -> list[Line]:
    lines = []
    code = seen.robocopy_exit_code
    message = " ".join(seen.fault.message.split()) if seen.fault else "—"
    if code is None:
        lines.append(Line("steps.backup_not_copied", {"message": message}))
    elif code >= ROBOCOPY_FAILS:
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


JUDGES = {"backup": reading("backup", backup)}
