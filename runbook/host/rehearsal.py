"""Recorded hosts: what a server answered to each script, played back step by step.

A recording is a folder of notebooks/rehearsals/ (DESIGN: "Rehearsal"). One that names a ``base`` holds only what
differs from it. ``steps/STEP/`` holds out.json, stdout.bin, stderr.bin (or .txt), files/ and answer.yml;
``steps/STEP/runN/`` replaces it from run N on. ``line/`` is there where the server was asked from a workstation: what
the look at both machines said, and the run is refused where that says no; in ``line/step/`` what was said of a step's
session, unless the step's own folder says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from runbook.files import write_json
from runbook.host import process
from runbook.host.call import Call
from runbook.host.remoting import SAID, is_asked_here
from runbook.knowledge import catalogue
from runbook.knowledge.catalogue import NOMINAL
from runbook.knowledge.reference import Text
from runbook.words.sentences import Loader


def nominal(notebook: str) -> str:
    """The recording that a bare papermill command rehearses: ``nominal`` for migrate, else ``NOTEBOOK-nominal``."""
    return NOMINAL if notebook == "migrate" else f"{notebook}-{NOMINAL}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ManualAnswer(_Strict):
    """What the recorded operator confirmed: entered when ``step`` is reached in run number ``run``."""

    run: int
    step: str
    fields: dict[str, Any] = {}
    attach: tuple[str, ...] = ()


class Acceptance(_Strict):
    """What the recorded operator decided about a step whose end nobody recorded, before run number ``run``."""

    run: int
    step: str
    what: str = "unknown"
    outcome: str = "done"
    reason: str


class Expected(_Strict):
    """How a run of the recording ends: its outcome, and the status of the steps that matter."""

    run: int
    outcome: str
    steps: dict[str, str] = {}


class Plot(_Strict):
    """A recording's rehearsal.yml."""

    title: Text
    description: Text
    base: str | None = None
    notebook: str = "migrate"
    runs: int | None = None
    apply: tuple[str, ...] | None = None
    answers: tuple[ManualAnswer, ...] | None = None
    accepts: tuple[Acceptance, ...] = ()
    limits: dict[str, float] = {}
    expect: tuple[Expected, ...]


class Answered(_Strict):
    """A step's answer.yml: how the script ended. ``seconds`` is how long the playback takes; ``encoding`` is in
    which encoding the recorded streams are."""

    exit_code: int = 0
    encoding: str = "utf-8"
    seconds: float = 0.0
    dies: bool = False


@dataclass(frozen=True)
class Recording:
    """A recording and the ones it is based on, nearest first."""

    name: str
    folders: tuple[Path, ...]
    plots: tuple[Plot, ...]

    @property
    def plot(self) -> Plot:
        return self.plots[0]

    @property
    def runs(self) -> int:
        """How many runs of the case the recording covers."""
        return next((p.runs for p in self.plots if p.runs is not None), 1)

    @property
    def apply(self) -> tuple[str, ...] | None:
        """The changes that are applied; None: every change."""
        return next((p.apply for p in self.plots if p.apply is not None), None)

    @property
    def answers(self) -> tuple[ManualAnswer, ...]:
        return next((p.answers for p in self.plots if p.answers is not None), ())

    def find(self, relative: str) -> Path | None:
        """The nearest file or folder of that name in the recording or what it is based on."""
        return next((f / relative for f in self.folders if (f / relative).exists()), None)

    def step_folder(self, step: str, run: int) -> Path | None:
        """Where the answer of ``step`` in run number ``run`` lies."""
        for folder in self.folders:
            home = folder / "steps" / step
            if not home.is_dir():
                continue
            later = {int(m[1]): p for p in home.iterdir() if (m := re.fullmatch(r"run(\d+)", p.name))}
            best = max((n for n in later if n <= run), default=None)
            return later[best] if best is not None else home
        return None


@cache
def load(name: str) -> Recording:
    """The recording ``name``: one of notebooks/rehearsals, or the path of a folder that holds one (what
    ``runbook record-host`` makes). Raises KeyError where there is none."""
    found = [(folder, Plot.model_validate(plot)) for folder, plot in catalogue.plots(name)]
    return Recording(name, tuple(folder for folder, _ in found), tuple(plot for _, plot in found))


class RehearsalHost:
    """Answers from a recording. ``effects`` is a file that gets a line for each change that is carried out; ``through``
    says how the recorded answers had come, where that was from a workstation."""

    kind = "rehearsal"

    def __init__(
        self, recording: Recording, effects: Path, changes: frozenset[str], through: dict[str, Any] | None = None
    ) -> None:
        self.through = through or {}
        self.recording = recording
        self._effects = effects
        self._changes = changes

    def command(self, call: Call) -> list[str]:
        """A small Python process that plays the answer back into the call's folder."""
        plan = call.folder / "plan.json"
        write_json(plan, self._plan(call))
        return _replayed(plan)

    def limit(self, call: Call) -> float:
        """The step's limit, or the shorter one with which the recording shows a step that hangs."""
        return self.recording.plot.limits.get(call.step, call.limit)

    def encoding(self, call: Call) -> str:
        """The encoding of the recorded streams."""
        return self._answered(call).encoding

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        """Plays back what was recorded as brought back later (``brought`` in the step's folder)."""
        home = self.recording.step_folder(step, run)
        brought = home / "brought" if home else None
        if brought is None or not brought.is_dir():
            return None
        plan = folder / "plan.json"
        files = [{"from": str(path), "to": path.name} for path in sorted(brought.iterdir())]
        quiet = {"stdout": None, "stderr": None, "exit_code": 0, "seconds": 0.0, "dies": False, "effects": None}
        write_json(plan, {"step": step, "folder": str(folder), "files": files, **quiet})
        return _replayed(plan)

    def _answered(self, call: Call) -> Answered:
        home = self.recording.step_folder(call.step, call.run)
        if home is None:
            return Answered(exit_code=1)
        said = home / "answer.yml"
        return Answered.model_validate(
            yaml.load(said.read_text(encoding="utf-8"), Loader=Loader) if said.is_file() else {}
        )

    def _plan(self, call: Call) -> dict[str, Any]:
        home = self.recording.step_folder(call.step, call.run)
        answered = self._answered(call)
        files: list[dict[str, str]] = []
        if home is not None:
            files = [
                {"from": str(p), "to": p.name}
                for name in ("out.json", "private.json", SAID)
                if (p := home / name).is_file()
            ]
            session = self.recording.find(f"line/step/{SAID}")
            if session and not (home / SAID).is_file() and not is_asked_here(call):
                files.append({"from": str(session), "to": SAID})
            extra = home / "files"
            files += [
                {"from": str(p), "to": "files/" + p.relative_to(extra).as_posix()}
                for p in sorted(extra.rglob("*"))
                if p.is_file()
            ]
        return {
            "step": call.step,
            "folder": str(call.folder),
            "files": files,
            "stdout": _stream(home, "stdout"),
            "stderr": _stream(home, "stderr"),
            "exit_code": answered.exit_code,
            "seconds": answered.seconds,
            "dies": answered.dies,
            "effects": str(self._effects) if call.step in self._changes else None,
        }


def _replayed(plan: Path) -> list[str]:
    return [process.interpreter(), "-I", "-S", str(Path(__file__).with_name("replay.py")), str(plan)]


def _stream(home: Path | None, name: str) -> str | None:
    for ending in ("bin", "txt"):
        if home is not None and (path := home / f"{name}.{ending}").is_file():
            return str(path)
    return None
