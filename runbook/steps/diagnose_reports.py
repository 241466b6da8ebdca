"""What is no event log: Group Policy reports, the answers of steps, error texts. Each gives hints with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.formats.clixml import read_stderr
from runbook.formats.events import EventRecord
from runbook.formats.gpresult_html import read_gpresult_html
from runbook.formats.licensing_policy import LicensingPolicy, fold, licensing_policies, licensing_policies_of_html
from runbook.formats.out_json import read_out_json
from runbook.formats.rsop import read_rsop
from runbook.formats.unread import Unread, unread
from runbook.hints import matching
from runbook.journal.outcome import Answer, Verdict
from runbook.knowledge import reference
from runbook.steps import registry
from runbook.steps.answer_shape import Answered, LoggedEvent, misfit
from runbook.steps.host_state import HostsAnswer
from runbook.steps.install import MigrationEventsAnswer
from runbook.steps.opening import RolesAnswer, ServiceAnswer

#: Bytes of an error text that are looked at: its beginning and its end are enough.
_TEXT = 1 << 20
#: A text names its row less surely than an event does.
_TEXT_WEIGHT = 0.8
_GRACE_ROW = 5
#: The event of a host in AAD Per User mode stands for the mode itself.
_AAD = "RCM-50215"
#: What a step's own verdict says stands between an error and a warning of a log; what everything else hangs on,
#: above both.
_READING, _FUNDAMENTAL = 85.0, 95.0
_FIRST = frozenset({"roles", "service", "license-server"})

Judge = Callable[[str, Answer], Verdict | None]


@dataclass(frozen=True)
class Pointer:
    """One row that a report or a text points to: its id, how surely (0 to 100), and why (a key of words/)."""

    id: str
    score: float
    why: str


@dataclass(frozen=True)
class ReportRead:
    """What one file that is no log gave. ``policies`` are rows ``{policy, value, gpo}`` of a Group Policy report,
    ``told`` what the report says by what it lacks (keys of words/), ``events`` what a step's answer holds of them,
    ``answers`` the answers themselves."""

    pointers: tuple[Pointer, ...] = ()
    policies: tuple[dict[str, str], ...] = ()
    events: tuple[EventRecord, ...] = ()
    answer: Answered | None = None
    script: str = ""
    unread: tuple[Unread, ...] = ()
    told: tuple[str, ...] = ()


def read_policy_report(path: Path, kind: str, lost: Iterable[str]) -> ReportRead:
    """The licensing policies of a ``gpresult`` report; ``lost`` are the names of license servers that are gone."""
    if kind == "rsop":
        report = read_rsop(path)
        found, faults = licensing_policies(report), report.unread
        paths = [policy.category for policy in report.policies if policy.scope == "computer"]
        whole = report.computer or paths or any(gpo.scope == "computer" for gpo in report.gpos)
        lacks = _lacks(paths, bool(report.registry)) if whole else "diagnose.user_only"
    else:
        page = read_gpresult_html(path)
        found, faults = licensing_policies_of_html(page), page.unread
        lacks = _lacks([setting.path for setting in page.settings], False)
        if _is_of_a_user(page.titles):
            lacks = "diagnose.user_only"
    told = () if found or faults else (lacks,)
    rows = tuple({"policy": p.name, "value": ", ".join(p.servers) or p.text or p.state, "gpo": p.gpo} for p in found)
    return ReportRead(tuple(_of_policies(found, {name.casefold() for name in lost})), rows, unread=faults, told=told)


def _lacks(paths: list[str], registry: bool) -> str:
    """Why a report names no licensing policy: none arrives, or its language is not known here. Templates stand in
    folders whose names are known in French and English."""
    roots = {fold(root) for root in reference.lexicon().template_roots}
    known = not paths or any(fold(part) in roots for path in paths for part in path.split("/"))
    return "diagnose.no_licensing_policy" if known or registry else "diagnose.other_language"


def _is_of_a_user(titles: tuple[str, ...]) -> bool:
    """Whether a page has the user's section and not the machine's, as a session that is not elevated makes it."""
    words = {word for title in titles for word in re.findall(r"\w+", fold(title))}
    lexicon = reference.lexicon()
    return not words.isdisjoint(lexicon.user_titles) and words.isdisjoint(lexicon.computer_titles)


def _of_policies(found: tuple[LicensingPolicy, ...], lost: set[str]) -> Iterable[Pointer]:
    """A policy that sets one half only leaves the other to the host: named, and no more than that."""
    by_id = {policy.id: policy for policy in found}
    servers, mode = by_id.get("servers"), by_id.get("mode")
    if mode is not None and mode.number == 6:
        yield from (Pointer(r.id, 75.0, "diagnose.why_aad_mode") for r in reference.errors() if _AAD in r.events)
    if servers is not None and any(name.casefold() in lost for name in servers.servers):
        yield from _grace(88.0, "diagnose.why_dead_server")
    if servers is not None and mode is None:
        yield from (
            Pointer(h.id, 55.0, "diagnose.why_no_mode") for h in matching.hint_for_code("5", "mode") if h.problem
        )
    if mode is not None and servers is None:
        yield from _grace(55.0, "diagnose.why_no_servers")


def _grace(score: float, why: str) -> Iterable[Pointer]:
    """The row of the source article's own table that speaks of the grace period."""
    return (Pointer(row.id, score, why) for row in reference.errors() if row.article == _GRACE_ROW)


def read_text(path: Path) -> ReportRead:
    """An error text: what PowerShell or a person wrote. A bare number in it counts for nothing."""
    with path.open("rb") as file:
        data = file.read(_TEXT)
        rest = path.stat().st_size - len(data)
        if rest > _TEXT:
            file.seek(-_TEXT, 2)
            data += file.read()
    found = read_stderr(data, "utf-8" if _is_utf8(data) else "cp850", path.name)
    text = "\n".join(piece.text for piece in found.pieces)
    known = [hint for hint in matching.hints_for_text(text) if hint.problem is not None and not hint.candidate]
    pointers = tuple(Pointer(hint.id, hint.score * _TEXT_WEIGHT, "diagnose.why_text") for hint in known)
    return ReportRead(pointers, unread=found.unread)


def _is_utf8(data: bytes) -> bool:
    try:
        data[: -4 or None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_step_answer(path: Path, judge: Judge) -> ReportRead:
    """The out.json of a step, from any machine: known by its names, then judged as the step itself would be."""
    read = read_out_json(path.read_bytes(), path.name)
    if read.rows is None:
        return ReportRead(unread=(read.unread,) if read.unread else ())
    script = script_of(read.rows)
    if script is None:
        return ReportRead(unread=(unread(path.name, "readers.not_an_answer"),))
    try:
        answer = registry.read_answer(script, read.rows)
    except ValueError as error:
        return ReportRead(unread=(unread(path.name, "readers.other_shape", script=script, detail=misfit(error)),))
    verdict = judge(script, Answer(0, read.rows, b"", b"", 0.0, path.parent))
    score = _FUNDAMENTAL if script in _FIRST else _READING
    pointers = tuple(Pointer(row, score, "diagnose.why_reading") for row in (verdict.hints if verdict else ()))
    return ReportRead(pointers, events=tuple(_events(answer)), answer=answer, script=script)


def script_of(rows: list[dict[str, Any]]) -> str | None:
    """Which script writes an answer with these names; None where none does.

    A name that came later (its field has a default) may be missing: the file may be from an earlier edition.
    """
    if len(rows) != 1:
        return None
    names = set(rows[0])
    for script, model in registry.answers().items():
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if {name for name, field in fields.items() if field.is_required()} <= names <= fields.keys():
            return script
    return None


def _events(answer: Answered) -> Iterable[EventRecord]:
    if isinstance(answer, MigrationEventsAnswer):
        yield from (_record(event, "") for event in answer.events)
    if isinstance(answer, HostsAnswer):
        for host in answer.hosts:
            if host.reading is not None:
                yield from (_record(event, host.name) for event in host.reading.events)


def _record(event: LoggedEvent, computer: str) -> EventRecord:
    data = {str(number): text for number, text in enumerate(event.properties, 1)}
    return EventRecord(
        event.provider, event.channel, event.id, event.level or 0, event.at, event.record_id or 0, computer, data,
        event.message,
    )  # fmt: skip


def session_host_role(answers: Iterable[Answered]) -> bool | None:
    """Whether the machine is meant to be a session host, as the answers of ``roles`` say; None: they do not."""
    said = [a.installed("RDS-RD-Server") for a in answers if isinstance(a, RolesAnswer)]
    return any(said) if said else None


def service_runs(answers: Iterable[Answered]) -> bool | None:
    """Whether TermServLicensing runs, as the answers of ``service`` say; None: they do not."""
    said = [a.state == "Running" for a in answers if isinstance(a, ServiceAnswer)]
    return all(said) if said else None
