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

from runbook import knowledge, selftest
from runbook.errors import BadInput
from runbook.host import windows
from runbook.sentences import data_root, say


def add(group: click.Group, lang: str) -> None:
    """Add ``selftest`` to ``group``."""

    @group.command("selftest", help=say("selftest.help", lang))
    @click.option(
        "--out", type=click.Path(path_type=Path), default=Path("selftest"), show_default=True,
        help=say("selftest.help_out", lang),
    )  # fmt: skip
    @click.option("--accept", "report", type=click.Path(path_type=Path), help=say("selftest.help_accept", lang))
    def command(out: Path, report: Path | None) -> int:
        if report is not None:
            return take(report, data_root() / "knowledge" / "proven.yml", lang)
        return test(out, lang)


def test(out: Path, lang: str) -> int:
    """Run the checks and write the report; 0 where all answered as they should, or where there is no server."""
    names = ", ".join(str(step.script) for step in selftest.checks())
    if sys.platform != "win32" and "RUNBOOK_POWERSHELL" not in os.environ:
        click.echo(say("selftest.not_here", lang, system=sys.platform, count=len(selftest.checks()), names=names))
        return 0
    host = windows.open_host(lang)
    click.echo(say("selftest.starting", lang, names=names))
    report = selftest.run(host, socket.getfqdn() or "localhost", dt.datetime.now(dt.UTC), lang)
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
    current = {file.stem: knowledge.script_sha256(file.read_text(encoding="utf-8-sig")) for file in files}
    rows = selftest.accept(report, current)
    if not rows:
        raise BadInput(say("selftest.proves_nothing", lang, file=path))
    lines = proven.read_text(encoding="utf-8").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    fresh = {row["script"] for row in rows}
    kept = [row for row in yaml.safe_load("".join(lines)) or [] if row["script"] not in fresh]
    whole = sorted([*kept, *rows], key=lambda row: str(row["script"]))
    body = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    proven.write_text(head + body, encoding="utf-8", newline="\n")
    left = len(current) - len({row["script"] for row in whole})
    click.echo(say("selftest.accepted", lang, scripts=", ".join(sorted(fresh)), left=left))
    return 0
