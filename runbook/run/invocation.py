"""How this kernel was called: by our papermill engine, by a papermill without it, or by something else.

The engine says it directly (environment variable). Without the plugin the nearest ancestor that is not a
kernel launcher is asked for its command line; where that is no papermill either, nothing is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from runbook.host.lock import Process

VARIABLE = "RUNBOOK_INVOCATION"

# papermill's options and how many values each takes (0: a flag). A test compares this with papermill's own
# click command; importing that in the kernel would cost a quarter of a second.
_OPTIONS: dict[str, int] = {
    **dict.fromkeys(("-p", "--parameters", "-r", "--parameters_raw"), 2),
    **dict.fromkeys(
        (
            "-f",
            "--parameters_file",
            "-y",
            "--parameters_yaml",
            "-b",
            "--parameters_base64",
            "--engine",
            "--autosave-cell-every",
            "-k",
            "--kernel",
            "-l",
            "--language",
            "--cwd",
            "--log-level",
            "--start-timeout",
            "--start_timeout",
            "--execution-timeout",
            "--stdout-file",
            "--stderr-file",
        ),
        1,
    ),
}


@dataclass(frozen=True)
class Invocation:
    """``output`` is the output notebook (None: unknown), ``folder`` where papermill was started,
    ``parameters`` what it was given, ``papermill`` its process, ``token`` names this one call of the engine."""

    known_from: Literal["engine", "command line", "unverified"]
    output: Path | None = None
    folder: Path = field(default_factory=Path.cwd)
    parameters: dict[str, Any] = field(default_factory=dict)
    papermill: Process | None = None
    token: str | None = None

    @property
    def case_name(self) -> str | None:
        """The name that the output notebook gives the case."""
        return self.output.stem if self.output else None


def find(environ: Mapping[str, str] | None = None) -> Invocation:
    """How the running kernel was called."""
    environ = os.environ if environ is None else environ
    if (told := environ.get(VARIABLE)) and (found := _from_engine(json.loads(told))):
        return found
    for ancestor in _ancestors():
        try:
            argv, folder = ancestor.cmdline(), ancestor.cwd()
        except psutil.Error:
            break
        if any("ipykernel_launcher" in part for part in argv):
            continue  # a Windows venv has a launcher in between
        output = output_of(argv)
        if output is not None and "{" not in output:
            return Invocation("command line", Path(folder) / output, Path(folder), papermill=Process.of(ancestor.pid))
        break
    return Invocation("unverified")


def _ancestors() -> list[psutil.Process]:
    """The processes that this one descends from, the nearest first; none where the system does not tell."""
    try:
        return psutil.Process().parents()
    except psutil.Error:
        return []


def _from_engine(said: dict[str, Any]) -> Invocation | None:
    """What the engine said, unless the variable was inherited from some other papermill long gone.

    The papermill is known by its number and start: whose child this is Windows does not tell at every moment.
    """
    papermill = Process(said["pid"], said["created"])
    if not papermill.alive():
        return None
    return Invocation(
        "engine",
        Path(said["output"]) if said["output"] else None,
        Path(said["folder"]),
        said["parameters"],
        papermill,
        said["token"],
    )


def output_of(argv: Sequence[str]) -> str | None:
    """The output path on a papermill command line, None where it is none or has no output file."""
    rest = _after_papermill(argv)
    if rest is None:
        return None
    positional: list[str] = []
    index = 0
    while index < len(rest):
        word = rest[index]
        if word == "--":
            positional += rest[index + 1 :]
            break
        if word.startswith("-") and word != "-":
            index += _values_taken(word)
        else:
            positional.append(word)
        index += 1
    return positional[1] if len(positional) > 1 and positional[1] != "-" else None


def _after_papermill(argv: Sequence[str]) -> list[str] | None:
    for index, word in enumerate(argv):
        stem = Path(word.replace("\\", "/")).name.lower().removesuffix(".exe").removesuffix("-script.py")
        if stem == "papermill" or (stem == "__main__.py" and "papermill" in word):
            return list(argv[index + 1 :])
    return None


def _values_taken(option: str) -> int:
    if option.startswith("--"):
        return 0 if "=" in option else _OPTIONS.get(option, 0)
    # -pNAME VALUE: the first value is glued to a short option
    takes = _OPTIONS.get(option[:2], 0)
    return takes - 1 if takes and len(option) > 2 else takes
