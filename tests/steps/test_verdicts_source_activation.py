"""Source and activation: what a person states, and what the server bears out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context, private_file
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.registry import doing

Make = Callable[..., Context]
Confirm = Callable[..., dict[str, Any]]
Keys = Callable[[Verdict], list[str]]

LOST = {"state": "lost", "reason": "REHEARSAL", "no_longer_serves": True, "approved_by": "A", "ticket": "C-1"}
SERVER_ID = "REHEARSALONLYLICENSESERVERID00SRV01"


def test_nothing_said_waits(make_context: Make, keys: Keys) -> None:
    verdict = doing("source-lost").manual(make_context(), [])
    assert verdict.status is Status.WAITING and "OLD1.corp.example" in verdict.lines[0].fields["servers"]


def test_lost_and_stated_and_approved(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("source-lost").manual(make_context(), [confirm(**LOST)])
    assert verdict.status is Status.SUCCEEDED and keys(verdict) == ["source_lost", "source_approved"]
    assert verdict.told["ticket"] == "C-1"


@pytest.mark.parametrize(("state", "key"), [("alive", "source_alive"), ("restorable", "source_restorable")])
def test_a_source_that_can_come_back_ends_the_case(
    state: str, key: str, make_context: Make, confirm: Confirm, keys: Keys
) -> None:
    verdict = doing("source-lost").manual(make_context(), [confirm(**(LOST | {"state": state}))])
    assert (verdict.status, keys(verdict)) == (Status.FAILED, [key])


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"no_longer_serves": False}, "source_missing_statement"),
        ({"no_longer_serves": None}, "source_missing_statement"),
        ({"reason": " "}, "source_missing_reason"),
        ({"state": "unsure"}, "source_missing_state"),
    ],
)
def test_what_is_missing_is_asked_for(
    change: dict[str, Any], key: str, make_context: Make, confirm: Confirm, keys: Keys
) -> None:
    verdict = doing("source-lost").manual(make_context(), [confirm(**(LOST | change))])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, [key])


def test_the_case_file_may_name_who_approved(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    said = LOST | {"approved_by": "", "ticket": ""}
    assert doing("source-lost").manual(make_context(), [confirm(**said)]).told["approved_by"] == "A. Approver"
    nobody = make_context(case={"approval": {}})
    assert keys(doing("source-lost").manual(nobody, [confirm(**said)])) == ["source_missing_approval"]


def test_the_last_word_counts(make_context: Make, confirm: Confirm) -> None:
    entries = [confirm(1, **(LOST | {"state": "alive"})), confirm(2, **LOST)]
    assert doing("source-lost").manual(make_context(), entries).status is Status.SUCCEEDED


# -- activation

NOT_YET = {"license-server": {"activation_status": 1, "product_id": "…PID01", "license_server_id": ""}}
DONE = {"license-server": {"activation_status": 0, "license_server_id": "…SRV01"}}


def test_an_activated_server_needs_nothing(make_context: Make) -> None:
    assert doing("activate").manual(make_context(told=DONE), []).status is Status.ALREADY_DONE


@pytest.mark.parametrize("method", ["telephone", "automatic", "web"])
def test_what_to_do_depends_on_the_way(method: str, make_context: Make, keys: Keys) -> None:
    context = make_context(case={"clearinghouse": {"method": method}}, told=NOT_YET)
    verdict = doing("activate").manual(context, [])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, [f"activate_{method}"])
    if method != "automatic":
        assert verdict.lines[0].fields["product"] == "…PID01"


def test_confirmed_and_borne_out(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    entry = confirm(method="telephone", license_server_id="…SRV01")
    verdict = doing("activate").manual(make_context(told=DONE), [entry])
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["activate_done"])


def test_confirmed_but_the_server_says_no(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("activate").manual(
        make_context(told=NOT_YET), [confirm(method="telephone", license_server_id="…SRV01")]
    )
    assert verdict.status is Status.WAITING and keys(verdict)[0] == "activate_unproven"


def _kept(context: Context, step: str, **fields: Any) -> None:
    path = private_file(context.case_folder, step, 1)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(fields), encoding="utf-8")


def test_the_private_identifier_is_compared_and_never_shown(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    entry = confirm(method="telephone", license_server_id="…SRV02")
    context = make_context(told=DONE, confirms={"activate": [entry]})
    _kept(context, "activate", license_server_id=SERVER_ID[:-1] + "2")
    verdict = doing("activate").manual(context, [entry])
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["activate_other_id", "activate_correct"])
    assert SERVER_ID[:20] not in repr(verdict)


def test_an_identifier_of_the_wrong_length_is_asked_for_again(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    entry = confirm(method="telephone", license_server_id="…SRV01")
    context = make_context(told=NOT_YET, confirms={"activate": [entry]})
    _kept(context, "activate", license_server_id=SERVER_ID[1:])
    assert keys(doing("activate").manual(context, [entry])) == ["activate_bad_id"]


def test_the_script_gets_the_identifier_in_full(make_context: Make, confirm: Confirm) -> None:
    context = make_context(confirms={"activate": [confirm()]})
    _kept(context, "activate", license_server_id="rehea-rsalo-nlyli-cense-serve-rid00-srv01")
    assert doing("activate").given(context) == {"Way": "telephone", "LicenseServerId": SERVER_ID}


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({"Already": True, "ReturnValue": None}, Status.ALREADY_DONE, "activate_already"),
        (
            {"Already": False, "Before": 2, "After": 2, "ReturnValue": None, "Fault": None},
            Status.WAITING,
            "license_server_unknown",
        ),
        ({"Already": False, "ReturnValue": 0, "After": 0, "Fault": None}, Status.SUCCEEDED, "activate_done"),
        ({"Already": False, "ReturnValue": 0, "After": 1}, Status.FAILED, "activate_not_borne_out"),
        ({"Already": False, "ReturnValue": 0x80041008, "After": 1}, Status.FAILED, "activate_refused"),
        ({"Already": False, "ReturnValue": 0x80041008, "After": 0}, Status.FINDING, "activate_code_and_done"),
        (
            {"Already": False, "ReturnValue": 1, "After": 1, "Contacts": [{"Name": "FirstName", "Filled": False}]},
            Status.FAILED,
            "activate_contacts",
        ),
    ],
)
def test_the_wmi_method(
    changes: dict[str, Any],
    status: Status,
    key: str,
    make_context: Make,
    recorded: Callable[..., Answer],
    keys: Keys,
) -> None:
    verdict = doing("activate").judge(make_context(), recorded("activate", **changes))
    more = ["activate_read_back"] if key == "activate_refused" else []
    assert (verdict.status, keys(verdict)) == (status, [key, *more])
    if key == "activate_refused":
        assert verdict.lines[0].fields["code"] == "0x80041008" and verdict.hints
