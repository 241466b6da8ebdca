"""``runbook init``: a folder to work in, for whoever installed the package and has no checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from runbook.knowledge.catalogue import NOMINAL, notebook_path, notebooks
from runbook.words.sentences import say


def add(group: click.Group, lang: str) -> None:
    """Add ``init`` to ``group``."""

    @group.command("init", help=say("cli.init", lang))
    @click.argument("folder", default=".", metavar=f"[{say('cli.folder', lang)}]", type=click.Path(path_type=Path))
    def init(folder: Path) -> int:
        kept = lay_out(folder, say("cli.init_case", lang))
        if kept:
            click.echo(say("cli.init_kept", lang, names=", ".join(kept)), err=True)
        # pipx and uv tool put only this package's own command on the path; it does what papermill does.
        key = "cli.init_done" if shutil.which("papermill") else "cli.init_done_alone"
        enter = "" if folder.resolve() == Path.cwd() else f'  cd "{folder.resolve()}"'
        told = say(key, lang, folder=folder.resolve(), case=say("cli.init_case", lang), enter=enter)
        click.echo("\n".join(line for line in told.split("\n") if line.strip()))
        return 0


def lay_out(folder: Path, case: str) -> list[str]:
    """The notebooks and a first case, a rehearsal, in ``folder``; returns the notebooks that were there already and
    are other ones: they are left as they are."""
    from runbook.case.folder import CaseFolder
    from runbook.host import rehearsal
    from runbook.run import new_case

    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    for name in notebooks():
        source, target = notebook_path(name), folder / f"{name}.ipynb"
        if not target.exists():
            shutil.copyfile(source, target)
        elif target.read_bytes() != source.read_bytes():
            kept.append(target.name)
    first = CaseFolder(folder / "cases" / case)
    new_case.lay_out(first, rehearsal.load(NOMINAL), case)
    return kept
