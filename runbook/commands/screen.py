"""What a terminal is given: lines that fit its width, colours where it has some."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

#: A command that ends its line: no sentence follows it.
_COMMAND = re.compile(r" runbook (?:accept|confirm|record|redact|run|seal|status|verify|withdraw) (?:(?![.;] ).)*$")
#: Of a state: the colour of its word.
_HUES = {
    "done": "green",
    "waiting": "blue",
    "failed": "red",
    "killed": "red",
    "interrupted": "red",
    "unreadable": "red",
}


def hue(state: str) -> str | None:
    """The colour of a state's word, None for one that has none."""
    return _HUES.get(state)


def colours() -> bool | None:
    """What click is told about colours: none where NO_COLOR is set (no-color.org), else as it finds the terminal."""
    return False if os.environ.get("NO_COLOR") else None


def fitted(lines: list[str]) -> list[str]:
    """``lines`` wrapped to the terminal, their beginnings kept; as they are where nobody looks at one. A command is
    never broken, for it is there to be pasted: one that ends a line which is wrapped gets a line of its own."""
    if not sys.stdout.isatty():
        return lines
    width = max(shutil.get_terminal_size().columns, 40)
    found: list[str] = []
    for line in lines:
        if line.lstrip().startswith("runbook ") or len(line) <= width:
            found.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        command = _COMMAND.search(line)
        told = line[: command.start()] if command else line
        found += textwrap.wrap(told, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        found += [indent + command[0].strip()] if command else []
    return found
