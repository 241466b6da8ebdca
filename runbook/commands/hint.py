"""``runbook hint``: from a message, an event or a code to the row of the error table."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from runbook.commands.screen import fitted
from runbook.words.sentences import say

#: Bytes of a file or a stream that are read: a text longer than this is a whole log, for which there is diagnose.
_MOST = 16 << 20


def add(group: click.Group, lang: str) -> None:
    """Add ``hint`` to ``group``."""

    # a code may be negative (-1316): what begins with a hyphen is text here
    @group.command("hint", help=say("cli.hint", lang), context_settings={"ignore_unknown_options": True})
    @click.option("--json", "as_json", is_flag=True, help=say("cli.hint_json", lang))
    @click.argument("text", nargs=-1, required=True, metavar=say("cli.text", lang))
    def hint(text: tuple[str, ...], as_json: bool) -> int:
        # One answer and out: no look for garbage, nor in every installed package for plugins of pydantic.
        gc.disable()
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        from runbook.hints import told
        from runbook.hints.matching import hints_for_text

        if not "".join(text).strip():
            context = click.get_current_context()
            missing = next(param for param in context.command.params if param.name == "text")
            raise click.MissingParameter(ctx=context, param=missing)
        asked = _asked(text)
        hints = hints_for_text(asked, lang)
        click.echo(
            told.as_json(asked, hints, lang)
            if as_json
            else "\n".join(fitted(told.told(asked, hints, lang).split("\n")))
        )
        return 0 if hints else 1


def _asked(text: tuple[str, ...]) -> str:
    """The words themselves; what comes through stdin for "-"; what a file holds where one is named."""
    if text == ("-",):
        return _decoded(sys.stdin.buffer.read(_MOST))
    if len(text) == 1 and len(text[0]) < 260 and "\n" not in text[0] and Path(text[0]).is_file():
        with Path(text[0]).open("rb") as file:
            return _decoded(file.read(_MOST))
    return " ".join(text)


def _decoded(data: bytes) -> str:
    from runbook.formats.decode import decode

    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[1:2] == b"\0"
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return decode(data, "utf-16" if wide else "cp850").text
