"""Display texts, and what native tools print, differ from one Windows language to the next: never compared."""

from __future__ import annotations

from collections.abc import Iterator

from . import tables
from .commands import Constants, calls
from .fault import Fault
from .names import native_of
from .tree import Node, inner, statement_of, string_value, variable_name

_COMPARING = {
    "eq", "ne", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin",
    "ge", "gt", "le", "lt",
}  # fmt: skip
_ASKING = {"contains", "startswith", "endswith", "indexof", "equals", "ismatch", "match"}


def check(root: Node, constants: Constants) -> Iterator[Fault]:
    """Display texts differ from one Windows language to the next; so does what native tools print."""
    outputs = _native_outputs(root, constants)
    for node in root.find("comparison_expression"):
        operator = node.kid("comparison_operator")
        word = operator.text.lower().lstrip("-") if operator else ""
        word = word[1:] if word[:1] in {"c", "i"} and word[1:] in _COMPARING else word
        if word not in _COMPARING or operator is None:
            continue
        sides = [kid for kid in node.kids if kid is not operator]
        if any(_is_empty(side) for side in sides):
            continue
        for side in sides:
            yield from _fault_if_localised(side, outputs, f"-{word}", constants)
    for switch in root.find("switch_condition"):
        for part in switch.named():
            yield from _fault_if_localised(part, outputs, "switch", constants)
    for node in root.find("invokation_expression"):
        member = node.kid("member_name")
        if member is not None and member.text.lower() in _ASKING:
            asked = [node.kids[0], *(part for part in node.find("argument_expression_list"))]
            for part in asked:
                for side in part.named() if part.type == "argument_expression_list" else [part]:
                    yield from _fault_if_localised(side, outputs, f".{member.text}", constants)
    for call in calls(root):
        lower = call.name.lower()
        if lower == "where-object" and any(name.lower() in _COMPARING for _, name, _ in call.named):
            name = string_value(call.value("Property") or (call.loose[0] if call.loose else None))
            if name and name.lower() in _texts_of_displays():
                yield Fault(call.node.line, "localised", f"{name} is a display text", "compare a name, number or SID")
        if lower == "select-string" and _prints(call.node, outputs, constants):
            yield Fault(call.node.line, "localised", "a native tool's output is searched", "use its exit code")
        if lower in {"get-service", "stop-service", "start-service", "restart-service"} and call.has("DisplayName"):
            yield Fault(call.node.line, "localised", f"{call.name} -DisplayName is a display text", "-Name")


def _prints(node: Node, outputs: set[str], constants: Constants) -> bool:
    """Whether what a native tool printed flows into the command ``node``."""
    chain = node.up
    if chain is None or chain.type not in {"pipeline_chain", "pipeline"}:
        return False
    before = [part for part in chain.named() if part.start < node.start]
    return any(
        any(native_of(call, constants) for call in calls(part))
        or any(variable_name(leaf) in outputs for leaf in part.find("variable"))
        for part in before
    )


def _is_printed_line(node: Node, outputs: set[str], constants: Constants) -> bool:
    """`$_` in a block to which a native tool's output is piped."""
    if variable_name(node) not in {"_", "psitem"}:
        return False
    block = next((up for up in node.above() if up.type == "script_block_expression"), None)
    command = next((up for up in block.above() if up.type == "command"), None) if block is not None else None
    return command is not None and _prints(command, outputs, constants)


def _texts_of_displays() -> set[str]:
    return {name.lower() for name in tables.additions()["localised_properties"]["names"]}


def _is_empty(node: Node) -> bool:
    bare = inner(node)
    return bare is None or bare.text.lower() in {"$null", "''", '""'}


def _fault_if_localised(side: Node, outputs: set[str], how: str, constants: Constants) -> Iterator[Fault]:
    node = inner(side)
    if node is not None and node.type in {"pipeline", "pipeline_chain", "command"}:
        if any(native_of(call, constants) for call in calls(node)):
            yield Fault(side.line, "localised", f"a native tool's output {how}", "use its exit code")
        return
    while node is not None and node.type in {"invokation_expression", "element_access"}:
        node = inner(node.kids[0])  # .Trim(), .ToLower(), [0]: still the same text
    if node is None:
        return
    if node.type == "member_access":
        member = node.kid("member_name")
        if member is not None and member.text.strip("'\"").lower() in _texts_of_displays():
            what = f"{node.text[:50]} {how}: a display text"
            yield Fault(side.line, "localised", what, "compare a name, number or SID")
    if node.type == "variable" and (variable_name(node) in outputs or _is_printed_line(node, outputs, constants)):
        yield Fault(side.line, "localised", f"{node.text} {how}: a native tool's output", "use its exit code")


def _native_outputs(root: Node, constants: Constants) -> set[str]:
    """Variables that hold what a native tool printed, or a display text taken from an object."""
    names = set()
    for assignment in root.find("assignment_expression"):
        left = inner(assignment.kids[0].named()[0]) if assignment.kids[0].named() else None
        if left is None or left.type != "variable":
            continue
        right = assignment.kids[-1]
        direct = [call.node for call in calls(right) if native_of(call, constants)]
        if any(statement_of(node) in (right, statement_of(assignment)) or _plain(node, right) for node in direct):
            names.add(variable_name(left))
        held = inner(right)
        if held is not None and held.type == "member_access":
            member = held.kid("member_name")
            if member is not None and member.text.lower() in _texts_of_displays():
                names.add(variable_name(left))
    return names


def _plain(node: Node, right: Node) -> bool:
    """The call stands in the assigned value itself, not inside a block of it."""
    for up in node.above():
        if up is right:
            return True
        if up.type in {"script_block", "statement_block"}:
            return False
    return False
