"""The pictures of these endings: events over time, hosts by state, CALs over the audits. SVG with real text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from runbook.papers.drawing import BAD, BUSY, DOUBT, GOOD, GRID, IDLE, INK, Canvas, measure
from runbook.steps.diagnose_gather import Bars
from runbook.words.forms import day, number
from runbook.words.sentences import say

Points = list[tuple[dt.datetime, int]]
_DATES = 8  # dates that fit under one picture
_ROWS = 18  # kinds of events that one picture can show
_STATES = {"none": GOOD, "not_judged": DOUBT}
#: Distances between two instants that a person reads easily, in seconds: seconds to hours, days to years.
_STEPS = (1, 5, 15, 60, 300, 900, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000)


def time_rows(moments: Mapping[str, Bars]) -> list[tuple[str, Points]]:
    """Per event its moments (UTC, the middle of each bar) and counts, the most frequent first."""
    rows = []
    for key, seen in moments.items():
        points = [(dt.datetime.fromtimestamp((int(bar) + 0.5) * seen.width, dt.UTC), n) for bar, n in seen.bars.items()]
        rows.append((key, points))
    return sorted(rows, key=lambda row: -sum(n for _, n in row[1]))[:_ROWS]


def events_picture(rows: Sequence[tuple[str, bool, Points]], lang: str) -> str:
    """One line per event, a dot per moment, larger where more happened; noise in grey."""
    names = [f"{name} ({say('diagnose.timeline_noise', lang)})" if noise else name for name, noise, _ in rows]
    left = max(measure(name, 11) for name in names) + 18
    bottom = 34 + 26 * len(rows)
    canvas = Canvas(max(720, left + 380), bottom + 40, say("diagnose.timeline_title", lang))
    instants = [at.timestamp() for _, _, points in rows for at, _ in points]
    first, last = min(instants), max(instants)
    scale = (canvas.width - left - 50) / ((last - first) or 1)
    before = ""
    for at in _instants(first, last):
        x = left + 10 + (at - first) * scale
        when = dt.datetime.fromtimestamp(at, dt.UTC)
        canvas.line([(x, 32), (x, bottom)], GRID)
        date = day(f"{when:%Y-%m-%d}", lang)
        if last - first < 7 * 86400:  # hours are of interest
            canvas.text(x, bottom + 10, f"{when:%H:%M:%S}" if last - first < 300 else f"{when:%H:%M}", anchor="middle")
        if date != before:
            canvas.text(x, bottom + (26 if last - first < 7 * 86400 else 10), date, anchor="middle")
        before = date
    for row, (name, (_, noise, points)) in enumerate(zip(names, rows, strict=True)):
        y = 47 + 26 * row
        canvas.text(left - 8, y, name, anchor="end")
        for moment, count in points:
            radius = min(3 + 2.4 * math.log10(count), 11)
            canvas.dot(left + 10 + (moment.timestamp() - first) * scale, y, radius, IDLE if noise else BAD)
    return canvas.svg()


def _instants(first: float, last: float) -> list[float]:
    """Round instants (seconds since 1970, UTC) from ``first`` to ``last``; where none is round, both ends."""
    step = next((step for step in _STEPS if (last - first) / step <= _DATES - 1), _STEPS[-1])
    found = [float(at) for at in range(math.ceil(first / step) * step, math.floor(last) + 1, step)]
    return found or sorted({first, last})


def states_picture(rows: Sequence[tuple[str, int, str]], lang: str) -> str:
    """How many hosts are in which state: ``(label, count, word)``, worst first."""
    left = max(measure(label, 12) for label, _, _ in rows) + 16
    title = say("hosts.picture_title", lang, count=sum(count for _, count, _ in rows))
    canvas = Canvas(max(624, left + 320), 44 + 32 * len(rows), title)
    scale = (canvas.width - left - 60) / max(count for _, count, _ in rows)
    for row, (label, count, word) in enumerate(rows):
        y = 36 + 32 * row
        canvas.text(left - 8, y + 11, label, size=12, anchor="end")
        canvas.bar(left, y, count * scale, 22, _STATES.get(word, BAD))
        canvas.text(left + count * scale + 6, y + 11, number(count, lang), size=12)
    return canvas.svg()


def trend_picture(days: Sequence[str], issued: Sequence[int], owned: Sequence[int], kind: str, lang: str) -> str:
    """CALs issued at each audit (a dot each) under a line of those owned; dots above the line are over-use."""
    canvas = Canvas(624, 240, say("audit.trend_title", lang, type=kind))
    told = say("audit.trend_owned", lang, count=owned[-1])
    right = canvas.width - measure(told, 11) - 18
    step = (right - 60) / max(len(days) - 1, 1)
    top = max(*issued, *owned, 1) * 1.15

    def place(audit: int, count: float) -> tuple[float, float]:
        return 50 + audit * step, 200 - count / top * 160

    canvas.line([(30, 200), (right + 8, 200)])
    line = [place(n, count) for n, count in enumerate(owned)]
    canvas.line([(line[0][0] - 12, line[0][1]), *line, (line[-1][0] + 12, line[-1][1])], INK, 1.4, "6 4")
    canvas.text(line[-1][0] + 18, line[-1][1], told)
    canvas.line([place(n, count) for n, count in enumerate(issued)], BUSY, 1.8)
    for n, (count, limit) in enumerate(zip(issued, owned, strict=True)):
        x, y = place(n, count)
        canvas.dot(x, y, 4, BAD if count > limit else BUSY)
        canvas.text(x, y - 11, number(count, lang), anchor="middle")
    for n in range(0, len(days), -(-len(days) // _DATES)):
        canvas.text(place(n, 0)[0], 214, day(days[n], lang), anchor="middle")
    return canvas.svg()
