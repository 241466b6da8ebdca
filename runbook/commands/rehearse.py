"""``runbook rehearse``: what can be rehearsed, and rehearsing it."""

from __future__ import annotations

import click

from runbook.commands.execute import execute
from runbook.errors import BadInput
from runbook.host import rehearsal
from runbook.sentences import say


def add(group: click.Group, lang: str) -> None:
    """Add ``rehearse`` to ``group``."""

    @group.command("rehearse", help=say("cli.rehearse", lang))
    @click.argument("name", required=False, metavar=f"[{say('cli.rehearsal_name', lang)}]")
    @click.option("--case", "case_name", default="", help=say("cli.rehearse_case", lang))
    def rehearse(name: str | None, case_name: str) -> int:
        if name is None:
            for known in rehearsal.names():
                plot = rehearsal.load(known).plot
                click.echo(f"{known}\n    {plot.title.of(lang)}")
            click.echo(say("cli.rehearse_how", lang))
            return 0
        if name not in rehearsal.names():
            raise BadInput(say("run.no_recording", lang, name=name, known=", ".join(rehearsal.names())))
        notebook = rehearsal.load(name).plot.notebook
        return execute(notebook, case_name or f"rehearsal-{name}", {"rehearsal": name, "lang": lang})
