"""``runbook bundle``: one archive for a server without network."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.words.sentences import data_root, say

_MEGABYTE = 1_000_000


def add(group: click.Group, lang: str) -> None:
    """Add ``bundle`` to ``group``."""
    path = click.Path(path_type=Path, file_okay=False)
    there = click.Path(path_type=Path, file_okay=False, exists=True)
    folder = say("bundle.folder", lang)

    @group.command("bundle", help=say("bundle.bundle", lang))
    @click.option("--out", type=path, default=Path("dist"), metavar=folder, help=say("bundle.option_out", lang))
    @click.option("--site", type=there, metavar=folder, help=say("bundle.option_site", lang))
    @click.option(
        "--platform",
        type=click.Choice(("windows", "here")),
        default="windows",
        help=say("bundle.option_platform", lang),
    )
    @click.option("--wheels", type=there, metavar=folder, help=say("bundle.option_wheels", lang))
    def bundle(out: Path, site: Path | None, platform: str, wheels: Path | None) -> int:
        from runbook.bundle.lock import HERE, WINDOWS
        from runbook.bundle.make import make

        target = WINDOWS if platform == "windows" else HERE
        made = make(data_root(), out, lang, target=target, site=site, given=wheels, tell=click.echo)
        size = f"{made.size / _MEGABYTE:.1f}"
        fields = {
            "path": made.path,
            "size": size.replace(".", ",") if lang == "fr" else size,
            "files": made.files,
            "wheels": made.wheels,
            "python": ".".join(map(str, target.python)),
            "commit": (made.source.commit or "-")[:12],
            "sha256": made.sha256,
        }
        click.echo(say("bundle.made", lang, **fields))
        if made.source.changed:
            click.echo(say("bundle.not_in_commit", lang), err=True)
        return 0
