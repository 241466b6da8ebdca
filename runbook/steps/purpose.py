"""What each change is made for, and what of it is still to be done.

What a step is registered with (``asked``) says what the case asks for now; what earlier attempts did of it stands in
the journal (``journal.parts``). The difference is due: the third pack, the two hosts that were off, the backup of what
was installed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook.case.consistency import same_machine
from runbook.case.model import Pack
from runbook.journal import parts
from runbook.journal.context import Context
from runbook.journal.entries import place
from runbook.journal.lines import Entry
from runbook.journal.outcome import Line, Status
from runbook.journal.parts import Of, Part, PartTold
from runbook.papers.reckoning import Row, kind_of, to_ask
from runbook.steps import registry
from runbook.steps.clearinghouse import issued_counts, issued_ids
from runbook.steps.key_packs import Counted, HeldBefore, Inventory, Rows, held_before
from runbook.steps.opening import set_up_anew
from runbook.steps.preflight import Preflight, server_of

_FIRM = frozenset({Status.SUCCEEDED, Status.FINDING})


@dataclass(frozen=True)
class Purpose:
    """``asked``: what the change is for now; ``parts``: what became of each part so far; ``due``: what is left."""

    asked: tuple[Of, ...]
    parts: tuple[Part, ...]
    due: tuple[Of, ...]

    @property
    def done(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.state in parts.DONE)

    @property
    def served(self) -> tuple[Part, ...]:
        """What is done of what is asked for now."""
        return tuple(part for part in self.done if any(parts.same(part.of, of) for of in self.asked))


def purpose(context: Context, step: str) -> Purpose | None:
    """What ``step`` is for; None for a change that has no parts to tell apart, or of which nothing is known yet."""
    asked = tuple(registry.doing(step).asked(context))
    if not asked:
        return None
    every = [*_before_parts(context, step), *_since(context, step)]
    if step == "gpupdate":  # a host under its short name, or with its domain, is the same
        every = [_under_its_name(part, asked) for part in every]
    found = tuple(parts.latest(every))
    return Purpose(asked, found, tuple(parts.due(asked, found)))


def _last_line(context: Context, run: str) -> int:
    return max((int(e["n"]) for e in context.history.entries if e.get("run") == run), default=0)


def _under_its_name(part: Part, hosts: Iterable[Of]) -> Part:
    return next((replace(part, of=of) for of in hosts if same_machine(of.key, part.of.key)), part)


def _since(context: Context, step: str) -> Iterator[Part]:
    """The parts that count: a policy that was edited again has to be refreshed again, a copy from before the last
    pack that went in, or may have, is a copy of less, a server that was set up anew is activated no longer, nor is a
    copy of what it was one of what it is; what a person did by hand after the last attempt is done."""
    edited = max((place(e) for e in context.confirms.get("hosts-configure", [])), default=0)
    begun = {str(b["run"]): int(b["n"]) for b in context.history.begins(step)}
    since = edited if step == "gpupdate" else _last_pack(context) if step in _COPIES else 0
    if step in _COPIES and step != "backup-system-state":
        since = max(since, _copies_gone(context))
    if step in ("activate", *_COPIES) and (earlier := set_up_anew(context.history)):
        since = max(since, place(earlier) if step == "activate" else _last_line(context, str(earlier["run"])))
    for part in parts.parts_of(context.history, step):
        if begun.get(part.run, 0) > since or not since:
            yield part
    for said in context.confirms.get(step, []) if step == "install-packs" else ():
        # The wizard was confirmed: of what had been dictated by then, though it was taken back or replaced since.
        then = context.history.standing("clearinghouse", place(said))
        stood = [compact for _, compact in issued_ids(context, then)]
        stood += [compact for contact, compact in issued_ids(context) if place(contact) < place(said)]
        for compact in dict.fromkeys(stood):
            yield Part(parts.secret(compact), parts.SAID_IN, str(said.get("run") or ""))


def still_to_ask(context: Context) -> tuple[Pack, ...]:
    """What a further contact is to be asked for: what the server lacks of the case's packs, by its last count or by
    the reading from before, less what was dictated and is in no count yet. Of what kind that is only its row will
    tell: where several kinds lack, all that lacks stands there."""
    lost, counted = set_up_anew(context.history), _last_count(context)
    if counted is None:
        packs = context.case.packs
        missing = to_ask(packs, held_before(context)) if lost is None else (*packs,)
        since = place(lost) if lost else 0
        waiting = sum(count for contact, _, count in issued_counts(context) if place(contact) > since)
    else:
        known = {(row.id, row.kind) for row in held_before(context)}
        # A row that is new and of a type that a person has to look at is no reason to ask for it once more.
        rows = [r if (r.id, r.kind) in known else r.model_copy(update={"type": 2}) for r in counted]
        missing, waiting = to_ask(context.case.packs, rows), sum(to_send(context))
    kinds = {kind_of(pack) for pack in missing}
    if not waiting or len(kinds) != 1:
        return missing
    product, version = kinds.pop()
    return to_ask(missing, [Row(id=0, type=2, product_type=product, version_id=version, total=waiting, issued=0)])


def _last_count(context: Context) -> tuple[Row, ...] | None:
    """The rows of the last count after the installation, of the installation that is there now."""
    lost = set_up_anew(context.history)
    ends = [end for end in context.history.ends(Counted.step) if lost is None or end["run"] > lost["run"]]
    found = (read.rows for end in reversed(ends) if (read := Counted.of(end.get("facts"))) and read.rows is not None)
    return next(found, None)


def to_send(context: Context) -> list[int]:
    """The CALs of each pack that was dictated and of which nothing says that it is in (0: not said)."""
    aim = purpose(context, "install-packs")
    due = {of.key for of in aim.due} if aim else set()
    return [count for _, compact, count in issued_counts(context) if parts.secret(compact).key in due]


def beyond(context: Context) -> tuple[int, int] | None:
    """How many CALs the contacts that stand gave, and how many were to be asked for, where the former are more and
    some are still to be sent."""
    given = [count for _, _, count in issued_counts(context)]
    asked = sum(pack.count for pack in to_ask(context.case.packs, held_before(context)))
    return (sum(given), asked) if all(given) and sum(given) > asked and to_send(context) else None


def dictated(context: Context) -> Iterator[tuple[Entry, Of]]:
    """Each key pack that was dictated, with the contact that gave it."""
    for contact, compact in issued_ids(context):
        yield contact, parts.secret(compact)


def _before_parts(context: Context, step: str) -> Iterator[Part]:
    """Attempts of a journal that names no parts: what they were made of is read off the same moment."""
    for begin in context.history.begins(step):
        if "parts" in begin:
            continue
        later = [e for e in context.history.ends(step) if e["n"] > begin["n"] and e.get("script_sha256")]
        decision = context.history.decision(begin)
        said = decision is not None and decision["outcome"] == "done"
        if not said and (not later or later[0]["status"] not in _FIRM):
            continue
        state = parts.SAID_IN if said else parts.IN
        if step in _COPIES:
            earlier = (e for e in reversed(context.history.entries) if e["event"] == "end" and e["n"] < begin["n"])
            rows = next((found for e in earlier if (found := _rows_of(e)) is not None), None)
            yield Part(_of_rows(rows) if rows is not None else stock(context)[0], state, str(begin["run"]))
        elif step == "activate":
            seen = context.history.facts_in(Preflight, str(begin["run"]))
            yield Part(machine((seen.dns_name if seen else "") or server_of(context)), state, str(begin["run"]))


# -- what the case asks for

_COPIES = frozenset({"backup", "backup-folder", "backup-vss", "backup-system-state"})
_READINGS: dict[str, type[Rows]] = {kind.step: kind for kind in (Counted, Inventory, HeldBefore)}


def _rows_of(end: Entry) -> tuple[Row, ...] | None:
    kind = _READINGS.get(end["step"])
    found = kind.of(end.get("facts")) if kind else None
    return found.rows if found else None


def stock(context: Context) -> list[Of]:
    """What a backup is the backup of: the key packs that the server holds, as it was last read."""
    found = (read for kind in (Counted, Inventory) if (read := context.facts(kind)) and read.rows is not None)
    return [_of_rows(read.rows or ()) for read in found][:1]


def _last_pack(context: Context) -> int:
    """The line that began the last attempt at which a pack went in, or may have, or that says that a person entered
    some; 0 for none. Its rows may look like those of a pack that it was exchanged for, or nobody has counted them."""
    said = max((place(e) for e in context.confirms.get("install-packs", []) if not e.get("replaces")), default=0)
    begun = {str(b["run"]): int(b["n"]) for b in context.history.begins("install-packs")}
    went = parts.DONE | {parts.UNKNOWN}
    found = parts.parts_of(context.history, "install-packs")
    return max([said, *(begun.get(part.run, 0) for part in found if part.state in went)])


#: A reading of the place of the copies that says so finds none there, or not the one that was made.
_GONE = frozenset({"backup.copies_none", "backup.copies_new_gone", "audit.backup_none"})


def _copies_gone(context: Context) -> int:
    """The line of the last reading that found the copies gone: what was copied before it is to be copied again."""
    readings = (end for step in ("backup-copies", "audit-backup") for end in context.history.ends(step))
    return max((end["n"] for end in readings if _GONE & {line["key"] for line in end["lines"]}), default=0)


def _of_rows(rows: Iterable[Row]) -> Of:
    """Key packs as one part. What was issued of them changes by the hour and makes no other stock."""
    kept = sorted([r.id, r.type, r.product_type, r.version_id, r.total] for r in rows if r.total)
    digest = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:32]
    return Of(digest, " + ".join(str(row[-1]) for row in kept) or "0")


def machine(name: str) -> Of:
    """A server as the one part that its activation has."""
    return Of(name.lower(), name)


#: Where install-packs.ps1 writes, before and after each pack, what is becoming of it: a JSON object a line.
PARTS_FILE = "parts.jsonl"


def written_parts(folder: Path, begin: Entry) -> tuple[PartTold, ...]:
    """What the script wrote of each part of ``begin`` as it went; () where it wrote nothing. A line that the power
    cut tore is a part that was begun."""
    path = folder / PARTS_FILE
    if not path.is_file():
        return ()
    told: dict[int, dict[str, Any]] = {}
    torn = False
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        try:
            said = json.loads(line)
            told[int(said["Index"])] = said
        except (ValueError, KeyError, TypeError):
            torn = True
    found = []
    for index, of in enumerate(begin.get("parts") or []):
        said = told.get(index)
        code, state = "", parts.UNSENT
        if said is None:
            # A torn line may be this part's: nobody knows then.
            state, torn = (parts.UNKNOWN, False) if torn else (parts.UNSENT, torn)
        elif said.get("State") != "ended":
            state = parts.UNKNOWN
        else:
            code = failure(said.get("ReturnValue"), said.get("HResult"))
            state = parts.OUT if code else parts.IN
        row = said.get("KeyPackId") if said else None
        found.append(PartTold(key=of["key"], shown=of["shown"], state=state, code=code, row=row))
    return tuple(found)


def failure(value: int | None, fault: str | None) -> str:
    """The failure of one call as ``0x80041008``; "" for success."""
    if fault:
        return fault
    if value is None:
        return "?"
    return "" if value == 0 else f"0x{value & 0xFFFFFFFF:08X}"


#: What is said of the parts that became of it, in this order.
_BECAME = {
    parts.IN: "parts.in",
    parts.SAID_IN: "parts.said_in",
    parts.OUT: "parts.out",
    parts.SAID_OUT: "parts.said_out",
    parts.UNKNOWN: "parts.unknown",
    parts.UNSENT: "parts.unsent",
}


def parts_lines(found: Iterable[Part | PartTold]) -> tuple[Line, ...]:
    """A sentence for each thing that became of parts, naming them."""
    named: dict[str, list[str]] = {}
    for part in found:
        named.setdefault(part.state, []).append(part.of.shown if isinstance(part, Part) else part.shown)
    return tuple(
        Line(key, {"parts": ", ".join(named[state]), "count": len(named[state])})
        for state, key in _BECAME.items()
        if state in named
    )
