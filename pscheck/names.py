"""Commands and their parameters: each written in full, each known to Windows PowerShell 5.1 or Server 2022."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from . import programs, tables
from .fault import Fault, nearest, unknown
from .tree import Call, Node, calls, constant, elements, entries, name_of
from .values import Flow


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Unknown commands, aliases, unknown or shortened parameters, arguments that name no parameter."""
    common = tables.catalog()["commonParameters"]
    functions = {
        function.Name.lower(): [*(name_of(parameter.Name) for parameter in function.find("Parameter")), *common]
        for function in root.find("FunctionDefinition")
    }
    for call in calls(root):
        if not flow.native(call):
            yield from _check_call(call, functions, flow)


def _check_call(call: Call, functions: dict[str, list[str]], flow: Flow) -> Iterator[Fault]:
    line, shown, operator = call.node.line, call.node.text[:40], call.node.InvocationOperator
    aliases, known, scripts = tables.additions()["aliases"], tables.commands(), programs.own_scripts()
    if operator == "Dot":
        yield Fault(line, "dot-source", f"{shown} runs another file in this scope", "one text, one step")
    elif not call.name:
        if not flow.literals(call.target, "ScriptBlockExpression"):
            yield Fault(line, "command", f"{shown!r}: what it runs cannot be seen", "write the name")
    elif call.lower in aliases:
        yield Fault(line, "alias", f"{call.name} is an alias", aliases[call.lower])
    elif call.lower in functions:
        yield from _check_parameters(call, call.name, functions[call.lower], flow)
    elif operator == "Ampersand" and (leaf := re.sub(r".*\\", "", call.lower)) in scripts and call.name[:2] == ".\\":
        yield from _check_parameters(call, leaf, scripts[leaf], flow)  # of the project, started by a person
    elif call.lower in known:
        spelled, own = known[call.lower]
        if spelled != call.name:
            yield Fault(line, "spelling", f"{call.name} is written otherwise", spelled)
        yield from _check_parameters(call, spelled, own, flow)
        allowed = tables.additions()["positional"].get(spelled, {"count": 0})["count"]
        for first in call.loose[allowed : allowed + 1]:
            shown = constant(first) or first.text[:30]
            yield Fault(first.line, "positional", f"{spelled}: {shown!r} follows no parameter", "name its parameter")
        yield from _check_values(call, spelled, flow)
    else:
        natives = [*tables.natives()["tools"], *programs.names(), *(f"& .\\{name}" for name in scripts)]
        hint = nearest(call.name, [*(name for name, _ in known.values()), *functions, *natives])
        yield Fault(line, "command", f"unknown command {call.name}", hint)


def _check_parameters(call: Call, command: str, known: Collection[str], flow: Flow) -> Iterator[Fault]:
    seen: set[str] = set()
    for node, name, _ in flow.arguments(call):
        lower = name.lower()
        starts = sorted(full for full in known if full.lower().startswith(lower))
        if lower not in {full.lower() for full in starts}:
            what = {0: "is no parameter", 1: "is shortened"}.get(len(starts), "is ambiguous")
            hint = ", ".join(f"-{full}" for full in starts) or nearest(name, known)
            yield Fault(node.line, "parameter", f"{command} -{name} {what}", hint)
        elif lower in seen:
            yield Fault(node.line, "parameter", f"{command} -{name} is given twice", "once")
        seen.add(lower)


def _check_values(call: Call, command: str, flow: Flow) -> Iterator[Fault]:
    """Values of parameters that take one of a closed list of words; keys of -FilterHashtable."""
    lists = tables.additions()["values"]
    for _, name, value in flow.arguments(call):
        listed = lists.get(f"{command} -{name}") or lists.get(f"-{name}") or {"words": []}
        known, what = [str(word) for word in listed["words"]], f"{command} -{name} does not take"
        for part in elements(value) if known else ():
            yield from unknown(part.line, "value", what, constant(part) or known[0], known)
        for table in flow.literals(value, "Hashtable") if name.lower() == "filterhashtable" else ():
            for key, word, _ in entries(table):
                keys = tables.additions()["filter_hashtable_keys"]["names"]
                yield from unknown(key.line, "filter", what, word, keys)
