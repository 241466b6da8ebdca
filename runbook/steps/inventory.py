"""The licence sheet: what the company has now, for the audit file. Every identifier is masked."""

from __future__ import annotations

from runbook.case.identifiers import mask, mask_agreement
from runbook.journal.context import Context
from runbook.journal.outcome import Status
from runbook.papers.case_words import contract_rows, old_servers_in_words, packs_in_words, word
from runbook.papers.paper import Pairs, Section, Sheet
from runbook.steps.clearinghouse import ISSUED, Clearinghouse
from runbook.steps.hosts import HostsAfter
from runbook.steps.install import InstallWay
from runbook.steps.key_packs import Counted
from runbook.steps.opening import LicenseServer
from runbook.steps.secure import Backup, FolderCopy
from runbook.steps.source import SourceLost
from runbook.words.forms import day

_NAMED = 30  # session hosts that the sheet lists by name


#: A heading that says where what stands below it comes from, then labels and values.
Group = tuple[str, tuple[tuple[str, str], ...]]


_ACTIVATED = {
    0: "sheets.inventory_activated_0",
    1: "sheets.inventory_activated_1",
    2: "sheets.inventory_activated_2",
}
_WAY = {
    "wizard-migrate": "sheets.way_wizard_migrate",
    "wizard-install": "sheets.way_wizard_install",
    "automatic": "sheets.way_automatic",
    "cim": "sheets.way_cim",
}


def inventory(context: Context, backup: str = "") -> list[Group]:
    """What is owned, said and read, in the run's language and never mixed; several lines of one value are parted by
    newlines. ``backup`` says where the copies lie, where another step knows it."""
    case, lang = context.case, context.lang
    server = context.known(LicenseServer)
    checked = bool(context.known(HostsAfter).right)
    hosts = (word("sheets.inventory_hosts_checked" if checked else "sheets.inventory_hosts", lang), _hosts(context))
    written = [
        *_contract(context),
        (word("sheets.inventory_owned", lang), f"{case.expected_cals()} ({packs_in_words(case, lang)})"),
        (word("sheets.new_server", lang), case.license_server.name),
        (word("sheets.inventory_lost", lang), "\n".join(_lost(context))),
        *(() if checked else (hosts,)),
    ]
    told = [
        (word("sheets.inventory_approval", lang), _approval(context)),
        (word("sheets.inventory_reissued", lang), _reissued(context)),
        (word("sheets.inventory_key_packs", lang), _key_packs(context)),
        (word("sheets.inventory_way", lang), _way(context)),
    ]
    read = [
        (word("sheets.server_id", lang), server.license_server_id),
        (word("sheets.inventory_activated", lang), _activated(context)),
        (word("sheets.inventory_database", lang), server.database_path or ""),
        (word("sheets.inventory_counted", lang), _counted(context)),
        (word("sheets.inventory_backup", lang), backup or _backup(context)),
        *((hosts,) if checked else ()),
    ]
    unknown = word("sheets.inventory_unknown", lang)
    return [
        (word(source, lang), tuple((label, value or unknown) for label, value in rows))
        for source, rows in (
            ("sheets.inventory_from_case", written),
            ("sheets.inventory_from_person", told),
            ("sheets.inventory_from_commands", read),
        )
    ]


def sheet(context: Context, backup: str = "") -> Sheet:
    """The same as a page to print (``sheet.to_html``, ``sheet.to_text``)."""
    lang, case = context.lang, context.case
    return Sheet(
        lang=lang,
        title=word("sheets.inventory_title", lang),
        subtitle=word(
            "sheets.call_subtitle", lang, company=case.company, case=case.name, server=case.license_server.name
        ),
        sections=tuple(Section(heading, (Pairs(rows),)) for heading, rows in inventory(context, backup)),
        notice=word("sheets.inventory_notice", lang),
        stamp=word("sheets.stamp", lang) if context.rehearsal else "",
    )


def _contract(context: Context) -> list[tuple[str, str]]:
    """Company, program, agreement, reseller, date; no personal data. The agreement's number is masked like an
    identifier: it is confidential outside the company."""
    company, _, _, _, program, agreement, reseller, date = contract_rows(context.case, context.lang)
    return [company, program, (agreement[0], mask_agreement(agreement[1])), reseller, date]


def _activated(context: Context) -> str:
    status = context.known(LicenseServer).activation_status
    return word(_ACTIVATED[status], context.lang) if status in _ACTIVATED else ""


def _reissued(context: Context) -> str:
    told = context.facts(Clearinghouse)
    if told is None or told.result != ISSUED or not told.at:
        return ""
    reference = told.reference or "steps.not_recorded"
    return word("sheets.inventory_reissued_value", context.lang, at=told.at, reference=reference)


def _key_packs(context: Context) -> str:
    packs = context.known(Clearinghouse).packs
    return "\n".join(
        word("sheets.inventory_key_pack", context.lang, id=_shown(pack.id), count=pack.count or "?") for pack in packs
    )


def _shown(identifier: str) -> str:
    return identifier if identifier.startswith("…") or not identifier else mask(identifier)


def _way(context: Context) -> str:
    way = context.known(InstallWay).way
    return word(_WAY[way], context.lang) if way else ""


def _counted(context: Context) -> str:
    seen = context.facts(Counted)
    if seen is None or seen.counted_after is None:
        return ""
    fields = {"before": seen.counted_before, "after": seen.counted_after, "expected": seen.expected}
    return word("sheets.inventory_counted_value", context.lang, **fields)


def _backup(context: Context) -> str:
    """Where the last copy lies that this case made, whichever notebook made it."""
    ends = [(kind, end) for kind in (Backup, FolderCopy) for end in context.history.ends(kind.step)]
    made = [(kind, end) for kind, end in ends if end["status"] in (Status.SUCCEEDED, Status.FINDING)]  # not told again
    found = [(end["n"], told.destination) for kind, end in made if (told := kind.of(end.get("facts")))]
    return max((each for each in found if each[1]), default=(0, context.known(Backup).destination))[1] or ""


def _hosts(context: Context) -> str:
    """The hosts of the case that were found right, else all that it names."""
    names = context.known(HostsAfter).right or context.case.session_hosts.names
    more = len(names) - _NAMED
    shown = list(names[:_NAMED]) + ([word("sheets.inventory_hosts_more", context.lang, count=more)] if more > 0 else [])
    return "\n".join(shown)


def _lost(context: Context) -> list[str]:
    return old_servers_in_words(context.case, context.lang, masked=True)


def _approval(context: Context) -> str:
    told, approval = context.known(SourceLost), context.case.approval
    parts = (
        told.approved_by or approval.name or "",
        told.ticket or approval.ticket or "",
        day(approval.date or "", context.lang),
    )
    return ", ".join(part for part in parts if part)
