"""The programs that a page has a person call: what stands behind them is asked of the programs themselves.

runbook, papermill and mkdocs are click commands: click parses the words, so that a subcommand or an option that a
page names is one that exists. What click takes as any text (a step, a notebook, its parameters, a recording) is
looked up in the project. A word in capitals (``STEP``, ``DOSSIER.ipynb``) is a placeholder: it stands for any value,
never for an option.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import click

from runbook import cli
from runbook.case.folder import is_case_name
from runbook.commands import scheduled_task
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_steps
from runbook.knowledge.records import Step
from runbook.steps import host_import
from runbook.words import sentences

from . import launchers, tables
from .fault import nearest

ROOT = launchers.ROOT
#: A word whose value cannot be seen (a variable): it passes wherever a value can stand.
UNSEEN = launchers.UNSEEN
#: What is wrong, what is right, the word where it is.
Wrong = launchers.Wrong
_PLACEHOLDER = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ0-9_-]+(\.ipynb|\.json|\.zip)?")
_CLICK = ("runbook", "papermill", "mkdocs")


def names() -> frozenset[str]:
    """All programs of this module, without path and ending."""
    return frozenset([*_CLICK, *tables.programs()["launchers"]])


def name_of(written: str) -> str | None:
    """The program that a call runs, whatever path and ending it is called by; None if it is none of these."""
    leaf = written.replace("/", "\\").rsplit("\\", 1)[-1].lower().removesuffix(".exe")
    return leaf if leaf in names() else None


def check_path(written: str, shell: bool) -> Iterator[Wrong]:
    """The folder that a program is called from: an environment that a page makes, or a whole path."""
    folder, slash, _ = written.replace("/", "\\").rpartition("\\")
    known = tables.programs()["environments"]["names"]
    right = f"{known[0]}/bin" if shell else rf"{known[0]}\Scripts"
    if not slash:
        return
    if ("\\" in written) if shell else ("/" in written):
        yield f"{written} has the other system's slashes", right, written
        return
    parts = folder.removeprefix(".\\").split("\\")
    made = len(parts) > 1 and parts[-2] in known and parts[-1] == ("bin" if shell else "Scripts")
    whole = folder.startswith("\\") if shell else re.match(r"[A-Za-z]:\\", folder)
    if not (made and (len(parts) == 2 or whole)) and not (whole and not any("venv" in part for part in parts)):
        yield f"{written} lies in no folder that a page makes", right, written


def check_words(program: str, words: Sequence[str]) -> Iterator[Wrong]:
    """All mistakes in ``words``, the arguments of ``program`` (a name that ``name_of`` gave)."""
    if program == "runbook":
        yield from _runbook(list(words))
    elif program == "papermill":
        yield from _papermill(list(words))
    elif program == "mkdocs":
        yield from _mkdocs(list(words))
    else:
        yield from launchers.check(program, list(words))


def _stands_for_any(value: object) -> bool:
    return not isinstance(value, str) or value == UNSEEN or bool(_PLACEHOLDER.fullmatch(value))


def one_of(value: Any, known: Sequence[str], what: str) -> Iterator[Wrong]:
    """A fault where ``value`` is seen and is none of the ``known``."""
    if not _stands_for_any(value) and value not in known:
        yield f"{what} {value} does not exist", nearest(value, known) or ", ".join(sorted(known)[:12]), value


# click


def _parsed(command: click.Command, path: str, words: list[str], out: dict[str, Any]) -> Iterator[Wrong]:
    """click's own parser on ``words``; fills ``out`` by parameter name. Nothing runs, no file is looked for."""
    context = click.Context(command, info_name=path)
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
    except click.NoSuchOption as error:
        options = [option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]]
        yield f"{path} has no option {error.option_name}", nearest(error.option_name, options), error.option_name
        return
    except click.UsageError as error:
        yield f"{path}: {error.format_message()}", "", words[-1] if words else path
        return
    out.update(values)
    if isinstance(command, click.Group):
        out[""] = rest
        return
    if rest:
        yield f"{path}: {rest[0]} is one word too many", "", rest[0]
    asked = values.get("help") or values.get("version")
    for parameter in command.params:
        value = values.get(parameter.name or "")
        missing = value is None or value == () or type(value).__name__ == "Sentinel"
        if parameter.required and missing and not asked:
            label = parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name).upper()
            yield f"{path} needs {label}", "", path
        if isinstance(parameter.type, click.Choice) and not missing:
            yield from one_of(value, [str(choice) for choice in parameter.type.choices], f"{path}: the value")


def _group(group: click.Group, path: str, words: list[str], out: dict[str, Any]) -> Iterator[Wrong]:
    """A group's own options, then its subcommand's; ``out[""]`` is the subcommand's name where there is one."""
    seen: dict[str, Any] = {}
    yield from _parsed(group, path, words, seen)
    rest = seen.get("", [])
    if not rest:
        if "" in seen and not (seen.get("help") or seen.get("version")):
            yield f"{path} needs a subcommand", ", ".join(group.commands), path
        return
    command = group.commands.get(rest[0])
    if command is None:
        yield f"{path} has no subcommand {rest[0]}", nearest(rest[0], group.commands), rest[0]
        return
    out[""] = rest[0]
    yield from _parsed(command, f"{path} {rest[0]}", rest[1:], out)


@cache
def _runbook_command() -> click.Group:
    return cli.build("en")


def _runbook(words: list[str]) -> Iterator[Wrong]:
    if "--lang" in words[:-1]:  # taken from anywhere on the line (cli.py)
        at = words.index("--lang")
        yield from one_of(words[at + 1], sentences.LANGS, "the language")
        del words[at : at + 2]
    given: dict[str, Any] = {}
    found = list(_group(_runbook_command(), "runbook", words, given))
    yield from found
    if found or "" not in given or given.get("help"):
        return
    for key in ("name", "of", "case", "case_name"):
        yield from _case(given.get(key))
    extra: Callable[[dict[str, Any]], Iterator[Wrong]] | None = _MEANINGS.get(given[""])
    if extra is not None:
        yield from extra(given)


def _case(value: Any) -> Iterator[Wrong]:
    if value and not _stands_for_any(value) and not is_case_name(value):
        yield f"{value} cannot be a case's name", "letters, digits, dot, hyphen, underscore", value


def _run(given: dict[str, Any]) -> Iterator[Wrong]:
    notebook = given.get("notebook") or "migrate"
    notebook = notebook if isinstance(notebook, str) else "migrate"
    found = list(one_of(notebook, notebooks(), "the notebook"))
    yield from found
    yield from _recording(given.get("rehearsal"))
    if not found:
        yield from _changes(given.get("changes"), notebook)


def _confirm(given: dict[str, Any]) -> Iterator[Wrong]:
    step = given.get("step")
    known = {one.id: one for one in _steps().values() if one.kind == "manual" or host_import.can_import(one.id)}
    found = list(one_of(step, list(known), "a step that a person confirms:"))
    yield from found
    asks = [ask.id for ask in known[str(step)].asks] if str(step) in known else []
    for pair in given.get("given") or ():
        field, equals, _ = str(pair).partition("=")
        if not equals and pair != UNSEEN:
            yield f"--set {pair} gives no value", "FIELD=VALUE", pair
        elif asks and not _stands_for_any(field) and field not in asks:
            yield f"{step} does not ask for {field}", nearest(field, asks) or ", ".join(asks), pair


def _accept(given: dict[str, Any]) -> Iterator[Wrong]:
    step = given.get("step")
    decision = next((word for word in ("done", "not_done", "script", "renamed", "again") if given.get(word)), None)
    if step == "journal":  # commands/case.py: what the journal does not tell of is taken on, nothing is decided
        return
    yield from one_of(step, list(_steps()), "the step")
    if not decision and not given.get("which"):
        yield "runbook accept needs a decision", "--done, --not-done, --part, --script, --renamed or --again", "accept"
    if decision == "script" and step in _steps() and not _steps()[str(step)].script:
        yield f"{step} runs no script", "--done or --not-done", str(step)


def _schedule(given: dict[str, Any]) -> Iterator[Wrong]:
    day, at = given.get("day"), given.get("at")
    if isinstance(day, str):
        yield from one_of(day, (*scheduled_task.DAYS, "daily"), "the day")
    if isinstance(at, str) and not _stands_for_any(at) and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        yield f"{at} is no time of day", "HH:MM", at
    for key in ("of", "account"):
        if not isinstance(given.get(key), str):
            yield f"runbook schedule needs --{key}", "", "schedule"
    yield from _changes(given.get("changes"), str(given.get("what")))


_MEANINGS: Mapping[str, Callable[[dict[str, Any]], Iterator[Wrong]]] = {
    "run": _run,
    "confirm": _confirm,
    "accept": _accept,
    "schedule": _schedule,
    "rehearse": lambda given: _recording(given.get("name")),
}


def _papermill(words: list[str]) -> Iterator[Wrong]:
    from papermill.cli import papermill

    given: dict[str, Any] = {}
    found = list(_parsed(papermill, "papermill", words, given))
    yield from found
    if found or given.get("help") or given.get("version"):
        return
    path, output = given.get("notebook_path"), given.get("output_path")
    if _stands_for_any(path):
        return
    folder, _, leaf = str(path).replace("\\", "/").rpartition("/")
    notebook = leaf.removesuffix(".ipynb")
    if _stands_for_any(leaf):
        return
    if folder != "notebooks" or notebook not in notebooks() or leaf == notebook:
        known = [f"notebooks/{name}.ipynb" for name in notebooks()]
        yield f"{path} is no notebook of the runbook", nearest(str(path), known) or known[0], str(path)
        return
    if not given.get("help_notebook") and not _stands_for_any(output):
        if not str(output).endswith(".ipynb"):
            yield f"the output notebook {output} does not end in .ipynb", "", str(output)
        yield from _case(str(output).replace("\\", "/").rpartition("/")[2].removesuffix(".ipynb"))
    for name, value in [*(given.get("parameters") or ()), *(given.get("parameters_raw") or ())]:
        yield from one_of(name, parameters(notebook), f"the parameter of {leaf}:")
        if name == "apply":
            yield from _changes(value, notebook)
        elif name == "rehearsal":
            yield from _recording(value)
        elif name == "lang":
            yield from one_of(value, sentences.LANGS, "the language")
        elif name in ("case", "of"):
            yield from _case(value)


def _mkdocs(words: list[str]) -> Iterator[Wrong]:
    from mkdocs.__main__ import cli as mkdocs

    yield from _group(mkdocs, "mkdocs", words, {})


# The project's own words


@cache
def _steps() -> dict[str, Step]:
    return {step.id: step for step in reference.steps()}


@cache
def notebooks() -> tuple[str, ...]:
    """The names of the notebooks."""
    return tuple(sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")))


@cache
def parameters(notebook: str) -> tuple[str, ...]:
    """The names that the notebook's parameters cell assigns."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    return tuple(re.findall(r"(?m)^(\w+)(?:: \w+)? =", "".join(tagged[0]["source"])))


def _changes(value: Any, notebook: str) -> Iterator[Wrong]:
    known = [step for step in notebook_steps(notebook) if _steps()[step].kind == "change"]
    for step in str(value).split(",") if isinstance(value, str) and value else ():
        yield from one_of(step.strip(), known, f"the change of {notebook}:")


def _recording(value: Any) -> Iterator[Wrong]:
    known = [path.name for path in (ROOT / "notebooks" / "rehearsals").iterdir() if path.is_dir()]
    if value:
        yield from one_of(value, [*known, *tables.programs()["made_by_the_reader"]["names"]], "the recording")


# Scripts behind & .\


@cache
def own_scripts() -> dict[str, frozenset[str]]:
    """lower-case file name -> parameters of each script that a person starts, those the runbook writes included."""
    out = {name.lower(): frozenset[str]() for name in tables.programs()["scripts"]["names"]}
    for path in (ROOT / "runbook").rglob("*.ps1"):
        head = path.read_text(encoding="utf-8-sig").partition("\nSet-StrictMode")[0]
        out[path.name.lower()] = frozenset(name.lower() for name in re.findall(r"(?m)^\s*\[\w+\] \$(\w+)", head))
    return out
