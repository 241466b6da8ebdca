"""A call of a command, taken apart: name, named arguments, loose arguments, splatted tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .tree import Node, constant

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
