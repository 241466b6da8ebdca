"""Finds every PowerShell text of the project: scripts, notebook cells, fences, templates, pasted forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*\{?\.?(?P<info>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=indent)(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
# A fence that only calls a macro holds derived text, which is checked where it comes from.
_MACRO = re.compile(r"\s*\{\{.*\}\}\s*", re.DOTALL)
_LANGUAGES = {"powershell", "pwsh", "ps1", "posh"}
_SHELLS = {"sh", "bash", "shell", "console"}
_PROGRAM = r"(?:runbook|papermill|mkdocs|pip|py|python3?)(?:\.exe)?"
# Lines for a Windows window that a page shows without colours.
_PLAIN = re.compile(rf"(?:& |(?:\S*\\)?{_PROGRAM} |[A-Z][a-z]+-[A-Z]\w+ )")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_COMMAND = re.compile(
    r"^(?:[A-Z][a-z]+-[A-Z]\w+|(?:wevtutil|gpresult|robocopy|gpupdate|esentutl|wbadmin|certutil|icacls|taskkill"
    r"|w32tm|reg|mstsc)(?:\.exe)?) +[-/\w]"
)
_MADE_BY_RUNNING = {
    ".git", "site", "cases", "archive", "node_modules", ".venv", "venv", "__pycache__", "dist", "build",
}  # fmt: skip


_OWN = re.compile(r"(?:[.\w-]*[\\/])*(?:runbook|papermill|mkdocs|pip|py|python3?)(?:\.exe)? +[-\w.]")


@dataclass(frozen=True)
class Text:
    """One PowerShell text. ``kind``: step, script, cell, fence, knowledge, template, paste or inline.

    ``shell`` is another kind: lines for a Unix shell, in which only the project's own programs are known.

    ``line`` is the line of the file on which the text starts; ``step`` asks for the rules of a whole script.
    """

    kind: str
    file: str
    section: str
    text: str
    line: int = 1
    step: bool = False


def collect(root: Path) -> list[Text]:
    """All PowerShell texts below ``root``."""
    found = [*_scripts(root), *_notebooks(root), *_pages(root), *_knowledge(root), *_templates(root)]
    return sorted(found, key=lambda text: (text.file, text.line, text.section))


def pasted(root: Path) -> Iterator[Text]:
    """The form of each step script that a page shows, made as the site makes it."""
    from runbook.knowledge import reference

    for script in sorted((root / "notebooks" / "steps").glob("*.ps1")):
        body = reference.pasted(script.read_text(encoding="utf-8"))
        yield Text("paste", f"pasted {script.name}", script.stem, body)


def _files(root: Path, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        for path in sorted(root.rglob(pattern)):
            parts = path.relative_to(root).parts
            # tests/simulated/machine is the pretended Windows itself: PowerShell 7, never run on a server.
            if not path.is_file() or parts[0] == "pscheck" or parts[:3] == ("tests", "simulated", "machine"):
                continue
            # Top folders only: runbook/archive is source, archive/ is made by running.
            # A hidden top folder is an environment or a tool's own (.venv, .git); workflows hold no PowerShell files.
            if parts[0].startswith("."):
                continue
            if parts[0] not in _MADE_BY_RUNNING and not {".git", "node_modules", "__pycache__"} & set(parts):
                yield path


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")


def _scripts(root: Path) -> Iterator[Text]:
    for path in _files(root, "*.ps1", "*.psm1"):
        name = _name(root, path)
        step = name.startswith("notebooks/steps/")
        yield Text("step" if step else "script", name, path.stem, _read(path), step=step)


def fences(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, info string, body without its indent) of each PowerShell fence, and of each %%powershell cell."""
    for match in _FENCE.finditer(text):
        words = match["info"].replace("}", " ").split()
        indent = match["indent"]
        body = re.sub(rf"(?m)^{indent}", "", match["body"]) if indent else match["body"]
        line = text.count("\n", 0, match.start("body")) + 1
        if body.lstrip().startswith("%%powershell"):
            first, _, rest = body.lstrip().partition("\n")
            yield line + 1, first.removeprefix("%%"), rest
        elif words and words[0].lower() in _LANGUAGES and not _MACRO.fullmatch(body):
            yield line, match["info"].strip("{} "), body
        elif words == ["text"] and _PLAIN.match(body):
            yield line, "text", body


def shell_fences(text: str) -> Iterator[tuple[int, str]]:
    """(line, body without its indent) of each fence for a Unix shell."""
    for match in _FENCE.finditer(text):
        words = match["info"].split()
        if words and words[0].lower() in _SHELLS:
            body = re.sub(rf"(?m)^{match['indent']}", "", match["body"])
            yield text.count("\n", 0, match.start("body")) + 1, body


def _notebooks(root: Path) -> Iterator[Text]:
    for path in _files(root / "notebooks", "*.md") if (root / "notebooks").is_dir() else ():
        for line, info, body in fences(_read(path)):
            step = "region runbook" in body
            yield Text("cell", _name(root, path), info, body, line, step)
        without = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), _read(path))
        yield from _inline(_name(root, path), "", without)
    for path in _files(root, "*.ipynb"):
        data = json.loads(_read(path))
        for number, cell in enumerate(data.get("cells", []), 1):
            source = "".join(cell.get("source", []))
            section = str(cell.get("id") or f"cell {number}")
            if cell.get("cell_type") == "code" and source.startswith("%%powershell"):
                body = source.partition("\n")[2]
                yield Text("cell", _name(root, path), section, body, 1, "region runbook" in body)


def _pages(root: Path) -> Iterator[Text]:
    for path in _files(root, "*.md"):
        name = _name(root, path)
        if name.startswith("notebooks/"):
            continue
        text = _read(path)
        for line, _, body in fences(text):
            yield Text("fence", name, "", body, line, "region runbook" in body)
        for line, body in shell_fences(text):
            yield Text("shell", name, "", body, line)
        without = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        yield from _inline(name, "", without)


def _inline(name: str, section: str, text: str) -> Iterator[Text]:
    """Commands with arguments inside a sentence; with an ellipsis or a capital placeholder they are examples."""
    for match in _INLINE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if _OWN.match(match[1]):
            # A placeholder is fine here (programs.py knows it), several commands in one, or words left out, are not.
            if not re.search(r"[…|{]|\b(?:OPTIONS|COMMANDE?)\b", match[1]):
                # "`runbook verify` checks …" names a command without calling it: only its name is to be right.
                named = re.fullmatch(r"runbook (?:[a-z-]+|schedule [a-z]+)", match[1])
                body = f"{match[1]} --help" if named else match[1]
                yield Text("shell" if "/bin/" in body else "inline", name, section, body, line)
        elif _COMMAND.match(match[1]) and "…" not in match[1] and not re.search(r"\b[A-Z]{4,}\b", match[1]):
            yield Text("inline", name, section, match[1], line)


def _knowledge(root: Path) -> Iterator[Text]:
    for path in _files(root / "knowledge", "*.yml") if (root / "knowledge").is_dir() else ():
        for where, value in _strings(yaml.safe_load(_read(path)), ""):
            name = f"knowledge/{path.relative_to(root / 'knowledge').as_posix()}"
            for line, _, body in fences(value + "\n"):
                yield Text("knowledge", name, where, body, line)
            yield from _inline(name, where, value)
            # A text of several lines (VERIFIER.txt is kept as one) shows commands on lines of their own.
            for number, shown in enumerate(value.splitlines() if "\n" in value.strip() else (), 1):
                if _COMMAND.match(shown) and "…" not in shown:
                    yield Text("inline", name, where, shown, number)


def _strings(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text of a YAML document with its place, a record named by its id."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _strings(part, f"{where}.{key}".strip("."))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            name = part.get("id", number) if isinstance(part, dict) else number
            yield from _strings(part, f"{where}.{name}".strip("."))


def _templates(root: Path) -> Iterator[Text]:
    """VERIFIER.txt and its templates: the lines between a heading and the next that are indented by four."""
    for path in _files(root, "VERIFIER*.txt", "VERIFIER*.j2", "verifier*.txt", "verifier*.j2"):
        text = _read(path)
        for line, _, body in fences(text):
            yield Text("template", _name(root, path), "", body, line)
        for match in re.finditer(r"(?m)^(?: {4}|\t)\S.*(?:\n(?:(?: {4}|\t).*|[ \t]*(?=\n(?: {4}|\t))))*", text):
            body = re.sub(r"(?m)^(?: {4}|\t)", "", match[0])
            first = body.lstrip()
            if re.match(r"[A-Z][a-z]+-[A-Z]|\$|&|if |foreach|certutil", first):
                yield Text("template", _name(root, path), "", body, text.count("\n", 0, match.start()) + 1)
