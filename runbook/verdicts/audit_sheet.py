"""The standing licence sheet of an audit: what the company has, when it was last seen, and where the full values lie.

Every identifier on it is masked. It says where the full ones lie and who may see them, and holds none itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runbook.history import History
from runbook.journal import Journal
from runbook.outcome import Line, Status, Verdict
from runbook.sentences import say
from runbook.verdicts.audit import TYPES
from runbook.verdicts.case_words import word
from runbook.verdicts.context import Context
from runbook.verdicts.inventory import sheet
from runbook.verdicts.sheet import Grid, Pairs, Section, to_html, to_text

_STEM = "licence-sheet"
#: What the recovery itself knows about the licences.
_STEPS = (
    "license-server",
    "clearinghouse",
    "install-packs",
    "key-packs-after",
    "backup",
    "hosts-verify",
    "source-lost",
)


def licence_sheet(context: Context) -> Verdict:
    """Writes the sheet as HTML and as text into the run's folder."""
    known = {**_recovery(context), **{step: facts for step, facts in context.facts.items() if facts}}
    if place := context.fact("audit-backup", "destination"):
        known["backup"] = {"destination": place}
    page = sheet(replace(context, facts=known))
    sections = (*_known_only(page.sections, context.lang), _counted(context), _packs(context), _where(context))
    page = replace(page, sections=sections)
    folder = context.run_folder
    names = (f"{_STEM}.html", f"{_STEM}.txt")
    for name, text in zip(names, (to_html(page), to_text(page)), strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        (context.step_folder / name).write_text(text, encoding="utf-8", newline="\n")
    files = ", ".join(f"{folder.name}/{name}" for name in names)
    return Verdict(Status.SUCCEEDED, (Line("audit.sheet_written", {"files": files}),), {"files": list(names)})


def _known_only(sections: tuple[Section, ...], lang: str) -> tuple[Section, ...]:
    """Without the lines that only a recovery can fill in, where none was taken over."""
    unknown = word("inventory_unknown", lang)
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
    return {step: facts for step in _STEPS if (facts := history.latest_facts(step))}


def _origin(context: Context) -> Path | None:
    name = context.parameters.get("of", "")
    folder = context.case_folder.parent / name
    return folder if name and (folder / "journal.jsonl").is_file() else None


def _counted(context: Context) -> Section:
    lang = context.lang
    facts = context.facts.get("audit-packs", {})
    heads = tuple(say(f"audit.sheet_{word}", lang) for word in ("type", "owned", "total", "issued"))
    rows = tuple(
        (
            say(f"audit.type_{kind}", lang),
            *(str(facts.get(name, {}).get(kind, 0)) for name in ("owned", "total", "issued")),
        )
        for kind in TYPES
    )
    day = str(facts.get("collected_at", ""))[:10]
    return Section(say("audit.sheet_counted", lang, day=day), (Grid(heads, rows),))


def _packs(context: Context) -> Section:
    lang = context.lang
    heads = tuple(say(f"audit.sheet_{word}", lang) for word in ("pack", "version", "type", "count", "proofs"))
    rows = tuple(
        (
            str(number),
            p.version,
            say(f"audit.type_{p.type}", lang),
            str(p.count),
            ", ".join(Path(f).name for f in p.proofs),
        )
        for number, p in enumerate(context.case.packs, 1)
    )
    return Section(say("audit.sheet_packs", lang), (Grid(heads, rows),))


def _where(context: Context) -> Section:
    """Who may see the full values, and where they lie: named by their place, never shown."""
    lang = context.lang
    cases = [folder.name for folder in (_origin(context), context.case_folder) if folder is not None]
    places = [f"cases/{name}/private" for name in cases if (context.case_folder.parent / name / "private").is_dir()]
    rows = (
        (say("audit.sheet_where", lang), "\n".join(places) or say("audit.sheet_nowhere", lang)),
        (say("audit.sheet_vault", lang), say("audit.sheet_vault_value", lang)),
        (say("audit.sheet_who", lang), say("audit.sheet_who_value", lang, operator=context.case.operator.name or "—")),
        (say("audit.sheet_outside", lang), say("audit.sheet_outside_value", lang)),
    )
    return Section(say("audit.sheet_full", lang), (Pairs(rows),))


LOCAL = {"audit-sheet": licence_sheet}
