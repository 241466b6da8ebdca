"""What a notebook's cells say: ``start()``, ``%%powershell STEP``, ``%manual STEP``, ``%local STEP``, ``finish()``.

A step never raises for what it found: it is shown and written down, and what does not depend on it goes on. Only
bad input stops a notebook at once, and only the last cell makes a failed run a failure for papermill.
"""

from __future__ import annotations

import sys
from typing import Any

from IPython import get_ipython
from IPython.core.error import StdinNotImplementedError
from IPython.display import display

from runbook.errors import BadInput, RunFailed
from runbook.journal.lines import stamp, utc_now
from runbook.journal.outcome import NOTHING_DONE
from runbook.knowledge import reference
from runbook.run import closing, conductor, invocation, life, show
from runbook.run.opening import Run, keep_rebuilt, open_run, operator, will_change
from runbook.run.rebuild import keep_output
from runbook.words.disk import disk_told
from runbook.words.forms import moment
from runbook.words.language import choose
from runbook.words.sentences import say

_open: list[Run] = []
#: The display in the first cell that the last one puts right.
_TOP = "runbook-verdict"


def start(notebook: str, **parameters: str | list[str]) -> None:
    """Open a run of ``notebook``: check every input, take the lock, show what this is. Raises BadInput."""
    called = invocation.find()
    lang = choose(str(parameters.get("lang") or ""))
    if called.known_from != "engine":
        conductor.check_parameters(_injected(), set(parameters), lang)
    for name, value in parameters.items():
        if not isinstance(value, str | list):
            raise BadInput(say("run.parameter_type", lang, name=name, value=value))
    with disk_told(lang):
        if _open:  # the first cell run again in Jupyter: what was begun is over, and its lock is ours to give back
            begun = _open.pop()
            begun.close("interrupted", reason="started_again")
            keep_rebuilt(begun.journal, begun.folder, begun.name)
        if called.known_from == "unverified" and not parameters.get("case"):
            parameters["case"] = _ask_name(lang)
        run = open_run(notebook, parameters, called)
    _open[:] = [run]
    shell = get_ipython()
    shell.register_magic_function(_powershell, "cell", "powershell")
    shell.register_magic_function(_manual, "line", "manual")
    shell.register_magic_function(_local, "line", "local")
    top = closing.unfinished(run)
    opened = opening_bundles(run)
    run.cells += 1
    keep_output(run.path, run.cells, "start", None, "", [top, *opened])
    _top(top)
    for bundle in opened:
        display(bundle, raw=True)


def finish() -> None:
    """Show the summary, the checklist and the pictures, close the run. Raises RunFailed where a step failed."""
    run = _current()
    with disk_told(run.lang, run.folder.path):
        bundles, outcome, failed = closing.close(run)
        _show(run, "summary", None, "", [*stamps(run), *bundles])
        _end_above(run, closing.verdict(run, outcome))
        closing.write_down(run, outcome, failed)
        if run.verified != "engine":
            keep_rebuilt(run.journal, run.folder, run.name)  # nobody else will keep this run's notebook
    _open.clear()
    if outcome == "failed":
        raise RunFailed(say("show.failed_sentence", run.lang, steps=", ".join(failed)))


def opening_bundles(run: Run) -> list[show.Bundle]:
    """What the first cell shows: the stamps, the case, what may be changed."""
    fields = {"case": run.folder.name, "run": run.name, "count": len(run.steps), "operator": operator()}
    opened = say("show.opened", run.lang, **fields, at=moment(stamp(utc_now()), run.lang))
    changes = ", ".join(reference.step(step).title.of(run.lang) for step in run.steps if step in run.applied)
    named = "show.changes" if run.parameters.get("apply") else "show.changes_rehearsed"  # nobody asked, a recording did
    asked = say(named, run.lang, names=changes) if changes else say("show.changes_none", run.lang)
    return [*stamps(run), show.text_bundle(opened, asked)]


def _ask_name(lang: str) -> str:
    """The case's name, typed below the cell; "" where nobody can be asked (then the run is refused with what to do)."""
    try:
        return input(say("run.ask_name", lang) + " ").strip()
    except (StdinNotImplementedError, EOFError, KeyboardInterrupt):
        return ""


def _top(bundle: show.Bundle, update: bool = False) -> None:
    """What stands above all: that the run has not ended, and once it has, what it came to and what to do next."""
    display(bundle, raw=True, display_id=_TOP, update=update)


def _end_above(run: Run, verdict: show.Bundle) -> None:
    """Put the verdict into the first cell, and into what is kept of it."""
    _top(verdict, update=True)
    run.cells += 1
    keep_output(run.path, run.cells, "start", None, "", [verdict, *opening_bundles(run)])


def stamps(run: Run) -> list[show.Bundle]:
    """What must not be overlooked in the first and the last cell."""
    found = []
    if run.recording:
        found.append(show.stamp_bundle(say("show.rehearsal", run.lang, title=run.recording.plot.title.of(run.lang))))
    elif run.is_rehearsal:
        found.append(show.stamp_bundle(say("show.substitute", run.lang)))
    if run.through:
        found.append(show.stamp_bundle(say("remoting.through", run.lang, **run.through), colour="#0b4f8a"))
    if run.verified != "engine":
        found.append(show.stamp_bundle(say("show.unverified", run.lang), colour="#8a4b00"))
    return found


def _powershell(line: str, cell: str) -> None:
    """``%%powershell STEP``: run the step's script, or the cell's text where the operator has changed it."""
    _take(line.strip(), cell, f"%%powershell {line}\n{cell}")


def _manual(line: str) -> None:
    """``%manual STEP``: what a person does and confirms with ``runbook confirm``."""
    _take(line.strip(), None, f"%manual {line}")


def _local(line: str) -> None:
    """``%local STEP``: what is worked out here, without PowerShell."""
    _take(line.strip(), None, f"%local {line}")


def _take(step_id: str, text: str | None, source: str) -> None:
    run = _current()
    step = reference.step(step_id)
    with disk_told(run.lang, run.folder.path):
        end = life.live(run, step_id, text)
    undo = (will_change(step, run.applied) or step.kind == "change") and end["status"] not in NOTHING_DONE
    order = list(run.status) if run.host.kind == "files" else run.steps  # of files the answer comes first
    number = order.index(step_id) + 1 if step_id in order else len(run.status)
    bundle = show.step_bundle(step, end, number, len(run.steps), run.lang, undo)
    _show(run, step_id, step_id, source, [bundle])


def _show(run: Run, cell: str, step: str | None, source: str, bundles: list[show.Bundle]) -> None:
    """Keep what the cell shows in the run's folder, then show it."""
    run.cells += 1
    with disk_told(run.lang, run.folder.path):
        keep_output(run.path, run.cells, cell, step, source, bundles)
    for bundle in bundles:
        display(bundle, raw=True)


def _current() -> Run:
    if not _open:
        raise BadInput(say("run.not_opened", choose()))
    return _open[0]


def _injected() -> dict[str, Any]:
    """The parameters that a papermill without our plugin has injected: the cell begins with ``# Parameters``.

    The raw history is read, because ``-p In 4`` would replace IPython's own ``In``.
    """
    history = get_ipython().history_manager.input_hist_raw
    source = next((text for text in history if text.startswith("# Parameters")), "")
    main = sys.modules["__main__"]
    return {name: getattr(main, name, None) for name in conductor.assigned_names(source)}
