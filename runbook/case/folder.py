"""Where things lie: the folder with cases/ and archive/, the folders of a case, names that hold on every disk."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.case.private import make_private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Windows opens a device under these names, whatever the extension
# (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?", re.IGNORECASE)


def is_case_name(name: str) -> bool:
    """True for a name that is safe as a folder on Windows and Linux and inside a BagIt manifest."""
    return bool(_NAME.fullmatch(name)) and not _DEVICES.fullmatch(name) and not name.endswith(".")


def find_workspace(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The folder that holds cases/ and archive/: RUNBOOK_HOME, else the nearest folder above ``start`` with
    notebooks/migrate.ipynb in it, or migrate.ipynb and cases/ (``runbook init``), else ``start`` (default: the current
    folder)."""
    environ = os.environ if environ is None else environ
    if home := environ.get("RUNBOOK_HOME"):
        return Path(home).resolve()
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        laid_out = (folder / "migrate.ipynb").is_file() and (folder / "cases").is_dir()
        if laid_out or (folder / "notebooks" / "migrate.ipynb").is_file():
            return folder
    return start


@dataclass(frozen=True)
class CaseFolder:
    """The folder of one case and what lies where in it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def case_file(self) -> Path:
        return self.path / "case.yml"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    def run(self, run: str) -> Path:
        """The folder of run ``r01``, ``r02``, ..."""
        return self.path / run

    def private(self) -> Path:
        """The folder for what must not be shown: the operator's, Administrators' and SYSTEM's alone.

        Raises RunbookError where it cannot be made so (``runbook.case.private``).
        """
        folder = self.path / "private"
        if not folder.is_dir():
            make_private(folder)
        return folder


def case_folder(name: str, workspace: Path | None = None) -> CaseFolder:
    """The folder of the case ``name`` in the workspace; need not exist yet. It is called as it was made, however the
    name was typed: two that differ in capitals alone would be one folder on Windows, where each case may be taken."""
    place = (workspace or find_workspace()) / "cases"
    made = [each.name for each in place.iterdir()] if place.is_dir() else []
    same = (each for each in made if each.lower() == name.lower())
    return CaseFolder(place / (name if name in made else next(same, name)))


def run_name(number: int) -> str:
    """``r01`` for 1."""
    return f"r{number:02d}"
