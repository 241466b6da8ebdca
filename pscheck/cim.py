"""CIM calls: class, namespace, method, arguments and the properties named in filters and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from . import tables
from .commands import Call, Constants, argument, calls, row_values
from .fault import Fault, nearest
from .flow import Flow
from .tree import Node, hash_entries, inner, string_value

DEFAULT_NAMESPACE = "root/cimv2"
_COMMANDS = {
    "get-ciminstance", "invoke-cimmethod", "set-ciminstance", "new-ciminstance", "remove-ciminstance",
    "get-cimclass", "register-cimindicationevent", "get-cimassociatedinstance",
}  # fmt: skip
_QUERY = re.compile(
    r"^\s*select\s+(?P<what>\*|[\w\s,]+?)\s+from\s+(?P<class>\w+)(?:\s+where\s+(?P<where>.+))?$", re.I | re.S
)
_WQL_WORDS = {"and", "or", "not", "like", "is", "null", "true", "false", "isa"}


def check(root: Node, constants: Constants, flow: Flow) -> Iterator[Fault]:
    """Every fault of the CIM commands in the text."""
    for call in calls(root):
        if call.name.lower() in _COMMANDS:
            yield from _check_call(call, constants, flow)


def _check_call(call: Call, constants: Constants, flow: Flow) -> Iterator[Fault]:
    line = call.node.line
    names = flow.classes(call)
    if not names:
        yield Fault(line, "cim-class", f"{call.name}: its class cannot be seen", "write the class name as text")
        return
    known = tables.cim_classes()
    by_instance = not any(argument(call, parameter, constants) for parameter in ("ClassName", "Query"))
    for name in sorted(names):
        entry = known.get(name.lower())
        if entry is None:
            hint = nearest(name, [spelled["name"] for spelled in known.values()])
            yield Fault(_line(call, "ClassName", constants), "cim-class", f"unknown CIM class {name}", hint)
            continue
        if not by_instance:
            yield from _check_namespace(call, entry, constants)
        yield from _check_filter(call, entry, constants)
        yield from _check_properties(call, entry, constants)
        if call.name.lower() == "invoke-cimmethod":
            yield from _check_method(call, entry, constants)


def _line(call: Call, parameter: str, constants: Constants) -> int:
    node = argument(call, parameter, constants)
    return node.line if node is not None else call.node.line


def _check_namespace(call: Call, entry: dict[str, Any], constants: Constants) -> Iterator[Fault]:
    node = argument(call, "Namespace", constants)
    given = constants.strings(node) if node is not None else {DEFAULT_NAMESPACE}
    if given is None:
        yield Fault(call.node.line, "cim-namespace", f"{call.name}: its namespace cannot be seen", entry["namespace"])
        return
    for name in given:
        if name.replace("\\", "/").lower().strip("/") != entry["namespace"].lower():
            line = _line(call, "Namespace", constants)
            yield Fault(line, "cim-namespace", f"{entry['name']} is not in {name}", entry["namespace"])


def _check_method(call: Call, entry: dict[str, Any], constants: Constants) -> Iterator[Fault]:
    node = argument(call, "MethodName", constants)
    rows = row_values(constants, inner(node))
    tables_of_rows = row_values(constants, inner(argument(call, "Arguments", constants)))
    given = constants.strings(node)
    if not given:
        yield Fault(call.node.line, "cim-method", f"{call.name}: its method cannot be seen", "write its name as text")
        return
    methods = {method.lower(): (method, shape) for method, shape in entry["methods"].items()}
    pairs: list[tuple[str, Node | None]]
    if rows and tables_of_rows and len(rows) == len(tables_of_rows):
        pairs = [(string_value(inner(row)) or "", table) for row, table in zip(rows, tables_of_rows, strict=True)]
    else:
        pairs = [(name, None) for name in sorted(given)]
    for name, table in pairs:
        if name.lower() not in methods:
            hint = nearest(name, entry["methods"])
            line = _line(call, "MethodName", constants)
            yield Fault(line, "cim-method", f"{entry['name']} has no method {name}", hint)
            continue
        spelled, shape = methods[name.lower()]
        yield from _check_arguments(call, f"{entry['name']}.{spelled}", shape["in"], constants, table)


def _check_arguments(
    call: Call, method: str, known: list[str], constants: Constants, row: Node | None
) -> Iterator[Fault]:
    given = row or argument(call, "Arguments", constants)
    if given is None:
        if known:
            yield Fault(call.node.line, "cim-argument", f"{method} is called without arguments", ", ".join(known))
        return
    literals = constants.literal(given, "hash_literal_expression")
    if not literals:
        yield Fault(given.line, "cim-argument", f"{method}: its arguments cannot be seen", "a literal hashtable")
    for table in literals:
        keys = [(key, string_value(key) or key.text) for key, _ in hash_entries(table)]
        for key, name in keys:
            if name.lower() not in {argument_.lower() for argument_ in known}:
                yield Fault(key.line, "cim-argument", f"{method} has no argument {name}", nearest(name, known))
        missing = [name for name in known if name.lower() not in {key.lower() for _, key in keys}]
        if missing:
            yield Fault(table.line, "cim-argument", f"{method}: argument missing", ", ".join(missing))


def _check_filter(call: Call, entry: dict[str, Any], constants: Constants) -> Iterator[Fault]:
    node = argument(call, "Filter", constants)
    if node is not None:
        yield from _check_condition(node.line, _text(node, constants), entry)
    query = argument(call, "Query", constants)
    if query is None:
        return
    match = _QUERY.match(_text(query, constants))
    if match is None:
        yield Fault(query.line, "wql", "not a WQL query of the form SELECT … FROM … WHERE …", "")
        return
    for name in re.findall(r"\w+", match["what"]):
        yield from _check_property(query.line, name, entry)
    yield from _check_condition(query.line, match["where"] or "", entry)


def _text(node: Node, constants: Constants) -> str:
    found = constants.strings(node)
    if found:
        return sorted(found)[0]
    bare = inner(node)
    if bare is not None and bare.type == "format_expression":
        bare = bare.kids[0]
    return bare.text.strip("\"'") if bare is not None and bare.type == "string_literal" else ""


def _check_condition(line: int, where: str, entry: dict[str, Any]) -> Iterator[Fault]:
    """Words of a condition outside quotes that are no operators are property names."""
    bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", " ", where)
    bare = re.sub(r"\$\([^)]*\)|\$[\w:]+|\{\d+[^}]*\}", " ", bare)
    for word in re.findall(r"[A-Za-z_]\w*", bare):
        if word.lower() not in _WQL_WORDS:
            yield from _check_property(line, word, entry)
    if "==" in bare or re.search(r"\s-(eq|ne|like)\b", bare):
        yield Fault(line, "wql", "this is WQL, not PowerShell", "=, <>, LIKE")


def _check_property(line: int, name: str, entry: dict[str, Any]) -> Iterator[Fault]:
    if name.lower() not in {known.lower() for known in entry["properties"]}:
        hint = nearest(name, entry["properties"])
        yield Fault(line, "cim-property", f"{entry['name']} has no property {name}", hint)


def _check_properties(call: Call, entry: dict[str, Any], constants: Constants) -> Iterator[Fault]:
    """-Property of Get-CimInstance is a list of names, elsewhere a hashtable."""
    node = argument(call, "Property", constants)
    if node is None:
        return
    for table in constants.literal(node, "hash_literal_expression"):
        for key, _ in hash_entries(table):
            yield from _check_property(key.line, string_value(key) or key.text, entry)
    if call.name.lower() == "get-ciminstance":
        for name in constants.strings(node) or set():
            for part in name.split(","):
                yield from _check_property(node.line, part.strip(), entry)
