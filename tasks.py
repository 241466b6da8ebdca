"""Runs the tasks of pyproject.toml (``[tool.runbook-tasks]``): ``python tasks.py lint types``.

Each task is a list of commands, run one after the other in the project's folder until one fails. No shell: a
command is split into words, and ``python`` is the interpreter that runs this file. Without a name: lists them.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def tasks(root: Path = ROOT) -> dict[str, list[list[str]]]:
    """The tasks by name, each command as its words."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["runbook-tasks"]
    return {name: [words(command) for command in commands] for name, commands in table.items()}


def words(command: str) -> list[str]:
    """The words of a command, ``python`` replaced by the interpreter that runs this, a program by the one beside it."""
    program, *rest = shlex.split(command)
    if program == "python":
        return [sys.executable, *rest]
    return [shutil.which(program, path=str(Path(sys.executable).parent)) or program, *rest]


def main(names: list[str]) -> int:
    """Run the tasks ``names``; returns the exit code of the command that failed, 0 without one, 2 for a bad name."""
    known = tasks()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        for name, commands in known.items():
            shown = " && ".join(shlex.join(["python", *c[1:]] if c[0] == sys.executable else c) for c in commands)
            sys.stdout.write(f"{name:8} {shown}\n")
        return 2 if unknown else 0
    for name in names:
        for command in known[name]:
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
            if code:
                sys.stderr.write(f"{name}: {shlex.join(command)}: {code}\n")
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
