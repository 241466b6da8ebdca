"""Counting CALs: which rows of the license server belong to the case, before and after.

A row counts by ProductType and ProductVersionID, never by its localised description. No source says which
KeyPackType a pack installed by telephone carries, so types 0, 3, 4 and 6 are set aside for review and named,
neither counted nor dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runbook.case import Pack
from runbook.readers.answers import KeyPack
from runbook.readers.codes import KeyPackType, ProductType

#: Version word of the case file -> Win32_TSLicenseKeyPack.ProductVersionID (8 seen by third parties only).
VERSION_ID = {"2008": 2, "2008R2": 3, "2012": 4, "2016": 5, "2019": 6, "2022": 7, "2025": 8}
PRODUCT_TYPE = {"user": int(ProductType.PER_USER), "device": int(ProductType.PER_DEVICE)}
REVIEW = frozenset({KeyPackType.UNKNOWN, KeyPackType.CONCURRENT, KeyPackType.TEMPORARY, KeyPackType.NOT_SUPPORTED})
_OWN = frozenset({ProductType.PER_USER, ProductType.PER_DEVICE})

Row = dict[str, Any]
Kind = tuple[int, int]  # ProductType, ProductVersionID


def compact(packs: Iterable[KeyPack]) -> list[Row]:
    """The rows as facts: ``{id, type, product_type, version_id, total, issued}``."""
    return [
        {
            "id": pack.key_pack_id,
            "type": pack.key_pack_type,
            "product_type": pack.product_type,
            "version_id": pack.product_version_id,
            "total": pack.total_licenses,
            "issued": pack.issued_licenses,
        }
        for pack in packs
    ]


def wanted(packs: Iterable[Pack]) -> dict[Kind, int]:
    """How many CALs of each kind the case owns."""
    sums: dict[Kind, int] = {}
    for pack in packs:
        kind = PRODUCT_TYPE[pack.type], VERSION_ID[pack.version]
        sums[kind] = sums.get(kind, 0) + pack.count
    return sums


@dataclass(frozen=True)
class Change:
    """One row of the license server, before and after (CALs)."""

    row: Row
    before: int
    after: int
    judged: str  # counted, review, other_kind, not_a_cal

    @property
    def gained(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """After minus before over the case's kinds; numbers are CALs."""

    changes: tuple[Change, ...]
    expected: int

    def _of(self, judged: str) -> list[Change]:
        return [change for change in self.changes if change.judged == judged]

    @property
    def counted(self) -> list[Change]:
        return self._of("counted")

    @property
    def review(self) -> list[Change]:
        """Rows of the case's kinds that a person has to look at: those that changed."""
        return [change for change in self._of("review") if change.gained]

    @property
    def other(self) -> list[Change]:
        """Rows that appeared or grew, with CALs of another version or type."""
        return [change for change in self._of("other_kind") if change.gained > 0]

    @property
    def before(self) -> int:
        return sum(change.before for change in self.counted)

    @property
    def after(self) -> int:
        return sum(change.after for change in self.counted)

    @property
    def gained(self) -> int:
        return self.after - self.before


def compare(before: list[Row], after: list[Row], kinds: dict[Kind, int]) -> Comparison:
    """Match the rows by their local number and kind: a number that was given again to another kind is another
    row. A row that vanished counts with 0 after."""
    rows: dict[tuple[Any, ...], list[Row | None]] = {}
    for place, side in enumerate((before, after)):
        for row in side:
            rows.setdefault(_key(row), [None, None])[place] = row
    changes = []
    for old, new in rows.values():
        row = new or old or {}
        changes.append(Change(row, old["total"] if old else 0, new["total"] if new else 0, _judge(row, kinds)))
    return Comparison(tuple(changes), sum(kinds.values()))


def _key(row: Row) -> tuple[Any, ...]:
    return row["id"], row["product_type"], row["version_id"], row["type"]


def _judge(row: Row, kinds: dict[Kind, int]) -> str:
    if row["product_type"] not in _OWN:
        return "not_a_cal"
    if (row["product_type"], row["version_id"]) not in kinds:
        return "other_kind"
    return "review" if row["type"] in REVIEW else "counted"


def by_kind(comparison: Comparison) -> dict[Kind, int]:
    """CALs gained for each kind, over the counted rows."""
    sums: dict[Kind, int] = {}
    for change in comparison.counted:
        kind = change.row["product_type"], change.row["version_id"]
        sums[kind] = sums.get(kind, 0) + change.gained
    return sums
