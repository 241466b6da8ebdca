"""Run as ``python -m macros.cli_texts``: every command's help as JSON on stdout. A process of its own, because
the site imports nothing of the runbook but its knowledge. ``RUNBOOK_LANG`` says in which language."""

from __future__ import annotations

import importlib
import json
import os
import sys

import click


def helps(group: click.Group, name: str) -> dict[str, str]:
    """The help of ``group`` (under "") and of each of its commands, by name."""
    top = group.context_class(group, info_name=name, terminal_width=78, max_content_width=78)
    texts = {"": group.get_help(top)}
    for command, node in sorted(group.commands.items()):
        context = node.context_class(node, info_name=command, parent=top, terminal_width=78, max_content_width=78)
        texts[command] = node.get_help(context)
    return texts


if __name__ == "__main__":
    group: click.Group = importlib.import_module("runbook.cli").build(os.environ.get("RUNBOOK_LANG", "fr"))
    sys.stdout.buffer.write(json.dumps(helps(group, "runbook"), ensure_ascii=False).encode("utf-8"))
