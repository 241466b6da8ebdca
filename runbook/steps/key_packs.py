"""Counting CALs: which rows of the license server belong to the case, before and after.

A row counts by ProductType and ProductVersionID, never by its localised description. No source says which
KeyPackType a pack installed by telephone carries, so types 0, 3, 4 and 6 are set aside for review and named,
neither counted nor dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.history import History
from runbook.journal.outcome import Answer, Line, Status, Verdict
from runbook.knowledge import reference
from runbook.papers.reckoning import REVIEW, Count, Kind, Row, exceeding, owned, reckon, stock, to_ask
from runbook.steps.answer_shape import Answered, Fault, Int
from runbook.steps.codes import PRODUCTS, KeyPackType, ProductType, shown
from runbook.steps.reading import failed
from runbook.steps.registry import doing, looked_again, script

#: TotalLicenses of the built-in row on a real server (KeyPackType 6): no number of CALs, no limit at all.
UNLIMITED = 0xFFFFFFFF
#: What the count after the installation says where the CALs are there that hosts may ask for.
COUNTED = frozenset({Status.SUCCEEDED, Status.ALREADY_DONE, Status.FINDING})
_OWN = frozenset({ProductType.PER_USER, ProductType.PER_DEVICE})


class KeyPack(Answered):
    """One row of Win32_TSLicenseKeyPack. KeyPackId is the local row number, not the 35-character ID."""

    key_pack_id: Int
    description: str | None
    key_pack_type: Int | None
    product_type: Int | None
    product_version: str | None
    product_version_id: Int | None
    total_licenses: Int | None
    issued_licenses: Int | None
    available_licenses: Int | None
    expiration_at: AwareDatetime | None
    access_rights: Int | None
    type_and_model: str | None  # display text: never matched


class KeyPacksAnswer(Answered):
    """key-packs-before and key-packs-after: every row, none filtered away."""

    collected_at: AwareDatetime
    key_packs: list[KeyPack]
    fault: Fault | None


class Rows(Facts):
    """Base of what a reading of the key packs leaves: every row; None where there was no reading."""

    rows: tuple[Row, ...] | None = None


class HeldBefore(Rows):
    """Before anything was installed: ``count`` CALs of the case's kinds, when it was read (ISO 8601). ``now``: the rows
    of a later reading, where packs came or went since and this case has put none in."""

    step: ClassVar[str] = "key-packs-before"
    count: int = 0
    collected_at: str = ""
    now: tuple[Row, ...] | None = None


class Counted(Rows):
    """After: CALs of the case's kinds ``counted_before`` and ``counted_after`` over the rows that count, and what the
    case owns (``expected``); each of its kinds; rows by their local numbers."""

    step: ClassVar[str] = "key-packs-after"
    counted_before: int | None = None
    counted_after: int | None = None
    gained: int | None = None
    expected: int | None = None
    counted_rows: tuple[int, ...] = ()
    review_rows: tuple[int, ...] = ()
    other_rows: tuple[int, ...] = ()
    issued: int | None = None
    held: int | None = None
    beyond: int | None = None
    kinds: tuple[Count, ...] = ()
    collected_at: str = ""


class Inventory(Rows):
    """What the server held when it was backed up; ``unissued`` CALs a restore brings back."""

    step: ClassVar[str] = "backup-inventory"
    rows: tuple[Row, ...] | None = Field(default=None, alias="packs")
    total: int | None = None
    issued: int | None = None
    unissued: int | None = None


def held_before(context: Context) -> tuple[Row, ...]:
    """What was on the server when the case began; nothing where nobody has looked yet."""
    before = context.facts(HeldBefore)
    return (before.rows if before else None) or ()


def unsettled(context: Context) -> tuple[int, int] | None:
    """How many CALs are missing by the reading that was kept, and by this run's, where the two differ: packs came or
    went, this case has put none in, and nobody has said what that was. None where there is nothing to settle."""
    before = context.facts(HeldBefore)
    if before is None or before.now is None:
        return None
    first, now = (sum(p.count for p in to_ask(context.case.packs, r)) for r in (before.rows or (), before.now))
    return None if first == now else (first, now)


def compact(packs: Iterable[KeyPack]) -> tuple[Row, ...]:
    """The rows as facts. One that leaves a number out is told with 0 and of unknown type, so that a person looks."""
    return tuple(
        Row(
            id=pack.key_pack_id,
            type=_type_of(pack),
            product_type=int(ProductType.INVALID) if pack.product_type is None else pack.product_type,
            version_id=pack.product_version_id or 0,
            total=pack.total_licenses or 0,
            issued=pack.issued_licenses or 0,
        )
        for pack in packs
    )


def _type_of(pack: KeyPack) -> int:
    counts = pack.product_version_id, pack.total_licenses, pack.issued_licenses
    return int(KeyPackType.UNKNOWN) if pack.key_pack_type is None or None in counts else pack.key_pack_type


def of_cals(rows: Iterable[Row]) -> list[Row]:
    """The rows that hold CALs somebody bought: per user and per device, never the built-in one without limit."""
    return [row for row in rows if row.product_type in _OWN and row.total != UNLIMITED]


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


def compare(before: Sequence[Row], after: Sequence[Row], kinds: dict[Kind, int]) -> Comparison:
    """Match the rows by their local number and kind: a number that was given again to another kind is another
    row. A row that vanished counts with 0 after."""
    olds, news = ({_key(row): row for row in side} for side in (before, after))
    changes = []
    for key in dict.fromkeys([*olds, *news]):
        old, new = olds.get(key), news.get(key)
        if row := new or old:
            changes.append(Change(row, old.total if old else 0, new.total if new else 0, _judge(row, kinds)))
    return Comparison(tuple(changes), sum(kinds.values()))


def _key(row: Row) -> tuple[int, ...]:
    return row.id, row.product_type, row.version_id, row.type


def _judge(row: Row, kinds: dict[Kind, int]) -> str:
    if row.product_type not in _OWN:
        return "not_a_cal"
    if row.kind not in kinds:
        return "other_kind"
    return "review" if row.type in REVIEW else "counted"


def by_kind(comparison: Comparison) -> dict[Kind, int]:
    """CALs gained for each kind, over the counted rows."""
    sums: dict[Kind, int] = {}
    for change in comparison.counted:
        sums[change.row.kind] = sums.get(change.row.kind, 0) + change.gained
    return sums


# -- the steps that read all rows


@script("key-packs-before", KeyPacksAnswer)
def key_packs_before(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """Every row as it is. No CAL of the case's kind is what the case exists to repair: a finding."""
    if seen.fault is not None:
        return failed("steps.key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = compact(seen.key_packs)
    held = compare([], rows, owned(context.case.packs))
    facts = HeldBefore(rows=rows, count=held.after, collected_at=seen.collected_at.isoformat())
    table = tuple(_row(change.row, change.after, change.after, change.judged) for change in held.changes)
    there = _held(rows)
    if not context.case.packs:
        # No case file yet: nobody knows what is the case's; the reading is judged again when it is known.
        line = Line("steps.key_packs_read", {"rows": len(rows), "held": there or "0"})
        return Verdict(Status.SUCCEEDED, (line,), facts, table)
    other = _held([row for row in rows if row.kind not in owned(context.case.packs)])
    beside = (Line("steps.key_packs_beside", {"held": other}),) if other else ()
    if held.after == 0:
        line = Line("steps.key_packs_none", {"rows": len(rows), "expected": held.expected})
        return Verdict(Status.FINDING, (line, *beside), facts, table)
    fields = {"count": held.after, "rows": len(rows)}
    return Verdict(Status.SUCCEEDED, (Line("steps.key_packs_before", fields), *beside), facts, table)


def put_in(history: History) -> bool:
    """Whether this case has put packs in, or may have: from then on the count afterwards tells what came."""
    return bool(history.begins("install-packs") or history.standing("install-packs"))


@looked_again("key-packs-before", until=lambda context: put_in(context.history))
def key_packs_since(context: Context, kept: Verdict, came: Answer) -> Verdict:
    """Packs that somebody put in, or took away, since the reading that is kept: the Clearinghouse would be asked for
    what is there, or not for all that is missing."""
    verdict = doing("key-packs-before").judge(context, came)
    first, now = HeldBefore.of(kept.told), HeldBefore.of(verdict.told)
    if first is None or first.rows is None:
        return kept
    if now is None or now.rows is None:
        unread = (*kept.lines, Line("steps.key_packs_unread_again"), *verdict.lines)
        return replace(kept, status=Status.FINDING, lines=unread)
    before, after = ({_key(row): row for row in of_cals(rows)} for rows in (first.rows, now.rows))
    more = [_rest(row, before.get(key)) for key, row in after.items()]
    less = [_rest(row, after.get(key)) for key, row in before.items()]
    lines = [
        Line(key, {"held": _held(rows), "rows": ", ".join(str(row.id) for row in rows)})
        for key, found in (("steps.key_packs_came", more), ("steps.key_packs_went", less))
        if (rows := [row for row in found if row.total > 0])
    ]
    if not lines:
        return kept
    lines.append(Line("steps.key_packs_settle", {"case": context.case.name}))
    facts = first.model_copy(update={"now": now.rows})
    return replace(kept, status=Status.FINDING, lines=(*kept.lines, *lines), facts=facts)


def _rest(row: Row, other: Row | None) -> Row:
    """``row`` with the CALs that it has beyond ``other``."""
    return row.model_copy(update={"total": row.total - (other.total if other else 0)})


def _held(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Each kind of CAL with its number, as a sentence that the record says in either language."""
    return [
        held_of(product, version, count)
        for (product, version), count in sorted(stock(rows).items(), reverse=True)
        if count
    ]


def held_of(product: int, version: int, count: int) -> dict[str, Any]:
    """``40 × Windows Server 2022 Per User``, as key and fields."""
    server = reference.version_of_cal(version) or f"#{version}"
    return {
        "key": "steps.held",
        "fields": {"count": count, "version": server, "kind": shown(PRODUCTS, product) or "–"},
    }


@script("key-packs-after", KeyPacksAnswer)
def key_packs_after(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """After minus the frozen before, over the rows of the case's kind, against what the case owns."""
    if seen.fault is not None:
        return failed("steps.key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    first = context.facts(HeldBefore)
    if first is None or first.rows is None:
        return Verdict(Status.NOT_JUDGED, (Line("steps.key_packs_no_before"),))
    before = first.rows
    rows, kinds = compact(seen.key_packs), owned(context.case.packs)
    found = compare(before, rows, kinds)
    issued: Counter[Kind] = Counter()
    for row in rows:
        issued[row.kind] += row.issued if row.kind in kinds else 0
    table = tuple(_row(change.row, change.before, change.after, change.judged) for change in found.changes)
    counts = tuple(count for count in reckon(context.case.packs, before, rows) if count.kind in kinds)
    facts = Counted(
        counted_before=found.before,
        counted_after=found.after,
        gained=found.gained,
        expected=found.expected,
        counted_rows=tuple(change.row.id for change in found.counted),
        review_rows=tuple(change.row.id for change in found.review),
        other_rows=tuple(change.row.id for change in found.other),
        issued=issued.total(),
        held=sum(count.held for count in counts),
        beyond=sum(count.beyond for count in counts),
        kinds=counts,
        rows=rows,
        collected_at=seen.collected_at.isoformat(),
    )
    status, line = _outcome(found, kinds, counts)
    lines = [line, *_split(counts)]
    if found.counted:
        lines.append(Line("steps.key_packs_counted", {"rows": _ids(found.counted)}))
    if status is Status.FAILED and (gone := _gone(context, rows, kinds)):
        lines.append(Line("steps.key_packs_gone", {"rows": ", ".join(map(str, gone)), "count": len(gone)}))
    if found.review:
        fields = {"rows": _ids(found.review), "count": sum(change.gained for change in found.review)}
        lines.append(Line("steps.key_packs_review", fields))
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    if found.other:
        lines.append(Line("steps.key_packs_other", {"rows": _kinds(found.other)}))
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    if over := _overused(issued, kinds):
        lines += over
        if status is Status.SUCCEEDED:
            status = Status.FINDING
    hints = hints_for("no-cal") if status is Status.FAILED else ()
    return Verdict(status, tuple(lines), facts, table, hints)


def _split(counts: tuple[Count, ...]) -> list[Line]:
    """Where the case owns several kinds: of which some are missing, of which there are too many."""
    if len(counts) < 2:
        return []
    sides = {
        "steps.key_packs_lacking": [held_of(*c.kind, c.missing) for c in counts if c.missing],
        "steps.key_packs_surplus": [held_of(*c.kind, c.beyond) for c in counts if c.beyond],
    }
    return [Line(key, {"held": held}) for key, held in sides.items() if held]


def _overused(issued: Counter[Kind], own: dict[Kind, int]) -> list[Line]:
    """More issued than owned, by type: a type never serves in place of the other, nor an old version of a new one."""
    lines = []
    for product in sorted({product for product, _ in own}, reverse=True):
        if over := exceeding(issued, own, product):
            version, used, room = max(over, key=lambda each: each[1] - each[2])
            lines.append(Line("steps.key_packs_overused", {"issued": used, "owned": room}))
            if len(own) > 1:
                lines.append(Line("steps.key_packs_overused_of", {"held": held_of(product, version, used)}))
    return lines


def _gone(context: Context, rows: Sequence[Row], kinds: dict[Kind, int]) -> list[int]:
    """The numbers of the rows that an earlier run has counted, and that are no longer there, or no longer as full."""
    earlier = (Counted.of(end.get("facts")) for end in context.history.ends(Counted.step))
    seen = [row for read in earlier if read for row in read.rows or () if row.kind in kinds]
    now = {_key(row): row.total for row in rows}
    return sorted({row.id for row in seen if row.total > now.get(_key(row), 0)})


def _outcome(found: Comparison, kinds: dict[Kind, int], counts: tuple[Count, ...]) -> tuple[Status, Line]:
    """What is held against what is owned, kind by kind; what was there before is part of it."""
    surplus = sum(count.beyond for count in counts)
    lacking = {count.kind: count.missing for count in counts if count.missing}
    fields: dict[str, Any] = {"gained": found.gained, "expected": found.expected, "packs": len(found.counted)}
    fields |= {"before": found.before, "after": found.after, "missing": sum(lacking.values())}
    if not lacking and not surplus:
        key = "steps.key_packs_equal" if found.before == 0 else "steps.key_packs_complete"
        return Status.SUCCEEDED, Line(key, fields)
    if found.gained == found.expected and by_kind(found) == kinds:
        return Status.FINDING, Line("steps.key_packs_beyond", fields | {"beyond": surplus})
    if lacking and surplus:
        return Status.FAILED, Line("steps.key_packs_mixed", fields)
    review: Counter[Kind] = Counter()
    for change in found.review:
        review[change.row.kind] += change.gained
    if lacking and all(count <= review[kind] for kind, count in lacking.items()):
        return Status.FINDING, Line("steps.key_packs_to_review", fields | {"review": review.total()})
    if found.other and lacking:
        return Status.FAILED, Line("steps.key_packs_wrong", fields | {"other": _kinds(found.other)})
    return Status.FAILED, Line("steps.key_packs_fewer" if lacking else "steps.key_packs_more", fields)


def _ids(changes: list[Change]) -> str:
    return ", ".join(str(change.row.id) for change in changes) or "—"


def _kinds(changes: list[Change]) -> list[dict[str, Any]]:
    """What was gained of each kind, rows of one kind together."""
    gained: Counter[tuple[int, int]] = Counter()
    for change in changes:
        gained[change.row.kind] += change.gained
    return [held_of(product, version, count) for (product, version), count in gained.items()]


_JUDGED = {
    "counted": "steps.judged_counted",
    "review": "steps.judged_review",
    "other_kind": "steps.judged_other_kind",
    "not_a_cal": "steps.judged_not_a_cal",
}


def _row(row: Row, before: int, after: int, judged: str) -> dict[str, Any]:
    return {
        "row": row.id,
        "product": shown(PRODUCTS, row.product_type),
        "version": reference.version_of_cal(row.version_id) or str(row.version_id),
        "key_pack_type": row.type,
        "before": _shown(before),
        "after": _shown(after),
        "issued": row.issued,
        "judged": _JUDGED[judged],
    }


def _shown(cals: int) -> int | str:
    return "steps.unlimited" if cals == UNLIMITED else cals


@script("backup-inventory", KeyPacksAnswer)
def inventory(context: Context, seen: KeyPacksAnswer) -> Verdict:
    """What the server holds at the moment of the backup: it says what a restore would have to bring back."""
    if seen.fault is not None:
        return failed("steps.key_packs_fault", seen.fault, hints_for("wmi", seen.fault.code))
    rows = tuple(row for row in of_cals(compact(seen.key_packs)) if row.total)
    total = sum(row.total for row in rows)
    issued = sum(row.issued for row in rows)
    unissued = sum(max(row.total - row.issued, 0) for row in rows)  # one that is over-used takes nothing from another
    facts = Inventory(rows=rows, total=total, issued=issued, unissued=unissued)
    fields = {"packs": len(rows), "total": total, "unissued": facts.unissued}
    if not rows:
        return Verdict(Status.FINDING, (Line("backup.inventory_empty"),), facts)
    return Verdict(Status.SUCCEEDED, (Line("backup.inventory", fields),), facts)
