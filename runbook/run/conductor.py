"""What surrounds a run on papermill's side: checks before a kernel is started, truth and copies after it ended.

Called by the engine only. The kernel writes what happened; this adds what only the other side can see: that the
kernel died, that the file is complete, that a rehearsal has another run to play.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.case.folder import CaseFolder, case_folder, find_workspace, is_case_name
from runbook.errors import BadInput, Faults, RunbookError, RunFailed
from runbook.files import sha256_of
from runbook.host.lock import RunLock
from runbook.journal.held import rest_of_run
from runbook.journal.history import History, played
from runbook.journal.lines import Entry, Journal
from runbook.journal.outcome import BAD
from runbook.journal.spoken import language
from runbook.knowledge import catalogue
from runbook.run import asked
from runbook.run.rebuild import write_notebook
from runbook.words.forms import in_words, status_word
from runbook.words.language import choose
from runbook.words.near import did_you_mean
from runbook.words.sentences import keyed, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: Added by papermill itself on request.
_PAPERMILL_OWN = frozenset({"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"})


#: Who hears how a run ended that went well. papermill's stdout may be the notebook; ``runbook run`` answers on its own.
say_done: Callable[[str], None] = partial(click.echo, err=True)


_TOLD = keyed(
    "run.told_",
    "run.told_done", "run.told_waiting", "run.told_failed", "run.told_interrupted",
)  # fmt: skip
_REHEARSED = {"done": "run.told_done_rehearsed", "waiting": "run.told_waiting_rehearsed"}
_STOPPED = keyed(
    "run.stopped_",
    "run.stopped_started_again", "run.stopped_KeyboardInterrupt", "run.stopped_CellTimeoutError",
    "run.stopped_DeadKernelError", "run.stopped_killed",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is known before a kernel starts. ``folder`` is None where nothing names the case yet."""

    notebook: str
    lang: str
    parameters: dict[str, Any]
    folder: CaseFolder | None
    titles: dict[str, str] = field(default_factory=dict)

    def localised(self, nb: NotebookNode) -> NotebookNode:
        """The notebook without the texts of the other language."""
        other = {"fr", "en"} - {self.lang}
        nb.cells = [c for c in nb.cells if not other & set(c.metadata.get("tags", []))]
        nb.metadata["language_info"] = {"name": "python"}
        nb.metadata["runbook"] = {**nb.metadata["runbook"], "lang": self.lang}
        return nb


@dataclass(frozen=True)
class Pass:
    """One run as papermill's side saw it end. ``run`` is None where it was never opened (bad input)."""

    notebook: NotebookNode
    plan: Plan
    run: str | None
    outcome: str
    message: str
    recording: str | None = None
    stopped: BaseException | None = None


def prepare(nb: NotebookNode, output: Path | None, folder: Path) -> Plan:
    """Check the parameters and find the case and its language. Raises BadInput with all faults at once."""
    parameters = dict(nb.metadata.get("papermill", {}).get("parameters", {}))
    name = parameters.get("case") or (output.stem if output else None)
    found = case_folder(str(name), find_workspace(folder)) if isinstance(name, str) and is_case_name(name) else None
    lang = choose(_text(parameters.get("lang")), language(found) if found else None)
    if isinstance(name, str) and not is_case_name(name):
        raise BadInput(say("run.bad_name", lang, name=name))
    steps = [cell.id for cell in nb.cells if cell.get("id") in catalogue.plain_steps()]
    faults = Faults()
    with faults:
        check_parameters(parameters, parameter_names(nb), lang)
    with faults:  # a value that papermill has made a number has no text to be held to anything: that is told already
        texts = {name: value for name, value in parameters.items() if isinstance(value, str | list)}
        asked.everything(texts, steps, find_workspace(folder), lang, found)
    faults.tell()
    if found:
        RunLock(found.path).refuse_if_held(lang)
    notebook = str(nb.metadata["runbook"].get("notebook", "migrate"))
    if parameters.get("folder"):
        nb.cells = _answer_first(nb.cells)
    return Plan(notebook, lang, parameters, found, _titles(nb, lang))


def _answer_first(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Where files that were brought are read, what asks a server has nothing to do: it comes before the last cell
    only, with the texts above it, so that the answer stands first."""
    known = catalogue.plain_steps()
    asking = [place for place, cell in enumerate(cells) if known.get(str(cell.get("id")), {}).get("script")]
    if not asking:
        return cells
    first, after = asking[0], asking[-1] + 1
    while cells[first - 1].cell_type == "markdown":
        first -= 1
    return [*cells[:first], *cells[after:-1], *cells[first:after], cells[-1]]


def _titles(nb: NotebookNode, lang: str) -> dict[str, str]:
    """What the progress bar says at each step's cell: ``3/25 Title``. From the plain data: see ``sentences``."""
    known = catalogue.plain_steps()
    steps = [cell.id for cell in nb.cells if cell.get("id") in known]
    return {step: f"{number}/{len(steps)} {known[step]['title'][lang]}" for number, step in enumerate(steps, 1)}


def parameter_names(nb: NotebookNode) -> set[str]:
    """The names assigned in the cell tagged ``parameters``."""
    source = next((c.source for c in nb.cells if "parameters" in c.metadata.get("tags", [])), "")
    return assigned_names(source)


def assigned_names(source: str) -> set[str]:
    """The names that top-level statements of ``source`` assign, with or without a type."""
    names: set[str] = set()
    for statement in ast.parse(source).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        names |= {t.id for t in targets if isinstance(t, ast.Name)}
    return names


def check_parameters(parameters: dict[str, Any], known: set[str], lang: str) -> None:
    """Raise BadInput that names every parameter that is unknown or has lost its text (``-p case 007``)."""
    faults = []
    for name, value in parameters.items():
        if name in _PAPERMILL_OWN:
            continue
        if name not in known or not name.isidentifier() or keyword.iskeyword(name):
            near = did_you_mean(name, known, lang)
            faults.append(say("run.unknown_parameter", lang, name=name, known=", ".join(sorted(known)), near=near))
        elif isinstance(value, list) and name == "apply" and all(isinstance(v, str) for v in value):
            continue
        elif not isinstance(value, str):
            faults.append(say("run.parameter_type", lang, name=name, value=value))
    if faults:
        raise BadInput("\n".join([say("run.bad_parameters", lang, count=len(faults)), *("  " + f for f in faults)]))


def after(nb: NotebookNode, plan: Plan, token: str, stopped: BaseException | None) -> Pass:
    """Write down how the kernel's run ended, keep its notebook in the run's folder, and say what came of it."""
    folder = _folder_of(nb, plan)
    journal = Journal(folder.journal) if folder else None
    opened = History(journal.entries()).opening_by_token(token) if journal else None
    if folder is None or journal is None or opened is None:
        return Pass(nb, plan, None, "bad input", _error_text(nb) or say("run.not_opened", plan.lang), stopped=stopped)
    run = opened["run"]
    closed = History(journal.entries()).closing(run)
    if closed is None:
        reason = type(stopped).__name__ if stopped else _error_text(nb) or "no close"
        closed = journal.append("close", run=run, outcome="interrupted", reason=reason, by="engine")
    kept = folder.run(run) / f"{plan.notebook}.ipynb"
    write_notebook(nb, kept)
    digest = sha256_of(kept)
    relative = kept.relative_to(folder.path).as_posix()
    rest = rest_of_run(folder.path, run, journal.entries())
    journal.append("notebook", run=run, path=relative, sha256=digest, rebuilt=False, by="engine", evidence=rest)
    reason = _in_words(str(closed.get("reason", "")), plan.lang)
    fields = {"case": folder.name, "run": run, "notebook": kept, "reason": reason}
    rehearsed = played(opened) is not None
    told = {**_TOLD, **(_REHEARSED if rehearsed else {})}
    message = say(told[closed["outcome"]], plan.lang, **fields)
    if rehearsed:
        message = f"{say('run.told_rehearsal', plan.lang)} {message}"
    message = "\n".join([message, *_failures(journal.entries(), run, plan.lang)])
    return Pass(nb, plan, run, closed["outcome"], message, opened.get("rehearsal"), stopped)


def _failures(entries: list[Entry], run: str, lang: str) -> Iterator[str]:
    """A line for each step that failed in ``run``: its title, its first sentence, its page of the site."""
    known = catalogue.plain_steps()
    for end in History(entries).last_ends(run):
        if end["status"] in BAD:
            words = in_words(end["lines"][:2], lang) or [status_word(end["status"], lang)]
            told = " ".join(word.split("\n")[0] for word in words)
            about = known[end["step"]]
            yield say("run.told_step", lang, title=about["title"][lang], told=told, page=f"{lang}/{about['page']}")


def _in_words(reason: str, lang: str) -> str:
    """Why a run was interrupted, as a person reads it; what has no words is a fault of the runbook and says so."""
    return say(_STOPPED.get(reason, "run.stopped_fault"), lang, reason=reason)


def go_on(done: Pass) -> bool:
    """True where a rehearsal waits (or failed) and its recording has another run: the person has answered, in their
    place the recording does, which is told."""
    if done.stopped is not None or done.run is None or done.recording is None:
        return False
    if done.outcome not in ("waiting", "failed"):
        return False
    # From the plain data, which the kernel has checked: typed, they cost this process more than all else here.
    plots, number = [plot for _, plot in catalogue.plots(done.recording)], int(done.run[1:])
    runs = next((plot["runs"] for plot in plots if plot.get("runs") is not None), 1)
    if number >= runs:
        return False
    known = catalogue.plain_steps()
    answered = next((plot["answers"] for plot in plots if plot.get("answers") is not None), ())
    answers = [each["step"] for each in (*answered, *plots[0].get("accepts", ())) if each["run"] == number + 1]
    titles = ", ".join(known[step]["title"][done.plan.lang] for step in dict.fromkeys(answers))
    fields = {"number": number, "count": runs, "told": done.message, "titles": titles or "–"}
    click.echo(say("run.between", done.plan.lang, **fields), err=True)
    return True


def tell(done: Pass) -> None:
    """Raise the sentence of a run that did not go well; write the sentence of one that did."""
    if done.outcome == "bad input":
        raise BadInput(done.message)
    if done.outcome == "failed":
        raise RunFailed(done.message)
    if done.outcome == "interrupted":
        raise RunbookError(done.message)
    say_done(done.message)


def _folder_of(nb: NotebookNode, plan: Plan) -> CaseFolder | None:
    return plan.folder if plan.folder and plan.folder.path.exists() else None


def _error_text(nb: NotebookNode) -> str:
    """What a cell that stopped the notebook said."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return str(output.evalue)
        if cell.metadata.get("papermill", {}).get("exception"):
            # IPython tells a faulty magic on stderr and gives no error output.
            return " ".join(o.text.strip() for o in cell.get("outputs", []) if o.get("name") == "stderr")
    return ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
