"""Plays a rehearsal in one process, without papermill and kernel: ``python play_case.py CASE RECORDING``.

The same engine, guard, lock, journal and evidence; a run takes a second or two, so that it can be killed often. Run
after run until the case is done or the recording has no more.
"""

from __future__ import annotations

import sys
from pathlib import Path

from runbook.errors import RunbookError
from runbook.host import rehearsal
from runbook.run import closing, life
from runbook.run.invocation import Invocation
from runbook.run.opening import keep_rebuilt, open_run
from runbook.run.rebuild import keep_output


def play(case: str, recording: str, workspace: Path) -> tuple[str, list[str]]:
    """One run; gives its outcome, and what the steps that failed say of it."""
    run = open_run(
        rehearsal.load(recording).plot.notebook,
        {"case": case, "rehearsal": recording},
        Invocation("unverified", folder=workspace),
    )
    try:
        for number, step in enumerate(run.steps, 1):
            life.live(run, step, None)
            keep_output(run.path, number, step, step, f"%local {step}", [])
        _, outcome, failed = closing.close(run)
        closing.write_down(run, outcome, failed)
        keep_rebuilt(run.journal, run.folder, run.name)
    finally:
        run.lock.release()
    history = run.history()
    return outcome, [f"{step}: {history.end_in(step, run.name)}" for step in failed]


def main(case: str, recording: str) -> int:
    for _ in range(rehearsal.load(recording).runs):
        try:
            outcome, failed = play(case, recording, Path.cwd())
        except KeyboardInterrupt:
            return 130
        except RunbookError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        if outcome == "done":
            return 0
    sys.stderr.write(f"not done after all runs: {outcome} {failed}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
