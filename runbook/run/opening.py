"""One run of a case: opened once everything is known to be right, held under the lock, closed with its outcome."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import socket
import sys
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from runbook import __version__
from runbook.case import case_file
from runbook.case.folder import CaseFolder, case_folder, find_workspace, is_case_name, run_name
from runbook.case.model import Case, LicenseServer, load_case
from runbook.errors import BadInput, Faults
from runbook.files import sha256_of, write_whole
from runbook.host import at_work, rehearsal, windows
from runbook.host.call import FilesHost, Host
from runbook.host.leftovers import left, sweep
from runbook.host.lock import Process, RunLock
from runbook.host.remoting import SAID, read_line
from runbook.journal import confirm
from runbook.journal.context import Context
from runbook.journal.held import refuse_renamed, refuse_unheld, rest_of_run
from runbook.journal.history import REAL_HOSTS, History, played
from runbook.journal.lines import Entry, Journal
from runbook.journal.outcome import Status
from runbook.journal.spoken import language
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_about, notebook_path, notebook_steps
from runbook.knowledge.reference import Step
from runbook.run import asked, new_case, workstation
from runbook.run.invocation import Invocation
from runbook.run.rebuild import rebuild_run
from runbook.steps.preflight import on_another_machine, without_readings
from runbook.words import sentences
from runbook.words.language import choose
from runbook.words.sentences import say


@dataclass
class Run:
    """A run in progress. ``steps`` are the notebook's steps in order, ``status`` what each has come to so far."""

    notebook: str
    name: str
    folder: CaseFolder
    case: Case
    lang: str
    host: Host
    journal: Journal
    lock: RunLock
    applied: frozenset[str]
    recording: rehearsal.Recording | None
    papermill: Process | None
    verified: str
    steps: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    case_optional: bool = False
    through: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    cells: int = 0
    looked: History = field(default_factory=lambda: History([]))

    @property
    def path(self) -> Path:
        """The run's own folder."""
        return self.folder.run(self.name)

    @property
    def number(self) -> int:
        return int(self.name[1:])

    @property
    def is_rehearsal(self) -> bool:
        """True wherever the answers do not come from a real server."""
        return self.host.kind not in REAL_HOSTS

    def history(self) -> History:
        """The journal as it stands now."""
        self.looked = History(self.journal.entries(), self.looked)
        return self.looked

    def context(self, step: str) -> Context:
        """What the verdict on ``step`` may look at."""
        told = self.history()
        elsewhere = on_another_machine(told, self.name)
        history = without_readings(told, elsewhere)
        folder = self.path / step
        folder.mkdir(exist_ok=True)
        return Context(
            case=self.case,
            lang=self.lang,
            case_folder=self.folder.path,
            run_folder=self.path,
            step_folder=folder,
            told={s: history.latest_facts(s) for s in self.steps},
            status=dict(self.status),
            confirms={s: history.standing(s) for s in self.steps},
            history=history,
            elsewhere=elsewhere,
            applied=self.applied,
            rehearsal=self.is_rehearsal,
            parameters=self.parameters,
            notebook=self.notebook,
        )

    def papermill_is_gone(self) -> bool:
        """True for a kernel whose papermill has died: it must start nothing more."""
        return self.papermill is not None and not self.papermill.alive()

    def close(self, outcome: str, **fields: Any) -> Entry:
        """Write the run's ``close`` line and give the lock back."""
        counts: dict[str, int] = {}
        for status in self.status.values():
            counts[status] = counts.get(status, 0) + 1
        seconds = round(time.monotonic() - self.started, 3)
        entry = self.journal.append("close", run=self.name, outcome=outcome, counts=counts, seconds=seconds, **fields)
        self.lock.release()
        return entry


def open_run(notebook: str, parameters: dict[str, str | list[str]], called: Invocation) -> Run:
    """Check everything, take the lock, write the ``open`` line. Raises BadInput before anything was run."""
    workspace = find_workspace(called.folder)
    asked_lang = str(parameters.get("lang") or "")
    name = _case_name(str(parameters.get("case") or ""), called, choose(asked_lang))
    folder = case_folder(name, workspace)
    name = folder.name
    lang = choose(asked_lang, language(folder))
    entries = Journal(folder.journal).entries()
    refuse_renamed(folder.path, entries, lang)
    new_case.refuse_gone(folder, entries, lang)
    of = str(parameters.get("of") or "")
    about = notebook_about(notebook)
    steps = notebook_steps(notebook)
    spoken = asked_lang if asked_lang in sentences.LANGS else ""
    files_only, recording, applied = False, None, frozenset[str]()
    server, wanted = None, str(parameters.get("server") or "")
    faults = Faults()
    with faults:
        asked.language(asked_lang, lang)
    with faults:
        files_only = _files_folder(parameters, called, lang)
    with faults:
        server = workstation.asked(wanted, lang)
    with faults:
        real = (
            files_only or bool(of) or server is not None
        )  # said without a word about a rehearsal: never answered by a recording
        recording = _recording(str(parameters.get("rehearsal") or ""), folder, lang, notebook, real)
    with faults:
        applied = _applied(parameters.get("apply") or "", steps, recording, lang)
    with faults:
        if folder.case_file.is_file():
            load_case(folder.case_file, name, lang)
    faults.tell()
    case = new_case.read(folder, name, lang, recording) if folder.case_file.is_file() else None
    if server is not None and recording is not None:  # before their servers are compared: that is no case for one
        raise BadInput(say("run.real_in_rehearsal", lang, case=name))
    known = case or new_case.earlier(of, workspace, lang)
    if known:
        workstation.agree(server, known.license_server, wanted, lang)
        server = known.license_server
    host = _host(recording, folder, lang, files_only, server)
    through = getattr(host, "through", None) or {}
    if case is None:
        # Only now is a case file made: what was refused so far leaves nothing that the corrected command trips over.
        new_case.take_over(of, folder, recording, workspace, lang)
        case = new_case.read(folder, name, lang, recording, server)
    lang = choose(spoken, case.lang, lang)

    lock = RunLock(folder.path)
    lock.acquire(called.papermill, lang)
    try:
        # Now, not days later with the first private answer: rights that cannot be narrowed are this machine's state,
        # and whoever learns of it at the start has lost nothing yet.
        folder.private()
        journal = Journal(folder.journal)
        refuse_unheld(folder.path, journal, lang)
        confirm.settle(folder, journal.entries())
        at_work.refuse(folder.path, History(journal.entries()), lang)
        sweep(folder, left(folder))
        # What a version before 0.2 was killed over stands in the evidence itself; what was told file by file does not.
        history = History(journal.entries())
        runs = (name for name in history.runs() if "evidence" not in (history.notebook(name) or {}))
        sweep(folder, ((run, path.parent.name) for run in runs for path in folder.run(run).glob("*/in.json")))
        _settle_earlier(journal, folder)
        history = History(journal.entries())
        number = len(history.runs()) + 1
        _refuse_mixture(history, recording, host, lang)
        run = Run(
            notebook, run_name(number), folder, case, lang, host, journal, lock, applied, recording,
            called.papermill, called.known_from, steps,
            parameters={k: v for k, v in parameters.items() if isinstance(v, str)},
            case_optional=bool(about.get("case_optional")),
            through=through,
        )  # fmt: skip
        run.path.mkdir(parents=True, exist_ok=True)  # a kill before the next line leaves an empty folder
        case_bytes = folder.case_file.read_bytes() if folder.case_file.is_file() else None
        journal.append(
            "open",
            run=run.name,
            notebook=notebook,
            case=name,
            company=case.company,
            lang=lang,
            rehearsal=recording.name if recording else None,
            host=host.kind,
            **({"through": through} if through else {}),
            apply=sorted(applied),
            operator=operator(),
            versions=versions(),
            platform=platform.platform(),
            verified=called.known_from,
            token=called.token,
            case_sha256=hashlib.sha256(case_bytes).hexdigest() if case_bytes is not None else None,
            script=sha256_of(notebook_path(notebook)),
            headed=True,  # from here on the journal's head must be there
        )
        if case_bytes is not None:  # what this run was judged by, so that the record can say what was changed since
            write_whole(run.path / "case.yml", case_bytes)
        if recording:
            _play_decisions(run, recording)
    except BaseException:
        lock.release()
        raise
    return run


def operator() -> str:
    """Who runs this, where: ``user@machine``."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "?"
    return f"{user}@{socket.gethostname()}"


def versions() -> dict[str, str]:
    """The software that makes the record."""
    return {
        "runbook": __version__,
        "python": platform.python_version(),
        "papermill": metadata.version("papermill"),
        "nbclient": metadata.version("nbclient"),
    }


def will_change(step: Step, applied: frozenset[str]) -> bool:
    """True for a step that mutates in this run: only one that is named in ``apply``, whatever its kind."""
    return step.id in applied and (step.kind == "change" or (step.kind == "manual" and bool(step.script)))


def _case_name(asked: str, called: Invocation, lang: str) -> str:
    name = asked or called.case_name
    if not name:
        raise BadInput(say("run.no_name", lang))
    if not is_case_name(name):
        raise BadInput(say("run.bad_name", lang, name=name))
    return name


def _recording(named: str, folder: CaseFolder, lang: str, notebook: str, real: bool) -> rehearsal.Recording | None:
    """The recording to rehearse: asked for, or the case's own, or (off Windows, with no case) the nominal one."""
    name = named or _rehearsed(folder)
    if not name and not real and sys.platform != "win32" and not folder.case_file.is_file() and not _substituted():
        name = rehearsal.nominal(notebook)
    if not name:
        return None
    asked.rehearsal(name, lang)
    found = rehearsal.load(name)
    if found.plot.notebook != notebook:
        raise BadInput(say("run.other_notebook", lang, name=name, notebook=found.plot.notebook))
    return found


def _files_folder(parameters: dict[str, str | list[str]], called: Invocation, lang: str) -> bool:
    """Whether only files are read; their folder (from where papermill was started) must be there."""
    given = str(parameters.get("folder") or "")
    if not given:
        return False
    place = (called.folder / given).resolve()
    if not place.exists():
        raise BadInput(say("run.no_such_folder", lang, folder=given, place=place))
    parameters["folder"] = str(place)
    return True


def _rehearsed(folder: CaseFolder) -> str:
    """The recording that the case has been rehearsed with so far, or that its case file was laid out from."""
    entries = Journal(folder.journal).entries()
    recorded = next((e["rehearsal"] for e in entries if e["event"] == "open" and e.get("rehearsal")), "")
    return str(recorded or (case_file.text_of(folder.case_file, "rehearsal") if not entries else "") or "")


def _substituted() -> bool:
    return "RUNBOOK_POWERSHELL" in os.environ


def _applied(
    named: str | list[str], steps: tuple[str, ...], recording: rehearsal.Recording | None, lang: str
) -> frozenset[str]:
    """The changes to carry out. A rehearsal applies what its recording says, or every change."""
    wanted = asked.changes(named, steps, lang)
    if wanted == ["none"]:
        return frozenset()
    if not wanted and recording is not None:
        every = [step for step in steps if reference.step(step).kind == "change"]
        return frozenset(recording.apply if recording.apply is not None else every)
    return frozenset(wanted)


def _host(
    recording: rehearsal.Recording | None,
    folder: CaseFolder,
    lang: str,
    files_only: bool,
    server: LicenseServer | None,
) -> Host:
    """What answers in this run. Raises BadInput."""
    if files_only:
        return FilesHost()
    if recording:
        through = {}
        if (said := recording.find(f"line/{SAID}")) and (session := read_line(said.parent)):
            workstation.refuse(session, lang)
            through = workstation.way(session)
        changes = frozenset(s.id for s in reference.steps() if s.kind == "change" or (s.script and s.kind == "manual"))
        return rehearsal.RehearsalHost(recording, folder.path / "rehearsal-effects.txt", changes, through)
    if server and server.reached != "here":
        return workstation.reach(server, lang)
    host = windows.open_host(lang)
    workstation.refuse_here(lang)
    return host


def _refuse_mixture(history: History, recording: rehearsal.Recording | None, host: Host, lang: str) -> None:
    """A rehearsal never writes into a real case, nor a real run into a rehearsal."""
    if not history.runs():
        return
    now = played({"rehearsal": recording.name if recording else None, "host": host.kind})
    before = history.rehearsals()
    if before == {now}:
        return
    key = "run.rehearsal_in_real_case" if now else "run.real_in_rehearsal"
    if now and None not in before:
        key = "run.other_rehearsal"
    told = ", ".join(sorted(str(name) for name in before if name))
    raise BadInput(say(key, lang, case=history.entries[0].get("case", ""), rehearsal=told))


def _play_decisions(run: Run, recording: rehearsal.Recording) -> None:
    """Enter what the recorded operator decided between two runs about steps whose end nobody saw."""
    for decision in recording.plot.accepts:
        if decision.run == run.number:
            fields = {"what": decision.what, "outcome": decision.outcome, "reason": decision.reason}
            run.journal.append("accept", step=decision.step, who=REHEARSED, rehearsal=True, **fields)


def _settle_earlier(journal: Journal, folder: CaseFolder) -> None:
    """Write down the end of runs that were killed before they could, and rebuild their notebooks."""
    history = History(journal.entries())
    for name in history.runs():
        if history.closing(name) is None:
            journal.append("close", run=name, outcome="interrupted", reason="killed", by="next run")
        if history.notebook(name) is None:
            keep_rebuilt(journal, folder, name)


def keep_rebuilt(journal: Journal, folder: CaseFolder, name: str) -> None:
    """Rebuild the notebook of run ``name`` from what its cells showed, and write that down."""
    history = History(journal.entries())
    opened = history.opening(name)
    if opened is None or not folder.run(name).is_dir():
        return
    ended = {e["step"]: e["status"] for e in history.entries if e["event"] == "end" and e["run"] == name}
    kept = rebuild_run(folder.path, name, notebook_path(opened["notebook"]), ended)
    digest = sha256_of(kept)
    relative = kept.relative_to(folder.path).as_posix()
    rest = rest_of_run(folder.path, name, history.entries)
    journal.append("notebook", run=name, path=relative, sha256=digest, rebuilt=True, by="kernel", evidence=rest)


#: Who confirms in a rehearsal: never a person's name.
REHEARSED = "rehearsal"


def play_answers(run: Run, step: Step) -> bool:
    """Enter what the recorded operator has confirmed about ``step`` by this run and is not entered yet; whether that
    was anything."""
    if run.recording is None:
        return False
    due = [answer for answer in run.recording.answers if answer.step == step.id and answer.run <= run.number]
    new = due[len(run.history().confirms(step.id)) :]
    for answer in new:
        files = [p for name in answer.attach if (p := run.recording.find(f"papers/{name}"))]
        confirm.enter(
            run.folder,
            step,
            answer.fields,
            who=REHEARSED,
            attach=files,
            lang=run.lang,
            run=run.name,
            rehearsal=True,
            account=operator(),
        )
    return bool(new)
