"""What the scripts around a backup write to out.json: the plan, the three ways, the copies, the second copy."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from runbook.readers.answer_shape import Answered, Fault, Flag, Int, Number


class CopiedFile(Answered):
    """One file of the copy, read back from the destination."""

    name: str  # path below the folder, "/" or "\\" as Windows gives it
    size: Int
    sha256: str = Field(pattern=r"^[0-9A-F]{64}$")


class Manifest(Answered):
    """What lies beside a dated copy as ``DATED.json``: which server it was, which system, which files.

    ``way``: "stop" (the service stood still) or "vss". ``os_installed_at`` is Win32_OperatingSystem.InstallDate:
    it changes when the system is replaced (in-place upgrade included), which is what a restore asks about.
    """

    format: Int
    made_at: AwareDatetime
    way: str
    computer_name: str
    os_version: str
    os_installed_at: AwareDatetime | None
    source: str
    files: list[CopiedFile]


class BackupAnswer(Answered):
    """backup: the short stop, the copy, the start. ``destination`` is the new dated folder.

    ``refused``: why nothing was begun ("not absolute", "share", "drive missing", "inside database", "space",
    "task"), None when the stop was begun. RobocopyExitCode 0 to 7 is success, 8 and more failure
    (Microsoft, return-codes-used-robocopy-utility). EsentutlText is esentutl's own text: that ``Clean
    Shutdown`` stands in it in English on every system is inferred.
    """

    source: str
    destination: str | None
    refused: str | None
    free_bytes: Int | None
    needed_bytes: Int | None
    task_name: str
    task_registered: Flag
    task_removed: Flag
    stopped_at: AwareDatetime | None
    started_at: AwareDatetime | None
    seconds_stopped: Number | None
    robocopy_exit_code: Int | None
    esentutl_exit_code: Int | None
    esentutl_text: list[str]
    files: list[CopiedFile]
    manifest_path: str | None
    manifest: Manifest | None
    service_state: str
    fault: Fault | None


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


class VssAnswer(Answered):
    """backup-vss: a shadow copy with the writer TermServLicensing, a copy out of it, the shadow copy deleted."""

    source: str
    destination: str | None
    refused: str | None
    free_bytes: Int | None
    needed_bytes: Int
    drive: str | None  # the letter under which the shadow copy was shown
    diskshadow_exit_code: Int | None
    diskshadow_text: list[str]
    exposed: Flag
    deleted: Flag
    robocopy_exit_code: Int | None
    esentutl_exit_code: Int | None
    esentutl_text: list[str]
    files: list[CopiedFile]
    manifest_path: str | None
    manifest: Manifest | None
    service_state: str
    fault: Fault | None


class DatedCopy(Answered):
    """One dated folder of the destination as it lies there now, hashed again."""

    name: str
    manifest_text: str | None  # DATED.json as written, None where there is none
    files: list[CopiedFile]
    esentutl_exit_code: Int | None  # None: no .edb file
    esentutl_text: list[str]
    fault: Fault | None


class SystemStateVersion(Answered):
    """One backup that Windows Server Backup knows. Whether it holds the system state is not told here."""

    version_id: str
    backup_at: AwareDatetime | None


class CopiesAnswer(Answered):
    """backup-copies: every dated copy of the destination, and which server and system this is."""

    collected_at: AwareDatetime
    computer_name: str
    os_version: str
    os_installed_at: AwareDatetime | None
    database_path: str | None  # None where the role cannot be asked
    destination: str
    reachable: Flag
    free_bytes: Int | None
    copies: list[DatedCopy]
    versions: list[SystemStateVersion]
    versions_fault: Fault | None


class SecondCopyAnswer(Answered):
    """backup-second-copy: the newest copy carried to a second place. The service is never touched.

    The manifest is copied last, so that a copy which broke off has none. ``faulty`` names files whose hash
    differs at the second place or that are missing there.
    """

    source: str
    destination: str
    reachable: Flag
    robocopy_exit_code: Int | None
    files: list[CopiedFile]
    faulty: list[str]
    manifest_copied: Flag
    fault: Fault | None


class RemovedCopy(Answered):
    """One copy that was to go. ``refused``: why it was left ("name", "absent", or "newest": it is the newest one or
    younger, or the newest one was not found)."""

    name: str
    refused: str | None
    removed: Flag
    fault: Fault | None


class RetentionAnswer(Answered):
    """backup-retention: old copies removed, the newest good one looked at first."""

    destination: str
    newest: str
    newest_present: Flag
    removed: list[RemovedCopy]
