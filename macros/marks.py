"""Small marks beside a fact: where it comes from, and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from macros.words import Here
from runbook.knowledge import reference
from runbook.knowledge.reference import Fact

_SPANS = re.compile("(`[^`]*`)")
_MARK = {
    "third party": "site.mark_third_party",
    "inferred": "site.mark_inferred",
    "not confirmed": "site.mark_not_confirmed",
    "unproven": "site.mark_unproven",
}


def source(here: Here, *entries: str, titled: bool = True) -> str:
    """Links to the sources, each entry as in knowledge/: "W32 win32-tslicenseserver.md".

    A page that pages.yml holds is where the link leads. Without ``titled`` for a page of a hundred rows, whose weight
    titles would swell. Raises KeyError for an id that sources.yml does not hold.
    """
    known = {row.id: row for row in reference.sources()}
    pages = {row.id: row for row in reference.pages()}
    links = []
    for entry in entries:
        name, _, place = entry.partition(" ")
        row, page = known[name], pages.get(entry)
        title = plain(", ".join(filter(None, (row.title.of(here.lang), (page and page.title) or place))))
        target = here.link(f"reference/sources.html#{page.anchor if page else row.id.lower()}")
        links.append(f'[{row.id}]({target} "{title}"){{: .source }}' if titled else f"[{row.id}]({target})")
    return " ".join(dict.fromkeys(links))


def mark(here: Here, confidence: str) -> str:
    """A mark for what Microsoft does not say itself: "third party", "inferred", "not confirmed", "unproven"."""
    return f"*{here.word(_MARK[confidence])}*{{: .unconfirmed }}"


def proof(here: Here, fact: Fact, titled: bool = True) -> str:
    """The fact's sources, and its mark unless Microsoft says so itself."""
    marks = [] if fact.confirmed else [mark(here, fact.confidence)]
    return " ".join([*marks, source(here, *fact.source, titled=titled)])


def plain(text: str) -> str:
    """``text`` fit for a quoted title: no double quote, one line."""
    return one_line(text).replace('"', "”")


def one_line(text: str) -> str:
    """``text`` on one line. No-break spaces stay: French needs them before : ; ? ! and inside « »."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def cell(*parts: str | None) -> str:
    """Texts as one cell of a Markdown table, separated by line breaks; empty ones are left out.

    A bar inside code splits no cell, and would be shown as what stands for it.
    """
    pieces = _SPANS.split("<br>".join(one_line(part) for part in parts if part))
    pieces[::2] = [piece.replace("|", "&#124;") for piece in pieces[::2]]
    return "".join(pieces)


def literal(text: str) -> str:
    """A message as it stands on a screen, safe in Markdown: no character of it is markup."""
    text = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*_{}[]#":  # the backslash first
        text = text.replace(character, f"\\{character}")
    return text.replace("|", "&#124;")


def code(text: str) -> str:
    """``text`` as inline code, also inside a table."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def rows(header: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A Markdown table. Cells come from :func:`cell`."""
    head = list(header)
    lines = [head, ["---"] * len(head), *(list(row) for row in body)]
    return "\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
