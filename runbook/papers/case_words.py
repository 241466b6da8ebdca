"""How the case reads on paper: packs, contract, old servers, dates, in the sheet's language."""

from __future__ import annotations

from collections import Counter

from runbook.case.identifiers import groups_of_five, mask
from runbook.case.model import Case, Pack
from runbook.journal.context import Context
from runbook.journal.entries import said
from runbook.knowledge import reference
from runbook.papers.reckoning import Kind
from runbook.words.forms import day
from runbook.words.sentences import keyed, sentence

TYPES = {"user": "sheets.type_user", "device": "sheets.type_device"}
PROGRAMS = keyed(
    "sheets.program_",
    "sheets.program_retail", "sheets.program_open", "sheets.program_select", "sheets.program_enterprise",
    "sheets.program_campus", "sheets.program_school", "sheets.program_spla", "sheets.program_other",
)  # fmt: skip


def word(key: str, lang: str, **fields: object) -> str:
    """The sentence ``key`` in ``lang``."""
    return sentence(key, lang, fields)  # which puts moments too into the language


def pack_type(pack: Pack, lang: str) -> str:
    return word(TYPES[pack.type], lang)


def kind_title(kind: Kind, lang: str) -> str:
    """``RDS 2022 Per User``: a kind of CAL by ProductType and ProductVersionID."""
    product, version = kind
    key = {1: "sheets.cal_user", 0: "sheets.cal_device"}.get(product, "sheets.cal_other")
    return word(key, lang, version=reference.version_of_cal(version) or f"#{version}")


def packs_in_words(case: Case, lang: str) -> str:
    """``2 × 20 CAL par utilisateur Windows Server 2022``: equal packs once, with their number."""
    kinds = Counter((pack.count, pack.version, pack.type) for pack in case.packs)
    return ", ".join(
        word("sheets.pack_line", lang, times=times, count=count, version=version, type=word(TYPES[kind], lang))
        for (count, version, kind), times in kinds.items()
    )


def proofs_in_words(pack: Pack, lang: str) -> str:
    """The file names of a pack's proofs (without folders), or why there is none."""
    if pack.proofs:
        return ", ".join(name.replace("\\", "/").rpartition("/")[2] for name in pack.proofs)
    return (
        word("sheets.no_proof", lang, reason=pack.no_proof_reason)
        if pack.no_proof_reason
        else word("sheets.no_proof_at_all", lang)
    )


def contract_rows(case: Case, lang: str) -> tuple[tuple[str, str], ...]:
    """Who asks, and under which contract. What the case does not say is a line to fill in ("")."""
    program = word(PROGRAMS[case.contract.program], lang) if case.contract.program else ""
    return (
        (word("sheets.company", lang), case.company),
        (word("sheets.contact", lang), case.operator.name or ""),
        (word("sheets.phone", lang), case.operator.phone or ""),
        (word("sheets.email", lang), case.operator.email or ""),
        (word("sheets.program", lang), program),
        (word("sheets.agreement", lang), case.contract.agreement or ""),
        (word("sheets.reseller", lang), case.contract.reseller or ""),
        (word("sheets.purchase_date", lang), day(case.contract.purchase_date or "", lang)),
    )


def old_servers(case: Case, lang: str, masked: bool = False) -> tuple[tuple[str, str, str, str], ...]:
    """Name, system, License Server ID (in groups, or lost) and remark of each old server."""
    rows = []
    for server in case.lost_servers:
        known = server.server_id
        shown = word("sheets.lost_id", lang) if not known else mask(known) if masked else groups_of_five(known)
        rows.append((server.name, server.os or "", shown, server.note or ""))
    return tuple(rows)


def old_servers_in_words(case: Case, lang: str, masked: bool = False) -> list[str]:
    """The same in a line each, where no heading says what the third word is: name, system, License Server ID."""
    lost, told = word("sheets.lost_id", lang), word("sheets.lost_id_told", lang)
    return [
        ", ".join(part for part in (name, system, told if shown == lost else shown) if part)
        for name, system, shown, _ in old_servers(case, lang, masked)
    ]


def earlier_rows(context: Context) -> tuple[tuple[str, str], ...]:
    """What a second call refers to: the last contact's reference, support's ticket. Empty before the first."""
    contacts, tickets = context.confirms.get("clearinghouse", []), context.confirms.get("escalate", [])
    found = (
        ("sheets.call_earlier", said(contacts[-1], "reference") if contacts else ""),
        ("sheets.call_ticket", said(tickets[-1], "ticket") if tickets else ""),
    )
    return tuple((word(key, context.lang), value) for key, value in found if value)
