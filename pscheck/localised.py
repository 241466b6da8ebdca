"""Display texts, and what native tools print, differ from one Windows language to the next: never compared."""

from __future__ import annotations

from collections.abc import Iterator

from . import tables
from .commands import Constants, before, calls
from .fault import Fault
from .names import native_of
from .tree import Node, constant, elements, name_of, plain, variables

COMPARING = {
    "eq", "ne", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin",
    "ge", "gt", "le", "lt",
}  # fmt: skip
_ASKING = {"contains", "startswith", "endswith", "indexof", "equals", "ismatch", "match"}
_IN_PLACE = {"ArrayExpression", "SubExpression"}  # whose statements give their value
_SERVICE = {f"{verb}-service" for verb in ("get", "stop", "start", "restart")}


def check(root: Node, constants: Constants) -> Iterator[Fault]:
    """Display texts and the output of native tools in comparisons, switches, methods that compare, Select-String."""
    texts = {name.lower() for name in tables.additions()["localised_properties"]["names"]}
    printed = _Printed(root, constants, texts)
    compared: list[tuple[str, Node]] = []
    for node in root.find("BinaryExpression", "SwitchStatement", "InvokeMemberExpression"):
        word = (constant(node.Member) or node.Operator or "switch").lower()
        if node.kind == "BinaryExpression" and is_comparison(node) and not {_bare(node.Left), _bare(node.Right)} & {
            "$null", "''", '""',
        }:  # fmt: skip
            compared += [(f"-{word[1:]}", node.Left), (f"-{word[1:]}", node.Right)]
        elif node.kind == "SwitchStatement":
            compared.append((word, node.Condition))
        elif node.kind == "InvokeMemberExpression" and word in _ASKING:
            compared += [(f".{word}", side) for side in [node.Expression, *(node.Arguments or ())]]
    for how, side in compared:
        if what := printed.why(side):
            yield Fault(side.line, "localised", f"{side.text[:50]} {how}: {what}", "compare a name or number")
    for call in calls(root):
        line = call.node.line
        if call.lower == "where-object" and any(name.lower() in COMPARING for _, name, _ in call.named):
            for part in elements(call.value("Property") or next(iter(call.loose), None)):
                if (constant(part) or "").lower() in texts:
                    yield Fault(line, "localised", f"{part.text} is a display text", "compare a name, number or SID")
        if call.lower == "select-string" and printed.into(call.node):
            yield Fault(line, "localised", "a native tool's output is searched", "use its exit code")
        if call.lower in _SERVICE and call.has("DisplayName"):
            yield Fault(line, "localised", f"{call.name} -DisplayName is a display text", "-Name")


def is_comparison(node: Node) -> bool:
    """`-eq`, `-clike`, `-in` and the like."""
    return node.kind == "BinaryExpression" and node.Operator[1:].lower() in COMPARING


def same_text(node: Node) -> Node:
    """What a cast, .Trim() or [0] is written behind: it is still the same text."""
    while (inside := plain(node)) is not None and inside.kind in {"InvokeMemberExpression", "IndexExpression"}:
        node = inside.Expression or inside.Target
    return inside or node


def _bare(node: Node) -> str:
    return (plain(node) or node).text.lower()


class _Printed:
    """Knows which values are display texts or what a native tool printed."""

    def __init__(self, root: Node, constants: Constants, texts: set[str]) -> None:
        self.constants = constants
        self.texts = texts
        self.held = {
            name
            for name, sources in constants.assigned.items()
            for source in sources
            if source.up.kind == "AssignmentStatement"
            and (self._is_text(plain(source) or source) or self._runs_native(source))
        }

    def why(self, side: Node) -> str:
        """Why ``side`` is never to be compared, "" where it may be."""
        node = same_text(side)
        if self._is_text(node):
            return "a display text"
        lines = node.kind == "VariableExpression" and (name_of(node) in self.held or self._is_line(node))
        return "a native tool's output" if lines or self._runs_native(node) else ""

    def into(self, command: Node) -> bool:
        """Whether what a native tool printed flows into ``command``."""
        parts = before(command)
        return any(
            self._runs_native(part) or any(name_of(leaf) in self.held for leaf in variables(part)) for part in parts
        )

    def _is_text(self, node: Node) -> bool:
        return node.kind == "MemberExpression" and (constant(node.Member) or "").lower() in self.texts

    def _runs_native(self, node: Node) -> bool:
        """The call stands in the value itself, not inside a block of it."""
        for call in calls(node):
            blocks = [up for up in call.node.above() if up.kind == "StatementBlock" and up.up is not None]
            block = next((up for up in blocks if up.up and up.up.kind not in _IN_PLACE), None)
            if (block is None or block.start < node.start) and native_of(call, self.constants):
                return True
        return False

    def _is_line(self, node: Node) -> bool:
        """`$_` in a block to which a native tool's output is piped."""
        if name_of(node) not in {"_", "psitem"}:
            return False
        block = next((up for up in node.above() if up.kind == "ScriptBlockExpression"), None)
        command = next((up for up in block.above() if up.kind == "Command"), None) if block is not None else None
        return command is not None and self.into(command)
