"""What is owned, what the server holds, what is missing: one reckoning per type and version, for all that count CALs.

A CAL serves hosts of its own version and older ones, never a newer one (rds-client-access-license, "version
compatibility"): sums over versions are made from the newest downwards, so that room in an old version never hides
what a new one lacks. Pure functions: rows are as the steps keep them, packs are the case's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runbook.case.model import Pack
from runbook.journal.facts import Plain
from runbook.knowledge import reference

#: Win32_TSLicenseKeyPack.ProductType and ProductVersionID.
Kind = tuple[int, int]

#: ProductType of the two kinds of CAL that can be owned.
PRODUCT_TYPE = {"user": 1, "device": 0}
#: KeyPackType 0 (unknown), 3 (concurrent), 4 (temporary), 6 (not supported): for a person to look at, not counted.
REVIEW = frozenset({0, 3, 4, 6})


class Row(Plain):
    """One row of the license server: its local number, KeyPackType, ProductType, ProductVersionID; CALs in all, and
    those that were issued."""

    id: int
    type: int
    product_type: int
    version_id: int
    total: int
    issued: int

    @property
    def kind(self) -> Kind:
        return self.product_type, self.version_id


class Count(Plain):
    """One type and version, in CALs: ``owned`` by the case file, ``before`` and ``held`` on the server."""

    kind: Kind
    owned: int
    before: int
    held: int

    @property
    def asked(self) -> int:
        """What was missing when the case began: what the Clearinghouse is asked for, and no more."""
        return max(self.owned - self.before, 0)

    @property
    def missing(self) -> int:
        return max(self.owned - self.held, 0)

    @property
    def beyond(self) -> int:
        """Held and not owned."""
        return max(self.held - self.owned, 0)


def kind_of(pack: Pack) -> Kind:
    return PRODUCT_TYPE[pack.type], reference.cal_versions()[pack.version]


def owned(packs: Iterable[Pack]) -> dict[Kind, int]:
    """CALs that the case owns, by kind."""
    return _sums((kind_of(pack), pack.count) for pack in packs)


def stock(rows: Iterable[Row]) -> dict[Kind, int]:
    """CALs in the rows that count, by kind."""
    own = PRODUCT_TYPE.values()
    return _sums((row.kind, row.total) for row in rows if row.product_type in own and row.type not in REVIEW)


def reckon(packs: Iterable[Pack], before: Iterable[Row], now: Iterable[Row]) -> tuple[Count, ...]:
    """Every kind that is owned or held, the newest version first."""
    own, then, held = owned(packs), stock(before), stock(now)
    kinds = sorted({*own, *(kind for kind, count in held.items() if count)}, key=lambda k: (k[0], k[1]), reverse=True)
    return tuple(
        Count(kind=kind, owned=own.get(kind, 0), before=then.get(kind, 0), held=held.get(kind, 0)) for kind in kinds
    )


def to_ask(packs: Iterable[Pack], before: Iterable[Row]) -> tuple[Pack, ...]:
    """The case's packs, less what was on the server when the case began; a pack of which all is there falls away."""
    there = stock(before)
    left = []
    for pack in packs:
        kind = kind_of(pack)
        used = min(pack.count, there.get(kind, 0))
        there[kind] = there.get(kind, 0) - used
        if pack.count > used:
            left.append(pack.model_copy(update={"count": pack.count - used}))
    return tuple(left)


def exceeding(used: Mapping[Kind, int], room: Mapping[Kind, int], product: int) -> list[tuple[int, int, int]]:
    """Where more is used than there is room for, of one ProductType: ``(version_id, used, room)``, each summed over
    that version and the newer ones. An empty list: every version is covered by itself and newer ones."""
    versions = sorted({version for kind, version in {*used, *room} if kind == product}, reverse=True)
    found = []
    for oldest in versions:
        both = [
            sum(count for (kind, version), count in side.items() if kind == product and version >= oldest)
            for side in (used, room)
        ]
        if both[0] > both[1]:
            found.append((oldest, both[0], both[1]))
    return found


def _sums(pairs: Iterable[tuple[Kind, int]]) -> dict[Kind, int]:
    sums: dict[Kind, int] = {}
    for kind, count in pairs:
        sums[kind] = sums.get(kind, 0) + count
    return sums
