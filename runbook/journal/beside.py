"""The journals of the cases in one folder: read, never written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runbook.errors import RunbookError
from runbook.journal.history import History
from runbook.journal.lines import Journal


def histories(cases: Path) -> Iterator[tuple[str, History | None]]:
    """Each case by its name, in order; None where its journal cannot be read: one damaged case must not stop all."""
    for journal in sorted(cases.glob("*/journal.jsonl")):
        try:
            yield journal.parent.name, History(Journal(journal).entries())
        except RunbookError:
            yield journal.parent.name, None
