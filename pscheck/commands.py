"""A call of a command, taken apart: name, named arguments, loose arguments; what variables hold as constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .tree import Node, constant, elements, entries, name_of, plain, variables

#: (where a parameter is written, its name without dash, its value)
Named = tuple[Node, str, Node | None]


@dataclass(eq=False)
class Call:
    """One command in the text; ``loose`` are the arguments that follow no parameter, ``splats`` the splatted ones."""

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


class Constants:
    """What variables can hold when their assignments are literal: strings, script blocks, hashtables."""

    def __init__(self, root: Node) -> None:
        self.assigned: dict[str, list[Node]] = {}
        for node in root.find("AssignmentStatement", "ForEachStatement"):
            target = node.Variable or plain(node.Left)
            if target is not None and target.kind == "VariableExpression":
                self.assigned.setdefault(name_of(target), []).append(node.Right or node.Condition)

    def sources(self, node: Node | None) -> list[Node]:
        """What ``node`` can stand for: what was assigned where it is a variable, else itself."""
        node = plain(node)
        if node is None:
            return []
        if node.kind != "VariableExpression":
            return [node]
        return [source for one in self.assigned.get(name_of(node), []) if (source := plain(one)) is not None]

    def strings(self, node: Node | None, depth: int = 0) -> set[str]:
        """All texts that ``node`` can stand for; none when one of them cannot be seen."""
        node = plain(node)
        if node is None or depth > 6:
            return set()
        if (value := constant(node)) is not None:
            return {value}
        parts: list[Node] = []
        if node.kind in {"ArrayLiteral", "ArrayExpression"}:
            parts = elements(node)
        elif node.kind == "ExpandableStringExpression":  # the end after the last variable is enough
            tail = node.text[1:-1]
            return {tail} if "\\" in tail and "$" not in tail.rsplit("\\", 1)[1] else set()
        elif node.kind == "VariableExpression":
            parts = self.sources(node)
        elif node.kind == "MemberExpression":
            parts = self.rows(node)
        elif node.kind == "Command" and (call := read_call(node)).lower == "join-path":
            parts = [child] if (child := call.value("ChildPath")) else []
        found = [self.strings(part, depth + 1) for part in parts]
        return set().union(*found) if all(found) else set()

    def literal(self, node: Node | None, kind: str) -> list[Node]:
        """The literal nodes of a kind that ``node`` (itself or a variable) can stand for."""
        return [source for source in self.sources(node) if source.kind == kind]

    def tables(self, node: Node | None, depth: int = 0) -> list[Node]:
        """The literal hashtables that a list, a variable or a cast holds."""
        out = []
        for leaf in elements(node):
            if leaf.kind == "Hashtable":
                out.append(leaf)
            elif leaf.kind == "VariableExpression" and depth < 4:
                out += [table for source in self.sources(leaf) for table in self.tables(source, depth + 1)]
        return out

    def rows(self, node: Node | None) -> list[Node]:
        """`$question.Method`, where $question runs over literal hashtables: what stands at that key in each row."""
        if node is None or node.kind != "MemberExpression" or node.Expression.kind != "VariableExpression":
            return []
        tables = self.tables(node.Expression)
        wanted = (constant(node.Member) or "").lower()
        found = [value for table in tables for _, key, value in entries(table) if key.lower() == wanted]
        return found if len(found) == len(tables) else []

    def arguments(self, call: Call) -> list[Named]:
        """The named arguments of a call, those of the literal hashtables that it splats included."""
        tables = [table for splat in call.splats for table in self.literal(splat, "Hashtable")]
        return [*call.named, *(entry for table in tables for entry in entries(table))]

    def argument(self, call: Call, parameter: str) -> Node | None:
        """The value of a parameter, written or splatted."""
        return next((v for _, name, v in self.arguments(call) if name.lower() == parameter.lower()), None)

    def texts(self, node: Node, depth: int = 0) -> set[str]:
        """Every constant text below ``node``, variables followed, in lower case: wide on purpose."""
        found = {leaf.Value.strip().lower() for leaf in node.find("StringConstantExpression")}
        for leaf in variables(node) if depth < 4 else ():
            for source in self.assigned.get(name_of(leaf), []):
                found |= self.texts(source, depth + 1)
        return found
