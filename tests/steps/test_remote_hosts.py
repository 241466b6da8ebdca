"""Hosts that could not be asked, from recorded answers: told apart by the error's id, all in one table. The answers
are made by hand after PowerShell's own table of remoting errors; none comes from a server."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status
from runbook.steps.answer_shape import Fault
from runbook.steps.registry import doing
from runbook.steps.remoting import Unreached, why_unreached
from runbook.words import sentences

Make = Callable[..., Context]
Recorded = Callable[..., Answer]

IDS = [
    ("ComputerNotFound,PSSessionStateBroken", "name_not_found"),
    ("NetworkPathNotFound,PSSessionStateBroken", "name_not_found"),
    ("CannotConnectWinRMService,PSSessionStateBroken", "refused"),
    ("RemoteConnectionDisallowed,PSSessionStateBroken", "refused"),
    ("AccessDenied,PSSessionStateBroken", "access_denied"),
    ("LogonFailure,PSSessionStateBroken", "access_denied"),
    ("1312,PSSessionStateBroken", "access_denied"),
    ("CannotConnect,PSSessionStateBroken", "winrm_off"),
    ("WinRMOperationTimeout,PSSessionStateBroken", "timed_out"),
    ("-2144108503,PSSessionStateBroken", "timed_out"),
    ("PSSessionStateBroken", "other"),
    # the host answered, and the script failed on it; or nothing came back under its name
    ("HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", "failed_there"),
    ("PropertyNotFoundStrict", "failed_there"),
    ("System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand", "failed_there"),
    ("Accès…", "failed_there"),  # the script's own throw: its text is its id
    ("UnreadableReading", "failed_there"),
    ("NoAnswer", "no_answer"),
    ("", "other"),
]


def fault(error_id: str) -> dict[str, str]:
    return {"FullyQualifiedErrorId": error_id, "Category": "OpenError", "HResult": "0x80131501", "Message": "Accès…"}


@pytest.mark.parametrize(("error_id", "why"), IDS)
def test_the_id_says_why(error_id: str, why: str) -> None:
    assert why_unreached(Fault.model_validate(fault(error_id))) == why


def test_no_fault_is_no_reason() -> None:
    assert why_unreached(None) is Unreached.OTHER


@pytest.mark.parametrize("lang", sentences.LANGS)
@pytest.mark.parametrize("why", Unreached)
def test_every_reason_has_its_words(why: Unreached, lang: str) -> None:
    assert sentences.say(f"remoting.{why}", lang)
    assert "H1" in sentences.say(f"remoting.hosts_{why}", lang, count=1, hosts="H1")


def many(recorded: Recorded, broken: dict[int, str], count: int = 1000) -> Answer:
    """``count`` good hosts, those in ``broken`` with an error id instead of a reading."""
    good = recorded("hosts-verify").out
    assert good is not None
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row = copy.deepcopy(good[0]["Hosts"][0]) | {"Name": f"RDSH{number:04d}.corp.example", "Local": False}
        if number in broken:
            row |= {"Reached": False, "Reading": None, "Fault": fault(broken[number])}
        rows.append(row)
    return recorded("hosts-verify", Hosts=rows)


def test_a_thousand_hosts_seven_of_which_fail_in_five_ways(make_context: Make, recorded: Recorded) -> None:
    broken = {
        3: "ComputerNotFound,PSSessionStateBroken",
        77: "NetworkPathNotFound,PSSessionStateBroken",
        250: "CannotConnectWinRMService,PSSessionStateBroken",
        251: "AccessDenied,PSSessionStateBroken",
        500: "LogonFailure,PSSessionStateBroken",
        777: "CannotConnect,PSSessionStateBroken",
        999: "WinRMOperationTimeout,PSSessionStateBroken",
    }
    verdict = doing("hosts-verify").judge(make_context(), many(recorded, broken))
    assert verdict.status is Status.FAILED
    assert len(verdict.table) == 1000
    assert {str(row["host"])[4:8] for row in verdict.table[:7]} == {f"{n:04d}" for n in broken}
    told = {line.key: line.fields for line in verdict.lines}
    assert {key: fields["count"] for key, fields in told.items()} == {
        "remoting.hosts_name_not_found": 2,
        "remoting.hosts_refused": 1,
        "remoting.hosts_access_denied": 2,
        "remoting.hosts_winrm_off": 1,
        "remoting.hosts_timed_out": 1,
    }
    said = " ".join(sentences.sentence(line.key, "fr", line.fields) for line in verdict.lines)
    assert all(f"RDSH{number:04d}" in said for number in broken)
    assert {sentences.worded(row["connectivity"], "en") for row in verdict.table[:7]} == {
        "name not found", "connection refused", "access denied", "WinRM does not answer", "timed out",
    }  # fmt: skip


@pytest.mark.parametrize("status", [6, 8])
def test_the_second_hop_is_told_apart_from_a_refusal(status: int, make_context: Make, recorded: Recorded) -> None:
    """Three hosts with the same trouble: asked through remoting it is not judged, read on the spot it is a refusal,
    and a WinRM that lets nobody in is a third thing."""
    answer = many(recorded, {2: "AccessDenied,PSSessionStateBroken"}, count=3)
    assert answer.out is not None
    for row in answer.out[0]["Hosts"][:2]:
        row["Reading"]["Connectivity"][0] |= {"Status": status, "ReturnValue": 0}
    answer.out[0]["Hosts"][1]["Local"] = True
    verdict = doing("hosts-verify").judge(make_context(), answer)
    told = {line.key: line.fields["hosts"] for line in verdict.lines}
    assert told == {
        "remoting.hosts_access_denied": "RDSH0002.corp.example",
        "steps.hosts_connectivity": "RDSH0001.corp.example",
        "steps.hosts_not_judged": "RDSH0000.corp.example",
    }


def test_gpupdate_tells_the_same_reasons(make_context: Make, recorded: Recorded) -> None:
    rows = [
        {"Name": f"RDSH{n}", "Local": False, "Reached": False, "ExitCode": None, "Seconds": None, "Text": []}
        | {"Fault": fault(error_id)}
        for n, (error_id, _) in enumerate(IDS)
    ]
    verdict = doing("gpupdate").judge(make_context(), recorded("gpupdate", Hosts=rows))
    assert {str(row["host"]): row["state"] for row in verdict.table} == {
        f"RDSH{n}": "steps.state_unreachable" if why == "other" else f"remoting.{why}" for n, (_, why) in enumerate(IDS)
    }
    named = {line.fields.get("why", "remoting.other"): line.fields["hosts"] for line in verdict.lines}
    assert {why: named[f"remoting.{why}"] for _, why in IDS} == {
        why: ", ".join(f"RDSH{n}" for n, (_, each) in enumerate(IDS) if each == why) for _, why in IDS
    }, "a host that let nobody in was not unreachable"
