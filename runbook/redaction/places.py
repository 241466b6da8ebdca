"""Where a case was made: folders of this machine that stand in its evidence and tell who worked on it.

They are read from the files that a run leaves for itself (guard.json, plan.json) and from the metadata of its
notebooks, so that a case that was carried to another machine is redacted like one that never moved.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook.redaction.sensitive import Found, Kind
from runbook.words.sentences import data_root

#: The names that stand in place of a folder.
WORKSPACE, PYTHON, PROGRAM = "<workspace>", "<python>", "<program>"
_CASES = re.compile(r"^(.+?)[\\/]+cases[\\/]+[^\\/]+(?:[\\/].*)?$")
_OWN_FILE = re.compile(r"^(.+?)[\\/]+(?:runbook[\\/]+(?:[a-z]+[\\/]+)?[a-z_]+\.py|notebooks[\\/]+.+)$")
_INTERPRETER = re.compile(r"^(.+?[\\/]+python[\d.]*w?(?:\.exe)?)$", re.IGNORECASE)
_FOLDER = re.compile(r"^(.+)[\\/]+[^\\/]+$")
_SYSTEM = re.compile(
    r"(?i)^(?:[a-z]:)?[\\/]*(?:windows|program files[^\\/]*|usr|usr[\\/]local|tmp|home|root|var|opt)?$"
)


def places(case_folder: Path, files: Iterable[tuple[str, Path]]) -> Iterator[Found]:
    """The folders to hide: workspace, interpreter, the program's own; each with the name it gets."""
    yield from _place(str(case_folder.resolve().parent.parent), WORKSPACE)
    yield from _place(str(data_root()), PROGRAM)
    yield from _place(sys.executable, PYTHON)
    if sys.prefix != sys.base_prefix:
        yield from _place(sys.prefix, PYTHON)
    for path, file in files:
        name = path.rsplit("/", 1)[-1]
        if name in ("guard.json", "plan.json") or name.endswith(".ipynb"):
            yield from _told(file, name)


def _told(file: Path, name: str) -> Iterator[Found]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not isinstance(data, Mapping):
        return
    if name.endswith(".ipynb"):
        meta = (data.get("metadata") or {}).get("papermill") or {}
        for key in ("output_path", "input_path"):
            path = str(meta.get(key) or "")
            if found := _OWN_FILE.match(path) or _FOLDER.match(path):
                yield from _place(found[1], WORKSPACE if key == "output_path" else PROGRAM)
        return
    for text in _texts(data):
        if found := _CASES.match(text):
            yield from _place(found[1], WORKSPACE)
        elif found := _OWN_FILE.match(text):
            yield from _place(found[1], PROGRAM)
        elif found := _INTERPRETER.match(text):
            yield from _place(found[1], PYTHON)


def _place(path: str, name: str) -> Iterator[Found]:
    """No folder that every machine has: what stands there tells nothing, and is needed to read the rest."""
    path = path.rstrip("\\/")
    if re.match(r"^(?:[A-Za-z]:)?[\\/]", path) and not _SYSTEM.match(path) and not path.startswith("/usr/bin/"):
        yield Found(Kind.PLACE, path, name)


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for item in data.values():
            yield from _texts(item)
    elif isinstance(data, list):
        for item in data:
            yield from _texts(item)
    elif isinstance(data, str):
        yield data
