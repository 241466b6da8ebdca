"""The two pages that a person fills in: the checklist and the letter. Nothing typed leaves the page.

Both are complete without JavaScript: the boxes can be ticked, the letter shows blanks. With it, ticks are kept in
local storage and the letter is filled from its fields, which are never stored (pages opened from files may share
one local storage).
"""

from __future__ import annotations

import html

from macros.marks import code, proof
from macros.words import Here
from runbook import knowledge

#: The letter's fields in order; knowledge/words/site.yml names each (letter_field_...).
FIELDS = (
    "company", "name", "phone", "email", "lost", "incident", "server", "server_id",
    "program", "agreement", "reseller", "purchase", "packs", "proofs",
)  # fmt: skip
_LONG = frozenset({"packs", "proofs", "lost"})


def checklist(here: Here) -> str:
    """The checklist's lines, each with a box, what is right about it, and the steps that tick it."""
    words = " ".join(
        f'data-{name}="{html.escape(here.word("tick_" + name))}"' for name in ("clear", "empty", "ticked", "done")
    )
    lines = []
    for row in knowledge.checklist():
        steps = ", ".join(code(step) for step in row.steps)
        lines.append(
            f'<li id="line-{row.number}" markdown="block">\n\n'
            f'<label markdown="span"><input type="checkbox" data-tick="{row.id}"> {row.text.of(here.lang)}</label>\n\n'
            f"{row.correction.of(here.lang)} {proof(here, row)}\n\n"
            f"{here.word('tick_steps')} {steps}\n{{: .how }}\n\n</li>"
        )
    return f'\n<ol class="checklist" {words} markdown="block">\n' + "\n".join(lines) + "\n</ol>\n"


def letter(here: Here) -> str:
    """The letter and its fields, as HTML: every field's blank in the text is filled while a person types."""
    fields = "".join(_field(here, name) for name in FIELDS)
    return (
        f'\n<div class="letter" data-copy="{here.word("letter_copy")}" data-copied="{here.word("letter_copied")}" '
        f'data-empty="{here.word("letter_empty")}">\n'
        f'<form class="letter-fields" autocomplete="off" aria-label="{here.word("letter_fields")}" hidden>\n'
        f"{fields}</form>\n"
        f'<div class="letter-text" role="region" aria-label="{here.word("letter_text")}">\n'
        f"{_text(here)}\n</div>\n</div>\n"
    )


def _field(here: Here, name: str) -> str:
    label = here.word(f"letter_field_{name}")
    box = f'id="letter-{name}" data-fill="{name}" autocomplete="off" spellcheck="false"'
    control = f'<textarea {box} rows="2"></textarea>' if name in _LONG else f'<input type="text" {box}>'
    return f'<p><label for="letter-{name}">{html.escape(label)}</label> {control}</p>\n'


def _text(here: Here) -> str:
    blank = here.word("letter_blank")
    blanks = {name: f'<span data-field="{name}">{blank}</span>' for name in FIELDS}
    paragraphs = here.word("letter_body", **blanks).strip().split("\n\n")
    return "\n".join("<p>" + "<br>\n".join(p.splitlines()) + "</p>" for p in paragraphs)
