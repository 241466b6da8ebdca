"""PowerShell text -> a small syntax tree.

tree-sitter-powershell wraps every operand in some ten levels of operator nodes; here a wrapper with a single
child is left out, so that `$x` is one `variable` node wherever it stands. Node types keep the grammar's names
(its spelling "invokation" and "assignement" included).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_powershell

LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())

_WRAPPERS = frozenset(
    [
        *("logical_expression", "bitwise_expression", "comparison_expression", "additive_expression"),
        *("multiplicative_expression", "format_expression", "range_expression", "array_literal_expression"),
        *("unary_expression", "pipeline_chain", "statement_list", "script_block_body"),
        *("logical_argument_expression", "bitwise_argument_expression", "comparison_argument_expression"),
        *("additive_argument_expression", "multiplicative_argument_expression", "format_argument_expression"),
        *("range_argument_expression", "argument_expression"),
    ]
)


_BARE_LIST = re.compile(rb"(?<=[\w*-]), (?=[A-Za-z*])")
# `papermill … -p apply backup,gpupdate`: PowerShell hands a program the list as it is written, as one word.
_PROGRAM_LIST = re.compile(rb"(?<=[\w-]),(?=[A-Za-z])")
_PROGRAM_LINE = re.compile(rb"(?m)^[ \t]*(?:& )?(?:\S*\\)?(?:papermill|runbook)(?:\.exe)? .*$")


@dataclass(eq=False)
class Node:
    """One node: grammar type, text, position in characters, line from 1.

    ``order`` is the same list in every node of a tree: all nodes in the order of the text; the node and what is
    below it are its slice ``first`` to ``last``, so that searching a tree needs no recursion.
    """

    type: str
    text: str
    start: int
    line: int
    kids: list[Node] = field(default_factory=list)
    up: Node | None = None
    missing: bool = False
    joined: bool = False  # a bare word that follows a comma: it belongs to the word before
    order: list[Node] = field(default_factory=list, repr=False)
    first: int = 0
    last: int = 0
    memo: object = None  # what commands.py has read from this node

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in the order of the text."""
        return iter(self.order[self.first : self.last])

    def find(self, *types: str) -> Iterator[Node]:
        """All nodes of the given types, this one included."""
        wanted = frozenset(types)
        return (node for node in self.order[self.first : self.last] if node.type in wanted)

    def kid(self, *types: str) -> Node | None:
        """The first direct child of one of the given types."""
        return next((node for node in self.kids if node.type in types), None)

    def above(self) -> Iterator[Node]:
        """The ancestors, nearest first."""
        node = self.up
        while node is not None:
            yield node
            node = node.up

    def named(self) -> list[Node]:
        """The children without punctuation and comments."""
        return [kid for kid in self.kids if kid.type[:1].isalpha() or kid.type in {"$_"}]

    @property
    def end(self) -> int:
        """Position behind the last character."""
        return self.start + len(self.text)


def parse(text: str) -> Node:
    """The tree of ``text``; parts that do not parse are nodes of type ERROR or are marked ``missing``."""
    data = text.encode("utf-8")
    parser = tree_sitter.Parser(LANGUAGE)
    root = parser.parse(data).root_node
    if root.has_error:
        # The grammar does not know a list of bare words with a space after the comma (`-Name A, B`), which
        # PowerShell does. "A ,B" parses, has the same length, and the texts are cut from the original.
        same = _PROGRAM_LINE.sub(lambda line: _PROGRAM_LIST.sub(b"_", line[0]), data)
        again = parser.parse(_BARE_LIST.sub(b" ,", same)).root_node
        root = root if again.has_error else again
    # Positions are wanted in characters; the grammar counts bytes.
    plain = len(data) == len(text)

    def chars(offset: int) -> int:
        return offset if plain else len(data[:offset].decode("utf-8", errors="replace"))

    def build(raw: tree_sitter.Node, up: Node | None) -> Node:
        start, end = chars(raw.start_byte), chars(raw.end_byte)
        joined = raw.type == "generic_token" and text[start:end].startswith(" ")
        while text[start:end][:1].isspace() and (joined or raw.type in {"ERROR", "simple_name"}):
            start += 1
        line = raw.start_point[0] + 1
        node = Node(raw.type, text[start:end], start, line, up=up, missing=raw.is_missing, joined=joined)
        if raw.type == "path_command_name" and re.fullmatch(r"\$\w+", node.text):
            node.type = "variable"  # `& $x`: the grammar has a name of its own for it
        if node.type == "variable":  # one leaf, whatever its form: $x, $_, ${x}, @x
            return node
        for child in raw.children:
            if child.type == "comment" or (child.type == "command_argument_sep" and not child.has_error):
                continue
            kept = build(child, node)
            if kept.type in _WRAPPERS and len(kept.kids) == 1 and not kept.missing:
                kept = kept.kids[0]
                kept.up = node
            if kept.type == "argument_list" and node.type == "command_elements" and node.kids:
                kept = _joined(node, node.kids.pop(), kept)
            node.kids.append(kept)
        return node

    tree = build(root, None)
    _number(tree, [])
    return tree


def _number(node: Node, order: list[Node]) -> None:
    node.order, node.first = order, len(order)
    order.append(node)
    for kid in node.kids:
        _number(kid, order)
    node.last = len(order)


def _joined(owner: Node, access: Node, arguments: Node) -> Node:
    """`Test-Path -LiteralPath $x.Substring(0, 3)`: as an argument the grammar leaves the call in two halves."""
    call = Node("invokation_expression", access.text + arguments.text, access.start, access.line, up=owner)
    call.kids = [*access.kids, arguments]
    for kid in call.kids:
        kid.up = call
    return call


def syntax_errors(root: Node) -> Iterator[tuple[int, str]]:
    """(line, what) of every ERROR and MISSING node; the innermost says it best, so outer ones are left out."""
    for node in root.walk():
        if node.missing:
            yield node.line, f"something is missing here: {node.type}"
        elif node.type == "ERROR" and not any(kid.type == "ERROR" for kid in node.walk() if kid is not node):
            near = " ".join(node.text.split())[:60]
            near += " (words of a list stand in quotes)" if near.startswith(",") else ""
            yield node.line, f"does not parse near {near!r}"


def string_value(node: Node | None) -> str | None:
    """The text of a constant: a quoted string without variables, a bare word, a number. None otherwise."""
    if node is None:
        return None
    if node.type in {"parenthesized_expression", "pipeline"} and len(node.named()) == 1:
        return string_value(node.named()[0])
    if node.type == "string_literal":
        inner = node.kids[0]
        if inner.type == "verbatim_string_characters":
            return inner.text[1:-1].replace("''", "'")
        if inner.type == "expandable_string_literal" and not inner.kids:
            return inner.text[1:-1]
        if inner.type.startswith("verbatim_here"):
            return inner.text[2:-2].strip("\r\n")
        return None
    if node.type in {"generic_token", "simple_name", "integer_literal", "real_literal", "command_name"}:
        return node.text
    if node.type == "path_command_name" and "$" not in node.text:
        return node.text
    return None


def variable_name(node: Node) -> str:
    """`$x`, `${x}`, `@x` -> "x"; scopes other than env: and using: are dropped; lower case."""
    name = node.text[1:]
    if name.startswith("{") and name.endswith("}"):
        name = name[1:-1]
    name = name.lower()
    for scope in ("script:", "global:", "local:", "private:", "variable:"):
        if name.startswith(scope):
            return name[len(scope) :]
    return name


def statement_of(node: Node) -> Node:
    """The statement that holds ``node``: the child of the nearest list of statements."""
    lists = {"statement_list", "program", "script_block", "statement_block", "sub_expression"}
    here = node
    for up in node.above():
        if up.type in lists or (up.type == "array_expression"):
            return here
        here = up
    return here


def hash_entries(node: Node) -> list[tuple[Node, Node | None]]:
    """(key, value) nodes of a literal hashtable; the key is a simple_name, a string or an expression."""
    out = []
    for entry in node.find("hash_entry"):
        owner = next(up for up in entry.above() if up.type == "hash_literal_expression")
        if owner is not node:
            continue
        key = entry.kid("key_expression")
        values = [kid for kid in entry.named() if kid.type != "key_expression"]
        if key is not None and key.named():
            out.append((key.named()[0], values[0] if values else None))
    return out


def inner(node: Node | None) -> Node | None:
    """Steps through parentheses, single-element pipelines and casts to what stands inside."""
    while node is not None:
        parts = node.named()
        if node.type in {"parenthesized_expression", "pipeline"} and len(parts) == 1:
            node = parts[0]
        elif node.type == "cast_expression" and len(parts) == 2:
            node = parts[1]
        elif node.type == "expression_with_unary_operator" and parts and parts[0].type == "cast_expression":
            node = parts[0]
        else:
            return node
    return None


def elements(node: Node) -> list[Node]:
    """The elements of a list, written with commas or as @(...); a lone value is a list of one."""
    node_ = inner(node) or node
    if node_.type in {"array_literal_expression", "array_expression", "statement_list"}:
        return [leaf for part in node_.named() for leaf in elements(part)]
    return [node_]
