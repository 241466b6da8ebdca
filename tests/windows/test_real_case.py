"""A whole case on Windows' own Python, without a recording: every step goes to a powershell.exe.

That program asks ``bridge.py``, which runs the untouched scripts on PowerShell 7 and a simulated server (see there).
``.ci/windows`` starts it. A Windows machine has a powershell.exe of its own: ``runbook selftest`` is for that one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.words.sentences import data_root
from tests.notebooks.conftest import Played, Workspace
from tests.simulated import server

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "win32" or "RUNBOOK_BRIDGE" not in os.environ,
        reason="needs Windows' Python and the bridge that .ci/windows starts",
    ),
    pytest.mark.timeout(900),  # two systems beside each other, each with a PowerShell a step
]
ROOT = Path(__file__).resolve().parents[2]


class RealCase:
    """A case of the notebook ``backup``, and the simulated server that it runs on."""

    def __init__(self, place: Path) -> None:
        self.workspace = Workspace(place)
        self.server = server.make(place / "server")
        text = (data_root() / "notebooks" / "rehearsals" / "nominal" / "case.yml").read_text(encoding="utf-8")
        self.folder = place / "cases" / "w"
        self.folder.mkdir(parents=True)
        # CR LF, as Notepad writes it
        (self.folder / "case.yml").write_text(
            text.replace("case: nominal", "case: w"), encoding="utf-8", newline="\r\n"
        )
        bridge = os.environ["RUNBOOK_BRIDGE"].split()[2]
        self.environ = {
            "RUNBOOK_BRIDGE": os.environ["RUNBOOK_BRIDGE"],
            "RUNBOOK_POWERSHELL": f"Z:{bridge}/powershell.exe",
            "RUNBOOK_POWERSHELL_ENCODING": "cp850",
            "SIM_SERVER": str(self.server),
        }

    def run(self, *options: str) -> Played:
        return self.workspace.papermill("w", *options, notebook="backup", **self.environ)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """The same, not waited for."""
        source = ROOT / "notebooks" / "backup.ipynb"
        return subprocess.Popen(
            [sys.executable, "-m", "papermill", str(source), "w.ipynb", "--no-progress-bar", *options],
            cwd=self.workspace.path,
            env=self.workspace.environ(**self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def has_stopped_the_service(self) -> bool:
        with contextlib.suppress(ValueError, OSError):  # the machine writes it at this moment
            return bool(server.read(self.server)["service"]["state"] == "Stopped")
        return False

    def history(self) -> History:
        journal = self.folder / "journal.jsonl"
        return History(Journal(journal).entries() if journal.exists() else [])

    def until(self, event: str, step: str, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not any(e["event"] == event and e.get("step") == step for e in self.history().entries):
            assert time.monotonic() < end, f"no {event} of {step}"
            time.sleep(0.1)


def status(history: History, step: str) -> str:
    return str([e for e in history.entries if e["event"] == "end" and e["step"] == step][-1]["status"])


def asking(step: str) -> list[psutil.Process]:
    """The powershell.exe that run a script of ``step`` now, and their Python."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if any("powershell.exe" in word for word in words) and any(step in word for word in words):
                found.append(process)
        except (psutil.Error, OSError):  # ended meanwhile; Wine has other numbers for that
            continue
    return found


def guard_itself() -> psutil.Process:
    for process in psutil.process_iter():
        try:
            if any("runbook.host.guard" in word for word in process.cmdline()):
                return process
        except (psutil.Error, OSError):
            continue
    raise AssertionError("no guard")


def kill_script() -> None:
    found = asking("backup-folder")
    assert found, "the script had ended by then"
    for process in found:
        with contextlib.suppress(psutil.Error):  # the launcher's end is its Python's
            process.kill()


def kill_guard() -> None:
    guard_itself().kill()


def test_a_case_reads_and_changes_a_server(tmp_path: Path) -> None:
    case = RealCase(tmp_path / "C' & été [1]")
    played = case.run("-p", "apply", "backup-folder")
    assert played.exit_code == 0, played.stderr
    history = case.history()
    assert status(history, "preflight") == "succeeded"
    assert status(history, "backup-folder") == "succeeded"
    assert Journal(case.folder / "journal.jsonl").check() == []
    copied = list((case.server / "drives" / "D").rglob("TLSLic.edb"))
    assert len(copied) == 1, "the copy lies on the server"
    kept = case.folder / "r01" / "backup.ipynb"
    assert kept.read_bytes() == played.output.read_bytes(), "one file, byte for byte"
    assert b"\r\n" not in kept.read_bytes()
    again = case.run("-p", "apply", "backup-folder")
    assert again.exit_code == 0, again.stderr
    assert sum(e["event"] == "begin" and e["step"] == "backup-folder" for e in case.history().entries) == 1
    assert list((case.server / "drives" / "D").rglob("TLSLic.edb")) == copied, "one copy, whatever is run again"


@pytest.mark.parametrize("kill", [kill_script, kill_guard])
def test_a_change_that_is_killed_is_unknown_and_not_made_again(tmp_path: Path, kill: Callable[[], None]) -> None:
    case = RealCase(tmp_path)
    server.change(case.server, **{"/calls": {"robocopy.exe": {"sleep": 300}}})  # there is time to kill
    started = case.start("-p", "apply", "backup-folder")
    case.until("begin", "backup-folder")
    end = time.monotonic() + 60
    while not case.has_stopped_the_service() and time.monotonic() < end:
        time.sleep(0.1)
    kill()
    started.wait(180)
    end = time.monotonic() + 10  # Wine tells of a process for a moment longer
    while asking("backup-folder") and time.monotonic() < end:
        time.sleep(0.5)
    assert asking("backup-folder") == [], "a script went on without its guard"
    assert status(case.history(), "backup-folder") == "unknown"
    # Somebody saw to the service.
    server.change(case.server, **{"/calls": {}, "/service/state": "Running"})
    case.run("-p", "apply", "backup-folder")
    assert sum(e["event"] == "begin" and e["step"] == "backup-folder" for e in case.history().entries) == 1
    assert status(case.history(), "backup-folder") == "unknown"
