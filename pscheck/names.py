"""Commands and their parameters: each written in full, each known to Windows PowerShell 5.1 or Server 2022."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from . import programs, tables
from .commands import Call, calls
from .fault import Fault, nearest
from .tree import Node, constant, elements, entries, name_of
from .values import Flow


def check(root: Node, flow: Flow) -> Iterator[Fault]:
    """Unknown commands, aliases, unknown or shortened parameters, arguments that name no parameter."""
    functions = {
        function.Name.lower(): [name_of(parameter.Name) for parameter in function.find("Parameter")]
        for function in root.find("FunctionDefinition")
    }
    for call in calls(root):
        yield from _check_command(call, functions, flow)


def _check_command(call: Call, functions: dict[str, list[str]], flow: Flow) -> Iterator[Fault]:
    line, shown = call.node.line, call.node.text[:40]
    aliases, known = tables.additions()["aliases"], tables.commands()
    if call.node.InvocationOperator == "Dot":
        yield Fault(line, "dot-source", f"{shown} runs another file in this scope", "one text, one step")
    elif flow.native(call):
        return
    elif not call.name:
        if not flow.literals(call.target, "ScriptBlockExpression"):
            yield Fault(line, "command", f"{shown!r}: what it runs cannot be seen", "write the name")
    elif call.name in aliases or call.lower in aliases:
        yield Fault(line, "alias", f"{call.name} is an alias", aliases[call.lower])
    elif call.lower.endswith(".ps1"):
        yield from _check_script(call)
    elif call.lower in functions:
        parameters = [*functions[call.lower], *tables.catalog()["commonParameters"]]
        yield from _check_parameters(call, call.name, parameters, flow)
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
        everything = [*(name for name, _ in known.values()), *functions, *tables.natives()["tools"], *programs.names()]
        yield Fault(line, "command", f"unknown command {call.name}", nearest(call.name, everything))


def _check_script(call: Call) -> Iterator[Fault]:
    r"""`& .\install.ps1`: a script of the project that a person starts, with the parameters it has."""
    own = programs.own_scripts()
    leaf = call.name.replace("/", "\\").rsplit("\\", 1)[-1]
    if call.node.InvocationOperator != "Ampersand" or not call.name.startswith(".\\") or leaf.lower() not in own:
        hint = " or ".join(f"& .\\{name}" for name in sorted(own))
        yield Fault(call.node.line, "command", f"unknown script {call.name}", nearest(leaf, own) or hint)
        return
    for node, name, _ in call.named:
        if name.lower() not in own[leaf.lower()]:
            hint = nearest(name, own[leaf.lower()])
            yield Fault(node.line, "parameter", f"{leaf} has no parameter -{name}", hint)


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
        known = lists.get(f"{command} -{name}") or lists.get(f"-{name}")
        words = [(part.line, constant(part)) for part in elements(value) if known]
        rule, options = "value", [str(one) for one in known["words"]] if known else []
        if name.lower() == "filterhashtable":
            tables_ = flow.literals(value, "Hashtable")
            words = [(key.line, word) for table in tables_ for key, word, _ in entries(table)]
            rule, options = "filter", tables.additions()["filter_hashtable_keys"]["names"]
        for line, word in words:
            if word is not None and word.lower() not in {one.lower() for one in options}:
                hint = nearest(word, options) or ", ".join(options)
                yield Fault(line, rule, f"{command} -{name} does not take {word}", hint)
