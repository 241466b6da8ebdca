"""A change is made for something: what each attempt was made *of*, and what became of each part.

The ``begin`` line names the parts (``parts``: a key and what may be shown of it), the ``end`` line says for each what
was seen (``parts``: key -> state), a person's decision settles what nobody saw. A part is done once; whatever else
the case asks now is due. Journals from before know no parts: there the last five characters of a key pack's ID, or
the host's name in the step's table, stand for the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from runbook.journal.facts import Facts, Plain
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import Status

#: What is known of a part. IN and OUT were seen; UNKNOWN was begun and nobody saw its end; UNSENT was never begun;
#: SAID_IN and SAID_OUT are a person's decision.
IN, OUT, UNKNOWN, UNSENT, SAID_IN, SAID_OUT = "in", "out", "unknown", "unsent", "said_in", "said_out"
DONE = frozenset({IN, SAID_IN})
_REFRESHED = "steps.state_done"


@dataclass(frozen=True)
class Of:
    """One part of what a change is for: ``key`` tells it apart, ``shown`` is what may be seen of it."""

    key: str
    shown: str


@dataclass(frozen=True)
class Part:
    """What became of one part in one attempt."""

    of: Of
    state: str
    run: str
    code: str = ""
    row: int | None = None


class PartTold(Plain):
    """What a script wrote of one part as it went. ``code``: the failure as ``0x…``, "" for none; ``row``: the row of
    the license server that it made."""

    key: str
    shown: str
    state: str
    code: str = ""
    row: int | None = None


class SentPack(Plain):
    """One key pack that a script sent: its last five characters, the row it made, its code ("" for success)."""

    id: str
    row: int | None = None
    code: str = ""


class Tried(Facts):
    """What one attempt at a change leaves of its parts, whichever change it is."""

    parts: tuple[PartTold, ...] = ()
    packs: tuple[SentPack, ...] = ()


def secret(identifier: str) -> Of:
    """An identifier of 35 characters as a part: hashed (36 to the 35th: nobody finds it again), and its tail."""
    return Of(hashlib.sha256(identifier.encode()).hexdigest()[:32], f"…{identifier[-5:]}")


def same(one: Of, other: Of) -> bool:
    """Whether two parts are one; where a journal from before knows only what was shown, that decides."""
    return one.key == other.key or (one.shown == other.shown and (one.key == one.shown or other.key == other.shown))


def parts_of(history: History, step: str) -> list[Part]:
    """Every part of every attempt of ``step``, oldest first."""
    found: list[Part] = []
    begins = history.begins(step)
    for begin, following in zip(begins, [*begins[1:], None], strict=False):
        until = following["n"] if following else float("inf")
        ends = [e for e in history.ends(step) if begin["n"] < e["n"] < until]
        end = next((e for e in ends if e.get("script_sha256")), None)
        told = next((e for e in reversed(ends) if (tried := Tried.of(e.get("facts"))) and tried.parts), end)
        found += _decided(_attempt(begin, told), history.decision(begin))
    return found


def _attempt(begin: Entry, end: Entry | None) -> list[Part]:
    tried = Tried.of((end or {}).get("facts")) or Tried()
    run, of = str(begin["run"]), [Of(o["key"], o["shown"]) for o in begin.get("parts") or []]
    if tried.parts:
        known = {each.key: each for each in of}
        return [Part(known.get(p.key, Of(p.key, p.shown)), p.state, run, p.code, p.row) for p in tried.parts]
    if end is None or end["status"] == Status.UNKNOWN:
        return [Part(each, UNKNOWN, run) for each in of]
    if packs := tried.packs:
        names = of if len(of) == len(packs) else [Of(p.id, p.id) for p in packs]
        return [
            Part(each, OUT if pack.code else IN, run, pack.code, pack.row)
            for each, pack in zip(names, packs, strict=True)
        ]
    hosts = [row for row in end.get("table") or [] if row.get("host") and row.get("state")]
    if hosts:
        return [Part(Of(h["host"], h["host"]), IN if h["state"] == _REFRESHED else OUT, run) for h in hosts]
    state = IN if end["status"] in (Status.SUCCEEDED, Status.FINDING) else OUT
    return [Part(each, state, run) for each in of]


def _decided(parts: list[Part], decision: Entry | None) -> list[Part]:
    """What nobody saw, as a person decided it: all, none, or the ones that ``which`` names."""
    if decision is None:
        return parts
    which = [str(name).lstrip("…").lower() for name in decision.get("which") or []]

    def settled(part: Part) -> Part:
        if part.state != UNKNOWN:
            return part
        inside = decision["outcome"] == "done" or (
            decision["outcome"] == "in part" and part.of.shown.lstrip("…").lower() in which
        )
        return Part(part.of, SAID_IN if inside else SAID_OUT, part.run, part.code, part.row)

    return [settled(part) for part in parts]


def latest(parts: Iterable[Part]) -> list[Part]:
    """One for each part: the attempt in which it was done, else the last one."""
    kept: list[Part] = []
    for part in parts:
        place = next((n for n, old in enumerate(kept) if same(old.of, part.of)), None)
        if place is None:
            kept.append(part)
        elif kept[place].state not in DONE:
            kept[place] = part
    return kept


def due(asked: Iterable[Of], parts: Iterable[Part]) -> list[Of]:
    """What is asked and was never done."""
    done = [part.of for part in parts if part.state in DONE]
    return [of for of in asked if not any(same(of, other) for other in done)]
