"""Notebook pairs: the Markdown is the source, scripts come from notebooks/steps, ids are step ids."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from macros import pairing
from runbook.knowledge import reference
from runbook.words.sentences import data_root

SOURCES = sorted((data_root() / "notebooks").glob("*.md"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_the_pair_agrees(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert pairing.filled(text) == text, "run: python -m macros.pairing"
    made = pairing.as_notebook(text)
    found = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert [(c.id, c.cell_type, c.source, c.metadata.get("tags", [])) for c in found.cells] == [
        (c.id, c.cell_type, c.source, c.metadata.get("tags", [])) for c in made.cells
    ]
    assert source.with_suffix(".ipynb").read_text(encoding="utf-8") == pairing.written(made)


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_nothing_of_a_run_is_in_the_pair(source: Path) -> None:
    nb = json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert "papermill" not in nb["metadata"]
    for cell in nb["cells"]:
        assert cell.get("outputs", []) == []
        assert "papermill" not in cell["metadata"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_parameters_are_text_with_a_comment(source: Path) -> None:
    nb = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    cell = next(c for c in nb.cells if "parameters" in c.metadata.get("tags", []))
    for line in cell.source.splitlines():
        assert ': str = "' in line
        assert "  # " in line


def test_migrate_holds_every_step_in_its_order() -> None:
    from runbook.knowledge.catalogue import notebook_steps

    steps = notebook_steps("migrate")
    known = [s.id for s in reference.steps()]
    assert [s for s in known if s in steps] == list(steps)
    for step in steps:
        for need in reference.step(step).needs:
            assert steps.index(need) < steps.index(step)
