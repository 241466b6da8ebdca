"""The pictures of a run: CALs before and after against what is expected, and the time line.

SVG with real text: it prints sharp, can be searched, and can be redacted. matplotlib takes longer to import than
anything else here: ``import_ahead`` does it beside the steps, nobody at the command line does it without a picture.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import io
import threading
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.journal import Entry
from runbook.sentences import say

if TYPE_CHECKING:
    from runbook.run import Run

_COLOURS = {
    "succeeded": "#2e8540",
    "already_done": "#8fc49b",
    "finding": "#c77d00",
    "not_judged": "#c77d00",
    "waiting": "#2672b8",
    "failed": "#b3262b",
    "timed_out": "#b3262b",
    "unknown": "#b3262b",
}
_IDLE = "#9aa5b1"

_STAMP = (
    '<text x="100%" y="100%" dx="-4" dy="-4" text-anchor="end" font-family="sans-serif" font-size="9"'
    ' font-weight="bold" fill="#8a5300">{}</text>'
)


def import_ahead() -> None:
    """Begin to import matplotlib while the steps wait for their scripts; the last cell, which draws, finds it there."""
    threading.Thread(target=_import, name="matplotlib", daemon=True).start()


def _import() -> None:
    with contextlib.suppress(Exception):  # told where it is missed: by the import that draws
        importlib.import_module("matplotlib.backends.backend_svg")


def cals_picture(before: int, after: int | None, expected: int, lang: str) -> str:
    """Bars of the CALs before and after, a line at what the case expects; SVG text."""
    drawing, axes = figure(6.0, 2.0)
    names, values = [say("show.cals_before", lang)], [before]
    if after is not None:
        names, values = [*names, say("show.cals_after", lang)], [*values, after]
    bars = axes.barh(names, values, color=["#9aa5b1", "#2e8540" if after == expected else "#b3262b"][: len(values)])
    axes.bar_label(bars, padding=4)
    axes.invert_yaxis()
    axes.axvline(expected, color="#222222", linestyle="--", linewidth=1.2)
    axes.set_xlim(0, max(expected, *values) * 1.15 or 1)
    axes.set_title(f"{say('show.cals_title', lang)} — {say('show.cals_expected', lang, count=expected)}", fontsize=10)
    return svg_text(drawing)


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
    drawing, axes = figure(7.5, max(1.6, 0.24 * len(bars) + 0.9))
    for row, bar in enumerate(bars):
        width = max(bar["seconds"], 0.004)
        axes.barh(row, width, left=bar["start"], color=_COLOURS.get(bar["status"], _IDLE), height=0.7)
    axes.set_yticks(range(len(bars)), [bar["title"] for bar in bars], fontsize=7.5)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    comma = "," if lang == "fr" else "."
    axes.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}".replace(".", comma))
    axes.set_xlabel(say("show.time_axis", lang), fontsize=8)
    axes.set_title(say("show.time_title", lang, run=run), fontsize=10)
    _legend(drawing, [bar["status"] for bar in bars], lang)
    return svg_text(drawing)


def _legend(drawing: Any, statuses: Iterable[str], lang: str) -> None:
    """What each colour of a time line means, in words, below it; statuses of one colour share an entry."""
    from matplotlib.patches import Patch

    named: dict[str, list[str]] = {}
    for status in dict.fromkeys(statuses):
        named.setdefault(_COLOURS.get(status, _IDLE), []).append(say(f"status.{status}", lang))
    patches = [Patch(color=colour, label=", ".join(words)) for colour, words in named.items()]
    drawing.legend(handles=patches, loc="outside lower center", ncols=3, fontsize=7.5, frameon=False)


def kept(run: Run, name: str, svg: str, alt: str) -> dict[str, str]:
    """Keep a picture in the run's folder and give the bundle that shows it; ``alt`` says in words what it shows.
    A rehearsal's carries the word in itself: the file may be taken out of the folder."""
    titled = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    if run.is_rehearsal:
        body, _, rest = titled.rpartition("</svg>")
        titled = f"{body}{_STAMP.format(say('record.rehearsal_stamp', run.lang))}</svg>{rest}"
    save(titled, run.path / "pictures" / f"{name}.svg")
    return {"image/svg+xml": titled, "text/plain": alt}


def save(svg: str, path: Path) -> None:
    """Keep a picture in the run's folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(svg, encoding="utf-8", newline="\n")


def figure(width: float, height: float) -> Any:
    """A new drawing of that size (inches) and its axes."""
    import matplotlib
    from matplotlib.figure import Figure

    # Text as text; the same picture for the same facts, whenever it is drawn.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "runbook", "font.family": "sans-serif"})
    drawing = Figure(figsize=(width, height), layout="constrained")
    axes = drawing.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return drawing, axes


def svg_text(drawing: Any) -> str:
    """A drawing as the text of one SVG element, without the XML head."""
    # Lay out once: saving would do so for its dry run and again for the drawing, and measure every label each time.
    drawing.get_layout_engine().execute(drawing)
    drawing.set_layout_engine("none")
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
