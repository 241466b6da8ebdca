"""The checker: a PowerShell text in, its faults out."""

from __future__ import annotations

from dataclasses import replace

from . import cim, localised, members, names, natives, shell, style, variables
from .collect import Text
from .commands import Constants
from .fault import Fault
from .tree import parse
from .values import Flow


def check(
    text: str,
    *,
    step: bool = False,
    inline: bool = False,
    typed: bool = False,
    file: str = "",
    section: str = "",
    line: int = 1,
) -> list[Fault]:
    """All faults of ``text``, by line.

    ``step`` asks for what a whole step script must have (strict mode at the top, no exit). ``line`` is the line
    of the file at which the text starts, so that a fault in a fence names the line of the page. ``inline`` is a
    command named inside a sentence: its words are checked, but nothing follows it that could test its exit code.
    ``typed`` is a fence of a page, whose lines a person types (see natives.py).
    """
    root, errors = parse(text)
    found = [Fault(at, "syntax", what) for at, what in errors]
    if root is not None:
        constants = Constants(root)
        flow = Flow(root, constants)
        found += style.check(root, constants, step)
        found += names.check(root, constants)
        found += localised.check(root, constants)
        found += natives.check(root, constants, typed)
        found += variables.check(root, constants)
        found += cim.check(root, constants, flow)
        found += members.check(root, constants, flow)
    if inline:
        found = [fault for fault in found if fault.rule != "exit-code"]
    placed = {replace(fault, line=fault.line + line - 1, file=file, section=section) for fault in found}
    return sorted(placed)


def faults(text: Text, body: str | None = None) -> list[Fault]:
    """All faults of a collected text, as its kind is to be read; ``body`` stands in for its own words."""
    body = text.text if body is None else body
    if text.kind == "shell":
        place = {"file": text.file, "section": text.section}
        return sorted(replace(fault, line=fault.line + text.line - 1, **place) for fault in shell.check(body))
    return check(
        body,
        step=text.step,
        inline=text.kind == "inline",
        typed=text.kind == "fence",
        file=text.file,
        section=text.section,
        line=text.line,
    )
