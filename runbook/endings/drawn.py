"""The pictures of these endings: events over time, hosts by state, CALs over the audits. SVG with real text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from runbook import pictures
from runbook.sentences import say

Points = list[tuple[dt.datetime, int]]
_DATES = 8  # dates that fit under one picture
_ROWS = 18  # kinds of events that one picture can show

_ALARM, _QUIET = "#b3262b", "#9aa5b1"
_STATES = {"none": "#2e8540", "not_judged": "#c77d00"}


def time_rows(moments: dict[str, Any]) -> list[tuple[str, Points]]:
    """Per event its moments (UTC, the middle of each bar) and counts, the most frequent first."""
    rows = []
    for key, seen in moments.items():
        width = int(seen["width"])
        points = [
            (dt.datetime.fromtimestamp((int(bar) + 0.5) * width, dt.UTC), int(n)) for bar, n in seen["bars"].items()
        ]
        rows.append((key, points))
    return sorted(rows, key=lambda row: -sum(n for _, n in row[1]))[:_ROWS]


def events_picture(rows: Sequence[tuple[str, bool, Points]], lang: str) -> str:
    """One line per event, a dot per moment, larger where more happened; noise in grey."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    drawing, axes = pictures.figure(7.5, max(1.5, 0.28 * len(rows) + 0.9))
    for line, (_, noise, points) in enumerate(rows):
        sizes = [14 + 22 * math.log10(n) for _, n in points]
        instants: Any = [at for at, _ in points]
        colour = _QUIET if noise else _ALARM
        axes.scatter(instants, [line] * len(points), s=sizes, color=colour, alpha=0.75, linewidths=0)
    names = [f"{name} ({say('diagnose.timeline_noise', lang)})" if noise else name for name, noise, _ in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    make_locator: Any = AutoDateLocator  # matplotlib does not type its date classes
    make_formatter: Any = ConciseDateFormatter
    locator = make_locator(tz=dt.UTC, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    formats = ["%Y", "%Y-%m", "%Y-%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
    offsets = ["", "", "", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]
    axes.xaxis.set_major_formatter(
        make_formatter(locator, tz=dt.UTC, formats=formats, zero_formats=formats, offset_formats=offsets)
    )
    axes.set_title(say("diagnose.timeline_title", lang), fontsize=10)
    return pictures.svg_text(drawing)


def states_picture(rows: Sequence[tuple[str, int, str]], lang: str) -> str:
    """How many hosts are in which state: ``(label, count, word)``, worst first."""
    drawing, axes = pictures.figure(6.5, 0.34 * len(rows) + 0.8)
    colours = [_STATES.get(word, _ALARM) for _, _, word in rows]
    bars = axes.barh([label for label, _, _ in rows], [count for _, count, _ in rows], color=colours, height=0.66)
    axes.bar_label(bars, padding=4, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, max(count for _, count, _ in rows) * 1.12)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title(say("hosts.picture_title", lang, count=sum(count for _, count, _ in rows)), fontsize=10)
    return pictures.svg_text(drawing)


def trend_picture(days: Sequence[str], issued: Sequence[int], owned: Sequence[int], kind: str, lang: str) -> str:
    """CALs issued at each audit (a dot each) under a line of those owned; dots above the line are over-use."""
    drawing, axes = pictures.figure(6.5, 2.4)
    places = list(range(len(days)))
    axes.plot(places, owned, color="#222222", linestyle="--", linewidth=1.2, marker="_", markersize=14)
    axes.plot(places, issued, color="#2672b8", linewidth=1.6)
    colours = [_ALARM if n > o else "#2672b8" for n, o in zip(issued, owned, strict=True)]
    axes.scatter(places, issued, color=colours, s=34, zorder=3)
    for place, n in zip(places, issued, strict=True):
        axes.annotate(str(n), (place, n), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=8)
    axes.annotate(
        say("audit.trend_owned", lang, count=owned[-1]),
        (places[-1], owned[-1]), textcoords="offset points", xytext=(14, -3), fontsize=8,
    )  # fmt: skip
    axes.set_ylim(0, max(*issued, *owned, 1) * 1.22)
    axes.set_xlim(-0.6, max(len(days) - 1, 1) + 0.9)
    named = places[:: -(-len(places) // _DATES)]
    axes.set_xticks(named, [days[place] for place in named], fontsize=8)
    axes.set_title(say("audit.trend_title", lang, type=kind), fontsize=10)
    return pictures.svg_text(drawing)
