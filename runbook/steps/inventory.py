"""The licence sheet: what the company has now, for the audit file. Every identifier is masked."""

from __future__ import annotations

from runbook.case.identifiers import mask, mask_agreement
from runbook.journal.context import Context
from runbook.papers.case_words import contract_rows, day, old_servers, packs_in_words, word
from runbook.papers.paper import Pairs, Section, Sheet
from runbook.steps.clearinghouse import ISSUED, Clearinghouse
from runbook.steps.hosts import HostsAfter
from runbook.steps.install import InstallWay
from runbook.steps.key_packs import Counted
from runbook.steps.opening import LicenseServer
from runbook.steps.secure import Backup
from runbook.steps.source import SourceLost

_NAMED = 30  # session hosts that the sheet lists by name


#: A heading that says where what stands below it comes from, then labels and values.
Group = tuple[str, tuple[tuple[str, str], ...]]


def inventory(context: Context, backup: str = "") -> list[Group]:
    """What is owned, said and read, in the run's language and never mixed; several lines of one value are parted by
    newlines. ``backup`` says where the copies lie, where another step knows it."""
    case, lang = context.case, context.lang
    server = context.known(LicenseServer)
    checked = bool(context.known(HostsAfter).right)
    hosts = (word("inventory_hosts_checked" if checked else "inventory_hosts", lang), _hosts(context))
    written = [
        *_contract(context),
        (word("inventory_owned", lang), f"{case.expected_cals()} ({packs_in_words(case, lang)})"),
        (word("new_server", lang), case.license_server.name),
        (word("inventory_lost", lang), "\n".join(_lost(context))),
        *(() if checked else (hosts,)),
    ]
    told = [
        (word("inventory_approval", lang), _approval(context)),
        (word("inventory_reissued", lang), _reissued(context)),
        (word("inventory_key_packs", lang), _key_packs(context)),
        (word("inventory_way", lang), _way(context)),
    ]
    read = [
        (word("server_id", lang), server.license_server_id),
        (word("inventory_activated", lang), _activated(context)),
        (word("inventory_database", lang), server.database_path or ""),
        (word("inventory_counted", lang), _counted(context)),
        (word("inventory_backup", lang), backup or context.known(Backup).destination or ""),
        *((hosts,) if checked else ()),
    ]
    unknown = word("inventory_unknown", lang)
    return [
        (word(f"inventory_from_{source}", lang), tuple((label, value or unknown) for label, value in rows))
        for source, rows in (("case", written), ("person", told), ("commands", read))
    ]


def sheet(context: Context, backup: str = "") -> Sheet:
    """The same as a page to print (``sheet.to_html``, ``sheet.to_text``)."""
    lang, case = context.lang, context.case
    return Sheet(
        lang=lang,
        title=word("inventory_title", lang),
        subtitle=word("call_subtitle", lang, company=case.company, case=case.name, server=case.license_server.name),
        sections=tuple(Section(heading, (Pairs(rows),)) for heading, rows in inventory(context, backup)),
        notice=word("inventory_notice", lang),
        stamp=word("stamp", lang) if context.rehearsal else "",
    )


def _contract(context: Context) -> list[tuple[str, str]]:
    """Company, program, agreement, reseller, date; no personal data. The agreement's number is masked like an
    identifier: it is confidential outside the company."""
    company, _, _, _, program, agreement, reseller, date = contract_rows(context.case, context.lang)
    return [company, program, (agreement[0], mask_agreement(agreement[1])), reseller, date]


def _activated(context: Context) -> str:
    status = context.known(LicenseServer).activation_status
    return word(f"inventory_activated_{status}", context.lang) if status in (0, 1, 2) else ""


def _reissued(context: Context) -> str:
    told = context.facts(Clearinghouse)
    if told is None or told.result != ISSUED or not told.at:
        return ""
    return word("inventory_reissued_value", context.lang, at=told.at, reference=told.reference or "—")


def _key_packs(context: Context) -> str:
    packs = context.known(Clearinghouse).packs
    return "\n".join(
        word("inventory_key_pack", context.lang, id=_shown(pack.id), count=pack.count or "?") for pack in packs
    )


def _shown(identifier: str) -> str:
    return identifier if identifier.startswith("…") or not identifier else mask(identifier)


def _way(context: Context) -> str:
    way = context.known(InstallWay).way
    return word(f"way_{way.replace('-', '_')}", context.lang) if way else ""


def _counted(context: Context) -> str:
    seen = context.facts(Counted)
    if seen is None or seen.counted_after is None:
        return ""
    fields = {"before": seen.counted_before, "after": seen.counted_after, "expected": seen.expected}
    return word("inventory_counted_value", context.lang, **fields)


def _hosts(context: Context) -> str:
    """The hosts of the case that were found right, else all that it names."""
    names = context.known(HostsAfter).right or context.case.session_hosts.names
    more = len(names) - _NAMED
    shown = list(names[:_NAMED]) + ([word("inventory_hosts_more", context.lang, count=more)] if more > 0 else [])
    return "\n".join(shown)


def _lost(context: Context) -> list[str]:
    return [
        ", ".join(part for part in (name, system, shown) if part)
        for name, system, shown, _ in old_servers(context.case, context.lang, masked=True)
    ]


def _approval(context: Context) -> str:
    told, approval = context.known(SourceLost), context.case.approval
    parts = (
        told.approved_by or approval.name or "",
        told.ticket or approval.ticket or "",
        day(approval.date, context.lang),
    )
    return ", ".join(part for part in parts if part)
