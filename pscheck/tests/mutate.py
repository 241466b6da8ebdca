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

from pscheck.tree import Node, parse

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


_CATEGORIES = {  # of a word behind a cmdlet's parameter
    "erroraction": "value", "encoding": "value", "itemtype": "value", "pathtype": "value",
    "property": "property", "expandproperty": "property", "typename": "type",
    "classname": "class", "methodname": "method",
}  # fmt: skip


def tokens(root: Node) -> Iterator[Token]:
    """Every word of a kind that can be mistyped."""
    for node in root.walk():
        up = node.up
        if node.kind == "Command":
            yield from _call(node)
        elif node.kind in {"MemberExpression", "InvokeMemberExpression"}:
            assigned = up is not None and up.kind == "AssignmentStatement" and up.Left is node
            if node.Member.StringConstantType == "BareWord" and not assigned:  # a new key of a table is a valid program
                yield _word("property" if node.kind == "MemberExpression" else "method", node.Member, node.Member.text)
        elif node.kind == "Hashtable":
            keys = [key for key, _ in node.KeyValuePairs if key.text.isalnum()]
            yield from (_word(category, key, key.text) for key in keys if (category := _keys(node)))
        elif node.kind == "VariableExpression":
            match = re.fullmatch(r"[$@]\{?(?:using:|script:)?([A-Za-z]\w+)\}?", node.text)
            if match:
                yield Token("variable", match[1], node.start + match.start(1))
        elif node.kind in {"TypeExpression", "TypeConstraint"}:
            yield _word("type", node, re.findall(r"\w+", node.text)[-1])


def _word(category: str, node: Node, word: str) -> Token:
    return Token(category, word, node.start + node.text.rindex(word))


def _call(command: Node) -> Iterator[Token]:
    """The name of a command, its parameters and the words behind them; the switches and the verb of a program."""
    name, *words = command.CommandElements
    cmdlet = "-" in name.text
    if re.search(r"[A-Za-z]{3}", name.text) and name.StringConstantType == "BareWord":
        yield _word("command", name, re.sub(r"\.\w+$", "", name.text))
    parameter = ""
    for at, node in enumerate(words):
        if node.kind == "CommandParameter":
            parameter = node.ParameterName.lower()
            yield _word("parameter" if cmdlet else "switch", node, node.ParameterName)
            continue
        text = node.text.strip("'\"")
        if cmdlet:
            category = _CATEGORIES.get(parameter)
            parts = [part for part in node.Elements or [node] if re.fullmatch(r"[\w.]+", part.text.strip("'\""))]
            yield from (_word(category, part, part.text.strip("'\"")) for part in parts if category)
        elif match := re.match(r"(?:/|--)([A-Za-z][A-Za-z-]+)", text):
            yield _word("switch", node, match[1])
        elif re.fullmatch(r"notebooks[\\/]\w+\.ipynb", text):
            yield _word("notebook", node, text)
        elif at == 0 and re.fullmatch(r"[a-z][a-z-]{4,}", text):
            yield _word("verb", node, text)  # what a program is to do: its first word
        parameter = ""


def _keys(table: Node) -> str:
    """Keys of a literal hashtable: arguments of a method, parameters where it is splatted, or what no one checks."""
    up = table.up
    siblings = list(up.CommandElements) if up is not None else []
    before = siblings[siblings.index(table) - 1].text.lower() if siblings else ""
    rows = (
        up is not None
        and up.kind == "Hashtable"
        and any(key.text.lower() == "arguments" and value is table for key, value in up.KeyValuePairs)
    )
    if rows or before in {"-arguments", "-filterhashtable"}:
        return "argument"
    splatted = up is not None and up.kind == "AssignmentStatement" and f"@{up.Left.text[1:]}"
    return "parameter" if splatted and re.search(rf"{splatted}\b", table.source) else ""


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
    root, _ = parse(text)
    for token in tokens(root) if root is not None else ():
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
