"""Keeps notebooks and their text in step: ``notebooks/NAME.md`` is the source, ``NAME.ipynb`` is made from it.

``python -m macros.pairing`` fills the PowerShell fences from notebooks/steps/ (the only copy of a step's
text) and writes the paired .ipynb through jupytext; ``--check`` changes nothing and says what differs. A cell's id is
its step's id, so that journal, evidence and notebook name the same thing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from runbook.knowledge import reference
from runbook.knowledge.catalogue import step_of
from runbook.words.sentences import data_root

_FENCE = re.compile(r'^```powershell magic_args="(?P<step>[a-z0-9-]+)"\n(?P<body>.*?)^```$', re.M | re.S)
_SPECIAL = {"start(": "start", "finish(": "summary"}


def filled(text: str) -> str:
    """The Markdown notebook with every PowerShell fence as its step's script says."""
    return _FENCE.sub(lambda m: f'```powershell magic_args="{m["step"]}"\n{cell_text(m["step"])}```', text)


def cell_text(step_id: str) -> str:
    """What stands in the cell of a step: its script, ended by one line end."""
    return reference.script(step_id).strip("\n") + "\n"


def as_notebook(text: str) -> NotebookNode:
    """The notebook of a Markdown text: ids from the steps, kernel and metadata as the text says."""
    nb = jupytext.reads(text, fmt="md")
    seen: dict[str, int] = {}
    for cell in nb.cells:
        base = _cell_id(cell)
        seen[base] = seen.get(base, 0) + 1
        cell["id"] = base if seen[base] == 1 else f"{base}-{seen[base]}"
        if cell.cell_type == "code" and cell["id"] != "parameters":
            cell.metadata["jupyter"] = {"source_hidden": True}  # what a step came to is read, its script opened
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata.get("jupytext", {}).get("text_representation", {}).pop("jupytext_version", None)
    nbformat.validate(nb)
    return nb


def _cell_id(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        tags = cell.metadata.get("tags", [])
        return "text-" + (tags[0] if tags else "both")
    if "parameters" in cell.metadata.get("tags", []):
        return "parameters"
    if step := step_of(cell.source):
        return step
    return next((name for mark, name in _SPECIAL.items() if mark in cell.source), "code")


def written(nb: NotebookNode) -> str:
    """The bytes' text of a paired .ipynb: the same notebook always gives the same."""
    return nbformat.writes(nb) + "\n"


def main(argv: list[str]) -> int:
    """Write, or with ``--check`` compare; returns the number of files that differ."""
    check = "--check" in argv
    differing = []
    for source in sorted((data_root() / "notebooks").glob("*.md")):
        text = source.read_text(encoding="utf-8")
        new = filled(text)
        for path, content in ((source, new), (source.with_suffix(".ipynb"), written(as_notebook(new)))):
            if path.exists() and path.read_text(encoding="utf-8") == content:
                continue
            differing.append(path)
            if not check:
                path.write_text(content, encoding="utf-8", newline="\n")
    for path in differing:
        sys.stdout.write(f"{'differs' if check else 'written'}: {Path(path).name}\n")
    return len(differing) if check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
