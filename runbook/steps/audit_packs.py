"""The count of an audit: CALs owned, held and issued, by type and version.

Over-use (rds-client-access-license): Per User CALs come from the available pool or from the over-used one, so a row
by row comparison can pass during over-use. What counts is the sum issued of one type over all rows against the CALs
owned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field

from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.papers.reckoning import PRODUCT_TYPE, REVIEW, Kind, Row, exceeding, owned
from runbook.steps.codes import PRODUCTS, KeyPackType, shown
from runbook.steps.key_packs import KeyPacksAnswer, compact, held_of
from runbook.steps.preflight import server_of
from runbook.steps.reading import failed
from runbook.steps.registry import script

TYPES = {"user": "audit.type_user", "device": "audit.type_device"}
_COUNTED = {"user": "audit.count_user", "device": "audit.count_device"}
#: More in use than owned: in all, or of the newer versions alone.
_OVER = {"user": "audit.over_user", "device": "audit.over_device"}
_OVER_VERSION = {"user": "audit.over_version_user", "device": "audit.over_version_device"}
#: Less on the server than owned.
_SHORT = {"user": "audit.short_user", "device": "audit.short_device"}
_SHORT_VERSION = {"user": "audit.short_version_user", "device": "audit.short_version_device"}


class AuditPacks(Facts):
    """The count of an audit: CALs by type ("user", "device"), the types that are over-used, rows to look at, every
    row; ``server`` by its own word, ``collected_at`` by its clock (ISO 8601)."""

    step: ClassVar[str] = "audit-packs"
    server: str = ""
    collected_at: str = ""
    owned: dict[str, int] = Field(default_factory=dict)
    issued: dict[str, int] = Field(default_factory=dict)
    total: dict[str, int] = Field(default_factory=dict)
    over: tuple[str, ...] = ()
    review: tuple[int, ...] = ()
    packs: tuple[Row, ...] | None = None


@script("audit-packs", KeyPacksAnswer)
def packs(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """Every row by version and type, and the sums against the CALs that the case owns. Over-use is a failure."""
    if seen.fault is not None:
        return failed("steps.key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = compact(seen.key_packs)
    if not context.case.packs:
        return Verdict(Status.WAITING, (Line("audit.no_packs", {"case": context.case.name}),), AuditPacks(packs=rows))
    bought = {kind: sum(p.count for p in context.case.packs if p.type == kind) for kind in TYPES}
    issued = {kind: sum(row.issued for row in _of_type(rows, kind)) for kind in TYPES}
    total = {kind: sum(row.total for row in _of_type(rows, kind)) for kind in TYPES}
    own = owned(context.case.packs)
    used, held = _by_version(rows, "issued"), _by_version(rows, "total")
    # Summed from the newest version downwards: a CAL never serves a newer host than its own version.
    beyond = {kind: exceeding(used, own, PRODUCT_TYPE[kind]) for kind in TYPES}
    lacking = {kind: exceeding(own, held, PRODUCT_TYPE[kind]) for kind in TYPES}
    over = [kind for kind in TYPES if beyond[kind]]
    review = [row.id for row in rows if row.product_type in PRODUCT_TYPE.values() and row.type in REVIEW]
    facts = AuditPacks(
        server=server_of(context),
        collected_at=seen.collected_at.isoformat(),
        owned=bought,
        issued=issued,
        total=total,
        over=tuple(over),
        review=tuple(review),
        packs=rows,
    )
    lines = [_over(kind, beyond[kind], issued[kind], bought[kind]) for kind in over]
    lines += [
        Line(_COUNTED[kind], {"issued": issued[kind], "owned": bought[kind], "total": total[kind]})
        for kind in TYPES
        if kind not in over and (bought[kind] or total[kind])
    ]
    short = [kind for kind in TYPES if lacking[kind]]
    lines += [_short(kind, lacking[kind], total[kind], bought[kind]) for kind in short]
    surplus = {kind: count - own.get(kind, 0) for kind, count in held.items() if count > own.get(kind, 0)}
    if surplus:
        sentences = [held_of(*kind, count) for kind, count in sorted(surplus.items(), reverse=True)]
        lines.append(Line("audit.not_owned", {"held": sentences}))
    if review:
        lines.append(Line("audit.review", {"rows": ", ".join(str(number) for number in review)}))
    status = Status.FAILED if over else Status.FINDING if short or review or surplus else Status.SUCCEEDED
    ids = hints_for("stock") if over else ()
    return Verdict(status, tuple(lines), facts, _table(rows, context), ids)


def _over(kind: str, beyond: list[tuple[int, int, int]], issued: int, owned: int) -> Line:
    """Over-use in all, or, where only the newer versions are over-used, of these."""
    if issued > owned:
        return Line(_OVER[kind], {"issued": issued, "owned": owned})
    version, used, room = beyond[0]
    return Line(_OVER_VERSION[kind], {"issued": used, "owned": room, "version": version_word(version)})


def _short(kind: str, lacking: list[tuple[int, int, int]], total: int, owned: int) -> Line:
    if total < owned:
        return Line(_SHORT[kind], {"total": total, "owned": owned})
    version, own, held = lacking[0]
    return Line(_SHORT_VERSION[kind], {"total": held, "owned": own, "version": version_word(version)})


def _by_version(rows: Iterable[Row], name: Literal["issued", "total"]) -> dict[Kind, int]:
    sums: dict[Kind, int] = {}
    for row in (row for kind in TYPES for row in _of_type(rows, kind)):
        sums[row.kind] = sums.get(row.kind, 0) + getattr(row, name)
    return sums


def _of_type(rows: Iterable[Row], kind: str) -> list[Row]:
    """The rows of one type. Temporary Per Device CALs are no CALs that anybody has to own."""
    own = PRODUCT_TYPE[kind]
    temporary = kind == "device"
    return [r for r in rows if r.product_type == own and not (temporary and r.type == KeyPackType.TEMPORARY)]


def _table(rows: Iterable[Row], context: Context) -> tuple[dict[str, Any], ...]:
    own = owned(context.case.packs)
    sums: dict[Kind, list[int]] = {kind: [0, 0] for kind in own}
    for row in rows:
        if row.product_type in PRODUCT_TYPE.values():
            both = sums.setdefault(row.kind, [0, 0])
            both[0] += row.total
            both[1] += row.issued
    return tuple(
        {
            "product": shown(PRODUCTS, product),
            "version": version_word(version),
            "owned": own.get((product, version), 0),
            "total": total,
            "issued": issued,
        }
        for (product, version), (total, issued) in sorted(sums.items(), reverse=True)
    )


def version_word(version_id: int) -> str:
    """``2022`` for ProductVersionID 7; the number itself where no source names it."""
    return reference.version_of_cal(version_id) or str(version_id)
