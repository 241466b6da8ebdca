"""CIM calls: class, namespace, method, arguments and the properties named in filters and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from . import tables
from .fault import Fault, unknown
from .tree import Call, Node, calls, constant, elements, entries, plain
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
            line = (given or call.node).line
            yield from unknown(line, "cim-class", "unknown CIM class", name, [one["name"] for one in known.values()])
            if entry := known.get(name.lower()):
                if given is not None or flow.argument(call, "Query") is not None:
                    yield from _check_namespace(call, entry, flow)
                yield from _check_properties(call, entry, flow)
                if call.lower == "invoke-cimmethod":
                    yield from _check_method(call, entry, flow)


def _check_namespace(call: Call, entry: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    node = flow.argument(call, "Namespace")
    given = flow.strings(node) if node is not None else {"root/cimv2"}
    for name in given or {"a namespace that cannot be seen"}:
        written = name.replace("\\", "/").strip("/")
        yield from unknown((node or call.node).line, "cim-namespace", entry["name"], written, [entry["namespace"]])


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
        yield from unknown((node or call.node).line, "cim-method", entry["name"], name, entry["methods"])
        spelled, known = methods.get(name.lower(), ("", []))
        literals, line, what = (
            flow.literals(table, "Hashtable"),
            (table or call.node).line,
            f"{entry['name']}.{spelled}",
        )
        if not literals and (known or table):
            yield Fault(line, "cim-argument", f"{what}: no arguments can be seen", "a literal hashtable")
        for literal in literals if spelled else ():
            keys = {word.lower() for _, word, _ in entries(literal)}
            for key, word, _ in entries(literal):
                yield from unknown(key.line, "cim-argument", what, word, known)
            if missing := [word for word in known if word.lower() not in keys]:
                yield Fault(literal.line, "cim-argument", f"{what}: argument missing", ", ".join(missing))


def _check_properties(call: Call, entry: dict[str, Any], flow: Flow) -> Iterator[Fault]:
    """Properties in -Filter, -Query and -Property (of Get-CimInstance a list of names, elsewhere a hashtable)."""
    condition, query, chosen = (flow.argument(call, name) for name in ("Filter", "Query", "Property"))
    named = [(key.line, name) for table in flow.literals(chosen, "Hashtable") for key, name, _ in entries(table)]
    if chosen is not None and call.lower == "get-ciminstance":
        named += [(chosen.line, name) for name in sorted(flow.strings(chosen))]
    conditions = [(condition.line, _text(condition, flow))] if condition is not None else []
    if query is not None:
        match = _QUERY.match(_text(query, flow))
        if match is None:
            yield Fault(query.line, "wql", "not a WQL query of the form SELECT … FROM … WHERE …", "")
        else:
            named += [(query.line, name) for name in re.findall(r"\w+", match["what"])]
            conditions.append((query.line, match["where"] or ""))
    for line, where in conditions:  # words outside quotes that are no operators are property names
        bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", " ", where)
        bare = re.sub(r"\$\([^)]*\)|\$[\w:]+|\{\d+[^}]*\}", " ", bare)
        named += [(line, word) for word in re.findall(r"[A-Za-z_]\w*", bare) if word.lower() not in _WQL_WORDS]
        if "==" in bare or re.search(r"\s-(eq|ne|like)\b", bare):
            yield Fault(line, "wql", "this is WQL, not PowerShell", "=, <>, LIKE")
    for line, name in named:
        yield from unknown(line, "cim-property", f"{entry['name']} has no property", name, entry["properties"])


def _text(node: Node, flow: Flow) -> str:
    """A filter as far as it is seen: `"Name = '$name'"` and `'Name = {0}' -f $name` as they are written."""
    node = next(iter(elements(node)), node)
    node = node.Left if node.Operator == "Format" else node
    return next(iter(sorted(flow.strings(node))), "") or str(node.Value or "")
