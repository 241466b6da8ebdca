"""What a person fills in: the checklist, the call sheet and the letter. Nothing typed leaves the page.

All are complete without JavaScript: the boxes can be ticked, the sheet typed or written on, the letter shows blanks.
With it, ticks are kept in local storage and the letter is filled from its fields; fields are never stored (pages
opened from files may share one local storage).
"""

from __future__ import annotations

import html
import string
from collections.abc import Callable, Mapping, Sequence

from macros.marks import code, proof
from macros.words import Here
from runbook.knowledge import reference
from runbook.papers.paper import spell
from runbook.words.sentences import say

#: The letter's fields in order, by what they are called.
FIELDS = {
    "company": "site.letter_field_company",
    "name": "site.letter_field_name",
    "phone": "site.letter_field_phone",
    "email": "site.letter_field_email",
    "lost": "site.letter_field_lost",
    "incident": "site.letter_field_incident",
    "server": "site.letter_field_server",
    "server_id": "site.letter_field_server_id",
    "program": "site.letter_field_program",
    "agreement": "site.letter_field_agreement",
    "reseller": "site.letter_field_reseller",
    "purchase": "site.letter_field_purchase",
    "packs": "site.letter_field_packs",
    "proofs": "site.letter_field_proofs",
}
#: What a script says, in the attribute data-NAME.
TICKS = {"clear": "site.tick_clear", "empty": "site.tick_empty", "ticked": "site.tick_ticked", "done": "site.tick_done"}
LETTER = {"copy": "site.letter_copy", "copied": "site.letter_copied", "empty": "site.letter_empty"}
BUTTONS = {"print": "site.sheet_print", "empty": "site.sheet_empty"}
#: An identifier: seven groups of five. A sheet has room for as many packs as two lost servers usually held, twice.
GROUPS, GROUP, PACKS = 7, 5, 4
#: What the agent asks of each pack, and the share of the line's width that writing it takes.
PACK_COLUMNS = {
    "sheets.program": 22,
    "sheets.agreement": 29,
    "sheets.head_cals": 10,
    "sheets.head_version": 14,
    "sheets.head_type": 15,
}
_LONG = frozenset({"packs", "proofs", "lost"})


def checklist(here: Here) -> str:
    """The checklist's lines, each with a box, what is right about it, and the steps that tick it."""
    words = _data(here, TICKS)
    lines = []
    for row in reference.checklist():
        steps = ", ".join(code(step) for step in row.steps)
        lines.append(
            f'<li id="line-{row.number}" markdown="block">\n\n'
            f'<label markdown="span"><input type="checkbox" data-tick="{row.id}"> {row.text.of(here.lang)}</label>\n\n'
            f"{row.correction.of(here.lang)} {proof(here, row)}\n\n"
            f"{here.word('site.tick_steps')} {steps}\n{{: .how }}\n\n</li>"
        )
    return f'\n<ol class="checklist" {words} markdown="block">\n' + "\n".join(lines) + "\n</ol>\n"


def call_sheet(here: Here) -> str:
    """The runbook's call sheet, blank: boxes to write or type in, for up to four packs. Its words are sheets.yml's."""
    lang = here.lang

    def words(key: str, **fields: object) -> str:
        return html.escape(say(key, lang, **fields))

    parts = [
        f"<p class='sheet-title'>{words('sheets.call_title')}</p>",
        f"<h3>{words('sheets.call_before')}</h3>",
        _lines(words, "call", ("sheets.call_country", "sheets.call_number")),
        f"<h3>{words('sheets.call_activation')}</h3><p class='say'>{words('sheets.call_activation_say')}</p>",
        _lines(words, "product", ("sheets.product_id",)),
        _boxes(here, "server", words("sheets.call_activation_write")),
        f"<h3>{words('sheets.call_request')}</h3><p class='say'>{html.escape(here.word('site.sheet_request'))}</p>",
        _packs(words),
        f"<h3>{words('sheets.call_notes')}</h3>",
        _lines(words, "during", ("sheets.call_when", "sheets.call_agent", "sheets.call_reference")),
        *(
            _boxes(here, f"pack-{n}", words("sheets.call_key_pack", number=n), words("sheets.call_key_pack_cals"))
            for n in range(1, PACKS + 1)
        ),
        _choices(words("sheets.call_result"), words("sheets.call_results").split("|")),
        _choices(
            html.escape(here.word("site.sheet_before_closing")), here.word("site.sheet_before_closing_items").split("|")
        ),
        f"<p class='alphabet'>{' · '.join(spell(letter) for letter in string.ascii_uppercase)}</p>",
    ]
    label = here.word("site.sheet_label")
    buttons = _data(here, BUTTONS)
    return (
        f'\n<form class="call-sheet" autocomplete="off" aria-label="{label}" {buttons}>\n'
        + "\n".join(parts) + "\n</form>\n"
    )  # fmt: skip


def call_set(here: Here) -> str:
    """A button that opens the call set (macros/print_page.py); strict MkDocs knows no pages that a hook writes."""
    return f'<a class="md-button" href="call-set.html">{here.word("site.call_set_open")}</a>'


def print_all(here: Here) -> str:
    """A link to the whole site on one page."""
    return f'<a href="print.html">{here.word("site.print")}</a>'


def _data(here: Here, words: Mapping[str, str]) -> str:
    return " ".join(f'data-{name}="{html.escape(here.word(key))}"' for name, key in words.items())


def _lines(words: Callable[..., str], name: str, keys: Sequence[str]) -> str:
    """Labels, each with a line to write on."""
    rows = "".join(
        f'<p><label for="sheet-{name}-{n}">{words(key)}</label><input type="text" id="sheet-{name}-{n}"></p>'
        for n, key in enumerate(keys)
    )
    return f'<div class="lines">{rows}</div>'


def _packs(words: Callable[..., str]) -> str:
    """A line for each pack: what the purchase gave."""
    pack, columns = words("sheets.head_pack"), {words(key): width for key, width in PACK_COLUMNS.items()}
    head = "".join(f'<th scope="col" style="width: {width}%">{name}</th>' for name, width in columns.items())
    lines = "".join(
        f'<tr><th scope="row" data-label="{pack}">{n}</th>'
        + "".join(
            f'<td data-label="{name}"><input type="text" aria-label="{pack} {n}, {name}"></td>' for name in columns
        )
        + "</tr>"
        for n in range(1, PACKS + 1)
    )
    head = f'<tr><th scope="col">{pack}</th>{head}</tr>'
    return f'<table class="packs"><thead>{head}</thead><tbody>{lines}</tbody></table>'


def _boxes(here: Here, name: str, label: str, after: str = "") -> str:
    """Boxes for one identifier, group by group, and a line behind them where ``after`` names it."""
    groups = "<b aria-hidden='true'>–</b>".join(
        f'<input type="text" class="group" maxlength="{GROUP}" size="{GROUP}" spellcheck="false" '
        f'autocapitalize="characters" aria-label="{html.escape(here.word("site.sheet_group", label=label, number=n))}">'
        for n in range(1, GROUPS + 1)
    )
    tail = f'<label>{after} <input type="text" class="count" size="4" inputmode="numeric"></label>' if after else ""
    return f'<fieldset class="id"><legend>{label}</legend><div class="groups">{groups}</div>{tail}</fieldset>'


def _choices(label: str, items: Sequence[str]) -> str:
    boxes = "".join(f'<label><input type="checkbox"> {item}</label>' for item in items)
    return f'<fieldset class="choices"><legend>{label}</legend>{boxes}</fieldset>'


def letter(here: Here) -> str:
    """The letter and its fields, as HTML: every field's blank in the text is filled while a person types."""
    fields = "".join(_field(here, name) for name in FIELDS)
    return (
        f'\n<div class="letter" {_data(here, LETTER)}>\n'
        f'<form class="letter-fields" autocomplete="off" aria-label="{here.word("site.letter_fields")}" hidden>\n'
        f"{fields}</form>\n"
        f'<div class="letter-text" role="region" aria-label="{here.word("site.letter_text")}">\n'
        f"{_text(here)}\n</div>\n</div>\n"
    )


def _field(here: Here, name: str) -> str:
    label = here.word(FIELDS[name])
    box = f'id="letter-{name}" data-fill="{name}" autocomplete="off" spellcheck="false"'
    control = f'<textarea {box} rows="2"></textarea>' if name in _LONG else f'<input type="text" {box}>'
    return f'<p><label for="letter-{name}">{html.escape(label)}</label> {control}</p>\n'


def _text(here: Here) -> str:
    blank = here.word("site.letter_blank")
    blanks = {name: f'<span data-field="{name}">{blank}</span>' for name in FIELDS}
    paragraphs = here.word("site.letter_body", **blanks).strip().split("\n\n")
    return "\n".join("<p>" + "<br>\n".join(p.splitlines()) + "</p>" for p in paragraphs)
