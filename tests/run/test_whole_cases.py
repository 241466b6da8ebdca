"""Every fault that whole cases showed is held by a test, and two more of its kind; whole_cases.yml says by which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runbook.words.sentences import data_root

HELD: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "whole_cases.yml").read_text(encoding="utf-8"))
#: Before anything is entered, from activation to the audit file, the notebooks around it.
NUMBERED = [f"{kind}{n}" for kind, count in (("P", 3), ("S", 16), ("H", 17)) for n in range(1, count + 1)]


@pytest.fixture(scope="module")
def cases() -> list[str]:
    """Each case of a test that pytest itself finds in the files that are named, as ``FILE::TEST[CASE]``."""
    files = sorted({name.partition("::")[0] for names in HELD.values() for name in names})
    argv = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--collect-only", *files]
    found = subprocess.run(argv, cwd=data_root(), capture_output=True, encoding="utf-8", check=True)
    return [line for line in found.stdout.splitlines() if "::" in line]


@pytest.mark.parametrize("finding", NUMBERED)
def test_a_finding_is_held_and_so_are_two_more_of_its_kind(finding: str, cases: list[str]) -> None:
    held = {name: [case for case in cases if case.partition("[")[0] == name] for name in HELD[finding]}
    assert [name for name, found in held.items() if not found] == [], "there is no such test"
    assert sum(len(found) for found in held.values()) >= 3


def test_no_finding_is_left_out_and_none_is_unknown() -> None:
    assert [*HELD] == NUMBERED
