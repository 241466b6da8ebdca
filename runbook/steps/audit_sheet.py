"""The standing licence sheet of an audit: what the company has, when it was last seen, and where the full values lie.

Every identifier on it is masked. It says where the full ones lie and who may see them, and holds none itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from runbook.files import write_whole
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.journal.outcome import Line, Status, Verdict
from runbook.papers.case_words import proofs_in_words, word
from runbook.papers.paper import Grid, Pairs, Section, to_html, to_text
from runbook.steps.audit import AuditBackup
from runbook.steps.audit_packs import TYPES, AuditPacks
from runbook.steps.clearinghouse import Clearinghouse
from runbook.steps.hosts import HostsAfter
from runbook.steps.install import InstallWay
from runbook.steps.inventory import sheet
from runbook.steps.key_packs import Counted
from runbook.steps.opening import LicenseServer
from runbook.steps.registry import local
from runbook.steps.secure import Backup
from runbook.steps.source import SourceLost
from runbook.words.forms import day
from runbook.words.sentences import say

_STEM = "licence-sheet"
#: What the recovery itself knows about the licences.
_KNOWN = (LicenseServer, Clearinghouse, InstallWay, Counted, Backup, HostsAfter, SourceLost)


class SheetWritten(Facts):
    """The files of the licence sheet, in the step's folder."""

    step: ClassVar[str] = "audit-sheet"
    files: tuple[str, ...] = ()


@local("audit-sheet")
def licence_sheet(context: Context) -> Verdict:
    """Writes the sheet as HTML and as text into the step's folder."""
    known = {**_recovery(context), **{step: facts for step, facts in context.told.items() if facts}}
    copies = context.known(AuditBackup)
    page = sheet(replace(context, told=known), copies.destination)
    sections = (*_known_only(page.sections, context.lang), _counted(context), _packs(context), _where(context))
    page = replace(page, sections=sections)
    folder = context.step_folder
    names = (f"{_STEM}.html", f"{_STEM}.txt")
    for name, text in zip(names, (to_html(page), to_text(page)), strict=True):
        write_whole(folder / name, text)
    files = ", ".join(f"{context.run_folder.name}/{folder.name}/{name}" for name in names)
    return Verdict(Status.SUCCEEDED, (Line("audit.sheet_written", {"files": files}),), SheetWritten(files=names))


def _known_only(sections: tuple[Section, ...], lang: str) -> tuple[Section, ...]:
    """Without the lines that only a recovery can fill in, where none was taken over."""
    unknown = word("sheets.inventory_unknown", lang)
    return tuple(
        Section(
            s.title,
            tuple(Pairs(tuple(r for r in b.rows if r[1] != unknown)) if isinstance(b, Pairs) else b for b in s.blocks),
        )
        for s in sections
    )


def _recovery(context: Context) -> dict[str, dict[str, object]]:
    """The facts of the case that was taken over (``of``): its Clearinghouse reference, its way of installing."""
    origin = _origin(context)
    if origin is None:
        return {}
    history = History(Journal(origin / "journal.jsonl").entries())
    return {kind.step: facts for kind in _KNOWN if (facts := history.latest_facts(kind.step))}


def _origin(context: Context) -> Path | None:
    name = context.parameters.get("of", "")
    folder = context.case_folder.parent / name
    return folder if name and (folder / "journal.jsonl").is_file() else None


def _counted(context: Context) -> Section:
    lang = context.lang
    facts = context.known(AuditPacks)
    if not facts.collected_at:  # no noughts for what nobody counted
        return Section(say("audit.sheet_uncounted", lang), ())
    heads = tuple(
        say(key, lang) for key in ("audit.sheet_type", "audit.sheet_owned", "audit.sheet_total", "audit.sheet_issued")
    )
    rows = tuple(
        (
            say(TYPES[kind], lang),
            *(str(counts.get(kind, 0)) for counts in (facts.owned, facts.total, facts.issued)),
        )
        for kind in TYPES
    )
    return Section(say("audit.sheet_counted", lang, day=day(facts.collected_at[:10], lang)), (Grid(heads, rows),))


def _packs(context: Context) -> Section:
    lang = context.lang
    heads = tuple(
        say(key, lang)
        for key in (
            "audit.sheet_pack",
            "audit.sheet_version",
            "audit.sheet_type",
            "audit.sheet_count",
            "audit.sheet_proofs",
        )
    )
    rows = tuple(
        (
            str(number),
            p.version,
            say(TYPES[p.type], lang),
            str(p.count),
            proofs_in_words(p, lang),
        )
        for number, p in enumerate(context.case.packs, 1)
    )
    return Section(say("audit.sheet_packs", lang), (Grid(heads, rows),))


def _who(context: Context) -> str:
    name = context.case.operator.name or say("audit.sheet_who_unnamed", context.lang)
    return say("audit.sheet_who_value", context.lang, operator=name)


def _where(context: Context) -> Section:
    """Who may see the full values, and where they lie: named by their place, never shown."""
    lang = context.lang
    cases = [folder.name for folder in (_origin(context), context.case_folder) if folder is not None]
    places = [f"cases/{name}/private" for name in cases if (context.case_folder.parent / name / "private").is_dir()]
    rows = (
        (say("audit.sheet_where", lang), "\n".join(places) or say("audit.sheet_nowhere", lang)),
        (say("audit.sheet_vault", lang), say("audit.sheet_vault_value", lang)),
        (say("audit.sheet_who", lang), _who(context)),
        (say("audit.sheet_outside", lang), say("audit.sheet_outside_value", lang)),
    )
    return Section(say("audit.sheet_full", lang), (Pairs(rows),))
