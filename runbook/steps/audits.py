"""Earlier audits: what their journals say, read and never written. The newest is what an audit is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from runbook.errors import BadInput
from runbook.journal.beside import histories
from runbook.journal.context import Context
from runbook.journal.facts import Told
from runbook.journal.history import History, played
from runbook.steps.audit_packs import AuditPacks
from runbook.words.sentences import say

NOTEBOOK = "audit"


@dataclass(frozen=True)
class Audit(Told):
    """One run of an audit: ``at`` is when it counted the CALs, by the license server's clock (UTC, ISO 8601), ``told``
    are the facts of its steps as the journal keeps them (``facts`` reads them)."""

    case: str
    run: str
    at: str
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """``2025-03-31``."""
        return self.at[:10]


def earlier(context: Context) -> list[Audit]:
    """The audits of this license server that came before this run, oldest first; rehearsals only for a rehearsal.

    An audit counts where it has counted the CALs.
    """
    found = []
    for case, history in histories(context.case_folder.parent):
        for audit, rehearsal in _audits(case, history) if history else ():
            here = audit.case == context.case_folder.name and audit.run >= context.run_folder.name
            counted = audit.facts(AuditPacks)
            same = counted is not None and counted.server == context.case.license_server.name
            if not here and same and rehearsal == context.rehearsal:
                found.append(audit)
    return sorted(found, key=lambda audit: (audit.at, audit.case, audit.run))


def previous(context: Context) -> Audit | None:
    """The audit to compare with: the newest of the case that ``since`` names, else the newest of all; None for the
    first. Raises BadInput where ``since`` names no audit of this server."""
    audits = earlier(context)
    wanted = context.parameters.get("since", "")
    if not wanted:
        return audits[-1] if audits else None
    named = [audit for audit in audits if audit.case == wanted]
    if not named:
        known = ", ".join(dict.fromkeys(audit.case for audit in audits)) or "—"
        raise BadInput(say("audit.no_such_audit", context.lang, name=wanted, known=known))
    return named[-1]


def damaged(context: Context) -> list[str]:
    """The cases whose journal cannot be read: no audit in them is known."""
    return [case for case, history in histories(context.case_folder.parent) if history is None]


def _audits(case: str, history: History) -> Iterator[tuple[Audit, bool]]:
    for run in history.runs():
        opened = history.opening(run)
        if opened is None or opened.get("notebook") != NOTEBOOK:
            continue
        ends = [e for e in history.entries if e["event"] == "end" and e["run"] == run and e.get("facts")]
        audit = Audit(case, run, "", {end["step"]: dict(end["facts"]) for end in ends})
        if (counted := audit.facts(AuditPacks)) and counted.collected_at:
            yield replace(audit, at=counted.collected_at), played(opened) is not None
