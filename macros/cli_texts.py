"""Run as ``python -m macros.cli_texts [FILE]``: every command's help in every language as JSON, into FILE or on stdout.

A process of its own, because the site imports nothing of the runbook but its knowledge; one for both builds, because
importing the commands takes longer than making a dozen pages.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import click

from runbook.words.sentences import LANGS


def helps(group: click.Group, name: str) -> dict[str, str]:
    """The help of ``group`` (under "") and of each of its commands, by name."""
    top = group.context_class(group, info_name=name, terminal_width=78, max_content_width=78)
    texts = {"": click.unstyle(group.get_help(top))}
    for command, node in sorted(group.commands.items()):
        context = node.context_class(node, info_name=command, parent=top, terminal_width=78, max_content_width=78)
        texts[command] = click.unstyle(node.get_help(context))
    return texts


def main(arguments: list[str]) -> None:
    """Write the helps, by language; a file appears under its name when it is whole."""
    build = importlib.import_module("runbook.cli").build
    data = json.dumps({lang: helps(build(lang), "runbook") for lang in LANGS}, ensure_ascii=False).encode("utf-8")
    if not arguments:
        sys.stdout.buffer.write(data)
        return
    target = Path(arguments[0])
    half = target.with_suffix(".half")
    half.write_bytes(data)
    half.replace(target)


if __name__ == "__main__":
    main(sys.argv[1:])
