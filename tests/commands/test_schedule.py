"""runbook schedule: the task is what the Task Scheduler's schema allows, its values survive, nothing secret is in it.

The schema is our own (fixtures/task.xsd, made by hand): only the elements that are written, with the order,
types and values of Microsoft's documented one. Registering it on a server is still to be tried.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import click
import pytest
import xmlschema
from click.testing import CliRunner

from runbook.case.identifiers import mask_all
from runbook.cli import build
from runbook.commands import scheduled_task
from runbook.commands.schedule import write
from runbook.commands.scheduled_task import NAMESPACE, Plan, check, register_lines, task_xml
from runbook.errors import BadInput
from runbook.host import rehearsal
from runbook.words.console import literal

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "fixtures" / "task.xsd")
PLAN = Plan(
    notebook="backup",
    of="case-2024-07",
    account="CORP\\svc-rds",
    at="02:30",
    day="sunday",
    apply="backup-system-state,backup-folder",
    python="C:\\Program Files\\RDS CAL\\python.exe",
    notebook_path="C:\\Récupération d’hôtes\\notebooks\\backup.ipynb",
    workspace="C:\\Récupération d’hôtes",
    launcher="C:\\Récupération d’hôtes\\schedule\\scheduled.ps1",
    first=dt.date(2025, 1, 5),
)
ACCOUNTS = [
    "CORP\\svc-rds",
    "svc@corp.example",
    "CORP\\gmsa-rds$",
    "CORP\\O'Brien",
    "SYSTEM",
    "NT AUTHORITY\\SYSTEM",
    "S-1-5-18",
]
T = f"{{{NAMESPACE}}}"


def parsed(plan: Plan, lang: str = "fr") -> ET.Element:
    return ET.fromstring(task_xml(plan, lang).decode("utf-16"))


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("day", [*scheduled_task.DAYS, "daily", "monthly"])
@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_task_fits_the_schema(account: str, day: str, lang: str) -> None:
    SCHEMA.validate(task_xml(replace(PLAN, account=account, day=day), lang).decode("utf-16"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<RunLevel>HighestAvailable</RunLevel>", "<RunLevel>Highest</RunLevel>"),
        ("<Sunday />", "<Sontag />"),
        ("T02:30:00", " 02:30"),
        ("PT6H", "6 hours"),
        ('Context="Operator"', 'Context="Author"'),
        ("<Enabled>true</Enabled>\r\n      <StartBoundary>", "<StartBoundary>"),
        ("</WorkingDirectory>", "</WorkingDirectory><Password>x</Password>"),
    ],
)
def test_the_schema_refuses_what_is_wrong(old: str, new: str) -> None:
    text = task_xml(PLAN, "en").decode("utf-16")
    assert text.count(old) == 1
    assert not SCHEMA.is_valid(text.replace(old, new))


def test_the_file_is_what_its_declaration_says() -> None:
    raw = task_xml(PLAN, "fr")
    assert raw.startswith(b"\xff\xfe") and 'encoding="UTF-16"' in raw.decode("utf-16")
    assert raw.decode("utf-16").count("\n") == raw.decode("utf-16").count("\r\n")


@pytest.mark.parametrize(
    ("account", "user", "logon"),
    [
        ("CORP\\svc-rds", "CORP\\svc-rds", "Password"),
        ("CORP\\O'Brien", "CORP\\O'Brien", "Password"),
        ("CORP\\gmsa-rds$", "CORP\\gmsa-rds$", "Password"),
        ("system", "S-1-5-18", None),
        ("NT AUTHORITY\\SYSTEM", "S-1-5-18", None),
    ],
)
def test_the_account_is_the_one_that_was_named(account: str, user: str, logon: str | None) -> None:
    principal = parsed(replace(PLAN, account=account)).find(f"{T}Principals/{T}Principal")
    assert principal is not None
    assert principal.findtext(f"{T}UserId") == user
    assert principal.findtext(f"{T}LogonType") == logon


@pytest.mark.parametrize(
    ("day", "at", "first"),
    [
        ("sunday", "02:30", "2025-01-12"),  # now: Sunday 5 January 2025, 14:00
        ("sunday", "14:01", "2025-01-05"),
        ("sunday", "14:00", "2025-01-12"),
        ("monday", "02:30", "2025-01-06"),
        ("saturday", "23:59", "2025-01-11"),
        ("daily", "02:30", "2025-01-06"),
        ("daily", "23:00", "2025-01-05"),
        ("monthly", "02:30", "2025-02-01"),
    ],
)
def test_the_task_first_runs_when_it_is_next_due(day: str, at: str, first: str) -> None:
    """Nothing is caught up at once because it was registered in the afternoon."""
    now = dt.datetime(2025, 1, 5, 14, 0)
    assert scheduled_task.first_day(day, at, now).isoformat() == first
    assert scheduled_task.first_day("monthly", at, dt.datetime(2025, 12, 31, 14, 0)) == dt.date(2026, 1, 1)
    assert scheduled_task.first_day("monthly", "23:00", dt.datetime(2025, 12, 1, 14, 0)) == dt.date(2025, 12, 1)


def test_a_managed_account_is_named_where_the_task_is_registered() -> None:
    lines = register_lines(replace(PLAN, account="CORP\\gmsa-rds$"), "x.xml", "en")
    assert "-User 'CORP\\gmsa-rds$' -Force" in lines and "-Password" not in lines
    assert "-User" not in register_lines(replace(PLAN, account="SYSTEM"), "x.xml", "en")


@pytest.mark.parametrize(
    ("words", "day", "apply", "hours"),
    [
        (["audit"], "DaysOfMonth", "audit-report", 6),
        (["audit", "--day", "daily", "--apply", ""], "ScheduleByDay", None, 6),
        (["hosts"], "Sunday", None, 6),
        (["hosts", "--day", "friday"], "Friday", None, 6),
    ],
)
def test_audit_and_hosts_run_by_themselves_too(
    words: list[str], day: str, apply: str | None, hours: int, tmp_path: Path
) -> None:
    source = rehearsal.load("backup-nominal").find("case.yml")
    assert source is not None
    folder = tmp_path / "cases" / "case-2024-07"
    folder.mkdir(parents=True)
    text = source.read_text(encoding="utf-8").replace("case: backup-nominal", "case: case-2024-07")
    (folder / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    runner = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)})
    given = ["schedule", *words, "--of", "case-2024-07", "--account", "SYSTEM"]
    done = runner.invoke(build("fr"), given, standalone_mode=False)
    assert done.exception is None, done.exception
    task = (tmp_path / "schedule" / f"rds-cal-{words[0]}.xml").read_bytes().decode("utf-16")
    SCHEMA.validate(task)
    assert f"<{day}" in task and f"PT{hours}H" in task and f'-Prefix "{words[0]}"' in task
    assert (f'-Apply "{apply}"' in task) if apply else ("-Apply" not in task)


@pytest.mark.parametrize("words", [["hosts", "--apply", "backup-folder"], ["audit", "--apply", "gpupdate"]])
def test_a_change_of_another_notebook_is_refused(words: list[str], tmp_path: Path) -> None:
    test_audit_and_hosts_run_by_themselves_too(["hosts"], "Sunday", None, 6, tmp_path)
    given = ["schedule", *words, "--of", "case-2024-07", "--account", "SYSTEM"]
    done = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)}).invoke(build("fr"), given, standalone_mode=False)
    assert isinstance(done.exception, BadInput)


@pytest.mark.parametrize(
    ("given", "meant"),
    [(["--of", "case-2024-70"], "case-2024-07"), (["--of", "case-2024-07", "--day", "moonday"], "monday")],
)
def test_a_mistyped_case_or_day_is_told_the_one_that_was_meant(given: list[str], meant: str, tmp_path: Path) -> None:
    test_audit_and_hosts_run_by_themselves_too(["hosts"], "Sunday", None, 6, tmp_path)
    runner = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)})
    done = runner.invoke(build("en"), ["schedule", "hosts", *given, "--account", "SYSTEM"], standalone_mode=False)
    assert isinstance(done.exception, BadInput) and f"Did you mean “{meant}”?" in str(done.exception)


def test_the_case_is_the_one_of_the_folder_however_it_is_typed(tmp_path: Path) -> None:
    test_audit_and_hosts_run_by_themselves_too(["hosts"], "Sunday", None, 6, tmp_path)
    given = ["schedule", "hosts", "--of", "CASE-2024-07", "--account", "SYSTEM"]
    done = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)}).invoke(build("en"), given, standalone_mode=False)
    assert done.exception is None, done.exception
    assert "case-2024-07" in (tmp_path / "schedule" / "rds-cal-hosts.xml").read_bytes().decode("utf-16")


def test_every_value_reaches_the_launcher_whole() -> None:
    """Paths with spaces, accents and a typographic apostrophe come through as one argument each."""
    arguments = parsed(PLAN).findtext(f"{T}Actions/{T}Exec/{T}Arguments") or ""
    words = shlex.split(arguments.replace("\\", "\\\\"))
    given = dict(zip(words[words.index("-Python") :: 2], words[words.index("-Python") + 1 :: 2], strict=True))
    assert given == {
        "-Python": PLAN.python,
        "-Notebook": PLAN.notebook_path,
        "-Workspace": PLAN.workspace,
        "-Prefix": "backup",
        "-Of": PLAN.of,
        "-Apply": PLAN.apply,
    }
    assert words[words.index("-File") + 1] == PLAN.launcher
    assert "RemoteSigned" in words and "Bypass" not in arguments


def test_the_launcher_takes_exactly_what_the_task_gives() -> None:
    launcher = (Path(scheduled_task.__file__).with_name("scheduled.ps1")).read_text(encoding="utf-8")
    taken = set(re.findall(r"(?m)^ +(?:\[Parameter\(Mandatory = \$true\)\] )?\[string\] \$(\w+)", launcher))
    given = set(re.findall(r' -(\w+) "', PLAN.arguments())) - {"File"}
    assert taken == given
    assert launcher.isascii()
    assert "[cultureinfo]::InvariantCulture)" in launcher  # a Thai server's year is another one


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "24:00"},
        {"at": "2:00"},
        {"day": "sonntag"},
        {"account": ""},
        {"account": 'CORP\\a"b'},
        {"workspace": "C:\\"},
        {"python": 'C:\\a".exe'},
        {"apply": "a\nb"},
        {"launcher": "C:\\" + "x" * 260},
        {"workspace": "C:\\%TEMP%\\rds"},
        {"notebook_path": "C:\\$(Arg0)\\backup.ipynb"},
    ],
)
def test_what_cannot_stand_in_a_task_is_refused(changes: dict[str, str]) -> None:
    check(replace(PLAN, workspace="C:\\100 % $x"), "fr")
    with pytest.raises(BadInput) as told:
        check(replace(PLAN, **changes), "fr")  # type: ignore[arg-type]
    assert str(told.value)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_nothing_secret_stands_in_what_is_written(account: str, tmp_path: Path) -> None:
    """The only password is typed at Get-Credential's own prompt; no value of it is written or printed."""
    plan = replace(PLAN, account=account)
    told = "\n".join(write(plan, tmp_path / "schedule", "en"))
    lines = register_lines(plan, "rds-cal-backup.xml", "en")
    asks = plan.kind == "user"
    assert ("Get-Credential" in lines) is asks and ("-Password" in lines) is asks
    assert not re.search(r"-Password\s+(?!\$typed\.Password)", lines) and "ConvertTo-SecureString" not in lines
    assert "register-backup.ps1" in told and mask_all({"told": told}) == {"told": told}
    for path in (tmp_path / "schedule").iterdir():
        text = path.read_bytes().decode("utf-16" if path.suffix == ".xml" else "utf-8-sig")
        assert "<Password>" not in text and mask_all({"text": text}) == {"text": text}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_written_lines_are_read_by_powershell_as_they_are_meant(lang: str, tmp_path: Path) -> None:
    """Windows PowerShell 5.1 needs the byte order mark; an apostrophe in a sentence must not end the string."""
    write(PLAN, tmp_path, lang)
    raw = (tmp_path / "register-backup.ps1").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\n") == raw.count(b"\r\n")
    assert literal("l’hôte d'or") == "'l’’hôte d''or'"


def test_the_command_writes_three_files_and_registers_nothing(tmp_path: Path) -> None:
    source = rehearsal.load("backup-nominal").find("case.yml")
    assert source is not None
    folder = tmp_path / "cases" / "case-2024-07"
    folder.mkdir(parents=True)
    text = source.read_text(encoding="utf-8").replace("case: backup-nominal", "case: case-2024-07")
    (folder / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    words = ["schedule", "backup", "--of", "case-2024-07", "--account", "SYSTEM", "--day", "Monday"]
    done = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)}).invoke(build("en"), words, standalone_mode=False)
    assert done.exception is None, done.exception
    written = sorted(path.name for path in (tmp_path / "schedule").iterdir())
    assert written == ["rds-cal-backup.xml", "register-backup.ps1", "scheduled.ps1"]
    task = (tmp_path / "schedule" / "rds-cal-backup.xml").read_bytes().decode("utf-16")
    SCHEMA.validate(task)
    assert "<Monday />" in task and "PT8H" in task  # two hours for the system state, six for the rest
    assert done.output.splitlines()[-1] == f"& '{tmp_path / 'schedule' / 'register-backup.ps1'}'"
    # A backup by itself depends on no workstation: of a case that is run from one, the command says where it belongs.
    far = text.replace(
        "license_server: {name: RDLIC01.corp.example", "license_server: {reached: remoting, name: RDLIC01.corp.example"
    )
    assert far != text
    (folder / "case.yml").write_text(far, encoding="utf-8", newline="\n")
    done = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)}).invoke(build("en"), words, standalone_mode=False)
    assert isinstance(done.exception, BadInput)
    assert "RDLIC01.corp.example" in str(done.exception)


@pytest.mark.parametrize(
    "words",
    [
        ["--of", "no-such-case", "--account", "SYSTEM"],
        ["--of", "../elsewhere", "--account", "SYSTEM"],
        ["--account", "SYSTEM"],
        ["--of", "no-such-case"],
    ],
)
def test_what_is_missing_is_refused_before_anything_is_written(words: list[str], tmp_path: Path) -> None:
    runner = CliRunner(env={"RUNBOOK_HOME": str(tmp_path)})
    done = runner.invoke(build("fr"), ["schedule", "backup", *words], standalone_mode=False)
    assert isinstance(done.exception, BadInput | click.MissingParameter)
    assert not (tmp_path / "schedule").exists()
