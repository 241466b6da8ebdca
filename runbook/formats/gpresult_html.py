"""Reads the settings in the HTML of ``gpresult /h``: name, path, state, fields and the winning GPO.

The page is kept as evidence; only the winning GPO is taken from it. The name and the path of a setting stand
in the attributes ``gpmc_settingName`` and ``gpmc_settingPath``; in the same table row follow its state and, in
the results of a machine, the winning GPO. A second row may hold a table with the setting's fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TextIO

from runbook.formats.decode import xml_text
from runbook.formats.unread import Unread, unread

#: Bytes; large real pages have a few millions.
_LONGEST = 1 << 24
#: A tag or comment longer than this has no end.
_TAG = 1 << 23
#: The most characters kept of one cell, cells of one row and fields of one setting; the rest is left out.
_CELL, _CELLS, _FIELDS = 20_000, 50, 500
#: Classes that the page of ``gpresult /h`` gives its headings and sections, in every language.
_OURS = re.compile(r"(?:rsop(?:header|summary|name)|gposummary|he\d[a-z]?(?:_expanded)?|sectionTitle)$")
#: Tables in tables; rows that are opened and never closed stop here too.
_NESTED = 20


@dataclass(frozen=True)
class HtmlSetting:
    """One setting. ``values`` are its fields with their label, as displayed. ``gpo`` is "" where none stands."""

    name: str
    path: str
    state: str
    gpo: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HtmlReport:
    """The settings of a report in the page's order, and what could not be read. ``genuine``: it is a page of
    ``gpresult /h``, which may well hold no setting of a template. ``titles``: its sections, as displayed."""

    settings: tuple[HtmlSetting, ...] = ()
    genuine: bool = False
    titles: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()


def read_gpresult_html(source: Path | bytes, where: str | None = None) -> HtmlReport:
    """The settings in a ``gpresult /h`` page, a file or its bytes (UTF-16 or UTF-8). Never raises for its text."""
    named = where or (source.name if isinstance(source, Path) else "gpresult /h")
    try:
        file: BinaryIO = source.open("rb") if isinstance(source, Path) else BytesIO(source)
    except OSError as error:
        return HtmlReport(unread=(unread(named, "readers.no_file", detail=error.strerror or error),))
    with file:
        if file.seek(0, 2) > _LONGEST:
            return HtmlReport(unread=(unread(named, "readers.too_long", limit=_LONGEST),))
        page = _Page()
        with xml_text(file, "cp1252") as text:
            fault = _feed(page, text, named)
    page.finish()
    genuine = page.genuine or bool(page.settings)
    if fault is None and not page.settings and not (genuine and page.whole):  # cut or garbled, it may have held some
        fault = unread(named, "readers.no_setting")
    return HtmlReport(tuple(page.settings), genuine, tuple(page.titles), (fault,) if fault else ())


def _feed(page: _Page, text: TextIO, named: str) -> Unread | None:
    try:
        page.feed(text.read())  # whole: of pieces, newer Pythons put off those behind a tag that has no end yet
        if len(page.rawdata) > _TAG:
            return unread(named, "readers.endless_tag")
        # Not page.close(): that looks at every unfinished tag once more, in time that grows with the square.
    except (AssertionError, ValueError) as error:  # what the standard library raises for a malformed "<!["
        return unread(named, "readers.damaged_report", detail=error)
    except OSError as error:
        return unread(named, "readers.no_file", detail=error.strerror or error)
    return None


@dataclass
class _Row:
    """A table row while it is open: its cells, and the setting that it names, if any."""

    name: str = ""
    path: str = ""
    cells: list[list[str]] = field(default_factory=list)
    in_cell: bool = False


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.settings: list[HtmlSetting] = []
        self.genuine = False
        self.whole = False  # its end was read
        self.titles: list[str] = []
        self._in_title = False
        self._rows: list[_Row] = []  # open rows, innermost last
        self._fields: list[tuple[str, str]] = []
        self._current: HtmlSetting | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.genuine = self.genuine or any(n == "class" and _OURS.match(v or "") for n, v in attrs)
        if tag == "tr":
            if len(self._rows) < _NESTED:
                self._rows.append(_Row())
            return
        if (tag == "th" and len(self._rows) == 1) or ("class", "sectionTitle") in attrs:
            self.finish()  # another table, another section: what follows is no field of the setting before it
        self._in_title = ("class", "sectionTitle") in attrs
        row = self._rows[-1] if self._rows else None
        if row is None:
            return
        if tag in ("td", "th"):
            row.in_cell = len(row.cells) < _CELLS
            if row.in_cell:
                row.cells.append([])
        given = {name: value or "" for name, value in attrs}  # the parser writes names in lower case
        name = given.get("gpmc_settingname", "")
        if name:
            self.finish()
            row.name, row.path = name.strip(), given.get("gpmc_settingpath", "").strip()
        if tag == "br":
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        self.whole = self.whole or tag == "html"
        if not self._rows:
            return
        if tag in ("td", "th"):
            self._rows[-1].in_cell = False
        elif tag == "tr":
            self._row(self._rows.pop())

    def handle_data(self, data: str) -> None:
        if self._in_title and data.strip() and len(self.titles) < _FIELDS:
            self.titles.append(" ".join(data[:_CELL].split()))
            self._in_title = False
        if self._rows and self._rows[-1].in_cell:
            cell = self._rows[-1].cells[-1]
            if len(cell) < _CELLS * 4:
                cell.append(data[:_CELL])

    def _row(self, row: _Row) -> None:
        cells = ["\n".join(" ".join(line.split()) for line in "".join(cell).split("\n")).strip() for cell in row.cells]
        if row.name:
            state = cells[1] if len(cells) > 1 else ""
            gpo = cells[2] if len(cells) > 2 else ""
            self._current = HtmlSetting(row.name, row.path, state, gpo)
        elif self._rows:
            # A nested row of two cells is a field: of the setting before it, or of the one in whose row it is.
            belongs = self._current is not None or any(outer.name for outer in self._rows)
            if belongs and len(cells) == 2 and len(self._fields) < _FIELDS:
                self._fields.append((cells[0], cells[1]))

    def finish(self) -> None:
        """Close the setting that is open: its fields are all there once the next one begins."""
        if self._current is not None:
            found = self._current
            self.settings.append(HtmlSetting(found.name, found.path, found.state, found.gpo, tuple(self._fields)))
        self._current, self._fields = None, []
