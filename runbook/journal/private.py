"""The license server's identifiers in full, from the case's private folder: for the call sheet, never for facts."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from runbook.case.identifiers import compact_id, normalise_id35
from runbook.journal.context import Context
from runbook.journal.entries import place
from runbook.journal.lines import Entry


class Identifiers(NamedTuple):
    """What the license server calls itself, in full; None for what nobody knows."""

    product_id: str | None
    license_server_id: str | None


def identifiers_in_full(context: Context, after: Entry | None = None) -> Identifiers:
    """What the server itself said last (``private/license-server-rNN.json``, ``activate-rNN.json``), else what a
    person entered after the activation. A field that nobody knows is None. ``after``: the last line about an
    installation that is no more; what was said by then is not this one's, nor is what another machine said."""
    others = {int(run[1:]) for run in context.elsewhere}
    before = int(after["run"][1:]) if after else 0
    product: str | None = None
    server: str | None = None
    folder = context.case_folder / "private"
    found = [*folder.glob("license-server-r*.json"), *folder.glob("activate-r*.json")]
    said = [path for path in found if _run(path.stem) > before and _run(path.stem) not in others]
    for path in sorted(said, key=lambda p: (_run(p.stem), p.stem), reverse=True):
        record = json.loads(path.read_text(encoding="utf-8-sig"))
        product = product or compact_product(record.get("ProductId"))
        server = server or normalise_id35(record.get("LicenseServerId") or "")
    for fields in reversed(entered_since(context, after)):
        server = server or normalise_id35(str(fields.get("license_server_id") or ""))
    return Identifiers(product_id=product, license_server_id=server)


def entered_since(context: Context, after: Entry | None) -> list[dict[str, Any]]:
    """The full private fields of what was entered about the activation after the line ``after``, oldest first."""
    entries = [e for e in context.confirms.get("activate", []) if after is None or place(e) > place(after)]
    return context.private("activate", entries)


def compact_product(text: str | None) -> str | None:
    """A Product ID as it is shown, its layout being documented nowhere; None for a blank one."""
    return text.strip() if text and compact_id(text) else None


def _run(stem: str) -> int:
    number = stem.rpartition("-r")[2]
    return int(number) if number.isdecimal() else 0
