"""What a command is given by its name (a case, a step, a rehearsal): found, completed by the shell, the near one told.

Apart from the commands, whose imports cost a second.
"""

from __future__ import annotations

import re

import click
from click.shell_completion import CompletionItem

from runbook.case.folder import CaseFolder, case_folder, find_workspace, is_case_name
from runbook.errors import BadInput
from runbook.knowledge import catalogue
from runbook.words.language import choose
from runbook.words.near import did_you_mean
from runbook.words.sentences import say


def existing(name: str, lang: str, never_run: bool = False) -> CaseFolder:
    """The folder of a case that has a journal (or, ``never_run``, a case file at least). Raises BadInput else."""
    home_is_there(lang)
    valid_name(name, lang)
    folder = case_folder(name)
    _put_away(folder)
    if folder.journal.is_file() or (never_run and folder.case_file.is_file()):
        return folder
    if folder.case_file.is_file():
        raise BadInput(say("confirm.never_run", lang, case=name, command=f"runbook run {name}"))
    near = did_you_mean(name, cases(), lang) or say("confirm.no_case_way", lang, case=name)
    from runbook.journal.held import sealed  # with all that reads a journal: only where it is needed

    if kept := sealed(folder.path):
        near = " " + say("archive.kept", lang, bags=", ".join(str(bag) for bag in kept), case=name)
    raise BadInput(say("confirm.no_case", lang, case=name, place=folder.path.parent, near=near))


def home_is_there(lang: str) -> None:
    """Raise BadInput where RUNBOOK_HOME names a folder that is not there: a mistyped one has no cases."""
    if not (place := find_workspace()).is_dir():
        raise BadInput(say("cli.no_home", lang, place=place))


def valid_name(name: str, lang: str) -> None:
    """Raise BadInput for what no case can be called: a path to its folder too, with the name that is meant."""
    if not is_case_name(name):
        last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
        raise BadInput(say("cli.bad_case", lang, name=name, near=did_you_mean(last, cases(), lang)))


def _put_away(folder: CaseFolder) -> None:
    """Secrets that a killed run left, before any command looks at the case."""
    if any(folder.path.glob("private/r[0-9]*/*/in.json")) or any(folder.path.glob("r[0-9]*/*/private.json")):
        from runbook.host.leftovers import sweep_if_idle

        sweep_if_idle(folder)


def cases() -> list[str]:
    """The names of all cases of the workspace."""
    found = (path for name in ("journal.jsonl", "case.yml") for path in find_workspace().glob(f"cases/*/{name}"))
    return sorted({path.parent.name for path in found})


def manual_steps() -> list[str]:
    """The ids of the steps that a person confirms."""
    return [step for step, entry in catalogue.plain_steps().items() if entry["kind"] == "manual"]


def _of(names: list[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def complete_cases(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The cases that a shell may complete ``begun`` to."""
    return _of(cases(), begun)


def complete_manual(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The steps that a person confirms, each with its title."""
    return _titled(manual_steps(), begun)


def complete_steps(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """All steps, each with its title."""
    return _titled(list(catalogue.plain_steps()), begun)


def complete_rehearsals(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The rehearsals."""
    return _of(catalogue.rehearsals(), begun)


def complete_changes(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The changes, the last of several that are separated by commas."""
    first, comma, _ = begun.rpartition(",")
    named = catalogue.notebook_steps(str(context.params.get("notebook") or "migrate"))
    return _of([f"{first}{comma}{step}" for step in catalogue.changes(named)], begun)


def _titled(steps: list[str], begun: str) -> list[CompletionItem]:
    known = catalogue.plain_steps()
    lang = choose()
    return [CompletionItem(step, help=known[step]["title"][lang]) for step in steps if step.startswith(begun)]
