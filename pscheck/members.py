"""Properties and methods: each name that is asked of a value is one that the value has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import tables
from .fault import Fault, nearest, unknown
from .tree import Node, calls, constant, elements, entries
from .values import JSON_ROOT, Flow, Kind, full_name, net_type

_ALWAYS = {"psobject", "gettype", "tostring", "where", "foreach", "equals", "count", "length"}
_BY_PROPERTY = {
    "select-object": ("Property", "ExpandProperty", "ExcludeProperty"),
    "foreach-object": ("MemberName",),
    **dict.fromkeys(
        [
            *(f"{verb}-object" for verb in ("sort", "group", "measure", "where", "compare")),
            "format-table",
            "format-list",
        ],
        ("Property",),
    ),
}


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Unknown properties, methods and types; Count asked of what may be a single object."""
    declared = list(_declared(root))
    vocabulary = _known_words() | {word.lower(): word for word in declared}
    inputs = {name.lower() for name in [*flow.assigned, *declared]}
    for node in root.find("MemberExpression", "InvokeMemberExpression"):
        base, name, line = node.Expression, constant(node.Member) or "", node.Member.line
        static = base.kind == "TypeExpression"
        kind = net_type(base.TypeName, static=True) if static else flow.kind(base)
        if name.lower() == "count" and not kind.member("Count") and not kind.many:
            what = base.text[:40]
            yield Fault(line, "count", f"{what}.Count: one object alone has none under strict mode", f"@({what}).Count")
        if kind.name == JSON_ROOT.name and name.lower() not in _ALWAYS:
            yield from unknown(line, "input", "no variable is named like the input", name, inputs)
        elif static or name.lower() not in _ALWAYS:
            yield from _check_name(name, line, kind, vocabulary)
    types = [(node.line, node.TypeName) for node in root.find("TypeConstraint", "TypeExpression")]
    made = [call.value("TypeName") for call in calls(root) if call.lower == "new-object"]
    types += [(node.line, constant(node)) for node in made if node and constant(node)]
    for line, name in types:
        if full_name(name) is None:
            known = [*tables.types()["accelerators"], *tables.types()["types"]]
            yield Fault(line, "type", f"unknown type [{name}]", nearest(name, known))
    for node in root.find("Attribute"):
        yield from unknown(node.line, "type", "attribute", node.TypeName, tables.types()["attributes"]["names"])
    keys = tables.additions()["calculated_property_keys"]["names"]
    for call in calls(root):
        values = [call.value(parameter) for parameter in _BY_PROPERTY.get(call.lower, ())]
        for part in [part for value in values for part in elements(value)]:
            upstream = flow.upstream(call.node)
            yield from _check_name(constant(part) or "", part.line, upstream, vocabulary)
            for key, word, expression in entries(part):
                yield from unknown(key.line, "member", f"a property of {call.name} has no", word, keys)
                if word.lower() == "expression":
                    yield from _check_name(constant(expression) or "", key.line, upstream, vocabulary)


def _declared(root: Node) -> Iterator[str]:
    """Names that the text itself gives to properties: keys of literal tables, members it adds."""
    for table in root.find("Hashtable"):
        if table.up is not None and table.up.kind == "Command":
            continue  # keys of -Arguments, -FilterHashtable and the like are no properties of the text's own objects
        for _, key, value in entries(table):
            yield from (key, constant(value) or "" if key.lower() == "name" else "")
    for call in calls(root):
        for parameter in ("Name", "NotePropertyName") if call.lower == "add-member" else ():
            yield constant(call.value(parameter)) or ""


@cache
def _known_words() -> dict[str, str]:
    """Every member of the tables: what can be meant where the value's own type cannot be seen."""
    words = ["ReturnValue", "Count", "Length", *tables.types()["documents"]["names"]]
    for name in tables.types()["types"]:
        words += [spelled for spelled, _ in (net_type(name).members or {}).values()]
    for entry in tables.cim_classes().values():
        words += [*entry["properties"], *(out for shape in entry["methods"].values() for out in shape["out"])]
    return {word.lower(): word for word in words}


def _check_name(name: str, line: int, kind: Kind, vocabulary: dict[str, str]) -> Iterator[Fault]:
    known = {lower: spelled for lower, (spelled, _) in kind.members.items()} if kind.members else vocabulary
    if name and "*" not in name and name.lower() not in known:
        yield Fault(line, "member", f"{kind.name} has no member {name}", nearest(name, known.values()))
