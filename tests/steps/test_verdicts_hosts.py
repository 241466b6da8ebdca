"""Session hosts: judged one by one, told together."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook.files import listed
from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.all_hosts import winning_object
from runbook.steps.answer_shape import one
from runbook.steps.host_state import HostsAnswer
from runbook.steps.registry import doing
from runbook.words.sentences import data_root

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
Confirm = Callable[..., dict[str, Any]]
Keys = Callable[[Verdict], list[str]]

GONE = {
    "FullyQualifiedErrorId": "NetworkPathNotFound,PSSessionStateBroken",
    "Category": "OpenError",
    "HResult": "0x80131500",
    "Message": "REHEARSAL",
}
NO_REPORT = {"XmlExitCode": 0, "HtmlExitCode": 1, "XmlFile": None, "HtmlFile": None}


@pytest.fixture
def hosts(recorded: Recorded) -> Callable[..., Answer]:
    """``hosts({...}, {...}, ...)``: one good host for each set of changes to its reading (None: unreachable)."""
    good = recorded("hosts-verify").out
    assert good is not None

    def answer(*changes: dict[str, Any] | None, local: bool = False) -> Answer:
        out = []
        for number, change in enumerate(changes, 1):
            host = copy.deepcopy(good[0]["Hosts"][0])
            host |= {"Name": f"RDSH{number:02d}.corp.example", "Local": local}
            if change is None:
                host |= {"Reached": False, "Reading": None, "Fault": GONE}
            else:
                status = change.pop("status", None)
                host["Reading"] |= change
                if status is not None:
                    host["Reading"]["Connectivity"][0]["Status"] = status
            out.append(host)
        return recorded("hosts-verify", Hosts=out)

    return answer


Hosts = Callable[..., Answer]


def test_good_hosts(make_context: Make, hosts: Hosts, keys: Keys) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"status": 11}, {}))
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["hosts_verified"])
    assert doing("hosts-policy").judge(make_context(), hosts({}, {})).status is Status.SUCCEEDED


def test_the_link_to_a_2008_r2_server_is_looked_at_twice_on_a_newer_host(
    make_context: Make, hosts: Hosts, keys: Keys
) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"status": 9}))
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["hosts_old_link"])
    verdict = doing("hosts-verify").judge(make_context(), hosts({"status": 9, "OsBuild": 7601}))
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["hosts_verified"])


def test_a_broker_that_rules_is_named(make_context: Make, hosts: Hosts) -> None:
    for policy, central, by in ((1, True, "policy"), (0, True, "broker"), (0, False, "server"), (0, None, "server")):
        change = {"PolicySourceLicensingType": policy, "CentralLicensing": central}
        verdict = doing("hosts-verify").judge(make_context(), hosts(change))
        assert [row["set_by"] for row in verdict.table] == [f"steps.set_by_{by}"]


def test_an_answer_that_cannot_be_read_costs_its_host_alone(make_context: Make, hosts: Hosts) -> None:
    verdict = doing("hosts-policy").judge(make_context(), hosts({"OsBuild": "20348"}, {}))
    assert (verdict.told["unreachable"], verdict.told["right"]) == (["RDSH01.corp.example"], ["RDSH02.corp.example"])
    assert verdict.told["hosts"]["RDSH01.corp.example"]["fault"] == "failed_there"


def test_the_report_of_a_host_whose_name_is_no_folder_s(tmp_path: Path, hosts: Hosts) -> None:
    """hosts.ps1 puts an underscore where a folder's name cannot have what stands there."""
    answer = one(HostsAnswer, hosts({"GpResult": {**NO_REPORT, "XmlFile": "gpresult.xml"}}).out or []).hosts[0]
    report = next(data_root().glob("notebooks/rehearsals/hosts-nominal/steps/*/files/*/gpresult.xml"))
    named = {}
    for name, folder in (("2001:db8::10", "2001_db8__10"), ("hôte1", "hôte1")):
        (tmp_path / folder).mkdir()
        shutil.copy(report, tmp_path / folder)
        named[name] = winning_object(tmp_path, answer.model_copy(update={"name": name}))
    assert len({*named.values()}) == 1 and named["hôte1"]


def test_who_sets_a_host_is_not_guessed(make_context: Make, hosts: Hosts) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"PolicySourceLicensingType": None}))
    assert [row["set_by"] for row in verdict.table] == [""]
    assert [seen["set_by_policy"] for seen in verdict.told["hosts"].values()] == [None]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"LicensingType": 2}, "mode_wrong"),
    ({"LicensingType": 6}, "mode_wrong"),
    ({"LicensingType": 5}, "mode_missing"),
    ({"SpecifiedServers": ["OLD1.corp.example"]}, "dead_server"),
    ({"SpecifiedServers": ["old1"]}, "dead_server"),
    ({"SpecifiedServers": ["RDLIC01.corp.example", "OLD2"]}, "dead_server"),
    ({"SpecifiedServers": ["OTHER.corp.example"]}, "other_server"),
    ({"SpecifiedServers": []}, "no_server"),
    ({"TerminalServerMode": 0}, "not_session_host"),
    ({"PartOfDomain": False}, "workgroup"),
    ({"OsBuild": 26100}, "too_new"),
]


@pytest.mark.parametrize(("change", "trouble"), WRONG)
def test_a_wrong_host_is_a_finding_before_and_a_failure_after(
    change: dict[str, Any], trouble: str, make_context: Make, hosts: Hosts, keys: Keys
) -> None:
    before = doing("hosts-policy").judge(make_context(), hosts({}, dict(change)))
    assert before.status is Status.FINDING and keys(before) == [f"hosts_{trouble}"]
    assert before.lines[0].fields == {"count": 1, "hosts": "RDSH02.corp.example"}
    after = doing("hosts-verify").judge(make_context(), hosts({}, dict(change)))
    assert after.status is Status.FAILED and keys(after) == [f"hosts_{trouble}"]
    assert after.told["wrong"] == ["RDSH02.corp.example"]
    assert after.table[0]["host"] == "RDSH02.corp.example"


def test_a_list_that_could_not_be_read_is_no_empty_one(make_context: Make, hosts: Hosts, keys: Keys) -> None:
    """The call was refused: "no license server specified" would send a person to set what may well be set."""
    unread = {"SpecifiedServers": None}
    before = doing("hosts-policy").judge(make_context(), hosts({}, dict(unread)))
    assert before.status is Status.FINDING and keys(before) == ["hosts_servers_unread"]
    after = doing("hosts-verify").judge(make_context(), hosts({}, dict(unread)))
    assert after.status is Status.NOT_JUDGED and keys(after) == ["hosts_servers_unread", "hosts_run_locally"]
    assert (after.told["wrong"], after.told["not_judged"]) == ([], ["RDSH02.corp.example"])
    assert after.table[0]["servers"] == "?"


@pytest.mark.parametrize(
    ("versions", "fits"), [(["2019", "2025"], True), (["2025"], True), (["2019", "2022"], False), (["2022"], False)]
)
def test_a_host_is_too_new_only_where_no_pack_covers_it(
    versions: list[str], fits: bool, make_context: Make, hosts: Hosts
) -> None:
    case = {"packs": [{"count": 20, "version": version} for version in versions]}
    verdict = doing("hosts-verify").judge(make_context(case=case), hosts({"OsBuild": 26100}))
    assert (verdict.status is Status.SUCCEEDED) == fits


def test_names_are_compared_as_names(make_context: Make, hosts: Hosts) -> None:
    for name in ("rdlic01", "RDLIC01.CORP.EXAMPLE", "rdlic01.corp.example."):
        same = hosts({"SpecifiedServers": [name]})
        assert doing("hosts-verify").judge(make_context(), same).status is Status.SUCCEEDED
    other = hosts({"SpecifiedServers": ["RDLIC01.other.example"]})
    assert doing("hosts-verify").judge(make_context(), other).status is Status.FAILED


def test_no_days_of_grace_are_no_fault(make_context: Make, hosts: Hosts) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"GraceDays": 0}))
    assert verdict.status is Status.SUCCEEDED and verdict.table[0]["grace_days"] == 0


def test_per_device_cals_want_per_device_hosts(make_context: Make, hosts: Hosts) -> None:
    case = {"packs": [{"count": 20, "type": "device"}]}
    device = hosts({"LicensingType": 2, "PartOfDomain": False})
    assert doing("hosts-verify").judge(make_context(case=case), device).status is Status.SUCCEEDED
    assert doing("hosts-verify").judge(make_context(case=case), hosts({})).status is Status.FAILED


@pytest.mark.parametrize("status", [6, 8])
def test_6_and_8_through_remoting_prove_nothing(status: int, make_context: Make, hosts: Hosts, keys: Keys) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"status": status}, {}))
    assert (verdict.status, keys(verdict)) == (Status.NOT_JUDGED, ["hosts_not_judged", "hosts_run_locally"])
    assert verdict.told["not_judged"] == ["RDSH01.corp.example"] and verdict.hints
    local = doing("hosts-verify").judge(make_context(), hosts({"status": status}, local=True))
    assert local.status is Status.FAILED and keys(local) == ["hosts_connectivity"]


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5, 7, 10])
def test_other_statuses_are_no_answer_to_live_with(status: int, make_context: Make, hosts: Hosts, keys: Keys) -> None:
    verdict = doing("hosts-verify").judge(make_context(), hosts({"status": status}))
    assert (verdict.status, keys(verdict)) == (Status.FAILED, ["hosts_connectivity"])


def test_connectivity_is_not_asked_of_hosts_policy(make_context: Make, hosts: Hosts) -> None:
    assert doing("hosts-policy").judge(make_context(), hosts({"status": 6})).status is Status.SUCCEEDED


def test_an_unreachable_host_is_named(make_context: Make, hosts: Hosts, keys: Keys) -> None:
    before = doing("hosts-policy").judge(make_context(), hosts({}, None))
    assert (before.status, keys(before)) == (Status.FINDING, ["remoting.hosts_name_not_found"])
    after = doing("hosts-verify").judge(make_context(), hosts({}, None))
    assert after.status is Status.FAILED and after.lines[0].fields["hosts"] == "RDSH02.corp.example"
    assert after.table[0]["connectivity"] == "remoting.name_not_found"


def brought(context: Context, *files: bytes) -> Context:
    """``files`` attached to hosts-verify."""
    folder = context.case_folder / "attachments" / "hosts-verify"
    folder.mkdir(parents=True)
    for number, content in enumerate(files, 1):
        (folder / f"{number:02}-host.json").write_bytes(content)
    attached = [listed(path, context.case_folder) for path in sorted(folder.iterdir())]
    return replace(context, confirms={"hosts-verify": [{"attachments": attached}]})


def test_a_host_read_on_the_spot_replaces_the_remote_answer(make_context: Make, hosts: Hosts) -> None:
    context = make_context()
    local = hosts({}, {}, local=True).out
    assert local is not None
    local[0]["Hosts"] = local[0]["Hosts"][1:]
    local[0]["Hosts"][0]["Name"] = "RDSH02"
    context = brought(context, b"\xef\xbb\xbf" + json.dumps(local).encode(), b'{"not": "a reading"}', b"{")
    for change in (None, {"status": 8}):
        verdict = doing("hosts-verify").judge(context, hosts({}, change))
        assert verdict.status is Status.SUCCEEDED
        assert verdict.told["hosts"]["RDSH02.corp.example"]["local"]


def test_of_two_readings_made_on_the_spot_the_newer_counts(make_context: Make, hosts: Hosts) -> None:
    outs = [
        hosts({"CollectedAt": f"2024-01-0{day}T00:00:00Z", "LicensingType": mode}, local=True).out
        for day, mode in ((2, 4), (1, 2))
    ]
    context = brought(make_context(), *(json.dumps(out).encode() for out in outs))
    assert doing("hosts-verify").judge(context, hosts(None)).status is Status.SUCCEEDED


def test_a_thousand_hosts_are_sorted_by_trouble_and_the_sentence_stays_short(make_context: Make, hosts: Hosts) -> None:
    changes: list[dict[str, Any] | None] = [{} if n % 10 else {"LicensingType": 2} for n in range(999)]
    verdict = doing("hosts-verify").judge(make_context(), hosts(*changes, None))
    assert len(verdict.table) == 1000 and verdict.table[0]["trouble"] == "steps.trouble_unreachable"
    assert [row["trouble"] for row in verdict.table[1:101]] == ["steps.trouble_mode_wrong"] * 100
    assert verdict.lines[1].fields["count"] == 100 and len(verdict.lines[1].fields["hosts"]) < 400


def test_a_case_without_hosts_skips_before_any_script(make_context: Make) -> None:
    """With no names the scripts read the machine they run on: the license server, which is no session host."""
    nobody = make_context(case={"session_hosts": {}})
    for step in ("hosts-policy", "hosts-verify", "gpupdate"):
        verdict = doing(step).needless(nobody)
        assert verdict is not None and verdict.status is Status.SKIPPED
        assert doing(step).needless(make_context()) is None
    assert doing("hosts-configure").manual(nobody, []).status is Status.SKIPPED


def test_inputs_name_the_hosts_and_the_server(make_context: Make) -> None:
    given = doing("hosts-verify").given(make_context("hosts-verify"))
    assert given["ComputerNames"] == ["RDSH01.corp.example", "RDSH02.corp.example"]
    assert (given["ExpectedServer"], given["ThrottleLimit"]) == ("RDLIC01.corp.example", 32)


# -- gpupdate


def refreshed(number: int, reached: bool = True, code: int | None = 0) -> dict[str, Any]:
    return {
        "Name": f"RDSH{number:02d}.corp.example",
        "Local": False,
        "Reached": reached,
        "ExitCode": code,
        "Seconds": 1.5,
        "Text": [],
        "Fault": None if reached else GONE,
    }


@pytest.mark.parametrize(
    ("rows", "status", "expected"),
    [
        ([refreshed(1), refreshed(2)], Status.SUCCEEDED, ["gpupdate_done"]),
        ([refreshed(1), refreshed(2, False, None)], Status.FINDING, ["gpupdate_done", "gpupdate_not_reached"]),
        ([refreshed(1), refreshed(2, code=1)], Status.FINDING, ["gpupdate_done", "gpupdate_failed"]),
        ([refreshed(1, False, None)], Status.FAILED, ["gpupdate_not_reached"]),
    ],
)
def test_gpupdate_host_by_host(
    rows: list[dict[str, Any]],
    status: Status,
    expected: list[str],
    make_context: Make,
    recorded: Recorded,
    keys: Keys,
) -> None:
    verdict = doing("gpupdate").judge(make_context(), recorded("gpupdate", Hosts=rows))
    assert (verdict.status, keys(verdict)) == (status, expected)


# -- what people do


def test_configuring_waits_by_policy_or_by_broker(make_context: Make, keys: Keys) -> None:
    verdict = doing("hosts-configure").manual(make_context(), [])
    assert keys(verdict) == ["configure_later", "configure_gpo"]
    assert verdict.lines[1].fields["pilot"] == "RDSH01.corp.example"
    broker = {"session_hosts": {"names": ["A"], "managed_by": "broker", "broker": "RDCB01"}}
    verdict = doing("hosts-configure").manual(make_context(case=broker), [])
    assert keys(verdict) == ["configure_later", "configure_broker"]
    assert verdict.lines[1].fields["broker"] == "RDCB01"


def test_configuring_is_not_needed_where_every_host_is_right(make_context: Make) -> None:
    right = {"hosts-policy": {"count": 2, "right": ["A", "B"]}}
    assert doing("hosts-configure").manual(make_context(told=right), []).status is Status.ALREADY_DONE
    partly = {"hosts-policy": {"count": 2, "right": ["A"]}}
    assert doing("hosts-configure").manual(make_context(told=partly), []).status is Status.WAITING


@pytest.mark.parametrize(("way", "name"), [("gpo", "gpo"), ("broker", "broker")])
def test_configured_says_what_and_by_whom(
    way: str, name: str, make_context: Make, confirm: Confirm, keys: Keys
) -> None:
    verdict = doing("hosts-configure").manual(make_context(), [confirm(way=way, **{name: "X"}, edited_by="B")])
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, [f"configured_{way}"])
    verdict = doing("hosts-configure").manual(make_context(), [confirm(way=way)])
    assert (verdict.status, keys(verdict)) == (Status.WAITING, [f"configure_which_{way}"])


LOGON = {
    "user_is_no_administrator": True,
    "host": "RDSH01",
    "opened": True,
    "diagnoser_seen": True,
    "diagnoser_says": "R",
}


@pytest.mark.parametrize(
    ("change", "status", "key"),
    [
        ({}, Status.SUCCEEDED, "logon_done"),
        ({"user_is_no_administrator": False}, Status.WAITING, "logon_administrator"),
        ({"opened": False}, Status.FAILED, "logon_refused"),
        ({"diagnoser_seen": False}, Status.WAITING, "logon_diagnoser"),
    ],
)
def test_logon(
    change: dict[str, Any], status: Status, key: str, make_context: Make, confirm: Confirm, keys: Keys
) -> None:
    verdict = doing("test-logon").manual(make_context(), [confirm(**(LOGON | change))])
    assert (verdict.status, keys(verdict)) == (status, [key])
    assert keys(doing("test-logon").manual(make_context(), [])) == ["logon_waiting"]
    nowhere = doing("test-logon").manual(make_context(case={"session_hosts": {}}), [])
    assert keys(nowhere) == ["logon_waiting_unnamed"], "no host is named: no gap where its name would be"
