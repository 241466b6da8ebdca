"""Tables whose rows open: a line of three cells, and below it what a reader wants of that row only."""

from __future__ import annotations

import html
from collections.abc import Sequence

from macros.words import Here

_CELLS = ("id", "seen", "do")


def head(here: Here, *keys: str) -> str:
    """The names of the three columns."""
    names = "".join(f"<span>{here.word(key)}</span>" for key in keys)
    return f'\n<div class="fault-head" aria-hidden="true">{names}</div>\n'


def row(anchor: str, cells: Sequence[str], body: Sequence[str]) -> str:
    """A line (number, what it is, what to do first) that opens; ``body`` is Markdown, empty parts are left out."""
    line = "".join(f'<span class="fault-{name}">{text}</span>' for name, text in zip(_CELLS, cells, strict=True))
    told = "\n\n".join(part.strip("\n") for part in body if part)
    opened = f'<details class="fault" id="{anchor}" markdown="1">\n<summary markdown="span">{line}</summary>'
    return f"\n{opened}\n\n{told}\n\n</details>\n"


def filter_box(here: Here, label: str, chips: Sequence[str] = ()) -> str:
    """Where the filter's field appears; without JavaScript it stays empty. ``chips``: words to click."""
    nothing, words = here.word("site.filter_none"), html.escape("|".join(chips))
    return f'\n<div class="filter" data-label="{label}" data-none="{nothing}" data-chips="{words}"></div>\n'
