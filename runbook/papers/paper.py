"""A sheet of paper as data: sections of blocks, written out as plain text and as one printable HTML page.

Used for what a person takes to the telephone or to the vault. Sentences arrive in the sheet's language; nothing
here knows a word of its own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runbook.case.spelling import ICAO
from runbook.words.templates import environment

_WIDTH = 92
_SPELLED = {word[0]: word for word in ICAO}


@dataclass(frozen=True)
class Prose:
    """A paragraph: plain, to be read out (``say``), or not to be overlooked (``warn``); ``lang`` where it is not the
    sheet's."""

    text: str
    kind: Literal["plain", "say", "warn"] = "plain"
    lang: str = ""


@dataclass(frozen=True)
class Numbered:
    """Things to do, in their order."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Labels and values; ``columns`` is for the printed page. A value of "" is a line to write on."""

    rows: tuple[tuple[str, str], ...]
    columns: Literal[1, 2] = 1


@dataclass(frozen=True)
class Grid:
    """A table of texts."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Identifier:
    """35 characters in 7 groups of 5: ``value`` to be read out (with its spelling), or empty boxes to fill in.

    ``after`` is a label with a line to write on behind the boxes.
    """

    label: str
    value: str = ""
    after: str = ""

    @property
    def groups(self) -> list[str]:
        """The groups of the value; seven empty ones where there is none."""
        return [self.value[i : i + 5] for i in range(0, len(self.value), 5)] or [""] * 7


@dataclass(frozen=True)
class Choices:
    """Boxes to tick by hand."""

    label: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """Lines to type as they are; ``large`` what is read out from the paper, as a seal is."""

    text: str
    large: bool = False


Block = Prose | Numbered | Pairs | Grid | Identifier | Choices | Command


@dataclass(frozen=True)
class Section:
    """``columns`` is for the printed page: two lay the blocks side by side."""

    title: str
    blocks: tuple[Block, ...]
    columns: Literal[1, 2] = 1


@dataclass(frozen=True)
class Sheet:
    """``stamp`` is a line that stands above everything (REHEARSAL), ``notice`` one below the title. ``form``: what is
    said in a letter stands wider, what must fit one side of paper closer."""

    lang: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    notice: str = ""
    stamp: str = ""
    footer: str = ""
    form: Literal["sheet", "letter", "one side"] = "sheet"


def spell(group: str) -> str:
    """``A1B`` as ``Alfa 1 Bravo``."""
    return " ".join(_SPELLED.get(c, c) for c in group.upper())


def to_html(sheet: Sheet) -> str:
    """The sheet as one HTML page: no script, no other file, A4 when printed."""
    page = environment(__file__, trimmed=True).get_template("paper.html.j2")
    return page.render(sheet=sheet, spell=spell, kind=lambda block: type(block).__name__)


def to_text(sheet: Sheet) -> str:
    """The sheet as plain text, lines of at most 92 characters except where an identifier or a path is longer."""
    lines: list[str] = []
    if sheet.stamp:
        lines += ["*" * _WIDTH, *_wrap(sheet.stamp, "* "), "*" * _WIDTH, ""]
    lines += [sheet.title, "=" * len(sheet.title), *filter(None, [sheet.subtitle]), ""]
    if sheet.notice:
        lines += [*_wrap(sheet.notice, "! "), ""]
    for section in sheet.sections:
        if section.title:
            lines += ["", section.title, "-" * len(section.title)]
        for block in section.blocks:
            lines += [*_block(block), ""]
    if sheet.footer:
        lines += _wrap(sheet.footer, "")
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _wrap(text: str, lead: str) -> list[str]:
    # Only ordinary spaces break a line: a no-break space holds its sign to the word before it.
    found: list[str] = []
    for paragraph in text.split("\n"):
        held = paragraph.replace("\u00a0", "\0")
        wrapped = textwrap.wrap(
            held, _WIDTH, initial_indent=lead, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False
        )
        found += [line.replace("\0", "\u00a0") for line in wrapped or [lead]]
    return found


def _block(block: Block) -> list[str]:
    match block:
        case Prose(text, kind, _):
            return _wrap(text, {"plain": "", "say": "  > ", "warn": "! "}[kind])
        case Numbered(items):
            return [line for n, item in enumerate(items, 1) for line in _hang(f"{n}. ", item)]
        case Pairs(rows, _):
            width = max((len(label) for label, _ in rows), default=0)
            return [line for label, value in rows for line in _pair(label, value, width)]
        case Grid(heads, rows):
            return _grid([heads, *rows])
        case Identifier(label, value, after):
            return _identifier(block, label, value, after)
        case Choices(label, items):
            return [f"{label}  " + "   ".join(f"[ ] {item}" for item in items)]
        case Command(text, _):
            return [f"    {line}" for line in text.splitlines()]


def _hang(lead: str, text: str) -> list[str]:
    first, *rest = _wrap(text, " " * len(lead))
    return [lead + first[len(lead) :], *rest]


def _pair(label: str, value: str, width: int) -> list[str]:
    first, *rest = (value or "_" * 40).split("\n")
    return [f"{label:<{width}}  {first}", *(" " * (width + 2) + line for line in rest)]


def _grid(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in table]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _identifier(block: Identifier, label: str, value: str, after: str) -> list[str]:
    if value:
        read = [f"  {n}.  {group:<5}   {spell(group)}" for n, group in enumerate(block.groups, 1)]
        return [label, *read]
    tail = f"    {after} ______" if after else ""
    return [label, "  " + " - ".join(["_ _ _ _ _"] * 7) + tail]
