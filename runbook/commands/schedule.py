"""``runbook schedule``: the files with which a server runs the backup, the audit or the hosts notebook by itself."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path

import click

from runbook.case.folder import case_folder, find_workspace, is_case_name
from runbook.case.model import load_case
from runbook.commands import scheduled_task
from runbook.commands.existing import cases, complete_cases
from runbook.errors import BadInput
from runbook.files import write_whole
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_path, notebook_steps
from runbook.words.console import literal
from runbook.words.near import did_you_mean
from runbook.words.sentences import say

#: The notebooks that can run by themselves: what each carries out unless told otherwise (what the case gives no place
#: for is skipped), and when. They name what they found wrong by their exit code.
APPLY = {
    "backup": "backup-system-state,backup-folder,backup-second-copy,backup-retention",
    "audit": "audit-report",
    "hosts": "",
}
DAY = {"backup": "sunday", "audit": scheduled_task.MONTHLY, "hosts": "sunday"}
LAUNCHER = "scheduled.ps1"
#: Beyond the system state's own limit: every other step at its limit, twice.
_MORE_HOURS = 6


def add(group: click.Group, lang: str) -> None:
    """Add ``schedule`` to ``group``."""

    @group.command("schedule", help=say("schedule.help", lang))
    @click.argument("what", type=click.Choice(list(APPLY)))
    @click.option("--of", "of", required=True, metavar=say("cli.name", lang), help=say("schedule.of", lang),
                  shell_complete=complete_cases)  # fmt: skip
    @click.option(
        "--account", required=True, metavar=say("schedule.account_value", lang), help=say("schedule.account", lang)
    )
    @click.option("--at", default="02:00", metavar="HH:MM", help=say("schedule.at", lang))
    @click.option("--day", default="", metavar=say("schedule.day_value", lang), help=say("schedule.day", lang))
    @click.option("--apply", "changes", metavar=say("schedule.apply_value", lang), help=say("schedule.apply", lang))
    @click.option("--out", type=click.Path(path_type=Path), help=say("schedule.out", lang))
    def schedule_(what: str, of: str, account: str, at: str, day: str, changes: str | None, out: Path | None) -> int:
        folder = case_folder(of)
        if not is_case_name(of) or not folder.case_file.is_file():
            near = did_you_mean(of, cases(), lang)
            raise BadInput(say("schedule.no_case_file", lang, of=of, place=folder.case_file, near=near))
        of = folder.name  # as it was made, not as its capitals were typed
        case = load_case(folder.case_file, of, lang)
        if what == "backup" and case.license_server.reached != "here":
            raise BadInput(say("remoting.schedule", lang, server=case.license_server.name))
        if case.rehearsal is not None:
            raise BadInput(say("schedule.of_rehearsal", lang, of=of))
        changes = APPLY[what] if changes is None else changes
        _check_changes(what, changes, lang)
        workspace = find_workspace()
        target = (out or workspace / "schedule").resolve()
        plan = scheduled_task.Plan(
            notebook=what,
            of=of,
            account=account,
            at=at,
            day=(day or DAY[what]).lower(),
            apply=changes,
            python=sys.executable,
            notebook_path=str(notebook_path(what)),
            workspace=str(workspace),
            launcher=str(target / LAUNCHER),
            first=dt.date.today(),
            hours=_MORE_HOURS + (case.backup.system_state_minutes // 60 if what == "backup" else 0),
        )
        scheduled_task.check(plan, lang)
        plan = replace(plan, first=scheduled_task.first_day(plan.day, plan.at, dt.datetime.now()))
        for line in write(plan, target, lang):
            click.echo(line)
        return 0


def write(plan: scheduled_task.Plan, target: Path, lang: str) -> list[str]:
    """Write the three files of a checked ``plan`` into ``target``, over earlier ones; returns what to tell."""
    target.mkdir(parents=True, exist_ok=True)
    xml = target / f"rds-cal-{plan.notebook}.xml"
    register = target / f"register-{plan.notebook}.ps1"
    write_whole(xml, scheduled_task.task_xml(plan, lang))
    # Windows PowerShell 5.1 reads a file without a byte order mark in the ANSI code page.
    lines = scheduled_task.register_lines(plan, xml.name, lang)
    write_whole(register, lines.replace("\n", "\r\n").encode("utf-8-sig"))
    write_whole(target / LAUNCHER, Path(scheduled_task.__file__).with_name(LAUNCHER).read_bytes())
    return [
        *(str(path) for path in (xml, target / LAUNCHER, register)),
        "",
        say("schedule.next", lang),
        "",
        f"& {literal(str(register))}",
    ]


def _check_changes(notebook: str, changes: str, lang: str) -> None:
    known = [step for step in notebook_steps(notebook) if reference.step(step).kind == "change"]
    unknown = [word for word in (part.strip() for part in changes.split(",") if changes) if word not in known]
    if unknown and not known:
        raise BadInput(say("run.no_apply", lang))
    if unknown:
        near = "".join(did_you_mean(word, known, lang) for word in unknown)
        raise BadInput(say("run.bad_apply", lang, names=", ".join(unknown), known=", ".join(known), near=near))
