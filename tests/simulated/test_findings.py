"""Every fault that was found before these tests is held by one of them, and findings.yml says by which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runbook.words.sentences import data_root

from .scenario import all_scenarios

ROOT = data_root()
HELD: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "findings.yml").read_text(encoding="utf-8"))
SCENARIOS = {scenario.id: str(scenario.said.get("finding")) for scenario in all_scenarios()}
#: By running, by reading, where 5.1 and 7 differ.
NUMBERED = [f"{kind}{n}" for kind, count in (("R", 36), ("P", 36), ("F", 14)) for n in range(1, count + 1)]


def is_there(where: str) -> bool:
    """Whether a test, a scenario or a page's text that findings.yml names exists."""
    if "::" in where:
        path, _, test = where.partition("::")
        return re.search(rf"(?m)^\s*def {test}\(", (ROOT / path).read_text(encoding="utf-8")) is not None
    if ": " in where:
        page, _, text = where.partition(": ")
        return all(text in (ROOT / "docs" / lang / page).read_text(encoding="utf-8") for lang in ("fr", "en"))
    return where in SCENARIOS


@pytest.mark.parametrize("finding", NUMBERED)
def test_a_finding_is_held(finding: str) -> None:
    missing = [where for where in HELD.get(finding, []) if not is_there(where)]
    assert not missing
    assert finding in HELD or finding in SCENARIOS.values()


def test_no_finding_is_unknown() -> None:
    assert HELD.keys() | {*SCENARIOS.values()} - {"None"} == {*NUMBERED}
