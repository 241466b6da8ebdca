"""What the journal of a case says about its steps and runs: read-only views, nothing remembered elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runbook.journal import Entry
from runbook.outcome import Status

_FIRM = frozenset({Status.SUCCEEDED, Status.FINDING})


#: Kinds of hosts whose answers are real: a server's, or files brought from one.
REAL_HOSTS = frozenset({"windows", "files"})


def played(opened: Entry) -> str | None:
    """What answered in place of a real host in the run that ``opened`` opens: the recording's name, or the kind of a
    stand-in; None for a real one. Whatever it is, the case is a rehearsal."""
    host = opened.get("host", "windows")
    return opened.get("rehearsal") or (None if host in REAL_HOSTS else host)


class History:
    """The journal's lines, asked by step and run."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = list(entries)

    def _of(self, event: str, step: str | None = None) -> list[Entry]:
        return [e for e in self.entries if e["event"] == event and (step is None or e.get("step") == step)]

    # -- runs

    def runs(self) -> list[str]:
        """The names of all runs, oldest first."""
        return [e["run"] for e in self._of("open")]

    def opening(self, run: str) -> Entry | None:
        return next((e for e in self._of("open") if e["run"] == run), None)

    def opening_by_token(self, token: str) -> Entry | None:
        """The run that was opened under one call of the engine."""
        return next((e for e in self._of("open") if e.get("token") == token), None)

    def closing(self, run: str) -> Entry | None:
        return next((e for e in self._of("close") if e["run"] == run), None)

    def notebook(self, run: str) -> Entry | None:
        """The line that says where the run's executed notebook lies, and its hash."""
        return next((e for e in reversed(self._of("notebook")) if e["run"] == run), None)

    def rehearsals(self) -> set[str | None]:
        """What answered in the case's runs (``played``); None stands for a real host."""
        return {played(e) for e in self._of("open")}

    # -- steps

    def ends(self, step: str) -> list[Entry]:
        """All judgements of a step, oldest first."""
        return self._of("end", step)

    def end_in(self, step: str, run: str) -> Entry | None:
        return next((e for e in reversed(self.ends(step)) if e["run"] == run), None)

    def first_success(self, step: str) -> Entry | None:
        """The judgement that a frozen step is held to."""
        return next((e for e in self.ends(step) if e["status"] in _FIRM), None)

    def made(self, step: str) -> Entry | None:
        """The judgement that says that a script has carried out the change, None where none succeeded."""
        return next((e for e in self.ends(step) if e["status"] in _FIRM and e.get("script_sha256")), None)

    def latest_facts(self, step: str) -> dict[str, Any]:
        """The facts of the latest judgement that has any."""
        return next((dict(e["facts"]) for e in reversed(self.ends(step)) if e.get("facts")), {})

    def open_begin(self, step: str) -> Entry | None:
        """The latest ``begin`` of a step whose end nobody judged or decided, None where there is none."""
        begins = self._of("begin", step)
        if not begins:
            return None
        last = begins[-1]
        settled = [e for e in self.entries if e["n"] > last["n"] and e.get("step") == step]
        if any(e["event"] == "end" and e["status"] != Status.UNKNOWN for e in settled):
            return None
        if any(e["event"] == "accept" and e.get("what") == "unknown" for e in settled):
            return None
        return last

    def ran(self, begin: Entry) -> Entry | None:
        """The guard's line for the change that began with ``begin``."""
        return next(
            (e for e in self._of("ran", begin["step"]) if e["n"] > begin["n"] and e["attempt"] == begin["attempt"]),
            None,
        )

    def attempts(self, step: str) -> int:
        return len(self._of("begin", step))

    def confirms(self, step: str) -> list[Entry]:
        """What persons confirmed about a manual step, oldest first."""
        return self._of("confirm", step)

    def decided(self, step: str) -> Entry | None:
        """A person's latest decision about a step whose end was unknown, where it still holds (no later begin)."""
        accepts = [e for e in self._of("accept", step) if e.get("what") == "unknown"]
        begins = self._of("begin", step)
        if accepts and (not begins or accepts[-1]["n"] > begins[-1]["n"]):
            return accepts[-1]
        return None

    def accepted_script(self, step: str) -> str | None:
        """The hash of the changed script that a person has accepted for a step that had already succeeded."""
        accepts = [e for e in self._of("accept", step) if e.get("what") == "script"]
        return str(accepts[-1]["script_sha256"]) if accepts else None
