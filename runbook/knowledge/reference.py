"""Loads and checks knowledge/: each fact once, French and English side by side.

The site's macros and the runbook use this one loader. Each function answers a tuple of frozen records
(``runbook.knowledge.records``), read once; a file that breaks its schema raises ``pydantic.ValidationError``
when it is first asked for (a test asks for all of them).
"""

from __future__ import annotations

import csv
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from runbook.knowledge.catalogue import SIGNATURE
from runbook.knowledge.records import (
    Ask,
    ChecklistLine,
    Choice,
    CimClass,
    CimMember,
    Contact,
    Correction,
    Day,
    Event,
    Heard,
    Lexicon,
    Location,
    Open,
    Page,
    Place,
    Policy,
    Port,
    Problem,
    Proven,
    RegistryValue,
    Service,
    Short,
    Source,
    Step,
    Term,
    Version,
    Wheel,
)
from runbook.knowledge.text import Confidence, Fact, Official, Record, Text
from runbook.words.sentences import LANGS, Lang, data_root, read_yaml, say, sentence, worded

if TYPE_CHECKING:
    from runbook.bundle.lock import Locked

__all__ = [
    "LANGS",
    "Ask",
    "ChecklistLine",
    "Choice",
    "CimClass",
    "CimMember",
    "Confidence",
    "Contact",
    "Correction",
    "Day",
    "Event",
    "Fact",
    "Heard",
    "Lang",
    "Lexicon",
    "Location",
    "Official",
    "Open",
    "Page",
    "Place",
    "Policy",
    "Port",
    "Problem",
    "Proven",
    "Record",
    "RegistryValue",
    "Service",
    "Short",
    "Source",
    "Step",
    "Term",
    "Text",
    "Version",
    "Wheel",
    "article",
    "asked",
    "bundled",
    "cal_versions",
    "checklist",
    "cim",
    "contacts",
    "data_root",
    "day",
    "days",
    "errors",
    "event",
    "events",
    "heard",
    "heard_in",
    "is_unproven",
    "lexicon",
    "oldest_server_for",
    "pages",
    "paste",
    "pasted",
    "paths",
    "places",
    "policies",
    "ports",
    "problem",
    "proven",
    "read_yaml",
    "registry",
    "said",
    "say",
    "script",
    "script_sha256",
    "sentence",
    "services",
    "short",
    "shorts",
    "sources",
    "step",
    "steps",
    "terms",
    "too_new_for",
    "unconfirmed",
    "unproven",
    "unproven_scripts",
    "version",
    "version_of_cal",
    "versions",
    "worded",
]

_R = TypeVar("_R", bound=Record)

_RUNNER_ONLY = re.compile(r"^[ \t]*#region runbook\b.*?^[ \t]*#endregion runbook[^\n]*\n?", re.MULTILINE | re.DOTALL)


def _load(name: str, model: type[_R]) -> tuple[_R, ...]:
    return tuple(model.model_validate(entry) for entry in read_yaml(name))


@cache
def errors() -> tuple[Problem, ...]:
    """Symptom to cause: errors.yml, in the order of its ids."""
    return _load("errors", Problem)


@cache
def lexicon() -> Lexicon:
    """The words that decide what a message means beside its wording: lexicon.yml."""
    return Lexicon.model_validate(read_yaml("lexicon"))


@cache
def said() -> tuple[Heard, ...]:
    """How a person says what a row explains, or what no row does: said.tsv."""
    return heard_in(data_root() / "knowledge" / "said.tsv")


@cache
def heard() -> tuple[Heard, ...]:
    """What people pasted or wrote, with the rows that answer it: the sets of heard/."""
    return tuple(one for path in sorted((data_root() / "knowledge" / "heard").glob("*.tsv")) for one in heard_in(path))


def heard_in(path: Path) -> tuple[Heard, ...]:
    """The messages of one set: a table with tabs, ``lang``, ``text`` ("\\n" stands for a line break), ``expected``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        texts = ((row["text"].replace("\\n", "\n").replace("\\t", "\t"), row["expected"]) for row in rows)
        return tuple(Heard(text, tuple(expected.split())) for text, expected in texts)


@cache
def events() -> tuple[Event, ...]:
    """The events of license server and session host: events.yml."""
    return _load("events", Event)


@cache
def terms() -> tuple[Term, ...]:
    """The glossary: terms.yml."""
    return _load("terms", Term)


@cache
def ports() -> tuple[Port, ...]:
    """The network flows, both ways: ports.yml."""
    return _load("ports", Port)


@cache
def policies() -> tuple[Policy, ...]:
    """Group Policy settings with their official names: policies.yml."""
    return _load("policies", Policy)


@cache
def registry() -> tuple[RegistryValue, ...]:
    """Registry values: registry.yml."""
    return _load("registry", RegistryValue)


@cache
def services() -> tuple[Service, ...]:
    """Services, features and tools by the names that programs use: services.yml."""
    return _load("services", Service)


@cache
def paths() -> tuple[Location, ...]:
    """Files and folders: paths.yml."""
    return _load("paths", Location)


@cache
def cim() -> tuple[CimClass, ...]:
    """CIM classes, their members and return codes: cim.yml."""
    return _load("cim", CimClass)


@cache
def contacts() -> tuple[Contact, ...]:
    """Whom to call or write to: contacts.yml."""
    return _load("contacts", Contact)


@cache
def sources() -> tuple[Source, ...]:
    """The sources behind every ``source`` field: sources.yml."""
    return _load("sources", Source)


@cache
def pages() -> tuple[Page, ...]:
    """The pages inside sources that facts cite: pages.yml."""
    return _load("pages", Page)


@cache
def checklist() -> tuple[ChecklistLine, ...]:
    """The article's nine lines, corrected, each with the steps that tick it: checklist.yml."""
    return _load("checklist", ChecklistLine)


@cache
def article() -> tuple[Correction, ...]:
    """The 34 points in which the source article is wrong or silent: article.yml, ``corrections``."""
    return tuple(Correction.model_validate(entry) for entry in read_yaml("article")["corrections"])


@cache
def places() -> tuple[Place, ...]:
    """Each chapter, table, command, FAQ entry and checklist line of the article and its page: article.yml."""
    return tuple(Place.model_validate(entry) for entry in read_yaml("article")["places"])


@cache
def _open() -> tuple[Open, ...]:
    return _load("open", Open)


def unconfirmed() -> tuple[Open, ...]:
    """What was looked for and not found: open.yml, "not confirmed" and "not to be had"."""
    return tuple(entry for entry in _open() if entry.kind != "not proven")


def asked() -> tuple[Open, ...]:
    """What the report of ``runbook selftest`` asks of the person in front of a real server: open.yml, ``asked``."""
    return tuple(entry for entry in _open() if entry.asked)


def unproven() -> tuple[Open, ...]:
    """What the project does and nobody has yet tried on a real server: open.yml, "not proven"."""
    return tuple(entry for entry in _open() if entry.kind == "not proven")


@cache
def versions() -> tuple[Version, ...]:
    """The versions of Windows Server, oldest first: versions.yml, ``versions``."""
    return tuple(Version.model_validate(entry) for entry in read_yaml("versions")["versions"])


def version(version_id: str) -> Version:
    """The version ``version_id`` ("2022"); KeyError where there is none."""
    return {row.id: row for row in versions()}[version_id]


def too_new_for(version_id: str) -> int | None:
    """The first build of a host that the CALs of ``version_id`` do not serve; None where no version is too new."""
    newest = version(version(version_id).serves).build
    return next((row.build for row in versions() if row.build > newest), None)


def oldest_server_for(version_id: str) -> int:
    """The build of the oldest license server that holds the CALs of ``version_id``."""
    return version(version(version_id).kept_on).build


@cache
def cal_versions() -> dict[str, int]:
    """The versions of which CALs are sold, each with its number (ProductVersionID), oldest first."""
    return {row.id: row.cal for row in versions() if row.cal is not None}


def version_of_cal(number: int) -> str | None:
    """ "2022" for ProductVersionID 7; None for a number that no source names."""
    return next((word for word, cal in cal_versions().items() if cal == number), None)


@cache
def days() -> tuple[Day, ...]:
    """The other days that pages speak of: versions.yml, ``days``."""
    return tuple(Day.model_validate(entry) for entry in read_yaml("versions")["days"])


def day(name: str) -> Day:
    """The day ``name``: "2016.extended" and "2022.mainstream" are ends of support, "portal" is one of ``days``.

    KeyError where there is none.
    """
    if "." not in name:
        return {row.id: row for row in days()}[name]
    head, _, phase = name.partition(".")
    row = version(head)
    last = {"mainstream": row.mainstream, "extended": row.extended}[phase]
    return Day(id=name, day=last, what=Text(fr=row.name, en=row.name), source=row.source, confidence=row.confidence)


@cache
def steps() -> tuple[Step, ...]:
    """The steps of all notebooks, in their order: steps.yml."""
    return _load("steps", Step)


@cache
def _errors_by_id() -> dict[str, Problem]:
    return {row.id: row for row in errors()}


@cache
def _events_by_key() -> dict[str, Event]:
    return {row.key: row for row in events()}


def problem(problem_id: str) -> Problem:
    """The row ``problem_id`` ("E07") of errors.yml; KeyError where there is none."""
    return _errors_by_id()[problem_id]


def event(key: str) -> Event:
    """The row ``key`` ("LS-22") of events.yml; KeyError where there is none."""
    return _events_by_key()[key]


@cache
def shorts() -> tuple[Short, ...]:
    """The short commands: short.yml."""
    return _load("short", Short)


def short(short_id: str) -> Short:
    """The row ``short_id`` ("activation") of short.yml; KeyError where there is none."""
    return {row.id: row for row in shorts()}[short_id]


@cache
def wheels() -> tuple[Wheel, ...]:
    """What each package of the offline bundle is for: wheels.yml."""
    return _load("wheels", Wheel)


@cache
def bundled() -> tuple[Locked, ...]:
    """The packages that the offline bundle carries for a Windows server: requirements.txt, which a checkout has."""
    from runbook.bundle.lock import WINDOWS, parse

    pins = parse((data_root() / "requirements.txt").read_text(encoding="utf-8"))
    return tuple(pin for pin in pins if pin.wanted(WINDOWS))


@cache
def _steps_by_id() -> dict[str, Step]:
    return {row.id: row for row in steps()}


def step(step_id: str) -> Step:
    """The step ``step_id`` of steps.yml; KeyError where there is none."""
    return _steps_by_id()[step_id]


@cache
def script(step_id: str) -> str:
    """The text of the step's file in ``notebooks/steps/``, as the runner runs it (LF line ends, no BOM).

    Raises FileNotFoundError for a step that runs no script, and for one that does not exist.
    """
    row = _steps_by_id().get(step_id)
    if row is None or row.script is None:
        raise FileNotFoundError(f"{step_id} is no step that runs a script")
    return (data_root() / "notebooks" / "steps" / f"{row.script}.ps1").read_text(encoding="utf-8")


@cache
def proven() -> tuple[Proven, ...]:
    """What has answered on a real server as it should: proven.yml. A report of ``runbook selftest`` adds to it."""
    return _load("proven", Proven)


def script_sha256(text: str) -> str:
    """The SHA-256 (hex) by which a script's text is known: of what it says."""
    return hashlib.sha256(said_by(text).encode("utf-8")).hexdigest()


def said_by(text: str) -> str:
    """What a script's text says, whatever its byte order mark, line ends, blanks at their ends, and signature."""
    return "\n".join(line.rstrip() for line in text.lstrip("\ufeff").split(SIGNATURE)[0].splitlines()).strip()


@cache
def unproven_scripts() -> frozenset[str]:
    """The scripts of notebooks/steps that nobody has yet seen right on a real server, as they now read."""
    known = {(row.script, row.sha256) for row in proven()}
    files = (data_root() / "notebooks" / "steps").glob("*.ps1")
    return frozenset(
        file.stem for file in files if (file.stem, script_sha256(file.read_text(encoding="utf-8-sig"))) not in known
    )


def is_unproven(step_id: str) -> bool:
    """Whether a step runs a script that is not yet proven on a server. KeyError where there is no such step."""
    return step(step_id).script in unproven_scripts()


@cache
def paste(step_id: str) -> str:
    """The same script in the form that runs when pasted into an elevated PowerShell 5.1 window."""
    return pasted(script(step_id))


def pasted(text: str) -> str:
    """``text`` of a script without the runner's blocks (``#region runbook`` to its end), in ``& { … }``.

    The braces keep strict mode and the error preference from staying in the person's window. No line is blank: where
    PSReadLine is not loaded (a screen reader, a remote console) a blank line ends what was begun with a brace.
    Raises ValueError where a block of the runner does not end.
    """
    body = _RUNNER_ONLY.sub("", text)
    if re.search(r"^[ \t]*#(end)?region runbook\b", body, re.MULTILINE):
        raise ValueError("#region runbook without its #endregion runbook")
    body = re.sub(r"\n(?:[ \t]*\n)+", "\n", body).strip("\n")
    return "& {\n" + body + "\n}\n"
