"""What the line from a workstation refuses: told apart by ids and numbers, one sentence with the act that helps. The
faults are made by hand after PowerShell's and WinRM's own tables; none comes from a server."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.case.model import Case, draft_case
from runbook.host.remoting import Line as Session
from runbook.journal.outcome import Status, Verdict
from runbook.knowledge import reference
from runbook.steps import line
from runbook.words import sentences

IDS = [
    ("ComputerNotFound,PSSessionOpenFailed", "", "name_not_found", "E51"),
    ("CannotConnect,PSSessionOpenFailed", "", "winrm_off", "E41"),
    ("WinRMOperationTimeout,PSSessionOpenFailed", "", "timed_out", "E41"),
    ("RemoteConnectionDisallowed,PSSessionOpenFailed", "", "refused", "E41"),
    ("AccessDenied,PSSessionOpenFailed", "", "access_denied", "E47"),
    ("LogonFailure,PSSessionOpenFailed", "", "kerberos", "E48"),
    ("CannotUseIPAddress,PSSessionOpenFailed", "", "kerberos", "E48"),
    ("PSSessionOpenFailed", "errorcode 0x80090324 occurred while using Kerberos", "clock", "E48"),
    ("ServerNotTrusted,PSSessionOpenFailed", "", "not_trusted", "E49"),
    ("-2144108122,PSSessionOpenFailed", "", "quota", "E50"),
    ("ScriptsNotAllowed", "", "constrained", None),
    ("Whatever,PSSessionOpenFailed", "", "other", None),
]


def session(**said: Any) -> Session:
    here = {"ComputerName": "WS01", "UserName": "CORP\\u1", "PowerShellVersion": "5.1"}
    return Session.model_validate({"Server": "RDLIC02.corp.example", "Here": here, **said})


def there(**said: Any) -> dict[str, Any]:
    return {"ComputerName": "RDLIC02", "UserName": "CORP\\u1", "IsElevated": True, **said}


@pytest.mark.parametrize("lang", sentences.LANGS)
@pytest.mark.parametrize(("error_id", "message", "why", "row"), IDS)
def test_a_refusal_is_one_sentence_and_its_row(
    lang: str, error_id: str, message: str, why: str, row: str | None
) -> None:
    fault = {"FullyQualifiedErrorId": error_id, "HResult": "0x80131501", "Message": message}
    told = line.refusal(session(Fault=fault))
    assert told is not None
    assert told.key == f"remoting.line_{why}"
    text = sentences.sentence(told.key, lang, told.fields)
    assert "RDLIC02.corp.example" in text
    assert "{" not in text
    assert line.row(told) == ((row,) if row else ())
    if row:
        assert f"({row})" in text
        assert reference.problem(row).field == "remoting"


@pytest.mark.parametrize("lang", sentences.LANGS)
@pytest.mark.parametrize(
    ("error_id", "why"),
    [
        ("CannotConnect", "https_off"),
        ("LogonFailure", "https_unknown"),
        ("12175", "certificate"),
        ("AccessDenied", "access_denied"),
    ],
)
def test_over_tls_the_act_is_one_that_helps_there(lang: str, error_id: str, why: str) -> None:
    told = line.refusal(session(Https=True, Fault={"FullyQualifiedErrorId": f"{error_id},PSSessionOpenFailed"}))
    assert told is not None
    assert told.key == f"remoting.line_{why}"
    text = sentences.sentence(told.key, lang, told.fields)
    for word in ("Enable-PSRemoting", "Kerberos", "5985", "{"):
        assert word not in text


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("ws01.corp.example", {"Fault": {"FullyQualifiedErrorId": "AccessDenied,PSSessionOpenFailed"}}),
        ("alias.corp.example", {"There": there(ComputerName="WS01")}),
    ],
)
def test_the_workstation_is_no_server_to_itself(server: str, said: dict[str, Any]) -> None:
    told = line.refusal(session(**{**said, "Server": server}))
    assert told is not None
    assert told.key == "remoting.line_own"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"IsElevated": False}, "not_elevated"),
        ({"LanguageMode": "ConstrainedLanguage", "IsElevated": None}, "constrained"),
        ({"AtWork": ["rds-cal-runbook-change-1-2-3"]}, "at_work"),
        ({}, None),
    ],
)
def test_what_the_server_says_of_itself_stops_too(said: dict[str, Any], why: str | None) -> None:
    told = line.refusal(session(There=there(**said)))
    assert (told.key if told else None) == (f"remoting.line_{why}" if why else None)


def test_a_step_that_was_not_sent_failed_and_one_that_was_lost_is_told_so() -> None:
    fault = {"FullyQualifiedErrorId": "CannotConnect,PSSessionOpenFailed"}
    refused = line.stopped(session(Fault=fault), answered=False)
    assert refused is not None
    assert (refused.status, refused.hints) == (Status.FAILED, ("E41",))
    lost = line.stopped(session(Fault=fault, Started=True, There=there()), answered=False)
    assert lost is not None
    assert [each.key for each in lost.lines] == ["remoting.line_lost"]
    assert line.stopped(session(Started=True, Ended=True, There=there()), answered=True) is None


@pytest.fixture
def case() -> Case:
    return draft_case("c", "en", "RDLIC02.corp.example", "remoting")


def test_a_share_refused_through_the_server_is_no_proof_against_it(case: Case) -> None:
    step = reference.step("backup-second-copy")
    far = case.model_copy(update={"backup": case.backup.model_copy(update={"second_copy": "\\\\FILES01\\Backups"})})
    over = session(Started=True, Ended=True, There=there())
    told = list(line.noted(over, step, far, Verdict(Status.FAILED)))
    assert [each.key for each in told] == ["remoting.second_hop"]
    assert list(line.noted(over, step, far, Verdict(Status.SUCCEEDED))) == []


def test_both_ends_and_their_clocks_are_looked_at(case: Case) -> None:
    step = reference.step("preflight")
    over = session(Started=True, Ended=True, There=there(), ClockDifference=-95.2, Removed=False)
    keys = [each.key for each in line.noted(over, step, case, Verdict(Status.SUCCEEDED))]
    assert keys == ["remoting.both_ends", "remoting.clock_differs", "remoting.line_left"]
