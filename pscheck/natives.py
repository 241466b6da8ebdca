"""Native tools: each switch is in the tool's own help, each call is followed by a test of its exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from . import programs, tables
from .commands import Call, Constants, calls
from .fault import Fault, nearest
from .names import native_of
from .tree import Node, statement_of, string_value, variable_name

_SWITCH = re.compile(r"^[/-](?P<name>[A-Za-z?][\w+-]*)(?P<rest>[:=].*)?$", re.DOTALL)


_BLOCKS = (
    *("if_statement", "foreach_statement", "while_statement", "for_statement", "do_statement", "switch_statement"),
    *("try_statement", "function_statement", "script_block_expression"),
)


def check(root: Node, constants: Constants, typed: bool = False) -> Iterator[Fault]:
    """Unknown switches, values and verbs; missing exit-code tests; stderr redirected under 'Stop'.

    ``typed``: a person types the lines and sees what each says. Where nothing but lines of programs.py stands in
    such a text, no test of their exit code is asked for.
    """
    found = [(call, tool) for call in calls(root) if (tool := native_of(call, constants))]
    lines = all(tool in programs.names() for _, tool in found) and next(root.find(*_BLOCKS), None) is None
    for call, tool in found:
        if tool in programs.names():
            yield from _check_program(call, tool, constants)
        else:
            yield from _check_words(call, tool, constants)
        if not (typed and lines):
            yield from _check_exit(call, tool, [other for other, _ in found])
        yield from _check_redirection(root, call, tool)


def _words(call: Call, constants: Constants) -> Iterator[tuple[Node, str]]:
    """The arguments in order, as far as they are visible: constants, and the start of `"/LOG:$file"`."""
    elements = call.node.kid("command_elements")
    for part in elements.kids if elements else []:
        if part.type in {"redirection", "command_argument_sep"}:
            continue
        if part.type == "variable" and part.text.startswith("@"):
            for source in constants.assigned.get(variable_name(part), []):
                for leaf in source.find("string_literal", "generic_token"):
                    yield leaf, _visible(leaf)
            continue
        yield part, _visible(part)


def _visible(part: Node) -> str:
    value = string_value(part)
    if value is not None:
        return value
    if part.type == "command_parameter":
        return part.text
    if part.type == "string_literal":
        return part.text[1:-1]
    return ""


def _check_words(call: Call, tool: str, constants: Constants) -> Iterator[Fault]:
    table: dict[str, Any] = tables.natives()["tools"][tool]
    words = list(_words(call, constants))
    switches: dict[str, Any] = dict(table.get("switches") or {})
    verbs: dict[str, Any] = table.get("verbs") or {}
    if verbs:
        first = next((item for item in words if item[1]), None)
        name = first[1].lower().lstrip("-/") if first else ""
        if first is None or words[0] is not first:
            yield Fault(call.node.line, "native", f"{tool}: its verb cannot be seen", ", ".join(verbs))
            return
        if name not in verbs:
            yield Fault(first[0].line, "native", f"{tool} has no verb {first[1]}", nearest(name, verbs))
            return
        switches |= verbs[name].get("switches") or {}
        words = words[1:]
    for node, word in words:
        match = _SWITCH.match(word)
        if match is None or (table.get("paths") and re.match(r"^[A-Za-z]:", word)):
            if word and not word.startswith(("/", "-")) and (verbs or table.get("bare")):
                yield from _check_bare(node, word, tool, table)
            elif word.startswith(("/", "-")):
                yield Fault(node.line, "native", f"{tool} has no switch {word}", nearest(word, switches))
            continue
        name = match["name"].lower()
        if name not in switches:
            yield Fault(node.line, "native", f"{tool} has no switch {match['name']}", nearest(name, switches))
            continue
        yield from _check_value(node, tool, name, match["rest"] or "", switches[name])


def _check_program(call: Call, tool: str, constants: Constants) -> Iterator[Fault]:
    """The project's own commands and Python's launchers: the words as the program itself would take them."""
    elements = call.node.kid("command_elements")
    kids = elements.kids if elements else []
    parts = [part for part in kids if part.type not in {"redirection", "command_argument_sep"}]
    words = [_typed(part) for part in parts]
    held = {call.name} if call.name else constants.strings(call.target) or set()
    for path in held:
        for wrong, right, _ in programs.check_path(path, shell=False):
            yield Fault(call.name_node.line, "program", wrong, right)
    for wrong, right, word in programs.check_words(tool, words):
        line = next((part.line for part, each in zip(parts, words, strict=True) if each == word), call.node.line)
        yield Fault(line, "program", wrong, right)


def _typed(part: Node) -> str:
    """A word as the program gets it; what a variable holds is not seen."""
    value = string_value(part)
    if value is not None:
        return value
    if part.type in {"string_literal", "variable"} or "$" in part.text:
        return programs.UNSEEN
    return part.text


def _check_bare(node: Node, word: str, tool: str, table: dict[str, Any]) -> Iterator[Fault]:
    """A bare word where only a closed list of words can stand (`gpresult /scope computer`, `certutil … SHA256`)."""
    bare = table.get("bare")
    plain = re.fullmatch(r"[A-Za-z0-9_-]+", word) and node.type == "generic_token"
    if bare and plain and word.lower() not in {str(b).lower() for b in bare}:
        yield Fault(node.line, "native", f"{tool} does not know the word {word}", nearest(word, map(str, bare)))


def _check_value(node: Node, tool: str, name: str, rest: str, rule: Any) -> Iterator[Fault]:
    """``rule``: "none", "any", "optional", a list of words, or a regular expression of the value."""
    value = rest[1:]
    if rule == "none" and rest:
        yield Fault(node.line, "native", f"{tool} {name} takes no value", name)
    elif isinstance(rule, list) and value.lower() not in {str(word).lower() for word in rule}:
        if "$" not in value:
            options = ", ".join(str(word) for word in rule)
            yield Fault(node.line, "native", f"{tool} {name}: {value!r} is no value of it", options)
    elif rule == "any" and not value:
        yield Fault(node.line, "native", f"{tool} {name} needs a value", f"{name}:VALUE")


def _check_exit(call: Call, tool: str, natives: list[Call]) -> Iterator[Fault]:
    statement = _outermost(statement_of(call.node))
    same = [other for other in natives if other is not call and _outermost(statement_of(other.node)) is statement]
    after = list(_following(statement))
    if not same and any(_tests_exit_code(part, after[i:]) for i, part in _until_native(after, natives)):
        return
    yield Fault(
        call.node.line, "exit-code", f"{tool} is not followed by a test of its exit code",
        "if ($LASTEXITCODE -ne 0) { throw … } before the next native call",
    )  # fmt: skip


def _outermost(statement: Node) -> Node:
    """`$text = @(tool.exe … | …)`: the test follows the assignment, so that is the statement that counts."""
    while statement.up is not None and statement.up.type in {"array_expression", "sub_expression"}:
        if statement is not [kid for kid in statement.up.kids if kid.named()][-1]:
            break
        statement = statement_of(statement.up)
    return statement


def _until_native(after: list[Node], natives: list[Call]) -> Iterator[tuple[int, Node]]:
    for i, part in enumerate(after):
        holds = [call for call in natives if part.start <= call.node.start < part.end]
        reads = [node for node in part.find("variable") if variable_name(node) == "lastexitcode"]
        if holds and not (reads and reads[0].start < holds[0].node.start):
            return
        yield i, part


def _following(statement: Node) -> Iterator[Node]:
    owner = statement.up
    if owner is None:
        return
    at = owner.kids.index(statement)
    yield from (kid for kid in owner.kids[at + 1 :] if kid.named())


def _tests_exit_code(part: Node, rest: list[Node]) -> bool:
    """A comparison, switch or condition on $LASTEXITCODE, or on a variable that takes it over at once."""
    for node in part.find("variable"):
        if variable_name(node) != "lastexitcode":
            continue
        if _is_tested(node):
            return True
        for up in node.above():
            if up.type == "assignment_expression":
                left = up.kid("left_assignment_expression")
                names = {variable_name(leaf) for leaf in left.find("variable")} if left else set()
                return any(
                    variable_name(leaf) in names and _is_tested(leaf)
                    for later in rest
                    for leaf in later.find("variable")
                )
    return False


def _is_tested(node: Node) -> bool:
    for up in node.above():
        if up.type in {"comparison_expression", "switch_condition"}:
            return True
        if up.type in {"if_statement", "elseif_clause"} and not up.text[node.start - up.start :].startswith("{"):
            condition = up.kid("pipeline")
            return condition is not None and condition.start <= node.start < condition.end
        if up.type in {"statement_block", "script_block", "program"}:
            return False
    return False


def _check_redirection(root: Node, call: Call, tool: str) -> Iterator[Fault]:
    """In 5.1 a line on a redirected stderr becomes an error record, which 'Stop' turns into an exception."""
    errors = [part for part in call.redirections if re.match(r"^(2|\*)>", part.text)]
    if not errors:
        return
    preference = None
    for assignment in root.find("assignment_expression"):
        if assignment.start < call.node.start and assignment.text.lower().startswith("$erroractionpreference"):
            preference = string_value(assignment.kids[-1])
    if preference is not None and preference.lower() == "stop":
        yield Fault(
            call.node.line, "native-stderr", f"{tool}: a redirected stderr throws under 'Stop' in 5.1",
            "set $ErrorActionPreference = 'Continue' around it, or leave stderr alone",
        )  # fmt: skip
