"""The simulated server knows no more than 5.1: its stubs, held to the catalogue, as pscheck holds the scripts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pscheck.tables import commands
from pscheck.tree import calls, parse

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


@pytest.mark.parametrize("script", product.NAMES)
def test_a_hash_that_fails_ends_what_asked_for_it(script: str, program: Path) -> None:
    """Get-FileHash is a function of a module on 5.1: it does not see the script's own $ErrorActionPreference."""
    root, errors = parse((product.SCRIPTS / f"{script}.ps1").read_text(encoding="utf-8"))
    assert root is not None, errors
    for call in calls(root):
        assert call.name != "Get-FileHash" or call.has("ErrorAction"), f"line {call.node.line}"


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
