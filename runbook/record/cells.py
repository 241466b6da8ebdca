"""The cells of an executed notebook as HTML, through nbconvert with the record's own template.

nbconvert knows how to walk a notebook, to turn Markdown and terminal colours into HTML and to choose among the
forms of an output; what is said about a step around its cell comes from the journal and is handed in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.html import HTMLExporter
from nbformat.notebooknode import NotebookNode

from runbook.knowledge.catalogue import step_of
from runbook.record.clean import clean_html, clean_svg
from runbook.words.sentences import LANGS

_TEMPLATES = Path(__file__).parent / "templates"
#: The first of these that an output offers is shown; whatever else it offers is left out.
_FORMS = ("image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain")
#: What the summary of a finished run tells the operator to do next.
_ADVICE = re.compile(r"<p>[^<]*\brunbook seal\b[^<]*</p>")
#: A longer output is folded, in lines.
FOLD_LINES = 25


class CellExporter(HTMLExporter):
    """nbconvert's HTML exporter with our template and none of what it would load (MathJax, require.js)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # traitlets' own constructor
            template_name="record",
            extra_template_basedirs=[str(_TEMPLATES)],
            exclude_anchor_links=True,
            filters={"cleaned": clean_html, "lines_of": lambda text: len(str(text).splitlines())},
            **kwargs,
        )


def cells_to_html(
    notebook: Path,
    around: Callable[[str], tuple[str, str]],
    words: dict[str, str],
    scope: str,
    lang: str,
    own: bool,
    kept: Collection[str] = (),
    summed_up: bool = False,
) -> str:
    """The notebook's cells as one piece of HTML; ``scope`` (the run's name) keeps its ids apart from others'.

    ``own``: the notebook was run in ``lang``. In a record in the other language its prose is left out and what its
    cells showed is folded. ``kept``: pictures that the record shows elsewhere, without white space. ``summed_up``: the
    record says itself, from the journal, what the last cell summed up; that cell is left out, and the heading over it.

    ``around(step)`` gives the HTML that opens and closes the section of a step's cell; ``words`` are the few
    words of the template in the record's language. Raises ValueError where the file is no notebook.
    """
    try:
        node = nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)
    except Exception as error:  # nbformat raises its own, jsonschema's and json's errors
        raise ValueError(str(error)) from error
    node = harmless(node, scope, kept)
    cells: list[NotebookNode] = []
    for cell in node.cells:
        if not _speaks(cell, lang, own):
            continue
        if _is_last(cell) and (summed_up or not cell.outputs):
            while cells and _is_heading(cells[-1]):
                cells.pop()
        else:
            cells.append(cell)
    node.cells = cells
    resources = {
        "around": around,
        "step_of": step_of,
        "words": words,
        "fold_lines": FOLD_LINES,
        "own": own,
    }
    body, _ = CellExporter().from_notebook_node(node, resources=resources)
    return str(body)


def _is_last(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code" and "finish(" in cell.source)


def _is_heading(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "markdown" and re.fullmatch(r"\s*#+ [^\n]*\s*", cell.source))


def _speaks(cell: NotebookNode, lang: str, own: bool) -> bool:
    if cell.cell_type != "markdown":
        return True
    tagged = set(LANGS) & set(cell.metadata.get("tags", []))
    return lang in tagged if tagged else own


def harmless(
    node: NotebookNode,
    scope: str,
    kept: Collection[str] = (),
) -> NotebookNode:
    """Reduce each output to the one form that is shown, cleaned, without what the record says better itself: a
    picture among ``kept``, and the advice to seal the case, which a sealed record must not give."""
    numbers = itertools.count(1)
    for cell in node.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if _picture_of(output) not in kept]
        for output in cell.outputs:
            if "data" in output:
                output.data = NotebookNode(_one_form(output.data, f"{scope}-cell{next(numbers)}"))
    return node


def _picture_of(output: NotebookNode) -> str:
    return "".join("".join(output.get("data", {}).get("image/svg+xml", "")).split()) or "none"


def _one_form(data: dict[str, Any], scope: str) -> dict[str, str]:
    for form in _FORMS:
        if form not in data:
            continue
        text = "".join(data[form]) if isinstance(data[form], list) else str(data[form])
        if form == "image/svg+xml":
            picture = clean_svg(text, scope)
            if picture is None:
                continue
            text = picture
        elif form == "text/html":
            text = _ADVICE.sub("", clean_html(text))
        return {form: text}
    return {}
