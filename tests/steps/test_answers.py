"""Reading out.json: one object of the script's shape, or a reason why not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from runbook.steps.answer_shape import Fault
from runbook.steps.key_packs import KeyPacksAnswer
from runbook.steps.opening import ServiceAnswer
from runbook.steps.registry import read_answer

ROW = {
    "KeyPackId": 2,
    "Description": None,
    "KeyPackType": 2,
    "ProductType": 1,
    "ProductVersion": None,
    "ProductVersionId": 7,
    "TotalLicenses": 4294967295,
    "IssuedLicenses": 0,
    "AvailableLicenses": 20,
    "ExpirationAt": None,
    "AccessRights": None,
    "TypeAndModel": None,
}


def packs(**changed: Any) -> list[dict[str, Any]]:
    """An answer of key-packs.ps1 with one row, some of its fields changed."""
    return [{"CollectedAt": "2025-03-05T09:12:00.1234567Z", "KeyPacks": [ROW | changed], "Fault": None}]


def test_seven_digits_of_a_second_and_unsigned_numbers_are_read() -> None:
    answer = read_answer("key-packs", packs())
    assert isinstance(answer, KeyPacksAnswer)
    assert answer.collected_at.microsecond == 123456
    assert answer.key_packs[0].total_licenses == 4294967295


def test_a_product_version_that_nobody_documented_is_a_number_like_any_other() -> None:
    answer = read_answer("key-packs", packs(ProductVersionId=12))
    assert isinstance(answer, KeyPacksAnswer)
    assert answer.key_packs[0].product_version_id == 12


@pytest.mark.parametrize(
    "changed",
    [{"Surprise": 1}, {"TotalLicenses": "20"}, {"TotalLicenses": True}, {"TotalLicenses": {}}, {"KeyPackId": None}],
    ids=str,
)
def test_another_shape_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_answer("key-packs", packs(**changed))


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_answer("key-packs", [packs()[0] | {"CollectedAt": "2025-03-05T09:12:00"}])


@pytest.mark.parametrize("out", [[], packs() * 2], ids=["none", "two"])
def test_one_object_is_expected(out: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="≠ 1"):
        read_answer("key-packs", out)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ValidationError, match="StartMode"):
        read_answer("service", [{"Name": "TermServLicensing", "Present": False}])


def test_a_service_that_is_absent_is_an_answer() -> None:
    names = ("State", "StartMode", "StartName", "PathName", "ProcessId", "StartedAt", "ExitCode")
    answer = read_answer("service", [{"Name": "x", "Present": False} | dict.fromkeys(names)])
    assert isinstance(answer, ServiceAnswer)
    assert not answer.present


@pytest.mark.parametrize(
    ("error_id", "code", "kind"),
    [
        ("HRESULT 0x8004100e,Microsoft.X", "0x8004100E", "HRESULT 0x8004100e"),
        ("CannotConnect,PSSessionStateBroken", "0x80131501", "CannotConnect"),
        ("NoMatchingEventsFound,Microsoft.X", "0x80131501", "NoMatchingEventsFound"),
    ],
)
def test_a_fault_is_told_by_its_id(error_id: str, code: str, kind: str) -> None:
    fault = Fault(fully_qualified_error_id=error_id, category="OpenError", h_result="0x80131501", message="…")
    assert (fault.code, fault.kind) == (code, kind)
