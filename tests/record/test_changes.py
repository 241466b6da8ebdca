"""The record's table of changes: what a program did is seen, what a person did is said, nothing else stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.journal.story import Story, tell
from runbook.knowledge import reference
from runbook.record.changes import Change, changes


def story(*entries: dict[str, Any], case: dict[str, Any] | None = None) -> Story:
    opened = {"event": "open", "run": "r01", "t": "2024-01-15T08:00:00.000Z", "operator": "admin@rdls-neuf"}
    lines = [{"n": n, **entry} for n, entry in enumerate((opened, *entries), 1)]
    return tell(Path("nowhere"), case or {"license_server": {"name": "rdls-neuf"}}, lines)


def begin(step: str, kind: str = "change", at: str = "2024-01-15T09:00:00.000Z") -> dict[str, Any]:
    return {"event": "begin", "run": "r01", "step": step, "kind": kind, "t": at}


def end(step: str, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {"event": "end", "run": "r01", "step": step, "status": status, "t": "2024-01-15T09:00:07.000Z", **more}


def confirm(step: str, at: str = "2024-01-15T10:00:00.000Z", **fields: Any) -> dict[str, Any]:
    return {"event": "confirm", "step": step, "who": "Hélène Exemplaire", "at": at, "t": at, "fields": fields}


def only(found: list[Change]) -> Change:
    assert len(found) == 1, found
    return found[0]


def test_what_a_script_did_is_seen_on_the_machine_that_answered() -> None:
    read = end("preflight", facts={"dns_name": "RDLIC01.corp.example"})
    change = only(changes(story(read, begin("backup"), end("backup")), "en"))
    assert (change.where, change.known, change.status) == ("RDLIC01.corp.example", "seen (run r01)", "succeeded")
    assert change.when == "2024-01-15\xa009:00:07\xa0UTC" and change.anchor == "step-backup"
    undo = reference.step("backup").undo
    assert undo is not None and change.undo == undo.en


def test_hosts_of_a_change_are_those_its_own_table_names() -> None:
    table = [{"host": "RDSH01", "state": "done"}, {"host": "RDSH02", "state": "done"}]
    assert only(changes(story(begin("gpupdate"), end("gpupdate", table=table)), "fr")).where == "RDSH01, RDSH02"
    table += [{"host": "RDSH03", "state": "steps.state_unreachable"}, {"host": "RDSH04", "state": "steps.state_failed"}]
    assert only(changes(story(begin("gpupdate"), end("gpupdate", table=table)), "fr")).where == "RDSH01, RDSH02"
    assert only(changes(story(begin("gpupdate"), end("gpupdate", table=table[2:])), "fr")).where == "–"


def test_a_change_whose_end_nobody_saw_says_so() -> None:
    change = only(changes(story(begin("backup")), "en"))
    assert change.status == "unknown" and "its end was not seen" in change.known


def test_a_change_that_a_later_run_settled_says_in_which() -> None:
    later = {**end("backup", "finding", of={"run": "r01", "n": 2}), "run": "r02"}
    opened = {"event": "open", "run": "r02", "t": "2024-01-16T08:00:00.000Z"}
    found = changes(story(begin("backup"), end("backup", "unknown"), opened, later), "en")
    assert only(found).known.startswith("begun; its end was not seen (run r01); settled in r02: ")
    other = {**later, "of": {"run": "r01", "n": 1}}
    assert "settled" not in only(changes(story(begin("backup"), end("backup", "unknown"), opened, other), "en")).known


@pytest.mark.parametrize("status", ["failed", "timed_out"])
def test_a_change_that_failed_was_tried_and_is_not_called_done(status: str) -> None:
    change = only(changes(story(begin("backup"), end("backup", status)), "en"))
    assert change.known.startswith("tried (run r01)") and change.status == status


@pytest.mark.parametrize("step", ["key-packs-after", "hosts-verify", "diagnose"])
def test_a_check_is_no_change(step: str) -> None:
    assert changes(story(begin(step, "check"), end(step)), "en") == []


def test_a_change_that_was_shown_and_not_made_is_none() -> None:
    assert changes(story(end("backup", "skipped")), "en") == []


def test_what_a_person_did_is_said_by_them() -> None:
    found = changes(story(confirm("install-packs", way="wizard-migrate")), "en")
    change = only(found)
    assert (change.known, change.status, change.where) == ("said by Hélène Exemplaire", "", "rdls-neuf")
    policy = only(changes(story(confirm("hosts-configure", way="gpo", gpo="RDS - Licensing")), "fr"))
    assert policy.where == "RDS - Licensing" and policy.known == "dit par Hélène Exemplaire"


def test_what_changes_nothing_is_not_a_change_though_confirmed() -> None:
    assert changes(story(confirm("clearinghouse"), confirm("test-logon"), confirm("source-lost")), "en") == []


def test_a_manual_step_that_ran_its_script_is_seen_too() -> None:
    found = changes(story(begin("install-packs", "manual"), end("install-packs")), "en")
    assert only(found).known == "seen (run r01)"


def test_changes_stand_in_the_order_of_time() -> None:
    told = confirm("activate", at="2024-01-15T08:30:00.000Z")
    found = changes(story(begin("backup"), end("backup"), told), "en")
    assert [change.known.split(" ")[0] for change in found] == ["said", "seen"]


def test_every_step_that_changes_something_has_a_way_back() -> None:
    for step in reference.steps():
        assert step.undo is not None or step.kind != "change", step.id
