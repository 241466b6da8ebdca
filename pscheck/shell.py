"""Fences for a Unix shell: the lines split into programs and their words, no more of the language than pages use."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from . import programs, tables
from .fault import Fault, nearest

_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*")


def check(text: str) -> Iterator[Fault]:
    """Unknown programs; options, subcommands, steps and notebooks that do not exist."""
    known = tables.programs()["shell"]["names"]
    for line, (program, *words) in commands(text):
        seen = [programs.UNSEEN if "$" in word else word for word in words]
        if programs.name_of(program):
            for word in words:
                if re.match(r"(notebooks|tests|wheels|archive|cases)\\", word):
                    yield Fault(line, "program", f"{word} has the other system's slashes", word.replace("\\", "/"))
            if found := programs.mistake(program, seen, shell=True):
                yield Fault(line, "program", found.wrong, found.right)
        elif program not in known:
            hint = nearest(program.rsplit("/", 1)[-1], [*known, *programs.names()])
            yield Fault(line, "command", f"unknown command {program}", hint)


def commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line from 1, words) of each command. Where a line starts with a prompt (`$ `), the others are output."""
    # A line that goes on is one line; the empty ones behind it keep the count.
    whole = re.sub(r"(?:[^\n]*\\\n)+[^\n]*", lambda m: m[0].replace("\\\n", " ") + "\n" * m[0].count("\\\n"), text)
    prompted = re.search(r"(?m)^\s*\$ ", text)
    for number, line in enumerate(whole.splitlines(), 1):
        if prompted and not line.lstrip().startswith("$ "):
            continue
        lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=";&|")
        lexer.whitespace_split, lexer.commenters, lexer.escape = True, "#", ""
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in {"&&", "||", ";", "|", "&"}:
                words += [word] if words or not _ASSIGNED.fullmatch(word) else []
            elif words:
                yield number, words
                words = []
