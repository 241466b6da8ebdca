"""Display texts, and what native tools print, differ from one Windows language to the next: never compared."""

from __future__ import annotations

from collections.abc import Iterator

from .fault import Fault
from .tree import Node, calls, constant, elements, plain
from .values import Flow

_COMPARING = {
    "eq", "ne", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin",
    "ge", "gt", "le", "lt",
}  # fmt: skip
_ASKING = {"contains", "startswith", "endswith", "indexof", "equals", "ismatch", "match"}
_SERVICE = {f"{verb}-service" for verb in ("get", "stop", "start", "restart")}
_EMPTY = {"$null", "''", '""'}


def is_comparison(node: Node) -> bool:
    """`-eq`, `-clike`, `-in` and the like."""
    return node.kind == "BinaryExpression" and node.Operator[1:].lower() in _COMPARING


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Such texts in comparisons, switches, methods that compare, Where-Object and Select-String."""
    for node in root.find("BinaryExpression", "SwitchStatement", "InvokeMemberExpression"):
        sides: list[Node] = []
        if is_comparison(node):
            sides = [side for side in (node.Left, node.Right) if side]
            sides = [] if any((plain(side) or side).text in _EMPTY for side in sides) else sides
        elif node.kind == "SwitchStatement":
            sides = [node.Condition]
        elif (constant(node.Member) or "").lower() in _ASKING:
            sides = [node.Expression, *(node.Arguments or ())]
        for side in sides:
            if said := flow.kind(side).said:
                yield Fault(
                    side.line, "localised", f"{side.text[:50]} is {said}", "compare a name, number, SID or code"
                )
    for call in calls(root):
        line = call.node.line
        if call.lower == "where-object" and any(name.lower() in _COMPARING for _, name, _ in call.named):
            for part in elements(call.value("Property") or next(iter(call.loose), None)):
                if (constant(part) or "").lower() in flow.display:
                    yield Fault(line, "localised", f"{part.text} is a display text", "compare a name, number or SID")
        if call.lower == "select-string" and flow.upstream(call.node).said:
            yield Fault(line, "localised", "a native tool's output is searched", "use its exit code")
        if call.lower in _SERVICE and call.has("DisplayName"):
            yield Fault(line, "localised", f"{call.name} -DisplayName is a display text", "-Name")
