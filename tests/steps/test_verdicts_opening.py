"""The checks that open a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.registry import doing

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
Keys = Callable[[Verdict], list[str]]

FAULT = {
    "FullyQualifiedErrorId": "HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    "Category": "NotSpecified",
    "HResult": "0x80131500",
    "Message": "REHEARSAL",
}


def judge(step: str, context: Context, answer: Answer) -> Verdict:
    return doing(step).judge(context, answer)


# -- any script


def test_a_script_that_fails_is_told_with_its_own_words(make_context: Make, broken: Any, keys: Keys) -> None:
    verdict = judge("service", make_context(), broken("REHEARSAL: it broke"))
    assert verdict.status is Status.FAILED and keys(verdict) == ["script_failed"]
    assert verdict.lines[0].fields == {"code": 1, "error": "REHEARSAL: it broke"}


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("… + FullyQualifiedErrorId : UnauthorizedAccess,PSSecurityException", "signing_needed"),
        # powershell.exe -File: no type is named, and the narrow console breaks another word
        (
            "File C:\\x.ps1 cannot be loaded.\n    + CategoryInfo          : SecurityError: (:) [], "
            "ParentContainsErrorRecord\n   Exception\n    + FullyQualifiedErrorId : UnauthorizedAccess\n ",
            "signing_needed",
        ),
        ("    + FullyQualifiedErrorId : UnauthorizedAccess", "signing_needed"),
        ("CategoryInfo : SecurityError: (:) [], PSSecurityExc\n   eption", "signing_needed"),
        ("    + FullyQualifiedErrorId : UnauthorizedAccessException,Microsoft.X", "script_failed"),
        ("    + FullyQualifiedErrorId : UnauthorizedAccess\n   Exception,Microsoft.X", "script_failed"),
        ("LanguageMode: ConstrainedLanguage. The steps need FullLanguage.", "preflight_language_mode"),
    ],
)
def test_a_script_that_policy_does_not_let_run_is_explained(
    said: str, word: str, make_context: Make, broken: Any, keys: Keys
) -> None:
    verdict = judge("roles", make_context(), broken(said))
    assert keys(verdict) == [word] and verdict.status is Status.FAILED
    if word == "preflight_language_mode":
        assert verdict.lines[0].fields == {"mode": "ConstrainedLanguage"}


def test_an_end_without_a_result_is_no_success(make_context: Make, broken: Any, keys: Keys) -> None:
    assert keys(judge("roles", make_context(), broken(exit_code=0))) == ["script_silent"]


def test_a_result_of_another_shape_gives_no_facts(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    answer = recorded("service")
    assert answer.out is not None
    answer.out[0]["Surprise"] = 1
    verdict = judge("service", make_context(), answer)
    assert keys(verdict) == ["answer_unreadable"] and verdict.told == {}


# -- preflight


def test_not_elevated_is_caught_before_any_fact(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = judge("preflight", make_context(), recorded("preflight", IsElevated=False))
    assert verdict.status is Status.FAILED and keys(verdict) == ["preflight_not_elevated"]
    assert verdict.told == {}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"LanguageMode": "ConstrainedLanguage"}, "preflight_language_mode"),
        ({"Is64BitProcess": False}, "preflight_32_bit"),
        ({"PowerShellVersion": "4.0"}, "preflight_power_shell"),
        ({"ProductType": 1}, "preflight_client"),
        ({"OsBuild": 17763}, "preflight_too_old"),
        ({"PartOfDomain": False, "Domain": "WORKGROUP"}, "preflight_workgroup"),
    ],
)
def test_a_machine_that_cannot_do_it_fails(
    changes: dict[str, Any], key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = judge("preflight", make_context(), recorded("preflight", **changes))
    assert verdict.status is Status.FAILED and key in keys(verdict)


def test_cals_of_2022_live_on_2022_and_newer_only(make_context: Make, recorded: Recorded) -> None:
    for build, status in ((17763, Status.FAILED), (20348, Status.SUCCEEDED), (26100, Status.SUCCEEDED)):
        assert judge("preflight", make_context(), recorded("preflight", OsBuild=build)).status is status, build


@pytest.mark.parametrize("notebook", ["diagnose", "audit", "hosts"])
def test_a_workgroup_keeps_no_notebook_that_looks_from_reading_on(
    notebook: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    seen = recorded("preflight", PartOfDomain=False, Domain="WORKGROUP")
    verdict = judge("preflight", make_context(notebook=notebook), seen)
    assert verdict.status is Status.FINDING and verdict.hints == ("E33",)
    assert "preflight_workgroup" in keys(verdict)
    recovery = judge("preflight", make_context(notebook="migrate"), seen)
    assert recovery.status is Status.FAILED and recovery.hints == ("E33",)


def test_a_workgroup_will_do_for_per_device_cals(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    context = make_context(case={"packs": [{"count": 20, "type": "device"}]})
    verdict = judge("preflight", context, recorded("preflight", PartOfDomain=False, Domain="WORKGROUP"))
    assert verdict.status is Status.FINDING and "preflight_workgroup_device" in keys(verdict)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"DnsName": "OTHER.corp.example", "ComputerName": "OTHER"}, "preflight_other_server"),
        ({"Updates": [{"HotFixId": "KB1", "InstalledAt": "2024-06-30T00:00:00Z"}]}, "preflight_unpatched"),
        ({"TimeSource": {"ExitCode": 1, "Text": []}}, "preflight_time"),
        ({"ExecutionPolicies": [{"Scope": "MachinePolicy", "Policy": "AllSigned"}]}, "preflight_all_signed"),
    ],
)
def test_what_deserves_a_look_is_a_finding(
    changes: dict[str, Any], key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = judge("preflight", make_context(), recorded("preflight", **changes))
    assert verdict.status is Status.FINDING and key in keys(verdict)


# -- roles, service


@pytest.mark.parametrize("state", ["Available", "Removed", "InstallPending"])
def test_a_role_that_is_merely_available_is_missing(
    state: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    features = [
        {"Name": "RDS-Licensing", "InstallState": state},
        {"Name": "RDS-Licensing-UI", "InstallState": "Installed"},
    ]
    verdict = judge("roles", make_context(), recorded("roles", Features=features))
    assert verdict.status is Status.FAILED and keys(verdict) == ["roles_missing"] and verdict.hints
    assert verdict.told["installed"] is False


def test_missing_tools_are_a_finding(make_context: Make, recorded: Recorded) -> None:
    verdict = judge(
        "roles", make_context(), recorded("roles", Features=[{"Name": "RDS-Licensing", "InstallState": "Installed"}])
    )
    assert verdict.status is Status.FINDING and "RDS-Licensing-UI" in verdict.lines[0].fields["tools"]


def test_a_system_without_the_cmdlet_fails(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    assert keys(judge("roles", make_context(), recorded("roles", Fault=FAULT))) == ["roles_unknown"]


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({"Present": False}, Status.FAILED, "service_absent"),
        ({"State": "Stopped"}, Status.FAILED, "service_stopped"),
        ({"StartMode": "Manual"}, Status.FINDING, "service_not_automatic"),
    ],
)
def test_service(
    changes: dict[str, Any], status: Status, key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = judge("service", make_context(), recorded("service", **changes))
    assert (verdict.status, keys(verdict)) == (status, [key])
    # A service that does not run has no row of its own, and borrows none.
    assert bool(verdict.hints) == (key == "service_absent")


# -- network


def test_without_443_the_telephone_stays(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = judge("network", make_context(), recorded("network", rehearsal="no-route-443"))
    assert verdict.status is Status.FINDING and keys(verdict)[0] == "network_closed"
    assert verdict.told["methods"] == ["telephone", "web"] and verdict.hints
    asked = make_context(case={"clearinghouse": {"method": "automatic"}})
    assert "network_choose" in keys(judge("network", asked, recorded("network", rehearsal="no-route-443")))


def test_with_443_every_way_is_open(make_context: Make, recorded: Recorded) -> None:
    verdict = judge("network", make_context(), recorded("network"))
    assert verdict.status is Status.SUCCEEDED and "automatic" in verdict.told["methods"]


def test_no_host_in_the_registry_is_no_open_way(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    verdict = judge("network", make_context(), recorded("network", RegistryFound=False, Endpoints=[]))
    assert "network_no_registry" in keys(verdict) and "automatic" not in verdict.told["methods"]


# -- license server


def test_blank_properties_are_never_facts(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    answer = recorded("license-server", PropertiesEmpty=True, ActivationStatus=0)
    for facts, key in (
        ({}, "license_server_empty"),
        ({"preflight": {"elevated": True}}, "license_server_empty_elevated"),
    ):
        verdict = judge("license-server", make_context(told=facts), answer)
        assert (verdict.status, keys(verdict), verdict.told) == (Status.FAILED, [key], {})


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({"ActivationStatus": 0}, Status.SUCCEEDED, "license_server_ok"),
        ({"ActivationStatus": 1}, Status.FINDING, "license_server_not_activated"),
        ({"ActivationStatus": 2}, Status.FINDING, "license_server_unknown"),
        ({"ActivationStatus": None}, Status.FINDING, "license_server_unknown"),
        ({"Found": False}, Status.FAILED, "license_server_absent"),
        ({"Fault": FAULT}, Status.FAILED, "license_server_fault"),
    ],
)
def test_license_server(
    changes: dict[str, Any], status: Status, key: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    verdict = judge("license-server", make_context(), recorded("license-server", **changes))
    assert (verdict.status, keys(verdict)) == (status, [key])
    if key == "license_server_fault":
        assert verdict.lines[0].fields["code"] == "0x80041010" and verdict.hints


def test_identifiers_are_masked(make_context: Make, recorded: Recorded) -> None:
    facts = judge("license-server", make_context(), recorded("license-server")).told
    assert (
        facts["license_server_id"] == "…SRV01" and facts["product_id"].startswith("…") and len(facts["product_id"]) == 6
    )


# -- AD group


def call(method: str, value: bool | None) -> dict[str, Any]:
    return {"Method": method, "ReturnValue": 0 if value is not None else 5, "Value": value, "Fault": None}


@pytest.mark.parametrize(
    ("member", "on_dc", "status", "first"),
    [
        (True, False, Status.SUCCEEDED, "ad_group_ok"),
        (False, False, Status.FINDING, "ad_group_outside"),
        (None, False, Status.NOT_JUDGED, "ad_group_unknown"),
        (True, True, Status.FINDING, "ad_group_ok"),
    ],
)
def test_ad_group(
    member: bool | None, on_dc: bool, status: Status, first: str, make_context: Make, recorded: Recorded, keys: Keys
) -> None:
    answer = recorded("ad-group", Calls=[call("IsLSinTSLSGroup", member), call("IsLSonDC", on_dc)])
    verdict = judge("ad-group", make_context(), answer)
    assert verdict.status is status and keys(verdict)[0] == first
    assert ("ad_group_on_dc" in keys(verdict)) == on_dc
    if member is False:
        assert verdict.hints == ("E11",)
    if member is None:
        assert verdict.lines[0].fields["code"] == "0x00000005"


# -- logs


def test_a_channel_that_is_missing_is_named_and_no_failure(make_context: Make, recorded: Recorded) -> None:
    verdict = judge("export-logs", make_context(), recorded("export-logs", rehearsal="channel-missing"))
    assert verdict.status is Status.SUCCEEDED
    named = [line.fields["channel"] for line in verdict.lines if line.key == "steps.logs_missing"]
    assert named == ["Microsoft-Windows-TerminalServices-Licensing/Admin"] == verdict.told["missing"]


def test_a_log_that_could_not_be_exported_fails(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    answer = recorded("export-logs")
    assert answer.out is not None
    answer.out[0]["Exports"][0] |= {"ExitCode": 5, "Size": None}
    verdict = judge("export-logs", make_context(), answer)
    assert verdict.status is Status.FAILED and "logs_failed" in keys(verdict)


def test_inputs_are_values_in_the_step_s_own_folder(make_context: Make) -> None:
    context = make_context("export-logs")
    assert doing("export-logs").given(context) == {"Folder": str(context.step_folder / "files")}
