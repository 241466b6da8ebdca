"""``runbook selftest``: every check once, read-only, and a report to send back."""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
from pathlib import Path

import click
import yaml
from pydantic import ValidationError

from runbook.errors import BadInput
from runbook.files import write_whole
from runbook.host import windows
from runbook.host.call import Host
from runbook.knowledge import reference
from runbook.run import selftest, workstation
from runbook.words.sentences import data_root, say


def add(group: click.Group, lang: str) -> None:
    """Add ``selftest`` to ``group``."""

    @group.command("selftest", help=say("selftest.help", lang))
    @click.option(
        "--out", type=click.Path(path_type=Path), default=Path("selftest"), show_default=True,
        help=say("selftest.help_out", lang),
    )  # fmt: skip
    @click.option("--accept", "report", type=click.Path(path_type=Path), help=say("selftest.help_accept", lang))
    @click.option(
        "--server", default="", metavar=say("selftest.server_value", lang), help=say("selftest.help_server", lang)
    )
    def command(out: Path, report: Path | None, server: str) -> int:
        if report is not None:
            return take(report, data_root() / "knowledge" / "proven.yml", lang)
        return test(out, lang, server)


def test(out: Path, lang: str, server: str = "") -> int:
    """Run the checks, here or on ``server`` from here, and write the report; 0 where all answered as they should, or
    where there is no server."""
    names = ", ".join(str(step.script) for step in selftest.checks())
    if sys.platform != "win32" and "RUNBOOK_POWERSHELL" not in os.environ:
        click.echo(say("selftest.not_here", lang, system=sys.platform, count=len(selftest.checks()), names=names))
        return 0
    there = workstation.asked(server, lang)
    name = there.name if there else socket.getfqdn() or "localhost"
    host: Host = workstation.reach(there, lang) if there else windows.open_host(lang)
    click.echo(say("selftest.starting", lang, names=names))
    report = selftest.run(host, name, dt.datetime.now(dt.UTC), lang)
    click.echo(report.text(lang))
    paths = selftest.write(report, out, lang)
    click.echo(say("selftest.written", lang, files=", ".join(map(str, paths))))
    return 0 if report.good else 1


def take(path: Path, proven: Path, lang: str) -> int:
    """Add to ``proven`` what the report at ``path`` proves. Raises BadInput for what is no report."""
    try:
        report = selftest.Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise BadInput(say("selftest.no_report", lang, file=path)) from None
    files = (data_root() / "notebooks" / "steps").glob("*.ps1")
    current = {file.stem: reference.script_sha256(file.read_text(encoding="utf-8-sig")) for file in files}
    for question in report.questions:
        if question.answer:
            click.echo(f"{question.id}: {question.answer}")
    rows = selftest.accept(report, current)
    if not rows:
        raise BadInput(say("selftest.proves_nothing", lang, file=path))
    lines = proven.read_text(encoding="utf-8").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    fresh = {row["script"] for row in rows}
    kept = [row for row in yaml.safe_load("".join(lines)) or [] if row["script"] not in fresh]
    whole = sorted([*kept, *rows], key=lambda row: str(row["script"]))
    body = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    write_whole(proven, head + body)
    left = len(current) - len({row["script"] for row in whole})
    click.echo(say("selftest.accepted", lang, scripts=", ".join(sorted(fresh)), left=left))
    return 0
