"""House rules and the limits of Windows PowerShell 5.1; what must never be stopped or left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import tables
from .fault import Fault
from .tree import Call, Node, before, calls, constant, name_of, variables
from .values import Flow

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
_TERM_SERVICE = re.compile(r"\btermserv(?:ice\b|[ice]*\*)")
_STOPPING = {"stop-service", "restart-service", "suspend-service"}
_SEVEN = {  # what only PowerShell 7 parses: kind of node, property of another, operator -> instead
    "PipelineChain": "two statements and a test",
    "TernaryExpression": "if/else",
    "NullConditional": "a test for $null",
    "QuestionQuestion": "if/else",
    "QuestionQuestionEquals": "if/else",
    "CleanBlock": "finally",
    "Background": "Start-Process",
}


def check(root: Node, flow: Flow, step: bool) -> Iterator[Fault]:
    """All rules of this file; ``step`` asks for what a whole step script must have besides."""
    yield from _forbidden(root, flow)
    yield from _version_seven(root)
    if step:
        yield from _step(root)


def _forbidden(root: Node, flow: Flow) -> Iterator[Fault]:
    for call in calls(root):
        if call.lower in _FORBIDDEN:
            yield Fault(call.node.line, "forbidden", f"{call.name} is not used here", _FORBIDDEN[call.lower])
    for node in root.find("TypeExpression", "TypeConstraint"):
        if node.TypeName.lower() in {"wmi", "wmiclass", "wmisearcher"}:
            yield Fault(node.line, "forbidden", f"[{node.TypeName}] is not used here", "Get-CimInstance")
    # What a call can touch: written, splatted, held by a variable, or coming down the pipeline.
    touched = [(call.node, [call.node, *before(call.node)]) for call in calls(root) if _stops(call, flow)]
    methods = [node for node in root.find("InvokeMemberExpression") if (constant(node.Member) or "").lower() == "stop"]
    for node, parts in [*touched, *((node, [node.Expression]) for node in methods)]:
        if any(_TERM_SERVICE.search(text) for part in parts for text in flow.texts(part)):
            yield Fault(node.line, "termservice", "stopping TermService ends every session", "leave it running")


def _stops(call: Call, flow: Flow) -> bool:
    """Whether the call stops what it names."""
    method = {text.lower() for text in flow.strings(flow.argument(call, "MethodName"))}
    by_tool = call.lower in {"sc.exe", "net.exe", "net", "sc"} and re.search(r"(?i)\bstop\b", call.node.text)
    by_status = call.lower == "set-service" and call.has("Status")
    return call.lower in _STOPPING or bool(by_tool) or by_status or "stopservice" in method


def _version_seven(root: Node) -> Iterator[Fault]:
    newer = tables.additions()["powershell7"]
    for node in root.walk():
        properties = [name for name in ("NullConditional", "CleanBlock", "Background") if getattr(node, name)]
        for what in (node.kind, node.Operator, *properties):
            if what in _SEVEN:
                yield Fault(node.line, "powershell-7", f"{node.text[:40]} is PowerShell 7 ({what})", _SEVEN[what])
    for call in calls(root):
        for _, name, _ in call.named:
            if name.lower() in {word.lower() for word in newer["parameters"].get(call.name, [])}:
                yield Fault(call.node.line, "powershell-7", f"{call.name} -{name} is PowerShell 7", "not in 5.1")
    for variable in variables(root):
        if name_of(variable) in {word.lower() for word in newer["variables"]}:
            yield Fault(variable.line, "powershell-7", f"{variable.text} is PowerShell 7", "not in 5.1")


def _step(root: Node) -> Iterator[Fault]:
    first, second = ([*(" ".join(one.text.split()) for one in root.EndBlock.Statements), "", ""])[:2]
    if first != "Set-StrictMode -Version Latest":
        yield Fault(1, "strict", "the first statement is another one", "Set-StrictMode -Version Latest")
    if second != "$ErrorActionPreference = 'Stop'":
        yield Fault(1, "strict", "the second statement is another one", "$ErrorActionPreference = 'Stop'")
    names = [parameter.Name.text for parameter in root.ParamBlock.Parameters] if root.ParamBlock else []
    if names not in ([], ["$InputPath", "$OutputPath"]):
        yield Fault(1, "param", f"the script's parameters are {', '.join(names)}", "$InputPath, $OutputPath")
    for node in root.find("ExitStatement"):
        yield Fault(node.line, "exit", "exit would close the window of a person who pastes this", "throw")
