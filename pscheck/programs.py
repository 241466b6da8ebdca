"""The programs that a page has a person call: what stands behind them is asked of the programs themselves.

runbook, papermill and mkdocs are click commands: click parses the words, so that a subcommand or an option that a
page names is one that exists; py, python, pip and what `python -m` starts are in programs.yml. What they take as any
text (a step, a notebook, its parameters, a recording) is looked up in the project. A word in capitals (``STEP``,
``DOSSIER.ipynb``) is a placeholder: it stands for any value, never for an option.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
from mkdocs.__main__ import cli as mkdocs
from papermill import inspect_notebook
from papermill.cli import papermill

from runbook import cli
from runbook.case.folder import is_case_name
from runbook.commands import scheduled_task
from runbook.knowledge import catalogue
from runbook.steps import host_import
from runbook.words import sentences

from . import tables
from .fault import nearest
from .tree import parse

ROOT = Path(__file__).resolve().parents[1]
#: A word whose value cannot be seen (a variable): it passes wherever a value can stand.
UNSEEN = "\0"
_PLACEHOLDER = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ0-9_-]+(\.ipynb|\.json|\.zip)?")
_CLICK: dict[str, click.Command] = {"runbook": cli.build("en"), "papermill": papermill, "mkdocs": mkdocs}


class Mistake(Exception):
    """What is wrong with a line, what would be right, and the word where it is."""

    def __init__(self, wrong: str, right: str = "", word: str = "") -> None:
        super().__init__(wrong)
        self.wrong, self.right, self.word = wrong, right, word


def names() -> frozenset[str]:
    """All programs of this module, without path and ending."""
    return frozenset([*_CLICK, *tables.programs()["launchers"]])


def name_of(written: str) -> str | None:
    """The program that a call runs, whatever path and ending it is called by; None if it is none of these."""
    leaf = written.replace("/", "\\").rsplit("\\", 1)[-1].lower().removesuffix(".exe")
    return leaf if leaf in names() else None


def mistake(written: str, words: Sequence[str], shell: bool = False) -> Mistake | None:
    """The first mistake in a call of one of these programs, as it is written; ``shell``: for a Unix shell."""
    try:
        _check_path(written, shell)
        _check_words(name_of(written) or "", list(words))
    except Mistake as found:
        return found
    return None


def _check_path(written: str, shell: bool) -> None:
    """The folder that a program is called from: an environment that a page makes, or a whole path."""
    folder, slash, _ = written.replace("/", "\\").rpartition("\\")
    known = tables.programs()["environments"]["names"]
    right = f"{known[0]}/bin" if shell else rf"{known[0]}\Scripts"
    if slash and ("\\" if shell else "/") in written:
        raise Mistake(f"{written} has the other system's slashes", right)
    parts = folder.removeprefix(".\\").split("\\")
    made = len(parts) > 1 and parts[-2] in known and parts[-1] == ("bin" if shell else "Scripts")
    whole = folder.startswith("\\") if shell else re.match(r"[A-Za-z]:\\", folder)
    elsewhere = whole and not any("venv" in part for part in parts)
    if slash and not elsewhere and not (made and (len(parts) == 2 or whole)):
        raise Mistake(f"{written} lies in no folder that a page makes", right)


def _check_words(program: str, words: list[str]) -> None:
    if program not in _CLICK:
        _launch(program, tables.programs()["launchers"][program], words)
        return
    if program == "runbook" and "--lang" in words[:-1]:  # taken from anywhere on the line (cli.py)
        at = words.index("--lang")
        _value("lang", words[at + 1], "")
        del words[at : at + 2]
    given = _given(_CLICK[program], program, words)
    if program == "papermill" and not given.get("version"):
        _papermill(given)
    elif program == "runbook" and not given.get("help"):
        _runbook(given)


def _one_of(value: Any, known: Collection[str], what: str) -> None:
    """A mistake where ``value`` is seen and is none of the ``known``."""
    if not _stands_for_any(value) and value not in known:
        raise Mistake(f"{what} {value} does not exist", nearest(value, known) or ", ".join(sorted(known)[:12]), value)


def _stands_for_any(value: object) -> bool:
    return not isinstance(value, str) or value == UNSEEN or bool(_PLACEHOLDER.fullmatch(value))


def _given(command: click.Command, path: str, words: list[str]) -> dict[str, Any]:
    """What click's own parser makes of ``words``, by parameter; nothing runs, no file is looked for. A group's
    subcommand is ""."""
    try:
        parsed, rest, _ = command.make_parser(click.Context(command, info_name=path)).parse_args(list(words))
    except click.UsageError as error:
        raise Mistake(f"{path}: {error.format_message()}", "", getattr(error, "option_name", "")) from error
    values = {key: value for key, value in parsed.items() if value and type(value).__name__ != "Sentinel"}
    asked = values.get("help") or values.get("version")
    if isinstance(command, click.Group):
        known = command.commands
        if rest and rest[0] in known:
            return {"": rest[0], **_given(known[rest[0]], f"{path} {rest[0]}", rest[1:])}
        if rest or not asked:
            hint = nearest("".join(rest[:1]), known) or ", ".join(known)
            raise Mistake(f"{path} needs a subcommand", hint, *rest[:1])
    elif rest:
        raise Mistake(f"{path}: {rest[0]} is one word too many", "", rest[0])
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if parameter.required and value is None and not asked:
            raise Mistake(f"{path} needs {parameter.opts[0]}")
        if isinstance(parameter.type, click.Choice) and value is not None:
            _one_of(value, [str(choice) for choice in parameter.type.choices], f"{path}: the value")
    return values


def _runbook(given: dict[str, Any]) -> None:
    command, step, known = given.get(""), given.get("step"), catalogue.plain_steps()
    about = known.get(str(step), {})
    if command == "rehearse":
        given["rehearsal"] = given.pop("name", None)
    for name, value in given.items():
        _value(name, value, given.get("what") or given.get("notebook", "migrate"))
    if command == "confirm":
        by_hand = [name for name, one in known.items() if one["kind"] == "manual" or host_import.can_import(name)]
        _one_of(step, by_hand, "a step that a person confirms:")
        asks = [ask["id"] for ask in about.get("asks", ())]
        for pair in given.get("given", ()):
            field, equals, _ = pair.partition("=")
            if not equals and pair != UNSEEN:
                raise Mistake(f"--set {pair} gives no value", "FIELD=VALUE", pair)
            _one_of(field, asks or [field], f"what {step} asks for:")
    at = given.get("at")
    if command == "schedule" and not _stands_for_any(at) and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(at)):
        raise Mistake(f"{at} is no time of day", "HH:MM", str(at))
    if command == "accept" and step != "journal":  # of the journal nothing is decided (commands/case.py)
        _one_of(step, known, "the step")
        if not {"done", "not_done", "which", "script", "renamed", "again"} & given.keys():
            raise Mistake("runbook accept needs a decision", "--done, --not-done, --part, --script, --renamed, --again")
        if given.get("script") and about and not about.get("script"):
            raise Mistake(f"{step} runs no script", "--done or --not-done", str(step))


def _papermill(given: dict[str, Any]) -> None:
    path, output = str(given.get("notebook_path")).replace("\\", "/"), given.get("output_path")
    leaf = path.rpartition("/")[2]
    if _stands_for_any(path) or _stands_for_any(leaf):
        return
    _one_of(path, [f"notebooks/{name}.ipynb" for name in catalogue.notebooks()], "the notebook")
    if not given.get("help_notebook") and not _stands_for_any(output):
        made, dot, ending = str(output).replace("\\", "/").rpartition("/")[2].rpartition(".")
        _one_of(dot + ending, [".ipynb"], f"{output}: the ending")
        _value("case", made, "")
    notebook = leaf.removesuffix(".ipynb")
    for name, value in [*given.get("parameters", ()), *given.get("parameters_raw", ())]:
        _one_of(name, parameters(notebook), f"the parameter of {leaf}:")
        _value(name, value, notebook)


def _value(name: str, value: Any, notebook: str) -> None:
    """What a parameter of runbook or papermill takes, where that is one of the project's own words."""
    if _stands_for_any(value):
        return
    if name in ("name", "of", "case", "case_name") and value and not is_case_name(value):
        raise Mistake(f"{value} cannot be a case's name", "letters, digits, dot, hyphen, underscore", value)
    if name in ("changes", "apply"):
        steps = catalogue.plain_steps()
        known = [step for step in catalogue.notebook_steps(notebook) if steps[step]["kind"] == "change"]
        for step in value.split(","):
            _one_of(step.strip(), known, f"the change of {notebook}:")
    if name == "rehearsal":
        made = tables.programs()["made_by_the_reader"]["names"]
        _one_of(value, [*catalogue.rehearsals(), *made, ""], "the recording")
    if name == "lang":
        _one_of(value, sentences.LANGS, "the language")
    if name == "day":
        _one_of(value, (*scheduled_task.DAYS, "daily"), "the day")


# Python's launchers and what they start


def _launch(program: str, table: Mapping[str, Any], words: list[str]) -> None:
    if words and re.fullmatch(table.get("version", "(?!)"), words[0]):
        words = words[1:]
    if not table.get("python"):
        _listed(program, table, words)
        return
    while words:  # Python's options end at -m, -c or the script
        word = words.pop(0)
        if word == "-m":
            _module(program, words[0] if words else "", words[1:])
        elif word not in ("-c", UNSEEN) and not word.startswith("-"):
            _below_root(word)
            data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            for task in words if word == "tasks.py" else ():
                _one_of(task, data["tool"]["runbook-tasks"], "the task")
        elif word not in ("-c", UNSEEN):
            _one_of(word, [*table.get("flags", []), *table.get("values", [])], f"the option of {program}:")
            del words[: word in table.get("values", [])]
            continue
        return


def _module(program: str, module: str, words: list[str]) -> None:
    known = tables.programs()["modules"]
    own = ROOT / f"{module.replace('.', '/')}.py"
    if module in known:
        _listed(f"{program} -m {module}", known[module], words)
    elif module in ("runbook", "runbook.cli", "mkdocs"):
        _check_words(module.removesuffix(".cli"), words)
    elif own.is_file() and module.split(".")[0] in {"runbook", "macros", "tests"}:
        options = re.findall(r"\"(--?[a-z][a-z-]*)\"", own.read_text(encoding="utf-8"))
        for word in words:
            if word.startswith("-"):
                _one_of(word, options, f"the option of {module}:")
    else:
        own_names = [f"{p.parent.name}.{p.stem}" for top in ("runbook", "macros") for p in (ROOT / top).glob("*.py")]
        _one_of(module, [*known, *own_names], "the module")


def _listed(program: str, table: Mapping[str, Any], words: list[str]) -> None:
    """Flags, options with a value and verbs of a table of programs.yml."""
    verbs, flags, values = table.get("verbs"), table.get("flags", []), table.get("values", [])
    if verbs and words and words[0] not in flags:
        _one_of(words[0], verbs, f"the command of {program}:")
        _listed(f"{program} {words[0]}", verbs[words[0]], words[1:])
        return
    following = iter(words)
    for word in following:
        if word in values:
            value = next(following, "-")
            if value.startswith("-"):
                raise Mistake(f"{program} {word} needs a value", "", word)
            if word in table.get("words", {}):
                _one_of(value, table["words"][word], f"{program} {word}: the value")
            if word in ("-r", "--requirement"):
                lists = [path.name for path in ROOT.glob("requirements*.txt")]
                _one_of(re.split(r"[\\/]", value)[-1], lists, "the list of packages")
        elif word.startswith("-"):
            _one_of(word, [*flags, *values], f"the option of {program}:")
        elif program.endswith("-m venv"):
            _one_of(word, tables.programs()["environments"]["names"], "an environment that the pages use:")
        elif table.get("paths") and word != UNSEEN:
            _below_root(word.partition("::")[0])


def _below_root(word: str) -> None:
    if not (ROOT / word.replace("\\", "/")).exists():
        raise Mistake(f"{word} does not exist in the project", "", word)


# The project's own words


@cache
def parameters(notebook: str) -> tuple[str, ...]:
    """The names that the notebook's parameters cell assigns, as papermill reads it."""
    return tuple(inspect_notebook(str(catalogue.notebook_path(notebook))))


@cache
def own_scripts() -> dict[str, frozenset[str]]:
    r"""Behind & .\: file name -> parameters of each script that a person starts, those the runbook writes included."""
    out = {name.lower(): frozenset[str]() for name in tables.programs()["scripts"]["names"]}
    for path in (ROOT / "runbook").rglob("*.ps1"):
        root, _ = parse(path.read_text(encoding="utf-8-sig"))
        block = root.ParamBlock if root is not None else None
        out[path.name.lower()] = (
            frozenset(one.Name.VariablePath.lower() for one in block.Parameters) if block else frozenset()
        )
    return out
