"""Properties and methods: each name that is asked of a value is one that the value has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import tables
from .commands import Constants, calls, read_call
from .fault import Fault, nearest
from .flow import Flow
from .kinds import ALWAYS, JSON_ROOT, Kind, full_name, net_type
from .tree import Node, elements, hash_entries, inner, string_value, variable_name

_BY_PROPERTY = {
    "select-object": ("Property", "ExpandProperty", "ExcludeProperty"),
    "sort-object": ("Property",),
    "group-object": ("Property",),
    "measure-object": ("Property",),
    "where-object": ("Property",),
    "foreach-object": ("MemberName",),
    "format-table": ("Property",),
    "format-list": ("Property",),
    "compare-object": ("Property",),
}


def check(root: Node, constants: Constants, flow: Flow) -> Iterator[Fault]:
    """Unknown properties, methods and types; Count asked of what may be a single object."""
    vocabulary = _vocabulary(root)
    inputs = {name.lower() for name in constants.assigned} | {name.lower() for name in _declared(root)}
    for node in root.find("member_access", "invokation_expression"):
        yield from _check_member(node, flow, vocabulary, inputs)
    for literal in root.find("type_literal"):
        name = literal.text.strip("[]").rstrip(",")
        if literal.up is not None and literal.up.type == "attribute":
            name = name.split("(")[0]
        if full_name(name) is None:
            known = [*tables.types()["accelerators"], *tables.types()["types"]]
            yield Fault(literal.line, "type", f"unknown type [{name}]", nearest(name, known))
    for call in calls(root):
        made = string_value(call.value("TypeName")) if call.name.lower() == "new-object" else None
        if made is not None and full_name(made) is None:
            known = [*tables.types()["accelerators"], *tables.types()["types"]]
            yield Fault(call.node.line, "type", f"unknown type {made}", nearest(made, known))
    for attribute in root.find("attribute_name"):
        if attribute.text.lower() not in {a.lower() for a in tables.types()["attributes"]["names"]}:
            yield Fault(attribute.line, "type", f"unknown attribute [{attribute.text}]", "")
    yield from _check_property_arguments(root, flow, vocabulary)


def _declared(root: Node) -> Iterator[str]:
    """Names that the text itself gives to properties: keys of literal tables, members it adds."""
    for table in root.find("hash_literal_expression"):
        if _names_something_else(table):
            continue
        for key, value in hash_entries(table):
            text = string_value(key)
            if text:
                yield text
            if (text or "").lower() == "name" and (label := string_value(value)):
                yield label
    for call in calls(root):
        if call.name.lower() == "add-member":
            for parameter in ("Name", "NotePropertyName"):
                text = string_value(call.value(parameter))
                if text:
                    yield text


def _names_something_else(table: Node) -> bool:
    """Keys of -Arguments, -FilterHashtable and the like are no properties of the text's own objects."""
    up = table.up
    return up is not None and up.type == "command_elements"


@cache
def _known_words() -> frozenset[str]:
    """Every member of the tables."""
    words: set[str] = {"ReturnValue", "Count", "Length"} | set(tables.types()["documents"]["names"])
    for name in tables.types()["types"]:
        words |= {spelled for spelled, _ in (net_type(name).members or {}).values()}
    for entry in tables.cim_classes().values():
        words |= set(entry["properties"])
        for shape in entry["methods"].values():
            words |= set(shape["out"])
    return frozenset(words)


def _vocabulary(root: Node) -> dict[str, str]:
    """Every property or method name that can be meant where the value's own type cannot be seen."""
    return {word.lower(): word for word in [*_known_words(), *_declared(root)]}


def _check_member(node: Node, flow: Flow, vocabulary: dict[str, str], inputs: set[str]) -> Iterator[Fault]:
    member = node.kid("member_name")
    name = string_value(member.kids[0]) if member is not None and member.kids else None
    if member is None or name is None:
        return
    base = node.kids[0]
    lower = name.lower()
    if base.type == "type_literal":
        owner = net_type(base.text.strip("[]"), static=True)
        if owner.members is not None and lower not in owner.members:
            hint = nearest(name, [spelled for spelled, _ in owner.members.values()])
            yield Fault(member.line, "member", f"[{owner.name}] has no static member {name}", hint)
        return
    kind = flow.kind(base)
    if lower == "count" and not kind.member("Count") and not _is_collection(base, flow):
        yield Fault(
            member.line, "count", f"{base.text[:40]}.Count: one object alone has none under strict mode",
            f"@({base.text[:40]}).Count",
        )  # fmt: skip
    if lower in ALWAYS or lower in {"count", "length"} or _is_target(node):
        return
    if kind is JSON_ROOT:
        if lower not in inputs:
            yield Fault(member.line, "input", f"no variable is named like the input {name}", nearest(name, inputs))
        return
    if kind.members is not None and kind.members:
        if lower not in kind.members:
            hint = nearest(name, [spelled for spelled, _ in kind.members.values()])
            yield Fault(member.line, "member", f"{kind.name} has no member {name}", hint)
        return
    if lower not in vocabulary:
        yield Fault(member.line, "member", f"unknown member {name}", nearest(name, vocabulary.values()))


def _is_target(node: Node) -> bool:
    """`$table.Key = value` makes the key of a hashtable; on other values it must exist and is checked."""
    up = node.up
    return up is not None and up.type == "left_assignment_expression" and node.kids[0].type == "type_literal"


def _is_collection(node: Node, flow: Flow, depth: int = 0) -> bool:
    """Whether the value is an array or list in any case, never a lone object."""
    if depth > 5:
        return False
    node_ = node
    while node_.type in {"parenthesized_expression", "pipeline"} and len(node_.named()) == 1:
        node_ = node_.named()[0]
    if node_.type in {"array_expression", "array_literal_expression", "hash_literal_expression"}:
        return True
    if node_.type == "expression_with_unary_operator" and node_.named():
        first = node_.named()[0]
        return (first.type == "cast_expression" and first.named()[0].text.endswith("[]]")) or node_.kids[0].type == ","
    if node_.type == "comparison_expression":
        operator = node_.kid("comparison_operator")
        return operator is not None and operator.text.lower() in {"-split", "-csplit"}
    if node_.type == "command":
        return _makes_collection(node_)
    if node_.type == "variable":
        name = variable_name(node_)
        sources = flow.constants.assigned.get(name, [])
        if name in _typed_arrays(node_):
            return True
        plain = [source for source in sources if not _is_sum(source)]
        return bool(plain) and all(not _runs_over(s) and _is_collection(s, flow, depth + 1) for s in plain)
    if node_.type == "invokation_expression":
        return False
    return False


def _makes_collection(node: Node) -> bool:
    """`New-Object -TypeName 'System.Collections.Generic.List[string]'`: it has Count, however much it holds."""
    call = read_call(node)
    if call is None or call.name.lower() != "new-object":
        return False
    made = full_name(string_value(call.value("TypeName")) or "")
    return made is not None and "Count -> int" in tables.types()["types"][made].get("members", [])


def _runs_over(source: Node) -> bool:
    """`foreach ($one in $source)`: what $one holds is one of them, not all."""
    return source.up is not None and source.up.type == "foreach_statement"


def _is_sum(source: Node) -> bool:
    owner = source.up
    operator = owner.kid("assignement_operator") if owner is not None else None
    return operator is not None and operator.text == "+="


def _typed_arrays(node: Node) -> set[str]:
    """Variables declared as `[type[]] $name`: parameters and assignments."""
    root = list(node.above())[-1]
    found = set()
    for parameter in root.find("script_parameter"):
        variable = parameter.kid("variable")
        if variable is not None and any(t.text.endswith("[]]") for t in parameter.find("type_literal")):
            found.add(variable_name(variable))
    for cast in root.find("cast_expression"):
        target = inner(cast)
        left = next((up for up in cast.above() if up.type == "left_assignment_expression"), None)
        if left is not None and target is not None and cast.named()[0].text.endswith("[]]"):
            found.add(variable_name(target))
    return found


def _check_property_arguments(root: Node, flow: Flow, vocabulary: dict[str, str]) -> Iterator[Fault]:
    keys = {key.lower() for key in tables.additions()["calculated_property_keys"]["names"]}
    for call in calls(root):
        for parameter in _BY_PROPERTY.get(call.name.lower(), ()):
            value = call.value(parameter)
            if value is None:
                continue
            upstream = flow.upstream(call.node)
            for part in elements(value):
                text = string_value(part)
                if text is not None:
                    for name in text.split(","):
                        yield from _check_name(name.strip(), part, upstream, vocabulary)
                elif part.type == "hash_literal_expression":
                    for key, expression in hash_entries(part):
                        word = string_value(key) or ""
                        if word.lower() not in keys:
                            yield Fault(key.line, "member", f"{call.name}: {word} is no key here", nearest(word, keys))
                        if word.lower() == "expression" and (plain := string_value(expression)):
                            yield from _check_name(plain, key, upstream, vocabulary)


def _check_name(name: str, at: Node, kind: Kind, vocabulary: dict[str, str]) -> Iterator[Fault]:
    if "*" in name or not name:
        return
    if kind.members:
        if name.lower() not in kind.members:
            hint = nearest(name, [spelled for spelled, _ in kind.members.values()])
            yield Fault(at.line, "member", f"{kind.name} has no property {name}", hint)
    elif name.lower() not in vocabulary:
        yield Fault(at.line, "member", f"unknown property {name}", nearest(name, vocabulary.values()))
