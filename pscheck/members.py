"""Properties and methods: each name that is asked of a value is one that the value has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import tables
from .commands import calls, read_call
from .fault import Fault, nearest
from .tree import Node, constant, elements, entries, name_of
from .values import JSON_ROOT, Flow, Kind, full_name, net_type

_ALWAYS = {"psobject", "gettype", "tostring", "where", "foreach", "equals"}
_BY_PROPERTY = {
    "select-object": ("Property", "ExpandProperty", "ExcludeProperty"),
    "foreach-object": ("MemberName",),
    **{
        f"{command}-object": ("Property",)
        for command in ("sort", "group", "measure", "where", "compare")
    },
    "format-table": ("Property",),
    "format-list": ("Property",),
}  # fmt: skip


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Unknown properties, methods and types; Count asked of what may be a single object."""
    declared = list(_declared(root))
    vocabulary = _known_words() | {word.lower(): word for word in declared}
    inputs = {name.lower() for name in [*flow.assigned, *declared]}
    for node in root.find("MemberExpression", "InvokeMemberExpression"):
        yield from _check_member(node, flow, vocabulary, inputs)
    named = [(node.line, node.TypeName) for node in root.find("TypeConstraint", "TypeExpression")]
    made = [call.value("TypeName") for call in calls(root) if call.lower == "new-object"]
    named += [(node.line, name) for node in made if node and (name := constant(node))]
    for line, name in named:
        if full_name(name) is None:
            known = [*tables.types()["accelerators"], *tables.types()["types"]]
            yield Fault(line, "type", f"unknown type [{name}]", nearest(name, known))
    for attribute in root.find("Attribute"):
        if attribute.TypeName.lower() not in {a.lower() for a in tables.types()["attributes"]["names"]}:
            yield Fault(attribute.line, "type", f"unknown attribute [{attribute.TypeName}]", "")
    yield from _check_property_arguments(root, flow, vocabulary)


def _declared(root: Node) -> Iterator[str]:
    """Names that the text itself gives to properties: keys of literal tables, members it adds."""
    for table in root.find("Hashtable"):
        if table.up is not None and table.up.kind == "Command":
            continue  # keys of -Arguments, -FilterHashtable and the like are no properties of the text's own objects
        for _, key, value in entries(table):
            yield key
            if key.lower() == "name":
                yield constant(value) or ""
    for call in calls(root):
        for parameter in ("Name", "NotePropertyName") if call.lower == "add-member" else ():
            yield constant(call.value(parameter)) or ""


@cache
def _known_words() -> dict[str, str]:
    """Every member of the tables: what can be meant where the value's own type cannot be seen."""
    words: set[str] = {"ReturnValue", "Count", "Length"} | set(tables.types()["documents"]["names"])
    for name in tables.types()["types"]:
        words |= {spelled for spelled, _ in (net_type(name).members or {}).values()}
    for entry in tables.cim_classes().values():
        words |= set(entry["properties"])
        for shape in entry["methods"].values():
            words |= set(shape["out"])
    return {word.lower(): word for word in words}


def _check_member(node: Node, flow: Flow, vocabulary: dict[str, str], inputs: set[str]) -> Iterator[Fault]:
    base, name, line = node.Expression, constant(node.Member), node.Member.line
    if name is None:
        return
    if base.kind == "TypeExpression":
        owner = net_type(base.TypeName, static=True)
        if owner.members is not None:
            yield from _check_name(name, line, owner, {})
        return
    kind = flow.kind(base)
    lower = name.lower()
    if lower == "count" and not kind.member("Count") and not _is_collection(base, flow):
        what = base.text[:40]
        yield Fault(line, "count", f"{what}.Count: one object alone has none under strict mode", f"@({what}).Count")
    if lower in _ALWAYS or lower in {"count", "length"}:
        return
    if kind is not JSON_ROOT:
        yield from _check_name(name, line, kind, vocabulary)
    elif lower not in inputs:
        yield Fault(line, "input", f"no variable is named like the input {name}", nearest(name, inputs))


def _is_collection(node: Node | None, flow: Flow, depth: int = 0) -> bool:
    """Whether the value is an array or list in any case, never a lone object."""
    if node is None or depth > 5:
        return False
    if node.kind in {"ArrayExpression", "ArrayLiteral", "Hashtable"}:
        return True
    if node.kind == "ConvertExpression":
        return str(node.Type.TypeName).endswith("[]")
    if node.kind == "BinaryExpression":
        return node.Operator in {"Isplit", "Csplit"}
    if node.kind == "Command":  # `New-Object -TypeName 'System.Collections.Generic.List[string]'`
        call = read_call(node)
        made = full_name(constant(call.value("TypeName")) or "") if call.lower == "new-object" else None
        return made is not None and "Count -> int" in tables.types()["types"][made].get("members", [])
    if node.kind != "VariableExpression":
        return False
    root = [*node.above()][-1]
    for parameter in root.find("Parameter", "ConvertExpression"):
        target, types = parameter.Name or parameter.Child, parameter.Attributes or [parameter.Type]
        same = target.kind == node.kind and name_of(target) == name_of(node)
        if same and any(one is not None and (one.TypeName or "").endswith("[]") for one in types):
            return True
    sources = [(one, one.up) for one in flow.assigned.get(name_of(node), []) if one.up]
    # `foreach ($one in $source)`: what $one holds is one of them, not all. `$all += …` leaves $all what it is.
    whole = [
        up.kind != "ForEachStatement" and _is_collection(one, flow, depth + 1)
        for one, up in sources
        if up.Operator != "PlusEquals"
    ]
    return bool(whole) and all(whole)


def _check_property_arguments(root: Node, flow: Flow, vocabulary: dict[str, str]) -> Iterator[Fault]:
    keys = {key.lower() for key in tables.additions()["calculated_property_keys"]["names"]}
    for call in calls(root):
        values = [call.value(parameter) for parameter in _BY_PROPERTY.get(call.lower, ())]
        for part in [part for value in values for part in elements(value)]:
            upstream = flow.upstream(call.node)
            yield from _check_name(constant(part) or "", part.line, upstream, vocabulary)
            for key, word, expression in entries(part):
                if word.lower() not in keys:
                    yield Fault(key.line, "member", f"{call.name}: {word} is no key here", nearest(word, keys))
                if word.lower() == "expression":
                    yield from _check_name(constant(expression) or "", key.line, upstream, vocabulary)


def _check_name(name: str, line: int, kind: Kind, vocabulary: dict[str, str]) -> Iterator[Fault]:
    known = {lower: spelled for lower, (spelled, _) in kind.members.items()} if kind.members else vocabulary
    if name and "*" not in name and name.lower() not in known:
        yield Fault(line, "member", f"{kind.name} has no member {name}", nearest(name, known.values()))
