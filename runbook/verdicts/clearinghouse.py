"""Clearinghouse: what each contact gave, and when volume licensing support has to be asked.

Every contact is a ``confirm`` entry of its own; nothing is overwritten. The two steps look at each other: packs
that are not found (or proofs that are missing) open ``escalate``; its answer sends the case back to a new call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runbook.identifiers import normalise_id35
from runbook.outcome import Line, Status, Verdict
from runbook.verdicts.context import Context
from runbook.verdicts.entries import is_masked, masked, moment, place, said

ISSUED, REFUSED, NOT_FOUND, CALL_BACK = "issued", "refused", "not_found", "call_back"
#: Results after which volume licensing support is the next desk.
TO_ESCALATE = frozenset({NOT_FOUND, REFUSED})
AUTOMATIC = "automatic"


@dataclass(frozen=True)
class IssuedPack:
    """One key pack as dictated: its ID masked to the last five, and the CALs it carries (0: not said)."""

    id: str
    count: int


def issued_packs(entries: list[dict[str, Any]]) -> list[IssuedPack]:
    """The packs of every contact that issued some, each ID once (a pack dictated twice counts once)."""
    found: dict[str, IssuedPack] = {}
    for entry in entries:
        if said(entry, "result") != ISSUED:
            continue
        for number, pack in enumerate(packs_of(entry.get("fields", {}))):
            shown = pack.id or f"{place(entry)}.{number}"
            found[shown] = pack
    return list(found.values())


def _gave_packs(entry: dict[str, Any]) -> bool:
    return said(entry, "result") == ISSUED and bool(packs_of(entry.get("fields", {})))


def packs_of(fields: dict[str, Any]) -> list[IssuedPack]:
    """``packs: [{id, count}]`` of one entry; an ID in full is masked here."""
    packs = fields.get("packs") or []
    return [IssuedPack(masked(str(pack.get("id") or "")), int(pack.get("count") or 0)) for pack in packs]


def clearinghouse(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``when`` (the entry's ``at``), ``channel`` (telephone, automatic, web), ``reference``,
    ``agent``, ``result`` (issued, refused, not_found, call_back), ``packs`` [{id (private), count}],
    ``note``.

    The last contact decides, unless an escalation answered after it: then a new call is due.
    """
    log = tuple(_row(number, entry) for number, entry in enumerate(entries, 1))
    if not entries:
        return _not_yet(context)
    last = entries[-1]
    result = said(last, "result")
    # A later contact that brought no pack is not credited with the packs of an earlier one.
    told = next((e for e in reversed(entries) if _gave_packs(e)), last) if result == ISSUED else last
    facts: dict[str, Any] = {
        "contacts": len(entries),
        "result": result,
        "channel": said(told, "channel"),
        "reference": said(told, "reference"),
        "agent": said(told, "agent"),
        "at": moment(told),
        "owned": context.case.expected_cals(),
    }
    where = {"at": facts["at"], "reference": facts["reference"] or "—", "note": said(last, "note") or "—"}
    if result != ISSUED:
        if result in TO_ESCALATE and _escalated_since(context, last):
            ticket = said(context.confirms["escalate"][-1], "ticket") or "—"
            return Verdict(Status.WAITING, (Line("steps.clearinghouse_again", {"ticket": ticket}),), facts, log)
        known = result if result in (NOT_FOUND, REFUSED, CALL_BACK) else "unclear"
        return Verdict(Status.WAITING, (Line(f"steps.clearinghouse_{known}", where),), facts, log)
    faults = _faults(context, entries)
    if faults:
        return Verdict(Status.WAITING, faults, facts, log)
    return _issued(context, entries, facts, log)


def _not_yet(context: Context) -> Verdict:
    """No contact yet: the call is open, or closed until the proofs are there or support has answered."""
    missing = context.fact("proofs", "missing", 0)
    if missing:
        escalated = context.confirms.get("escalate")
        if not escalated:
            return Verdict(Status.WAITING, (Line("steps.clearinghouse_closed", {"missing": missing}),))
        ticket = said(escalated[-1], "ticket") or "—"
        return Verdict(Status.WAITING, (Line("steps.clearinghouse_again", {"ticket": ticket}),))
    method = context.case.clearinghouse.method
    word = method if method in ("automatic", "web") else "telephone"
    fields = {"server": context.case.license_server.name}
    return Verdict(Status.WAITING, (Line(f"steps.clearinghouse_call_{word}", fields),))


def _issued(
    context: Context, entries: list[dict[str, Any]], facts: dict[str, Any], log: tuple[dict[str, Any], ...]
) -> Verdict:
    packs = issued_packs(entries)
    total = sum(pack.count for pack in packs)
    facts |= {"packs": [{"id": pack.id, "count": pack.count} for pack in packs], "issued": total}
    if not packs:
        # The automatic way installs by itself and hands out no ID; another channel cannot.
        if facts["channel"] == AUTOMATIC:
            line = Line("steps.clearinghouse_automatic", {"at": facts["at"]})
            return Verdict(Status.SUCCEEDED, (line,), facts, log)
        return Verdict(Status.WAITING, (Line("steps.clearinghouse_no_id"),), facts, log)
    ids = ", ".join(f"{pack.id} ({pack.count or '?'})" for pack in packs)
    fields = {"packs": ids, "issued": total, "owned": facts["owned"], "reference": facts["reference"] or "—"}
    if total == facts["owned"]:
        return Verdict(Status.SUCCEEDED, (Line("steps.clearinghouse_issued", fields),), facts, log)
    word = "fewer" if total < facts["owned"] else "more"
    return Verdict(Status.FINDING, (Line(f"steps.clearinghouse_{word}", fields),), facts, log)


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
        "channel": _word("channel", said(entry, "channel")),
        "result": _word("result", said(entry, "result")),
        "reference": said(entry, "reference"),
        "agent": said(entry, "agent"),
        "packs": ", ".join(f"{pack.id} ({pack.count or '?'})" for pack in packs),
    }


def _word(kind: str, value: str) -> str:
    known = {
        "channel": ("telephone", "automatic", "web"),
        "result": (ISSUED, REFUSED, NOT_FOUND, CALL_BACK),
    }
    return f"steps.{kind}_{value}" if value in known[kind] else value


def escalate(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``ticket``, ``result``, ``note``. Skipped unless packs were not found, the request was
    refused, or proofs are missing; then waits for the ticket of volume licensing support."""
    if entries:
        entry = entries[-1]
        ticket = said(entry, "ticket")
        facts = {"ticket": ticket, "at": moment(entry), "note": said(entry, "note")}
        if not ticket:
            return Verdict(Status.WAITING, (Line("steps.escalate_no_ticket"),), facts)
        contacts = context.confirms.get("clearinghouse", [])
        if contacts and said(contacts[-1], "result") in TO_ESCALATE and place(contacts[-1]) > place(entry):
            return Verdict(Status.WAITING, (Line("steps.escalate_again", {"ticket": ticket}),), facts)
        return Verdict(Status.SUCCEEDED, (Line("steps.escalate_done", {"ticket": ticket}),), facts)
    contacts = context.confirms.get("clearinghouse", [])
    if contacts and said(contacts[-1], "result") in TO_ESCALATE:
        return Verdict(Status.WAITING, (Line("steps.escalate_not_found"),))
    if not contacts and context.fact("proofs", "missing", 0):
        missing = context.fact("proofs", "missing", 0)
        return Verdict(Status.WAITING, (Line("steps.escalate_proofs", {"missing": missing}),))
    return Verdict(Status.SKIPPED, (Line("steps.escalate_skipped"),))


MANUAL = {"clearinghouse": clearinghouse, "escalate": escalate}
