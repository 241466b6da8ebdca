"""What the runbook's pages show of a case: its file, the status words, the rehearsals, the ways to verify it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from macros.marks import cell, code, rows
from macros.words import Here
from runbook.knowledge.catalogue import notebook_steps
from runbook.knowledge.reference import steps
from runbook.papers.verifier import verifier_commands
from runbook.words.forms import outcome_word, status_word
from runbook.words.sentences import data_root
from runbook.words.templates import environment

#: The real case of the pages and of the READMEs; `case-2024-01` is the rehearsal that their first line plays.
CASE, SERVER = "case-2024-07", "RDLIC02.corp.example"
#: The first Markdown cell of a language in a notebook's text (jupytext).
_FIRST_CELL = r'<!-- #region {{"tags": \["{lang}"\]}} -->\n(# .*?)<!-- #endregion -->'
#: libyaml where PyYAML was built with it: the recordings are long.
YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What each status word means, and what a person does then.
MEANINGS = {
    "succeeded": ("meanings.succeeded", "meanings.succeeded_then"),
    "finding": ("meanings.finding", "meanings.finding_then"),
    "already_done": ("meanings.already_done", "meanings.already_done_then"),
    "skipped": ("meanings.skipped", "meanings.skipped_then"),
    "waiting": ("meanings.waiting", "meanings.waiting_then"),
    "not_judged": ("meanings.not_judged", "meanings.not_judged_then"),
    "not_reached": ("meanings.not_reached", "meanings.not_reached_then"),
    "failed": ("meanings.failed", "meanings.failed_then"),
    "timed_out": ("meanings.timed_out", "meanings.timed_out_then"),
    "unknown": ("meanings.unknown", "meanings.unknown_then"),
    "running": ("meanings.running", "meanings.running_then"),
    "pending": ("meanings.pending", "meanings.pending_then"),
}
_SHOWN = 6  # lines of a block that need no folding
_VERIFIER_CODE = {**dict.fromkeys("ACDG", "powershell"), **dict.fromkeys("BEF", "bash")}


def case_file(here: Here) -> str:
    """The case file as a first run writes it (runbook/run/templates/case.yml.j2), filled in for the example case."""
    page = environment(str(data_root() / "runbook" / "run" / "case_template.py"), plain=True).get_template(
        "case.yml.j2"
    )
    text = page.render(name=CASE, lang=here.lang, server=SERVER, reached="remoting")
    return f'\n``` {{ .yaml title="cases/{CASE}/case.yml" }}\n{text.rstrip()}\n```\n'


def statuses(here: Here) -> str:
    """Every status word: what it means, and what a person does then. Rows are anchored ``status-WORD``."""
    return rows(
        [here.word("site.col_status"), here.word("site.col_meaning"), here.word("site.col_you_do")],
        (
            (
                cell(*_status(word, here.lang)) + f" {{: #status-{word.replace('_', '-')} }}",
                cell(here.word(meaning)),
                cell(here.word(then)),
            )
            for word, (meaning, then) in MEANINGS.items()
        ),
    )


def _status(word: str, lang: str) -> list[str]:
    """What a status is called, and below it the journal's word where that is another one."""
    called = status_word(word, lang)
    return [f"**{called}**"] if called == word else [f"**{called}**", code(word)]


def changes(here: Here) -> str:
    """The steps of migrate that can be named in ``apply``, each with its undo (other notebooks' are on their pages)."""
    cells = notebook_steps("migrate")
    return rows(
        [here.word("site.col_name"), here.word("site.col_does"), here.word("site.col_undo")],
        (
            (
                f"[{code(step.id)}]({here.link(f'reference/steps.html#step-{step.id}')})",
                cell(step.title.of(here.lang)),
                cell(step.undo.of(here.lang) if step.undo else ""),
            )
            for step in steps()
            if step.id in cells and step.script and step.kind in ("change", "manual")
        ),
    )


def rehearsals(here: Here, others: bool = False) -> str:
    """The recordings that migrate can be rehearsed with; with ``others``, those of all other notebooks instead.

    Each row: the name to type, what it plays, and how each run ends.
    """
    found = [(name, plot) for name, plot in _plots() if others == (plot.get("notebook", "migrate") != "migrate")]
    return rows(
        [here.word("site.col_rehearsal"), here.word("site.col_plays"), here.word("site.col_ends")],
        (
            (
                cell(code(name)) + f" {{: #rehearsal-{name} }}",
                cell(f"**{plot['title'][here.lang]}**", plot["description"][here.lang]),
                cell(
                    " → ".join(outcome_word(run["outcome"], here.lang) for run in plot["expect"])
                    or here.word("site.ends_refused")
                ),
            )
            for name, plot in found
        ),
    )


@cache
def _plots() -> list[tuple[str, dict[str, Any]]]:
    """Name and plot of each recording, by notebook, its nominal one first."""
    files = (data_root() / "notebooks" / "rehearsals").glob("*/rehearsal.yml")
    plots = [(path.parent.name, yaml.load(path.read_text(encoding="utf-8"), YAML)) for path in files]
    return sorted(plots, key=lambda row: (row[1].get("notebook", ""), not row[0].endswith("nominal"), row[0]))


def verifier(here: Here, way: str) -> str:
    """One of the ways to verify that VERIFIER.txt gives ("A" to "G"), as a block to copy, a long one folded.

    KeyError for another.
    """
    parts = [part for part in re.split(r"\n{3,}", verifier_commands()) if re.match(r"[A-Z]\. ", part)]
    ways = {part[0]: part.split("\n\n", 1)[1].strip("\n") for part in parts}
    block = f"``` {{ .{_VERIFIER_CODE[way]} }}\n{ways[way]}\n```"
    count = ways[way].count("\n") + 1
    if count <= _SHOWN:
        return f"\n{block}\n"
    indented = block.replace("\n", "\n    ")
    return f'\n??? script "{here.word("site.verifier_folded", count=count)}"\n    {indented}\n'


def notebooks(here: Here) -> str:
    """The notebooks that an operator runs: name, title and first paragraph, as their own first cell says them."""
    parts = []
    for path in sorted((data_root() / "notebooks").glob("*.md"), key=lambda p: (p.stem != "migrate", p.stem)):
        cell_text = re.search(_FIRST_CELL.format(lang=here.lang), path.read_text(encoding="utf-8"), re.DOTALL)
        if cell_text:
            title, _, text = cell_text[1].strip().partition("\n")
            first = text.strip().split("\n\n")[0]
            parts.append((code(path.stem), cell(f"**{title.removeprefix('# ')}**", first)))
    return rows([here.word("site.col_notebook"), here.word("site.col_does")], parts)
