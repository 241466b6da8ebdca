"""The call sheet (what to read out and where to write down the answer), and writing it with the letter.

Both go to the case's private folder only: they carry identifiers in full. The number to dial is the one that the
wizard shows for the chosen country; none is printed, because Microsoft publishes none for most countries.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from runbook.case.folder import CaseFolder
from runbook.files import write_whole
from runbook.journal.context import Context
from runbook.journal.entries import said
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.papers.case_words import (
    contract_rows,
    earlier_rows,
    old_servers,
    pack_type,
    packs_in_words,
    proofs_in_words,
    word,
)
from runbook.papers.paper import (
    Block,
    Choices,
    Command,
    Grid,
    Identifier,
    Numbered,
    Pairs,
    Prose,
    Section,
    Sheet,
    to_html,
    to_text,
)
from runbook.papers.reckoning import to_ask
from runbook.steps.clearinghouse import ISSUED
from runbook.steps.key_packs import held_before, unsettled
from runbook.steps.letter import letter
from runbook.steps.opening import LicenseServer, own_identifiers
from runbook.steps.purpose import still_to_ask
from runbook.steps.registry import local


class CallSheet(Facts):
    """The private files that were written, and whether the License Server ID could be printed on them."""

    step: ClassVar[str] = "call-sheet"
    files: tuple[str, ...] = ()
    server_id_known: bool = False


@local("call-sheet")
def call_sheet(context: Context) -> Verdict:
    """Write ``private/call-sheet`` and ``private/letter``, each as .txt and .html, in the run's language.

    Written again in each run, because the first one usually does not know the License Server ID yet.
    """
    if not context.case.packs:
        return Verdict(Status.WAITING, (Line("steps.proofs_no_packs"),))
    issued = any(said(entry, "result") == ISSUED for entry in context.confirms.get("clearinghouse", []))
    if (found := unsettled(context)) and not issued:
        return Verdict(Status.WAITING, (Line("steps.sheet_unsettled", {"asked": found[0], "now": found[1]}),))
    first = to_ask(context.case.packs, held_before(context))
    owned = context.case.expected_cals()
    if not first:
        return Verdict(Status.SKIPPED, (Line("steps.sheet_nothing_missing", {"owned": owned}),))
    asked = still_to_ask(context) if issued else first
    written_before = context.known(CallSheet)
    if not asked and written_before.files and all((context.case_folder / f).is_file() for f in written_before.files):
        return Verdict(Status.ALREADY_DONE, (Line("steps.sheet_kept"),), written_before)
    asked = asked or first
    # Both papers ask for what is missing, and for no more.
    context = replace(context, case=context.case.model_copy(update={"packs": list(asked)}))
    written = []
    for name, sheet in (("call-sheet", build(context)), ("letter", letter(context))):
        for suffix, text in ((".txt", to_text(sheet)), (".html", to_html(sheet))):
            written.append(_write(context.case_folder, name + suffix, text))
    known = own_identifiers(context).license_server_id is not None
    facts = CallSheet(files=tuple(written), server_id_known=known)
    lines = [Line("steps.sheet_written", {"files": ", ".join(written)})]
    if (missing := context.case.expected_cals()) < owned:
        key = "steps.sheet_only_rest" if asked != first else "steps.sheet_only_missing"
        lines.append(Line(key, {"asked": missing, "there": owned - missing, "owned": owned}))
    if not known:
        lines.append(Line("steps.sheet_no_server_id"))
    return Verdict(Status.SUCCEEDED, tuple(lines), facts)


def _write(case_folder: Path, name: str, text: str) -> str:
    """Write one private file, whole or not at all, readable by its owner alone; returns ``private/NAME``."""
    write_whole(CaseFolder(case_folder).private() / name, text, private=True)
    return f"private/{name}"


_TITLE = {
    "telephone": "sheets.call_title",
    "web": "sheets.call_title_web",
    "automatic": "sheets.call_title_automatic",
}
_OPEN_2 = {
    "telephone": "sheets.call_open_2_telephone",
    "web": "sheets.call_open_2_web",
    "automatic": "sheets.call_open_2_automatic",
}
_OPEN_3_4 = {
    "migrate": ("sheets.call_open_3_migrate", "sheets.call_open_4_migrate"),
    "install": ("sheets.call_open_3_install", "sheets.call_open_4_install"),
}


def build(context: Context) -> Sheet:
    """The call sheet of the case, for its method (telephone, web, automatic)."""
    case, lang = context.case, context.lang
    method = case.clearinghouse.method
    fields = {"company": case.company, "case": case.name, "server": case.license_server.name}
    sections = [_before(context), _activation(context), _request(context)]
    if method != "automatic":
        sections.append(_notes(context))
    sections.append(_after(context))
    return Sheet(
        lang=lang,
        title=word(_TITLE[method], lang),
        subtitle=word("sheets.call_subtitle", lang, **fields),
        sections=tuple(section for section in sections if section is not None),
        notice=word("sheets.call_notice", lang),
        stamp=word("sheets.stamp", lang) if context.rehearsal else "",
        footer=word("sheets.call_footer", lang),
    )


def _before(context: Context) -> Section:
    case, lang = context.case, context.lang
    method, wizard = case.clearinghouse.method, case.clearinghouse.wizard
    keys = ("sheets.call_open_1", _OPEN_2[method], *_OPEN_3_4[wizard])
    blocks: list[Block] = [Numbered(tuple(word(key, lang, server=case.license_server.name) for key in keys))]
    country = (word("sheets.call_country", lang), case.clearinghouse.country or "")
    if method == "telephone":
        blocks.append(Pairs((country, (word("sheets.call_number", lang), ""))))
        blocks.append(Prose(word("sheets.call_no_number", lang)))
    elif method == "web":
        blocks.append(Pairs(((word("sheets.call_address", lang), ""),)))
    return Section(
        word("sheets.call_before" if method == "telephone" else "sheets.call_before_web", lang), tuple(blocks)
    )


def _activation(context: Context) -> Section:
    """The first exchange: the Product ID goes out, the License Server ID comes back."""
    lang, title = context.lang, word("sheets.call_activation", context.lang)
    seen = context.known(LicenseServer)
    if seen.activated:
        return Section(title, (Prose(word("sheets.call_activation_done", lang)),))
    full = own_identifiers(context).product_id
    shown = full or seen.product_id
    product = Pairs(((word("sheets.product_id", lang), shown),))
    if context.case.clearinghouse.method == "automatic":
        return Section(title, (product,))
    if context.case.clearinghouse.method == "web":
        return Section(title, (product, Identifier(word("sheets.call_activation_write_web", lang))))
    say = Prose(word("sheets.call_activation_say", lang), "say")
    return Section(title, (say, product, Identifier(word("sheets.call_activation_write", lang))))


def _request(context: Context) -> Section:
    case, lang = context.case, context.lang
    blocks: list[Block] = []
    if case.clearinghouse.method == "telephone":
        blocks.append(Prose(word("sheets.call_request_say", lang, packs=packs_in_words(case, lang)), "say"))
    full = own_identifiers(context).license_server_id
    blocks.append(
        Identifier(word("sheets.call_server_id" if full else "sheets.call_server_id_unknown", lang), full or "")
    )
    packs = tuple(
        (str(n), str(pack.count), f"Windows Server {pack.version}", pack_type(pack, lang), proofs_in_words(pack, lang))
        for n, pack in enumerate(case.packs, 1)
    )
    columns = ["sheets.head_pack", "sheets.head_cals", "sheets.head_version", "sheets.head_type", "sheets.head_proofs"]
    blocks.append(Grid(tuple(word(column, lang) for column in columns), packs))
    blocks.append(Pairs(contract_rows(case, lang) + earlier_rows(context), columns=2))
    if case.lost_servers:
        columns = ["sheets.head_server", "sheets.head_os", "sheets.head_server_id", "sheets.head_note"]
        blocks.append(Grid(tuple(word(column, lang) for column in columns), old_servers(case, lang)))
    return Section(word("sheets.call_request", lang), tuple(blocks))


def _notes(context: Context) -> Section:
    """Where to write: boxes for each pack of the case. The agent may give fewer packs, never a printed ID."""
    lang, web = context.lang, context.case.clearinghouse.method == "web"
    rows = (
        ["sheets.call_when", "sheets.call_reference_web"]
        if web
        else ["sheets.call_when", "sheets.call_agent", "sheets.call_reference"]
    )
    blocks: list[Block] = [] if web else [Prose(word("sheets.call_ask", lang))]
    blocks.append(Pairs(tuple((word(row, lang), "") for row in rows)))
    results = word("sheets.call_results_web" if web else "sheets.call_results", lang)
    blocks.append(Choices(word("sheets.call_result", lang), tuple(results.split("|"))))
    for number in range(1, max(len(context.case.packs), 2) + 1):
        blocks.append(
            Identifier(word("sheets.call_key_pack", lang, number=number), after=word("sheets.call_key_pack_cals", lang))
        )
    remarks = word("sheets.call_remarks_web" if web else "sheets.call_remarks", lang)
    blocks.append(Pairs(((remarks, ""), ("", ""))))
    return Section(word("sheets.call_notes_web" if web else "sheets.call_notes", lang), tuple(blocks))


def _after(context: Context) -> Section:
    lang, name = context.lang, context.case.name
    blocks: list[Block] = [Prose(word("sheets.call_after_text", lang))]
    if not context.known(LicenseServer).activated:
        blocks.append(Command(f"runbook confirm {name} activate"))
    blocks += [Command(f"runbook confirm {name} clearinghouse"), Prose(word("sheets.call_after_not_found", lang))]
    automatic = context.case.clearinghouse.method == "automatic"  # which leaves out the notes
    return Section(word("sheets.call_after_automatic" if automatic else "sheets.call_after", lang), tuple(blocks))
