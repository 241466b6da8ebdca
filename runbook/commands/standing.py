"""Where a case stands: read from its journal alone, without the typed records, so that a screenful is there at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.case.folder import CaseFolder
from runbook.errors import RunbookError
from runbook.journal.held import refusal, renamed
from runbook.journal.history import History, played
from runbook.journal.lines import Entry, Journal
from runbook.journal.outcome import BAD, Status
from runbook.knowledge.catalogue import READ_AGAIN, changes, notebook_steps, plain_steps
from runbook.words.language import choose

#: Steps that stop the licensing service while they work.
_STOPS_SERVICE = frozenset({"backup", "backup-folder"})
#: What waits until somebody has said whose packs came or went, and what this case has to say if they are its own.
_UNSETTLED = {"steps.sheet_unsettled": "clearinghouse", "guards.unsettled": "install-packs"}
#: Where a person's own statement ends the case.
_ENDS = frozenset({"steps.source_alive", "steps.source_restorable"})
#: What the Clearinghouse gave is not what was bought, or more than that: a contact is to be replaced.
_WRONG = frozenset({"steps.key_packs_wrong", "steps.key_packs_mixed"})
_SURPLUS = frozenset({"steps.key_packs_more", "steps.clearinghouse_more", "steps.clearinghouse_rest_more"})
#: What a host was told by policy, or by the broker, is not what the case wants, though somebody says that it was set.
_POLICY = frozenset(
    {
        "steps.hosts_dead_server",
        "steps.hosts_no_server",
        "steps.hosts_other_server",
        "steps.hosts_by_address",
        "steps.hosts_mode_wrong",
        "steps.hosts_mode_missing",
    }
)
_REFUSED, _GONE = "steps.install_refused", "steps.key_packs_gone"
_MISHEARD, _RENAMED = "steps.activate_read_back", "guards.moved_same"
_SHEET = Path("private", "call-sheet.html")


@dataclass(frozen=True)
class Cut:
    """A change that was begun and whose end nobody wrote down, in a run of ``notebook``. ``judged``: a later run has
    said so, and a person is to decide; ``service``: the licensing service may be stopped since."""

    step: str
    begun: Entry
    notebook: str
    judged: bool
    service: bool


@dataclass(frozen=True)
class Standing:
    """A case as its journal tells it. ``state`` is new, done, waiting, failed, interrupted, open (a run is at work),
    killed (its last run ended without a word), renamed, unheld or unreadable; ``error`` says then why. ``ends`` are the
    last run's judgements, ``answered`` the steps that were confirmed since; ``left`` is the run that left the recovery
    unfinished, where another notebook was run since; ``contacts`` are the numbers of the contacts with the
    Clearinghouse that stand, ``stands`` is the number of each step's last entry that stands; ``unsettled`` are the
    steps that rest on an entry that was taken back or replaced since; ``guarded`` is the change that goes on under its
    guard though its run has ended."""

    folder: CaseFolder
    state: str
    notebook: str = "migrate"
    run: str = ""
    opened: str = ""
    last: str = ""
    rehearsal: str | None = None
    steps: tuple[str, ...] = ()
    ends: tuple[Entry, ...] = ()
    answered: frozenset[str] = frozenset()
    cut: tuple[Cut, ...] = ()
    sheet: Path | None = None
    sealed: bool = False
    error: str = ""
    left: str = ""
    contacts: tuple[int, ...] = ()
    stands: Mapping[str, int] = field(default_factory=dict)
    unsettled: tuple[str, ...] = ()
    guarded: str = ""

    @property
    def case(self) -> str:
        return self.folder.name

    @property
    def again(self) -> str:
        """The command that runs the case's notebook once more."""
        notebook = self.cut[0].notebook if self.cut else self.notebook
        return f"runbook run {self.case}" + ("" if notebook == "migrate" else f" --notebook {notebook}")

    @property
    def counts(self) -> dict[str, int]:
        """How many steps the last run left in each status, in the order of the steps."""
        ended = {end["step"]: end["status"] for end in self.ends}
        found: dict[str, int] = {}
        for step in self.steps:
            word = str(ended.get(step, Status.PENDING))
            found[word] = found.get(word, 0) + 1
        return found

    def having(self, *statuses: str) -> list[Entry]:
        """The last run's judgements with one of these statuses, in the order of the steps."""
        return [end for end in self.ends if end["status"] in statuses]

    def settled(self, finding: Entry) -> str:
        """The step that read the same again since, and found it well; empty where nothing did."""
        again = READ_AGAIN.get(finding["step"], "")
        well = any(end["step"] == again for end in self.having(Status.SUCCEEDED, Status.ALREADY_DONE))
        return again if well else ""

    @property
    def unnamed(self) -> list[str]:
        """The changes that wait for nothing but to be named."""
        shown = [end["step"] for end in self.having(Status.WAITING) if _first_key(end) == "run.wait_apply"]
        return [step for step in shown if step in changes(self.steps)]

    @property
    def next(self) -> tuple[str, str, list[str]]:
        """What to do next: the word of a sentence (``cli.next_WORD``), the step that it is about (or ""), and the
        commands for it, of which one is to be chosen; none while a run is at work."""
        again = self.again
        waiting = self.having(Status.WAITING)
        if self.guarded:
            return "guarded", self.guarded, []
        if self.state in ("open", "unreadable", "renamed", "unheld"):
            return self.state, "", []
        if self.cut and self.cut[0].judged:
            step = self.cut[0].step
            ways = (f'--{way} --reason "…"' for way in ("done", "not-done"))
            return "decide", step, [f"runbook accept {self.case} {step} {way}" for way in ways]
        if self.state in ("new", "killed", "interrupted") or self.cut:
            return "run", "", [again]
        if self.unsettled:
            step = self.unsettled[0]
            return "unsettled", step, [again if step in self.steps else f"runbook run {self.case}"]
        if bad := self.having(*BAD):
            step = bad[0]["step"]
            if _first_key(bad[0]) in _ENDS and step not in self.answered:
                correct = f'runbook confirm {self.case} {step} --replaces {self.stands.get(step, 1)} --why "…"'
                return "ends", step, [f'runbook seal {self.case} --as-is "…"', correct]
            if found := self._put_right(bad[0]):
                return found
            calls = [end["step"] for end in self.having(Status.FINDING, Status.WAITING)]
            if step == "key-packs-after" and "clearinghouse" in calls:  # the rest has yet to be issued
                step = "clearinghouse"
                if step not in self.answered:
                    return "confirm", step, [f"runbook confirm {self.case} {step}"]
            by_hand = plain_steps()[step]["kind"] == "manual" and not plain_steps()[step].get("script")
            if by_hand and step not in self.answered:
                return "confirm", step, [f"runbook confirm {self.case} {step}"]  # a run alone would say the same again
            named = f' --apply "{step}"' if step in changes(self.steps) and "script_sha256" in bad[0] else ""
            return "failed", step, [again + named]  # a change that was begun is not begun again unless it is named
        # What came to the server, or went, is somebody's: nothing is asked for or sent before that is said.
        if own := next((_UNSETTLED[key] for end in waiting if (key := _first_key(end)) in _UNSETTLED), None):
            anew = f'runbook accept {self.case} key-packs-before --again --reason "…"'
            return "settle", "key-packs-before", [anew, f"runbook confirm {self.case} {own}"]
        # What was dictated and does not hold is settled before anything is installed.
        unsettled = [e for e in self.having(Status.FINDING) if e["step"] == "clearinghouse" and waiting]
        # Where support is to be asked, the call waits for it.
        support = [end for end in waiting if end["step"] == "escalate"]
        waiting = [*support, *(end for end in waiting if end not in support)]
        for end in (*unsettled, *waiting):
            step = end["step"]
            if step in self.answered:
                return "answered", step, [again]
            if found := self._put_right(end):
                return found
            if _first_key(end) == "run.fill_in_case":
                return "fill_in", "", [again]
            if plain_steps()[step]["kind"] == "manual":
                return "confirm", step, [f"runbook confirm {self.case} {step}"]
        if self.unnamed:
            named = ",".join(self.unnamed)
            return "apply", "", [f'{again} --apply "{named}"']
        if waiting:
            return "waiting", waiting[0]["step"], [again]
        if self.left:
            return "recovery", "", [f"runbook run {self.case}"]
        if self.rehearsal:
            return "record", "", [f"runbook record {self.case}"]
        verb = "verify" if self.sealed else "seal"
        return verb, "", [f"runbook {verb} {self.case}"]

    def _put_right(self, end: Entry) -> tuple[str, str, list[str]] | None:
        """What to do where a person's entry is what is wrong, or no longer so; None where it is not."""
        keys = {line["key"] for line in end["lines"]}
        instead = [f'runbook confirm {self.case} clearinghouse --replaces {n} --why "…"' for n in self.contacts]
        said = f"runbook confirm {self.case} install-packs"
        if end["step"] == "hosts-verify" and keys & _POLICY and "hosts-configure" in self.stands:
            if "hosts-configure" in self.answered:
                return "answered", "hosts-configure", [self.again]
            return "configure", "hosts-configure", [f"runbook confirm {self.case} hosts-configure", self.again]
        if _RENAMED in keys:
            return "moved", end["step"], [f'runbook accept {self.case} preflight --renamed --reason "…"', self.again]
        if end["step"] == "activate" and _MISHEARD in keys and "activate" in self.stands:
            named = f"{self.again} --apply activate"
            if "activate" in self.answered:
                return "answered", "activate", [named]
            correct = f'runbook confirm {self.case} activate --replaces {self.stands["activate"]} --why "…"'
            return "misheard", "activate", [correct, named]
        if not instead or not keys & {*_WRONG, *_SURPLUS, _REFUSED, _GONE}:
            return None
        if answered := {"clearinghouse", "install-packs"} & self.answered:
            return "answered", min(answered), [self.again]
        if keys & _WRONG:
            return "reissue", "clearinghouse", [self.again, *instead]
        if keys & _SURPLUS:
            return "surplus", "clearinghouse", [*instead, self.again]
        return "gone" if _GONE in keys else "refused", end["step"], [said, *instead]


def standing(folder: CaseFolder, lang: str | None = None, *, whole: bool = False) -> Standing:
    """Where the case in ``folder`` stands; a journal that cannot be read is a state of its own. ``lang`` is that of
    ``error``; with ``whole`` the journal is held to what lies around it, as the next run will do."""
    try:
        entries = Journal(folder.journal).entries()
    except RunbookError as error:
        return Standing(folder, "unreadable", error=str(error))
    if told := renamed(folder.path, entries, choose(lang)):
        return Standing(folder, "renamed", error=told)
    running = _is_held(folder.path / "run.lock")
    busy = running or _is_held(folder.path / "guard.lock")
    if whole and not busy and (told := refusal(folder.path, Journal(folder.journal), choose(lang))):
        return Standing(folder, "unheld", error=told)
    history = History(entries)
    runs = history.runs()
    opened = history.opening(runs[-1]) if runs else None
    if opened is None:
        return Standing(folder, "new")
    run, notebook = runs[-1], opened["notebook"]
    steps = notebook_steps(notebook)
    closed = history.closing(run)
    state = str(closed["outcome"]) if closed else "open" if busy else "killed"
    ends = tuple(end for step in steps if (end := history.end_in(step, run)))
    answered = {end["step"] for end in ends if any(e["n"] > end["n"] for e in history.standing(end["step"]))}
    again = tuple(step for step in history.unsettled() if step in plain_steps())
    sheet = folder.path / _SHEET
    left = _left(history, run)
    if (left or again) and state == "done":
        state = "waiting"
    return Standing(
        folder,
        "open" if busy else state,
        notebook,
        run,
        opened["t"],
        entries[-1]["t"],
        played(opened),
        steps,
        ends,
        frozenset(answered),
        () if busy else tuple(_cut(history, steps)),
        sheet if sheet.is_file() else None,
        _is_sealed(folder),
        left=left,
        unsettled=again,
        guarded=next((cut.step for cut in _cut(history, steps)), "") if busy and not running else "",
        contacts=tuple(int(e.get("entry") or n) for n, e in enumerate(history.standing("clearinghouse"), 1)),
        stands={
            end["step"]: int(said[-1].get("entry") or 1) for end in ends if (said := history.standing(end["step"]))
        },
    )


def _left(history: History, run: str) -> str:
    """The recovery's last run, where it was left unfinished and ``run``, the case's last, is another notebook's."""
    recoveries = [e["run"] for e in history.openings() if e["notebook"] == "migrate"]
    last = recoveries[-1] if recoveries else run
    return "" if last == run or (history.closing(last) or {}).get("outcome") == "done" else last


def _is_sealed(folder: CaseFolder) -> bool:
    """Whether the case is sealed as it is now: journals only grow, so one of the same length is the same."""
    kept = folder.path.parent.parent.glob(f"archive/{folder.name}*/data/journal.jsonl")
    return folder.journal.stat().st_size in {path.stat().st_size for path in kept}


def all_cases(workspace: Path, lang: str | None = None) -> list[Standing]:
    """Every case of the workspace, the one that moved last first."""
    places = {path.parent for name in ("journal.jsonl", "case.yml") for path in workspace.glob(f"cases/*/{name}")}
    return sorted((standing(CaseFolder(place), lang) for place in sorted(places)), key=lambda s: s.last, reverse=True)


def _first_key(end: Entry) -> str:
    return str(end["lines"][0]["key"]) if end["lines"] else ""


def _is_held(lock: Path) -> bool:
    """Whether a run or a change is at work: the system gives its lock back when the process ends, however it ends."""
    if not lock.is_file():
        return False
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # read-only, another's: nobody who could write here is at work by what can be seen
        return False


def _cut(history: History, steps: tuple[str, ...]) -> Iterator[Cut]:
    """Changes that were cut off: of the last run's notebook, then of any other that the case was run with."""
    begun_ever = (e["step"] for e in history.entries if e["event"] == "begin")
    for step in dict.fromkeys((*steps, *begun_ever)):
        begun = history.open_begin(step) if plain_steps().get(step, {"kind": "check"})["kind"] != "check" else None
        if begun is not None:
            judged = any(e["n"] > begun["n"] for e in history.ends(step))
            notebook = (history.opening(begun["run"]) or {}).get("notebook", "migrate")
            yield Cut(step, begun, notebook, judged, history.ran(begun) is None and step in _STOPS_SERVICE)


def as_data(found: Standing, sentences: dict[str, Any]) -> dict[str, Any]:
    """The standing for a program: names and statuses as in the journal, ``sentences`` in the reader's language."""
    word, step, commands = found.next
    return {
        "case": found.case,
        "state": found.state,
        "notebook": found.notebook,
        "run": found.run or None,
        "opened": found.opened or None,
        "last": found.last or None,
        "rehearsal": found.rehearsal,
        "steps": {end["step"]: end["status"] for end in found.ends},
        "next": {"what": word, "step": step or None, "commands": commands},
        "call_sheet": str(found.sheet) if found.sheet else None,
        "sealed": found.sealed,
        "error": found.error or None,
        **sentences,
    }
