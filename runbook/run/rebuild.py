"""Writes notebooks whole or not at all, and rebuilds the notebook of a run whose own file was lost.

Each cell's output is kept in ``rNN/cells/`` when it is shown. If papermill was killed before it saved, the run's
notebook is put together from there, and marked as rebuilt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.files import write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode  # a kernel that only keeps outputs need not pay for its schemas


def write_notebook(nb: NotebookNode, path: Path) -> None:
    """Write ``nb`` to ``path`` as UTF-8 with ``\\n`` line ends, atomically."""
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, nbformat.writes(nb))


def rebuild_run(folder: Path, run: str, notebook: Path, statuses: dict[str, str]) -> Path:
    """Rebuild the notebook of ``run`` into its folder, from its source and what its cells showed; returns its path."""
    import nbformat

    source = nbformat.read(notebook, as_version=4)
    kept = folder / run / notebook.name
    write_notebook(rebuild(source, folder / run, statuses), kept)
    return kept


def rebuild(source: NotebookNode, run_folder: Path, statuses: dict[str, str]) -> NotebookNode:
    """The notebook of a run from the kept outputs of its cells.

    ``source`` is the notebook that was run, ``statuses`` the journal's status of each step: a cell is
    "completed" only where its step has ended there. Cells are marked ``rebuilt`` in the notebook's metadata.
    """
    import nbformat

    kept = {data["cell"]: data for data in _kept_outputs(run_folder)}
    nb = nbformat.from_dict(json.loads(nbformat.writes(source)))
    nb.metadata["runbook"] = {**nb.metadata.get("runbook", {}), "rebuilt": True}
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = []
        found = kept.get(cell.id)
        status = "pending"
        if found:
            cell.source = found["source"]
            cell.outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in found["outputs"]]
            ended = cell.id in statuses or not found.get("step")
            status = "completed" if ended else "failed"
        elif cell.id in statuses:
            status = "completed"  # killed between the step's last line and what the cell was about to show
        cell.metadata["papermill"] = {"status": status}
    return nb


def keep_output(
    run_folder: Path, number: int, cell: str, step: str | None, source: str, outputs: list[dict[str, Any]]
) -> None:
    """Keep what a cell shows, at the moment it shows it."""
    from runbook.files import write_json

    folder = run_folder / "cells"
    folder.mkdir(exist_ok=True)
    data = {"cell": cell, "step": step, "source": source, "outputs": outputs}
    write_json(folder / f"{number:03d}-{cell}.json", data)


def _kept_outputs(run_folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted((run_folder / "cells").glob("*.json")):
        found.append(json.loads(path.read_text(encoding="utf-8")))
    return found
