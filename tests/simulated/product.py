"""What of the product the simulated server's tests ask: where the scripts lie, their readers, their verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.case.model import Case, load_case
from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.knowledge import reference
from runbook.steps.registry import doing, read_answer
from runbook.words.sentences import data_root

SCRIPTS = data_root() / "notebooks" / "steps"
REHEARSALS = data_root() / "notebooks" / "rehearsals"
#: Every step script, by its name without ``.ps1``.
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.ps1"))

__all__ = ["NAMES", "REHEARSALS", "SCRIPTS", "Status", "read_answer", "steps_of", "verdicts"]


def steps_of(script: str) -> list[str]:
    """The steps whose answer ``script`` gives (two notebooks may ask the same)."""
    return [step.id for step in reference.steps() if step.script == script and doing(step.id).answer]


def verdicts(script: str, out: list[dict[str, Any]], folder: Path) -> dict[str, Verdict]:
    """What each step that runs ``script`` makes of out.json, in the nominal rehearsal's case."""
    found = {}
    for step in steps_of(script):
        context = Context(_case(), "en", folder, folder, folder, applied=frozenset({step}), notebook="")
        found[step] = doing(step).judge(context, Answer(0, out, b"", b"", 0.1, folder))
    return found


def _case() -> Case:
    return load_case(REHEARSALS / "nominal" / "case.yml", "nominal")
