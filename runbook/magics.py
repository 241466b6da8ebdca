"""What a notebook's cells say: ``start()``, ``%%powershell STEP``, ``%manual STEP``, ``%local STEP``, ``finish()``.

A step never raises for what it found: it is shown and written down, and what does not depend on it goes on. Only
bad input stops a notebook at once, and only the last cell makes a failed run a failure for papermill.
"""

from __future__ import annotations

import sys
from typing import Any

from IPython import get_ipython
from IPython.display import display

from runbook import closing, conductor, invocation, knowledge, pictures, show, steps
from runbook.errors import BadInput, RunFailed, disk_told
from runbook.journal import stamp, utc_now
from runbook.language import choose
from runbook.rebuild import keep_output
from runbook.run import Run, keep_rebuilt, open_run, operator, will_change
from runbook.sentences import say

_open: list[Run] = []


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
        run = open_run(notebook, parameters, called)
    _open[:] = [run]
    shell = get_ipython()
    shell.register_magic_function(_powershell, "cell", "powershell")
    shell.register_magic_function(_manual, "line", "manual")
    shell.register_magic_function(_local, "line", "local")
    _show(run, "start", None, "", opening_bundles(run))
    pictures.import_ahead()


def finish() -> None:
    """Show the summary, the checklist and the pictures, close the run. Raises RunFailed where a step failed."""
    run = _current()
    with disk_told(run.lang, run.folder.path):
        bundles, outcome, failed = closing.close(run)
        _show(run, "summary", None, "", [*stamps(run), *bundles])
        closing.write_down(run, outcome, failed)
        if run.verified != "engine":
            keep_rebuilt(run.journal, run.folder, run.name)  # nobody else will keep this run's notebook
    _open.clear()
    if outcome == "failed":
        raise RunFailed(say("show.failed_sentence", run.lang, steps=", ".join(failed)))


def opening_bundles(run: Run) -> list[show.Bundle]:
    """What the first cell shows: the stamps, the case, what may be changed."""
    fields = {"case": run.folder.name, "run": run.name, "count": len(run.steps), "operator": operator()}
    opened = say("show.opened", run.lang, **fields, at=stamp(utc_now())[:16].replace("T", " "))
    changes = ", ".join(sorted(run.applied))
    asked = say("show.changes", run.lang, names=changes) if changes else say("show.changes_none", run.lang)
    return [*stamps(run), show.text_bundle(opened, asked)]


def stamps(run: Run) -> list[show.Bundle]:
    """What must not be overlooked in the first and the last cell."""
    found = []
    if run.recording:
        found.append(show.stamp_bundle(say("show.rehearsal", run.lang, title=run.recording.plot.title.of(run.lang))))
    elif run.is_rehearsal:
        found.append(show.stamp_bundle(say("show.substitute", run.lang)))
    if run.verified != "engine":
        found.append(show.stamp_bundle(say("show.unverified", run.lang), colour="#7a4d00"))
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
    step = knowledge.step(step_id)
    with disk_told(run.lang, run.folder.path):
        end = steps.live(run, step_id, text)
    undo = will_change(step, run.applied) or step.kind == "change"
    number = run.steps.index(step_id) + 1 if step_id in run.steps else len(run.status)
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
