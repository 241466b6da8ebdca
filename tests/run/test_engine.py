"""papermill's engine: what it writes is the file that is archived."""

from __future__ import annotations

from pathlib import Path

import nbformat
import papermill.iorw as papermill_iorw
import pytest

import runbook.run.engine  # noqa: F401 - papermill loads it by its entry point
from runbook.files import write_whole
from runbook.run.rebuild import rebuild
from runbook.words.sentences import data_root


@pytest.mark.parametrize(("metadata", "whole"), [({"runbook": {}}, ["case.ipynb"]), ({}, [])])
def test_papermill_itself_writes_our_notebooks_whole(
    metadata: dict[str, object], whole: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own way is text mode into an emptied file: with CR LF on Windows, another file than the one archived."""
    seen: list[str] = []

    def write(path: Path, text: str) -> Path:
        seen.append(path.name)
        return write_whole(path, text)

    monkeypatch.setattr("runbook.files.write_whole", write)
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    with papermill_iorw.local_file_io_cwd(str(tmp_path)):
        papermill_iorw.write_ipynb(notebook, "case.ipynb")
    assert seen == whole
    assert nbformat.read(tmp_path / "case.ipynb", as_version=4).metadata == metadata


def test_a_step_whose_end_is_known_is_no_cell_that_never_ran(tmp_path: Path) -> None:
    """A kill between the journal's line and the cell's output: a sealed notebook would contradict its journal."""
    source = nbformat.read(data_root() / "notebooks" / "backup.ipynb", as_version=4)
    (tmp_path / "cells").mkdir()
    rebuilt = rebuild(source, tmp_path, {"preflight": "succeeded"})
    said = {cell.id: cell.metadata.papermill.status for cell in rebuilt.cells if cell.cell_type == "code"}
    assert {cell for cell, status in said.items() if status == "completed"} == {"preflight"}
