"""Before a change begins: is this the server that the case names, and is everything there that the change needs?

One check for every change. What it says is waited for, with the command or the line of case.yml that gives it; a
change that lacks something never begins, so nothing stands in the record that never was.
"""

from __future__ import annotations

from runbook.case.consistency import names_machine
from runbook.journal.context import Context
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.steps import registry
from runbook.steps.key_packs import Counted
from runbook.steps.preflight import Preflight

_MISSING = {registry.CONFIRM: "guards.missing_confirm", registry.CASE_LINE: "guards.missing_case"}


def moved(context: Context) -> Verdict | None:
    """A case is one server's: what it changed on another one is not done here, and is not undone there."""
    here = seen_server(context)
    for run in reversed(context.history.runs()):
        begun = [e for e in context.history.entries if e["event"] == "begin" and e["run"] == run]
        seen = context.history.facts_in(Preflight, run)
        if (
            here
            and seen
            and seen.name
            and any(e.get("kind") != "check" for e in begun)
            and not is_here(seen.name, context)
        ):
            fields = {"server": here, "seen": seen.name, "run": run}
            return Verdict(Status.FAILED, (Line("guards.moved", fields),))
    return None


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
    if reference.step(step).phase == "hosts" and context.status.get(Counted.step) is Status.FAILED:
        return Verdict(Status.WAITING, (Line("guards.wrong_packs", {"server": here}),))
    return None


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
