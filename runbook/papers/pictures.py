"""The pictures of a recovery: CALs before and after against what is expected, and the time line of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from runbook.journal.lines import Entry
from runbook.papers.case_words import kind_title
from runbook.papers.drawing import BAD, BUSY, DOUBT, GOOD, GRID, IDLE, INK, PAST, Canvas, measure, ticks
from runbook.papers.reckoning import Count
from runbook.words.forms import number, status_word
from runbook.words.sentences import say

_COLOURS = {
    "succeeded": GOOD,
    "already_done": PAST,
    "finding": DOUBT,
    "not_judged": DOUBT,
    "waiting": BUSY,
    "failed": BAD,
    "timed_out": BAD,
    "unknown": BAD,
}


def cals_picture(counts: Sequence[Count], lang: str) -> str:
    """For each kind of CAL that the case owns, bars of how many there were before and are now, and a line at what is
    owned; SVG text."""
    names = say("show.cals_before", lang), say("show.cals_after", lang)
    left = max(measure(name, 12) for name in names) + 16
    canvas = Canvas(576, 28 + 112 * len(counts), say("show.cals_title", lang))
    scale = (canvas.width - left - 60) / (max(max(c.owned, c.before, c.held) for c in counts) or 1)
    for place, count in enumerate(counts):
        top = 28 + 112 * place
        expected = say("show.cals_expected", lang, count=count.owned)
        canvas.text(left, top + 10, f"{kind_title(count.kind, lang)} – {expected}", size=12)
        bars = (count.before, IDLE), (count.held, GOOD if count.held == count.owned else BAD)
        for row, (name, (cals, colour)) in enumerate(zip(names, bars, strict=True)):
            y = top + 24 + 40 * row
            canvas.text(left - 8, y + 15, name, size=12, anchor="end")
            canvas.bar(left, y, cals * scale, 30, colour)
            canvas.text(left + cals * scale + 6, y + 15, number(cals, lang), size=12)
        mark = left + count.owned * scale
        canvas.line([(mark, top + 20), (mark, top + 100)], INK, 1.4, "6 4")
    return canvas.svg()


def time_bars(opened: Entry, ends: Iterable[Entry], title: Callable[[str], str]) -> list[dict[str, Any]]:
    """The bars of ``time_picture`` from a run's ``open`` and ``end`` lines; none where a time is no time."""
    bars = []
    try:
        zero = dt.datetime.fromisoformat(str(opened.get("t")))
        for end in ends:
            if (seconds := end.get("seconds")) is not None:
                start = max((dt.datetime.fromisoformat(str(end.get("t"))) - zero).total_seconds() - seconds, 0.0)
                status = end.get("status", "unknown")
                bars.append({"title": title(end["step"]), "start": start, "seconds": seconds, "status": status})
    except ValueError:
        return []
    return bars


def time_picture(bars: Sequence[dict[str, Any]], run: str, lang: str) -> str:
    """One bar for each step (``title``, ``start`` and ``seconds`` since the opening, ``status``); SVG text."""
    legend = _legend([bar["status"] for bar in bars], lang)
    left = max(measure(bar["title"], 11) for bar in bars) + 14
    bottom = 34 + 22 * len(bars)
    canvas = Canvas(max(720, left + 380), bottom + 52 + 18 * len(legend), say("show.time_title", lang, run=run))
    end = max(bar["start"] + bar["seconds"] for bar in bars) or 1.0
    scale = (canvas.width - left - 24) / end
    for at in ticks(end):
        x = left + at * scale
        canvas.line([(x, 32), (x, bottom)], GRID)
        canvas.text(x, bottom + 11, f"{at:g}".replace(".", "," if lang == "fr" else "."), anchor="middle")
    for row, bar in enumerate(bars):
        y = 34 + 22 * row
        canvas.text(left - 8, y + 11, bar["title"], anchor="end")
        width = max(bar["seconds"] * scale, 1.5)
        canvas.bar(left + bar["start"] * scale, y + 3, width, 16, _COLOURS.get(bar["status"], IDLE))
    canvas.text(left + (canvas.width - left) / 2, bottom + 30, say("show.time_axis", lang), anchor="middle")
    for row, (colour, words) in enumerate(legend.items()):
        y = bottom + 46 + 18 * row
        canvas.bar(left, y, 12, 12, colour)
        canvas.text(left + 18, y + 6, ", ".join(words))
    return canvas.svg()


def _legend(statuses: Iterable[str], lang: str) -> dict[str, list[str]]:
    """What each colour of a time line means, in words; statuses of one colour share an entry."""
    named: dict[str, list[str]] = {}
    for status in dict.fromkeys(statuses):
        named.setdefault(_COLOURS.get(status, IDLE), []).append(status_word(status, lang))
    return named
