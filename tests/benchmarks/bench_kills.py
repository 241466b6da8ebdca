"""Kills at random moments and at random lines of the journal; then the case is run again and looked at.

What is killed: papermill, its kernel, both, the guard of a change, the program that makes it; or either of the first
gets Ctrl-C. After a kill of guard or program a person decides (the change counts where it begins). Every second kill
waits for a line of the journal
(each step begins and ends with one), the others for a moment.

    python tests/benchmarks/bench_kills.py [--kills 200] [--seed 1] [--bare]

``--bare``: without papermill and kernel. One process plays the case with the same engine, guard, lock and journal
(tests/made/play_case.py); it is killed, or gets SIGTERM or Ctrl-C, or the guard, the program or all three at once are
killed. Four times as many in the same time, and most of them inside a change.

After each kill: the journal's chain holds, the second run comes to its end, every change was made once, each run
has its close line and its notebook, no notebook contradicts the journal. Prints one line per fault, the share that
held, and how many hit a run that still went on. Exit 1 if any did not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))

import click
import test_kills as kills
from conftest import Workspace
from interrupted import OWN_CONSOLE

from runbook.archive.seal import seal
from runbook.case.folder import CaseFolder
from runbook.commands.case import accept_step
from runbook.errors import RunbookError
from runbook.host import rehearsal
from runbook.journal.lines import Journal

PLAY = Path(__file__).resolve().parents[1] / "made" / "play_case.py"


class Played(NamedTuple):
    """What is rehearsed: its recording, the run that changes something, what it changes, the change that is slow, and
    how many lines its journal gets, so that each may be the last one before a kill."""

    recording: str
    run: str
    changes: tuple[str, ...]
    slow: str
    lines: int


PLAYED = {
    "migrate": Played("nominal", "r02", ("backup", "gpupdate"), "backup", 80),
    # Half the processes and twice the changes: for a system on which starting one takes long.
    "backup": Played(
        "backup-nominal",
        "r01",
        ("backup-system-state", "backup-folder", "backup-second-copy", "backup-retention"),
        "backup-folder",
        50,
    ),
}


def interrupt_kernel(started: kills.Started) -> None:
    started.kernel().send_signal(signal.SIGINT)


def _of_change(started: kills.Started, module: str) -> kills.psutil.Process:
    """A process of the change under way; StopIteration where there is none."""
    mine = str(started.folder.path)
    for found in kills.psutil.process_iter():
        with contextlib.suppress(kills.psutil.Error, OSError):
            words = found.cmdline()
            if any(module in word for word in words) and any(mine in word for word in words):
                return found
    raise StopIteration


def kill_guard(started: kills.Started) -> None:
    _of_change(started, "runbook.host.guard").kill()


def kill_program(started: kills.Started) -> None:
    _of_change(started, "replay.py").kill()


def kill_papermill_itself(started: kills.Started) -> None:
    kills.psutil.Process(started.process.pid).children()[0].kill()


def decide(started: kills.Started, played: Played) -> None:
    """What the runbook leaves to a person: the next run says what is unknown, and is told whether it was done."""
    for step in played.changes:
        if started.history.open_begin(step):
            seen = "done" if step in started.effects() else "not done"
            accept_step(started.folder, step, seen, "seen on the server", "bench", "en")


KILLS = (
    kill_guard,
    kill_program,
    kills.kill_papermill,
    kills.kill_kernel,
    kills.kill_both,
    kills.interrupt,
    # Windows has no signal for one process of a console; there the program under an environment's launcher is killed.
    kill_papermill_itself if sys.platform == "win32" else interrupt_kernel,
)


class Bare(kills.Started):
    """The case played by one process, as the kernel would."""

    def __init__(self, workspace: Workspace, name: str, recording: Path) -> None:
        self.folder = CaseFolder(workspace.path / "cases" / name)
        self.command = [sys.executable, str(PLAY), name, str(recording)]
        self.place = {"cwd": workspace.path, "env": workspace.environ()}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        self.changes = PLAYED[rehearsal.load(str(recording)).plot.notebook].changes
        self.process = subprocess.Popen(self.command, creationflags=OWN_CONSOLE, **self.place, **quiet)

    def of_case(self) -> list[kills.psutil.Process]:
        """Every process that works for this case and is not this one."""
        found = []
        for process in kills.psutil.process_iter():
            with contextlib.suppress(kills.psutil.Error, OSError):
                if str(self.folder.path) in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def settle(self) -> None:
        """Wait until nothing works for the case any more."""
        end = time.monotonic() + 30
        while self.of_case() and time.monotonic() < end:
            time.sleep(0.1)

    def check_again(self) -> None:
        """Play on to the end: nothing twice, the journal whole, each run with its close line and notebook."""
        done = subprocess.run(self.command, **self.place, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{done.stderr}\nended with {done.returncode}"
        assert sorted(self.effects()) == sorted(self.changes), self.effects()
        history = self.history
        broken = Journal(self.folder.journal).check()
        assert broken == [], broken
        for run in history.runs():
            kept = history.notebook(run)
            assert history.closing(run) is not None and kept is not None, run
            assert (self.folder.path / kept["path"]).is_file(), kept["path"]


def kill_all(started: Bare) -> None:
    started.process.kill()
    for process in started.of_case():
        with contextlib.suppress(kills.psutil.Error, OSError):
            process.kill()


def terminate(started: Bare) -> None:
    started.process.terminate()


BARE = (kill_guard, kill_program, kills.kill_papermill, terminate, kills.interrupt, kill_all)


def one_bare(seed: int, notebook: str) -> tuple[str, bool]:
    """The same of a case that one process plays."""
    chance = random.Random(seed)
    kill = BARE[seed % len(BARE)]
    played = PLAYED[notebook]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        workspace = Workspace(Path(temporary).resolve())
        slow = kills.slow_recording(workspace.path / "slow", 0.7, played.recording, played.slow)
        started = Bare(workspace, "case-kill", slow)
        inside = kill in (kill_guard, kill_program) or chance.random() < 0.5
        wanted = kills.happened("started", chance.choice(played.changes), played.run)
        line = chance.randint(1, played.lines)
        started.until(
            lambda history: (
                started.process.poll() is not None or (wanted(history) if inside else len(history.entries) >= line)
            )
        )
        time.sleep(chance.uniform(0, 0.7 if inside else 0.2))
        hit = started.process.poll() is None
        with contextlib.suppress(StopIteration, OSError, kills.psutil.Error):
            kill(started)
        told = started.wait()[1]
        started.settle()
        try:
            assert "Traceback" not in told, "a traceback: " + told.strip().splitlines()[-1]
            decide(started, played)
            started.check_again()
            seal(started.folder.path, workspace.path / "archive")
        except (AssertionError, RunbookError) as fault:
            said = str(fault).strip().splitlines() or ["assertion"]
            return f"seed {seed}, {kill.__name__}: {said[-1]}", hit
    return "", hit


def left_behind(workspace: Path, seconds: float = 10) -> list[str]:
    """The processes that name a file of the workspace, as soon as there are none or after ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        found = []
        for each in kills.psutil.process_iter():
            with contextlib.suppress(kills.psutil.Error, OSError):
                if each.pid != os.getpid() and any(str(workspace) in word for word in each.cmdline()):
                    found.append(" ".join(each.cmdline()))
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.2)


def one(seed: int, longest: float, notebook: str) -> tuple[str, bool]:
    """Kill once; gives "" where everything held, else what did not, and whether the run still went on."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        workspace = Workspace(Path(temporary).resolve())
        played = PLAYED[notebook]
        slow = kills.slow_recording(workspace.path / "slow", 1.0, played.recording, played.slow)
        started = kills.Started(workspace, "case-kill", "-p", "rehearsal", str(slow), notebook=notebook)
        kill = chance.choice(KILLS)
        if kill in (kill_guard, kill_program):
            wanted = kills.happened("started", chance.choice(played.changes), played.run)
            started.until(lambda history: wanted(history) or started.process.poll() is not None)
        elif seed % 2:
            line = chance.randint(1, played.lines)
            started.until(lambda history: len(history.entries) >= line or started.process.poll() is not None)
        else:
            time.sleep(chance.uniform(0.2, longest))
        hit = started.process.poll() is None
        with contextlib.suppress(StopIteration, IndexError, OSError, kills.psutil.Error):
            kill(started)  # suppressed: no kernel yet, or all over already
        started.wait()
        time.sleep(3)  # an orphaned kernel ends itself
        left_behind(workspace.path, 60)  # the guard, or the program whose guard has died, ends its change
        try:
            decide(started, played)
            kills.check_again(workspace, "case-kill", slow, played.changes)
            seal(started.folder.path, workspace.path / "archive")
            assert not (left := left_behind(workspace.path)), f"left behind: {left}"
        except (AssertionError, RunbookError) as fault:
            said = str(fault).strip().splitlines() or ["assertion"]  # papermill's own lines come first, the reason last
            return f"seed {seed}, {kill.__name__}: {said[-1]}", hit
    return "", hit


def main() -> int:
    """Kill as often as asked, print what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=9.0, help="latest moment of a kill, in seconds")
    parser.add_argument("--bare", action="store_true", help="without papermill and kernel")
    parser.add_argument("--notebook", choices=sorted(PLAYED), default="migrate")
    given = parser.parse_args()
    held = hits = 0
    with click.progressbar(range(given.kills), label="kills") as numbers:
        for number in numbers:
            seed = given.seed + number
            fault, hit = one_bare(seed, given.notebook) if given.bare else one(seed, given.longest, given.notebook)
            held += not fault
            hits += hit
            if fault:
                print(f"\n{fault}", flush=True)
            if number % 25 == 24:
                print(f"{held} of {number + 1} held so far", flush=True)
    print(f"{held} of {given.kills} kills held; {hits} hit a run that still went on")
    return 0 if held == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
