"""The checker: a PowerShell text in, its faults out."""

from __future__ import annotations

from dataclasses import replace

from . import cim, localised, members, names, natives, shell, style, variables
from .collect import Text
from .fault import Fault
from .tree import Node, parse
from .values import Flow


def check(text: Text) -> list[Fault]:
    """All faults of ``text``, by line of its file, as its kind is to be read.

    A whole step script must have more (strict mode at the top, no exit). A command named inside a sentence has nothing
    behind it that could test its exit code. The lines of a page's fence are typed by a person (see natives.py).
    """
    found: list[Fault] = []
    if text.kind == "shell":
        found += shell.check(text.text)
    else:
        root, errors = parse(text.text)
        found += [Fault(at, "syntax", what) for at, what in errors]
        found += _rules(root, text) if root is not None else []
    placed = {
        replace(fault, line=fault.line + text.line - 1, file=text.file, section=text.section)
        for fault in found
        if text.kind != "inline" or fault.rule != "exit-code"
    }
    return sorted(placed)


def _rules(root: Node, text: Text) -> list[Fault]:
    flow = Flow(root)
    return [
        *style.check(root, flow, text.step),
        *names.check(root, flow),
        *localised.check(root, flow),
        *natives.check(root, flow, text.kind == "fence"),
        *variables.check(root, flow),
        *cim.check(root, flow),
        *members.check(root, flow),
    ]
