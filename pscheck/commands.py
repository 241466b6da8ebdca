"""A call of a command, taken apart: name, named arguments, loose arguments, splatted tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .tree import Node, elements, hash_entries, inner, string_value, variable_name


@dataclass(eq=False)
class Call:
    """One command in the text.

    ``named`` holds (parameter node, parameter name without dash, value node or None); ``loose`` the arguments
    that follow no parameter; ``splats`` the splatted variables.
    """

    node: Node
    name: str
    name_node: Node
    operator: str = ""
    target: Node | None = None
    named: list[tuple[Node, str, Node | None]] = field(default_factory=list)
    loose: list[Node] = field(default_factory=list)
    splats: list[Node] = field(default_factory=list)
    redirections: list[Node] = field(default_factory=list)

    def value(self, parameter: str) -> Node | None:
        """The value written behind ``-parameter``, if any."""
        return next((value for _, name, value in self.named if name.lower() == parameter.lower()), None)

    def has(self, parameter: str) -> bool:
        """Whether ``-parameter`` is written."""
        return any(name.lower() == parameter.lower() for _, name, _ in self.named)


class Constants:
    """What variables can hold when their assignments are literal: strings, script blocks, hashtables."""

    def __init__(self, root: Node) -> None:
        self.assigned: dict[str, list[Node]] = {}
        for assignment in root.find("assignment_expression"):
            left = assignment.kid("left_assignment_expression")
            target = inner(left.named()[0]) if left and left.named() else None
            if target is not None and target.type == "variable":
                self.assigned.setdefault(variable_name(target), []).append(assignment.kids[-1])
        for loop in root.find("foreach_statement"):
            variable, source = loop.kid("variable"), loop.kid("pipeline")
            if variable is not None and source is not None:
                self.assigned.setdefault(variable_name(variable), []).append(source)

    def strings(self, node: Node | None, depth: int = 0) -> set[str] | None:
        """All texts that ``node`` can stand for, or None when they cannot be seen."""
        node = inner(node)
        if node is None or depth > 6:
            return None
        value = string_value(node)
        if value is not None:
            return {value}
        if node.type in {"array_literal_expression", "array_expression", "statement_list"}:
            found: set[str] = set()
            for part in node.named():
                got = self.strings(part, depth + 1)
                if got is None:
                    return None
                found |= got
            return found
        if node.type == "string_literal":  # an expandable string: the end after the last variable is enough
            tail = node.text[1:-1]
            return {tail} if "\\" in tail and "$" not in tail.rsplit("\\", 1)[1] else None
        if node.type == "variable":
            sources = self.assigned.get(variable_name(node))
            if not sources:
                return None
            all_of: set[str] = set()
            for source in sources:
                got = self.strings(source, depth + 1)
                if got is None:
                    return None
                all_of |= got
            return all_of
        rows = row_values(self, node)
        if rows is not None:
            texts = [self.strings(row, depth + 1) for row in rows]
            return set().union(*(text for text in texts if text)) if all(texts) else None
        if node.type == "command":
            call = read_call(node)
            if call is not None and call.name.lower() == "join-path":
                return self.strings(call.value("ChildPath"), depth + 1)
        return None

    def literal(self, node: Node | None, *types: str) -> list[Node]:
        """The literal nodes of ``types`` that ``node`` (itself or a variable) can stand for."""
        node = inner(node)
        if node is None:
            return []
        if node.type in types:
            return [node]
        if node.type == "variable":
            sources = [inner(source) for source in self.assigned.get(variable_name(node), [])]
            return [source for source in sources if source is not None and source.type in types]
        return []


def row_values(constants: Constants, node: Node | None) -> list[Node] | None:
    """`$question.Method`, where $question runs over literal hashtables: what stands at that key in each row."""
    if node is None or node.type != "member_access" or node.kids[0].type != "variable":
        return None
    member = node.kid("member_name")
    tables = [
        table
        for source in constants.assigned.get(variable_name(node.kids[0]), [])
        for table in _tables_in(source, constants)
    ]
    if not tables or member is None:
        return None
    found = []
    for table in tables:
        for key, value in hash_entries(table):
            if (string_value(key) or "").lower() == member.text.lower() and value is not None:
                found.append(value)
    return found if len(found) == len(tables) else None


def _tables_in(node: Node | None, constants: Constants, depth: int = 0) -> list[Node]:
    """The literal hashtables that a list, a variable or a cast holds."""
    out: list[Node] = []
    for leaf in elements(node) if node is not None else []:
        if leaf.type == "hash_literal_expression":
            out.append(leaf)
        elif leaf.type == "variable" and depth < 4:
            for source in constants.assigned.get(variable_name(leaf), []):
                out.extend(_tables_in(source, constants, depth + 1))
    return out


def read_call(node: Node) -> Call | None:
    """The call of a `command` node; a bare number such as 1..3, which the grammar calls a command, is None."""
    operator = node.kid("command_invokation_operator")
    name_node = node.kid("command_name", "command_name_expr", "path_command_name", "foreach_command")
    if name_node is None:
        return None
    call = Call(node, name_node.text, name_node, operator.text if operator else "")
    if name_node.type == "command_name_expr":
        call.target = name_node.kids[0]
        call.name = string_value(call.target) or ""
    if call.name[:1].isdigit():
        return None
    elements = node.kid("command_elements")
    pending: int | None = None
    for part in elements.kids if elements else []:
        if part.type == "command_parameter":
            call.named.append((part, part.text[1:].rstrip(":"), None))
            pending = len(call.named) - 1
        elif part.type == "redirection":
            call.redirections.append(part)
        elif part.type == "variable" and part.text.startswith("@"):
            call.splats.append(part)
            pending = None
        elif part.type == "command_argument_sep":
            continue
        elif part.joined and (call.loose or call.named):
            _append(call, part)
        elif pending is not None:
            at, name, _ = call.named[pending]
            call.named[pending] = (at, name, part)
            pending = None
        else:
            call.loose.append(part)
    return call


def _append(call: Call, part: Node) -> None:
    """`-Name A, B`: the word after the comma joins the list before it."""
    from_named = bool(call.named) and (not call.loose or call.loose[-1].start < call.named[-1][0].start)
    before = call.named[-1][2] if from_named else call.loose[-1]
    if before is None:
        return
    if before.type == "array_literal_expression" and before.up is None:
        before.kids.append(part)
        return
    joined = Node("array_literal_expression", before.text, before.start, before.line, kids=[before, part])
    if from_named:
        node, name, _ = call.named[-1]
        call.named[-1] = (node, name, joined)
    else:
        call.loose[-1] = joined


def calls(root: Node) -> Iterator[Call]:
    """Every call in the text, in order."""
    for node in root.find("command"):
        call = node.memo if isinstance(node.memo, Call) else read_call(node)
        node.memo = call
        if call is not None:
            yield call


def splatted(call: Call, constants: Constants) -> Iterator[tuple[Node, str, Node | None]]:
    """(key node, parameter, value) of the literal hashtables that the call splats."""
    for splat in call.splats:
        for source in constants.assigned.get(variable_name(splat), []):
            table = inner(source)
            if table is not None and table.type == "hash_literal_expression":
                for key, value in hash_entries(table):
                    yield key, string_value(key) or "", value


def argument(call: Call, parameter: str, constants: Constants) -> Node | None:
    """The value of a parameter, written or splatted."""
    found = call.value(parameter)
    if found is not None:
        return found
    return next((v for _, name, v in splatted(call, constants) if name.lower() == parameter.lower()), None)
