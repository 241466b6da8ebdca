"""Source: are the old license servers really lost, and who decided to go on?"""

from __future__ import annotations

from typing import Any, ClassVar

from runbook.journal.context import Context
from runbook.journal.entries import moment, said, yes
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps.registry import manual

#: What a person can answer about the old servers.
LOST, ALIVE, RESTORABLE = "lost", "alive", "restorable"


class SourceLost(Facts):
    """What somebody stated about the old servers, and who approved of going on."""

    step: ClassVar[str] = "source-lost"
    state: str = ""
    reason: str = ""
    no_longer_serves: bool = False
    approved_by: str = ""
    ticket: str = ""
    stated_by: str = ""
    at: str = ""


@manual("source-lost")
def source_lost(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """The last answer counts: ``state`` (lost, alive, restorable), ``reason``, ``no_longer_serves``,
    ``approved_by``, ``ticket``.

    A source that is alive goes through the wizard's other branch, a server that can be restored with its own
    operating system through the restore page: both end this case, so they fail. Lost, but without the
    statement that it no longer serves the same CALs (Microsoft Software License Terms) or without anybody's
    approval, waits.
    """
    servers = ", ".join(server.name for server in context.case.lost_servers) or "steps.no_server_named"
    if not entries:
        return Verdict(Status.WAITING, (Line("steps.source_waiting", {"servers": servers}),))
    entry = entries[-1]
    state = said(entry, "state").lower()
    facts = SourceLost(
        state=state,
        reason=said(entry, "reason"),
        no_longer_serves=yes(entry, "no_longer_serves"),
        approved_by=said(entry, "approved_by") or context.case.approval.name or "",
        ticket=said(entry, "ticket") or context.case.approval.ticket or "",
        stated_by=str(entry.get("who", "")),
        at=moment(entry),
    )
    if state == ALIVE:
        return Verdict(Status.FAILED, (Line("steps.source_alive", {"servers": servers}),), facts)
    if state == RESTORABLE:
        return Verdict(Status.FAILED, (Line("steps.source_restorable", {"servers": servers}),), facts)
    missing = _missing(facts)
    if missing:
        return Verdict(Status.WAITING, tuple(map(Line, missing)), facts)
    lines = (
        Line("steps.source_lost", {"servers": servers, "reason": facts.reason, "who": facts.stated_by}),
        Line("steps.source_approved", {"who": facts.approved_by, "ticket": facts.ticket or "steps.not_recorded"}),
    )
    return Verdict(Status.SUCCEEDED, lines, facts)


def _missing(facts: SourceLost) -> list[str]:
    """What the statement still lacks, in the order in which a person should give it."""
    lacks = {
        "steps.source_missing_state": facts.state != LOST,
        "steps.source_missing_reason": not facts.reason,
        "steps.source_missing_statement": not facts.no_longer_serves,
        "steps.source_missing_approval": not facts.approved_by,
    }
    return [name for name, lacking in lacks.items() if lacking]
