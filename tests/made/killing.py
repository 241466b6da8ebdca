"""Starts an archive command in a process of its own and kills it at a random moment."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

_CHILD = """
import sys
from pathlib import Path
from runbook.archive.register import register
from runbook.archive.seal import seal
from runbook.redaction.redact import redact
from runbook.record import report as record
from runbook.archive.register import register
import runbook.record.cells  # what is slow to import is not what is to be killed
work, workspace, case = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
print("ready", flush=True)
if work == "seal":
    seal(case, workspace / "archive", zip=True)
elif work == "record":
    record.write(case)
elif work == "register":
    register(workspace)
print("done", flush=True)
"""


def run_and_kill(work: str, workspace: Path, case: Path, after: float | None) -> bool:
    """Run ``work`` and kill -9 it ``after`` seconds from its start (None: let it end). True if it had ended."""
    with _start(work, workspace, case) as child:
        assert child.stdout is not None
        if after is not None:
            time.sleep(after)
            child.kill()
        rest = child.stdout.read()
        child.wait()
    return b"done" in rest


def how_long(work: str, workspace: Path, case: Path) -> float:
    """Seconds that ``work`` takes when nobody kills it, its imports apart."""
    with _start(work, workspace, case) as child:
        assert child.stdout is not None
        started = time.monotonic()
        assert child.stdout.readline().strip() == b"done"
        return time.monotonic() - started


def _start(work: str, workspace: Path, case: Path) -> subprocess.Popen[bytes]:
    """The process, its imports done and its work just begun."""
    call = [sys.executable, "-c", _CHILD, work, str(workspace), str(case)]
    child = subprocess.Popen(call, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline().strip() == b"ready"
    return child


def moments(count: int, span: float, seed: int) -> list[float]:
    """``count`` random moments within ``span`` seconds."""
    dice = random.Random(seed)
    return [dice.uniform(0, span) for _ in range(count)]
