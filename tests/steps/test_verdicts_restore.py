"""The restore drill: the copy, the server, and when only the telephone is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_steps
from runbook.steps.registry import doing
from runbook.words import sentences

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
HERE = {"computer": "RDLIC01", "system": "10.0.20348", "installed": "2025-03-04T08:00:00+00:00"}


def keys(verdict: Verdict) -> list[str]:
    return [line.key for line in verdict.lines]


def seen(recorded: Recorded, make_context: Make, **changes: Any) -> Verdict:
    return doing("restore-copies").judge(make_context(), recorded("restore-copies", "restore-nominal", **changes))


@pytest.mark.parametrize(
    ("changes", "status", "found"),
    [
        ({}, Status.SUCCEEDED, ["restore.newest_good"]),
        ({"Reachable": False, "Copies": [], "FreeBytes": None}, Status.FAILED, ["restore.unreachable"]),
        ({"Reachable": False, "Copies": []}, Status.FAILED, ["restore.none"]),
        ({"Copies": []}, Status.FAILED, ["restore.none"]),
        ({"Versions": []}, Status.FINDING, ["restore.newest_good", "restore.no_state"]),
        ({"CollectedAt": "2025-03-31T00:00:00Z"}, Status.FINDING, ["restore.newest_good", "restore.old"]),
    ],
)
def test_the_copy(
    changes: dict[str, Any], status: Status, found: list[str], recorded: Recorded, make_context: Make
) -> None:
    verdict = seen(recorded, make_context, **changes)
    assert (verdict.status, keys(verdict)) == (status, found)


def test_the_newest_version_is_named_whatever_the_order(recorded: Recorded, make_context: Make) -> None:
    rows = (recorded("restore-copies", "restore-nominal").out or [{}])[0]["Versions"]
    for order in (rows, rows[::-1]):
        assert seen(recorded, make_context, Versions=order).told["versions"][-1] == "03/06/2025-10:40"


@pytest.mark.parametrize(
    ("there", "status", "match"),
    [
        ({}, Status.SUCCEEDED, "same"),
        ({"computer": "rdlic01"}, Status.SUCCEEDED, "same"),
        ({"computer": "OLD1"}, Status.FINDING, "server"),
        ({"system": "10.0.26100"}, Status.FINDING, "system"),
        ({"installed": "2025-02-01T08:00:00+00:00"}, Status.FINDING, "system"),
        ({"installed": None}, Status.FINDING, "system"),
        ({"system": None}, Status.NOT_JUDGED, None),
        ({"installed": "2025-03-04T09:00:00+00:00"}, Status.SUCCEEDED, "same"),  # daylight saving time
    ],
)
def test_the_server(there: dict[str, Any], status: Status, match: str, make_context: Make) -> None:
    facts = {"restore-copies": {"here": HERE, "there": HERE | there}}
    verdict = doing("restore-server").local(make_context(told=facts))
    assert (verdict.status, verdict.told["match"]) == (status, match)


def test_a_copy_without_a_manifest_is_of_unknown_origin(make_context: Make) -> None:
    verdict = doing("restore-server").local(make_context(told={"restore-copies": {"here": HERE, "there": None}}))
    assert verdict.status is Status.NOT_JUDGED


@pytest.mark.parametrize(
    ("usable", "match", "last", "telephone"),
    [
        ("20250306T110500Z", "same", "restore.no_telephone", False),
        ("20250306T110500Z", "system", "restore.telephone_system", True),
        ("20250306T110500Z", "server", "restore.telephone_server", True),
        ("20250306T110500Z", None, "restore.telephone_unknown", True),
        (None, None, "restore.telephone_no_copy", True),
        (None, "same", "restore.telephone_no_copy", True),
    ],
)
def test_the_telephone_is_said_plainly(
    usable: str | None, match: str | None, last: str, telephone: bool, make_context: Make
) -> None:
    facts = {
        "restore-copies": {"usable": usable, "destination": "D:\\B", "versions": ["v"], "database_path": "C:\\x"},
        "restore-server": {"match": match},
    }
    verdict = doing("restore-steps").local(make_context(told=facts, status={"restore-copies": Status.SUCCEEDED}))
    assert keys(verdict)[-1] == last
    assert verdict.told["telephone"] is telephone
    assert (verdict.status is Status.FINDING) is telephone
    for lang in sentences.LANGS:
        said = [sentences.sentence(line.key, lang, line.fields) for line in verdict.lines]
        plainly = {"fr": "TÉLÉPHONE", "en": "TELEPHONE"}[lang]
        assert any(sentence.startswith(plainly) for sentence in said) is telephone


def test_without_a_system_state_its_steps_are_left_out(make_context: Make) -> None:
    def numbered(versions: list[str]) -> list[str]:
        facts = {
            "restore-copies": {"usable": "x", "destination": "D:\\B", "versions": versions},
            "restore-server": {"match": "same"},
        }
        verdict = doing("restore-steps").local(make_context(told=facts, status={"restore-copies": Status.SUCCEEDED}))
        return [str(line.fields["what"]) for line in verdict.lines if line.key == "restore.step"]

    assert "restore.do_state_start" in numbered(["v"]) and len(numbered(["v"])) == 10
    assert "restore.do_state_start" not in numbered([]) and len(numbered([])) == 8


def test_the_parameter_goes_before_the_case(make_context: Make) -> None:
    given = doing("restore-copies").given(make_context(parameters={"destination": "E:\\Here"}))
    assert given == {"Destination": "E:\\Here"}
    assert doing("restore-copies").given(make_context())["Destination"] == "D:\\Backups"


def test_the_drill_changes_nothing_and_reads_no_secret() -> None:
    """No step of the notebook is a change; no script of it names a registry hive, LSA, or a command that writes."""
    steps = [reference.step(step) for step in notebook_steps("restore")]
    assert {step.kind for step in steps} <= {"check", "local"}
    text = "\n".join(reference.script(step.id) for step in steps if step.script).lower()
    for word in ("reg.exe", "reg save", "reg export", "lsa", "hklm:\\security", "hklm:\\sam", "secretsdump"):
        assert word not in text, word
    script = (Path(sentences.data_root()) / "notebooks" / "steps" / "backup-copies.ps1").read_text(encoding="utf-8")
    body = reference.pasted(script).replace("Set-StrictMode", "")
    for word in ("Set-", "Remove-", "Copy-", "Move-", "Stop-", "Start-", "New-Item", "Out-File", "robocopy", "Add-"):
        assert word not in body, word
