"""What the pages say about the project itself, read from the project: its tree, its commands' help."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from textwrap import indent

from macros.words import Here
from runbook.words.sentences import data_root

_FOLDERS = ("runbook", "macros", "knowledge", "notebooks", "docs", "overrides", "tests")
_NAME_WIDTH = 34
_DOCSTRING = re.compile(r'(?:#.*\n|\s)*[rR]?"""(.*)')  # parsing three hundred modules would take a second
HELPS = "SITE_HELPS"  # the file that both builds read the commands' helps from
HELPS_WAIT = 120.0  # seconds


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
        docstring = _DOCSTRING.match(text)
        return docstring[1].removesuffix('"""') if docstring else ""
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
    """What ``runbook COMMAND --help`` prints, folded; the runbook's own help without a command.

    Raises KeyError for a command that the runbook does not have.
    """
    text = _helps(here.lang)[command].rstrip()
    name = f"runbook {command}".strip()
    block = indent(f"``` {{ .text }}\n{text}\n```", "    ")
    return f'\n??? script "`{name} --help`"\n{block}\n'


@cache
def _helps(lang: str) -> dict[str, str]:
    """The help of every command: from the file that :func:`start_helps` has written, or from a process of its own."""
    shared = os.environ.get(HELPS)
    data = _helper([]).communicate()[0] if shared is None else _awaited(Path(shared))
    helps: dict[str, str] = json.loads(data.decode("utf-8"))[lang]
    return helps


def _helper(arguments: list[str]) -> subprocess.Popen[bytes]:
    env = dict(os.environ, PYTHONUTF8="1", COLUMNS="78")
    command = [sys.executable, "-m", "macros.cli_texts", *arguments]
    return subprocess.Popen(command, cwd=data_root(), env=env, stdout=subprocess.PIPE)


def start_helps(folder: Path) -> subprocess.Popen[bytes]:
    """Start one process that writes the helps of all languages into ``folder``, for both builds of the site."""
    file = folder / "helps.json"
    os.environ[HELPS] = str(file)
    return _helper([str(file)])


def _awaited(file: Path) -> bytes:
    """What ``file`` holds once it is there. TimeoutError where the process that should write it has not."""
    until = time.monotonic() + HELPS_WAIT
    while not file.is_file():
        if time.monotonic() > until:
            raise TimeoutError("python -m macros.cli_texts has written nothing: run it to see why")
        time.sleep(0.05)
    return file.read_bytes()
