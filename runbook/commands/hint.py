"""``runbook hint``: from a message, an event or a code to the row of the error table."""

from __future__ import annotations

import click

from runbook.sentences import say


def add(group: click.Group, lang: str) -> None:
    """Add ``hint`` to ``group``."""

    # a code may be negative (-1316): what begins with a hyphen is text here
    @group.command("hint", help=say("cli.hint", lang), context_settings={"ignore_unknown_options": True})
    @click.argument("text", nargs=-1, required=True, metavar=say("cli.text", lang))
    def hint(text: tuple[str, ...]) -> int:
        from runbook.hints import report

        click.echo(report(" ".join(text), lang))
        return 0
