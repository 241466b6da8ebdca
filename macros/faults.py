"""``errors()`` and ``events()``: what an administrator looks up, with headings and anchors to land on."""

from __future__ import annotations

from macros.marks import cell, code, literal, proof, rows
from macros.words import OTHER, Here
from runbook import knowledge
from runbook.knowledge import Event, Problem


def errors(here: Here) -> str:
    """One section for each row of errors.yml, its heading the official message; a filter above them."""
    sections = "".join(_problem(here, row) for row in knowledge.errors())
    return filter_box(here, "sections", here.word("filter_errors")) + sections


def filter_box(here: Here, what: str, label: str) -> str:
    """Where the filter's field appears; without JavaScript it stays empty. ``what``: "sections" or "rows"."""
    nothing = here.word("filter_none")
    return f'\n<div class="filter" data-filter="{what}" data-label="{label}" data-none="{nothing}"></div>\n'


def _problem(here: Here, row: Problem) -> str:
    lang = here.lang
    other = row.message.of(OTHER[lang])
    lines = [f"\n## {row.id} · {literal(row.heading(lang))} {{: #{row.anchor} }}\n"]
    if row.message.of(lang):
        lines.append(f"{_label(here, 'symptom')} {row.symptom.of(lang)}\n")
    if other:
        lines.append(f'{_label(here, "message_" + OTHER[lang])} <q lang="{OTHER[lang]}">{literal(other)}</q>\n')
    if not row.message.of(lang):
        lines.append(f"{here.word('no_official_message')}\n")
    if row.matches.texts:
        lines.append(f"{_label(here, 'also_seen')} {' · '.join(literal(text) for text in row.matches.texts)}\n")
    if row.codes:
        codes = "".join(f"\n- {code(c.value)} {c.meaning.of(lang)}" for c in row.codes)
        lines.append(f"{_label(here, 'codes')}\n{codes}\n")
    lines.append(f"{_label(here, 'cause')} {row.cause.of(lang)}\n")
    lines.append(f"{_label(here, 'fix')} {row.fix.of(lang)}\n")
    if row.do_not:
        lines.append(f'!!! danger "{here.word("do_not")}"\n    {_indented(row.do_not.of(lang))}\n')
    if row.note:
        lines.append(f"{row.note.of(lang)}\n")
    if row.events:
        links = ", ".join(f"[{key}]({here.link(knowledge.event(key).page)})" for key in row.events)
        lines.append(f"{_label(here, 'events')} {links}\n")
    lines.append(f"{proof(here, row)}\n{{: .proof }}\n")
    return "\n".join(lines)


def _label(here: Here, key: str) -> str:
    return f"**{here.word('fault_' + key)}**"


def _indented(text: str) -> str:
    return "\n    ".join(text.strip().splitlines())


def events(here: Here) -> str:
    """One table of events for each machine, rows anchored by the event's key; a filter above them."""
    parts = [filter_box(here, "rows", here.word("filter_events"))]
    for machine in ("license server", "session host"):
        chosen = [row for row in knowledge.events() if row.machine == machine]
        if chosen:
            name = machine.replace(" ", "-")
            parts.append(f"\n## {here.word('events_' + machine.replace(' ', '_'))} {{: #{name} }}\n")
            head = [here.word(f"col_{key}") for key in ("event", "text", "meaning", "fix")]
            parts.append(rows(head, (_event(here, row) for row in chosen)))
    return "".join(parts)


def _event(here: Here, row: Event) -> list[str]:
    lang = here.lang
    level = here.word(f"level_{row.level.lower()}") if row.level else here.word("level_unknown")
    text = row.text.en
    cut = "" if row.whole or (text or "").endswith("…") else " …"
    quoted = f'<q lang="en">{literal(text)}{cut}</q>' if text else here.word("no_text")
    proves = here.word("event_proof") if row.proof else None
    noise = f"**{here.word('noise')}** {row.noise.when.of(lang)}" if row.noise else None
    return [
        cell(f"**{row.id}**", level, f"{literal(row.channel)}", here.word("legacy") if row.legacy else None)
        + f" {{: #{row.anchor} }}",
        cell(quoted, row.symbol and code(row.symbol)),
        cell(row.meaning.of(lang), noise, row.note.of(lang) if row.note else None),
        cell(row.fix.of(lang), proves, proof(here, row)),
    ]
