"""What happened in a case, in the order in which it is told: runs, the steps of each run, attempts.

The journal is the only source. Nothing here reads a notebook, so a record, a register or a comparison can
never be fooled by one. Works on a case folder and, unchanged, on the payload of a sealed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.case import case_file
from runbook.files import sha256_of
from runbook.journal.history import History, played
from runbook.journal.lines import Entry, read_line
from runbook.journal.outcome import NOTHING_DONE, Status

_WORDS = frozenset(status.value for status in Status)


@dataclass(frozen=True)
class Attempt:
    """One try of a step in one run: its ``begin`` line, its ``end`` line, or the one of them that exists."""

    begin: Entry | None
    end: Entry | None

    @property
    def status(self) -> Status:
        """The status of the ``end`` line; a begin without an end, or a word that is none, is unknown."""
        word = None if self.end is None else self.end.get("status")
        return Status(word) if word in _WORDS else Status.UNKNOWN

    @property
    def started(self) -> str | None:
        return self.begin["t"] if self.begin is not None else None

    @property
    def ended(self) -> str | None:
        return self.end["t"] if self.end is not None else None

    @property
    def seconds(self) -> float | None:
        """Duration of the attempt in seconds, as measured by the step's owner; None where nothing was run."""
        return None if self.end is None or self.status in NOTHING_DONE else self.end.get("seconds")


@dataclass
class Run:
    """One execution of one notebook: its ``open`` and ``close`` lines and its steps in order of appearance."""

    name: str
    opened: Entry
    closed: Entry | None = None
    steps: dict[str, list[Attempt]] = field(default_factory=dict)
    notebook: Entry | None = None

    @property
    def rehearsal(self) -> str | None:
        """What answered in place of a real host (``history.played``), None in a real run."""
        return played(self.opened)

    @property
    def outcome(self) -> str:
        """The word of the ``close`` line, or "open" where there is none."""
        return "open" if self.closed is None else str(self.closed.get("outcome"))

    def status(self, step: str) -> Status:
        return self.steps[step][-1].status


@dataclass
class Story:
    """A whole case. ``case`` is the case file as plain text values (empty where it cannot be read)."""

    folder: Path
    case: dict[str, Any]
    history: History
    runs: list[Run] = field(default_factory=list)
    #: The way from the page that is written to the case folder, "" or ending in "/".
    base: str = ""
    #: SHA-256 of the case's files by path, where somebody has just read them all; None: look for yourself.
    digests: Mapping[str, str] | None = None

    def digest_of(self, path: str) -> str | None:
        """The SHA-256 of a file of the case, None where it is not there."""
        if self.digests is not None:
            return self.digests.get(path)
        file = self.folder / path
        return sha256_of(file) if file.is_file() else None

    @property
    def entries(self) -> list[Entry]:
        """The journal's lines, oldest first."""
        return self.history.entries

    @property
    def name(self) -> str:
        """The case's name: from the journal, else from the case file, else the folder's."""
        for run in self.runs:
            if run.opened.get("case"):
                return str(run.opened["case"])
        return str(self.case.get("case") or self.folder.name)

    @property
    def rehearsal(self) -> str | None:
        return next((run.rehearsal for run in self.runs if run.rehearsal), None)

    @property
    def redacted(self) -> bool:
        """True for the copy for outside: its journal begins by saying so."""
        return bool(self.entries) and self.entries[0].get("event") == "redaction"

    @property
    def lang(self) -> str:
        spoken = self.runs[-1].opened.get("lang") if self.runs else self.case.get("lang")
        return "en" if spoken == "en" else "fr"

    @property
    def outcome(self) -> str:
        """Outcome of the last run, or of the recovery's last one where that was left unfinished: another notebook that
        went well since finishes no recovery. "open" where a run was never closed, "new" when nothing was run yet;
        "waiting" too where what was done rests on an entry that has been taken back or replaced since."""
        recovery = [run for run in self.runs if run.opened.get("notebook", "migrate") == "migrate"]
        found = [run.outcome for run in (*self.runs[-1:], *recovery[-1:])]
        done = "waiting" if self.history.unsettled() else "done"
        return next((outcome for outcome in found if outcome != "done"), done if found else "new")

    def stands(self, attempt: Attempt) -> bool:
        """False for what was judged of an entry that a person has since taken back."""
        return not (attempt.end and self.history.taken_back(attempt.end))

    def latest(self) -> dict[str, tuple[Run, Attempt]]:
        """For each step its last attempt in any run; one that succeeded keeps that attempt, unless it was of an entry
        that a person has since taken back."""
        found: dict[str, tuple[Run, Attempt]] = {}
        for run in self.runs:
            for step, attempts in run.steps.items():
                before = found.get(step)
                settled = before is not None and before[1].status is Status.SUCCEEDED and self.stands(before[1])
                weaker = attempts[-1].status in (Status.ALREADY_DONE, Status.NOT_REACHED)
                if not (settled and weaker):
                    found[step] = (run, attempts[-1])
        return found


def run_name(value: Any) -> str:
    """``1`` and ``"r01"`` are the same run: its folder's name."""
    return f"r{value:02d}" if isinstance(value, int) else str(value)


def read_case_text(path: Path) -> dict[str, Any]:
    """The case file's values, all as text: 0123 stays 0123. Empty where there is none (a pipe or a device is none) or
    it is no mapping."""
    if not path.is_file():
        return {}
    try:
        return case_file.plain(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {}


def read_entries(path: Path) -> list[Entry]:
    """The whole lines of a journal; what is none is left out (the chain check names it)."""
    entries: list[Entry] = []
    for raw in path.read_bytes().split(b"\n") if path.is_file() else []:
        if (entry := read_line(raw)) is not None:
            entries.append(entry)
    return entries


def read_story(folder: Path) -> Story:
    """The story of the case in ``folder`` (it holds case.yml and journal.jsonl)."""
    return tell(folder, read_case_text(folder / "case.yml"), read_entries(folder / "journal.jsonl"))


def tell(folder: Path, case: dict[str, Any], entries: Iterable[Entry]) -> Story:
    """Order journal lines into runs and attempts."""
    story = Story(folder=folder, case=case, history=History(entries))
    runs: dict[str, Run] = {}
    for entry in story.entries:
        event = entry.get("event")
        step = entry.get("step")
        if event == "open":
            run = Run(name=run_name(entry.get("run", len(runs) + 1)), opened=entry)
            runs[run.name] = run
            story.runs.append(run)
            continue
        told = runs.get(run_name(entry["run"])) if "run" in entry else None
        if told is None:
            continue
        if event == "close":
            told.closed = entry
        elif event == "notebook":
            told.notebook = entry
        elif event in ("begin", "end") and isinstance(step, str):
            _add_attempt(told.steps.setdefault(step, []), entry)
    return story


def _add_attempt(attempts: list[Attempt], entry: Entry) -> None:
    if entry["event"] == "begin":
        attempts.append(Attempt(begin=entry, end=None))
    elif attempts and attempts[-1].end is None:
        attempts[-1] = Attempt(begin=attempts[-1].begin, end=entry)
    else:
        attempts.append(Attempt(begin=None, end=entry))
