"""Runs one process to its end or its time limit, and ends everything it started when the limit is reached.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (None: it was ended at its limit), how long it took in seconds."""

    exit_code: int | None
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None


class NotStarted(OSError):
    """The program could not be started: nothing of what it was to do has happened. ``errno`` and ``strerror`` say
    why, ``filename`` which program."""


def run(argv: list[str], folder: Path, limit: float) -> Ended:
    """Run ``argv`` with no standard input; stdout and stderr go as raw bytes to files in ``folder``.

    Past ``limit`` seconds, or when the caller is interrupted, the whole process tree is ended. Raises NotStarted
    where there is nothing to end.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as files:
        try:
            out, err = (files.enter_context((folder / name).open("wb")) for name in ("stdout.bin", "stderr.bin"))
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **own_group())
        except OSError as error:
            raise NotStarted(error.errno, error.strerror or str(error), argv[0]) from error
        try:
            code: int | None = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                end_tree(process)
    return Ended(code, time.monotonic() - started)


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, and wait until it is gone."""
    if sys.platform == "win32":
        # taskkill knows the tree; TerminateProcess would leave the children behind.
        subprocess.run(
            [_system32("taskkill.exe"), "/T", "/F", "/PID", str(process.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def own_group() -> dict[str, Any]:
    """A group of its own, so that it can be ended as a whole and Ctrl-C in the console does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _system32(tool: str) -> str:
    return str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / tool)
