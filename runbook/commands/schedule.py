"""``runbook schedule backup``: the files with which a server runs the backup notebook by itself."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path

import click

from runbook import knowledge, schedule
from runbook.case import load_case
from runbook.errors import BadInput
from runbook.run import notebook_path, notebook_steps
from runbook.sentences import say
from runbook.workspace import case_folder, find_workspace, is_case_name

#: What the task carries out unless told otherwise; what the case gives no place for is skipped.
APPLY = "backup-system-state,backup-folder,backup-second-copy,backup-retention"
LAUNCHER = "scheduled.ps1"
#: Beyond the system state's own limit: every other step at its limit, twice.
_MORE_HOURS = 6


def add(group: click.Group, lang: str) -> None:
    """Add ``schedule`` to ``group``."""

    @group.command("schedule", help=say("schedule.help", lang))
    @click.argument("what", type=click.Choice(["backup"]))
    @click.option("--of", "of", default="", metavar=say("cli.name", lang), help=say("schedule.of", lang))
    @click.option(
        "--account", default="", metavar=say("schedule.account_value", lang), help=say("schedule.account", lang)
    )
    @click.option("--at", default="02:00", metavar="HH:MM", help=say("schedule.at", lang))
    @click.option("--day", default="sunday", metavar=say("schedule.day_value", lang), help=say("schedule.day", lang))
    @click.option(
        "--apply", "changes", default=APPLY, metavar=say("schedule.apply_value", lang), help=say("schedule.apply", lang)
    )
    @click.option("--out", type=click.Path(path_type=Path), help=say("schedule.out", lang))
    def schedule_(what: str, of: str, account: str, at: str, day: str, changes: str, out: Path | None) -> int:
        missing = [name for name, value in (("--of", of), ("--account", account)) if not value]
        if missing:
            raise BadInput(say("schedule.missing", lang, options=", ".join(missing)))
        folder = case_folder(of)
        if not is_case_name(of) or not folder.case_file.is_file():
            raise BadInput(say("schedule.no_case_file", lang, of=of, place=folder.case_file))
        case = load_case(folder.case_file, of, lang)
        _check_changes(what, changes, lang)
        workspace = find_workspace()
        target = (out or workspace / "schedule").resolve()
        plan = schedule.Plan(
            notebook=what,
            of=of,
            account=account,
            at=at,
            day=day.lower(),
            apply=changes,
            python=sys.executable,
            notebook_path=str(notebook_path(what)),
            workspace=str(workspace),
            launcher=str(target / LAUNCHER),
            first=dt.date.today(),
            hours=case.backup.system_state_minutes // 60 + _MORE_HOURS,
        )
        for line in write(plan, target, lang):
            click.echo(line)
        return 0


def write(plan: schedule.Plan, target: Path, lang: str) -> list[str]:
    """Write the three files into ``target``, over earlier ones; returns what to tell. Raises BadInput."""
    schedule.check(plan, lang)
    target.mkdir(parents=True, exist_ok=True)
    xml = target / f"rds-cal-{plan.notebook}.xml"
    register = target / f"register-{plan.notebook}.ps1"
    xml.write_bytes(schedule.task_xml(plan, lang))
    # Windows PowerShell 5.1 reads a file without a byte order mark in the ANSI code page.
    lines = schedule.register_lines(plan, xml.name, lang)
    register.write_text(lines, encoding="utf-8-sig", newline="\r\n")
    shutil.copyfile(Path(schedule.__file__).parent / "templates" / LAUNCHER, target / LAUNCHER)
    return [
        *(str(path) for path in (xml, target / LAUNCHER, register)),
        "",
        say("schedule.next", lang, register=register),
        "",
        lines.rstrip(),
    ]


def _check_changes(notebook: str, changes: str, lang: str) -> None:
    known = [step for step in notebook_steps(notebook) if knowledge.step(step).kind == "change"]
    unknown = [word for word in (part.strip() for part in changes.split(",")) if word not in known]
    if unknown:
        raise BadInput(say("run.bad_apply", lang, names=", ".join(unknown), known=", ".join(known)))
