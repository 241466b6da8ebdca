"""Installing, counting before and after, migration events."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Line, Status, Verdict
from runbook.papers.reckoning import Row
from runbook.steps import key_packs
from runbook.steps.registry import doing
from runbook.words.sentences import sentence

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
Confirm = Callable[..., dict[str, Any]]
Keys = Callable[[Verdict], list[str]]


def row(number: int, total: int, kind: int = 2, product: int = 1, version: int = 7, issued: int = 0) -> dict[str, Any]:
    return {
        "KeyPackId": number,
        "Description": "REHEARSAL",
        "KeyPackType": kind,
        "ProductType": product,
        "ProductVersion": "REHEARSAL",
        "ProductVersionID": version,
        "TotalLicenses": total,
        "IssuedLicenses": issued,
        "AvailableLicenses": 0,
        "ExpirationAt": None,
        "AccessRights": None,
        "TypeAndModel": "REHEARSAL",
    }


@pytest.fixture
def count(make_context: Make, recorded: Recorded) -> Callable[..., Verdict]:
    """``count(after, before=[...], **case)``: the verdict of key-packs-after."""

    def judged(after: list[dict[str, Any]], before: list[dict[str, Any]] | None = None, **fields: Any) -> Verdict:
        first = doing("key-packs-before")
        told = first.judge(make_context("key-packs-before", **fields), _answer(recorded, before or [])).told
        context = make_context("key-packs-after", told={"key-packs-before": told}, **fields)
        return doing("key-packs-after").judge(context, _answer(recorded, after))

    return judged


def _answer(recorded: Recorded, rows: list[dict[str, Any]]) -> Answer:
    template = recorded("key-packs-after")
    assert template.out is not None
    names = template.out[0]["KeyPacks"][0].keys()
    return recorded("key-packs-after", KeyPacks=[{name: _value(r, name) for name in names} for r in rows])


def said(line: Line) -> str:
    return sentence(line.key, "en", line.fields)


def _value(record: dict[str, Any], name: str) -> Any:
    """The recording's own spelling of a name (ProductVersionId, ProductVersionID) decides."""
    return next(value for key, value in record.items() if key.lower() == name.lower())


Count = Callable[..., Verdict]


@pytest.mark.parametrize(
    "after",
    [
        [row(2, 20), row(3, 20)],
        [row(2, 40)],
        [row(2, 20, kind=1), row(3, 20, kind=5)],
        [row(1, 0, product=3), row(2, 40)],
    ],
    ids=["two of 20", "one of 40", "retail and open", "built-in beside"],
)
def test_the_numbers_agree_however_many_packs(after: list[dict[str, Any]], count: Count, keys: Keys) -> None:
    verdict = count(after)
    assert verdict.status is Status.SUCCEEDED and keys(verdict) == ["key_packs_equal", "key_packs_counted"]
    assert (verdict.told["counted_before"], verdict.told["counted_after"], verdict.told["gained"]) == (0, 40, 40)


def test_only_the_difference_counts(count: Count) -> None:
    verdict = count([row(1, 10), row(2, 20), row(3, 20)], before=[row(1, 10)])
    assert verdict.status is Status.FINDING and verdict.told["counted_before"] == 10
    assert verdict.lines[0].key == "steps.key_packs_beyond" and verdict.told["beyond"] == 10, "50 held, 40 owned"


def test_what_was_there_is_part_of_what_is_owned(count: Count, keys: Keys) -> None:
    """20 there and 20 issued are the 40 that are owned; 20 there and 40 issued are 20 too many."""
    assert keys(count([row(1, 20), row(2, 20)], before=[row(1, 20)]))[0] == "key_packs_complete"
    assert keys(count([row(1, 20), row(2, 10)], before=[row(1, 20)]))[0] == "key_packs_fewer"
    assert count([row(1, 20), row(2, 20)], before=[row(1, 20)], case={"packs": [{"count": 20}]}).told["beyond"] == 20


def test_a_pack_that_grew_and_one_that_vanished(count: Count) -> None:
    assert count([row(1, 40)], before=[row(1, 10)]).status is Status.SUCCEEDED
    verdict = count([row(2, 40)], before=[row(1, 10)])
    assert verdict.status is Status.SUCCEEDED and verdict.told["gained"] == 30, "held is what counts"


@pytest.mark.parametrize(
    ("after", "key"),
    [
        ([row(2, 20)], "key_packs_fewer"),
        ([], "key_packs_fewer"),
        ([row(2, 20), row(3, 40)], "key_packs_more"),
        ([row(2, 20, version=6), row(3, 20, version=6)], "key_packs_wrong"),
        ([row(2, 40, product=0)], "key_packs_wrong"),
        ([row(2, 20), row(3, 20, version=8)], "key_packs_wrong"),
    ],
    ids=["20 of 40", "none", "too many", "2019 instead", "per device", "half 2025"],
)
def test_the_numbers_do_not_agree(after: list[dict[str, Any]], key: str, count: Count, keys: Keys) -> None:
    verdict = count(after)
    assert verdict.status is Status.FAILED and keys(verdict)[0] == key and verdict.hints


def test_wrong_rows_are_named(count: Count) -> None:
    verdict = count([row(7, 40, version=6)])
    told = sentence(verdict.lines[0].key, "en", verdict.lines[0].fields)
    assert "in their place: 40\u00a0× Windows Server 2019 per user." in told and verdict.told["other_rows"] == [7]


@pytest.mark.parametrize("kind", [0, 3, 4, 6])
def test_doubtful_types_go_to_review_and_are_never_dropped(kind: int, count: Count, keys: Keys) -> None:
    verdict = count([row(2, 20), row(3, 20, kind=kind)])
    assert verdict.status is Status.FINDING and keys(verdict)[0] == "key_packs_to_review"
    assert verdict.told["counted_rows"] == [2] and verdict.told["review_rows"] == [3]
    beside = count([row(2, 40), row(3, 9, kind=kind)])
    assert beside.status is Status.FINDING and keys(beside) == [
        "key_packs_equal",
        "key_packs_counted",
        "key_packs_review",
    ]
    short = count([row(2, 20), row(3, 5, kind=kind)])
    assert short.status is Status.FAILED and "key_packs_review" in keys(short)


def test_the_split_between_versions_matters(count: Count, keys: Keys) -> None:
    case = {"packs": [{"count": 20, "version": "2022"}, {"count": 20, "version": "2019"}]}
    assert count([row(1, 20), row(2, 20, version=6)], case=case).status is Status.SUCCEEDED
    verdict = count([row(1, 30), row(2, 10, version=6)], case=case)
    assert keys(verdict)[:3] == ["key_packs_mixed", "key_packs_lacking", "key_packs_surplus"]
    assert [said(line) for line in verdict.lines[1:3]] == [
        "Missing: 10\u00a0× Windows Server 2019 per user.",
        "Too many: 10\u00a0× Windows Server 2022 per user.",
    ]


BOTH: dict[str, Any] = {"packs": [{"count": 20}, {"count": 20, "type": "device"}]}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row(1, 40)], ["key_packs_mixed", "key_packs_lacking", "key_packs_surplus"]),
        ([row(1, 60)], ["key_packs_mixed", "key_packs_lacking", "key_packs_surplus"]),
        ([row(1, 20)], ["key_packs_fewer", "key_packs_lacking"]),
        ([row(1, 20), row(2, 20, product=0, kind=4)], ["key_packs_to_review"]),
        ([row(1, 20, kind=4), row(2, 20, kind=4)], ["key_packs_fewer", "key_packs_lacking"]),
        ([row(1, 30), row(2, 20, product=0)], ["key_packs_more", "key_packs_surplus"]),
    ],
    ids=["40 of one", "60 of one", "one missing", "one to review", "review of the wrong type", "10 more of one"],
)
def test_a_type_never_stands_in_for_the_other(
    rows: list[dict[str, Any]], told: list[str], count: Count, keys: Keys
) -> None:
    assert keys(count(rows, case=BOTH))[: len(told)] == told


def test_each_type_is_issued_from_its_own(count: Count, keys: Keys) -> None:
    """30 users on 20 CALs are ten too many, however many CALs of machines are free."""
    verdict = count([row(1, 20, issued=30), row(2, 20, product=0)], case=BOTH)
    assert keys(verdict)[-2:] == ["key_packs_overused", "key_packs_overused_of"] and verdict.status is Status.FINDING
    assert said(verdict.lines[-1]) == "Issued, of this version or a newer one: 30\u00a0× Windows Server 2022 per user."
    assert "key_packs_overused" not in keys(count([row(1, 20, issued=20), row(2, 20, product=0)], case=BOTH))


def test_what_is_over_used_takes_no_free_one_from_another_pack(make_context: Make, recorded: Recorded) -> None:
    verdict = doing("backup-inventory").judge(make_context(), _answer(recorded, [row(1, 20, issued=30), row(2, 20)]))
    assert verdict.told["unissued"] == 20


def test_more_issued_than_owned_is_told(count: Count, keys: Keys) -> None:
    verdict = count([row(2, 40, issued=30), row(3, 0, kind=4, issued=15)])
    assert "key_packs_overused" in keys(verdict) and verdict.status is Status.FINDING and verdict.told["issued"] == 45


def test_no_reading_from_before_is_not_judged(make_context: Make, recorded: Recorded) -> None:
    assert doing("key-packs-after").judge(make_context(), recorded("key-packs-after")).status is Status.NOT_JUDGED


def test_nothing_before_is_what_the_case_repairs(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = doing("key-packs-before").judge(make_context(), recorded("key-packs-before"))
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["key_packs_none"])


def test_key_packs_that_cannot_be_read_fail(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    fault = {
        "FullyQualifiedErrorId": "HRESULT 0x80041010,X",
        "Category": "NotSpecified",
        "HResult": "0x80131500",
        "Message": "REHEARSAL",
    }
    verdict = doing("key-packs-before").judge(make_context(), recorded("key-packs-before", KeyPacks=[], Fault=fault))
    assert keys(verdict) == ["key_packs_fault"] and verdict.lines[0].fields["code"] == "0x80041010"


rows = st.lists(
    st.builds(
        lambda i, t, k, p, v: Row(id=i, total=t, type=k, product_type=p, version_id=v, issued=0),
        st.integers(1, 9),
        st.integers(0, 50),
        st.integers(0, 6),
        st.integers(0, 3),
        st.integers(2, 8),
    ),
    max_size=8,
    unique_by=lambda r: (r.id, r.product_type, r.version_id, r.type),
)


@given(before=rows, after=rows)
def test_every_row_is_in_exactly_one_place(before: list[Row], after: list[Row]) -> None:
    kinds = {(1, 7): 40}
    found = key_packs.compare(before, after, kinds)
    assert sum(change.after for change in found.changes) == sum(r.total for r in after)
    assert sum(change.before for change in found.changes) == sum(r.total for r in before)
    ours = [r for r in after if (r.product_type, r.version_id) == (1, 7) and r.type in (1, 2, 5)]
    assert found.after == sum(r.total for r in ours)


# -- the way


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("wizard-migrate", Status.SUCCEEDED),
        ("wizard-install", Status.SUCCEEDED),
        ("automatic", Status.SUCCEEDED),
        ("cim", Status.FINDING),
        ("", Status.WAITING),
    ],
)
def test_the_record_says_which_way(way: str, status: Status, make_context: Make, confirm: Confirm) -> None:
    verdict = doing("install-packs").manual(make_context(), [confirm(way=way)])
    assert verdict.status is status and verdict.told["documented_way"] is (way != "cim")


def test_waiting_names_the_packs_to_enter(make_context: Make, confirm: Confirm) -> None:
    entry = confirm(result="issued", packs=[{"id": "…PACK1", "count": 40}])
    for wizard in ("migrate", "install"):
        case = {"clearinghouse": {"wizard": wizard}}
        context = make_context(case=case, confirms={"clearinghouse": [entry]})
        line = doing("install-packs").manual(context, []).lines[0]
        assert line.key == f"steps.install_waiting_{wizard}" and line.fields["packs"] == "…PACK1"


def test_a_refused_id_has_its_code_and_a_hint(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = doing("install-packs").judge(make_context(), recorded("install-packs", rehearsal="key-pack-refused"))
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["install_in", "install_refused"])
    assert verdict.lines[1].fields == {"id": "…PACK2", "code": "0x80041008"} and "E03" in verdict.hints
    assert [r["state"] for r in verdict.table] == ["steps.state_installed", "steps.state_failed"]


def test_a_signed_code_reads_the_same(make_context: Make, recorded: Recorded) -> None:
    packs = [{"Tail": "PACK1", "ReturnValue": -2147217400, "KeyPackId": None, "Fault": None}]
    verdict = doing("install-packs").judge(make_context(), recorded("install-packs", Packs=packs))
    assert verdict.lines[0].fields["code"] == "0x80041008"


def test_the_wmi_way_is_never_more_than_a_finding(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = doing("install-packs").judge(make_context(), recorded("install-packs"))
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["install_cim"]) and not verdict.told["documented_way"]
    nothing = doing("install-packs").judge(make_context(), recorded("install-packs", Packs=[]))
    assert (nothing.status, keys(nothing)) == (Status.FAILED, ["install_nothing"])


# -- events

LICENSING = "Microsoft-Windows-TerminalServices-Licensing"


def event(number: int, channel: str = "System", provider: str = LICENSING) -> dict[str, Any]:
    return {
        "Id": number,
        "Provider": provider,
        "Channel": channel,
        "RecordId": number,
        "At": "2024-01-10T10:00:00Z",
        "Level": 4,
        "Properties": [],
        "Message": None,
    }


@pytest.mark.parametrize(
    ("events", "status", "expected"),
    [
        ([], Status.SUCCEEDED, ["events_none"]),
        ([event(93), event(93)], Status.SUCCEEDED, ["event_93"]),
        ([event(26), event(92)], Status.FINDING, ["event_26", "event_92"]),
        ([event(90)], Status.FINDING, ["event_90"]),
        ([event(93, channel=f"{LICENSING}/Operational")], Status.SUCCEEDED, ["events_none"]),
        ([event(93, provider="Another")], Status.SUCCEEDED, ["events_none"]),
    ],
    ids=["none", "93 twice", "26", "90", "ambiguous channel", "another provider"],
)
def test_migration_events(
    events: list[dict[str, Any]],
    status: Status,
    expected: list[str],
    make_context: Make,
    recorded: Recorded,
    keys: Keys,
) -> None:
    verdict = doing("migration-events").judge(make_context(), recorded("migration-events", Events=events))
    assert (verdict.status, keys(verdict)) == (status, expected)


def failed_search(channel: str) -> dict[str, Any]:
    fault = {"FullyQualifiedErrorId": "Unauthorized", "Category": "", "HResult": "0x80070005", "Message": "denied"}
    return {"Channel": channel, "Missing": False, "NoMatch": False, "Fault": fault}


def test_none_is_said_only_of_logs_that_were_read(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    searches = [failed_search("System")]
    ambiguous = [event(93, channel=f"{LICENSING}/Admin")]
    verdict = doing("migration-events").judge(
        make_context(), recorded("migration-events", Events=ambiguous, Searches=searches)
    )
    assert (verdict.status, keys(verdict)) == (Status.NOT_JUDGED, ["events_unread"])
    verdict = doing("migration-events").judge(
        make_context(), recorded("migration-events", Events=[event(93)], Searches=searches)
    )
    assert keys(verdict) == ["event_93", "events_unread"], "what was not read is told beside what was"


def test_since_is_the_incident_or_the_first_reading(make_context: Make) -> None:
    begins = dt.datetime(2024, 1, 5).astimezone(dt.UTC)
    assert doing("migration-events").given(make_context())["Since"].startswith(f"{begins:%Y-%m-%dT%H:%M:%S}")
    facts = {"key-packs-before": {"collected_at": "2024-01-09T08:00:00+00:00"}}
    since = doing("migration-events").given(make_context(case={"incident": {}}, told=facts))["Since"]
    assert since == "2024-01-09T08:00:00+00:00"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="a process has the time zone of its Windows")
@pytest.mark.parametrize(
    ("zone", "since"), [("Pacific/Auckland", "2024-01-04T11:00"), ("America/New_York", "2024-01-05T05:00")]
)
def test_the_day_of_the_incident_begins_where_the_server_is(
    make_context: Make, monkeypatch: pytest.MonkeyPatch, zone: str, since: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert doing("migration-events").given(make_context())["Since"].startswith(since)
    finally:
        monkeypatch.undo()
        time.tzset()
