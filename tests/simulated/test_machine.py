"""The simulated server knows no more than 5.1: its stubs and the scripts’ calls, held to the catalogue."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pscheck.tables import commands

from . import product, pwsh


def ask(program: Path, script: str, argument: Path) -> dict[str, Any]:
    """What ``machine/SCRIPT`` says of ``argument``."""
    argv = [str(program), "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(pwsh.MACHINE / script)]
    done = subprocess.run([*argv, str(argument)], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def parameters(cmdlet: str) -> set[str]:
    """What ``cmdlet`` of Windows PowerShell 5.1 or Windows Server 2022 takes, in lower case."""
    return {name.lower() for name in commands()[cmdlet.lower()][1]}


def test_a_stub_takes_no_parameter_that_5_1_lacks(program: Path) -> None:
    stubs = ask(program, "Stubs.ps1", pwsh.MACHINE)
    cmdlets = {name: names for name, names in stubs.items() if "Sim" not in name and name != "ConvertTo-Quoted"}
    assert len(cmdlets) > 30
    for name, names in cmdlets.items():
        too_many = [p for p in names if p.lower() not in parameters(name)]
        assert not too_many, f"{name}: {too_many}"


@pytest.mark.parametrize("script", product.NAMES)
def test_a_script_parses_and_calls_what_5_1_knows(script: str, program: Path) -> None:
    found = ask(program, "Calls.ps1", product.SCRIPTS / f"{script}.ps1")
    assert not found["errors"]
    for call in found["calls"]:
        if not call["name"].endswith(".exe"):
            unknown = [p for p in call["parameters"] if p.lower() not in parameters(call["name"])]
            assert not unknown, f"line {call['line']}: {call['name']} {unknown}"
