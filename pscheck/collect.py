"""Finds every PowerShell text of the project: scripts, notebook cells, fences, pasted forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runbook.knowledge import reference

from . import programs, tables

_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*\{?\.?(?P<info>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=indent)(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
# A fence that only calls a macro holds derived text, which is checked where it comes from.
_MACRO = re.compile(r"\s*\{\{.*\}\}\s*", re.DOTALL)
_LANGUAGES = {"powershell", "pwsh", "ps1", "posh"}
_SHELLS = {"sh", "bash", "shell", "console"}
_PROGRAM = rf"(?:{'|'.join(sorted(programs.names()))})(?:\.exe)?"
_TOOL = rf"(?:{'|'.join(tables.natives()['tools'])})(?:\.exe)?"
# Lines for a Windows window that a page shows without colours.
_PLAIN = re.compile(rf"(?:& |(?:\S*\\)?{_PROGRAM} |[A-Z][a-z]+-[A-Z]\w+ )")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_COMMAND = re.compile(rf"^(?:[A-Z][a-z]+-[A-Z]\w+|{_TOOL}) +[-/\w]")
_OWN = re.compile(rf"(?:[.\w-]*[\\/])*{_PROGRAM} +[-\w.]")
_ENDINGS = {".ps1", ".psm1", ".ipynb", ".md", ".yml"}
_MADE_BY_RUNNING = {"site", "cases", "archive", "node_modules", "venv", "__pycache__", "dist", "build"}


@dataclass(frozen=True)
class Text:
    """One PowerShell text. ``kind``: step, script, cell, fence, knowledge, paste or inline.

    ``shell`` is another kind: lines for a Unix shell, in which only the project's own programs are known.

    ``line`` is the line of the file on which the text starts; ``step`` asks for the rules of a whole script.
    """

    kind: str
    file: str
    section: str
    text: str
    line: int = 1

    @property
    def step(self) -> bool:
        """Whether the text is a whole step script, whatever file it stands in."""
        return self.kind == "step" or (self.kind in {"cell", "fence"} and "region runbook" in self.text)


def collect(root: Path) -> list[Text]:
    """All PowerShell texts below ``root``."""
    found = [text for name, body in _files(root) for text in _texts(name, body)]
    return sorted(found, key=lambda text: (text.file, text.line, text.section))


def pasted(root: Path) -> Iterator[Text]:
    """The form of each step script that a page shows, made as the site makes it."""
    for script in sorted((root / "notebooks" / "steps").glob("*.ps1")):
        body = reference.pasted(script.read_text(encoding="utf-8"))
        yield Text("paste", f"pasted {script.name}", script.stem, body)


def _files(root: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of each file but pscheck's own, and the pretended Windows', which has tests of its own."""
    # Top folders only: runbook/archive is source, archive/ is made by running. A hidden one is a tool's own.
    tops = [top for top in sorted(root.iterdir()) if top.name[0] != "." and top.name not in _MADE_BY_RUNNING]
    for path in [path for top in tops for path in [top, *sorted(top.rglob("*"))] if path.suffix in _ENDINGS]:
        name = path.relative_to(root).as_posix()
        if not name.startswith(("pscheck/", "tests/simulated/machine/")) and "node_modules" not in path.parts:
            yield name, path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")


def _texts(name: str, text: str) -> Iterator[Text]:
    place = Path(name)
    if place.suffix in {".ps1", ".psm1"}:
        yield Text("step" if name.startswith("notebooks/steps/") else "script", name, place.stem, text)
    elif place.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(text).get("cells", []), 1):
            source = "".join(cell.get("source", []))
            if cell.get("cell_type") == "code" and source.startswith("%%powershell"):
                yield Text("cell", name, str(cell.get("id") or f"cell {number}"), source.partition("\n")[2])
    elif place.suffix == ".md":
        cells = name.startswith("notebooks/")
        for line, info, body in fences(text):
            yield Text("cell" if cells else "fence", name, info if cells else "", body, line)
        for line, words, body in _blocks(text) if not cells else ():
            if words[:1] and words[0].lower() in _SHELLS:
                yield Text("shell", name, "", body, line)
        yield from _inline(name, "", _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text))
    elif name.startswith("knowledge/"):
        for where, value in _strings(yaml.safe_load(text), ""):
            yield from (Text("knowledge", name, where, body, line) for line, _, body in fences(value + "\n"))
            yield from _inline(name, where, value)
            # A text of several lines (VERIFIER.txt is kept as one) shows commands on lines of their own.
            for number, shown in enumerate(value.splitlines() if "\n" in value.strip() else (), 1):
                if _COMMAND.match(shown) and "…" not in shown:
                    yield Text("inline", name, where, shown, number)


def _strings(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text of a YAML document with its place, a record named by its id."""
    if isinstance(value, str):
        yield where, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        name = part.get("id", key) if isinstance(value, list) and isinstance(part, dict) else key
        yield from _strings(part, f"{where}.{name}".strip("."))


def _blocks(text: str) -> Iterator[tuple[int, list[str], str]]:
    """(line, words of the info string, body without its indent) of each fence."""
    for match in _FENCE.finditer(text):
        body = re.sub(rf"(?m)^{match['indent']}", "", match["body"])
        yield text.count("\n", 0, match.start("body")) + 1, match["info"].replace("}", " ").split(), body


def fences(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, info string, body) of each PowerShell fence, and of each %%powershell cell."""
    for line, info, body in _blocks(text):
        if body.lstrip().startswith("%%powershell"):
            first, _, rest = body.lstrip().partition("\n")
            yield line + 1, first.removeprefix("%%"), rest
        elif (info[:1] and info[0].lower() in _LANGUAGES and not _MACRO.fullmatch(body)) or (
            info == ["text"] and _PLAIN.match(body)
        ):
            yield line, " ".join(info), body


def _inline(name: str, section: str, text: str) -> Iterator[Text]:
    """Commands with arguments inside a sentence; with an ellipsis or a capital placeholder they are examples."""
    for match in _INLINE.finditer(text):
        line, body = text.count("\n", 0, match.start()) + 1, match[1]
        if _OWN.match(body):
            # A placeholder is fine here (programs.py knows it), several commands in one, or words left out, are not.
            if re.search(r"[…|{]|\b(?:OPTIONS|COMMANDE?)\b", body):
                continue
            # "`runbook verify` checks …" names a command without calling it: only its name is to be right.
            named = re.fullmatch(r"runbook (?:[a-z-]+|schedule [a-z]+)", body)
            body = f"{body} --help" if named else body
        elif not _COMMAND.match(body) or re.search(r"…|\b[A-Z]{4,}\b", body):
            continue
        yield Text("shell" if "/bin/" in body else "inline", name, section, body, line)
