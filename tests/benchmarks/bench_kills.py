"""Kills at random moments and at random lines of the journal; then the case is run again and looked at.

What is killed: papermill, its kernel, both; or either gets Ctrl-C. Every second kill waits for a line of the journal
(each step begins and ends with one), the others for a moment.

    python tests/benchmarks/bench_kills.py [--kills 200] [--seed 1]

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
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))

import click
import test_kills as kills
from conftest import Workspace

from runbook import archive
from runbook.errors import RunbookError

_LINES = 80  # of the journal of a whole rehearsal, so that each may be the last one before a kill


def interrupt_kernel(started: kills.Started) -> None:
    os.kill(started.kernel().pid, signal.SIGINT)


KILLS = (kills.kill_papermill, kills.kill_kernel, kills.kill_both, kills.interrupt, interrupt_kernel)


def one(seed: int, longest: float) -> tuple[str, bool]:
    """Kill once; gives "" where everything held, else what did not, and whether the run still went on."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace(Path(temporary))
        slow = kills.slow_recording(workspace.path / "slow", 1.0)
        started = kills.Started(workspace, "case-kill", "-p", "rehearsal", str(slow))
        kill = chance.choice(KILLS)
        if seed % 2:
            line = chance.randint(1, _LINES)
            started.until(lambda history: len(history.entries) >= line or started.process.poll() is not None)
        else:
            time.sleep(chance.uniform(0.2, longest))
        hit = started.process.poll() is None
        with contextlib.suppress(StopIteration, ProcessLookupError, kills.psutil.Error):
            kill(started)  # suppressed: no kernel yet, or all over already
        started.wait()
        time.sleep(3)  # the guard ends its change, an orphaned kernel itself
        try:
            kills.check_again(workspace, "case-kill", slow)
            archive.seal(started.folder.path, workspace.path / "archive")
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
    given = parser.parse_args()
    held = hits = 0
    with click.progressbar(range(given.kills), label="kills") as numbers:
        for number in numbers:
            fault, hit = one(given.seed + number, given.longest)
            held += not fault
            hits += hit
            if fault:
                print(f"\n{fault}", flush=True)
    print(f"{held} of {given.kills} kills held; {hits} hit a run that still went on")
    return 0 if held == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
