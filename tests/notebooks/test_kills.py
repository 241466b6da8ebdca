"""Killed at any moment: the journal holds, no effect twice, nothing lost, no orphan starts a step."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from interrupted import OWN_CONSOLE, press_ctrl_c

from runbook.case.folder import CaseFolder
from runbook.errors import BadInput
from runbook.host import rehearsal
from runbook.host.lock import RunLock
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.words.sentences import data_root

SLOW_SECONDS = 3


@pytest.fixture
def slow_backup(tmp_path: Path) -> Path:
    return slow_recording(tmp_path / "slow", SLOW_SECONDS)


def slow_recording(folder: Path, seconds: float, base: str = "nominal", step: str = "backup") -> Path:
    """The recording ``base`` whose change ``step`` takes a while. Made by hand."""
    recorded = rehearsal.load(base)
    shutil.copytree(recorded.folders[0] / "steps" / step, folder / "steps" / step)
    (folder / "steps" / step / "answer.yml").write_text(f"seconds: {seconds}\n", encoding="utf-8")
    plot = yaml.safe_load((recorded.folders[0] / "rehearsal.yml").read_text(encoding="utf-8"))
    mine = {name: plot[name] for name in ("title", "description", "notebook", "expect") if name in plot}
    text = yaml.safe_dump({**mine, "base": base}, allow_unicode=True)
    (folder / "rehearsal.yml").write_text(text, encoding="utf-8")
    return folder


class Started:
    """A papermill at work, watched through the journal that it writes."""

    def __init__(self, workspace: Any, name: str, *options: str, notebook: str = "migrate") -> None:
        self.folder = CaseFolder(workspace.path / "cases" / name)
        command = [sys.executable, "-m", "papermill", str(data_root() / "notebooks" / f"{notebook}.ipynb")]
        self.process = subprocess.Popen(
            [*command, str(workspace.path / f"{name}.ipynb"), "--no-progress-bar", *options],
            env=workspace.environ(),
            cwd=workspace.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            creationflags=OWN_CONSOLE,
        )

    @property
    def history(self) -> History:
        return History(Journal(self.folder.journal).entries() if self.folder.journal.exists() else [])

    def effects(self) -> list[str]:
        """The changes that have begun, counted where they happen."""
        path = self.folder.path / "rehearsal-effects.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def until(self, condition: Callable[[History], bool], seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition(self.history):
                return
            time.sleep(0.02)
        raise AssertionError("the moment did not come")

    def kernel(self) -> psutil.Process:
        """The process itself: on Windows an environment's python.exe is a launcher above it."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        found = []
        for child in children:
            with contextlib.suppress(psutil.Error, OSError):  # ended meanwhile; Wine has other numbers for that
                if any("ipykernel_launcher" in part for part in child.cmdline()):
                    found.append(child)
        return found[-1]

    def wait(self) -> tuple[int, str]:
        _, err = self.process.communicate(timeout=120)
        return self.process.returncode, err.decode("utf-8")


def happened(event: str, step: str, run: str = "r02") -> Callable[[History], bool]:
    return lambda history: any(
        e["event"] == event and e.get("step") == step and e.get("run") == run for e in history.entries
    )


def check_again(workspace: Any, name: str, recording: Path, changes: tuple[str, ...] = ("backup", "gpupdate")) -> None:
    """Run the killed case again: it comes to its end, each of ``changes`` is made once, the journal is whole."""
    notebook = rehearsal.load(str(recording)).plot.notebook
    played = workspace.papermill(name, "-p", "rehearsal", str(recording), notebook=notebook)
    history = played.history
    assert Journal(played.folder.journal).check() == []
    ends = [e for e in history.entries if e["event"] == "end" and e["run"] == history.runs()[-1]]
    odd = [(e["step"], e["status"], e.get("lines")) for e in ends if e["status"] in ("failed", "timed_out", "unknown")]
    assert played.exit_code == 0, f"{played.stderr}\n{odd}"
    assert sorted(played.effects()) == sorted(changes), played.effects()
    for run in history.runs():
        assert history.closing(run) is not None, run
        kept = history.notebook(run)
        assert kept is not None, run
        assert (played.folder.path / kept["path"]).is_file()


def kill_papermill(started: Started) -> None:
    started.process.kill()


def kill_kernel(started: Started) -> None:
    started.kernel().kill()


def kill_both(started: Started) -> None:
    kernel = started.kernel()
    started.process.kill()
    kernel.kill()


def interrupt(started: Started) -> None:
    press_ctrl_c(started.process.pid)


@pytest.mark.parametrize("kill", [kill_papermill, kill_kernel, kill_both, interrupt])
def test_inside_a_change_its_end_is_recorded_and_a_second_run_refused(
    workspace: Any, slow_backup: Path, kill: Callable[[Started], None]
) -> None:
    started = Started(workspace, "case-kill", "-p", "rehearsal", str(slow_backup))
    started.until(happened("begin", "backup"))
    started.until(lambda _: "backup" in started.effects())  # the guard holds its lock once its change has begun
    kill(started)
    with pytest.raises(BadInput, match="Aucune étape n’a été lancée"):
        RunLock(started.folder.path).acquire(None, "fr")
    started.wait()
    started.until(happened("ran", "backup"))
    ran = next(e for e in started.history.entries if e["event"] == "ran" and e["step"] == "backup")
    assert (ran["exit_code"], ran["by"]) == (0, "guard")
    begun = [e for e in started.history.entries if e["event"] == "begin" and e["n"] > ran["n"]]
    assert begun == [], "an orphaned kernel started another step"
    time.sleep(1.5)  # ipykernel ends by itself within a second of its parent's death
    check_again(workspace, "case-kill", slow_backup)


@pytest.mark.parametrize("kill", [kill_papermill, kill_kernel, interrupt])
@pytest.mark.parametrize("moment", [("end", "preflight", "r01"), ("begin", "hosts-policy", "r01")])
def test_at_and_inside_a_check(
    workspace: Any, slow_backup: Path, kill: Callable[[Started], None], moment: tuple[str, str, str]
) -> None:
    started = Started(workspace, "case-kill", "-p", "rehearsal", str(slow_backup))
    started.until(happened(*moment))
    kill(started)
    started.wait()
    time.sleep(1.5)
    check_again(workspace, "case-kill", slow_backup)


def test_papermills_own_time_out_is_told_truly(workspace: Any, tmp_path: Path) -> None:
    slow = slow_recording(tmp_path / "slow", 20)
    played = workspace.papermill("case-time", "-p", "rehearsal", str(slow), "--execution-timeout", "12")
    assert played.exit_code == 1
    run = played.history.runs()[-1]
    closed = played.history.closing(run)
    assert (closed["outcome"], closed["reason"]) == ("interrupted", "CellTimeoutError")
    cells = {c.id: c.metadata.papermill.status for c in played.notebook().cells if c.cell_type == "code"}
    assert cells["backup"] == "failed"
    assert cells["hosts-policy"] == "pending"
    assert cells["summary"] == "pending"
    assert "Traceback" not in played.stderr
    assert "limite de temps d’une cellule" in played.stderr
    started_again = time.monotonic()
    while not any(e["event"] == "ran" and e["step"] == "backup" for e in played.history.entries):
        assert time.monotonic() - started_again < 60
        time.sleep(0.2)
    time.sleep(1.5)
    check_again(workspace, "case-time", slow)


def test_a_dead_kernels_cell_is_not_called_completed(workspace: Any, slow_backup: Path) -> None:
    started = Started(workspace, "case-dead", "-p", "rehearsal", str(slow_backup))
    started.until(happened("begin", "backup"))
    kill_kernel(started)
    code, told = started.wait()
    assert code == 1
    assert "INTERROMPU" in told
    assert "Traceback" not in told
    import nbformat

    nb = nbformat.read(workspace.path / "case-dead.ipynb", as_version=4)
    cells = {c.id: c.metadata.papermill.status for c in nb.cells if c.cell_type == "code"}
    assert (cells["backup"], cells["summary"]) == ("failed", "pending")
    assert nb.metadata.papermill.exception is True


@pytest.mark.parametrize("number", range(3))
def test_a_kill_drawn_anew_each_time_holds(number: int, draw: int) -> None:
    """Run, guard, program or all at once, at a moment or a line. Hundreds: tests/benchmarks/bench_kills.py."""
    bench = Path(__file__).parents[1] / "benchmarks" / "bench_kills.py"
    # numbers apart, so that two draws share no seed, and one of each kind of kill after the other
    words = [sys.executable, str(bench), "--bare", "--kills", "1", "--seed", str(draw * 7 + number)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=280, check=False)
    assert done.returncode == 0, f"{' '.join(words[1:])}\n{done.stdout}{done.stderr}"
