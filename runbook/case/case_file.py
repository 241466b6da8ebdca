"""Reads a YAML case file so that every value stays the text that was typed, and every fault has its line.

YAML's own types would change what an administrator wrote (``no`` becomes false, ``0123`` 83, ``2024_01``
202401), so all scalars are read as text here and given their type by the schema in ``case.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: No case file comes near: a thousand session hosts are some 2,000 nodes and 60,000 characters.
MAX_CHARACTERS, MAX_NODES, MAX_DEPTH = 1_000_000, 20_000, 20
#: What is no character of YAML (yaml.org/spec/1.2.2, 5.1).
_NO_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """Something wrong in the file: line (from 1; 0 unknown), where (``packs.0.count``), and a
    sentence's key with its fields."""

    line: int
    where: str
    key: str
    fields: dict[str, Any]


@dataclass
class Document:
    """What a case file says: plain data (dict, list, text; an empty value is None), and where it says it."""

    data: Any
    lines: dict[Place, int]
    faults: list[Fault]

    def line_of(self, place: Place) -> int:
        """The line of ``place``, or of the nearest thing around it that has one."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(path: Path) -> Document:
    """Read the file; syntax faults, duplicate keys and bytes that are no UTF-8 become faults, never exceptions."""
    if path.exists() and not path.is_file():  # a pipe would be waited for, a device never ends
        return Document(None, {}, [Fault(0, "", "case.not_utf8", {})])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return Document(None, {}, [Fault(line, "", "case.not_utf8", {})])
    if fault := _no_text(text) or _too_much(text):
        return Document(None, {}, [fault])
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = _mark(error)
        return Document(None, {}, [Fault(mark.line + 1 if mark else 0, "", "case.syntax", {})])
    except yaml.YAMLError:
        return Document(None, {}, [Fault(0, "", "case.syntax", {})])
    document = Document(None, {}, [])
    try:
        if node is not None:
            document.data = _build(node, (), document)
    except RecursionError:  # an alias that holds itself
        return Document(None, {}, [Fault(0, "", "case.syntax", {})])
    return document


def _no_text(text: str) -> Fault | None:
    """The first character that no YAML may hold, of which the parser names no line: a NUL that a cut left at the end,
    a control character from a console. Every second one of a file in UTF-16 without its mark is one."""
    if "\0" in text[:2] and text.count("\0") * 3 > len(text):
        return Fault(1, "", "case.not_utf8", {})
    found = _NO_YAML.search(text)
    line = text.count("\n", 0, found.start()) + 1 if found else 0
    return Fault(line, "", "case.character", {"code": f"U+{ord(found[0]):04X}"}) if found else None


def _too_much(text: str) -> Fault | None:
    """What no case file has, and what a few bytes of it can fill all memory with; looked for event by event, before
    anything is built: aliases, more nodes or levels than a case of thousands of hosts has."""
    if len(text) > MAX_CHARACTERS:
        return Fault(0, "", "case.too_long", {"limit": MAX_CHARACTERS})
    nodes = depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent):
                return Fault(line, "", "case.alias", {})
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            nodes += isinstance(event, yaml.NodeEvent)
            if nodes > MAX_NODES or depth > MAX_DEPTH:
                return Fault(line, "", "case.too_deep", {})
    except yaml.YAMLError:
        return None  # told with its place by who composes it
    return None


def plain(text: str) -> dict[str, Any]:
    """What a case file says as YAML's own plain texts, "" for an empty value; {} for no mapping, no YAML, or too much
    of it."""
    try:
        data = None if _too_much(text) else yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def text_of(path: Path, key: str) -> str | None:
    """The text that stands at ``key`` at the top of the file; None where it does not, or there is no such file."""
    data = read(path).data if path.is_file() else None
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else None


def language(path: Path) -> str | None:
    """The language that the case file asks for, whether or not there is one."""
    return text_of(path, "lang")


def _mark(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    """Where a person has to look: a missing colon or closing quote is noticed only lines after the text it lacks."""
    begun = ("while scanning a simple key", "while scanning a quoted scalar")
    return error.context_mark if error.context in begun and error.context_mark else error.problem_mark


def _build(node: yaml.Node, place: Place, into: Document) -> Any:
    into.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, place, into)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*place, index), into) for index, item in enumerate(node.value)]
    text = str(node.value).strip()
    return text or None


def _build_mapping(node: yaml.MappingNode, place: Place, into: Document) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        into.lines[(*place, key)] = line
        if key in data:
            into.faults.append(Fault(line, where(place, key), "case.duplicate", {"key": key}))
        data[key] = _build(value_node, (*place, key), into)
    return data


def where(place: Place, *more: str | int) -> str:
    """``packs.1.count`` for a person: list items are counted from 1."""
    return ".".join(str(p + 1) if isinstance(p, int) else p for p in (*place, *more))
