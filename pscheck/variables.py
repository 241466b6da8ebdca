"""Variables: what is read was assigned before in a scope that sees it; what is assigned is read somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from . import tables
from .fault import Fault, nearest
from .tree import Node, calls, constant, name_of, plain, variables
from .values import Flow

_OUT_PARAMETERS = {f"{stem}variable" for stem in ("out", "error", "warning", "information", "pipeline", "session")}
_WALLS = ("ComputerName", "Session", "VMName", "VMId")
_LOOPS = {"ForEachStatement", "WhileStatement", "ForStatement", "DoWhileStatement", "DoUntilStatement"}


class _Names:
    """Where each name is written and read, and the scope of each place."""

    def __init__(self, root: Node, flow: Flow) -> None:
        #: Blocks that go to another machine, directly or through a variable: they see nothing of what is outside.
        self.far: set[Node] = set()
        self.writes: dict[str, list[tuple[int, Node]]] = {}
        #: ForEach-Object and Where-Object run their blocks in the caller's scope.
        self.same: set[Node] = set()
        for call in calls(root):
            far = call.splats or any(map(call.has, _WALLS))
            if call.lower == "start-job" or (call.lower == "invoke-command" and far):
                blocks = flow.literals(call.value("ScriptBlock"), "ScriptBlockExpression")
                self.far |= {block.ScriptBlock for block in blocks}
            if call.lower in {"foreach-object", "where-object"}:
                self.same |= {kid.ScriptBlock for kid in call.node.kids if kid.ScriptBlock}
            for _, name, value in call.named:
                if name.lower() in _OUT_PARAMETERS and value is not None and (text := constant(value)):
                    self._write(text.lstrip("+").lower(), value.start, value)
        self.targets: set[Node] = set()
        self.sums: set[Node] = set()
        for node in root.find("AssignmentStatement", "ForEachStatement", "Parameter"):
            left = node.Left or node.Variable or node.Name
            for part in left.Elements or [left]:
                target = plain(part)
                if target is not None and target.kind == "VariableExpression":
                    self._write(name_of(target), node.end if node.Left else target.start, target)
                    (self.targets if node.Operator in {None, "Equals"} else self.sums).add(target)
        self.reads = [node for node in variables(root) if node not in self.targets]

    def _write(self, name: str, at: int, node: Node) -> None:
        self.writes.setdefault(name, []).append((at, node))

    def scopes(self, node: Node) -> Iterator[Node]:
        """The script blocks around a place that are scopes of their own, nearest first."""
        for up in node.above():
            of_function = up.up is not None and up.up.kind == "FunctionDefinition"
            if up.kind == "FunctionDefinition":  # whose parameters stand before its body, or in it
                yield up.Body
            elif up.kind == "ScriptBlock" and not of_function and up not in self.same:
                yield up

    def seen(self, read: Node) -> bool:
        """Whether the name was assigned before ``read``, in a scope that it sees (a function runs later)."""
        own = [*self.scopes(read)]
        limit = read.start
        if read.up is not None and read.up.kind == "UsingExpression":  # of the scope around the far block
            own = own[next((at + 1 for at, one in enumerate(own) if one in self.far), 0) :]
        for scope in own:
            for at, node in self.writes.get(name_of(read), []):
                before = at <= limit or _in_loop(node, read.start)
                if before and node is not read and next(self.scopes(node)) is scope:
                    return True
            if scope in self.far:
                return False
            if scope.up is not None and scope.up.kind == "FunctionDefinition":
                limit = 1 << 60
        return False


def _in_loop(write: Node, at: int) -> bool:
    """A write further down in the same loop has happened in the loop's second round."""
    return any(up.kind in _LOOPS and up.start <= at < up.end for up in write.above())


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Reads of names never assigned, and names assigned but never read (a misspelled target looks like that)."""
    names = _Names(root, flow)
    additions = tables.additions()
    environment = [f"env:{name}" for name in additions["environment"]["names"]]
    settings = {name.lower() for name in additions["preference_variables"]["names"]}
    known = {name.lower() for name in additions["automatic_variables"]["names"]}
    used = {name_of(node) for node in names.reads if node not in names.sums}  # `$x += 1` reads $x only to write it
    for node in variables(root):
        name = name_of(node)
        if name.startswith("env:"):  # read by the system and by what is started from here
            if name not in {one.lower() for one in environment}:
                yield Fault(node.line, "variable", f"unknown environment variable ${name}", nearest(name, environment))
        elif node not in names.targets and name not in known | settings and not names.seen(node):
            hint = nearest(name, names.writes.keys() | known)
            if name in names.writes:
                far = any(scope in names.far for scope in names.scopes(node))
                hint = f"$using:{name}" if far else "assign it before, in a scope that sees it"
            yield Fault(node.line, "variable", f"${name} is read but was not assigned", hint)
    for name, places in names.writes.items():
        node = places[0][1]
        # The parameters of a step script are the runner's (style.py knows their names).
        runners = node.up is not None and node.up.kind == "Parameter" and node.up.up is root.ParamBlock
        if not (runners or name in used | settings or name == "null" or name.startswith("env:")):
            yield Fault(node.line, "variable", f"${name} is assigned but never read", nearest(name, used))
        if name in known - settings - {"null"} and node.kind == "VariableExpression":
            yield Fault(node.line, "variable", f"${name} is automatic: do not assign it", "another name")
