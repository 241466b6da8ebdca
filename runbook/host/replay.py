"""Plays back what a recorded host answered to one script. Runs as a small process of its own, so that a
rehearsal goes through the same starting, waiting, ending and killing as the real thing.

Usage: ``python -I -S replay.py PLAN.json``. Standard library only, nothing of the package.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def main(plan_path: str) -> int:
    """Carry out a plan written by ``runbook.host.rehearsal``; returns the recorded exit code."""
    plan = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    target = Path(plan["folder"])
    if plan["effects"]:
        # A change counts here where it happens: a test sees whether one was ever made twice.
        with Path(plan["effects"]).open("a", encoding="utf-8", newline="\n") as file:
            file.write(plan["step"] + "\n")
    if plan["dies"]:
        # The power cut: nobody is left who could write down how it ended.
        os.kill(os.getppid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return 1
    time.sleep(plan["seconds"])
    for source in plan["files"]:
        to = target / source["to"]
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source["from"], to)
    for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
        if plan[name]:
            stream.buffer.write(Path(plan[name]).read_bytes())
            stream.flush()
    return int(plan["exit_code"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
