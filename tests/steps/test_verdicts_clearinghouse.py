"""The Clearinghouse's contacts, and support's desk beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context, private_file
from runbook.journal.outcome import Status, Verdict
from runbook.steps.registry import doing

Make = Callable[..., Context]
Confirm = Callable[..., dict[str, Any]]
Keys = Callable[[Verdict], list[str]]

CALL = {"channel": "telephone", "reference": "REF-1", "agent": "REHEARSAL"}
TWO = [{"id": "…PACK1", "count": 20}, {"id": "…PACK2", "count": 20}]
FULL = "REHEARSALONLYKEYPACKNUMBER0000PACK1"


def issued(confirm: Confirm, packs: Any, n: int = 1, **more: Any) -> dict[str, Any]:
    return confirm(n, entry=n, **(CALL | {"result": "issued", "packs": packs} | more))


def test_no_contact_yet_waits_for_the_call(make_context: Make, keys: Keys) -> None:
    for method in ("telephone", "web", "automatic"):
        verdict = doing("clearinghouse").manual(make_context(case={"clearinghouse": {"method": method}}), [])
        assert (verdict.status, keys(verdict)) == (Status.WAITING, [f"clearinghouse_call_{method}"])


def test_issued_adds_up(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("clearinghouse").manual(make_context(), [issued(confirm, TWO)])
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["clearinghouse_issued"])
    assert verdict.told["issued"] == 40 and len(verdict.table) == 1


def test_one_pack_of_forty_is_as_good(make_context: Make, confirm: Confirm) -> None:
    verdict = doing("clearinghouse").manual(make_context(), [issued(confirm, [{"id": "…PCK40", "count": 40}])])
    assert verdict.status is Status.SUCCEEDED


@pytest.mark.parametrize(("count", "key"), [(20, "clearinghouse_fewer"), (41, "clearinghouse_more")])
def test_another_sum_is_a_finding(count: int, key: str, make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("clearinghouse").manual(make_context(), [issued(confirm, [{"id": "…PACK1", "count": count}])])
    assert (verdict.status, keys(verdict)) == (Status.FINDING, [key])


def test_two_contacts_add_up_and_a_pack_dictated_twice_counts_once(make_context: Make, confirm: Confirm) -> None:
    entries = [issued(confirm, TWO[:1]), issued(confirm, TWO, n=2)]
    verdict = doing("clearinghouse").manual(make_context(), entries)
    assert verdict.status is Status.SUCCEEDED and verdict.told["issued"] == 40 and verdict.told["contacts"] == 2


def test_packs_without_id_are_not_taken_for_one_another(make_context: Make, confirm: Confirm) -> None:
    packs = [{"id": "", "count": 20}, {"id": "", "count": 20}]
    assert doing("clearinghouse").manual(make_context(), [issued(confirm, packs)]).told["issued"] == 40


def test_only_the_automatic_way_does_without_an_id(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("clearinghouse").manual(make_context(), [issued(confirm, [], channel="automatic")])
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["clearinghouse_automatic"])
    verdict = doing("clearinghouse").manual(make_context(), [issued(confirm, [])])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, ["clearinghouse_no_id"])


@pytest.mark.parametrize("given", [FULL[:-1], FULL + "X", FULL[:-1] + "!"])
def test_an_id_that_is_none_is_asked_for_again(given: str, make_context: Make, confirm: Confirm, keys: Keys) -> None:
    entry = issued(confirm, [{"id": "…PACK1", "count": 40}])
    context = make_context(confirms={"clearinghouse": [entry]})
    path = private_file(context.case_folder, "clearinghouse", 1)
    path.parent.mkdir()
    path.write_text(json.dumps({"packs": [{"id": given, "count": 40}]}), encoding="utf-8")
    verdict = doing("clearinghouse").manual(context, [entry])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, ["clearinghouse_bad_id"])
    assert given not in repr(verdict)


def test_the_script_gets_each_id_once_cleaned(make_context: Make, confirm: Confirm) -> None:
    entries = [issued(confirm, TWO), issued(confirm, TWO, n=2)]
    context = make_context(confirms={"clearinghouse": entries})
    dictated = "rehea-rsalo nlyke–ypack\u00a0numbe r0000-pack1"
    for number in (1, 2):
        path = private_file(context.case_folder, "clearinghouse", number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"packs": [{"id": dictated, "count": 20}]}), encoding="utf-8")
    assert doing("install-packs").given(context) == {"LicenseKeyPackIds": [FULL]}


@pytest.mark.parametrize("result", ["not_found", "refused", "call_back", "recording"])
def test_a_contact_without_packs_waits(result: str, make_context: Make, confirm: Confirm, keys: Keys) -> None:
    entry = confirm(**(CALL | {"result": result}))
    verdict = doing("clearinghouse").manual(make_context(), [entry])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, [f"clearinghouse_{result}"])
    escalate = doing("escalate").manual(make_context(confirms={"clearinghouse": [entry]}), [])
    assert escalate.status is (Status.SKIPPED if result in ("call_back", "recording") else Status.WAITING)


def test_an_unclear_result_waits(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    assert keys(doing("clearinghouse").manual(make_context(), [confirm(result="maybe")])) == ["clearinghouse_unclear"]


def test_not_found_then_support_then_a_second_call(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    first = confirm(5, **(CALL | {"result": "not_found"}))
    ticket = confirm(8, ticket="T-1")
    context = make_context(confirms={"clearinghouse": [first], "escalate": [ticket]})
    assert doing("escalate").manual(context, [ticket]).status is Status.SUCCEEDED
    verdict = doing("clearinghouse").manual(context, [first])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, ["clearinghouse_again"])
    assert verdict.lines[0].fields == {"ticket": "T-1"}
    second = issued(confirm, TWO, n=9)
    verdict = doing("clearinghouse").manual(make_context(), [first, second])
    assert verdict.status is Status.SUCCEEDED and len(verdict.table) == 2


def test_not_found_again_after_the_ticket_asks_support_again(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    ticket = confirm(8, ticket="T-1")
    again = confirm(9, **(CALL | {"result": "not_found"}))
    context = make_context(confirms={"clearinghouse": [again], "escalate": [ticket]})
    assert keys(doing("escalate").manual(context, [ticket])) == ["escalate_again"]
    assert keys(doing("clearinghouse").manual(context, [again])) == ["clearinghouse_not_found"]


def test_missing_proofs_close_the_call_and_open_support(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    facts = {"proofs": {"missing": 1}}
    assert keys(doing("clearinghouse").manual(make_context(told=facts), [])) == ["clearinghouse_closed"]
    assert keys(doing("escalate").manual(make_context(told=facts), [])) == ["escalate_proofs"]
    ticket = confirm(3, ticket="T-1")
    answered = make_context(told=facts, confirms={"escalate": [ticket]})
    assert keys(doing("clearinghouse").manual(answered, [])) == ["clearinghouse_again"]


def test_support_is_not_needed_or_lacks_its_ticket(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    assert doing("escalate").manual(make_context(), []).status is Status.SKIPPED
    verdict = doing("escalate").manual(make_context(), [confirm(ticket="")])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, ["escalate_no_ticket"])
