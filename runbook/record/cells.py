"""The cells of an executed notebook as HTML, in the record's own template.

nbformat reads the notebook, mistune its Markdown. What is said about a step around its cell comes from the journal
and is handed in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import mistune
import nbformat
from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from runbook.knowledge.catalogue import step_of
from runbook.record.clean import clean_html, clean_svg
from runbook.words.sentences import LANGS
from runbook.words.templates import environment

_markdown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])  # cleaned afterwards
#: What a terminal takes for a colour or a movement.
_TERMINAL = re.compile(r"\x1b\[.*?[@-~]")
#: The first of these that an output offers is shown; whatever else it offers is left out.
_FORMS = ("image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain")
#: What the summary of a finished run tells the operator to do next.
_ADVICE = re.compile(r"<p>[^<]*\brunbook seal\b[^<]*</p>")
#: A longer output is folded, in lines.
FOLD_LINES = 25


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
    return environment(__file__).get_template("cells.html.j2").render(
        cells=cells, around=around, step_of=step_of, words=words, fold_lines=FOLD_LINES, own=own,
        prose=_prose, plain=_plain, markup=Markup,
    )  # fmt: skip


def _prose(markdown: str) -> Markup:
    return Markup(clean_html(str(_markdown(markdown))))


def _plain(text: str) -> str:
    return _TERMINAL.sub("", text)


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
        cell.outputs = _joined(output for output in cell.outputs if _picture_of(output) not in kept)
        for output in cell.outputs:
            if "data" in output:
                output.data = NotebookNode(_one_form(output.data, f"{scope}-cell{next(numbers)}"))
    return node


def _joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """``outputs``, each stream's pieces in one: a kernel sends a text as it was flushed."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


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
