"""Python's launchers and what pages start with them: py, python, pip, python -m MODULE, python SCRIPT."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import tables
from .fault import nearest

ROOT = Path(__file__).resolve().parents[1]
#: A word whose value cannot be seen (a variable): it passes wherever a value can stand.
UNSEEN = "\0"
#: What is wrong, what is right, the word where it is.
Wrong = tuple[str, str, str]


def check(program: str, words: list[str]) -> Iterator[Wrong]:
    """All mistakes in the arguments of a launcher of programs.yml."""
    table: Mapping[str, Any] = tables.programs()["launchers"][program]
    if table.get("version") and words and re.fullmatch(table["version"], words[0]):
        words = words[1:]
    if table.get("python"):
        yield from _python(program, table, words)
    else:
        yield from _table(program, table, words)


def _python(program: str, table: Mapping[str, Any], words: list[str]) -> Iterator[Wrong]:
    """Python's options end at -m, -c or the script."""
    known = [*table.get("flags", []), *table.get("values", []), "-m", "-c"]
    while words:
        word = words.pop(0)
        if word == "-m":
            yield from _module(program, words)
            return
        if word == "-c" or word == UNSEEN:
            return
        if not word.startswith("-"):
            yield from _script(word, words)
            return
        if word in table.get("values", []) and words:
            words.pop(0)
        elif word not in known:
            yield f"{program} has no option {word}", nearest(word, known), word
            return


def _script(word: str, words: list[str]) -> Iterator[Wrong]:
    if not (ROOT / word.replace("\\", "/")).is_file():
        yield f"{word} is no script of the project", "", word
    elif word == "tasks.py":
        data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        for task in words:
            yield from _listed(task, list(data["tool"]["runbook-tasks"]), "the task")


def _module(program: str, words: list[str]) -> Iterator[Wrong]:
    known = tables.programs()["modules"]
    module, rest = (words[0], words[1:]) if words else ("", [])
    own = ROOT / f"{module.replace('.', '/')}.py"
    if module in known:
        yield from _table(f"{program} -m {module}", known[module], list(rest))
        if module == "venv":
            made = [word for word in rest if not word.startswith("-")]
            environments = tables.programs()["environments"]["names"]
            for folder in made:
                yield from _listed(folder, environments, "an environment that the pages use:")
    elif module in ("runbook", "runbook.cli", "mkdocs"):
        from . import programs  # which knows the click commands, and asks this module for the launchers

        yield from programs.check_words(module.removesuffix(".cli").removesuffix(".__main__"), rest)
    elif own.is_file() and module.split(".")[0] in {"runbook", "macros", "tests"}:
        source = own.read_text(encoding="utf-8")
        options = re.findall(r"\"(--?[a-z][a-z-]*)\"", source)
        for word in rest:
            if word.startswith("-") and word not in options:
                yield f"{module} has no option {word}", nearest(word, options), word
    else:
        own_names = [f"{p.parent.name}.{p.stem}" for top in ("runbook", "macros") for p in (ROOT / top).glob("*.py")]
        yield f"{program} -m: unknown module {module}", nearest(module, [*known, *own_names]), module


def _table(program: str, table: Mapping[str, Any], words: list[str]) -> Iterator[Wrong]:
    verbs = table.get("verbs")
    if verbs and words and words[0] not in table.get("flags", []):
        verb = words.pop(0)
        if verb not in verbs:
            yield f"{program} has no command {verb}", nearest(verb, verbs), verb
            return
        program, table = f"{program} {verb}", verbs[verb] or {}
    flags, values = table.get("flags", []), table.get("values", [])
    while words:
        word = words.pop(0)
        if word in values:
            value = words.pop(0) if words else ""
            if not value or value.startswith("-"):
                yield f"{program} {word} needs a value", "", word
            elif word in table.get("words", {}):
                yield from _listed(value, table["words"][word], f"{program} {word}: the value")
            elif word in ("-r", "--requirement"):
                yield from _listed(re.split(r"[\\/]", value)[-1], _lists(), "the list of packages")
        elif word.startswith("-") and word not in flags:
            yield f"{program} has no option {word}", nearest(word, [*flags, *values]), word
        elif table.get("paths") and not word.startswith("-") and word != UNSEEN:
            place = ROOT / word.partition("::")[0].replace("\\", "/")
            if not place.exists():
                yield f"{word} does not exist in the project", "", word


def _lists() -> list[str]:
    return sorted(path.name for path in ROOT.glob("requirements*.txt"))


def _listed(value: str, known: Sequence[str], what: str) -> Iterator[Wrong]:
    if value != UNSEEN and value not in known:
        yield f"{what} {value} does not exist", nearest(value, known) or ", ".join(known), value
