"""Statements of a case that cannot all be so: what was bought, issued, installed, saved and seen, held side by side.

Each verdict looks at its own step at its own moment; this looks at all of them as they stand at the end. What is found
stands in the record and is asked about before the seal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from runbook.case.consistency import names_machine
from runbook.journal.context import Context
from runbook.journal.entries import masked, said
from runbook.journal.outcome import Status
from runbook.journal.story import Story
from runbook.papers.reckoning import to_ask
from runbook.record.labels import step_title
from runbook.record.licences import context_of
from runbook.steps.activation import ActivatedByCim
from runbook.steps.clearinghouse import Clearinghouse
from runbook.steps.key_packs import HeldBefore
from runbook.steps.opening import LicenseServer
from runbook.steps.preflight import Preflight
from runbook.steps.purpose import purpose
from runbook.words.forms import day, moment
from runbook.words.sentences import say


class Conflict(NamedTuple):
    """A sentence's key with its fields."""

    key: str
    fields: dict[str, Any]

    def text(self, lang: str) -> str:
        return say(self.key, lang, **self.fields)


def conflicts(story: Story, lang: str) -> list[Conflict]:
    """Everything that contradicts something else; empty where the case file no longer reads as one (a redacted copy
    holds tokens in place of values, and its original was looked at)."""
    context = context_of(story, lang)
    if context is None:
        return []
    return [
        *_servers(story, context),
        *_identity(context),
        *_issued(context),
        *_order(story, context, lang),
        *_unmade(story, context, lang),
    ]


def _servers(story: Story, context: Context) -> Iterator[Conflict]:
    """A change on a machine that the case, as it is now, does not name."""
    named = context.case.license_server.name
    for run in story.runs:
        changed = any(
            (attempt.begin or {"kind": "check"}).get("kind") != "check"
            for tries in run.steps.values()
            for attempt in tries
        )
        for attempt in run.steps.get("preflight", []) if changed else []:
            seen = Preflight.of((attempt.end or {}).get("facts"))
            if seen and seen.name and not _is(named, seen, story):
                yield Conflict("record.conflict_server", {"named": named, "seen": seen.name, "run": run.name})


def _is(named: str, seen: Preflight, story: Story) -> bool:
    """Whether the machine is the one that the case names, which may have been renamed since."""
    if names_machine(named, seen.dns_name, seen.computer_name):
        return True
    later = (Preflight.of(end.get("facts")) for end in story.history.ends(Preflight.step))
    now = [each.name for each in later if each and names_machine(named, each.dns_name, each.computer_name)]
    return any(story.history.one_machine(seen.name, name) for name in now)


def _identity(context: Context) -> Iterator[Conflict]:
    """The License Server ID that a person entered, against the server's own; by their last five characters."""
    seen = context.known(LicenseServer).license_server_id
    entered = [given for e in context.confirms.get("activate", []) if (given := said(e, "license_server_id"))]
    if seen and entered and masked(entered[-1]) != seen:
        yield Conflict("record.conflict_identity", {"entered": masked(entered[-1]), "seen": seen})


def _issued(context: Context) -> Iterator[Conflict]:
    """What the Clearinghouse issued, against what the case owns and had not on the server when it began."""
    told, before = context.facts(Clearinghouse), context.facts(HeldBefore)
    if told is None or not told.packs or not all(pack.count for pack in told.packs):
        return
    rows = before.rows if before else None
    asked = sum(pack.count for pack in to_ask(context.case.packs, rows or ()))
    if told.issued != asked:
        yield Conflict("record.conflict_issued", {"issued": told.issued, "asked": asked})


def _order(story: Story, context: Context, lang: str) -> Iterator[Conflict]:
    """Key packs are made for a server that was lost and for one that is activated: an answer of an earlier hour was
    dated wrongly, or was for another server."""
    seen = sorted(_activity(story))
    lost = context.case.incident.date
    for entry in context.confirms.get("clearinghouse", []):
        if not (entry.get("fields") or {}).get("packs"):
            continue
        at = str(entry.get("at"))
        later = [when for when, active in seen if not active and when[:16] > at[:16]]  # a person says the minute
        if later and not any(active and when[:16] <= at[:16] for when, active in seen):
            yield Conflict(
                "record.conflict_before_activation", {"at": moment(at, lang), "seen": moment(later[-1], lang)}
            )
        # Somewhere on Earth it is up to fourteen hours later than in UTC.
        if lost and (dt.datetime.fromisoformat(at) + dt.timedelta(hours=14)).date() < lost:
            yield Conflict("record.conflict_before_loss", {"at": moment(at, lang), "lost": day(lost.isoformat(), lang)})


def _activity(story: Story) -> Iterator[tuple[str, bool]]:
    """Each moment at which the server itself said whether it is activated."""
    for run in story.runs:
        for attempt in run.steps.get(LicenseServer.step, []):
            read = LicenseServer.of((attempt.end or {}).get("facts"))
            if read and read.activation_status is not None and attempt.ended:
                yield attempt.ended, read.activation_status == 0
        for attempt in run.steps.get("activate", []):
            done = ActivatedByCim.of((attempt.end or {}).get("facts"))
            if done and done.activation_status == 0 and attempt.started and attempt.ended:
                yield attempt.ended, True
                if done.before:
                    yield attempt.started, False


#: What is told of a change that was made, and is not made of all that the case asks for now.
_UNMADE = {
    "install-packs": "record.conflict_uninstalled",
    "backup": "record.conflict_backup_old",
    "backup-folder": "record.conflict_backup_old",
    "backup-vss": "record.conflict_backup_old",
    "backup-system-state": "record.conflict_backup_old",
    "gpupdate": "record.conflict_unrefreshed",
}


def _unmade(story: Story, context: Context, lang: str) -> Iterator[Conflict]:
    """Packs that were dictated and not installed; no backup, by any way, of the packs that the server holds now."""
    made = {
        step: (run, attempt, found)
        for step, (run, attempt) in story.latest().items()
        if step in _UNMADE and attempt.status in (Status.SUCCEEDED, Status.FINDING, Status.ALREADY_DONE)
        if (found := purpose(context, step)) is not None
    }
    saved = any(
        word == "record.conflict_backup_old" and step in made and not made[step][2].due
        for step, word in _UNMADE.items()
    )
    for step, (run, attempt, found) in made.items():
        if found.due and not (saved and _UNMADE[step] == "record.conflict_backup_old"):
            left = ", ".join(of.shown for of in found.due)
            when = moment(attempt.ended or attempt.started, lang)
            yield Conflict(_UNMADE[step], {"step": step_title(step, lang), "left": left, "run": run.name, "when": when})
