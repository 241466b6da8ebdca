"""Plays back what a recorded host answered to one script. Runs as a small process of its own, so that a
rehearsal goes through the same starting, waiting, ending and killing as the real thing.

Usage: ``python -I -S replay.py PLAN.json``. Standard library only, nothing of the package, and of the library only
what starts at once: a rehearsal starts this a dozen times, and most of its time is its imports.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(plan_path: str) -> int:
    """Carry out a plan written by ``runbook.host.rehearsal``; returns the recorded exit code."""
    plan = json.loads(_read(plan_path))
    if plan["effects"]:
        # A change counts here where it happens: a test sees whether one was ever made twice.
        with open(plan["effects"], "a", encoding="utf-8", newline="\n") as file:
            file.write(plan["step"] + "\n")
    if plan["dies"]:
        # The power cut: nobody is left who could write down how it ended.
        import signal

        os.kill(os.getppid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return 1
    time.sleep(plan["seconds"])
    for source in plan["files"]:
        to = os.path.join(plan["folder"], source["to"])
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as file:
            file.write(_read(source["from"]))
    for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
        if plan[name]:
            stream.buffer.write(_read(plan[name]))
            stream.flush()
    return int(plan["exit_code"])


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
