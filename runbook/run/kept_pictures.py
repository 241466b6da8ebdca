"""Pictures of a run: kept in its folder, shown in its notebook, stamped where nothing real was seen."""

from __future__ import annotations

from html import escape
from pathlib import Path

from runbook.files import write_whole
from runbook.run.opening import Run
from runbook.words.sentences import say

_STAMP = (
    '<text x="100%" y="100%" dx="-4" dy="-4" text-anchor="end" font-family="sans-serif" font-size="9"'
    ' font-weight="bold" fill="#8a4b00">{}</text>'
)


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
    write_whole(path, svg)
