"""Runs one process to its end or its time limit, and ends everything it started when the limit is reached.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: How long a process that was told to end may take to be gone, in seconds. No longer: a process that the system
#: cannot end (a driver that does not answer, rights that are missing) must not hold a run past every limit.
GRACE = 10.0
#: How long a wait lasts at most before this looks whether it was interrupted, in seconds. On Windows one long wait
#: hears no Ctrl+C until the process has ended by itself (CPython, subprocess.py, ``_wait``).
SLICE = 0.2


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (None: it was ended at its limit), how long it took in seconds.

    ``left``: the numbers of the processes that were told to end and were still there ``GRACE`` seconds later.
    """

    exit_code: int | None
    seconds: float
    left: tuple[int, ...] = ()

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None

    @property
    def by_itself(self) -> bool:
        """False where it was ended from outside or crashed: its limit, a signal (negative), or a status of Windows
        (0x40010004 shutdown, 0xC000013A Ctrl-C, 0xC0000005 and others; MS-ERREF 2.3)."""
        return self.exit_code is not None and 0 <= self.exit_code < 0x40000000


class NotStarted(OSError):
    """The program could not be started: nothing of what it was to do has happened. ``errno`` and ``strerror`` say
    why, ``filename`` which program."""


def run(argv: list[str], folder: Path, limit: float, told: Callable[[int], None] | None = None) -> Ended:
    """Run ``argv`` with no standard input; stdout and stderr go as raw bytes to files in ``folder``. ``told`` is
    called with the number of the process as soon as it is there.

    Past ``limit`` seconds, or when the caller is interrupted, the whole process tree is ended. Raises NotStarted
    where there is nothing to end.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as files:
        try:
            out, err = (files.enter_context((folder / name).open("wb")) for name in ("stdout.bin", "stderr.bin"))
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment(), **own_group()
            )
        except OSError as error:
            raise NotStarted(error.errno, error.strerror or str(error), argv[0]) from error
        job = _job(process)
        left: tuple[int, ...] = ()
        try:
            if told:
                told(process.pid)
            code = _wait(process, started + limit)
        finally:
            if process.poll() is None:
                left = end_tree(process, job)
            if job is not None:
                job.release()
    return Ended(code, time.monotonic() - started, left)


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a started program inherits: all but PowerShell 7's list of module folders. Windows PowerShell 5.1 would
    look there first, find modules that it cannot load, and miss Get-FileHash or Get-ExecutionPolicy; without it, it
    makes its own list anew (Microsoft, "about_PSModulePath")."""
    return {name: value for name, value in environ.items() if name.upper() != "PSMODULEPATH"}


def _wait(process: subprocess.Popen[bytes], end: float) -> int | None:
    """The exit code of ``process``, None where it runs on at ``end`` (of the monotonic clock)."""
    with _told_of(process) as told:
        while True:
            slice_ = max(0.0, min(SLICE, end - time.monotonic()))
            if told is not None:
                told.poll(slice_ * 1000)
                slice_ = 0.0
            try:
                return process.wait(timeout=slice_)
            except subprocess.TimeoutExpired:
                if time.monotonic() >= end:
                    return None


@contextlib.contextmanager
def _told_of(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What can be asked to wait until ``process`` has ended, on Linux: there CPython's own wait sleeps and looks again,
    which adds half of what a short process takes. None where there is no such thing."""
    descriptor = None
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a kernel before 5.3, or a container that forbids it
            descriptor = os.pidfd_open(process.pid)
    if descriptor is None:
        yield None
        return
    try:
        end = select.poll()
        end.register(descriptor, select.POLLIN)
        yield end
    finally:
        os.close(descriptor)


def end_tree(process: subprocess.Popen[bytes], job: Any = None) -> tuple[int, ...]:
    """End a process and all that it started; returns the numbers of those that are still there ``GRACE`` seconds
    later, whoever was asked to end them and whatever was answered.

    ``job``: the Windows job object that holds the tree.
    """
    import psutil  # here: the guard starts without it, and most steps end by themselves

    tree: list[Any] = []
    with contextlib.suppress(psutil.Error):  # ended meanwhile
        root = psutil.Process(process.pid)
        tree = [*root.children(recursive=True), root]
    if sys.platform == "win32":
        if job is not None:
            job.end()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # What the job or the group does not hold: started before the job was there, or gone into a group of its own.
    for each in tree:
        with contextlib.suppress(psutil.Error):
            each.kill()
    _, alive = psutil.wait_procs(tree, timeout=GRACE)
    process.poll()
    return tuple(each.pid for each in alive)


def _job(process: subprocess.Popen[bytes]) -> Any:
    """The job object of a process that was just started; None where the system has no such thing."""
    if sys.platform != "win32":
        return None
    from runbook.host.job import Job

    return Job(int(process._handle))


def interpreter() -> str:
    """The program that runs this Python. On Windows an environment's python.exe is not it: that is a small launcher,
    which starts the real one and waits for it, so that a process number would be the launcher's."""
    if sys.platform != "win32":
        return sys.executable
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def python_group() -> dict[str, Any]:
    """What ``Popen([sys.executable, …])`` needs to start this environment's Python itself, in a group of its own."""
    if sys.platform != "win32":
        return own_group()
    # The variable by which the launcher tells the real one which environment it is for (CPython, PC/venvlauncher).
    environ = {**os.environ, "__PYVENV_LAUNCHER__": sys.executable}
    return {**own_group(), "executable": interpreter(), "env": environ}


def own_group() -> dict[str, Any]:
    """A group of its own, so that it can be ended as a whole and Ctrl-C in the console does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
