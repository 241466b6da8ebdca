"""Commands and their parameters: each written in full, each known to Windows PowerShell 5.1 or Server 2022."""

from __future__ import annotations

from collections.abc import Iterator

from . import programs, tables
from .commands import Call, Constants, calls, splatted
from .fault import Fault, nearest
from .tree import Node, elements, hash_entries, string_value


def local_functions(root: Node) -> dict[str, frozenset[str]]:
    """lower-case function name -> its parameters in lower case."""
    out = {}
    for function in root.find("function_statement"):
        name = function.kid("function_name")
        names = [
            variable.text[1:]
            for block in function.find("script_parameter")
            for variable in [block.kid("variable")]
            if variable is not None
        ]
        if name is not None:
            out[name.text.lower()] = frozenset(names)
    return out


def native_name(name: str) -> str | None:
    """The table's name of a native tool, whatever path and ending it is called by; None if it is no such tool."""
    leaf = name.replace("/", "\\").rsplit("\\", 1)[-1].lower()
    bare = leaf.removesuffix(".exe")
    return bare if bare in tables.natives()["tools"] else programs.name_of(name)


def native_of(call: Call, constants: Constants) -> str | None:
    """The native tool that a call runs: by name, or through a variable that holds its path."""
    if call.name:
        return native_name(call.name)
    if call.target is None:
        return None
    held = constants.strings(call.target)
    if held and len(held) == 1:
        return native_name(next(iter(held)))
    return None


def check(root: Node, constants: Constants) -> Iterator[Fault]:
    """Unknown commands, aliases, unknown or shortened parameters, arguments that name no parameter."""
    functions = local_functions(root)
    for call in calls(root):
        yield from _check_command(call, functions, constants)


def _check_command(call: Call, functions: dict[str, frozenset[str]], constants: Constants) -> Iterator[Fault]:
    line = call.name_node.line
    lower = call.name.lower()
    if call.operator == ".":
        yield Fault(line, "dot-source", f"{call.node.text[:40]} runs another file in this scope", "one text, one step")
        return
    if native_of(call, constants):
        return
    if not call.name:
        if constants.literal(call.target, "script_block_expression"):
            return
        yield Fault(line, "command", f"{call.node.text[:40]!r}: what it runs cannot be seen", "write the name")
        return
    aliases = tables.additions()["aliases"]
    if lower in aliases:
        yield Fault(line, "alias", f"{call.name} is an alias", aliases[lower])
        return
    known = tables.commands()
    if lower.endswith(".ps1"):
        yield from _check_script(call)
        return
    if lower in functions:
        parameters, spelled = functions[lower] | set(tables.catalog()["commonParameters"]), call.name
    elif lower in known:
        spelled, parameters = known[lower]
        if spelled != call.name:
            yield Fault(line, "spelling", f"{call.name} is written otherwise", spelled)
    else:
        everything = [name for name, _ in known.values()] + list(functions)
        everything += [*tables.natives()["tools"], *programs.names()]
        yield Fault(line, "command", f"unknown command {call.name}", nearest(call.name, everything))
        return
    yield from _check_parameters(call, spelled, parameters, constants)
    yield from _check_values(call, spelled, constants)


def _check_script(call: Call) -> Iterator[Fault]:
    r"""`& .\install.ps1`: a script of the project that a person starts, with the parameters it has."""
    own = programs.own_scripts()
    leaf = call.name.replace("/", "\\").rsplit("\\", 1)[-1]
    if call.operator != "&" or not call.name.startswith(".\\") or leaf.lower() not in own:
        hint = " or ".join(f"& .\\{name}" for name in sorted(own))
        yield Fault(call.name_node.line, "command", f"unknown script {call.name}", nearest(leaf, own) or hint)
        return
    for node, name, _ in call.named:
        if name.lower() not in own[leaf.lower()]:
            hint = nearest(name, own[leaf.lower()])
            yield Fault(node.line, "parameter", f"{leaf} has no parameter -{name}", hint)


def _check_parameters(call: Call, command: str, parameters: frozenset[str], constants: Constants) -> Iterator[Fault]:
    lower = {name.lower(): name for name in parameters}
    written = [(node, name) for node, name, _ in call.named]
    written += [(node, name) for node, name, _ in splatted(call, constants)]
    seen: set[str] = set()
    for node, name in written:
        if name.lower() not in lower:
            starts = [full for low, full in lower.items() if low.startswith(name.lower())]
            if len(starts) == 1:
                yield Fault(node.line, "parameter", f"{command} -{name} is shortened", f"-{starts[0]}")
            elif starts:
                options = ", ".join(sorted(starts))
                yield Fault(node.line, "parameter", f"{command} -{name} is ambiguous", options)
            else:
                yield Fault(node.line, "parameter", f"{command} has no parameter -{name}", nearest(name, parameters))
        elif name.lower() in seen:
            yield Fault(node.line, "parameter", f"{command} -{name} is given twice", "once")
        seen.add(name.lower())
    allowed = tables.additions()["positional"].get(command, {"count": 0})["count"]
    if command.lower() in tables.commands() and len(call.loose) > allowed:
        first = call.loose[allowed]
        shown = string_value(first) or first.text[:30]
        yield Fault(first.line, "positional", f"{command}: {shown!r} follows no parameter", "name its parameter")


def _check_values(call: Call, command: str, constants: Constants) -> Iterator[Fault]:
    """Values of parameters that take one of a closed list of words; keys of -FilterHashtable."""
    lists = tables.additions()["values"]
    written = [(name, value) for _, name, value in call.named]
    written += [(name, value) for _, name, value in splatted(call, constants)]
    for name, value in written:
        known = lists.get(f"{command} -{name}") or lists.get(f"-{name}")
        for part in elements(value) if known and value is not None else []:
            word = string_value(part)
            if word is not None and word.lower() not in {str(one).lower() for one in known["words"]}:
                hint = nearest(word, map(str, known["words"])) or ", ".join(map(str, known["words"]))
                yield Fault(part.line, "value", f"{command} -{name} does not take {word}", hint)
        if name.lower() == "filterhashtable":
            keys = tables.additions()["filter_hashtable_keys"]["names"]
            for table in constants.literal(value, "hash_literal_expression"):
                for key, _ in hash_entries(table):
                    word = string_value(key) or ""
                    if word.lower() not in {one.lower() for one in keys}:
                        yield Fault(key.line, "filter", f"-FilterHashtable has no key {word}", nearest(word, keys))
