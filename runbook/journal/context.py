"""What a verdict may look at: the case, its folders, and what earlier steps came to. Nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.journal.facts import Told
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import Status

if TYPE_CHECKING:
    from runbook.case.model import Case


@dataclass(frozen=True)
class Context(Told):
    """One case at one moment of one run, seen from one step.

    ``told`` maps a step id to the facts of its latest judged result, as the journal keeps them (``facts`` reads them):
    this run's, else an earlier run's frozen or succeeded one. ``status`` maps it to its latest status; ``confirms`` to
    its ``confirm`` entries of the journal that stand, oldest first (private fields masked there). ``applied`` holds the
    changes named in ``apply``, ``parameters`` what else the notebook's parameters cell was given; ``notebook`` is its
    name; ``history`` is the journal, for what a change was made of, without what the runs ``elsewhere`` have read:
    another machine answered in them.
    """

    case: Case
    lang: str
    case_folder: Path
    run_folder: Path
    step_folder: Path
    told: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    status: Mapping[str, Status] = field(default_factory=dict)
    confirms: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    applied: frozenset[str] = frozenset()
    rehearsal: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    notebook: str = ""
    history: History = field(default_factory=lambda: History([]))
    elsewhere: frozenset[str] = frozenset()

    @property
    def files_folder(self) -> str:
        """Where a script puts the files it makes: ``rNN/STEP/files``, evidence like the rest."""
        return str(self.step_folder / "files")

    def private(self, step: str, entries: list[Entry] | None = None) -> list[dict[str, Any]]:
        """The full private fields of each ``confirm`` entry of ``step`` that stands, or of ``entries``, oldest first
        ({} where it has none).

        They lie in ``private/STEP-NN.json`` (NN is the entry's number), put there by ``runbook confirm``.
        """
        return [
            read_private(private_file(self.case_folder, step, int(entry.get("entry", number))))
            for number, entry in enumerate(self.confirms.get(step, []) if entries is None else entries, 1)
        ]


def private_file(case_folder: Path, step: str, entry: int) -> Path:
    """Where the full private fields of one ``confirm`` entry lie: a JSON object, UTF-8."""
    return case_folder / "private" / f"{step}-{entry:02d}.json"


def read_private(path: Path) -> dict[str, Any]:
    """The private fields kept in ``path``; {} when the entry had none."""
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
