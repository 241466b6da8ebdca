"""Native tools: each switch is in the tool's own help, each call is followed by a test of its exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from . import programs, tables
from .fault import Fault, nearest, unknown
from .localised import is_comparison
from .tree import Call, Node, calls, constant, name_of, plain, statement_of, variables
from .values import Flow

_SWITCH = re.compile(r"^[/-](?P<name>[A-Za-z?][\w+-]*)(?P<rest>[:=].*)?$", re.DOTALL)


def check(root: Node, flow: Flow, typed: bool = False) -> Iterator[Fault]:
    """Unknown switches, values and verbs; missing exit-code tests; stderr redirected under 'Stop'.

    ``typed``: a person types the lines and sees what each says. Where nothing but lines of programs.py stands in
    such a text, no test of their exit code is asked for.
    """
    found = {call.node: tool for call in calls(root) if (tool := flow.native(call))}
    blocks = any(node.kind in {"StatementBlock", "ScriptBlockExpression", "FunctionDefinition"} for node in root.walk())
    lines = typed and not blocks and programs.names().issuperset(found.values())
    for call in calls(root):
        tool = found.get(call.node)
        if tool is None:
            continue
        if tool in programs.names():
            yield from _check_program(call, flow)
        else:
            yield from _check_words(call, tool, flow)
        if not lines and not _is_tested(call.node, set(found)):
            right = "if ($LASTEXITCODE -ne 0) { throw … } before the next native call"
            yield Fault(call.node.line, "exit-code", f"{tool} is not followed by a test of its exit code", right)
        if any(part.FromStream in {"Error", "All"} for part in call.node.Redirections) and _stops(call.node, root):
            # A line on a redirected stderr becomes an error record, which 'Stop' turns into an exception.
            right = "set $ErrorActionPreference = 'Continue' around it, or leave stderr alone"
            yield Fault(call.node.line, "native-stderr", f"{tool}: a redirected stderr throws in 5.1", right)


def _check_words(call: Call, tool: str, flow: Flow) -> Iterator[Fault]:
    table: dict[str, Any] = tables.natives()["tools"][tool]
    # The arguments in order, as far as they are visible: constants, and the start of `"/LOG:$file"`.
    words: list[tuple[Node, str]] = []
    for part in call.node.CommandElements[1:]:
        sources = flow.assigned.get(name_of(part), []) if part.Splatted else [part]
        leaves = [leaf for source in sources for leaf in (source.walk() if part.Splatted else [source])]
        for leaf in leaves:
            word = constant(leaf) if leaf.kind != "CommandParameter" else leaf.text
            words.append((leaf, word if word is not None else str(leaf.Value or "")))
    switches, verbs = dict(table.get("switches") or {}), table.get("verbs")
    if verbs:
        node, verb = words[0] if words else (call.node, "")
        name = verb.lower().lstrip("-/")
        yield from unknown(node.line, "native", f"{tool} has no verb", name, verbs)
        switches |= (verbs.get(name) or {}).get("switches") or {}
        words = words[1:] if name in verbs else []
    for node, word in words:
        match = _SWITCH.match(word)
        if not word.startswith(("/", "-")) or (table.get("paths") and re.match(r"^[A-Za-z]:", word)):
            # A bare word where only a closed list of words can stand (`gpresult /scope computer`).
            if table.get("bare") and re.fullmatch(r"[A-Za-z0-9_-]+", word) and node.StringConstantType == "BareWord":
                yield from unknown(node.line, "native", f"{tool} does not know the word", word, table["bare"])
        elif match is None or match["name"].lower() not in switches:
            yield Fault(node.line, "native", f"{tool} has no switch {word}", nearest(word.lstrip("/-"), switches))
        elif wrong := _wrong_value(match["rest"] or "", switches[match["name"].lower()]):
            yield Fault(node.line, "native", f"{tool} {word}: {wrong}", "")


def _wrong_value(rest: str, rule: Any) -> str:
    """``rule``: "none", "any", "optional", "free" (its value is the next word), or a list of words."""
    value = rest[1:]
    if isinstance(rule, list) and value.lower() not in {str(word).lower() for word in rule} and "$" not in value:
        return f"no value of it, but {', '.join(map(str, rule))}"
    return {"none": "takes no value" if rest else "", "any": "" if value else "needs a value"}.get(str(rule), "")


def _check_program(call: Call, flow: Flow) -> Iterator[Fault]:
    """The project's own commands and Python's launchers: the words as the program itself would take them."""
    parts = call.node.CommandElements[1:]
    # What a variable holds is not seen; a number is taken as it is written.
    words = [
        programs.UNSEEN if any(variables(part)) else (part.StringConstantType and constant(part)) or part.text
        for part in parts
    ]
    if found := programs.mistake(call.name or next(iter(flow.strings(call.target))), words):
        where = parts[words.index(found.word)] if found.word in words else call.node
        yield Fault(where.line, "program", found.wrong, found.right)


def _is_tested(command: Node, natives: set[Node]) -> bool:
    """Whether a statement behind the one that holds ``command`` tests its exit code before another native call."""
    statement = statement_of(command)
    # `$text = @(tool.exe … | …)`: the test follows the assignment, so that is the statement that counts.
    while statement.up and statement.up.up and statement.up.up.kind in {"ArrayExpression", "SubExpression"}:
        if statement is not statement.up.Statements[-1]:
            break
        statement = statement_of(statement.up.up)
    others = natives - {command}
    if statement.up is None or others.intersection(statement.walk()):
        return False
    rest = statement.up.Statements
    rest = rest[rest.index(statement) + 1 :]
    for at, part in enumerate(rest):
        codes = [node for node in variables(part) if name_of(node) == "lastexitcode"]
        called = [node for node in part.walk() if node in others]
        if called and not (codes and codes[0].start < called[0].start):
            return False
        for code in codes:
            taken = next((up for up in code.above() if up.kind == "AssignmentStatement"), None)
            kept = plain(taken.Left) if taken is not None else None
            later = [leaf for one in rest[at:] for leaf in variables(one)] if kept and kept.VariablePath else []
            if _decides(code) or any(kept and name_of(leaf) == name_of(kept) and _decides(leaf) for leaf in later):
                return True
    return False


def _decides(node: Node) -> bool:
    """In a comparison, a switch or the condition of an if."""
    for up in node.above():
        if is_comparison(up) or up.kind in {"SwitchStatement", "IfStatement"}:
            return True
        if up.kind in {"StatementBlock", "ScriptBlock"}:
            return False
    return False


def _stops(command: Node, root: Node) -> bool:
    preference = ""
    for node in root.find("AssignmentStatement"):
        if node.start < command.start and node.Left.text.lower() == "$erroractionpreference":
            preference = constant(node.Right) or ""
    return preference.lower() == "stop"
