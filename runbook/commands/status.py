"""``runbook status | list``: where the cases stand, and the one command to go on with."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import click

from runbook.case.folder import CaseFolder, find_workspace
from runbook.commands.existing import complete_cases, existing, home_is_there
from runbook.commands.screen import fitted, hue
from runbook.commands.standing import Cut, Standing, all_cases, as_data, standing
from runbook.journal.lines import Entry, utc_now
from runbook.journal.outcome import BAD, Status
from runbook.knowledge.catalogue import plain_steps
from runbook.words import forms
from runbook.words.sentences import keyed, say

#: sysexits.h: "temporary failure; the user is invited to retry".
WAITING = 75
_STATUS_LINES = 10


_STATE = keyed(
    "cli.state_",
    "cli.state_new", "cli.state_done", "cli.state_waiting", "cli.state_failed", "cli.state_interrupted",
    "cli.state_open", "cli.state_killed", "cli.state_unreadable", "cli.state_renamed", "cli.state_unheld",
)  # fmt: skip
_TOLD = {"new": "cli.status_none"} | keyed(
    "cli.status_",
    "cli.status_unreadable", "cli.status_renamed", "cli.status_unheld",
    "cli.status_done", "cli.status_waiting", "cli.status_failed", "cli.status_interrupted",
    "cli.status_open", "cli.status_killed",
)  # fmt: skip
_NEXT = keyed(
    "cli.next_",
    "cli.next_run", "cli.next_answered", "cli.next_failed", "cli.next_fill_in", "cli.next_confirm", "cli.next_apply",
    "cli.next_waiting", "cli.next_decide", "cli.next_record", "cli.next_seal", "cli.next_verify", "cli.next_open",
    "cli.next_unreadable", "cli.next_renamed", "cli.next_unheld", "cli.next_settle", "cli.next_ends",
    "cli.next_recovery", "cli.next_unsettled", "cli.next_reissue", "cli.next_surplus",
    "cli.next_refused", "cli.next_gone", "cli.next_configure", "cli.next_misheard", "cli.next_guarded",
    "cli.next_moved",
)  # fmt: skip


def add(group: click.Group, lang: str) -> None:
    """Add ``status`` and ``list`` to ``group``."""

    @group.command("status", help=say("cli.status", lang))
    @click.argument("name", required=False, metavar=f"[{say('cli.name', lang)}]", shell_complete=complete_cases)
    @click.option("--json", "as_json", is_flag=True, help=say("cli.json", lang))
    @click.option("--exit-code", "coded", is_flag=True, help=say("cli.status_exit", lang))
    def status(name: str | None, as_json: bool, coded: bool) -> int:
        if name is None:
            return tell_all(lang, as_json)
        found = standing(existing(name, lang, never_run=True), lang, whole=True)
        if as_json:
            click.echo(json.dumps(as_data(found, _sentences(found, lang)), ensure_ascii=False, indent=1))
        else:
            click.echo("\n".join(fitted(lines_of(found, lang))))
        return {"done": 0, "waiting": WAITING}.get(found.state, 1) if coded else 0

    @group.command("list", help=say("cli.list", lang))
    @click.option("--json", "as_json", is_flag=True, help=say("cli.json", lang))
    def list_(as_json: bool) -> int:
        return tell_all(lang, as_json)


def tell_all(lang: str, as_json: bool = False) -> int:
    """A line for each case: its state, when it last moved, what to do next."""
    home_is_there(lang)
    workspace = find_workspace()
    found = all_cases(workspace, lang)
    if as_json:
        click.echo(json.dumps([as_data(each, _sentences(each, lang)) for each in found], ensure_ascii=False, indent=1))
        return 0
    if not found:
        click.echo(say("cli.list_none", lang, place=workspace / "cases"))
        return 0
    rows = [(each.case, _state(each, lang), _age(each, lang), _short(each, lang)) for each in found]
    heads = tuple(say(key, lang) for key in ("cli.list_case", "cli.list_state", "cli.list_moved", "cli.list_next"))
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(3)]
    click.secho("  ".join((*(heads[n].ljust(widths[n]) for n in range(3)), heads[3])), bold=True)
    for each, row in zip(found, rows, strict=True):
        name, state, age = (row[n].ljust(widths[n]) for n in range(3))
        click.echo("  ".join((name, click.style(state, fg=hue(each.state)), age, row[3])))
    return 0


def status_lines(folder: CaseFolder, lang: str) -> list[str]:
    """Where the case stands, in ten lines at most: the next act, its last run, what failed, what waits."""
    return [click.unstyle(line) for line in lines_of(standing(folder, lang, whole=True), lang)]


def lines_of(found: Standing, lang: str) -> list[str]:
    """The ten lines; the last says how many did not fit."""
    lines = _status_lines(found, lang)
    more = len(lines) - _STATUS_LINES
    if more <= 0:
        return lines
    return [*lines[: _STATUS_LINES - 1], say("cli.status_more", lang, count=more + 1, case=found.case)]


def _status_lines(found: Standing, lang: str) -> list[str]:
    word, step, commands = found.next
    title = _title(step, lang) if step else ""
    act = say(_NEXT[word], lang, title=title, step=step, place=_near(found.folder.case_file))
    lines = [click.style(act, bold=True), *(f"  {command}" for command in commands)]
    lines.append(_told(found, lang))
    if found.error:
        return [*lines, *found.error.splitlines()]
    if found.rehearsal:
        lines.append(say("cli.status_rehearsal", lang, name=found.rehearsal))
    if found.left:
        lines.append("  " + say("cli.status_left", lang, run=found.left, case=found.case))
    for cut in found.cut:
        lines += _cut_lines(found, cut, lang)
    if found.steps:
        counted = (f"{forms.status_word(status, lang)} {count}" for status, count in found.counts.items())
        lines.append("  " + ", ".join(counted))
    for end in (*found.having(*BAD), *found.having(Status.WAITING)):
        if end["step"] not in found.unnamed:
            word_of = forms.status_word(end["status"], lang)
            fields = {"title": _title(end["step"], lang), "word": word_of, "told": _told_first(end, lang)}
            lines.append("  " + say("cli.status_step", lang, **fields))
            if end["step"] in found.answered:
                lines.append("      " + say("cli.status_answered", lang))
    lines += [_finding(found, end, lang) for end in found.having(Status.FINDING)]
    if found.unnamed:
        titles = ", ".join(_title(step, lang) for step in found.unnamed)
        lines.append("  " + say("cli.status_unnamed", lang, titles=titles, names=",".join(found.unnamed)))
    if found.sheet and word in ("confirm", "answered"):
        lines.append("  " + say("cli.status_sheet", lang, path=_near(found.sheet)))
    return lines


def _finding(found: Standing, end: Entry, lang: str) -> str:
    if again := found.settled(end):
        return "  " + say("cli.status_settled", lang, title=_title(end["step"], lang), again=_title(again, lang))
    told = " ".join(forms.in_words(end["lines"], lang))  # a finding often follows what is well
    return "  " + say("cli.status_finding", lang, title=_title(end["step"], lang), told=told)


def _cut_lines(found: Standing, cut: Cut, lang: str) -> list[str]:
    """A change that was cut off: what it was, what that means now, and how to go on."""
    at = forms.moment(cut.begun["t"], lang)
    fields = {"title": _title(cut.step, lang), "run": cut.begun["run"], "at": at, "case": found.case}
    lines = ["  " + say("cli.status_cut", lang, **fields)]
    if cut.service:
        lines.append("      " + say("cli.status_service", lang))
    key = "cli.status_decide" if cut.judged else "cli.status_run_again"
    lines.append("      " + say(key, lang, step=cut.step, notebook=cut.notebook, **fields))
    return lines


def _told(found: Standing, lang: str) -> str:
    """The first line of the status that was: the state's word, the run, when it was opened and how long ago."""
    fields = {"case": found.case, "run": found.run, "at": forms.moment(found.opened, lang), "ago": _age(found, lang)}
    told = say("cli.status_guarded" if found.guarded else _TOLD[found.state], lang, **fields)
    word = _state(found, lang)
    return told.replace(word, click.style(word, fg=hue(found.state), bold=True), 1)


def _state(found: Standing, lang: str) -> str:
    return say(_STATE[found.state], lang)


def _age(found: Standing, lang: str) -> str:
    return age(found.last, utc_now(), lang) if found.last else "–"


def age(stamp: str, now: dt.datetime, lang: str) -> str:
    """How long ago ``stamp`` (ISO 8601 UTC) was: in minutes, hours, or days."""
    minutes = int((now - dt.datetime.fromisoformat(stamp.replace("Z", "+00:00"))).total_seconds() // 60)
    for key, size in (("cli.ago_days", 1440), ("cli.ago_hours", 60), ("cli.ago_minutes", 1)):
        if minutes >= size:
            return say(key, lang, count=minutes // size)
    return say("cli.ago_future" if minutes < -1 else "cli.ago_now", lang)


def _short(found: Standing, lang: str) -> str:
    """What to do next in one line of the table: the command, or words where it takes more than one."""
    word, step, commands = found.next
    if len(commands) == 1:
        return commands[0]
    title = _title(step, lang) if step else ""
    return say(_NEXT[word], lang, title=title, step=step, place=_near(found.folder.case_file))


def _sentences(found: Standing, lang: str) -> dict[str, Any]:
    """What the steps said that failed, wait or found something."""
    told = found.having(*BAD, Status.WAITING, Status.FINDING)
    return {"said": {end["step"]: forms.in_words(end["lines"], lang) for end in told}}


def _title(step: str, lang: str) -> str:
    return str(plain_steps()[step]["title"][lang])


def _told_first(end: Entry, lang: str) -> str:
    """What a step waits for, or how it failed and what that left: a service that runs again is the second sentence."""
    lines = end["lines"]
    told = next((n for n, line in enumerate(lines) if not line["key"].startswith("parts.")), 0)  # what became of what
    return " ".join(forms.in_words(lines[: told + (2 if end["status"] in BAD else 1)], lang))


def _near(path: Path) -> str:
    """A path as it is shortest from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)
