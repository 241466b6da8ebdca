"""Secrets that a killed run left at rest: the input of its script, the answer not yet put away.

Every command that is given a case looks for them first; a run does so once it has the case's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from filelock import FileLock, Timeout

from runbook.case.folder import CaseFolder
from runbook.host import at_work
from runbook.host.evidence import put_secrets_away
from runbook.host.guard import guard_lock
from runbook.journal.history import History
from runbook.journal.story import read_entries


def left(folder: CaseFolder) -> Iterator[tuple[str, str]]:
    """Run and step of each script whose input with secrets, or whose private answer, still lies there."""
    for path in folder.path.glob("private/r[0-9]*/*/in.json"):
        yield path.parent.parent.name, path.parent.name
    for path in folder.path.glob("r[0-9]*/*/private.json"):
        yield path.parent.parent.name, path.parent.name


def sweep(folder: CaseFolder, steps: Iterable[tuple[str, str]]) -> None:
    """Put away what ``steps`` (run, step) left. The caller holds the case's lock."""
    for run, step in dict.fromkeys(steps):
        put_secrets_away(folder.run(run) / step, folder.private(), f"{step}-{run}")


def sweep_if_idle(folder: CaseFolder) -> None:
    """The same for a command: nothing where nothing is left, and nothing while a run or a change is at work."""
    if not any(left(folder)):
        return
    try:
        with FileLock(folder.path / "run.lock", timeout=0), guard_lock(folder.path).acquire(timeout=0):
            history = History(read_entries(folder.journal))
            if not any(at_work.programs(folder.path, history)):
                sweep(folder, left(folder))
    except Timeout:
        return
