"""The small process that owns a change while it runs, and outlives the kernel.

It runs in a session of its own: a kill of papermill, of the kernel or of the console leaves it alone. It holds
the case's guard lock (a second run is refused meanwhile), ends the change at its time limit, puts its secrets
away and writes the journal's ``ran`` line: how the change ended, seen by the process that saw it end. What
that means is judged by the kernel, or by the next run where the kernel is gone.

Usage: ``python -I -m runbook.host.guard SPEC.json`` (the kernel writes the spec into the step's evidence folder).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from runbook.files import write_json
from runbook.host import process
from runbook.host.evidence import put_secrets_away
from runbook.journal.lines import Journal

#: Exit codes of the guard itself.
DONE, REFUSED = 0, 3


def guard_lock(case_folder: Path) -> FileLock:
    """The lock that a change in progress holds, whoever started it."""
    return FileLock(case_folder / "guard.lock")


def start(spec: dict[str, Any], folder: Path) -> subprocess.Popen[bytes]:
    """Start the guard for a change; its own output goes to ``guard.log`` in the step's folder.

    ``spec``: case (folder), run, step, attempt, argv, limit (seconds), folder, private (folder).
    """
    path = folder / "guard.json"
    write_json(path, spec)
    with (folder / "guard.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "runbook.host.guard", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **process.python_group(),
        )


def main(argv: list[str]) -> int:
    """Own one change from start to end."""
    spec = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    case, folder = Path(spec["case"]), Path(spec["folder"])
    lock = guard_lock(case)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return REFUSED
    with lock:
        try:
            ended = process.run(spec["argv"], folder, spec["limit"], lambda pid: _started(spec, pid))
        except process.NotStarted as error:
            not_started(spec, error)
        else:
            seconds = round(ended.seconds, 3)
            how = {"exit_code": ended.exit_code, "timed_out": ended.timed_out, "seconds": seconds}
            settle(spec, "guard", **how, **({"left": list(ended.left)} if ended.left else {}))
    return DONE


def not_started(spec: dict[str, Any], error: OSError, by: str = "guard") -> None:
    """Write down that the change was never started, and why: nobody has to decide what it may have done."""
    why = error.strerror or str(error)
    settle(spec, by, exit_code=None, timed_out=False, seconds=0.0, not_started=why)


def _started(spec: dict[str, Any], pid: int) -> None:
    """Write down which program makes the change: after a kill of this guard nothing may start beside it."""
    import psutil  # late: the program is at work meanwhile

    try:
        created = psutil.Process(pid).create_time()
    except psutil.Error:
        created = time.time()  # over already
    which = {name: spec[name] for name in ("run", "step", "attempt")}
    Journal(Path(spec["case"]) / "journal.jsonl").append("started", **which, by="guard", pid=pid, created=created)


def settle(spec: dict[str, Any], by: str, **how: Any) -> None:
    """Put the change's secrets away and write its ``ran`` line."""
    put_secrets_away(Path(spec["folder"]), Path(spec["private"]), f"{spec['step']}-{spec['run']}")
    journal = Journal(Path(spec["case"]) / "journal.jsonl")
    journal.append("ran", run=spec["run"], step=spec["step"], attempt=spec["attempt"], by=by, **how)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
