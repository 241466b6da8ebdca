"""Typing mistakes, made from the kinds of tokens in the parse tree alone.

This module knows nothing of commands, classes or types: it takes the tree's word for what is a command name, a
parameter, a member, a key, a variable, and drops, doubles, swaps or replaces one letter of it. A mistake whose
result is a word of the same text is not made: it could be another valid program.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .tree import Node, parse

_NEAR = {  # neighbours on a keyboard
    **dict(zip("qwertyuiop", "wqetytioui", strict=True)),
    **dict(zip("asdfghjkl", "sasdfjhkj", strict=False)),
    **dict(zip("zxcvbnm", "xzvcbmn", strict=True)),
}


@dataclass(frozen=True)
class Token:
    """One word that can be mistyped: its category and its place in the text."""

    category: str
    word: str
    start: int


@dataclass(frozen=True)
class Mutant:
    """A text with one mistake."""

    category: str
    wrong: str
    right: str
    line: int
    text: str


def tokens(root: Node) -> Iterator[Token]:
    """Every word of a kind that can be mistyped."""
    for node in root.walk():
        if node.type == "command_name" and re.search(r"[A-Za-z]{3}", node.text):
            yield _word("command", node, re.sub(r"\.exe$", "", node.text))
        elif node.type == "path_command_name":
            yield _word("command", node, re.sub(r"\.\w+$", "", node.text))
        elif node.type == "command_parameter":
            native = not _of_cmdlet(node)
            yield _word("switch" if native else "parameter", node, node.text.strip("-:"))
        elif node.type in {"generic_token", "string_literal"} and node.up is not None:
            yield from _argument(node)
        elif node.type == "member_name" and node.kids and node.kids[0].type == "simple_name":
            yield from _member(node)
        elif node.type == "hash_entry":
            yield from _argument_key(node)
        elif node.type == "variable":
            yield from _variable(node)
        elif node.type == "type_identifier":
            yield Token("type", node.text, node.start)


def _word(category: str, node: Node, word: str) -> Token:
    return Token(category, word, node.start + node.text.index(word))


def _of_cmdlet(node: Node) -> bool:
    command = next(up for up in node.above() if up.type == "command")
    name = command.kid("command_name", "command_name_expr")
    return name is not None and "-" in name.text


def _before(node: Node) -> str:
    """The parameter in front of an argument, in lower case."""
    siblings = node.up.kids if node.up is not None else []
    at = next((i for i, kid in enumerate(siblings) if kid is node), 0)
    return siblings[at - 1].text.lower() if at and siblings[at - 1].type == "command_parameter" else ""


def _argument(node: Node) -> Iterator[Token]:
    if node.up is None or node.up.type not in {"command_elements", "array_literal_expression"}:
        return
    text = node.text.strip("'\"")
    if node.up.type == "command_elements" and not _of_cmdlet(node):
        match = re.match(r"/([A-Za-z]{2,})", text)
        if match:
            yield Token("switch", match[1], node.start + node.text.index("/") + 1)
        elif re.fullmatch(r"notebooks[\\/]\w+\.ipynb", text):
            yield _word("notebook", node, text)
        elif re.fullmatch(r"[a-z][a-z-]{4,}", text) and node.up.kids[0] is node:
            yield _word("verb", node, text)  # what a program is to do: its first word
        return
    holder = node if node.up.type == "command_elements" else node.up
    parameter = _before(holder)
    category = {
        "-erroraction": "value", "-encoding": "value", "-itemtype": "value", "-pathtype": "value",
        "-property": "property", "-expandproperty": "property", "-typename": "type",
        "-classname": "class", "-methodname": "method",
    }.get(parameter)  # fmt: skip
    if category and re.fullmatch(r"[\w.]+", text):
        yield Token(category, text, node.start + node.text.index(text))


def _member(node: Node) -> Iterator[Token]:
    owner = node.up
    assert owner is not None
    if owner.up is not None and owner.up.type == "left_assignment_expression":
        return  # a new key of a table is a valid program
    yield Token("property" if owner.type == "member_access" else "method", node.text, node.start)


def _argument_key(node: Node) -> Iterator[Token]:
    table = next(up for up in node.above() if up.type == "hash_literal_expression")
    owner = next((up for up in table.above() if up.type in {"hash_entry", "assignment_expression"}), None)
    in_row = owner is not None and owner.type == "hash_entry" and owner.text.lower().startswith("arguments")
    splatted = (
        owner is not None
        and owner.type == "assignment_expression"
        and owner.text.startswith("$")
        and re.search(rf"@{re.escape(owner.text.split()[0][1:])}\b", node.order[0].text) is not None
    )
    key = node.kid("key_expression")
    name = key.kids[0] if key is not None and key.kids else None
    if name is None or name.type != "simple_name":
        return
    if in_row or _before(table) in {"-arguments", "-filterhashtable"}:
        yield Token("argument", name.text, name.start)
    elif splatted:
        yield Token("parameter", name.text, name.start)


def _variable(node: Node) -> Iterator[Token]:
    match = re.fullmatch(r"[$@]\{?(?:using:|script:)?([A-Za-z]\w+)\}?", node.text)
    if match:
        yield Token("variable", match[1], node.start + match.start(1))


def misspell(word: str, random_: random.Random) -> str:
    """``word`` with one letter dropped, doubled, swapped with the next or replaced by its neighbour."""
    places = [i for i, letter in enumerate(word) if letter.isalpha()]
    at = random_.choice(places)
    how = random_.choice(["drop", "double", "swap", "replace"])
    if how == "drop" and len(word) > 2:
        return word[:at] + word[at + 1 :]
    if how == "double":
        return word[: at + 1] + word[at:]
    if how == "swap" and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    near = _NEAR[word[at].lower()]
    return word[:at] + (near.upper() if word[at].isupper() else near) + word[at + 1 :]


def mutants(text: str, seed: str, per_category: int) -> Iterator[Mutant]:
    """At most ``per_category`` mistakes of each category, the same ones for the same seed.

    Native switches and method arguments are rare: each of them is mistyped once.
    """
    random_ = random.Random(seed)
    words = {word.lower() for word in re.findall(r"\w+", text)}
    by_category: dict[str, list[Token]] = {}
    for token in tokens(parse(text)):
        by_category.setdefault(token.category, []).append(token)
    for category, found in sorted(by_category.items()):
        random_.shuffle(found)
        made = 0
        for token in found:
            wrong = misspell(token.word, random_)
            if wrong.lower() == token.word.lower() or set(wrong.lower().split("-")) <= words:
                continue
            end = token.start + len(token.word)
            mutated = text[: token.start] + wrong + text[end:]
            yield Mutant(category, wrong, token.word, text.count("\n", 0, token.start) + 1, mutated)
            made += 1
            if made == per_category and category not in {"switch", "argument"}:
                break
