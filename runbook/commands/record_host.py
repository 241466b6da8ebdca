"""``runbook record-host DIR``: a real case made into a rehearsal."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands.existing import complete_cases, existing
from runbook.words.sentences import say


def add(group: click.Group, lang: str) -> None:
    """Add ``record-host`` to ``group``. What it needs is imported when it is used."""

    @group.command("record-host", help=say("record_host.help", lang))
    @click.argument("folder", metavar=say("record_host.folder", lang), type=click.Path(path_type=Path))
    @click.option("--of", "case", required=True, metavar=say("cli.name", lang), help=say("record_host.help_of", lang),
                  shell_complete=complete_cases)  # fmt: skip
    def command(folder: Path, case: str) -> int:
        from runbook.redaction import recording

        made = recording.record_host(existing(case, lang).path, folder.resolve(), lang)
        click.echo(made.text(lang))
        return 0
