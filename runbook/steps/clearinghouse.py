"""Clearinghouse: what each contact gave, and when volume licensing support has to be asked.

Every contact is a ``confirm`` entry of its own; nothing is overwritten. The two steps look at each other: packs
that are not found (or proofs that are missing) open ``escalate``; its answer sends the case back to a new call.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, ClassVar

from runbook.case.identifiers import normalise_id35
from runbook.journal.context import Context
from runbook.journal.entries import is_masked, masked, moment, place, said
from runbook.journal.facts import Facts, Plain
from runbook.journal.lines import Entry
from runbook.journal.outcome import Line, Status, Verdict
from runbook.journal.parts import DONE, parts_of
from runbook.papers.reckoning import to_ask
from runbook.steps.key_packs import held_before
from runbook.steps.opening import set_up_anew
from runbook.steps.preflight import server_of
from runbook.steps.proofs import Proofs
from runbook.steps.registry import manual

ISSUED, REFUSED, NOT_FOUND, CALL_BACK = "issued", "refused", "not_found", "call_back"
RECORDING = "recording"  # nobody answered: a recording sent the caller to Microsoft's activation portal
#: Results after which volume licensing support is the next desk.
TO_ESCALATE = frozenset({NOT_FOUND, REFUSED})
AUTOMATIC = "automatic"

_WITHOUT_PACKS = {
    NOT_FOUND: "steps.clearinghouse_not_found",
    REFUSED: "steps.clearinghouse_refused",
    CALL_BACK: "steps.clearinghouse_call_back",
    RECORDING: "steps.clearinghouse_recording",
}
#: How to reach it, by the case's method.
_CALLS = {
    "telephone": "steps.clearinghouse_call_telephone",
    "web": "steps.clearinghouse_call_web",
    "automatic": "steps.clearinghouse_call_automatic",
}
#: As many as asked for, more, fewer: where all were asked for, and where some were there.
_OF_ALL = ("steps.clearinghouse_issued", "steps.clearinghouse_more", "steps.clearinghouse_fewer")
_OF_THE_REST = ("steps.clearinghouse_rest_equal", "steps.clearinghouse_rest_more", "steps.clearinghouse_rest_fewer")
#: What was said of a contact, as a table shows it; any other word stands as it was entered.
_SAID = {
    "channel": {
        "telephone": "steps.channel_telephone",
        "automatic": "steps.channel_automatic",
        "web": "steps.channel_web",
    },
    "result": {
        ISSUED: "steps.result_issued",
        REFUSED: "steps.result_refused",
        NOT_FOUND: "steps.result_not_found",
        CALL_BACK: "steps.result_call_back",
        RECORDING: "steps.result_recording",
    },
}


class IssuedPack(Plain):
    """One key pack as dictated: its ID masked to the last five, and the CALs it carries (0: not said)."""

    id: str
    count: int


class Clearinghouse(Facts):
    """The contact that decides: what it gave, against the CALs that the case owns and those that were asked for."""

    step: ClassVar[str] = "clearinghouse"
    contacts: int = 0
    result: str = ""
    channel: str = ""
    reference: str = ""
    agent: str = ""
    at: str = ""
    owned: int = 0
    packs: tuple[IssuedPack, ...] = ()
    issued: int = 0
    asked: int = 0


class Escalation(Facts):
    """What volume licensing support was told, under which ticket."""

    step: ClassVar[str] = "escalate"
    ticket: str = ""
    at: str = ""
    note: str = ""


def issued_packs(context: Context, entries: list[dict[str, Any]]) -> list[IssuedPack]:
    """The packs of every contact that issued some, each ID once (a pack dictated twice counts once). IDs are told apart
    in full: two may end alike. Where the private answers are not at hand, by their last five characters, and those of
    one contact by their place: nobody is given one ID twice in one answer."""
    found: dict[str, IssuedPack] = {}
    for entry, private in zip(entries, context.private("clearinghouse", entries), strict=True):
        if said(entry, "result") != ISSUED:
            continue
        full = [normalise_id35(str(pack.get("id") or "")) for pack in private.get("packs") or []]
        alike: Counter[str] = Counter()
        for number, pack in enumerate(packs_of(entry.get("fields", {}))):
            alike[pack.id] += 1
            known = full[number] if number < len(full) else None
            found[known or (f"{pack.id} {alike[pack.id]}" if pack.id else f"{place(entry)}.{number}")] = pack
    return list(found.values())


def _gave_packs(entry: dict[str, Any]) -> bool:
    return said(entry, "result") == ISSUED and bool(packs_of(entry.get("fields", {})))


def issued_ids(context: Context, contacts: list[Entry] | None = None) -> list[tuple[Entry, str]]:
    """Each License Key Pack ID that ``contacts`` (those that stand) gave, in full, once, with that contact."""
    found: dict[str, Entry] = {}
    given = context.confirms.get("clearinghouse", []) if contacts is None else contacts
    for contact, fields in zip(given, context.private("clearinghouse", contacts), strict=True):
        for pack in fields.get("packs") or []:
            compact = normalise_id35(str(pack.get("id") or ""))
            if compact:
                found.setdefault(compact, contact)
    return [(contact, compact) for compact, contact in found.items()]


def issued_counts(context: Context) -> list[tuple[Entry, str, int]]:
    """Each License Key Pack ID that a contact which stands gave, in full, with the last contact that gave it and its
    CALs as that one said (0: not said)."""
    found: dict[str, tuple[Entry, int]] = {}
    contacts = context.confirms.get("clearinghouse", [])
    for contact, fields in zip(contacts, context.private("clearinghouse"), strict=True):
        for pack in fields.get("packs") or []:
            if compact := normalise_id35(str(pack.get("id") or "")):
                found[compact] = contact, int(pack.get("count") or 0)
    return [(contact, compact, count) for compact, (contact, count) in found.items()]


def packs_of(fields: dict[str, Any]) -> list[IssuedPack]:
    """``packs: [{id, count}]`` of one entry; an ID in full is masked here."""
    packs = fields.get("packs") or []
    return [IssuedPack(id=masked(str(pack.get("id") or "")), count=int(pack.get("count") or 0)) for pack in packs]


@manual("clearinghouse")
def clearinghouse(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``when`` (the entry's ``at``), ``channel`` (telephone, automatic, web), ``reference``,
    ``agent``, ``result`` (issued, refused, not_found, call_back, recording), ``packs`` [{id (private), count}],
    ``note``.

    The last contact decides, unless an escalation answered after it: then a new call is due.
    """
    log = tuple(_row(int(entry.get("entry", number)), entry) for number, entry in enumerate(entries, 1))
    unsaid = _in_unsaid(context, entries)
    if not entries:
        return Verdict(Status.WAITING, unsaid) if unsaid else _not_yet(context)
    verdict = _of_contacts(context, entries, log)
    facts = verdict.facts
    short = isinstance(facts, Clearinghouse) and facts.issued < facts.asked
    return replace(verdict, lines=(*unsaid, *verdict.lines)) if short else verdict


def _in_unsaid(context: Context, entries: list[dict[str, Any]]) -> tuple[Line, ...]:
    """Said of key packs that went in and that no contact which stands gave: to ask for them again would be to ask
    twice. Silent where the server was set up anew since, and of journals that name no packs."""
    if set_up_anew(context.history):
        return ()
    given = {pack.id for pack in issued_packs(context, entries)}
    found = [part.of.shown for part in parts_of(context.history, "install-packs") if part.state in DONE]
    if not (unsaid := [each for each in dict.fromkeys(found) if each not in given]):
        return ()
    return (Line("steps.clearinghouse_in_unsaid", {"packs": ", ".join(unsaid), "case": context.case.name}),)


def _of_contacts(context: Context, entries: list[dict[str, Any]], log: tuple[dict[str, Any], ...]) -> Verdict:
    last = entries[-1]
    result = said(last, "result")
    # A later contact that brought no pack is not credited with the packs of an earlier one.
    told = next((e for e in reversed(entries) if _gave_packs(e)), last) if result == ISSUED else last
    facts = Clearinghouse(
        contacts=len(entries),
        result=result,
        channel=said(told, "channel"),
        reference=said(told, "reference"),
        agent=said(told, "agent"),
        at=moment(told),
        owned=context.case.expected_cals(),
    )
    where = {"at": facts.at, "reference": facts.reference or "steps.not_recorded"}
    where["note"] = said(last, "note") or "steps.nothing_noted"
    if result != ISSUED:
        if result in TO_ESCALATE and _escalated_since(context, last):
            ticket = said(context.confirms["escalate"][-1], "ticket") or "—"
            return Verdict(Status.WAITING, (Line("steps.clearinghouse_again", {"ticket": ticket}),), facts, log)
        key = _WITHOUT_PACKS.get(result, "steps.clearinghouse_unclear")
        return Verdict(Status.WAITING, (Line(key, where),), facts, log)
    faults = _faults(context, entries)
    if faults:
        return Verdict(Status.WAITING, faults, facts, log)
    return _issued(context, entries, facts, log)


def _not_yet(context: Context) -> Verdict:
    """No contact yet: the call is open, or closed until the proofs are there or support has answered."""
    missing = _without_proof(context)
    if context.case.packs and not _asked(context):
        line = Line("steps.clearinghouse_nothing_missing", {"owned": context.case.expected_cals()})
        return Verdict(Status.SKIPPED, (line,))
    if missing:
        escalated = context.confirms.get("escalate")
        if not escalated:
            return Verdict(Status.WAITING, (Line("steps.clearinghouse_closed", {"missing": missing}),))
        ticket = said(escalated[-1], "ticket") or "—"
        return Verdict(Status.WAITING, (Line("steps.clearinghouse_again", {"ticket": ticket}),))
    method = context.case.clearinghouse.method
    return Verdict(Status.WAITING, (Line(_CALLS[method], {"server": server_of(context)}),))


def _issued(
    context: Context, entries: list[dict[str, Any]], facts: Clearinghouse, log: tuple[dict[str, Any], ...]
) -> Verdict:
    packs = issued_packs(context, entries)
    total = sum(pack.count for pack in packs)
    facts = facts.model_copy(update={"packs": tuple(packs), "issued": total})
    if not packs:
        # The automatic way installs by itself and hands out no ID; another channel cannot.
        if facts.channel == AUTOMATIC:
            line = Line("steps.clearinghouse_automatic", {"at": facts.at})
            return Verdict(Status.SUCCEEDED, (line,), facts, log)
        return Verdict(Status.WAITING, (Line("steps.clearinghouse_no_id"),), facts, log)
    ids = ", ".join(f"{pack.id} ({pack.count or '?'})" for pack in packs)
    asked = _asked(context)
    there = facts.owned - asked
    facts = facts.model_copy(update={"asked": asked})
    fields = {"packs": ids, "issued": total, "owned": facts.owned, "reference": facts.reference or "steps.not_recorded"}
    fields["case"] = context.case.name
    place = (total > asked) - (total < asked)
    if there:
        fields |= {"asked": asked, "there": there}
    key = (_OF_THE_REST if there else _OF_ALL)[place]
    return Verdict(Status.FINDING if place else Status.SUCCEEDED, (Line(key, fields),), facts, log)


def _asked(context: Context) -> int:
    """How many CALs the Clearinghouse is to give: what was missing when the case began."""
    return sum(pack.count for pack in to_ask(context.case.packs, held_before(context)))


def _without_proof(context: Context) -> int:
    """How many packs have neither a proof nor a reason."""
    return context.known(Proofs).missing


def _faults(context: Context, entries: list[dict[str, Any]]) -> tuple[Line, ...]:
    """IDs that cannot be License Key Pack IDs. They are read in private/ where they lie in full."""
    lines = []
    for number, (entry, private) in enumerate(zip(entries, context.private("clearinghouse"), strict=False), 1):
        if said(entry, "result") != ISSUED:
            continue
        full = private.get("packs") or entry.get("fields", {}).get("packs") or []
        for pack in full:
            given = str(pack.get("id") or "")
            if given and not is_masked(given) and normalise_id35(given) is None:
                lines.append(Line("steps.clearinghouse_bad_id", {"entry": number, "id": masked(given)}))
    return tuple(lines)


def _escalated_since(context: Context, entry: dict[str, Any]) -> bool:
    answers = context.confirms.get("escalate", [])
    return bool(answers) and place(answers[-1]) > place(entry)


def _row(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    packs = packs_of(entry.get("fields", {}))
    return {
        "contact": number,
        "at": moment(entry),
        "channel": _shown("channel", entry),
        "result": _shown("result", entry),
        "reference": said(entry, "reference"),
        "agent": said(entry, "agent"),
        "packs": ", ".join(f"{pack.id} ({pack.count or '?'})" for pack in packs),
    }


def _shown(question: str, entry: dict[str, Any]) -> str:
    return _SAID[question].get(said(entry, question), said(entry, question))


@manual("escalate")
def escalate(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``ticket``, ``result``, ``note``. Skipped unless packs were not found, the request was
    refused, or proofs are missing; then waits for the ticket of volume licensing support."""
    if entries:
        entry = entries[-1]
        ticket = said(entry, "ticket")
        facts = Escalation(ticket=ticket, at=moment(entry), note=said(entry, "note"))
        if not ticket:
            return Verdict(Status.WAITING, (Line("steps.escalate_no_ticket"),), facts)
        contacts = context.confirms.get("clearinghouse", [])
        if contacts and said(contacts[-1], "result") in TO_ESCALATE and place(contacts[-1]) > place(entry):
            return Verdict(Status.WAITING, (Line("steps.escalate_again", {"ticket": ticket}),), facts)
        return Verdict(Status.SUCCEEDED, (Line("steps.escalate_done", {"ticket": ticket}),), facts)
    contacts = context.confirms.get("clearinghouse", [])
    if contacts and said(contacts[-1], "result") in TO_ESCALATE:
        return Verdict(Status.WAITING, (Line("steps.escalate_not_found"),))
    if not contacts and (missing := _without_proof(context)):
        return Verdict(Status.WAITING, (Line("steps.escalate_proofs", {"missing": missing}),))
    return Verdict(Status.SKIPPED, (Line("steps.escalate_skipped"),))
