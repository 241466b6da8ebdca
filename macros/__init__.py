"""The site's macros: pages call them, knowledge/ and the steps' scripts fill them.

mkdocs-macros imports this package and calls ``define_env``. Each macro works out the language and the page when
it is called. Of the package ``runbook``, only ``runbook.knowledge`` is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from macros import casework, commands, dates, faults, forms, marks, project, samples, tables
from macros.pictures import mockups, picture
from macros.words import Here, here
from runbook.knowledge import reference
from runbook.words.sentences import say

MACROS: dict[str, Callable[..., str]] = {
    "say": lambda at, key, **fields: say(key, at.lang, **fields),
    "command": commands.command,
    "commands": commands.commands,
    "short": commands.short,
    "table": tables.table,
    "errors": faults.errors,
    "events": faults.events,
    "checklist": forms.checklist,
    "call_sheet": forms.call_sheet,
    "call_set": forms.call_set,
    "print_all": forms.print_all,
    "letter": forms.letter,
    "picture": picture.picture,
    "mockup": mockups.mockup,
    "ends": dates.ends,
    "since": dates.since,
    "source": marks.source,
    "mark": marks.mark,
    "cli_help": project.cli_help,
    "tree": project.tree,
    "excerpt": project.excerpt,
    "case_file": casework.case_file,
    "statuses": casework.statuses,
    "rehearsals": casework.rehearsals,
    "samples": samples.samples,
    "verifier": casework.verifier,
    "notebooks": casework.notebooks,
    "changes": casework.changes,
    "step_title": lambda at, step: reference.step(step).title.of(at.lang),
}


def define_env(env: Any) -> None:
    """Declare the macros (called once per build by mkdocs-macros)."""
    for name, macro in MACROS.items():
        _declare(env, name, macro)


def _declare(env: Any, name: str, macro: Callable[..., str]) -> None:
    def called(*args: object, **options: object) -> str:
        at: Here = here(env)
        return macro(at, *args, **options)

    called.__doc__ = macro.__doc__
    env.macro(called, name)
