"""Where a step's script runs: a Windows server, or a recording of one. Both give a command line to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """One run of one script: what is run, with what, and into which folder its results go.

    ``script`` is the file to run. ``folder`` is the step's evidence folder (exists); the script is given
    ``input`` and writes ``out.json`` there. ``limit`` is in seconds.
    """

    step: str
    script: Path
    folder: Path
    inputs: dict[str, Any]
    limit: float
    run: int
    given: Path | None = None

    @property
    def input(self) -> Path:
        """The file that the script is given: ``in.json`` in its folder, or a private one where it carries secrets."""
        return self.given or self.folder / "in.json"


class Host(Protocol):
    """A machine to ask. ``kind`` is "windows", "remoting", "rehearsal" or "substitute" (a test's stand-in)."""

    kind: str

    def command(self, call: Call) -> list[str]:
        """The argument list that runs ``call``, which must end and leave its results in ``call.folder``."""
        ...

    def limit(self, call: Call) -> float:
        """The time limit that holds for ``call``, in seconds."""
        ...

    def encoding(self, call: Call) -> str:
        """The encoding in which what ``call`` writes to its streams is declared to be ("utf-8", "cp850")."""
        ...

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        """The command line that brings what the change ``step``, whose end did not come back, has left where it ran
        into ``folder``; ``then`` is its folder of that run, ``run`` this one's number. None: there is no such place."""
        ...


class FilesHost:
    """No machine at all: a notebook that only reads files brought from elsewhere. It can run no script."""

    kind = "files"

    def command(self, call: Call) -> list[str]:
        raise RuntimeError(f"{call.step}: a run on files brought from elsewhere runs no script")

    def limit(self, call: Call) -> float:
        return call.limit

    def encoding(self, call: Call) -> str:
        return "utf-8"

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        return None
