"""Install: which way was taken, and whether the license server now holds what the case owns.

The documented way is the wizard, by *Migrate* or by *Install Licenses* (migrate-rds-cals; KB 953918), confirmed
by a person. Win32_TSLicenseKeyPack.InstallLicenseKeyPack is offered, and every record of it says: unproven.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.entries import moment, said
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.journal.parts import SAID_OUT, SentPack, secret
from runbook.papers.reckoning import to_ask
from runbook.steps.answer_shape import Answered, Fault, Flag, Int, LoggedEvent
from runbook.steps.clearinghouse import issued_ids, issued_packs
from runbook.steps.key_packs import HeldBefore, KeyPack, compact, unsettled
from runbook.steps.preflight import server_of
from runbook.steps.purpose import beyond, dictated, failure, purpose
from runbook.steps.registry import CONFIRM, manual, script

MIGRATE, INSTALL, AUTOMATIC, CIM = "wizard-migrate", "wizard-install", "automatic", "cim"
_WAYS = {
    MIGRATE: "steps.install_way_wizard_migrate",
    INSTALL: "steps.install_way_wizard_install",
    AUTOMATIC: "steps.install_way_automatic",
    CIM: "steps.install_way_cim",
}
#: What to do, by the wizard's entry that the case names.
_WIZARD = {"migrate": "steps.install_waiting_migrate", "install": "steps.install_waiting_install"}
_EVENTS = {
    26: "steps.event_26",
    88: "steps.event_88",
    89: "steps.event_89",
    90: "steps.event_90",
    91: "steps.event_91",
    92: "steps.event_92",
    93: "steps.event_93",
}
PROVIDERS = frozenset({"Microsoft-Windows-TerminalServices-Licensing", "TermServLicensing"})
#: The channel in which the licensing provider's numbers are unambiguous.
SYSTEM = "System"


class InstalledPack(Answered):
    """One InstallLicenseKeyPack: the last five characters of the ID, ReturnValue, the row it made."""

    tail: str
    return_value: Int | None
    key_pack_id: Int | None
    fault: Fault | None


class InstallPacksAnswer(Answered):
    """install-packs: one call per ID, key packs before and after."""

    packs: list[InstalledPack]
    before: list[KeyPack]
    after: list[KeyPack]
    after_fault: Fault | None = None  # the rows afterwards could not be read: the packs above are what is known


class LogSearch(Answered):
    """One Get-WinEvent. NoMatch: the channel holds no such event. More: it holds more than the 200 that were read, the
    newest. Missing: there is no such channel."""

    channel: str
    no_match: Flag
    more: Flag = False
    missing: Flag
    fault: Fault | None


class MigrationEventsAnswer(Answered):
    """migration-events: 26 and 88 to 93 of the licensing provider since the incident."""

    since: AwareDatetime
    searches: list[LogSearch]
    events: list[LoggedEvent]


class InstallWay(Facts):
    """By which way the packs went in, and whether Microsoft documents it."""

    step: ClassVar[str] = "install-packs"
    way: str = ""
    documented_way: bool | None = None


class Confirmed(InstallWay):
    """A person says so."""

    at: str = ""
    confirmed_by: str = ""


class Sent(InstallWay):
    """The WMI method was called: each ID by its last five characters, the row it made, its code ("" for success)."""

    packs: tuple[SentPack, ...] = ()
    rows_before: int | None = None
    rows_after: int | None = None
    after_fault: str = ""


class MigrationEvents(Facts):
    """How often each event was seen since the incident; ``ambiguous`` ones stand in a channel that shares numbers."""

    step: ClassVar[str] = "migration-events"
    events: dict[str, int] = Field(default_factory=dict)
    since: str = ""
    ambiguous: int = 0


def too_many(context: Context) -> tuple[Line, ...]:
    """Said where the packs that were dictated hold more CALs than the case has to ask for, and some are not in yet: a
    pack cannot be taken out again, and the case names no right to it."""
    if (found := beyond(context)) is None:
        return ()
    fields = {"issued": found[0], "asked": found[1], "case": context.case.name}
    return (Line("guards.too_many", fields),)


@manual("install-packs")
def install_packs(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``way`` (wizard-migrate, wizard-install, automatic, cim), ``note``.

    Whether it worked is for key-packs-after to say."""
    aim = purpose(context, "install-packs")
    if not entries and context.status.get("clearinghouse") is Status.SKIPPED:
        return Verdict(Status.SKIPPED, (Line("steps.install_nothing_missing"),))
    if not entries and unsettled(context):
        return Verdict(Status.WAITING, (Line("guards.unsettled", {"server": server_of(context)}),))
    if not entries or (aim and aim.due):
        due = (
            [of.shown for of in aim.due]
            if aim
            else [p.id for p in issued_packs(context, context.confirms.get("clearinghouse", []))]
        )
        if not due:  # reissued by the automatic way: there is no ID to enter
            return Verdict(Status.WAITING, (Line("steps.install_waiting_automatic", {"server": server_of(context)}),))
        if lines := too_many(context):
            return Verdict(Status.WAITING, lines)
        fields = {"server": server_of(context), "packs": ", ".join(due)}
        return Verdict(Status.WAITING, (Line(_WIZARD[context.case.clearinghouse.wizard], fields),))
    entry = entries[-1]
    way = said(entry, "way")
    who = str(entry.get("who", ""))
    facts = Confirmed(way=way, at=moment(entry), confirmed_by=who, documented_way=way != CIM)
    if way not in _WAYS:
        return Verdict(Status.WAITING, (Line("steps.install_way_unclear", {"way": way}),), facts)
    line = Line(_WAYS[way], {"who": facts.confirmed_by, "at": facts.at})
    return Verdict(Status.FINDING if way == CIM else Status.SUCCEEDED, (line,), facts)


def _due(context: Context) -> dict[str, Any]:
    """What was dictated and never went in: an ID is sent once."""
    aim = purpose(context, "install-packs")
    due = {of.key for of in aim.due} if aim else set()
    return {"LicenseKeyPackIds": [c for _, c in issued_ids(context) if secret(c).key in due]}


@script(
    "install-packs",
    InstallPacksAnswer,
    given=_due,
    asked=lambda context: [of for _, of in dictated(context)],
    wants={"LicenseKeyPackIds": (CONFIRM, "clearinghouse")},
)
def install_packs_cim(context: Context, seen: InstallPacksAnswer) -> Verdict:
    """The unproven way: one ReturnValue per ID (0 is success), each failure with its code as ``0x``."""
    facts = Sent(
        way=CIM,
        documented_way=False,
        packs=tuple(SentPack(id=f"…{p.tail}", row=p.key_pack_id, code=_code(p)) for p in seen.packs),
        rows_before=len(seen.before),
        rows_after=len(seen.after),
    )
    table = tuple(
        {
            "pack": f"…{pack.tail}",
            "state": "steps.state_failed" if _code(pack) else "steps.state_installed",
            "code": _code(pack),
            "row": pack.key_pack_id,
        }
        for pack in seen.packs
    )
    refused = [pack for pack in seen.packs if _code(pack)]
    if refused or not seen.packs:
        earlier = purpose(context, "install-packs")
        inside = [part.of.shown for part in earlier.done] if earlier else []
        inside += [f"…{pack.tail}" for pack in seen.packs if not _code(pack)]
        lines = [Line("steps.install_in", {"ids": ", ".join(inside)})] if inside else []
        lines += [Line("steps.install_refused", {"id": f"…{pack.tail}", "code": _code(pack)}) for pack in refused]
        said_out = {part.of.shown for part in earlier.parts if part.state == SAID_OUT} if earlier else set()
        if begun := [f"…{pack.tail}" for pack in refused if f"…{pack.tail}" in said_out]:
            lines.append(Line("steps.install_refused_begun", {"ids": ", ".join(begun), "case": context.case.name}))
        before = compact(seen.before)
        if refused and not to_ask(context.case.packs, before):
            lines.append(Line("steps.install_refused_there", {"server": server_of(context), "case": context.case.name}))
        found = [hint for pack in refused for hint in hints_for("wmi", _code(pack))]
        hints = tuple(dict.fromkeys([*found, *hints_for("refused-id")]))
        return Verdict(Status.FAILED, tuple(lines) or (Line("steps.install_nothing"),), facts, table, hints)
    if seen.after_fault is not None:
        facts = facts.model_copy(update={"after_fault": seen.after_fault.code})
    # Proven only by key-packs-after: the method's success was never seen on a real server.
    return Verdict(Status.FINDING, (Line("steps.install_cim", {"count": len(seen.packs)}),), facts, table)


def _code(pack: InstalledPack) -> str:
    return failure(pack.return_value, pack.fault.code if pack.fault else None)


def _since(context: Context) -> dict[str, Any]:
    """Since the incident; where the case does not date it, since the key packs were read for the first time."""
    day = context.case.incident.date
    if day is None:
        return {"Since": context.known(HeldBefore).collected_at}
    # The case's day is the one of its own place, which may begin half a day before that of UTC.
    begins = dt.datetime.combine(day, dt.time()).astimezone(dt.UTC)
    return {"Since": f"{begins:%Y-%m-%dT%H:%M:%S}.0000000Z"}


@script("migration-events", MigrationEventsAnswer, given=_since)
def migration_events(context: Context, seen: MigrationEventsAnswer) -> Verdict:
    """Events 26 and 88 to 93. Their absence proves nothing (that 2022 writes them is inferred); 93 proves which
    reason was chosen, and nothing about the old server. In another channel than System an ID is ambiguous."""
    events = [event for event in seen.events if event.provider in PROVIDERS]
    sure = [event for event in events if event.channel == SYSTEM]
    counts = {str(number): sum(1 for e in sure if e.id == number) for number in sorted({e.id for e in sure})}
    since = (context.case.incident.date or seen.since.date()).isoformat()
    facts = MigrationEvents(events=counts, since=since, ambiguous=len(events) - len(sure))
    table = tuple(
        {
            "at": f"{e.at:%Y-%m-%d %H:%M:%S} UTC" if e.at else "",
            "event": e.id,
            "channel": e.channel,
            "record": e.record_id,
        }
        for e in sorted(events, key=lambda e: (e.at is not None, e.at or seen.since))
    )
    broken = [search.channel for search in seen.searches if search.fault is not None and not search.no_match]
    broken = [channel for channel in broken if not any(s.missing for s in seen.searches if s.channel == channel)]
    unread = (Line("steps.events_unread", {"channels": ", ".join(broken)}),) if broken else ()
    if unread and not sure:
        return Verdict(Status.NOT_JUDGED, unread, facts, table)
    if not sure:
        return Verdict(Status.SUCCEEDED, (Line("steps.events_none", {"since": since}),), facts, table)
    known = [number for number in _EVENTS if str(number) in counts]
    lines = tuple(Line(_EVENTS[number], {"count": counts[str(number)]}) for number in known)
    longer = [search.channel for search in seen.searches if search.more]
    more = (Line("steps.events_more", {"channels": ", ".join(longer)}),) if longer else ()
    trouble = more or {26, 90} & set(known)
    return Verdict(Status.FINDING if trouble else Status.SUCCEEDED, (*lines, *more, *unread), facts, table)
