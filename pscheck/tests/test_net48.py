"""Every .NET member and type that a text uses is one of .NET Framework 4.8, on PowerShell's own syntax tree.

The check and its table, made from the reference assemblies, lie beside the project and not in it; elsewhere this is
skipped by name.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from runbook.words.sentences import data_root
from tests.simulated.pwsh import find

ROOT = data_root()
CHECK = ROOT.parent / "shared" / "powershell" / "check_net.ps1"
#: What the table cannot know: a member of the exceptions that the line has asked for, and an array made by its name.
KNOWN = {
    "member: Exception.NativeErrorCode: no such member in 4.8",
    "type: New-Object byte[]: no such type in the table of 4.8",
}
#: Of the simulated server: what PowerShell 5.1 and 4.8 have and the table, made for the product, does not name.
KNOWN_SIMULATED = frozenset(
    [
        "Parser",
        "FunctionDefinitionAst",
        "System.Management.Automation.Language.Parser",
        "System.Management.Automation.Language.LoopStatementAst",
        "System.Management.Automation.PipelineStoppedException",
        "System.Management.Automation.PSSerializer",
        "System.Management.Automation.PSDataCollection[psobject]",
        "powershell",
        "runspacefactory",
        "System.Management.Automation.Runspaces.InitialSessionState",
        "System.IO.StreamReader",
        "uint16",
        "System.Management.Automation.Runspaces.PowerShellProcessInstance",
        "System.Reflection.BindingFlags",
        "System.Collections.IList",
        "System.InvalidOperationException",
        "System.TimeoutException",
        "System.Threading.Thread",
        "System.Xml.Linq.XDocument",
        "System.Xml.Linq.XElement",
        "System.Xml.Linq.XAttribute",
        "System.Xml.XPath.Extensions",
    ]
)
#: Only on the line to a workstation, which is not run on Windows (PSSession::Create came after 5.1); by -like an array.
KNOWN_SIMULATED_LINES = {
    "type: [System.Management.Automation.Runspaces.PSSession]: no such type in the table of 4.8",
    "member: Exception.ErrorRecord: no such member in 4.8",
    "member: Boolean.Split: no such member in 4.8",
}
pytestmark = [
    pytest.mark.skipif(not CHECK.is_file(), reason="no table of .NET 4.8 beside the project"),
    pytest.mark.timeout(600),
]


def faults(*paths: Path) -> tuple[set[str], int]:
    """What the check says of the texts in ``paths``, and how many uses it judged."""
    argv = [str(find()), "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(CHECK), *map(str, paths)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    counted = re.search(r"(\d+) uses checked", said)
    assert counted, done.stdout + done.stderr
    found = re.findall(r"(?m)^\S.*?:\d+: ((?:member|type|call|parse|overload|word): .*)$", said)
    return {fault.partition(" (this PowerShell 7")[0] for fault in found}, int(counted[1])


def test_every_use_exists_in_4_8() -> None:
    found, uses = faults(ROOT / "notebooks" / "steps", ROOT / "runbook")
    assert found <= KNOWN
    assert uses > 1000


def test_every_use_of_the_simulated_server_exists_in_4_8() -> None:
    found, uses = faults(ROOT / "tests" / "simulated" / "machine")
    types = {fault.removeprefix("type: [").split("]:")[0] for fault in found - KNOWN_SIMULATED_LINES}
    assert {name for name in types if not name.startswith("Sim.")} == KNOWN_SIMULATED
    assert uses > 400


def test_what_is_planted_is_seen() -> None:
    bad = Path(__file__).parent / "fixtures" / "bad"
    names = ("member-static", "member-of-type", "type-made", "type-unknown")
    found, _ = faults(*(bad / f"{name}.ps1" for name in names))
    assert found == {
        "member: [System.IO.Path]::Combin: no such member in 4.8",
        "member: DateTime.ToUniversalTme: no such member in 4.8",
        "type: New-Object System.Net.Sockets.TcpClien: no such type in the table of 4.8",
        "type: [sting]: no such type in the table of 4.8",
    }
