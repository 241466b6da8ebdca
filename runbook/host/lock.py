"""One run of a case at a time: a lock that a crash releases, and a note of who holds it."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from runbook.errors import BadInput
from runbook.files import write_json
from runbook.host.guard import guard_lock
from runbook.journal.lines import stamp, utc_now
from runbook.words.forms import moment
from runbook.words.sentences import say


@dataclass(frozen=True)
class Process:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process ``pid``; one that is gone has ``created`` 0."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return cls(pid, 0.0)

    def alive(self) -> bool:
        """True while this very process runs (a zombie has ended)."""
        try:
            found = psutil.Process(self.pid)
            return abs(found.create_time() - self.created) < 1 and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class RunLock:
    """The lock of one case, held by the kernel from the opening of a run to its close.

    The operating system releases it when the process ends, however it ends. ``run.holder.json`` says who
    holds it, so that the sentence for the next person can tell a run at work from one whose papermill has died.
    """

    def __init__(self, case: Path) -> None:
        self._case = case
        self._lock = FileLock(case / "run.lock")
        self._note = case / "run.holder.json"

    def refuse_if_held(self, lang: str) -> None:
        """Raise BadInput where somebody has the lock now; takes nothing. For papermill's side, whose first save would
        already write over the output of the run that is under way."""
        if not self._case.is_dir():
            return
        try:
            with self._lock.acquire(timeout=0):
                pass
        except Timeout:
            raise BadInput(self._told(lang)) from None

    def refuse_at_work(self, lang: str) -> None:
        """Raise BadInput where a run, or a change that has outlived its run, is under way: what is taken of the case
        then is half of it. Takes nothing, and makes no file in a folder that is only read."""
        for lock in (self._lock, guard_lock(self._case)):
            if not Path(lock.lock_file).is_file():
                continue
            try:
                with contextlib.suppress(PermissionError), lock.acquire(timeout=0):
                    pass
            except Timeout:
                raise BadInput(say("run.at_work", lang, case=self._case.name)) from None

    def acquire(self, papermill: Process | None, lang: str) -> None:
        """Take the lock, or raise BadInput with a sentence that says who has it."""
        self._case.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise BadInput(self._told(lang)) from None
        try:
            # A second: a file that was just given up can be held for a moment by what looks at new files.
            with guard_lock(self._case).acquire(timeout=1):
                pass
        except Timeout:
            self._lock.release()
            raise BadInput(say("run.busy_change", lang, case=self._case.name)) from None
        own = Process.of(os.getpid())
        note = {"pid": own.pid, "created": own.created, "since": stamp(utc_now())}
        if papermill:
            note["papermill"] = {"pid": papermill.pid, "created": papermill.created}
        write_json(self._note, note)

    def release(self) -> None:
        """Give the lock back; safe to call twice."""
        self._lock.release()

    def _told(self, lang: str) -> str:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return say("run.busy", lang, case=self._case.name, pid="?", since="?")
        key = "run.busy"
        if (papermill := note.get("papermill")) and not Process(papermill["pid"], papermill["created"]).alive():
            key = "run.busy_orphan"
        return say(key, lang, case=self._case.name, pid=note.get("pid"), since=moment(note.get("since"), lang))
