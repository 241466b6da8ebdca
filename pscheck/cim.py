"""CIM calls: class, namespace, method, arguments and the properties named in filters and queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from . import tables
from .commands import Call, calls
from .fault import Fault, nearest
from .tree import Node, constant, elements, entries, plain
from .values import Flow

_COMMANDS = {
    "get-ciminstance", "invoke-cimmethod", "set-ciminstance", "new-ciminstance", "remove-ciminstance",
    "get-cimclass", "register-cimindicationevent", "get-cimassociatedinstance",
}  # fmt: skip
_QUERY = re.compile(
    r"^\s*select\s+(?P<what>\*|[\w\s,]+?)\s+from\s+(?P<class>\w+)(?:\s+where\s+(?P<where>.+))?$", re.I | re.S
)
_WQL_WORDS = {"and", "or", "not", "like", "is", "null", "true", "false", "isa"}


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Every fault of the CIM commands in the text."""
    known = tables.cim_classes()
    for call in calls(root):
        if call.lower not in _COMMANDS:
            continue
        given = flow.argument(call, "ClassName")
        names = sorted(flow.classes(call))
        if not names:
            yield Fault(call.node.line, "cim-class", f"{call.name}: its class cannot be seen", "write its name as text")
        for name in names:
            entry = known.get(name.lower())
            if entry is None:
                hint = nearest(name, [one["name"] for one in known.values()])
                yield Fault((given or call.node).line, "cim-class", f"unknown CIM class {name}", hint)
                continue
            if given is not None or flow.argument(call, "Query") is not None:
                yield from _check_namespace(call, entry, flow)
            yield from _check_properties(call, entry, flow)
            if call.lower == "invoke-cimmethod":
                yield from _check_method(call, entry, flow)


def _check_namespace(call: Call, entry: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    node = flow.argument(call, "Namespace")
    given = flow.strings(node) if node is not None else {"root/cimv2"}
    for name in given or {"a namespace that cannot be seen"}:
        if name.replace("\\", "/").lower().strip("/") != entry["namespace"].lower():
            line = (node or call.node).line
            yield Fault(line, "cim-namespace", f"{entry['name']} is not in {name}", entry["namespace"])


def _check_method(call: Call, entry: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    node, arguments = flow.argument(call, "MethodName"), flow.argument(call, "Arguments")
    given = sorted(flow.strings(node))
    if not given:
        yield Fault(call.node.line, "cim-method", f"{call.name}: its method cannot be seen", "write its name as text")
    methods = {method.lower(): (method, shape["in"]) for method, shape in entry["methods"].items()}
    rows, with_rows = flow.rows(plain(node)), flow.rows(plain(arguments))
    pairs = [(name, arguments) for name in given]
    if rows and len(rows) == len(with_rows):
        pairs = [(constant(row) or "", table) for row, table in zip(rows, with_rows, strict=True)]
    for name, table in pairs:
        spelled, known = methods.get(name.lower(), ("", []))
        if spelled:
            yield from _check_arguments(table, call, f"{entry['name']}.{spelled}", known, flow)
        else:
            hint = nearest(name, entry["methods"])
            yield Fault((node or call.node).line, "cim-method", f"{entry['name']} has no method {name}", hint)


def _check_arguments(given: Node | None, call: Call, method: str, known: list[str], flow: Flow) -> Iterator[Fault]:
    literals = flow.literals(given, "Hashtable")
    if given is None and known:
        yield Fault(call.node.line, "cim-argument", f"{method} is called without arguments", ", ".join(known))
    elif given is not None and not literals:
        yield Fault(given.line, "cim-argument", f"{method}: its arguments cannot be seen", "a literal hashtable")
    for table in literals:
        keys = {name.lower() for _, name, _ in entries(table)}
        for key, name, _ in entries(table):
            if name.lower() not in {one.lower() for one in known}:
                yield Fault(key.line, "cim-argument", f"{method} has no argument {name}", nearest(name, known))
        if missing := [name for name in known if name.lower() not in keys]:
            yield Fault(table.line, "cim-argument", f"{method}: argument missing", ", ".join(missing))


def _check_properties(call: Call, entry: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    """Properties in -Filter, -Query and -Property (of Get-CimInstance a list of names, elsewhere a hashtable)."""
    condition, query, chosen = (flow.argument(call, name) for name in ("Filter", "Query", "Property"))
    if condition is not None:
        yield from _check_condition(condition.line, _text(condition, flow), entry)
    if query is not None:
        match = _QUERY.match(_text(query, flow))
        if match is None:
            yield Fault(query.line, "wql", "not a WQL query of the form SELECT … FROM … WHERE …", "")
        else:
            yield from _check_names(query.line, re.findall(r"\w+", match["what"]), entry)
            yield from _check_condition(query.line, match["where"] or "", entry)
    for table in flow.literals(chosen, "Hashtable"):
        for key, name, _ in entries(table):
            yield from _check_names(key.line, [name], entry)
    if chosen is not None and call.lower == "get-ciminstance":
        yield from _check_names(chosen.line, sorted(flow.strings(chosen)), entry)


def _text(node: Node, flow: Flow) -> str:
    """A filter as far as it is seen: `"Name = '$name'"` and `'Name = {0}' -f $name` as they are written."""
    node = next(iter(elements(node)), node)
    node = node.Left if node.Operator == "Format" else node
    return next(iter(sorted(flow.strings(node))), "") or str(node.Value or "")


def _check_condition(line: int, where: str, entry: dict[str, Any]) -> Iterator[Fault]:
    """Words of a condition outside quotes that are no operators are property names."""
    bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", " ", where)
    bare = re.sub(r"\$\([^)]*\)|\$[\w:]+|\{\d+[^}]*\}", " ", bare)
    yield from _check_names(line, [w for w in re.findall(r"[A-Za-z_]\w*", bare) if w.lower() not in _WQL_WORDS], entry)
    if "==" in bare or re.search(r"\s-(eq|ne|like)\b", bare):
        yield Fault(line, "wql", "this is WQL, not PowerShell", "=, <>, LIKE")


def _check_names(line: int, names: Iterable[str], entry: dict[str, Any]) -> Iterator[Fault]:
    known = {one.lower() for one in entry["properties"]}
    for name in names:
        if name.lower() not in known:
            hint = nearest(name, entry["properties"])
            yield Fault(line, "cim-property", f"{entry['name']} has no property {name}", hint)
