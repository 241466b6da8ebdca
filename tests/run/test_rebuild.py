"""A notebook rebuilt from what its cells showed says of each step what the journal says."""

from __future__ import annotations

from pathlib import Path

import nbformat

from runbook.run.rebuild import keep_output, rebuild


def test_a_step_that_ended_before_its_cell_could_show_it_is_no_pending_one(tmp_path: Path) -> None:
    """Killed between the journal's end line and the cell's output: the case would contradict itself for ever."""
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_code_cell(f"%local {step}", id=step) for step in ("a", "b", "c", "d")]
    keep_output(tmp_path, 1, "a", "a", "%local a", [{"text/plain": "shown"}])
    rebuilt = rebuild(nb, tmp_path, {"a": "succeeded", "b": "finding", "c": "already_done"})
    states = [cell.metadata.papermill.status for cell in rebuilt.cells]
    assert states == ["completed", "completed", "completed", "pending"]
    assert rebuilt.metadata["runbook"]["rebuilt"] and not rebuilt.cells[1].outputs
