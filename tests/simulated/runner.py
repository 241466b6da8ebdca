"""Runs step scripts on simulated servers, many in one process of PowerShell."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from . import pwsh

Task = TypeVar("Task")

PROCESSES = 2  # the machines this runs on have two cores


@dataclass(frozen=True)
class Job:
    """One script on one server. ``given``: in.json, None where the script is run without it, as by hand."""

    id: str
    script: Path
    given: Path | None
    out: Path
    server: Path


@dataclass(frozen=True)
class Ran:
    """What came back beside out.json: its errors ("" = none), what it showed, how long it took, did an error end it."""

    error: str
    shown: str
    milliseconds: int
    ended: bool


class Worker:
    """A process of PowerShell that runs one job after the other; ``folder`` (made by it): its jobs and its stderr.

    One that ended, or was ended, is begun anew for the next job.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        # Not its standard input, which each native tool would inherit, and which PowerShell reads on its own.
        self._list = folder / "jobs"

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._end(self._process)

    def ask(self, job: Job, limit: float) -> Ran | None:
        """Run ``job``; None: the process ended without an answer, or was ended after ``limit`` seconds."""
        if self._process is None:
            self._list.write_bytes(b"")
            with (self._folder / "stderr.txt").open("ab") as stderr:
                self._process = subprocess.Popen(
                    pwsh.command(self._program, "-List", str(self._list), "-Parent", str(os.getpid())),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=pwsh.environ(),
                    # A console of its own: it sets the code page.
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        process = self._process
        assert process.stdout is not None
        row = {
            "Script": str(job.script),
            "InputPath": str(job.given or ""),
            "OutputPath": str(job.out),
            "Server": str(job.server),
        }
        with self._list.open("ab") as lines:
            lines.write(json.dumps(row).encode() + b"\n")
        clock = threading.Timer(limit, process.kill)
        clock.start()
        for line in process.stdout:
            if line.startswith(b"{"):
                clock.cancel()
                said = json.loads(line)
                return Ran(said["Error"], said["Shown"], said["Milliseconds"], said["Ended"])
        clock.cancel()
        self._end(process)
        return None

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()
        self._process = None


def share(
    tasks: Iterable[Task], work: Callable[[Worker, Task], None], program: Path, folder: Path, processes: int = PROCESSES
) -> None:
    """Do ``work`` for each of ``tasks``, by as many workers as there are ``processes``: who is free takes the next."""
    waiting = deque(tasks)
    folder.mkdir(exist_ok=True)

    def take(place: str) -> None:
        with Worker(program, Path(place)) as worker:
            while True:
                try:
                    task = waiting.popleft()
                except IndexError:
                    return
                work(worker, task)

    places = [tempfile.mkdtemp(dir=folder) + "/worker" for _ in range(min(processes, len(waiting)))]
    with ThreadPoolExecutor(processes) as threads:
        list(threads.map(take, places))


def run(
    jobs: Sequence[Job], folder: Path, program: Path, processes: int = PROCESSES, limit: float = 300
) -> dict[str, Ran]:
    """Run ``jobs``; one whose process ends, or that takes longer than ``limit`` seconds, has no answer."""
    found: dict[str, Ran] = {}

    def work(worker: Worker, job: Job) -> None:
        if (ran := worker.ask(job, limit)) is not None:
            found[job.id] = ran

    share(jobs, work, program, folder, processes)
    return found
