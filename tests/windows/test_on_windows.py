"""What only a Windows machine can prove. Skipped elsewhere, with that reason.

The licensing classes are on a license server only: elsewhere a check may answer with a fault, which is an answer of
the right shape too. A runner of a build service is such a machine; ``runbook selftest`` on a license server tells
more.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from wine import on_wine

from runbook.case.folder import CaseFolder
from runbook.case.private import ADMINISTRATORS, SYSTEM
from runbook.files import write_json
from runbook.host import process
from runbook.host.answer import read_answer
from runbook.host.call import Call
from runbook.host.guard import DONE
from runbook.host.guard import start as start_guard
from runbook.host.script import BOM
from runbook.host.windows import find_powershell, oem_code_page, open_host
from runbook.journal.lines import Journal
from runbook.run import selftest

pytestmark = pytest.mark.skipif(
    sys.platform != "win32" or on_wine(), reason="needs Windows: Wine's powershell.exe is an empty stub"
)

#: Gives its inputs back, as every step script does, with a line on each stream.
ECHO = """param([string] $InputPath, [string] $OutputPath)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
$result = [pscustomobject]@{
    Given       = $given.Text
    Literal     = 'été €'
    Version     = $PSVersionTable.PSVersion.ToString()
    Is64        = [System.Environment]::Is64BitProcess
    Interactive = [System.Environment]::UserInteractive
}
ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
'été'
"""
#: A task that does nothing, due in ten minutes; how far away Windows takes that to be.
TASK = """param([string] $InputPath, [string] $OutputPath)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$name = "RdsCalRunbook-Test-$PID"
$stamp = "yyyy-MM-dd'T'HH:mm:ss'Z'"
$action = New-ScheduledTaskAction -Execute "$env:SystemRoot\\System32\\cmd.exe" -Argument '/c exit'
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date).AddMinutes(10)
$trigger.StartBoundary = [datetime]::UtcNow.AddMinutes(10).ToString($stamp, [cultureinfo]::InvariantCulture)
$trigger.EndBoundary = [datetime]::UtcNow.AddDays(1).ToString($stamp, [cultureinfo]::InvariantCulture)
$null = Register-ScheduledTask -TaskName $name -Action $action -Trigger $trigger -Force -ErrorAction Stop
try {
    $next = (Get-ScheduledTaskInfo -TaskName $name -ErrorAction Stop).NextRunTime
}
finally {
    Unregister-ScheduledTask -TaskName $name -Confirm:$false -ErrorAction SilentlyContinue
}
$result = [pscustomobject]@{ Minutes = [int] ($next - (Get-Date)).TotalMinutes }
ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
"""
NASTY = 'D:\\Sauvegardes d\'été\\"$(Get-Date)" `n; & | %PATH% €\r\n-File x.ps1 '


def call(tmp_path: Path, text: str, limit: float = 120, **inputs: object) -> tuple[Call, Path]:
    folder = tmp_path / "r01" / "service"
    folder.mkdir(parents=True)
    script = folder / "script.ps1"
    script.write_bytes(BOM + text.encode("utf-8"))
    write_json(folder / "in.json", inputs)
    return Call("service", script, folder, dict(inputs), limit, 1), folder


def test_values_and_accents_go_through_untouched(tmp_path: Path) -> None:
    host = open_host("en")
    one, folder = call(tmp_path, ECHO, Text=NASTY)
    answer = read_answer(folder, process.run(host.command(one), folder, one.limit), host.encoding(one))
    assert answer.ok, answer.errors
    assert answer.out is not None
    assert answer.out[0]["Given"] == NASTY
    assert answer.out[0]["Literal"] == "été €", "the mark makes 5.1 read the script as UTF-8"
    assert answer.out[0]["Version"].startswith("5.1")
    assert answer.out[0]["Is64"] is True
    assert answer.text.strip() == "été", f"stdout is in {oem_code_page()}"
    assert not answer.damaged


def test_an_error_ends_with_exit_code_1_and_its_text(tmp_path: Path) -> None:
    host = open_host("en")
    one, folder = call(tmp_path, "param([string] $InputPath, [string] $OutputPath)\nthrow 'refusé'\n")
    answer = read_answer(folder, process.run(host.command(one), folder, one.limit), host.encoding(one))
    assert answer.exit_code == 1
    assert not answer.ok
    assert "refusé" in "\n".join(answer.errors)


def test_the_safety_task_is_due_when_it_says(tmp_path: Path) -> None:
    """Its trigger's boundaries as backup.ps1 writes them: in UTC, with the Z."""
    host = open_host("en")
    one, folder = call(tmp_path, TASK)
    answer = read_answer(folder, process.run(host.command(one), folder, one.limit), host.encoding(one))
    assert answer.ok, answer.errors
    assert answer.out is not None and 8 <= answer.out[0]["Minutes"] <= 11


def test_the_limit_ends_the_tree(tmp_path: Path) -> None:
    text = (
        "param([string] $InputPath, [string] $OutputPath)\n"
        "$child = Start-Process -FilePath ping.exe -ArgumentList '-n', '600', '127.0.0.1' -PassThru -NoNewWindow\n"
        '"$PID $($child.Id)"\n'
        "Start-Sleep -Seconds 600\n"
    )
    host = open_host("en")
    one, folder = call(tmp_path, text)
    ended = process.run(host.command(one), folder, 20)
    assert ended.timed_out
    numbers = [int(word) for word in read_answer(folder, ended, host.encoding(one)).text.split()[:2]]
    assert len(numbers) == 2
    time.sleep(1)
    assert not any(psutil.pid_exists(number) for number in numbers)


def test_the_guard_outlives_the_console(tmp_path: Path) -> None:
    host = open_host("en")
    one, folder = call(tmp_path, ECHO, Text="x")
    private = tmp_path / "private"
    private.mkdir()
    spec = {
        "case": str(tmp_path), "run": "r01", "step": "service", "attempt": 1, "argv": host.command(one), "limit": 120,
        "folder": str(folder), "private": str(private),
    }  # fmt: skip
    assert start_guard(spec, folder).wait(180) == DONE
    assert Journal(tmp_path / "journal.jsonl").entries()[0]["exit_code"] == 0


def test_the_private_folder_is_for_three(tmp_path: Path) -> None:
    folder = CaseFolder(tmp_path / "case").private()
    (folder / "x.json").write_text("{}", encoding="utf-8")
    powershell = find_powershell(os.environ)
    assert powershell is not None
    # One line of JSON: the SIDs that hold an entry, and whether any is inherited from above.
    query = (
        "$acl = Get-Acl -LiteralPath $env:PRIVATE_FOLDER; $rules = $acl.GetAccessRules($true, $true, "
        "[System.Security.Principal.SecurityIdentifier]); ConvertTo-Json -InputObject @{ Protected = "
        "$acl.AreAccessRulesProtected; Sids = @($rules | ForEach-Object -Process { $_.IdentityReference.Value }) }"
    )
    done = subprocess.run(
        [str(powershell), "-NoProfile", "-NonInteractive", "-Command", query],
        env={**os.environ, "PRIVATE_FOLDER": str(folder)},
        capture_output=True,
        check=True,
    )
    seen = json.loads(done.stdout.decode("ascii"))
    assert seen["Protected"] is True
    assert {ADMINISTRATORS, SYSTEM} < set(seen["Sids"])
    assert len(set(seen["Sids"])) <= 3


@pytest.mark.parametrize("step", selftest.checks(), ids=lambda step: step.id)
def test_every_check_answers_as_its_model_says(step: selftest.Step) -> None:
    """The self-test, as tests: what came back is named by place and kind of fault, never by value."""
    name = str(step.script)
    report = selftest.run(open_host("en"), socket.getfqdn(), dt.datetime.now(dt.UTC), only=[name])
    one = next(each for each in report.tried if each.script == name)
    if one.result == "not_run":
        pytest.skip("needs an elevated console")
    assert one.result == "ok", report.text("en")
