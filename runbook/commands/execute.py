"""Runs a notebook through papermill in this process, with the engine that the bare command uses too."""

from __future__ import annotations

import logging

import click

from runbook.case.folder import case_folder
from runbook.errors import BadInput, RunbookError, RunFailed
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.knowledge.catalogue import notebook_path

#: sysexits.h: "temporary failure; the user is invited to retry".
WAITING = 75


def execute(notebook: str, name: str, parameters: dict[str, str], progress: bool = True) -> int:
    """Run ``notebook`` as the case ``name`` into ``NAME.ipynb`` in the current folder; returns the exit code.

    0 done, 75 waiting, 1 failed or interrupted, 2 bad input.
    """
    import papermill

    from runbook.run import conductor

    conductor.say_done = click.echo
    logging.getLogger("papermill").setLevel(logging.ERROR)
    given = {key: value for key, value in parameters.items() if value}
    folder = case_folder(name)
    before = len(History(Journal(folder.journal).entries()).runs()) if folder.path.exists() else 0
    try:
        papermill.execute_notebook(
            str(notebook_path(notebook)), f"{name}.ipynb", parameters={"case": name, **given}, progress_bar=progress
        )
    except BadInput as error:
        click.echo(str(error), err=True)
        return 2
    except RunFailed as error:
        click.echo(str(error))  # the answer, as DONE and WAITING are
        return 1
    except RunbookError as error:
        click.echo(str(error), err=True)
        return 1
    history = History(Journal(folder.journal).entries())
    runs = history.runs()
    closed = history.closing(runs[-1]) if len(runs) > before else None
    return {"done": 0, "waiting": WAITING}.get(closed["outcome"] if closed else "", 1)
