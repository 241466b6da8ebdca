"""The scheduled task's launcher, the lines that register it and the lines of an update, on real PowerShell.

Python, the Task Scheduler and the credential box are stand-ins; that 5.1 does the same is not proven here.
"""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.commands import scheduled_task
from runbook.words.sentences import say
from tests.simulated import pwsh

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = Path(scheduled_task.__file__).with_name("scheduled.ps1")
ODD = ["plain", "[1] crochets", "l’été d'or à 100 % $x"]
pytestmark = [
    pytest.mark.skipif(pwsh.missing(), reason="no pwsh"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script"),
]


def powershell(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(pwsh.find()), "-NoLogo", "-NoProfile", "-NonInteractive", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False, env=pwsh.environ())


def python(folder: Path) -> Path:
    """A Python that says what it was given and ends with 7."""
    made = folder / "python"
    made.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\necho told >&2\nexit 7\n', encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return made


def launch(workspace: Path, program: str, launcher: Path, **more: str) -> subprocess.CompletedProcess[str]:
    given = {"Python": program, "Notebook": f"{workspace}/n b.ipynb", "Workspace": str(workspace), "Prefix": "backup"}
    given |= {"Of": "case-2024-07", "Apply": "backup,gpupdate"} | more
    words = [word for name, value in given.items() if value for word in (f"-{name}", value)]
    return powershell("-File", str(launcher), *words, cwd=launcher.parent)


@pytest.mark.parametrize("name", ODD)
def test_the_launcher_works_in_every_folder_and_hands_on_the_code(name: str, tmp_path: Path) -> None:
    workspace = tmp_path / name
    workspace.mkdir()
    done = launch(workspace, str(python(workspace)), LAUNCHER)
    assert done.returncode == 7, done.stderr
    (said,) = (workspace / "schedule").glob("backup-*Z.out.txt")
    case = said.name.removesuffix(".out.txt")
    words = said.read_text(encoding="utf-8").splitlines()
    assert words == [
        "-m", "papermill", f"{workspace}/n b.ipynb", f"{workspace}/{case}.ipynb", "--no-progress-bar",
        "-r", "of", "case-2024-07", "-r", "apply", "backup,gpupdate",
    ]  # fmt: skip
    assert said.with_name(f"{case}.txt").read_text(encoding="utf-8").strip() == "told"


@pytest.mark.parametrize("fault", ["no Python", "no folder", "no value"])
def test_a_launcher_that_cannot_start_says_why_with_a_code_of_its_own(fault: str, tmp_path: Path) -> None:
    launcher = tmp_path / "scheduled.ps1"
    launcher.write_bytes(LAUNCHER.read_bytes())
    workspace = tmp_path / "work"
    workspace.mkdir()
    program, more = str(python(tmp_path)), {}
    if fault == "no Python":
        program = str(tmp_path / "gone" / "python.exe")
    elif fault == "no folder":
        workspace.rmdir()
        workspace.write_text("a file", encoding="utf-8")
    else:
        more = {"Of": ""}
    done = launch(workspace, program, launcher, **more)
    assert done.returncode == 3, done.stderr
    (said,) = tmp_path.rglob("backup-*Z.txt")
    assert {"no Python": "gone", "no folder": "work", "no value": "-Of"}[fault] in said.read_text(encoding="utf-8-sig")


REGISTER_STUBS = """
function Register-ScheduledTask { param($TaskPath, $TaskName, $Xml, $User, $Password, [switch] $Force)
    "registered $TaskPath$TaskName $User $Password" }
function Get-Credential { param($UserName, $Message) %s }
"""


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", ODD)
def test_the_line_that_is_printed_registers_when_pasted(name: str, lang: str, tmp_path: Path) -> None:
    from runbook.commands.schedule import write
    from tests.commands.test_schedule import PLAN

    folder = tmp_path / name
    told = write(PLAN, folder, lang)
    secret = "[pscredential]::new($UserName, (ConvertTo-SecureString -String 'geheim' -AsPlainText -Force))"
    for answer, seen in ((secret, "registered"), ("$null", say("schedule.cancelled", lang))):
        (tmp_path / "try.ps1").write_text(REGISTER_STUBS % answer + told[-1], encoding="utf-8-sig")
        done = powershell("-File", str(tmp_path / "try.ps1"), cwd=tmp_path)
        assert seen.replace("\u00a0", " ") in (done.stdout + done.stderr).replace("\u00a0", " "), done.stderr
        assert (done.returncode == 0) == (seen == "registered")


def update_block(lang: str, old: Path, new: Path) -> str:
    page = (ROOT / "docs" / lang / "runbook" / "air-gapped.md").read_text(encoding="utf-8")
    block = re.search(r"```powershell\n(\s+& \{\n\s+\$Old = .*?)```", page, re.S)
    assert block
    text = re.sub(r"\$Old = '.*'", f"$Old = '{old}'", block[1])
    return re.sub(r"\$New = '.*'", f"$New = '{new}'", text)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("fault", ["", "new mistyped", "old mistyped", "rehearsed first"])
def test_an_update_moves_all_or_nothing(fault: str, lang: str, tmp_path: Path) -> None:
    old, new = tmp_path / "rds-0.1.0", tmp_path / "rds [0.2.0]"
    for folder in (old, new):
        folder.mkdir()
        (folder / "install.ps1").write_text("", encoding="utf-8")
    mine = ["archive/x/bagit.txt", "backup-20250306.ipynb", "case-2024-07.ipynb", "cases/case-2024-07/journal.jsonl",
            "schedule/backup.txt"]  # fmt: skip
    for path in mine:
        (old / path).parent.mkdir(parents=True, exist_ok=True)
        (old / path).write_text(path, encoding="utf-8")
    if fault == "rehearsed first":
        (new / "cases").mkdir()
    script = tmp_path / "paste.ps1"
    typed = update_block(
        lang, tmp_path / "x" if fault.startswith("old") else old, tmp_path / "y" if fault.startswith("new") else new
    )
    script.write_text(typed, encoding="utf-8-sig")
    done = powershell("-File", str(script), cwd=tmp_path)
    there = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    left = sorted(path.relative_to(old).as_posix() for path in old.rglob("*") if path.is_file())
    if fault:
        assert done.returncode != 0 and left == [*mine[:1], *mine[1:4], "install.ps1", mine[4]]
        assert not (tmp_path / "y").exists()
    else:
        assert done.returncode == 0, done.stderr
        assert there == [*mine[:1], *mine[1:4], "install.ps1", mine[4]] and left == ["install.ps1"]
