"""Fences for a Unix shell: the lines split into programs and their words, no more of the language than pages use."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from . import programs, tables
from .fault import Fault, nearest

_NEXT = {"&&", "||", ";", "|", "&"}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*")


def check(text: str) -> Iterator[Fault]:
    """Unknown programs; options, subcommands, steps and notebooks that do not exist."""
    for line, words in commands(text):
        program, *rest = words
        name = programs.name_of(program)
        if name is None:
            known = tables.programs()["shell"]["names"]
            if program not in known:
                hint = nearest(program.rsplit("/", 1)[-1], [*known, *programs.names()])
                yield Fault(line, "command", f"unknown command {program}", hint)
            continue
        for wrong, right, _ in programs.check_path(program, shell=True):
            yield Fault(line, "program", wrong, right)
        seen = [programs.UNSEEN if "$" in word else word for word in rest]
        for wrong, right, _ in programs.check_words(name, seen):
            yield Fault(line, "program", wrong, right)
        for word in rest:
            if re.match(r"(notebooks|tests|wheels|archive|cases)\\", word):
                yield Fault(line, "program", f"{word} has the other system's slashes", word.replace("\\", "/"))


def commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line from 1, words) of each command. Where a line starts with a prompt (`$ `), the others are output."""
    lines = text.splitlines()
    prompted = any(line.lstrip().startswith("$ ") for line in lines)
    number = 0
    while number < len(lines):
        first, line = number + 1, lines[number].strip()
        while line.endswith("\\") and number + 1 < len(lines):
            number += 1
            line = line[:-1] + " " + lines[number].strip()
        number += 1
        if prompted and not line.startswith("$ "):
            continue
        lexer = shlex.shlex(line.removeprefix("$ ") if prompted else line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        lexer.escape = ""
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word in _NEXT:
                if words:
                    yield first, words
                words = []
            elif words or not _ASSIGNED.fullmatch(word):
                words.append(word)
