"""Reads out.json: what a step's script came to, as the list of objects that every script writes.

Windows PowerShell writes it with ``Out-File -Encoding utf8``, that is with a byte order mark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from runbook.formats.unread import Unread, unread

#: Bytes; a thousand session hosts answer in less than one million.
_LONGEST = 1 << 26


@dataclass(frozen=True)
class OutJson:
    """The objects of an out.json; None where it could not be read, and then ``unread`` says why."""

    rows: list[dict[str, Any]] | None
    unread: Unread | None = None


def read_out_json(data: bytes, where: str = "out.json") -> OutJson:
    """The list of objects in ``data`` (UTF-8, with or without a byte order mark).

    One object alone counts as a list of one, ``null`` and nothing but a mark as an empty list. NaN and the
    infinities, which JSON does not have and PowerShell writes, become None. Never raises.
    """
    if len(data) > _LONGEST:
        return OutJson(None, unread(where, "readers.too_long", limit=_LONGEST))
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_constant=lambda _: None) if text.strip() else []
        # A lone surrogate would stop the journal from being written later on: it is replaced here.
        value = _mended(value) if "\\ud" in text.lower() else value
    except (ValueError, RecursionError) as error:
        return OutJson(None, unread(where, "readers.not_json", detail=error))
    rows = [] if value is None else value if isinstance(value, list) else [value]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            return OutJson(None, unread(where, "readers.not_objects", number=number, kind=type(row).__name__))
    return OutJson(rows)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
