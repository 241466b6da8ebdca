"""The source article's letter, filled from the case and corrected.

Corrected: the Clearinghouse publishes no e-mail address, so it is a script for the telephone or the text for volume
licensing support's form; the ID has 35 characters, not digits; nobody is asked to "unregister" anything, only to
process the request under the wizard's own reason; the old servers' statement is made.
"""

from __future__ import annotations

from runbook.case.identifiers import groups_of_five
from runbook.case.model import Case
from runbook.journal.context import Context
from runbook.papers.case_words import (
    contract_rows,
    earlier_rows,
    old_servers_in_words,
    pack_type,
    packs_in_words,
    proofs_in_words,
    word,
)
from runbook.papers.paper import Block, Pairs, Prose, Section, Sheet
from runbook.steps.opening import LicenseServer, own_identifiers
from runbook.words.forms import day


def letter(context: Context) -> Sheet:
    """The letter in the run's language. What the case does not say reads [to be filled in]."""
    case, lang = context.case, context.lang
    return Sheet(
        lang=lang,
        title=word("sheets.letter_title", lang),
        subtitle=word(
            "sheets.call_subtitle", lang, company=case.company, case=case.name, server=case.license_server.name
        ),
        sections=(Section("", _body(context)),),
        notice=word("sheets.letter_notice", lang),
        stamp=word("sheets.stamp", lang) if context.rehearsal else "",
        form="letter",
    )


def _body(context: Context) -> tuple[Block, ...]:
    case, lang = context.case, context.lang
    types = ", ".join(dict.fromkeys(pack_type(pack, lang) for pack in case.packs))
    versions = ", ".join(dict.fromkeys(f"Windows Server {pack.version}" for pack in case.packs))
    date = case.incident.date
    when = " " + word("sheets.letter_when", lang, date=day(date, lang)) if date else ""
    activated = bool((seen := context.facts(LicenseServer)) and seen.activated)
    blocks: list[Block] = [
        Prose(word("sheets.letter_subject", lang, types=types, versions=versions)),
        Prose(word("sheets.letter_greeting", lang)),
        Prose(word("sheets.letter_request", lang, when=when, packs=packs_in_words(case, lang))),
    ]
    if case.incident.description:
        blocks.append(Prose(word("sheets.letter_what", lang, description=case.incident.description)))
    blocks += [
        Prose(word("sheets.letter_activated" if activated else "sheets.letter_not_activated", lang)),
        Pairs(_rows(context)),
        Prose(word("sheets.letter_ask", lang)),
        Prose(word("sheets.letter_statement", lang)),
        Prose(word("sheets.letter_closing", lang) + "\n" + _signature(case, lang)),
    ]
    return tuple(blocks)


def _rows(context: Context) -> tuple[tuple[str, str], ...]:
    case, lang = context.case, context.lang
    fill = word("sheets.to_fill", lang)
    full = own_identifiers(context).license_server_id
    servers = "\n".join(old_servers_in_words(case, lang))
    proofs = "\n".join(
        word("sheets.letter_proof", lang, number=number, count=pack.count, proofs=proofs_in_words(pack, lang))
        for number, pack in enumerate(case.packs, 1)
    )
    rows = (
        (word("sheets.server_id", lang), groups_of_five(full) if full else ""),
        (word("sheets.new_server", lang), case.license_server.name),
        *contract_rows(case, lang)[4:],
        *earlier_rows(context),
        (word("sheets.letter_packs", lang), packs_in_words(case, lang)),
        (word("sheets.letter_proofs", lang), proofs),
        (word("sheets.letter_old", lang), servers),
    )
    return tuple((label, value or fill) for label, value in rows)


def _signature(case: Case, lang: str) -> str:
    given = (case.operator.name, case.company, case.operator.phone, case.operator.email)
    return "\n".join(part for part in given if part) or word("sheets.to_fill", lang)
