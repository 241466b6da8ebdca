"""The backup notebook's verdicts: what stops before the service does, what is told, what is skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.key_packs import Inventory
from runbook.steps.registry import doing
from runbook.steps.secure import LOG, robocopy_fault

Make = Callable[..., Context]
Recorded = Callable[..., Answer]

FAULT = {"FullyQualifiedErrorId": "X,Y", "Category": "NotSpecified", "HResult": "0x80131501", "Message": "no more"}
CASE = {
    "backup": {
        "destination": "D:\\Backups\\RDS-Licensing",
        "keep": 3,
        "second_copy": "\\\\FILES01\\Backups",
        "system_state": "E:",
    }
}


@pytest.fixture
def said(make_context: Make, recorded: Recorded) -> Callable[..., Verdict]:
    """``said(step, facts={...}, **changes)``: the verdict on the nominal recording's answer, changed."""

    def judge(step: str, facts: dict[str, Any] | None = None, **changes: Any) -> Verdict:
        context = make_context(step, case=CASE, told=facts or {})
        return doing(step).judge(context, recorded(step, "backup-nominal", **changes))

    return judge


def keys(verdict: Verdict) -> list[str]:
    return [line.key for line in verdict.lines]


Said = Callable[..., Verdict]


@pytest.mark.parametrize(
    ("refused", "key"),
    [
        ("not absolute", "steps.backup_refused_not_absolute"),
        ("share", "steps.backup_refused_share"),
        ("drive missing", "steps.backup_refused_drive_missing"),
        ("inside database", "steps.backup_refused_inside_database"),
        ("something else", "steps.backup_refused_other"),
    ],
)
def test_a_destination_that_will_not_do_fails_before_anything_is_stopped(refused: str, key: str, said: Said) -> None:
    verdict = said("backup-plan", Refused=refused)
    assert (verdict.status, keys(verdict)) == (Status.FAILED, [key])


def test_a_full_drive_leaves_the_way_to_retention_open(said: Said) -> None:
    verdict = said("backup-plan", Refused="space", NeededBytes=69632, FreeBytes=100000)
    assert (verdict.status, keys(verdict)[0]) == (Status.FINDING, "steps.backup_refused_space")
    assert verdict.lines[0].fields["needed"] == 139264, "the number that the script judged by"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"FeatureState": "Available"}, "backup.plan_no_feature"),
        ({"FeatureState": None, "FeatureFault": FAULT}, "backup.plan_no_feature"),
        ({"TargetRefused": "none", "Target": ""}, "backup.plan_target_none"),
        ({"TargetRefused": "form"}, "backup.plan_target_form"),
        ({"TargetRefused": "system volume"}, "backup.plan_target_system_volume"),
        ({"TargetRefused": "database volume"}, "backup.plan_target_database_volume"),
        ({"TargetRefused": "missing"}, "backup.plan_target_missing"),
        ({"SecondCopyReachable": False}, "backup.plan_second_missing"),
    ],
)
def test_what_only_weakens_the_backup_is_a_finding(changes: dict[str, Any], key: str, said: Said) -> None:
    verdict = said("backup-plan", **changes)
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["backup.plan_ok", key])


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({}, Status.SUCCEEDED, "backup.state_ok"),
        ({"FeatureState": "Available"}, Status.FAILED, "backup.state_no_feature"),
        ({"ExitCode": -2}, Status.FAILED, "backup.state_failed"),
        ({"ExitCode": None}, Status.FAILED, "backup.state_failed"),
        ({"LastResult": 2155347997}, Status.FAILED, "backup.state_failed"),
        ({"StartedAt": None}, Status.FAILED, "backup.state_failed"),
        ({"Stopped": True, "StopExitCode": 0}, Status.FAILED, "backup.state_stopped"),
        ({"Stopped": True, "StopExitCode": -3}, Status.FAILED, "backup.state_not_stopped"),
        ({"LastSuccessAt": "2025-02-27T01:05:00.0000000Z"}, Status.FINDING, "backup.state_unconfirmed"),
        ({"LastSuccessAt": None}, Status.FINDING, "backup.state_unconfirmed"),
        ({"LastSuccessAt": "2025-03-06T10:36:00Z"}, Status.SUCCEEDED, "backup.state_ok"),  # its start, in whole minutes
        ({"LastSuccessAt": "2025-03-06T10:30:00Z"}, Status.FINDING, "backup.state_unconfirmed"),
    ],
)
def test_wbadmin_and_windows_own_summary_have_to_agree(
    changes: dict[str, Any], status: Status, key: str, said: Said
) -> None:
    verdict = said("backup-system-state", **changes)
    assert (verdict.status, keys(verdict)) == (status, [key])


@pytest.mark.parametrize(
    ("changes", "status", "found"),
    [
        ({}, Status.FINDING, ["backup.vss_ok", "backup.vss_replay"]),
        ({"EsentutlText": ["State: Clean Shutdown"]}, Status.SUCCEEDED, ["backup.vss_ok"]),
        ({"Deleted": False}, Status.FINDING, ["backup.vss_ok", "backup.vss_left", "backup.vss_replay"]),
        ({"Exposed": False, "DiskshadowExitCode": 1, "Manifest": None}, Status.FAILED, ["backup.vss_failed"]),
        ({"RobocopyExitCode": 8, "Manifest": None}, Status.FAILED, ["steps.backup_robocopy"]),
        ({"Manifest": None, "Fault": FAULT}, Status.FAILED, ["steps.backup_not_copied"]),
        (
            {"Manifest": None, "Fault": FAULT, "Deleted": False},
            Status.FAILED,
            ["steps.backup_not_copied", "backup.vss_left"],
        ),
        ({"Refused": "space"}, Status.FAILED, ["steps.backup_refused_space"]),
    ],
)
def test_a_shadow_copy_and_what_it_leaves(
    changes: dict[str, Any], status: Status, found: list[str], said: Said
) -> None:
    verdict = said("backup-vss", **changes)
    assert (verdict.status, keys(verdict)) == (status, found)


def test_the_copy_that_was_just_made_has_to_be_good(said: Said, recorded: Recorded) -> None:
    made = {"backup-folder": {"destination": "D:\\B\\20250306T110500Z", "manifest": "D:\\B\\20250306T110500Z.json"}}
    assert said("backup-copies", made).status is Status.SUCCEEDED
    rows = (recorded("backup-copies", "backup-nominal").out or [{}])[0]["Copies"]
    broken = [*rows[:-1], rows[-1] | {"Files": rows[-1]["Files"][:2]}]
    verdict = said("backup-copies", made, Copies=broken)
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["backup.copies_new_bad"])
    verdict = said("backup-copies", made, Copies=rows[:-1])
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["backup.copies_new_gone"])
    gone = {"Copies": [], "Reachable": False}
    verdict = said("backup-copies", made, **gone)
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["backup.copies_new_gone"])
    verdict = said("backup-copies", made, **gone, FreeBytes=None)
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["backup.copies_unreachable"])


def test_no_copy_at_all_is_a_finding_before_the_first_one(said: Said) -> None:
    verdict = said("backup-copies", Copies=[], Reachable=False)
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["backup.copies_none"])
    assert verdict.told["newest_good"] is None and verdict.told["to_remove"] == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"Reachable": False, "RobocopyExitCode": None}, "backup.second_unreachable"),
        ({"RobocopyExitCode": 16, "Fault": FAULT, "ManifestCopied": False}, "backup.second_lost"),
        ({"Fault": FAULT, "ManifestCopied": False}, "backup.second_lost"),
        (
            {"Fault": FAULT | {"FullyQualifiedErrorId": "NoSecondPlace"}, "ManifestCopied": False},
            "backup.second_misplaced",
        ),
        ({"Faulty": ["TLSLic.edb"], "ManifestCopied": False}, "backup.second_differs"),
        ({"ManifestCopied": False}, "backup.second_differs"),
    ],
)
def test_a_second_place_that_fails_leaves_the_first_alone(changes: dict[str, Any], key: str, said: Said) -> None:
    verdict = said("backup-second-copy", **changes)
    assert (verdict.status, keys(verdict)) == (Status.FAILED, [key])


def row(name: str, **changes: Any) -> dict[str, Any]:
    return {"Name": name, "Refused": None, "Removed": True, "Fault": None} | changes


@pytest.mark.parametrize(
    ("rows", "status", "key"),
    [
        ([row("20250213T020500Z")], Status.SUCCEEDED, "backup.retention_ok"),
        ([], Status.SUCCEEDED, "backup.retention_none"),
        ([row("20250213T020500Z", Removed=False, Refused="absent")], Status.SUCCEEDED, "backup.retention_none"),
        ([row("20250306T110500Z", Removed=False, Refused="newest")], Status.FAILED, "backup.retention_left"),
        ([row("20250213T020500Z", Removed=False, Fault=FAULT)], Status.FAILED, "backup.retention_left"),
    ],
)
def test_what_retention_says(rows: list[dict[str, Any]], status: Status, key: str, said: Said) -> None:
    verdict = said("backup-retention", Removed=rows)
    assert (verdict.status, keys(verdict)) == (status, [key])


FOLDER = {"destination": "D:\\B\\1", "manifest": "D:\\B\\1.json", "files": 4, "bytes": 9, "seconds_stopped": 4.8}


@pytest.mark.parametrize(
    ("status", "expected", "last"),
    [
        ({"backup-folder": Status.WAITING}, Status.WAITING, "backup.report_nothing"),
        ({"backup-folder": Status.FAILED}, Status.FINDING, "backup.report_failed_unseen"),
        (
            {"backup-folder": Status.UNKNOWN, "backup-copies": Status.FINDING},
            Status.FINDING,
            "backup.report_failed_none",
        ),
        (
            {"backup-plan": Status.FAILED, "backup-folder": Status.NOT_REACHED},
            Status.FINDING,
            "backup.report_failed_unseen",
        ),
        ({"backup-folder": Status.SUCCEEDED}, Status.FINDING, "backup.report_one_place"),
        (
            {"backup-folder": Status.SUCCEEDED, "backup-second-copy": Status.SUCCEEDED},
            Status.FINDING,
            "backup.report_no_state",
        ),
        (
            {
                "backup-folder": Status.ALREADY_DONE,
                "backup-second-copy": Status.ALREADY_DONE,
                "backup-system-state": Status.SUCCEEDED,
            },
            Status.SUCCEEDED,
            "backup.report_cannot",
        ),
    ],
)
def test_what_the_backup_is_worth(status: dict[str, Status], expected: Status, last: str, make_context: Make) -> None:
    facts = {"backup-folder": FOLDER, "backup-inventory": {"unissued": 7}}
    verdict = doing("backup-report").local(make_context(case=CASE, told=facts, status=status))
    assert (verdict.status, keys(verdict)[-1]) == (expected, last)
    if verdict.told["made"]:
        assert verdict.told["unissued"] == 7
        assert "backup.report_stopped" in keys(verdict)


@pytest.mark.parametrize(
    ("step", "applied", "facts", "key"),
    [
        ("backup-system-state", set(), {}, "backup.not_asked"),
        ("backup-system-state", {"backup-system-state"}, {}, None),
        ("backup-vss", set(), {}, "backup.not_asked"),
        ("backup-folder", set(), {}, None),
        ("backup-folder", {"backup-vss"}, {}, "backup.skip_shadow"),
        ("backup-folder", {"backup-vss", "backup-folder"}, {}, None),
        ("backup-second-copy", {"backup-second-copy"}, {}, "backup.skip_no_copy"),
        ("backup-second-copy", {"backup-second-copy"}, {"newest_whole": "x"}, None),
        ("backup-retention", {"backup-retention"}, {}, "backup.skip_nothing_old"),
        ("backup-retention", {"backup-retention"}, {"to_remove": ["x"]}, None),
        ("backup-retention", set(), {"to_remove": ["x"]}, "backup.not_asked"),
    ],
)
def test_what_need_not_be_done(
    step: str, applied: set[str], facts: dict[str, Any], key: str | None, make_context: Make
) -> None:
    context = make_context(step, case=CASE, applied=frozenset(applied), told={"backup-copies": facts})
    verdict = doing(step).needless(context)
    assert (keys(verdict) if verdict else None) == ([key] if key else None)


def test_the_row_without_limit_holds_no_cal(said: Said, recorded: Recorded) -> None:
    answer = recorded("backup-inventory", "backup-nominal").out
    assert [row["TotalLicenses"] for row in answer[0]["KeyPacks"]] == [4294967295, 20, 20]
    told = said("backup-inventory").facts
    assert isinstance(told, Inventory) and told.rows
    assert ([row.total for row in told.rows], told.total) == ([20, 20], 40)


def test_without_a_target_or_a_second_place_in_the_case_nothing_is_tried(make_context: Make) -> None:
    for step, key in (
        ("backup-system-state", "backup.skip_no_target"),
        ("backup-second-copy", "backup.skip_no_second"),
    ):
        verdict = doing(step).needless(make_context(step, applied=frozenset({step})))
        assert verdict is not None and keys(verdict) == [key]


def test_what_the_scripts_are_given(make_context: Make) -> None:
    seen = {"backup-copies": {"destination": "D:\\B", "carry": "C", "newest_whole": "W", "to_remove": ["a", "b"]}}
    given = {
        step: doing(step).given(make_context(step, case=CASE, told=seen))
        for step in ("backup-second-copy", "backup-retention", "backup-system-state", "backup-vss")
    }
    assert given["backup-second-copy"]["Source"] == "D:\\B\\C"
    assert given["backup-retention"] == {"Destination": "D:\\B", "Newest": "W", "Names": ["a", "b"]}
    assert given["backup-system-state"]["LimitMinutes"] == 120
    assert set(given["backup-vss"]) == {"Destination", "LogPath"}


@pytest.mark.parametrize(("code", "full"), [("0x00000070", True), ("0x00000027", True), ("0x00000020", False)])
def test_a_full_disk_is_read_from_robocopys_log(code: str, full: bool, make_context: Make) -> None:
    log = make_context("backup-folder").step_folder / LOG
    log.parent.mkdir(parents=True)
    log.write_bytes(f"2025/03/06 ERROR ({code}) Copying File C:\\x\\TLSLic.edb\r\n".encode("utf-16"))
    assert (robocopy_fault(9, log).key == "steps.backup_disk_full") is full
