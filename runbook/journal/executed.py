"""An executed notebook as papermill and the engine leave it: which cell holds which step, how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.knowledge.catalogue import step_of


@dataclass(frozen=True)
class Cell:
    """One code cell: its step (None for any other cell) and papermill's status for it ("" where it has none)."""

    id: str
    step: str | None
    status: str
    failed: bool


@dataclass(frozen=True)
class Executed:
    """The code cells of a notebook, and whether papermill says that an exception ended it."""

    cells: tuple[Cell, ...]
    exception: bool
    ended: bool


def _step(cell: dict[str, Any]) -> str | None:
    source = cell.get("source", "")
    return step_of("".join(source) if isinstance(source, list) else str(source))


def read_executed(path: Path) -> Executed:
    """Read the notebook at ``path``. Raises ValueError when it is no notebook."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise ValueError(f"not a notebook: {path.name}")
    cells = []
    for cell in data["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        meta = (cell.get("metadata") or {}).get("papermill") or {}
        failed = bool(meta.get("exception")) or any(
            output.get("output_type") == "error" for output in cell.get("outputs", [])
        )
        cells.append(Cell(str(cell.get("id", "")), _step(cell), str(meta.get("status") or ""), failed))
    meta = (data.get("metadata") or {}).get("papermill") or {}
    return Executed(tuple(cells), bool(meta.get("exception")), meta.get("end_time") is not None)
