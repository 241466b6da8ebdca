"""A few shapes that write themselves as SVG. Colours are classes: the page's style sheet knows light and dark."""

from __future__ import annotations

import html
from collections.abc import Sequence

FONT = 15.0  # user units; the drawing is at most as wide as the text column
LINE = 19.0
_WIDTHS = {"narrow": 0.36, "wide": 0.92, "other": 0.6}  # of the font size; measured on Segoe UI and DejaVu Sans
_BOLD = 1.12


def measure(text: str, bold: bool = False) -> float:
    """About how wide ``text`` is, in user units; on the safe side."""
    total = 0.0
    for character in text:
        kind = "narrow" if character in " \u00a0iIl.,:;'’!|()" else "wide" if character in "mwMW…—" else "other"
        total += _WIDTHS[kind] * FONT
    return total * (_BOLD if bold else 1.0)


def wrap(text: str, width: float, bold: bool = False) -> list[str]:
    """``text`` in lines of at most ``width``; a line break in it is kept."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and measure(longer, bold) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


class Drawing:
    """Shapes in the order in which they are painted; ``width`` and ``height`` in user units.

    ``height`` may be set when everything is in its place.
    """

    def __init__(self, width: int, height: float) -> None:
        self.width = width
        self.height: float = height
        self._parts: list[str] = []

    def box(
        self, x: float, y: float, w: float, h: float, text: str, kind: str = "box", href: str | None = None
    ) -> None:
        """A rounded box with ``text`` in its middle; ``href`` makes all of it a link."""
        bold = kind in ("end", "actor")
        shape = f'<rect class="pic-{kind}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="8"/>'
        lines = wrap(text, w - 18, bold)
        words = self._lines(lines, x + w / 2, y + h / 2 - (len(lines) - 1) * LINE / 2, "middle", f"pic-on-{kind}")
        whole = shape + words
        self._parts.append(f'<a href="{html.escape(href)}">{whole}</a>' if href else whole)

    def text(self, x: float, y: float, text: str, width: float, anchor: str = "start", kind: str = "text") -> None:
        """Lines of text; ``y`` is the middle of the first one."""
        self._parts.append(self._lines(wrap(text, width, kind == "head"), x, y, anchor, f"pic-{kind}"))

    def above(self, x: float, y: float, text: str, width: float) -> None:
        """Lines of text around ``x`` of which the last one stands just above ``y``."""
        self.text(x, y - 13 - (len(wrap(text, width)) - 1) * LINE, text, width, "middle")

    def arrow(self, *points: tuple[float, float], both: bool = False, dashed: bool = False) -> None:
        """A line through ``points`` with a head at its end, or at both."""
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        style = "pic-line pic-dashed" if dashed else "pic-line"
        self._parts.append(f'<path class="{style}" d="{path}"/>')
        self._parts.append(_head(points[-2], points[-1]))
        if both:
            self._parts.append(_head(points[1], points[0]))

    def line(self, *points: tuple[float, float], dashed: bool = False) -> None:
        """A line without heads."""
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path class="{"pic-line pic-dashed" if dashed else "pic-line"}" d="{path}"/>')

    def label(self, x: float, y: float, text: str, width: float) -> None:
        """Text that stands on a line: the line is hidden behind it. ``x``, ``y`` are its middle."""
        lines = wrap(text, width)
        widest = max(measure(line) for line in lines) + 8
        top = y - len(lines) * LINE / 2
        self._parts.append(
            f'<rect class="pic-behind" x="{x - widest / 2:g}" y="{top:g}" width="{widest:g}" '
            f'height="{len(lines) * LINE:g}"/>'
        )
        self._parts.append(self._lines(lines, x, top + LINE / 2, "middle", "pic-text"))

    def band(self, x: float, y: float, w: float, h: float, kind: str) -> None:
        """A plain rectangle without text."""
        self._parts.append(f'<rect class="pic-{kind}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="2"/>')

    def dot(self, x: float, y: float, on: bool) -> None:
        """A radio button; ``on``: the one that is chosen."""
        self._parts.append(f'<circle class="pic-radio" cx="{x:g}" cy="{y:g}" r="7"/>')
        if on:
            self._parts.append(f'<circle class="pic-on" cx="{x:g}" cy="{y:g}" r="3.5"/>')

    def add(self, other: Drawing) -> None:
        """Paint everything of ``other`` on top."""
        self._parts += other._parts

    def svg(self, name: str, title: str) -> str:
        """The whole drawing on one line; ``name`` makes its ids unique on the page."""
        body = "".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="group" '
            f'aria-labelledby="{name}-title" width="{self.width}" height="{self.height}">'
            f'<title id="{name}-title">{title}</title>{body}</svg>'
        )

    @staticmethod
    def _lines(lines: Sequence[str], x: float, y: float, anchor: str, kind: str) -> str:
        spans = "".join(
            f'<tspan x="{x:g}" y="{y + i * LINE + FONT * 0.35:g}">{html.escape(line)} </tspan>'
            for i, line in enumerate(lines)
        )
        return f'<text class="{kind}" text-anchor="{anchor}" font-size="{FONT:g}">{spans}</text>'


def _head(before: tuple[float, float], tip: tuple[float, float]) -> str:
    """An arrow head at ``tip`` of a line that comes from ``before``."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy = dx / length, dy / length
    corners = [tip, *((tip[0] - 10 * ux + s * 5 * uy, tip[1] - 10 * uy - s * 5 * ux) for s in (1, -1))]
    return '<path class="pic-head" d="M' + " L".join(f"{x:.4g} {y:.4g}" for x, y in corners) + 'Z"/>'
