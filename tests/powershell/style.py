"""House rules and the limits of Windows PowerShell 5.1; what must never be compared, stopped or left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import tables
from .commands import Call, Constants, argument, calls
from .fault import Fault
from .names import native_of
from .tree import Node, inner, statement_of, string_value, variable_name

_COMPARING = {
    "eq", "ne", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin",
    "ge", "gt", "le", "lt",
}  # fmt: skip
_FORBIDDEN = {
    "invoke-expression": "call the command itself",
    "get-wmiobject": "Get-CimInstance",
    "invoke-wmimethod": "Invoke-CimMethod",
    "set-wmiinstance": "Set-CimInstance",
    "remove-wmiobject": "Remove-CimInstance",
    "register-wmievent": "Register-CimIndicationEvent",
    "wmic": "Get-CimInstance",
    "wmic.exe": "Get-CimInstance",
    "iex": "call the command itself",
}
_STOPPING = {"stop-service", "restart-service", "suspend-service"}


def check(root: Node, constants: Constants, step: bool) -> Iterator[Fault]:
    """All rules of this file; ``step`` asks for what a whole step script must have besides."""
    yield from _forbidden(root, constants)
    yield from _version_seven(root)
    yield from _localised(root, constants)
    yield from _strings(root)
    if step:
        yield from _step(root)


def _forbidden(root: Node, constants: Constants) -> Iterator[Fault]:
    for call in calls(root):
        lower = call.name.lower()
        if lower in _FORBIDDEN:
            yield Fault(call.node.line, "forbidden", f"{call.name} is not used here", _FORBIDDEN[lower])
        if lower in _STOPPING and "termservice" in _service_names(call, constants):
            yield Fault(
                call.node.line, "termservice", f"{call.name} TermService ends every session",
                "gpupdate and a new connection are enough",
            )  # fmt: skip
        if lower == "set-service" and call.has("Status") and "termservice" in _service_names(call, constants):
            yield Fault(call.node.line, "termservice", "stopping TermService ends every session", "leave it running")
        stops = lower == "invoke-cimmethod" and "stopservice" in _texts(call, "MethodName", constants)
        if stops and "termservice" in (call.node.text + _upstream_text(call.node)).lower():
            yield Fault(call.node.line, "termservice", "StopService on TermService ends every session", "")
    for literal in root.find("type_literal"):
        if literal.text.strip("[]").lower() in {"wmi", "wmiclass", "wmisearcher"}:
            yield Fault(literal.line, "forbidden", f"{literal.text} is not used here", "Get-CimInstance")


def _texts(call: Call, parameter: str, constants: Constants) -> set[str]:
    found = constants.strings(argument(call, parameter, constants)) or set()
    return {text.lower() for text in found}


def _upstream_text(node: Node) -> str:
    chain = node.up
    if chain is None or chain.type not in {"pipeline_chain", "pipeline"}:
        return ""
    return " ".join(part.text for part in chain.named() if part.start < node.start)


def _service_names(call: Call, constants: Constants) -> set[str]:
    """Service names that a call can touch: given, splatted, held by a variable, or coming down the pipeline."""
    found: set[str] = set()
    for parameter in ("Name", "DisplayName", "InputObject"):
        node = argument(call, parameter, constants)
        found |= _visible_texts(node, constants) if node is not None else set()
    for loose in call.loose:
        found |= _visible_texts(loose, constants)
    chain = call.node.up
    if chain is not None and chain.type in {"pipeline_chain", "pipeline"}:
        for part in chain.named():
            if part.start < call.node.start:
                found |= _visible_texts(part, constants)
    return found


def _visible_texts(node: Node, constants: Constants, depth: int = 0) -> set[str]:
    """Every constant text below ``node``, variables followed: wide on purpose."""
    found: set[str] = set()
    for leaf in node.walk():
        value = string_value(leaf) if leaf.type in {"string_literal", "generic_token"} else None
        if value:
            found |= {part.strip().lower() for part in value.split(",")}
        if leaf.type == "variable" and depth < 4:
            for source in constants.assigned.get(variable_name(leaf), []):
                found |= _visible_texts(source, constants, depth + 1)
    return {"termservice" if re.fullmatch(r"termserv[ice]*\*", text) else text for text in found}


def _version_seven(root: Node) -> Iterator[Fault]:
    for tail in root.find("pipeline_chain_tail"):
        yield Fault(tail.line, "powershell-7", f"{tail.text} is PowerShell 7", "two statements and a test")
    for node in root.find("ERROR"):
        for token, right in (("??", "if/else"), ("?.", "a test for $null"), ("? ", "if/else")):
            if token in node.text + " ":
                yield Fault(node.line, "powershell-7", f"{token.strip()} is PowerShell 7 or a mistake", right)
                break
    newer = tables.additions()["powershell7"]
    for call in calls(root):
        for _, name, _ in call.named:
            if name.lower() in {word.lower() for word in newer["parameters"].get(call.name, [])}:
                yield Fault(call.node.line, "powershell-7", f"{call.name} -{name} is PowerShell 7", "not in 5.1")
    for variable in root.find("variable"):
        if variable_name(variable) in {word.lower() for word in newer["variables"]}:
            yield Fault(variable.line, "powershell-7", f"{variable.text} is PowerShell 7", "not in 5.1")
    for loop in root.find("foreach_parameter"):
        yield Fault(loop.line, "powershell-7", f"foreach {loop.text} is for workflows only", "Invoke-Command")
    for block in root.find("function_name"):
        if block.text.lower() == "clean":
            yield Fault(block.line, "powershell-7", "a clean block is PowerShell 7", "finally")


def _localised(root: Node, constants: Constants) -> Iterator[Fault]:
    """Display texts differ from one Windows language to the next; so does what native tools print."""
    outputs = _native_outputs(root, constants)
    for node in root.find("comparison_expression"):
        operator = node.kid("comparison_operator")
        word = operator.text.lower().lstrip("-") if operator else ""
        word = word[1:] if word[:1] in {"c", "i"} and word[1:] in _COMPARING else word
        if word not in _COMPARING or operator is None:
            continue
        sides = [kid for kid in node.kids if kid is not operator]
        if any(_is_empty(side) for side in sides):
            continue
        for side in sides:
            yield from _fault_if_localised(side, outputs, f"-{word}")
    for switch in root.find("switch_condition"):
        for part in switch.named():
            yield from _fault_if_localised(part, outputs, "switch")
    for call in calls(root):
        lower = call.name.lower()
        if lower == "where-object" and any(name.lower() in _COMPARING for _, name, _ in call.named):
            name = string_value(call.value("Property") or (call.loose[0] if call.loose else None))
            if name and name.lower() in _texts_of_displays():
                yield Fault(call.node.line, "localised", f"{name} is a display text", "compare a name, number or SID")
        if lower == "select-string":
            source = _upstream_text(call.node)
            if any(f"${name}" in source.lower() for name in outputs) or _runs_native(call.node, root, constants):
                yield Fault(call.node.line, "localised", "a native tool's output is searched", "use its exit code")
        if lower in {"get-service", "stop-service", "start-service", "restart-service"} and call.has("DisplayName"):
            yield Fault(call.node.line, "localised", f"{call.name} -DisplayName is a display text", "-Name")


def _runs_native(node: Node, root: Node, constants: Constants) -> bool:
    chain = node.up
    if chain is None:
        return False
    return any(native_of(call, constants) for call in calls(chain) if call.node.start < node.start)


def _texts_of_displays() -> set[str]:
    return {name.lower() for name in tables.additions()["localised_properties"]["names"]}


def _is_empty(node: Node) -> bool:
    bare = inner(node)
    return bare is None or bare.text.lower() in {"$null", "''", '""'}


def _fault_if_localised(side: Node, outputs: set[str], how: str) -> Iterator[Fault]:
    node = inner(side)
    while node is not None and node.type in {"invokation_expression", "element_access"}:
        node = inner(node.kids[0])  # .Trim(), .ToLower(), [0]: still the same text
    if node is None:
        return
    if node.type == "member_access":
        member = node.kid("member_name")
        if member is not None and member.text.strip("'\"").lower() in _texts_of_displays():
            what = f"{node.text[:50]} {how}: a display text"
            yield Fault(side.line, "localised", what, "compare a name, number or SID")
    if node.type == "variable" and variable_name(node) in outputs:
        yield Fault(side.line, "localised", f"{node.text} {how}: a native tool's output", "use its exit code")


def _native_outputs(root: Node, constants: Constants) -> set[str]:
    """Variables that hold what a native tool printed, or a display text taken from an object."""
    names = set()
    for assignment in root.find("assignment_expression"):
        left = inner(assignment.kids[0].named()[0]) if assignment.kids[0].named() else None
        if left is None or left.type != "variable":
            continue
        right = assignment.kids[-1]
        direct = [call.node for call in calls(right) if native_of(call, constants)]
        if any(statement_of(node) in (right, statement_of(assignment)) or _plain(node, right) for node in direct):
            names.add(variable_name(left))
        held = inner(right)
        if held is not None and held.type == "member_access":
            member = held.kid("member_name")
            if member is not None and member.text.lower() in _texts_of_displays():
                names.add(variable_name(left))
    return names


def _plain(node: Node, right: Node) -> bool:
    """The call stands in the assigned value itself, not inside a block of it."""
    for up in node.above():
        if up is right:
            return True
        if up.type in {"script_block", "statement_block"}:
            return False
    return False


def _strings(root: Node) -> Iterator[Fault]:
    """`"$name: text"` is a syntax error in PowerShell that the grammar lets pass."""
    for literal in root.find("expandable_string_literal", "expandable_here_string_literal"):
        for part in literal.kids:
            if part.type == "variable" and not part.text.startswith("${"):
                rest = literal.text[part.end - literal.start :]
                if re.match(r":(?![\w:])", rest) or part.text.endswith(":"):
                    yield Fault(part.line, "syntax", f'"{part.text}:" ends in a colon', f"${{{part.text[1:]}}}:")


def _step(root: Node) -> Iterator[Fault]:
    statements = [node for node in root.kids if node.named() and node.type not in {"param_block"}]
    while len(statements) == 1 and statements[0].type in {"statement_list", "script_block"}:
        statements = [node for node in statements[0].kids if node.named() and node.type != "param_block"]
    first = statements[0].text if statements else ""
    if not re.fullmatch(r"Set-StrictMode\s+-Version\s+Latest", " ".join(first.split())):
        yield Fault(1, "strict", "the first statement is another one", "Set-StrictMode -Version Latest")
    second = statements[1].text if len(statements) > 1 else ""
    if not re.fullmatch(r"\$ErrorActionPreference\s*=\s*'Stop'", second):
        yield Fault(1, "strict", "the second statement is another one", "$ErrorActionPreference = 'Stop'")
    block = root.kid("param_block")
    names = [part.text for part in block.find("variable")] if block is not None else []
    if names not in ([], ["$InputPath", "$OutputPath"]):
        yield Fault(1, "param", f"the script's parameters are {', '.join(names)}", "$InputPath, $OutputPath")
    for node in root.find("flow_control_statement"):
        if node.text.split()[0].lower() == "exit":
            yield Fault(node.line, "exit", "exit would close the window of a person who pastes this", "throw")
