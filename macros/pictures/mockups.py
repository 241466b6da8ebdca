"""``mockup(ID)``: a window of Windows, drawn from knowledge/mockups.yml, never a capture. Its text can be selected.

A label that was not read in a Microsoft page of its language carries a ring (°); the caption says so.
"""

from __future__ import annotations

import html
from typing import Any

from macros.pictures.drawing import LINE, Drawing, measure, wrap
from macros.words import Here
from runbook.words.sentences import read_yaml, typeset

_INDENT = {"radio": 30, "chosen": 30, "field": 0, "menu": 14}
_EDGE, _GAP = 18, 9


def mockup(here: Here, *ids: str) -> str:
    """The windows ``ids`` one below the other, with one caption. KeyError for an unknown id."""
    windows = {row["id"]: row for row in read_yaml("mockups")}
    drawings = (
        (form, f"mock-{one}-{form}", _window(here, windows[one], width), _title(here, windows[one]))
        for one in ids
        for form, width in (("wide", 560), ("narrow", 340))
    )
    forms = "\n".join(
        f'<div class="picture-box {form}">{drawing.svg(name, title)}</div>' for form, name, drawing, title in drawings
    )
    caption = html.escape(here.word("site.mock_caption"))
    return (
        f'\n<figure class="picture mock" data-search-exclude>\n{forms}\n<figcaption>{caption}</figcaption>\n</figure>\n'
    )


def _said(here: Here, texts: dict[str, Any]) -> str:
    text = str(texts[here.lang])
    return typeset(text) if here.lang == "fr" else text


def _title(here: Here, window: dict[str, Any]) -> str:
    return html.escape(here.word("site.mock_title", window=_said(here, window["title"])))


def _window(here: Here, window: dict[str, Any], width: int) -> Drawing:
    drawing = Drawing(width, 0)
    title = wrap(_said(here, window["title"]), width - 2 * _EDGE, bold=True)
    bar = 14 + len(title) * LINE
    parts = Drawing(width, 0)
    parts.band(1, 1, width - 2, bar, "title")
    parts.text(_EDGE, 8 + LINE / 2, "\n".join(title), width, kind="bar")
    top = bar + 16
    for line in window["lines"]:
        text = _said(here, line) + ("" if line["sure"] == "ms" else "\u00a0°")
        top = _line(parts, line["kind"], text, top, width)
    drawing.height = round(top + 6)
    drawing.band(1, 1, width - 2, drawing.height - 2, "window")
    drawing.add(parts)
    return drawing


def _line(parts: Drawing, kind: str, text: str, top: float, width: int) -> float:
    """One line of the window at ``top``; returns where the next one starts."""
    if kind == "buttons":
        x: float = width - _EDGE
        for word in reversed(text.replace("\u00a0°", "").split("|")):
            wide = measure(word) + 28
            x -= wide
            parts.band(x, top, wide - 8, 30, "button")
            parts.text(x + wide / 2 - 4, top + 15, word, wide, "middle")
        return top + 30 + _GAP
    left = _EDGE + _INDENT.get(kind, 0)
    room = width - left - _EDGE
    lines = len(wrap(text, room))
    if kind in ("radio", "chosen"):
        parts.dot(_EDGE + 10, top + LINE / 2, kind == "chosen")
    if kind in ("tab", "menu"):
        parts.band(_EDGE, top - 5, width - 2 * _EDGE, lines * LINE + 10, kind)
        left = _EDGE + 12
    parts.text(left, top + LINE / 2, text, room - (12 if kind in ("tab", "menu") else 0))
    top += lines * LINE + _GAP
    if kind == "field":
        parts.band(_EDGE, top - 3, width - 2 * _EDGE, 26, "field")
        top += 26 + _GAP
    return top + (6 if kind in ("tab", "menu") else 0)
