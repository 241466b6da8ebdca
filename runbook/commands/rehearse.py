"""``runbook rehearse``: what can be rehearsed, and rehearsing it."""

from __future__ import annotations

import click

from runbook.commands.execute import execute
from runbook.commands.existing import complete_rehearsals, valid_name
from runbook.host import rehearsal
from runbook.knowledge import catalogue
from runbook.run.asked import rehearsal as refuse_unknown
from runbook.words.sentences import say


def add(group: click.Group, lang: str) -> None:
    """Add ``rehearse`` to ``group``."""

    @group.command("rehearse", help=say("cli.rehearse", lang))
    @click.argument(
        "name",
        required=False,
        metavar=f"[{say('cli.rehearsal_name', lang)}]",
        shell_complete=complete_rehearsals,
    )
    @click.option("--case", "case_name", default="", help=say("cli.rehearse_case", lang))
    @click.option("-q", "--quiet", is_flag=True, help=say("cli.quiet", lang))
    def rehearse(name: str | None, case_name: str, quiet: bool) -> int:
        if name is None:
            for known in catalogue.rehearsals():
                plot = rehearsal.load(known).plot
                click.echo(f"{known}\n    {plot.title.of(lang)}")
            click.echo(say("cli.rehearse_how", lang))
            return 0
        if name not in catalogue.rehearsals():
            refuse_unknown(name, lang)
        valid_name(case_name or f"rehearsal-{name}", lang)
        notebook = rehearsal.load(name).plot.notebook
        return execute(notebook, case_name or f"rehearsal-{name}", {"rehearsal": name, "lang": lang}, not quiet)
