"""What the journal of a case says about its steps and runs: read-only views, nothing remembered elsewhere."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from runbook.journal.lines import Entry
from runbook.journal.outcome import Status

if TYPE_CHECKING:
    from runbook.journal.facts import Facts

F = TypeVar("F", bound="Facts")

_FIRM = frozenset({Status.SUCCEEDED, Status.FINDING})


#: Kinds of hosts whose answers are real: a server's, or files brought from one.
REAL_HOSTS = frozenset({"windows", "remoting", "files"})


def played(opened: Entry) -> str | None:
    """What answered in place of a real host in the run that ``opened`` opens: the recording's name, or the kind of a
    stand-in; None for a real one. Whatever it is, the case is a rehearsal."""
    host = opened.get("host", "windows")
    return opened.get("rehearsal") or (None if host in REAL_HOSTS else host)


class History:
    """The journal's lines, asked by step and run."""

    def __init__(self, entries: Iterable[Entry], before: History | None = None) -> None:
        """``before``: an earlier look at the same journal, which spares sorting again what it has sorted."""
        self.entries = list(entries)
        seen, known = (before.entries, before._by) if before else ([], {})
        if seen[-1:] != self.entries[: len(seen)][-1:]:
            seen, known = [], {}  # another journal, or one that was changed
        self._by: dict[tuple[str, str | None], list[Entry]] = {asked: list(found) for asked, found in known.items()}
        for entry in self.entries[len(seen) :]:
            event, step = entry["event"], entry.get("step")
            self._by.setdefault((event, None), []).append(entry)
            if step is not None:
                self._by.setdefault((event, step), []).append(entry)

    def _of(self, event: str, step: str | None = None) -> list[Entry]:
        return self._by.get((event, step), [])

    # -- runs

    def runs(self) -> list[str]:
        """The names of all runs, oldest first."""
        return [e["run"] for e in self._of("open")]

    def openings(self) -> list[Entry]:
        """The lines that opened the runs, oldest first."""
        return self._of("open")

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

    def last_ends(self, run: str) -> list[Entry]:
        """The last judgement of each step that ``run`` came to, in the order in which it came to them."""
        return list({e["step"]: e for e in self._of("end") if e["run"] == run}.values())

    def first_success(self, step: str) -> Entry | None:
        """The judgement that a frozen step is held to: the first, or the first since a person had it taken anew."""
        since = max((e["n"] for e in self._of("accept", step) if e.get("what") == "reading"), default=0)
        return next((e for e in self.ends(step) if e["status"] in _FIRM and e["n"] > since), None)

    def kept_reading(self, step: str) -> Entry | None:
        """The reading that a frozen step is held to: the last that was made and not told again (``of``). There is more
        than one where a person had it taken anew, or where another machine had answered first."""
        since = max((e["n"] for e in self._of("accept", step) if e.get("what") == "reading"), default=0)
        firm = (e for e in reversed(self.ends(step)) if e["status"] in _FIRM and not e.get("of"))
        found = next(firm, None)
        return found if found and found["n"] > since else None

    def made(self, step: str, runs: Container[str] | None = None) -> Entry | None:
        """The latest judgement that says that a script has carried out the change, None where none succeeded.
        ``runs``: only of attempts that were begun in one of these."""
        firm = (e for e in reversed(self.ends(step)) if e["status"] in _FIRM and e.get("script_sha256"))
        return next((e for e in firm if runs is None or self._begun_in(e) in runs), None)

    def _begun_in(self, end: Entry) -> str:
        """The run in which the attempt that ``end`` judges was begun."""
        return next((str(b["run"]) for b in reversed(self.begins(end["step"])) if b["n"] < end["n"]), "")

    def latest_facts(self, step: str) -> dict[str, Any]:
        """The facts of the latest judgement that has any; what was judged of an entry that a person has since taken
        back is none, what a script saw stays."""
        seen = (e for e in reversed(self.ends(step)) if not self.taken_back(e))
        return next((dict(e["facts"]) for e in seen if e.get("facts")), {})

    def taken_back(self, end: Entry) -> bool:
        """Whether ``end`` judges what a person said of its step, and has since taken back; what a script saw stays."""
        gone = max((e.get("n") or 0 for e in self._of("withdraw", end.get("step"))), default=0)
        return (end.get("n") or 0) <= gone and not end.get("script_sha256")

    def unsettled(self) -> list[str]:
        """The steps whose last judgement rests on an entry or a decision that a person has taken back or replaced
        since: no run has judged them without it yet."""
        gone = [(int(e["line"]), e["n"]) for e in self._of("withdraw")]
        gone += [(int(e["replaces"]), e["n"]) for e in self._of("confirm") if e.get("replaces")]
        of_line = {e["n"]: e.get("step") for e in self.entries} if gone else {}
        found = []
        for line, at in gone:
            step = of_line.get(line)
            ends = self.ends(step) if isinstance(step, str) else []
            if ends and line < ends[-1]["n"] < at:
                found.append(step)
        return list(dict.fromkeys(map(str, found)))

    def facts(self, kind: type[F]) -> F | None:
        """The facts of the latest judgement that has any."""
        return kind.of(self.latest_facts(kind.step))

    def facts_in(self, kind: type[F], run: str) -> F | None:
        """The facts that one run has left."""
        return kind.of((self.end_in(kind.step, run) or {}).get("facts"))

    def begins(self, step: str) -> list[Entry]:
        """Every time that a step's script was begun, oldest first."""
        return self._of("begin", step)

    def open_begin(self, step: str) -> Entry | None:
        """The latest ``begin`` of a step whose end nobody judged or decided, None where there is none."""
        begins = self.begins(step)
        if not begins or self.decision(begins[-1]) is not None:
            return None
        last = begins[-1]
        later = [e for e in self.entries if e["n"] > last["n"] and e.get("step") == step]
        # What was written after a decision, since withdrawn, judged nothing.
        until = next((e["n"] for e in later if e["event"] == "accept" and e.get("what") == "unknown"), float("inf"))
        judged = (e for e in later if e["event"] == "end" and e["n"] < until)
        return None if any(e["status"] != Status.UNKNOWN for e in judged) else last

    def decision(self, begin: Entry) -> Entry | None:
        """A person's latest decision about how the change that began with ``begin`` ended, where it still stands."""
        begins = [e["n"] for e in self.begins(begin["step"]) if e["n"] > begin["n"]]
        until = min(begins, default=float("inf"))
        found = [e for e in self._of("accept", begin["step"]) if e.get("what") == "unknown"]
        standing = [e for e in found if begin["n"] < e["n"] < until and e["n"] not in self._withdrawn()]
        return standing[-1] if standing else None

    def _withdrawn(self) -> set[int]:
        """The lines that a person took back, by their number in the journal."""
        return {int(e["line"]) for e in self._of("withdraw")}

    def ran(self, begin: Entry) -> Entry | None:
        """The guard's line for the change that began with ``begin``."""
        return self._of_attempt("ran", begin)

    def brought(self, begin: Entry) -> Entry | None:
        """The line of a later run that brought back what the change that began with ``begin`` had left elsewhere."""
        return next((e for e in self._of("brought", begin["step"]) if e["of"].get("n") == begin["n"]), None)

    def unfinished(self) -> list[Entry]:
        """The ``begin`` lines of changes whose end no guard has written down: each may be at work still."""
        return [e for e in self._of("begin") if e.get("kind") != "check" and self.ran(e) is None]

    def started(self, begin: Entry) -> Entry | None:
        """The guard's line about the program that it started for the change that began with ``begin``."""
        return self._of_attempt("started", begin)

    def _of_attempt(self, event: str, begin: Entry) -> Entry | None:
        later = (e for e in self._of(event, begin["step"]) if e["n"] > begin["n"])
        return next((e for e in later if e.get("attempt") == begin.get("attempt")), None)

    def attempts(self, step: str) -> int:
        return len(self._of("begin", step))

    def confirms(self, step: str) -> list[Entry]:
        """What persons confirmed about a manual step, oldest first, whether or not it still stands."""
        return self._of("confirm", step)

    def confirmed(self) -> dict[str, list[Entry]]:
        """What persons confirmed, by step."""
        return self._by_step("confirm")

    def decided_steps(self) -> dict[str, list[Entry]]:
        """What persons decided or accepted, by step."""
        return self._by_step("accept")

    def _by_step(self, event: str) -> dict[str, list[Entry]]:
        return {step: self._of(event, step) for step in dict.fromkeys(e.get("step") for e in self._of(event)) if step}

    def undone(self, entry: Entry) -> Entry | None:
        """The line that took ``entry`` (a confirmation, a decision) back or replaced it; None where it stands."""
        number = entry.get("n")
        later = [*self._of("withdraw"), *self._of("confirm", entry.get("step"))]
        return next((e for e in later if number is not None and number in (e.get("line"), e.get("replaces"))), None)

    def standing(self, step: str, at: float = float("inf")) -> list[Entry]:
        """The confirmations that stand, or stood when line ``at`` was written: none that a later one replaces, none
        that was withdrawn."""
        every = [e for e in self.confirms(step) if e["n"] < at]
        gone = {int(e["line"]) for e in self._of("withdraw") if e["n"] < at}
        gone |= {int(e["replaces"]) for e in every if e.get("replaces")}
        return [e for e in every if e["n"] not in gone]

    def decided(self, step: str) -> Entry | None:
        """A person's latest decision about a step whose end was unknown, where it still holds (no later begin)."""
        begins = self.begins(step)
        return self.decision(begins[-1]) if begins else None

    def one_machine(self, first: str, second: str) -> bool:
        """Whether two names are those of one machine that was renamed, on a person's word."""
        groups: list[set[str]] = []
        for entry in (e for e in self._of("accept") if e.get("what") == "renamed"):
            names = {str(name).lower() for name in entry["names"]}
            names = names.union(*(group for group in groups if group & names))
            groups = [*(group for group in groups if not group & names), names]
        return any({first.lower(), second.lower()} <= group for group in groups)

    def accepted_script(self, step: str) -> str | None:
        """The hash of the changed script that a person has accepted for a step that had already succeeded."""
        accepts = [e for e in self._of("accept", step) if e.get("what") == "script"]
        return str(accepts[-1]["script_sha256"]) if accepts else None
