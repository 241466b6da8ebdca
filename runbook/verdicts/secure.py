"""Secure: the copy of the license database, and whether the service came back."""

from __future__ import annotations

from typing import Any

from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import BackupAnswer
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.reading import reading

#: robocopy's exit code is a bit mask: 0 to 7 is success (return-codes-used-robocopy-utility).
ROBOCOPY_FAILS = 8
DATABASE = "TLSLic.edb"
_REFUSALS = {
    "not absolute": "not_absolute",
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
    }
    table = tuple({"file": file.name, "size": file.size, "sha256": file.sha256} for file in seen.files)
    running = seen.service_state == "Running"
    lines: list[Line] = []
    if not running:
        lines.append(Line("steps.backup_service_down", {"state": seen.service_state}))
    if seen.refused is not None:
        word = _REFUSALS.get(seen.refused, "other")
        fields: dict[str, Any] = {"destination": seen.destination or context.case.backup.destination or "—"}
        fields |= {"needed": seen.needed_bytes, "free": seen.free_bytes, "reason": seen.refused}
        lines.append(Line(f"steps.backup_refused_{word}", fields))
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    lines += _copy_faults(seen, dirty)
    if lines:
        hints = hints_for("exit", seen.robocopy_exit_code) if seen.robocopy_exit_code else ()
        hints += () if running else hints_for("service")
        return Verdict(Status.FAILED, tuple(lines), facts, table, hints)
    done = {"destination": seen.destination, "files": len(seen.files), "seconds": seen.seconds_stopped}
    lines.append(Line("steps.backup_ok", done))
    if not clean:
        lines.append(Line("steps.backup_shutdown_unknown", {"code": seen.esentutl_exit_code}))
    if seen.task_registered and not seen.task_removed:
        lines.append(Line("steps.backup_task_left", {"task": seen.task_name}))
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def _copy_faults(seen: BackupAnswer, dirty: bool) -> list[Line]:
    lines = []
    has_database = any(_base(file.name) == DATABASE.lower() for file in seen.files)
    code = seen.robocopy_exit_code
    if code is None:
        message = " ".join(seen.fault.message.split()) if seen.fault else "—"
        lines.append(Line("steps.backup_not_copied", {"message": message}))
    elif code >= ROBOCOPY_FAILS:
        # The one file that the running service holds open; what robocopy printed is localised.
        word = "backup_robocopy" if has_database else "backup_locked"
        lines.append(Line(f"steps.{word}", {"code": code, "file": DATABASE}))
    elif not has_database:
        lines.append(Line("steps.backup_no_database", {"file": DATABASE}))
    if dirty:
        lines.append(Line("steps.backup_dirty"))
    return lines


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].lower()


JUDGES = {"backup": reading("backup", backup)}
