"""House rules and the limits of Windows PowerShell 5.1; what must never be compared, stopped or left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import tables
from .commands import Call, Constants, argument, calls
from .fault import Fault
from .tree import Node, string_value, variable_name

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
    yield from _strings(root)
    yield from _brackets(root)
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
        if lower in {"sc.exe", "net.exe", "net", "sc"} and re.search(r"(?i)\bstop\b.*\btermservice\b", call.node.text):
            yield Fault(call.node.line, "termservice", "stopping TermService ends every session", "leave it running")
        if lower == "set-service" and call.has("Status") and "termservice" in _service_names(call, constants):
            yield Fault(call.node.line, "termservice", "stopping TermService ends every session", "leave it running")
        if lower == "invoke-cimmethod" and "stopservice" in _texts(call, "MethodName", constants):
            texts = _service_names(call, constants) | _visible_texts(call.node, constants)
            if any(re.search(r"\btermservice\b", text) for text in texts):
                yield Fault(call.node.line, "termservice", "StopService on TermService ends every session", "")
    for node in root.find("invokation_expression"):
        member = node.kid("member_name")
        if (
            member is not None
            and member.text.lower() == "stop"
            and "termservice" in _visible_texts(node.kids[0], constants)
        ):
            yield Fault(node.line, "termservice", "stopping TermService ends every session", "leave it running")
    for literal in root.find("type_literal"):
        if literal.text.strip("[]").lower() in {"wmi", "wmiclass", "wmisearcher"}:
            yield Fault(literal.line, "forbidden", f"{literal.text} is not used here", "Get-CimInstance")


def _texts(call: Call, parameter: str, constants: Constants) -> set[str]:
    found = constants.strings(argument(call, parameter, constants)) or set()
    return {text.lower() for text in found}


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


def _strings(root: Node) -> Iterator[Fault]:
    """`"$name: text"` is a syntax error in PowerShell that the grammar lets pass."""
    for literal in root.find("expandable_string_literal", "expandable_here_string_literal"):
        for part in literal.kids:
            if part.type == "variable" and not part.text.startswith("${"):
                rest = literal.text[part.end - literal.start :]
                if re.match(r":(?![\w:])", rest) or part.text.endswith(":"):
                    yield Fault(part.line, "syntax", f'"{part.text}:" ends in a colon', f"${{{part.text[1:]}}}:")


def _brackets(root: Node) -> Iterator[Fault]:
    """`runbook confirm <case>`: PowerShell reserves the bracket, the grammar takes it as a word."""
    for node in root.find("generic_token"):
        if node.text.startswith("<"):
            yield Fault(node.line, "syntax", f"{node.text[:30]} cannot be parsed: < is reserved", "a word in capitals")


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
