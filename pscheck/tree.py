"""PowerShell text -> its syntax tree, as PowerShell's own parser makes it (Tree.ps1, one process for the session).

A node's ``kind`` is the parser's name of its class without "Ast", its attributes are that class's properties:
``node.Operator``, ``node.Expression``. What it does not have is None, a list that it does not have is empty.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.simulated.pwsh import find

_LISTS = frozenset({"Statements", "Elements", "CommandElements", "NestedExpressions", "KeyValuePairs", "Redirections"})


class Node:
    """One node: its class, its text, its line from 1, its parent and its children in the order of the text."""

    def __init__(self, read: dict[str, Any], source: str, up: Node | None) -> None:
        self.kind: str = read.pop("kind")
        self.start: int = read.pop("start")
        self.end: int = read.pop("end")
        self.line: int = read.pop("line")
        self.source = source
        self.up = up
        self.kids: list[Node] = []
        self.memo: Any = None  # the call, of a Command
        for name, value in read.items():
            setattr(self, name, self._held(value))
        self.kids.sort(key=lambda kid: kid.start)

    def _held(self, value: Any) -> Any:
        if isinstance(value, dict):
            value = Node(value, self.source, self)
            self.kids.append(value)
        elif isinstance(value, list):
            value = [self._held(one) for one in value]
        return value

    def __getattr__(self, name: str) -> Any:
        return () if name in _LISTS else None

    @property
    def text(self) -> str:
        """As it is written."""
        return self.source[self.start : self.end]

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.kids)

    def find(self, *kinds: str) -> Iterator[Node]:
        """All nodes of the given kinds, this one included."""
        return (node for node in self.walk() if node.kind in kinds)

    def above(self) -> Iterator[Node]:
        """The ancestors, nearest first."""
        node = self.up
        while node is not None:
            yield node
            node = node.up


@cache
def _parser() -> subprocess.Popen[str]:
    argv = [str(find()), "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(Path(__file__).with_name("Tree.ps1"))]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    atexit.register(process.communicate)
    return process


def parse(text: str) -> tuple[Node | None, list[tuple[int, str]]]:
    """The tree of ``text``; None where it does not parse, and then (line, what) of each error."""
    text = re.sub("[\U00010000-\U0010ffff]", "\ufffd", text)  # two characters to PowerShell, one to Python
    process = _parser()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(text) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if isinstance(answer[0], dict):
        return Node(answer[0], text, None), []
    return None, [(line, what) for line, what in answer]


def constant(node: Node | None) -> str | None:
    """The text of a constant: a quoted string without variables, a bare word, a number. None otherwise."""
    if node is None or node.kind not in {"StringConstantExpression", "ConstantExpression"}:
        return None
    return str(node.Value) if node.kind == "StringConstantExpression" else node.text


def name_of(variable: Node) -> str:
    """`$x`, `${x}`, `@x`, `$script:x`, `$using:x` -> "x"; `$env:x` keeps its drive; lower case."""
    path = (variable.SubExpression if variable.kind == "UsingExpression" else variable).VariablePath.lower()
    return re.sub(r"^(?:script|global|local|private|variable):", "", path)


def variables(node: Node) -> Iterator[Node]:
    """The variables in ``node``, this one included."""
    return node.find("VariableExpression")


def plain(node: Node | None) -> Node | None:
    """Steps through casts to what they are written before."""
    while node is not None and node.kind in {"ConvertExpression", "AttributedExpression"}:
        node = node.Child
    return node


def elements(node: Node | None) -> list[Node]:
    """The elements of a list, written with commas or as @(...); a lone value is a list of one."""
    node = plain(node)
    if node is None:
        return []
    if node.kind == "ArrayExpression":
        return [leaf for part in node.SubExpression.Statements for leaf in elements(part)]
    return [leaf for part in node.Elements for leaf in elements(part)] if node.kind == "ArrayLiteral" else [node]


def entries(table: Node) -> list[tuple[Node, str, Node]]:
    """(key, its text, value) of each entry of a literal hashtable; "" where a key is computed."""
    return [(key, constant(key) or "", value) for key, value in table.KeyValuePairs]


def statement_of(node: Node) -> Node:
    """The statement that holds ``node``: what stands in the nearest list of statements."""
    while node.up is not None and node.up.kind not in {"StatementBlock", "NamedBlock"}:
        node = node.up
    return node


#: (where a parameter is written, its name without dash, its value)
Named = tuple[Node, str, Node | None]


@dataclass(eq=False)
class Call:
    """A command, taken apart; ``loose`` are the arguments that follow no parameter, ``splats`` the splatted tables."""

    node: Node
    name: str
    target: Node
    named: list[Named] = field(default_factory=list)
    loose: list[Node] = field(default_factory=list)
    splats: list[Node] = field(default_factory=list)

    @property
    def lower(self) -> str:
        """The name, to compare."""
        return self.name.lower()

    def value(self, parameter: str) -> Node | None:
        """The value written behind ``-parameter``, if any."""
        return next((value for _, name, value in self.named if name.lower() == parameter.lower()), None)

    def has(self, parameter: str) -> bool:
        """Whether ``-parameter`` is written."""
        return any(name.lower() == parameter.lower() for _, name, _ in self.named)


def read_call(node: Node) -> Call:
    """The call of a Command node."""
    target, *words = node.CommandElements
    call = Call(node, constant(target) or "", target)
    waiting: Node | None = None
    for word in words:
        if word.kind == "CommandParameter":
            call.named.append((word, word.ParameterName, word.Argument))
            waiting = None if word.Argument else word
        elif word.Splatted:
            call.splats.append(word)
            waiting = None
        elif waiting is not None:
            call.named[-1] = (waiting, waiting.ParameterName, word)
            waiting = None
        else:
            call.loose.append(word)
    return call


def calls(root: Node) -> Iterator[Call]:
    """Every call in the text, in order."""
    for node in root.find("Command"):
        if node.memo is None:
            node.memo = read_call(node)
        yield node.memo


def before(command: Node) -> list[Node]:
    """What stands in front of a command in its pipeline."""
    line = command.up.PipelineElements if command.up is not None else None
    return line[: line.index(command)] if line else []
