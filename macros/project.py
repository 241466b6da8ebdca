"""What the pages say about the project itself, read from the project: its tree, its commands' help."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from macros.words import Here
from runbook.knowledge import data_root

_FOLDERS = ("runbook", "macros", "knowledge", "notebooks", "docs", "overrides", "tests")
_NAME_WIDTH = 34


def tree(here: Here) -> str:
    """The repository's folders and modules, a line for each, read from disk."""
    lines: list[str] = []
    for folder in _FOLDERS:
        lines += _branch(data_root() / folder, 0)
    return '\n``` { .text title="rds-cal-runbook/" }\n' + "\n".join(lines) + "\n```\n"


def _branch(folder: Path, depth: int) -> list[str]:
    lines = [_line(folder.name + "/", _first_sentence(folder / "__init__.py"), depth)]
    deep = folder.name in ("docs", "overrides", "rehearsals", "steps") or depth > 2
    children = sorted(folder.iterdir(), key=lambda p: (p.is_dir(), p.name)) if not deep else []
    for path in children:
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            lines += _branch(path, depth + 1)
        elif path.suffix in (".py", ".yml", ".md") and folder.name != "tests":
            lines.append(_line(path.name, _first_sentence(path), depth + 1))
    return lines


def _line(name: str, text: str, depth: int) -> str:
    return f"{'  ' * depth}{name}".ljust(_NAME_WIDTH) + (f"  {text}" if text else "")


def _first_sentence(path: Path) -> str:
    """The first line of a module's docstring or of a YAML file's opening comment; nothing for other files."""
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").split("\n", 1)[0]
    first = text.split("\n", 1)[0]
    return first.removeprefix("#").strip() if path.suffix == ".yml" and first.startswith("#") else ""


def excerpt(here: Here, path: str, record: str = "") -> str:
    """A text file of the project as a block, or of a YAML list the record whose ``id`` is ``record``.

    Raises FileNotFoundError for an unknown file, KeyError for an unknown record.
    """
    text = (data_root() / path).read_text(encoding="utf-8")
    if record:
        found = re.search(rf"^- id: {re.escape(record)}\n(?:(?!^- |^#).*\n?)*", text, re.MULTILINE)
        if found is None:
            raise KeyError(record)
        text = found[0]
    language = {".yml": "yaml", ".ps1": "powershell"}.get(Path(path).suffix, "text")
    return f'\n``` {{ .{language} title="{path}" }}\n{text.rstrip()}\n```\n'


def cli_help(here: Here, command: str = "") -> str:
    """What ``runbook COMMAND --help`` prints, as a block; the runbook's own help without a command.

    Raises KeyError for a command that the runbook does not have.
    """
    text = _helps(here.lang)[command].rstrip()
    name = f"runbook {command}".strip()
    return f'\n``` {{ .text title="{name} --help" }}\n{text}\n```\n'


@cache
def _helps(lang: str) -> dict[str, str]:
    """The help of every command, from one run of :mod:`macros.cli_texts` (one import of the runbook, not twelve)."""
    env = dict(os.environ, PYTHONUTF8="1", RUNBOOK_LANG=lang, COLUMNS="78")
    run = subprocess.run(
        [sys.executable, "-m", "macros.cli_texts"],
        cwd=data_root(), env=env, capture_output=True, check=False,
    )  # fmt: skip
    if run.returncode:
        raise NotImplementedError(run.stderr.decode("utf-8", errors="replace").strip().splitlines()[-1])
    helps: dict[str, str] = json.loads(run.stdout.decode("utf-8"))
    return helps
