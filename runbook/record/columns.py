"""The columns of a table that a cell showed, in the order in which its verdict gave them.

A step that was done before shows its table again from the journal, whose lines are sorted by key: the notebook then
has the columns by the alphabet. The journal keeps their order apart, so that the record can put them right.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_TABLE = re.compile(r"<table\b[^>]*>(?:(?!<table\b).)*?</table>", re.DOTALL)
_ROW = re.compile(r"(<tr\b[^>]*>)(.*?)(</tr>)", re.DOTALL)
_CELL = re.compile(r"<(t[hd])\b[^>]*>.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def in_told_order(page: str, heads: Sequence[str]) -> str:
    """``page`` (HTML) with each table that has just these headings in their order; any other stays as it is."""

    def table(match: re.Match[str]) -> str:
        rows = [[cell[0] for cell in _CELL.finditer(row[2])] for row in _ROW.finditer(match[0])]
        shown = [html.unescape(_TAG.sub("", cell)).strip() for cell in rows[0]] if rows else []
        if shown == list(heads) or sorted(shown) != sorted(heads) or len(set(shown)) < len(shown):
            return match[0]
        if any(len(row) != len(shown) for row in rows):
            return match[0]
        order = [shown.index(head) for head in heads]
        fresh = iter(rows)
        return _ROW.sub(lambda row: row[1] + _in(order, next(fresh)) + row[3], match[0])

    return _TABLE.sub(table, page) if heads else page


def _in(order: list[int], cells: list[str]) -> str:
    return "".join(cells[place] for place in order)
