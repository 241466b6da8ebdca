"""Reading ``confirm`` entries: what a person said, when, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.case.identifiers import mask
from runbook.files import sha256_of

Entry = dict[str, Any]

_YES = frozenset({"yes", "y", "oui", "o", "true", "1"})


def said(entry: Entry, name: str) -> str:
    """The answer to one question as plain text, without spaces around it; "" where it was not given."""
    value = entry.get("fields", {}).get(name)
    return "" if value is None else str(value).strip()


def yes(entry: Entry, name: str) -> bool:
    """Whether the answer to one question was yes (in either language, or a YAML true)."""
    return said(entry, name).lower() in _YES


def moment(entry: Entry) -> str:
    """When it happened, to the minute: ``2026-01-31 08:15 UTC``; "" where the entry does not say."""
    at = str(entry.get("at") or entry.get("t") or "")[:16].replace("T", " ")
    return f"{at} UTC" if at else ""


def place(entry: Entry) -> int:
    """The entry's line in the journal: what orders the entries of different steps."""
    return int(entry.get("n", 0))


def attached(entries: list[Entry]) -> list[dict[str, Any]]:
    """Every attachment of ``entries``: ``{path, sha256, size}``, paths relative to the case folder."""
    return [found for entry in entries for found in entry.get("attachments", [])]


def no_longer_attached(case_folder: Path, entries: list[Entry]) -> list[str]:
    """The attachments of ``entries`` that are gone from the case's folder, or are other files by now."""
    return [
        file["path"]
        for file in attached(entries)
        if not (place := case_folder / file["path"]).is_file() or sha256_of(place) != file["sha256"]
    ]


def is_masked(value: str) -> bool:
    """Whether ``value`` is an identifier that was cut to its last five characters (``runbook.identifiers.mask``)."""
    return value.startswith("…")


def masked(value: str) -> str:
    """``value`` cut to its last five characters, unless it is already, or empty."""
    return value if not value or is_masked(value) else mask(value.upper())
