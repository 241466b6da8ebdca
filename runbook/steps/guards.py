"""Before a change begins: is this the server that the case names, and is everything there that the change needs?

One check for every change. What it says is waited for, with the command or the line of case.yml that gives it; a
change that lacks something never begins, so nothing stands in the record that never was.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runbook.case.consistency import names_machine
from runbook.journal.context import Context
from runbook.journal.entries import no_longer_attached
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.papers.reckoning import to_ask
from runbook.steps import registry
from runbook.steps.install import too_many
from runbook.steps.key_packs import COUNTED, Counted, HeldBefore, held_before, unsettled
from runbook.steps.opening import LicenseServer
from runbook.steps.preflight import Preflight

_GOOD = frozenset({Status.SUCCEEDED, Status.ALREADY_DONE})
_MISSING = {registry.CONFIRM: "guards.missing_confirm", registry.CASE_LINE: "guards.missing_case"}


def moved(context: Context) -> Verdict | None:
    """A case is one server's: what it changed on another one is not done here, and is not undone there. One with the
    same License Server ID may be the same under a new name, or a copy of it: a person says so."""
    here = seen_server(context)
    changed = [(run, name) for run, name in changed_on(context.history) if not is_here(name, context)]
    if not here or not changed:
        return None
    run, name = changed[-1]
    if context.history.one_machine(name, here):
        return None
    fields = {"server": here, "seen": name, "run": run}
    now = context.history.facts_in(LicenseServer, context.run_folder.name)
    if now is None:  # whether it is the same machine is not known yet: what stopped the reading comes first
        return Verdict(Status.FAILED, (Line("guards.moved_unread", fields),))
    if now.activated and now.license_server_id in _identities(context.history, name):
        fields |= {"id": now.license_server_id, "case": context.case.name}
        return Verdict(Status.FAILED, (Line("guards.moved_same", fields),))
    return Verdict(Status.FAILED, (Line("guards.moved", fields),))


def _identities(history: History, name: str) -> set[str]:
    """The License Server IDs under which the machine ``name`` has answered as activated."""
    runs = (run for run in history.runs() if (seen := history.facts_in(Preflight, run)) and seen.name == name)
    read = (history.facts_in(LicenseServer, run) for run in runs)
    return {each.license_server_id for each in read if each and each.activated and each.license_server_id}


def changed_on(history: History) -> list[tuple[str, str]]:
    """Each run that has begun a change, with the machine that answered in it, oldest first."""
    runs = dict.fromkeys(str(e["run"]) for e in history.entries if e["event"] == "begin" and e.get("kind") != "check")
    seen = ((run, history.facts_in(Preflight, run)) for run in runs)
    return [(run, facts.name) for run, facts in seen if facts and facts.name]


def missing_inputs(context: Context, step: str) -> tuple[Line, ...]:
    """A sentence for each thing that ``step`` needs and nobody has given; empty where it may be asked."""
    doing = registry.doing(step)
    given = doing.given(context) if doing.wants else {}
    if step == "activate" and given["Way"] == "automatic":  # the server fetches its own identifier
        return ()
    return tuple(
        Line(_MISSING[kind], {"name": name, "case": context.case.name, "step": step})
        for key, (kind, name) in doing.wants.items()
        if not given[key]
    )


def refused(context: Context, step: str) -> Verdict | None:
    """Why ``step``, a change, does not begin; None where it may."""
    here = seen_server(context)
    named = context.case.license_server.name
    if here is None:
        return Verdict(Status.FAILED, (Line("guards.server_unseen", {"named": named}),))
    lost = next((old.name for old in context.case.lost_servers if is_here(old.name, context)), None)
    if lost is not None:
        return Verdict(Status.FAILED, (Line("guards.lost_server", {"server": here, "lost": lost}),))
    if not is_here(named, context):
        return Verdict(Status.FAILED, (Line("guards.other_server", {"server": here, "named": named}),))
    if lines := missing_inputs(context, step):
        return _waiting(context, step, lines)
    if step == "install-packs" and unsettled(context):
        return Verdict(Status.WAITING, (Line("guards.unsettled", {"server": here}),))
    if step == "install-packs" and (lines := _all_there(context, here) or too_many(context)):
        return Verdict(Status.WAITING, lines)
    return too_early(context, step)


def too_early(context: Context, step: str) -> Verdict | None:
    """Why ``step``, a change of the hosts, is neither begun nor offered yet: they are pointed to a server that holds
    the CALs, and holds the right ones. None where it does."""
    counted = context.status.get(Counted.step)
    if reference.step(step).phase != "hosts" or counted in COUNTED:
        return None
    key = "guards.wrong_packs" if counted is Status.FAILED else "guards.no_packs"
    return Verdict(Status.WAITING, (Line(key, {"server": seen_server(context) or context.case.license_server.name}),))


def _all_there(context: Context, here: str) -> tuple[Line, ...]:
    """Said where the server held every CAL that the case owns when the case began: another case, or another copy of
    this one, may have sent the very packs that were dictated here."""
    if not context.facts(HeldBefore) or to_ask(context.case.packs, held_before(context)):
        return ()
    fields = {"server": here, "owned": context.case.expected_cals(), "case": context.case.name}
    return (Line("guards.all_there", fields),)


def as_attached(case_folder: Path, entries: list[Entry], verdict: Verdict) -> Verdict:
    """``verdict`` on a step of which persons said ``entries``: what they attached and is no longer there as it was is
    told, before the seal refuses it."""
    gone = no_longer_attached(case_folder, entries)
    lines = tuple(
        line for path in gone if (line := Line("steps.attestation_gone", {"file": path})) not in verdict.lines
    )
    status = Status.FINDING if lines and verdict.status in _GOOD else verdict.status
    return replace(verdict, status=status, lines=(*verdict.lines, *lines))


def waits(context: Context, step: str) -> Verdict | None:
    """Why a check that looks where the case file says has nowhere to look; None where it has."""
    if reference.step(step).kind == "check" and (lines := missing_inputs(context, step)):
        return Verdict(Status.WAITING, lines)
    return None


def _waiting(context: Context, step: str, lines: tuple[Line, ...]) -> Verdict:
    """Waiting; a manual step also says what a person would do in its place, or that nothing is left to do."""
    if reference.step(step).kind != "manual":
        return Verdict(Status.WAITING, lines)
    manual = registry.doing(step).manual(context, list(context.confirms.get(step, [])))
    if manual.status is not Status.WAITING:
        return manual
    return Verdict(Status.WAITING, (*lines, *manual.lines), manual.facts, manual.table, manual.hints)


def seen_server(context: Context) -> str | None:
    """The machine that answered, by its own word; None where nobody asked it."""
    seen = context.facts(Preflight)
    return seen.name if seen and seen.name else None


def is_here(name: str, context: Context) -> bool:
    """Whether ``name`` is the machine that answered."""
    seen = context.known(Preflight)
    return names_machine(name, seen.dns_name, seen.computer_name)
