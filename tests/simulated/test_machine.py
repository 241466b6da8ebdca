"""The simulated server knows no more than 5.1: its stubs, held to the catalogue, as pscheck holds the scripts.

And nothing of a script reaches the machine that it runs on but through a stub.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pscheck.tables import commands
from pscheck.tree import Node, calls, parse

from . import product, pwsh
from .runner import Job, Ran, run
from .scenario import SECRETS, scenarios


def ask(program: Path, script: str, argument: Path) -> dict[str, Any]:
    """What ``machine/SCRIPT`` says of ``argument``."""
    argv = [*pwsh.start(program), str(pwsh.MACHINE / script), str(argument)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)
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


def tree(path: Path) -> Node:
    """The script at ``path``, on PowerShell's own syntax tree."""
    root, errors = parse(path.read_text(encoding="utf-8"))
    assert root is not None, errors
    return root


def test_a_stub_calls_nothing_that_5_1_lacks(program: Path) -> None:
    own = {"", *ask(program, "Stubs.ps1", pwsh.MACHINE)}
    for path in pwsh.MACHINE.glob("*.ps1"):
        for call in calls(tree(path)):
            if call.name not in own:
                name = call.name.rpartition("\\")[2]
                unknown = [written for _, written, _ in call.named if written.lower() not in parameters(name)]
                assert not unknown, f"{path.name} {call.node.line}: {name} {unknown}"


def test_a_stub_is_ascii() -> None:
    """5.1 reads a text without a mark in the machine's code page."""
    for path in pwsh.MACHINE.iterdir():
        assert path.suffix == ".py" or path.is_dir() or path.read_bytes().isascii(), path.name


#: What asks this machine for nothing but its clock and its memory.
HARMLESS = frozenset(
    [
        "ForEach-Object",
        "Get-Command",
        "Get-Date",
        "New-Object",
        "New-TimeSpan",
        "Select-Object",
        "Set-StrictMode",
        "Sort-Object",
        "Start-Sleep",
        "Where-Object",
        "Write-Warning",
    ]
)


def test_nothing_of_a_script_reaches_this_machine(program: Path) -> None:
    """On Windows the real cmdlets and tools are there too."""
    tools = re.search(r"(?m)^\$SimTools = (.+)$", (pwsh.MACHINE / "Machine.ps1").read_text(encoding="utf-8"))
    assert tools
    stubs = {*ask(program, "Stubs.ps1", pwsh.MACHINE), *(f"{tool}.exe" for tool in re.findall(r"'(\w+)'", tools[1]))}
    for script in product.NAMES:
        root = tree(product.SCRIPTS / f"{script}.ps1")
        own = {made.Name for made in root.find("FunctionDefinition")}
        assert {call.name for call in calls(root)} - {""} <= stubs | HARMLESS | own, script


@pytest.mark.parametrize("script", product.NAMES)
def test_a_hash_that_fails_ends_what_asked_for_it(script: str, program: Path) -> None:
    """Get-FileHash is a function of a module on 5.1: it does not see the script's own $ErrorActionPreference."""
    for call in calls(tree(product.SCRIPTS / f"{script}.ps1")):
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


WHOSE = """$kept = $env:SIM_SERVER
$env:SIM_SERVER = 'Q:\\home\\server'
foreach ($path in 'Q:\\home\\job\\out.json', 'q:/HOME/x', 'Q:\\homes\\x', 'C:\\Windows', '\\\\FILES01\\B', '/tmp') {
    [Sim.Paths]::IsWindows($path)
}
$env:SIM_SERVER = $kept
"""


def test_on_windows_what_lies_beside_the_server_is_the_machines_own(program: Path, tmp_path: Path) -> None:
    shown = alone(program, tmp_path, PARAMETERS + WHOSE).shown
    assert shown.split() == ["False", "False", "True", "True", "True", "False"]


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
