"""Programs that a change has started and that go on after their guard has died: nothing starts beside them.

A program is known by the number and the moment of its start, which the guard writes down at once, and by its
arguments, in case the guard was killed before it could. Elsewhere than on Windows (there the guard's job object ends
them with the guard) what it started in turn is known by its group.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from runbook.errors import BadInput
from runbook.host.lock import Process
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.words.sentences import say


def programs(case: Path, history: History) -> Iterator[tuple[Entry, psutil.Process]]:
    """The programs still at work for changes whose end no guard has written down, each with its ``begin`` line."""
    for begun in history.unfinished():
        started = history.started(begun)
        argv = _arguments(case / begun["run"] / begun["step"] / "guard.json")
        for found in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if found.pid != os.getpid() and found.status() != psutil.STATUS_ZOMBIE and _is_of(found, started, argv):
                    yield begun, found


def refuse(case: Path, history: History, lang: str) -> None:
    """Raise BadInput that names a program that is still at work."""
    for begun, found in programs(case, history):
        fields = {"case": case.name, "step": begun["step"], "run": begun["run"], "pid": found.pid}
        raise BadInput(say("run.busy_program", lang, **fields))


def wait_for(case: Path, history: History, limit: float) -> None:
    """Wait until the programs of a change whose guard has died are gone; past ``limit`` seconds they are ended."""
    end = time.monotonic() + limit
    while left := [found for _, found in programs(case, history)]:
        if time.monotonic() >= end:
            for found in left:
                with contextlib.suppress(psutil.Error):
                    found.kill()
        time.sleep(0.2)


def _is_of(found: psutil.Process, started: Entry | None, argv: list[str]) -> bool:
    if started is not None:
        if found.pid == started["pid"]:
            return Process(started["pid"], started["created"]).alive()
        if sys.platform != "win32" and os.getpgid(found.pid) == started["pid"]:
            return found.create_time() > started["created"] - 1
    # The interpreter of a script stands before its arguments.
    return bool(argv) and found.cmdline()[-len(argv) :] == argv


def _arguments(spec: Path) -> list[str]:
    """The arguments of the program that a guard was told to start, without its name; they name the step's folder."""
    try:
        return [str(word) for word in json.loads(spec.read_text(encoding="utf-8"))["argv"][1:]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
