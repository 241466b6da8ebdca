"""Variables: what is read was assigned before in a scope that sees it; what is assigned is read somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import tables
from .commands import Constants, calls, read_call
from .fault import Fault, nearest
from .tree import Node, inner, string_value, variable_name

_OUT_PARAMETERS = frozenset(
    f"{stem}variable" for stem in ("out", "error", "warning", "information", "pipeline", "session")
)
_REMOTE = {"invoke-command": ("computername", "session", "vmname", "vmid"), "start-job": ()}


@dataclass(eq=False)
class Scope:
    """A script block, function or the whole text. A ``remote`` scope sees nothing of the scopes around it."""

    node: Node
    up: Scope | None
    remote: bool = False
    writes: dict[str, list[tuple[int, Node]]] = field(default_factory=dict)
    reads: list[tuple[str, Node]] = field(default_factory=list)

    def seen(self, name: str, read: Node) -> bool:
        """Whether ``name`` was assigned before ``read``, here or around (a function runs later)."""
        at = read.start
        scope: Scope | None = self
        limit = at
        while scope is not None:
            others = [(position, node) for position, node in scope.writes.get(name, []) if node is not read]
            if any(position <= limit or _in_loop(node, at) for position, node in others):
                return True
            if scope.remote:
                return False
            if scope.node.type == "function_statement":
                limit = 1 << 60
            scope = scope.up
        return False


def _in_loop(write: Node, at: int) -> bool:
    """A write further down in the same loop has happened in the loop's second round."""
    loops = {"foreach_statement", "while_statement", "for_statement", "do_statement"}
    return any(up.type in loops and up.start <= at < up.end for up in write.above())


def check(root: Node, constants: Constants) -> Iterator[Fault]:
    """Reads of names never assigned, and names assigned but never read (a misspelled target looks like that)."""
    top = Scope(root, None)
    scopes: list[Scope] = [top]
    _collect(root, top, scopes, constants)
    automatic = tables.additions()["automatic_variables"]["names"]
    known = {name.lower() for name in automatic}
    settings = {name.lower() for name in tables.additions()["preference_variables"]["names"]}
    written = {name for scope in scopes for name in scope.writes}
    used: set[str] = set()
    for scope in scopes:
        for name, node in scope.reads:
            if name.startswith("env:"):
                yield from _check_env(name, node)
                continue
            bare = name.removeprefix("using:")
            if not any(node is target for _, target in scope.writes.get(bare, [])):
                used.add(bare)  # `$x += 1` reads $x only to write it
            if bare in known or bare in settings:
                continue
            owner = scope
            if name.startswith("using:"):
                while owner.up is not None and not owner.remote:
                    owner = owner.up
                owner = owner.up or owner
            if not owner.seen(bare, node):
                hint = nearest(bare, written | known)
                if bare in written:
                    hint = f"$using:{bare}" if _behind_wall(scope) else "assign it before, in a scope that sees it"
                yield Fault(node.line, "variable", f"${bare} is read but was not assigned", hint)
    for scope in scopes:
        for name, places in scope.writes.items():
            if name.startswith("env:"):  # read by the system and by what is started from here
                yield from _check_env(name, places[0][1])
                continue
            if scope is top and places[0][1].up is not None and places[0][1].up.type == "script_parameter":
                continue  # the parameters of a step script are the runner's (style.py knows their names)
            if name not in used and name not in settings and name != "null":
                line = places[0][1].line
                yield Fault(line, "variable", f"${name} is assigned but never read", nearest(name, used))
            if name in known - settings - {"null"} and places[0][1].type == "variable":
                yield Fault(places[0][1].line, "variable", f"${name} is automatic: do not assign it", "another name")


def _behind_wall(scope: Scope | None) -> bool:
    while scope is not None:
        if scope.remote:
            return True
        scope = scope.up
    return False


def _check_env(name: str, node: Node) -> Iterator[Fault]:
    names = tables.additions()["environment"]["names"]
    if name.removeprefix("env:") not in {known.lower() for known in names}:
        yield Fault(node.line, "variable", f"unknown environment variable ${name}", nearest(name[4:], names))


def _collect(node: Node, scope: Scope, scopes: list[Scope], constants: Constants) -> None:
    for kid in node.kids:
        _visit(kid, scope, scopes, constants)


def _visit(node: Node, scope: Scope, scopes: list[Scope], constants: Constants) -> None:
    if node.type == "variable":
        name = variable_name(node)
        scope.reads.append((name, node))
        return
    if node.type == "assignment_expression":
        _visit_assignment(node, scope, scopes, constants)
        return
    if node.type in ("foreach_statement", "script_parameter"):
        variable = node.kid("variable")
        for kid in node.kids:
            if kid is variable:
                scope.writes.setdefault(variable_name(kid), []).append((kid.start, kid))
            else:
                _visit(kid, scope, scopes, constants)
        return
    if node.type == "function_statement" or (node.type == "script_block_expression" and not _same_scope(node)):
        child = Scope(node, scope, remote=_is_remote(node, constants))
        scopes.append(child)
        _collect(node, child, scopes, constants)
        return
    if node.type == "command":
        call = read_call(node)
        for _, name, value in call.named if call else []:
            if name.lower() in _OUT_PARAMETERS and (text := string_value(value)):
                assert value is not None
                scope.writes.setdefault(text.lstrip("+").lower(), []).append((value.start, value))
    _collect(node, scope, scopes, constants)


def _visit_assignment(node: Node, scope: Scope, scopes: list[Scope], constants: Constants) -> None:
    left, right = node.kids[0], node.kids[-1]
    _visit(right, scope, scopes, constants)
    operator = node.kid("assignement_operator")
    parts = left.named()
    targets = parts[0].named() if parts and parts[0].type == "array_literal_expression" else parts
    for target in targets:
        bare = inner(target)
        if bare is not None and bare.type == "variable":
            if operator is not None and operator.text != "=":
                scope.reads.append((variable_name(bare), bare))
            scope.writes.setdefault(variable_name(bare), []).append((node.end, bare))
        elif bare is not None:
            _visit(bare, scope, scopes, constants)


def _same_scope(node: Node) -> bool:
    """ForEach-Object and Where-Object run their blocks in the caller's scope."""
    up = node.up
    while up is not None and up.type in {"command_elements", "array_literal_expression"}:
        up = up.up
    if up is None or up.type != "command":
        return False
    call = read_call(up)
    return call is not None and call.name.lower() in {"foreach-object", "where-object"}


def _is_remote(node: Node, constants: Constants) -> bool:
    """A block that Invoke-Command sends to another machine, directly or through the variable that holds it."""
    for call in calls(_root(node)):
        walls = _REMOTE.get(call.name.lower())
        if walls is None or (walls and not any(call.has(wall) for wall in walls) and not call.splats):
            continue
        block = call.value("ScriptBlock")
        if block is not None and any(node is held for held in constants.literal(block, "script_block_expression")):
            return True
    return False


def _root(node: Node) -> Node:
    while node.up is not None:
        node = node.up
    return node
