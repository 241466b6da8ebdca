"""What the steps of a case told, by step: the values of the latest judgement that has any, with its run and moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from runbook.case.consistency import names_machine
from runbook.case.model import Pack
from runbook.journal.facts import Facts
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt, Story
from runbook.papers.reckoning import Kind, exceeding, owned, stock
from runbook.steps.audit_packs import AuditPacks
from runbook.steps.key_packs import Counted, HeldBefore
from runbook.steps.preflight import Preflight, apart, reads_the_machine

_ANSWERED = frozenset({Status.SUCCEEDED, Status.FINDING})
#: What a reading was made in: one that finds numbers or hosts not as they should be fails, and was read all the same.
COUNTED = _ANSWERED | {Status.FAILED}
_OTHER = "steps.preflight_other_server"


F = TypeVar("F", bound=Facts)


class Read(Facts):
    """Of any reading: when it was made, by the clock of the machine that was read (ISO 8601)."""

    collected_at: str = ""


@dataclass(frozen=True)
class Told(Generic[F]):
    """Values that a step kept, the run in which it did, and the moment of its ``end`` line."""

    run: str
    t: str
    status: Status
    facts: F


@dataclass(frozen=True)
class Counts:
    """CALs by kind: ``owned`` by the case file, ``before`` (None: not compared), ``held`` and ``issued`` on the server
    as the step ``by`` counted them; ``by`` None: nobody counted."""

    owned: dict[Kind, int]
    before: dict[Kind, int] | None
    held: dict[Kind, int]
    issued: dict[Kind, int]
    by: Told[Counted] | Told[AuditPacks] | None

    @property
    def kinds(self) -> list[Kind]:
        return sorted({*self.owned, *(kind for kind, count in self.held.items() if count)}, reverse=True)

    def over(self, used: dict[Kind, int]) -> int:
        """How many of ``used`` (held, or issued) no owned CAL covers."""
        return sum(max(more - room for _, more, room in found) for found in self._exceeding(used) if found)

    def _exceeding(self, used: dict[Kind, int]) -> list[list[tuple[int, int, int]]]:
        return [exceeding(used, self.owned, product) for product in {product for product, _ in {*self.owned, *used}}]


def told(story: Story, kind: type[F], statuses: frozenset[Status] = _ANSWERED) -> Told[F] | None:
    """The facts that a step told last with one of ``statuses``; None where it told none, or none that stands since a
    person took an entry back. A reading that failed has no facts."""
    found: Told[F] | None = None
    elsewhere = read_elsewhere(story) if reads_the_machine(kind.step) else ()
    for run in story.runs:
        for attempt in run.steps.get(kind.step, []) if run.name not in elsewhere else ():
            facts = facts_of(attempt, kind)
            if facts and facts.model_fields_set and attempt.status in statuses and story.stands(attempt):
                found = Told(run.name, str(attempt.ended), attempt.status, facts)
    return found


def read_elsewhere(story: Story) -> frozenset[str]:
    """The runs that were made on another machine than the server that the case names now: what they read of it says
    nothing of that server. In a redacted copy, whose names are tokens, the runs say it themselves."""
    server = story.case.get("license_server")
    named = server.get("name") if isinstance(server, dict) else None
    if story.redacted or not named:
        ends = story.history.ends(Preflight.step)
        return frozenset(e["run"] for e in ends if any(line["key"] == _OTHER for line in e.get("lines") or []))
    return apart(story.history, lambda dns, computer: names_machine(str(named), dns, computer))


def latest(*found: Told[Any] | None) -> Told[Any] | None:
    """What was told last, whatever notebook told it."""
    return max(filter(None, found), key=lambda each: (len(each.run), each.run, each.t), default=None)


def facts_of(attempt: Attempt, kind: type[F]) -> F | None:
    """The facts of an ``end`` line; None where it holds none that read as such (an edition that kept others, a copy in
    which tokens stand in place of values)."""
    try:
        return kind.of((attempt.end or {}).get("facts"))
    except ValidationError:
        return None


def packs_of(story: Story) -> list[Pack]:
    """The case's packs that read as packs; in a redacted copy all else may be tokens."""
    packs = []
    for item in story.case.get("packs") or []:
        try:
            packs.append(Pack.model_validate({k: item[k] for k in ("count", "version", "type") if item.get(k)}))
        except (ValidationError, TypeError, AttributeError):
            continue
    return packs


def counts(story: Story) -> Counts:
    """The reckoning of the case, from the count after the installation or from an audit's."""
    after, audit = told(story, Counted, COUNTED), told(story, AuditPacks, COUNTED)
    before = told(story, HeldBefore)
    by = latest(after, audit)
    rows = (None if by is None else by.facts.rows if by is after else by.facts.packs) or ()
    then = stock(before.facts.rows or ()) if before and by else None
    issued = stock(row.model_copy(update={"total": row.issued}) for row in rows)
    return Counts(owned(packs_of(story)), then, stock(rows), issued, by)
