"""One run of a case: opened once everything is known to be right, held under the lock, closed with its outcome."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import socket
import sys
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from runbook import __version__, case_file, confirm, knowledge, new_case, sentences
from runbook.case import Case, case_sha256, load_case
from runbook.errors import BadInput, Faults
from runbook.history import REAL_HOSTS, History, played
from runbook.host import FilesHost, Host, rehearsal, windows
from runbook.host.evidence import put_secrets_away
from runbook.invocation import Invocation
from runbook.journal import Entry, Journal
from runbook.knowledge import Step
from runbook.language import choose
from runbook.lock import Process, RunLock
from runbook.outcome import Status
from runbook.rebuild import rebuild_run
from runbook.sentences import data_root, say
from runbook.verdicts import Context
from runbook.workspace import CaseFolder, case_folder, find_workspace, is_case_name, run_name


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
    status: dict[str, Status] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    cells: int = 0

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
        return History(self.journal.entries())

    def context(self, step: str) -> Context:
        """What the verdict on ``step`` may look at."""
        history = self.history()
        folder = self.path / step
        folder.mkdir(exist_ok=True)
        return Context(
            case=self.case,
            lang=self.lang,
            case_folder=self.folder.path,
            run_folder=self.path,
            step_folder=folder,
            facts={s: history.latest_facts(s) for s in self.steps},
            status=dict(self.status),
            confirms={s: history.confirms(s) for s in self.steps},
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
    lang = choose(asked_lang, case_file.language(folder.case_file))
    of = str(parameters.get("of") or "")
    about = notebook_about(notebook)
    steps = notebook_steps(notebook)
    spoken = asked_lang if asked_lang in sentences.LANGS else ""
    files_only, recording, applied = False, None, frozenset[str]()
    faults = Faults()
    with faults:
        if asked_lang != spoken:
            raise BadInput(say("run.bad_lang", lang, value=asked_lang))
    with faults:
        files_only = _files_folder(parameters, called, lang)
    with faults:
        real = files_only or bool(of)  # said without a word about a rehearsal: never answered by a recording
        recording = _recording(str(parameters.get("rehearsal") or ""), folder, lang, notebook, real)
    with faults:
        applied = _applied(parameters.get("apply") or "", steps, recording, lang)
    with faults:
        if folder.case_file.is_file():
            load_case(folder.case_file, name, spoken or None)
    faults.tell()
    case = new_case.read(folder, name, spoken, recording) if folder.case_file.is_file() else None
    host = _host(recording, folder, lang, files_only)
    if case is None:
        # Only now is a case file made: what was refused so far leaves nothing that the corrected command trips over.
        new_case.take_over(of, folder, recording, workspace, lang)
        case = new_case.read(folder, name, spoken, recording)
    lang = choose(spoken, case.lang)

    lock = RunLock(folder.path)
    lock.acquire(called.papermill, lang)
    try:
        journal = Journal(folder.journal)
        _settle_earlier(journal, folder)
        history = History(journal.entries())
        number = len(history.runs()) + 1
        _refuse_mixture(history, recording, host, lang)
        run = Run(
            notebook, run_name(number), folder, case, lang, host, journal, lock, applied, recording,
            called.papermill, called.known_from, steps,
            parameters={k: v for k, v in parameters.items() if isinstance(v, str)},
            case_optional=bool(about.get("case_optional")),
        )  # fmt: skip
        run.path.mkdir(parents=True, exist_ok=True)  # a kill before the next line leaves an empty folder
        journal.append(
            "open",
            run=run.name,
            notebook=notebook,
            case=name,
            company=case.company,
            lang=lang,
            rehearsal=recording.name if recording else None,
            host=host.kind,
            apply=sorted(applied),
            operator=operator(),
            versions=versions(),
            platform=platform.platform(),
            verified=called.known_from,
            token=called.token,
            case_sha256=case_sha256(folder.case_file) if folder.case_file.is_file() else None,
            script=hashlib.sha256(notebook_path(notebook).read_bytes()).hexdigest(),
        )
        if recording:
            _play_decisions(run, recording)
        _sweep(run, history)
    except BaseException:
        lock.release()
        raise
    return run


def notebooks() -> list[str]:
    """The names of all notebooks that can be run."""
    return sorted(path.stem for path in (data_root() / "notebooks").glob("*.ipynb"))


def notebook_path(notebook: str) -> Path:
    """The notebook's own file."""
    return data_root() / "notebooks" / f"{notebook}.ipynb"


def notebook_steps(notebook: str) -> tuple[str, ...]:
    """The ids of the notebook's step cells, in order."""
    known = {step.id for step in knowledge.steps()}
    cells = json.loads(notebook_path(notebook).read_text(encoding="utf-8"))["cells"]
    return tuple(cell["id"] for cell in cells if cell.get("id") in known)


def notebook_about(notebook: str) -> dict[str, Any]:
    """What the notebook's metadata say about it: ``notebook``, and ``case_optional`` where no case file is needed."""
    about: dict[str, Any] = json.loads(notebook_path(notebook).read_text(encoding="utf-8"))["metadata"]["runbook"]
    return about


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


def _recording(asked: str, folder: CaseFolder, lang: str, notebook: str, real: bool) -> rehearsal.Recording | None:
    """The recording to rehearse: asked for, or the case's own, or (off Windows, with no case) the nominal one."""
    name = asked or _rehearsed(folder)
    if not name and not real and sys.platform != "win32" and not folder.case_file.is_file() and not _substituted():
        name = rehearsal.nominal(notebook)
    if not name:
        return None
    try:
        found = rehearsal.load(name)
    except KeyError:
        raise BadInput(say("run.no_recording", lang, name=name, known=", ".join(rehearsal.names()))) from None
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
    asked: str | list[str], steps: tuple[str, ...], recording: rehearsal.Recording | None, lang: str
) -> frozenset[str]:
    """The changes to carry out. A rehearsal applies what its recording says, or every change."""
    wanted = asked if isinstance(asked, list) else [word.strip() for word in asked.split(",")]
    wanted = [word for word in wanted if word]
    changes = [s for s in steps if knowledge.step(s).kind == "change"]
    possible = changes + [s for s in steps if knowledge.step(s).kind == "manual" and knowledge.step(s).script]
    if not wanted:
        if recording is None:
            return frozenset()
        return frozenset(recording.apply if recording.apply is not None else changes)
    if wanted == ["none"]:
        return frozenset()
    unknown = [word for word in wanted if word not in possible]
    if unknown:
        raise BadInput(say("run.bad_apply", lang, names=", ".join(unknown), known=", ".join(possible)))
    return frozenset(wanted)


def _host(recording: rehearsal.Recording | None, folder: CaseFolder, lang: str, files_only: bool) -> Host:
    if files_only:
        return FilesHost()
    if recording:
        changes = frozenset(s.id for s in knowledge.steps() if s.kind == "change" or (s.script and s.kind == "manual"))
        return rehearsal.RehearsalHost(recording, folder.path / "rehearsal-effects.txt", changes)
    host = windows.open_host(lang)
    unsigned = windows.must_be_signed((data_root() / "notebooks" / "steps").glob("*.ps1"))
    if unsigned:
        raise BadInput(say("run.must_be_signed", lang, names=", ".join(p.name for p in unsigned)))
    return host


def _refuse_mixture(history: History, recording: rehearsal.Recording | None, host: Host, lang: str) -> None:
    """A rehearsal never writes into a real case, nor a real run into a rehearsal."""
    if not history.runs():
        return
    now = played({"rehearsal": recording.name if recording else None, "host": host.kind})
    if history.rehearsals() != {now}:
        key = "run.rehearsal_in_real_case" if now else "run.real_in_rehearsal"
        raise BadInput(say(key, lang, case=history.entries[0].get("case", "")))


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
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    relative = kept.relative_to(folder.path).as_posix()
    journal.append("notebook", run=name, path=relative, sha256=digest, rebuilt=True, by="kernel")


def _sweep(run: Run, history: History) -> None:
    """Put away the secrets that a run which was killed left in its evidence."""
    for earlier in history.runs()[-1:]:
        for given in run.folder.run(earlier).glob("*/in.json"):
            put_secrets_away(given.parent, run.folder.private(), f"{given.parent.name}-{earlier}")


#: Who confirms in a rehearsal: never a person's name.
REHEARSED = "rehearsal"


def play_answers(run: Run, step: Step) -> None:
    """Enter what the recorded operator has confirmed about ``step`` by this run and is not entered yet."""
    if run.recording is None:
        return
    due = [answer for answer in run.recording.answers if answer.step == step.id and answer.run <= run.number]
    for answer in due[len(run.history().confirms(step.id)) :]:
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
