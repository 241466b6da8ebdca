"""Shapes that write themselves as SVG with real text: it prints sharp, can be searched, and can be redacted.

By hand, since what the libraries for it bring (style sheets, scripts, numpy) is more than bars, dots and lines need,
and the record takes a picture only where nothing in it acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

INK, GRID = "#222222", "#dddddd"
GOOD, DOUBT, BAD, BUSY, IDLE, PAST = "#2e8540", "#c77d00", "#b3262b", "#2672b8", "#9aa5b1", "#8fc49b"
_FONT = "'Segoe UI', 'DejaVu Sans', sans-serif"
_WIDTHS = {"narrow": 0.36, "wide": 0.92, "other": 0.6}  # of the font size; measured on Segoe UI and DejaVu Sans


def measure(text: str, size: float) -> float:
    """About how wide ``text`` is at a font size, in the unit of ``size``; on the safe side."""
    total = 0.0
    for character in text:
        kind = "narrow" if character in " \u00a0iIl.,:;'’!|()" else "wide" if character in "mwMW…—" else "other"
        total += _WIDTHS[kind] * size
    return total


class Canvas:
    """Shapes in the order in which they are painted, on white; all numbers in CSS pixels from the upper left."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []
        self.text(width / 2, 16, title, size=13, anchor="middle", bold=True)

    def bar(self, x: float, y: float, w: float, h: float, fill: str) -> None:
        """A filled rectangle."""
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"/>')

    def dot(self, x: float, y: float, r: float, fill: str) -> None:
        """A disc, a little transparent, so that one behind it is seen."""
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" fill-opacity="0.8"/>')

    def line(self, points: Sequence[tuple[float, float]], stroke: str = INK, width: float = 1, dash: str = "") -> None:
        """A line through ``points``; ``dash`` as SVG writes it ("6 4")."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'
        )

    def text(self, x: float, y: float, text: str, size: float = 11, anchor: str = "start", bold: bool = False) -> None:
        """One line of text; ``y`` is its middle."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
            f' fill="{INK}"{weight}>{escape(text)}</text>'
        )

    def svg(self) -> str:
        """The whole picture as the text of one SVG element."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' width="{self.width:g}" height="{self.height:g}" font-family="{_FONT}">'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(self._parts)}</svg>'
        )


def ticks(limit: float, most: int = 7) -> list[float]:
    """Round values from 0 to ``limit``, at most ``most`` of them."""
    step = 10.0**-6
    factors = (2.0, 2.5, 2.0)
    turn = 0
    while limit / step > most - 1:
        step *= factors[turn % 3]
        turn += 1
    return [round(step * n, 9) for n in range(int(limit / step + 1e-9) + 1)]
