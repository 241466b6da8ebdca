"""What there is to name on a command line: notebooks, their steps, rehearsals. From the plain data, in milliseconds.

Apart from ``reference``, whose typed records cost a third of a second: what is mistyped is refused, a shell's Tab
answered and a case's standing told without them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from runbook.words.sentences import Loader, data_root, read_yaml

NOMINAL = "nominal"
#: The state before the repair, and the step that reads the same after it.
READ_AGAIN = {"hosts-policy": "hosts-verify", "key-packs-before": "key-packs-after"}
#: Stands before the block that Set-AuthenticodeSignature has put at the end of a script.
SIGNATURE = "# SIG # Begin signature block"


def notebooks() -> list[str]:
    """The names of all notebooks that can be run."""
    return sorted(path.stem for path in (data_root() / "notebooks").glob("*.ipynb"))


def notebook_path(notebook: str) -> Path:
    """The notebook's own file."""
    return data_root() / "notebooks" / f"{notebook}.ipynb"


@cache
def _read(notebook: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(notebook_path(notebook).read_text(encoding="utf-8"))
    return found


def notebook_steps(notebook: str) -> tuple[str, ...]:
    """The ids of the notebook's step cells, in order."""
    return tuple(cell["id"] for cell in _read(notebook)["cells"] if cell.get("id") in plain_steps())


def notebook_about(notebook: str) -> dict[str, Any]:
    """What the notebook's metadata say about it: ``notebook``, and ``case_optional`` where no case file is needed."""
    about: dict[str, Any] = _read(notebook)["metadata"]["runbook"]
    return about


_MAGIC = re.compile(r"%%?(?:powershell|manual|local)[ \t]+([a-z][a-z0-9-]*)")


def step_of(source: str) -> str | None:
    """The step that a code cell holds: the word after its ``%%powershell``, ``%manual`` or ``%local``, else None."""
    found = _MAGIC.match(source.lstrip())
    return found[1] if found else None


@cache
def plain_steps() -> dict[str, dict[str, Any]]:
    """The entries of knowledge/steps.yml by their id."""
    return {entry["id"]: entry for entry in read_yaml("steps")}


def changes(steps: Iterable[str]) -> list[str]:
    """Those of ``steps`` that ``apply`` may name: the changes, then what a person may do and a script too."""
    known = {step: plain_steps()[step] for step in steps}
    made = [step for step, entry in known.items() if entry["kind"] == "change"]
    return made + [step for step, entry in known.items() if entry["kind"] == "manual" and entry.get("script")]


def rehearsals() -> list[str]:
    """All recordings, the nominal one first."""
    found = sorted(p.parent.name for p in (data_root() / "notebooks" / "rehearsals").glob("*/rehearsal.yml"))
    return sorted(found, key=lambda name: name != NOMINAL)


def is_rehearsal(name: str) -> bool:
    """True for a recording of notebooks/rehearsals, and for the path of a folder that holds one."""
    return (_recorded(name) / "rehearsal.yml").is_file()


def _recorded(name: str) -> Path:
    return data_root() / "notebooks" / "rehearsals" / name  # an absolute path stands for itself


def plots(name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folder and the rehearsal.yml of the recording ``name`` (as ``is_rehearsal`` takes it) and of those that it
    is based on, nearest first. Raises KeyError where there is none."""
    following: str | None = name
    while following is not None:
        if not is_rehearsal(following):
            raise KeyError(following)
        folder = _recorded(following)
        plot = yaml.load((folder / "rehearsal.yml").read_text(encoding="utf-8"), Loader=Loader)
        yield folder, plot
        following = plot.get("base")
