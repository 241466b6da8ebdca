"""Running the notebooks as a person does: the papermill command, in a workspace of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from runbook.case.folder import CaseFolder
from runbook.host import rehearsal
from runbook.journal.history import History
from runbook.journal.lines import Journal

NO_BREAK = "\u00a0"  # French typography; tests compare words
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Played:
    """A case as it lies there after a papermill command."""

    folder: CaseFolder
    output: Path
    exit_code: int
    stdout: str
    stderr: str

    @property
    def history(self) -> History:
        return History(Journal(self.folder.journal).entries())

    def notebook(self) -> Any:
        return nbformat.read(self.output, as_version=4)

    def effects(self) -> list[str]:
        """The changes that were carried out, counted where they happen."""
        path = self.folder.path / "rehearsal-effects.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []


@dataclass(frozen=True)
class Workspace:
    """A folder for cases, with the environment that leads there."""

    path: Path

    def environ(self, **more: str) -> dict[str, str]:
        """In French, and in one encoding on every system (which one Windows is written to: tests/words)."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "LC_", "LANG"))}
        return {**kept, "RUNBOOK_HOME": str(self.path), "LANG": "fr_FR.UTF-8", "PYTHONIOENCODING": "utf-8", **more}

    def papermill(self, name: str, *options: str, notebook: str = "migrate", **more: str) -> Played:
        """``papermill notebooks/NOTEBOOK.ipynb NAME.ipynb OPTIONS``; without a host a rehearsal, on Windows too."""
        mentioned = any(option in ("rehearsal", "folder") for option in options)
        if sys.platform == "win32" and not mentioned and "RUNBOOK_POWERSHELL" not in more:
            options += ("-p", "rehearsal", rehearsal.nominal(notebook))
        output = self.path / f"{name}.ipynb"
        source = ROOT / "notebooks" / f"{notebook}.ipynb"
        done = subprocess.run(
            [sys.executable, "-m", "papermill", str(source), str(output), "--no-progress-bar", *options],
            cwd=self.path,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=240,
        )
        told = done.stderr.replace(NO_BREAK, " ")
        return Played(CaseFolder(self.path / "cases" / name), output, done.returncode, done.stdout, told)

    def runbook(self, *words: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """``runbook WORDS``, with ``given`` at its prompts."""
        return subprocess.run(
            [sys.executable, "-m", "runbook.cli", *words],
            cwd=self.path,
            env=self.environ(**more),
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=240,
        )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
