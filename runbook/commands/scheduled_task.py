"""A notebook run by Windows' Task Scheduler: the task's XML, and the lines that register it.

The task starts a launcher (runbook/commands/scheduled.ps1), which computes the dated case name and calls papermill.
Nothing here is secret: a password is asked for when the task is registered and never written down.

Elements, their order and values: Microsoft, "Task Scheduler Schema" (MicrosoftDocs/win32,
desktop-src/TaskSchd/task-scheduler-schema.md). Register-ScheduledTask -Xml takes the text; a file that declares
UTF-16 and is UTF-16 is what the Task Scheduler itself exports.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Literal

from runbook.errors import BadInput
from runbook.words.console import literal
from runbook.words.near import did_you_mean
from runbook.words.sentences import keyed, say

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHLY = "monthly"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FOLDER = "\\RdsCalRunbook\\"
POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"
#: LocalSystem, however a person names it.
SYSTEM = "S-1-5-18"
_SYSTEM_NAMES = {"system", "localsystem", "nt authority\\system", SYSTEM.lower()}
_ACCOUNT = re.compile(r"[^\"<>|\r\n]{1,256}")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
#: pathType of the schema: Command and WorkingDirectory.
_LONGEST_PATH = 260
#: What the Task Scheduler replaces in an action: the name of a variable of the environment, what it is started with.
_EXPANDED = re.compile(r"%[^%]+%|\$\(")

Account = Literal["system", "managed", "user"]


_DESCRIPTION = keyed(
    "schedule.description_",
    "schedule.description_audit", "schedule.description_hosts", "schedule.description_backup",
)  # fmt: skip
_REGISTER = keyed(
    "schedule.register_",
    "schedule.register_user", "schedule.register_managed", "schedule.register_system",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """When and as whom a notebook runs. ``day`` is a day of the week, "daily" or "monthly" (each month's first day);
    ``at`` is local time, HH:MM.

    ``first`` is the day from which on the task runs; ``hours`` after which the scheduler ends it (longer than any
    step may take, so that it never cuts a backup off). Paths are as the server knows them.
    """

    notebook: str
    of: str
    account: str
    at: str
    day: str
    apply: str
    python: str
    notebook_path: str
    workspace: str
    launcher: str
    first: dt.date
    hours: int = 6

    @property
    def kind(self) -> Account:
        """How the account logs on: LocalSystem, a group managed service account (its name ends in $), a user."""
        if self.account.strip().lower() in _SYSTEM_NAMES:
            return "system"
        return "managed" if self.account.rstrip().endswith("$") else "user"

    @property
    def user_id(self) -> str:
        return SYSTEM if self.kind == "system" else self.account.strip()

    @property
    def title(self) -> str:
        return self.notebook.capitalize()

    def arguments(self) -> str:
        """powershell.exe's command line: the launcher and every value it needs, each in double quotes."""
        given = {
            "Python": self.python,
            "Notebook": self.notebook_path,
            "Workspace": self.workspace,
            "Prefix": self.notebook,
            "Of": self.of,
            "Apply": self.apply,
        }
        words = [f'-NoLogo -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File "{self.launcher}"']
        words += [f'-{name} "{value}"' for name, value in given.items() if value]
        return " ".join(words)


def first_day(day: str, at: str, now: dt.datetime) -> dt.date:
    """The first day on which a task of ``day`` and ``at`` comes due after ``now`` (local time).

    A task that began in the past would be caught up as soon as it is registered.
    """
    hour, minute = (int(part) for part in at.split(":"))
    later = (now.hour, now.minute) < (hour, minute)
    if day == "daily":
        return now.date() + dt.timedelta(days=0 if later else 1)
    if day == MONTHLY:
        month = now.date().replace(day=1)
        return month if now.day == 1 and later else (month + dt.timedelta(days=32)).replace(day=1)
    ahead = (DAYS.index(day) - now.weekday()) % 7
    return now.date() + dt.timedelta(days=ahead if ahead or later else 7)


def check(plan: Plan, lang: str) -> None:
    """Raise BadInput that names every value that cannot stand in a task."""
    faults = []
    if not _TIME.fullmatch(plan.at):
        faults.append(say("schedule.bad_time", lang, value=plan.at))
    if plan.day not in (known := (*DAYS, "daily", MONTHLY)):
        faults.append(
            say(
                "schedule.bad_day",
                lang,
                value=plan.day,
                known=", ".join(known),
                near=did_you_mean(plan.day, known, lang),
            )
        )
    if not _ACCOUNT.fullmatch(plan.account.strip()):
        faults.append(say("schedule.bad_account", lang, value=plan.account))
    for value in (plan.python, plan.notebook_path, plan.workspace, plan.launcher, plan.apply, plan.of):
        # A quote would end the argument; a backslash before the closing quote would escape it.
        if '"' in value or value.endswith("\\") or any(ord(c) < 32 for c in value):
            faults.append(say("schedule.bad_value", lang, value=value))
        elif _EXPANDED.search(value):
            faults.append(say("schedule.expanded", lang, value=value))
        elif len(value) > _LONGEST_PATH:
            faults.append(say("schedule.too_long", lang, value=value, limit=_LONGEST_PATH))
    if faults:
        raise BadInput("\n".join(faults))


def task_xml(plan: Plan, lang: str) -> bytes:
    """The task as an XML file: UTF-16 with its byte order mark, CRLF."""
    task = ET.Element("Task", {"version": "1.3", "xmlns": NAMESPACE})
    about = _add(task, "RegistrationInfo")
    _add(about, "URI", FOLDER + plan.title)
    _add(about, "Description", say(_DESCRIPTION[plan.notebook], lang, of=plan.of))
    _trigger(_add(task, "Triggers"), plan)
    principal = _add(_add(task, "Principals"), "Principal", id="Operator")
    _add(principal, "UserId", plan.user_id)
    if plan.kind != "system":
        _add(principal, "LogonType", "Password")
    _add(principal, "RunLevel", "HighestAvailable")
    _settings(_add(task, "Settings"), plan)
    action = _add(_add(task, "Actions", Context="Operator"), "Exec")
    _add(action, "Command", POWERSHELL)
    _add(action, "Arguments", plan.arguments())
    _add(action, "WorkingDirectory", plan.workspace)
    ET.indent(task)
    text = '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, encoding="unicode") + "\n"
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")


def _trigger(triggers: ET.Element, plan: Plan) -> None:
    trigger = _add(triggers, "CalendarTrigger")
    _add(trigger, "Enabled", "true")
    _add(trigger, "StartBoundary", f"{plan.first.isoformat()}T{plan.at}:00")
    if plan.day == "daily":
        _add(_add(trigger, "ScheduleByDay"), "DaysInterval", "1")
        return
    if plan.day == MONTHLY:
        month = _add(trigger, "ScheduleByMonth")
        _add(_add(month, "DaysOfMonth"), "Day", "1")
        months = _add(month, "Months")
        for name in MONTHS:
            _add(months, name)
        return
    week = _add(trigger, "ScheduleByWeek")
    _add(week, "WeeksInterval", "1")
    _add(_add(week, "DaysOfWeek"), plan.day.capitalize())


def _settings(settings: ET.Element, plan: Plan) -> None:
    for name, value in {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "StartWhenAvailable": "true",  # a server that was off runs it when it is back
        "Enabled": "true",
        "ExecutionTimeLimit": f"PT{plan.hours}H",
    }.items():
        _add(settings, name, value)


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, attributes)
    child.text = text
    return child


def register_lines(plan: Plan, xml: str, lang: str) -> str:
    """The PowerShell lines that register the task whose file is called ``xml`` and lies beside them.

    A user's password is asked for by Get-Credential and goes nowhere else; LocalSystem and a managed account have
    none that anybody could type.
    """
    told = say(_REGISTER[plan.kind], lang, account=plan.user_id)
    lines = [
        *(f"# {line}" for line in told.split("\n")),
        "Set-StrictMode -Version Latest",
        "$ErrorActionPreference = 'Stop'",
        "",
        f"$file = Join-Path -Path $PSScriptRoot -ChildPath {literal(xml)}",
        "$xml = Get-Content -LiteralPath $file -Raw -ErrorAction Stop",
    ]
    name = f"-TaskPath {literal(FOLDER)} -TaskName {literal(plan.title)}"
    if plan.kind == "user":
        asked = literal(say("schedule.password", lang))
        lines += [
            f"$credential = Get-Credential -UserName {literal(plan.user_id)} -Message {asked}",
            f"if (-not $credential) {{ throw {literal(say('schedule.cancelled', lang))} }}",
            "$typed = $credential.GetNetworkCredential()",
            f"Register-ScheduledTask {name} -Xml $xml `",
            "    -User $credential.UserName -Password $typed.Password -Force -ErrorAction Stop",
        ]
    else:
        # A managed account is named beside its task as well: the scheduler asks the domain for its password, not us.
        user = f" -User {literal(plan.user_id)}" if plan.kind == "managed" else ""
        lines.append(f"Register-ScheduledTask {name} -Xml $xml{user} -Force -ErrorAction Stop")
    return "\n".join([*lines, ""])
