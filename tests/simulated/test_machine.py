"""The simulated server knows no more than 5.1: its stubs and the scripts’ calls, held to the catalogue."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pscheck.tables import commands

from . import product, pwsh
from .runner import Job, Ran, run
from .scenario import SECRETS, scenarios


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


@pytest.fixture(scope="module")
def called(program: Path) -> dict[str, Any]:
    """By script its syntax errors and what it calls."""
    return ask(program, "Calls.ps1", product.SCRIPTS)


@pytest.mark.parametrize("script", product.NAMES)
def test_a_script_parses_and_calls_what_5_1_knows(script: str, called: dict[str, Any]) -> None:
    assert not called[script]["errors"]
    for call in called[script]["calls"]:
        if not call["name"].endswith(".exe"):
            unknown = [p for p in call["parameters"] if p.lower() not in parameters(call["name"])]
            assert not unknown, f"line {call['line']}: {call['name']} {unknown}"


@pytest.mark.parametrize("script", product.NAMES)
def test_a_hash_that_fails_ends_what_asked_for_it(script: str, called: dict[str, Any]) -> None:
    """Get-FileHash is a function of a module on 5.1: it does not see the script's own $ErrorActionPreference."""
    for call in called[script]["calls"]:
        assert call["name"] != "Get-FileHash" or "ErrorAction" in call["parameters"], f"line {call['line']}"


def alone(program: Path, home: Path, text: str, script: str = "roles") -> Ran:
    """``text`` run as a script on the server of the first scenario of ``script``."""
    job = scenarios(script)[0].prepare(home)
    written = home / "written.ps1"
    written.write_text(text.replace("SCRIPT", f"'{job.script}'"), encoding="utf-8")
    return run([Job(job.id, written, job.given, job.out, job.server)], home, program)[job.id]


PARAMETERS = "param([string] $InputPath, [string] $OutputPath)\n"


@pytest.mark.parametrize(("value", "refused"), [("$null", False), ("(& { })", True), ("@(& { })", False)])
def test_a_value_that_is_nothing_at_all_is_refused(value: str, refused: bool, program: Path, tmp_path: Path) -> None:
    """5.1 writes {} for it, 7 null: without this a script that forgets a $null would be right here only."""
    inner = f"[pscustomobject]@{{ C = {value} }}"
    ran = alone(program, tmp_path, f"{PARAMETERS}ConvertTo-Json -InputObject @([pscustomobject]@{{ B = {inner} }})")
    assert ("SIM: $[].B.C is nothing at all" in ran.error) == ran.ended == refused, ran


TRACED = """$trace = Join-Path $PSScriptRoot 'trace.txt'
Trace-Command -Name ParameterBinding -Option All -FilePath $trace -Expression {
    & SCRIPT -InputPath $InputPath -OutputPath $OutputPath
    PLANTED
}
"""


@pytest.mark.parametrize("planted", ["", "Write-Output -InputObject $Sim.Server.licenseServerId"])
@pytest.mark.parametrize("script", ["activate", "install-packs", "license-server"])
def test_no_cmdlet_is_given_an_identifier(script: str, planted: str, program: Path, tmp_path: Path) -> None:
    """Module logging and transcription write every bound parameter down. What is planted is seen."""
    ran = alone(program, tmp_path, PARAMETERS + TRACED.replace("PLANTED", planted), script)
    trace = (tmp_path / "trace.txt").read_text(encoding="utf-8")
    assert "BIND NAMED cmd line args [Out-File]" in trace and not ran.ended, ran
    assert any(secret in trace for secret in SECRETS[:3]) == bool(planted)
