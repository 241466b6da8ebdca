"""The backup: what robocopy, esentutl and the service said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.registry import doing
from runbook.steps.secure import LOG, locked_files

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
Keys = Callable[[Verdict], list[str]]

FAULT = {
    "FullyQualifiedErrorId": "X,Y",
    "Category": "NotSpecified",
    "HResult": "0x80131501",
    "Message": "robocopy: exit code 8.",
}


def test_a_good_backup_says_how_long_the_service_stood(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = doing("backup").judge(make_context(), recorded("backup"))
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["backup_ok"])
    assert verdict.told["clean_shutdown"] and verdict.told["seconds_stopped"] > 0


@pytest.mark.parametrize("code", [0, 1, 3, 7])
def test_robocopy_up_to_seven_is_success(code: int, make_context: Make, recorded: Recorded) -> None:
    assert doing("backup").judge(make_context(), recorded("backup", RobocopyExitCode=code)).status is Status.SUCCEEDED


@pytest.mark.parametrize("code", [8, 9, 16])
def test_robocopy_from_eight_on_fails(code: int, make_context: Make, recorded: Recorded, keys: Keys) -> None:
    answer = recorded("backup", RobocopyExitCode=code, Files=[], EsentutlText=[], Fault=FAULT)
    verdict = doing("backup").judge(make_context(), answer)
    assert (verdict.status, keys(verdict)) == (
        Status.FAILED,
        ["backup_robocopy", "backup_service_back"],
    ) and verdict.hints


@pytest.mark.parametrize(
    "line",
    [
        "2024/01/10 10:00:00 ERROR 32 (0x00000020) Copying File C:\\Windows\\System32\\lserver\\TLSLic.edb",
        "2024/01/10 10:00:00 ERREUR 32 (0x00000020) Copie du fichier C:\\Windows\\System32\\lserver\\TLSLic.edb",
        "2024/01/10 10:00:00 ERROR 32 (0x00000020) Copying File \\\\server\\share\\TLSLic.edb",
    ],
)
def test_the_locked_file_is_named_in_any_language(
    line: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    context = make_context("backup")
    log = f"\r\n{line}\r\nThe process cannot access the file.\r\n{line}\r\n"
    Path(doing("backup").given(context)["LogPath"]).write_bytes(log.encode("utf-16"))
    answer = recorded("backup", RobocopyExitCode=8, Files=[], EsentutlText=[], Fault=FAULT)
    verdict = doing("backup").judge(context, answer)
    assert keys(verdict) == ["backup_locked", "backup_service_back"]
    assert verdict.lines[0].fields["file"] == "TLSLic.edb"


def test_another_error_is_no_lock(tmp_path: Path) -> None:
    log = tmp_path / "robocopy.log"
    log.write_bytes("ERROR 5 (0x00000005) Copying File C:\\x\\TLSLic.edb\r\n".encode("utf-16"))
    assert locked_files(log) == [] and locked_files(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"ServiceState": "Stopped"}, "backup_service_down"),
        ({"EsentutlText": ["State: Dirty Shutdown"]}, "backup_dirty"),
        ({"Files": []}, "backup_no_database"),
        ({"Fault": FAULT}, "backup_fault"),
        ({"RobocopyExitCode": None, "Fault": FAULT}, "backup_not_copied"),
        ({"Refused": "drive missing"}, "backup_refused_drive_missing"),
        ({"Refused": "not absolute"}, "backup_refused_not_absolute"),
        ({"Refused": "inside database"}, "backup_refused_inside_database"),
        ({"Refused": "space"}, "backup_refused_space"),
        ({"Refused": "something new"}, "backup_refused_other"),
    ],
)
def test_what_is_no_backup_fails(
    changes: dict[str, Any], key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = doing("backup").judge(make_context(), recorded("backup", **changes))
    assert verdict.status is Status.FAILED and keys(verdict)[0] == key
    refused = "Refused" in changes or "ServiceState" in changes
    assert ("backup_service_back" in keys(verdict)[1:]) is not refused


def test_a_full_disk_is_no_lock_and_the_service_runs_again(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    context = make_context("backup")
    log = context.step_folder / LOG
    log.parent.mkdir(parents=True)
    log.write_bytes("ERROR 112 (0x00000070) Copying File C:\\x\\TLSLic.edb\r\n".encode("utf-16"))
    verdict = doing("backup").judge(context, recorded("backup", RobocopyExitCode=9, Files=[], Fault=FAULT))
    assert keys(verdict) == ["backup_disk_full", "backup_service_back"] and verdict.hints == ()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"EsentutlText": ["REHEARSAL"]}, "backup_shutdown_unknown"),
        ({"TaskRegistered": True, "TaskRemoved": False}, "backup_task_left"),
    ],
)
def test_what_is_not_sure_is_a_finding(
    changes: dict[str, Any], key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = doing("backup").judge(make_context(), recorded("backup", **changes))
    assert verdict.status is Status.FINDING and keys(verdict) == ["backup_ok", key]


def test_the_destination_is_the_case_s(make_context: Make) -> None:
    context = make_context("backup")
    given = doing("backup").given(context)
    assert given["Destination"] == "D:\\Backups" and Path(given["LogPath"]).parent.parent == context.step_folder
    assert doing("backup").given(make_context("backup", case={"backup": {}}))["Destination"] == ""
