"""``runbook record | seal | verify | redact | register | diff``: from an executed case to the audit file."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.case.folder import case_folder, find_workspace, is_case_name
from runbook.commands.existing import cases, complete_cases, existing
from runbook.errors import BadInput
from runbook.files import write_whole
from runbook.words.near import did_you_mean
from runbook.words.sentences import LANGS, say

if TYPE_CHECKING:
    from runbook.archive.diff import Diff


def add(group: click.Group, lang: str) -> None:
    """Add the commands of the audit file to ``group``. What they need is imported when one of them is used."""

    @group.command("record", help=say("cli.record", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.option("--only", type=click.Choice(LANGS), help=say("cli.record_only", lang))
    @click.option("--pdf", is_flag=True, help=say("cli.record_pdf", lang))
    @click.option("--full", is_flag=True, help=say("cli.record_full", lang))
    @click.option("--paper", type=click.Choice(["A4", "letter"], case_sensitive=False), default="A4",
                  show_default=True, help=say("cli.record_paper", lang))  # fmt: skip
    def record(name: str, only: str | None, pdf: bool, full: bool, paper: str) -> int:
        from runbook.record.report import write

        for path in write(existing(name, lang).path, lang=only, pdf=pdf, full=full, paper=paper):
            click.echo(path)
        return 0

    @group.command("seal", help=say("cli.seal", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.option("--as-is", default=None, help=say("cli.seal_as_is", lang))
    @click.option("--zip", "zipped", is_flag=True, help=say("cli.seal_zip", lang))
    @click.option("--key", type=click.Path(path_type=Path), help=say("cli.seal_key", lang))
    def seal(name: str, as_is: str | None, zipped: bool, key: Path | None) -> int:
        from runbook.archive.seal import seal as seal_case

        sealed = seal_case(existing(name, lang).path, _archive(), as_is=as_is, zip=zipped, key=key, lang=lang)
        click.echo(sealed.text(lang))
        return 0

    @group.command("verify", help=say("cli.verify", lang))
    @click.argument("bag", metavar=f"[{say('cli.bag', lang)}]", required=False)
    @click.option("--seal", "typed", default=None, help=say("cli.verify_seal", lang))
    @click.option("--json", "as_json", is_flag=True, help=say("cli.json", lang))
    def verify(bag: str | None, typed: str | None, as_json: bool) -> int:
        from runbook.archive import verify as verifying

        found = _bag(bag, lang)
        report = verifying.verify(found, typed) if found.is_dir() else verifying.verify_zip(found, typed, lang)
        told = {"ok": report.ok, **dataclasses.asdict(report), "said": report.text(lang).split("\n")}
        click.echo(_json(told) if as_json else report.text(lang))
        return report.exit_code

    @group.command("redact", help=say("cli.redact", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    def redact(name: str) -> int:
        from runbook.redaction.redact import redact as redact_case

        click.echo(redact_case(existing(name, lang).path, _archive(), lang=lang).text(lang))
        return 0

    @group.command("register", help=say("cli.register", lang))
    @click.option("--rehearsals", is_flag=True, help=say("cli.register_rehearsals", lang))
    def register(rehearsals: bool) -> int:
        from runbook.archive.register import register as write_register

        click.echo(write_register(find_workspace(), lang=lang, rehearsals=rehearsals).text(lang))
        return 0

    @group.command("diff", help=say("cli.diff", lang))
    @click.argument("left", metavar="A")
    @click.argument("right", metavar="B")
    @click.option("--html", type=click.Path(path_type=Path), help=say("cli.diff_html", lang))
    @click.option("--json", "as_json", is_flag=True, help=say("cli.json", lang))
    def diff(left: str, right: str, html: Path | None, as_json: bool) -> int:
        from runbook.archive.diff import diff as compare

        found = compare(_side(left, lang), _side(right, lang), lang)
        if html is not None:
            click.echo(write_whole(html, found.html(lang)))
        elif as_json:
            click.echo(_json(_differences(found)))
        else:
            click.echo(found.text(lang))
        return 0 if found.same else 1


def _bag(given: str | None, lang: str) -> Path:
    """The archive that is meant: a sealed folder or its ZIP file, a name in archive/, a case (its newest archive), or,
    where nothing is given, the one archive there is. Raises BadInput that names what is there."""
    sealed = {p.parent.name: p.parent for p in sorted(_archive().glob("*/bagit.txt"))}
    if given is None and len(sealed) == 1:
        return next(iter(sealed.values()))
    if given is None:
        key = "cli.verify_which" if sealed else "cli.verify_none"
        raise BadInput(say(key, lang, there=", ".join(sealed), place=_archive()))
    for place in (Path(given), _archive() / given):
        if (place / "bagit.txt").is_file() or (place.is_file() and place.suffix.lower() == ".zip"):
            return place
    own = re.compile(rf"{re.escape(given)}(?:-REHEARSAL)?(?:-s(\d+))?")
    if newest := max(((int(m[1] or 1), p) for name, p in sealed.items() if (m := own.fullmatch(name))), default=None):
        return newest[1]
    raise BadInput(say("cli.verify_no_bag", lang, bag=given, there=", ".join(sealed) or say("cli.none_yet", lang)))


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1, default=str)


def _differences(found: Diff) -> dict[str, Any]:
    """What differs, step by step: statuses, sentences (key and fields), values, seconds; a pair is left and right."""
    steps = {
        each.step: {
            "status": [each.left, each.right],
            "said": each.said,
            "values": [dataclasses.asdict(value) for value in each.values],
            "seconds": each.seconds,
        }
        for each in found.steps
        if not each.same
    }
    return {"same": found.same, "left": found.left.name, "right": found.right.name, "steps": steps}


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
        if folder.journal.is_file():
            there = sorted(path.name for path in folder.path.glob("r[0-9][0-9]*"))
            raise BadInput(say("cli.no_run", lang, case=name, run=run, there=", ".join(there)))
    near = did_you_mean(name, cases(), lang)
    raise BadInput(say("confirm.no_case", lang, case=text, place=find_workspace() / "cases", near=near))
