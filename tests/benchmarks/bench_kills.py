"""Kills at random moments: papermill, its kernel, both, or Ctrl-C; then the case is run again and looked at.

    python tests/benchmarks/bench_kills.py [--kills 200] [--seed 1]

After each kill: the journal's chain holds, the second run comes to its end, every change was made once, each run
has its close line and its notebook. Prints one line per fault, and the share that held. Exit 1 if any did not.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))

import click
import test_kills as kills
from conftest import Workspace

KILLS = (kills.kill_papermill, kills.kill_kernel, kills.kill_both, kills.interrupt)


def one(seed: int, longest: float) -> str:
    """Kill once; returns "" where everything held, else what did not."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace(Path(temporary))
        slow = kills.slow_recording(workspace.path / "slow", 1.0)
        started = kills.Started(workspace, "case-kill", "-p", "rehearsal", str(slow))
        time.sleep(chance.uniform(0.2, longest))
        kill = chance.choice(KILLS)
        with contextlib.suppress(StopIteration, ProcessLookupError, kills.psutil.Error):
            kill(started)  # suppressed: no kernel yet, or all over already
        started.wait()
        time.sleep(3)  # the guard ends its change, an orphaned kernel itself
        try:
            kills.check_again(workspace, "case-kill", slow)
        except AssertionError as fault:
            said = str(fault).strip().splitlines() or ["assertion"]  # papermill's own lines come first, the reason last
            return f"seed {seed}, {kill.__name__}: {said[-1]}"
    return ""


def main() -> int:
    """Kill as often as asked, print what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=9.0, help="latest moment of a kill, in seconds")
    given = parser.parse_args()
    counted: collections.Counter[bool] = collections.Counter()
    with click.progressbar(range(given.kills), label="kills") as numbers:
        for number in numbers:
            fault = one(given.seed + number, given.longest)
            counted[not fault] += 1
            if fault:
                print(f"\n{fault}", flush=True)
    print(f"{counted[True]} of {given.kills} kills held")
    return 0 if counted[True] == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
