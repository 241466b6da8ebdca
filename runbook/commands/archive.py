"""``runbook record | seal | verify | redact | register | diff``: from an executed case to the audit file."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands.case import existing
from runbook.errors import BadInput
from runbook.sentences import LANGS, say
from runbook.workspace import case_folder, find_workspace, is_case_name


def add(group: click.Group, lang: str) -> None:
    """Add the commands of the audit file to ``group``. What they need is imported when one of them is used."""

    @group.command("record", help=say("cli.record", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    @click.option("--only", type=click.Choice(LANGS), help=say("cli.record_only", lang))
    @click.option("--pdf", is_flag=True, help=say("cli.record_pdf", lang))
    @click.option("--full", is_flag=True, help=say("cli.record_full", lang))
    def record(name: str, only: str | None, pdf: bool, full: bool) -> int:
        from runbook.record import write

        for path in write(existing(name, lang).path, lang=only, pdf=pdf, full=full):
            click.echo(path)
        return 0

    @group.command("seal", help=say("cli.seal", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    @click.option("--as-is", default=None, help=say("cli.seal_as_is", lang))
    @click.option("--zip", "zipped", is_flag=True, help=say("cli.seal_zip", lang))
    @click.option("--key", type=click.Path(path_type=Path), help=say("cli.seal_key", lang))
    def seal(name: str, as_is: str | None, zipped: bool, key: Path | None) -> int:
        from runbook.archive import seal as seal_case

        sealed = seal_case(existing(name, lang).path, _archive(), as_is=as_is, zip=zipped, key=key, lang=lang)
        click.echo(sealed.text(lang))
        return 0

    @group.command("verify", help=say("cli.verify", lang))
    @click.argument("bag", metavar=say("cli.bag", lang), type=click.Path(path_type=Path))
    @click.option("--seal", "typed", default=None, help=say("cli.verify_seal", lang))
    def verify(bag: Path, typed: str | None) -> int:
        from runbook.archive import verify as verify_bag

        report = verify_bag(_bag(bag, lang), seal=typed)
        click.echo(report.text(lang))
        return 0 if report.ok else 1

    @group.command("redact", help=say("cli.redact", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    def redact(name: str) -> int:
        from runbook.archive import redact as redact_case

        click.echo(redact_case(existing(name, lang).path, _archive(), lang=lang).text(lang))
        return 0

    @group.command("register", help=say("cli.register", lang))
    def register() -> int:
        from runbook.archive.register import register as write_register

        click.echo(write_register(find_workspace()).text(lang))
        return 0

    @group.command("diff", help=say("cli.diff", lang))
    @click.argument("left", metavar="A")
    @click.argument("right", metavar="B")
    @click.option("--html", type=click.Path(path_type=Path), help=say("cli.diff_html", lang))
    def diff(left: str, right: str, html: Path | None) -> int:
        from runbook.archive.diff import diff as compare

        found = compare(_side(left, lang), _side(right, lang), lang)
        if html is not None:
            html.write_text(found.html(lang), encoding="utf-8", newline="\n")
            click.echo(html)
        else:
            click.echo(found.text(lang))
        return 0


def _bag(given: Path, lang: str) -> Path:
    """The sealed folder: as given, or by its name in archive/. Raises BadInput that names what is there."""
    for place in (given, _archive() / given.name):
        if (place / "bagit.txt").is_file():
            return place
    there = sorted(p.parent.name for p in _archive().glob("*/bagit.txt"))
    raise BadInput(say("cli.verify_no_bag", lang, bag=given, there=", ".join(there) or "–"))


def _archive() -> Path:
    return find_workspace() / "archive"


def _side(text: str, lang: str) -> Path:
    """A case (``NAME``), one of its runs (``NAME/r02``), or the path of a folder. Raises BadInput for neither."""
    if Path(text).is_dir():
        return Path(text)
    name, _, run = text.partition("/")
    if is_case_name(name):
        folder = case_folder(name)
        found = folder.run(run) if run else folder.path
        if found.is_dir():
            return found
    raise BadInput(say("confirm.no_case", lang, case=text, place=find_workspace() / "cases"))
