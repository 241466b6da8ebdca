"""Earlier audits: what their journals say, read and never written. The newest is what an audit is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.errors import BadInput, RunbookError
from runbook.history import History, played
from runbook.journal import Journal
from runbook.sentences import say
from runbook.verdicts.context import Context

NOTEBOOK = "audit"
#: The steps whose facts an audit is remembered by.
_STEPS = ("preflight", "license-server", "ad-group", "audit-packs", "audit-report", "hosts-state", "audit-backup")


@dataclass(frozen=True)
class Audit:
    """One run of an audit: ``at`` is when it counted the CALs, by the license server's clock (UTC, ISO 8601), ``facts``
    are those of its steps."""

    case: str
    run: str
    at: str
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """``2025-03-31``."""
        return self.at[:10]

    def fact(self, step: str, name: str, default: Any = None) -> Any:
        return self.facts.get(step, {}).get(name, default)


def earlier(context: Context) -> list[Audit]:
    """The audits of this license server that came before this run, oldest first; rehearsals only for a rehearsal.

    An audit counts where it has counted the CALs.
    """
    found = []
    for journal, history in _histories(context):
        for audit, rehearsal in _audits(journal, history) if history else ():
            here = audit.case == context.case_folder.name and audit.run >= context.run_folder.name
            same = audit.fact("audit-packs", "server") == context.case.license_server.name
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
    return [journal.parent.name for journal, history in _histories(context) if history is None]


def _histories(context: Context) -> Iterator[tuple[Path, History | None]]:
    for journal in sorted(context.case_folder.parent.glob("*/journal.jsonl")):
        try:
            yield journal, History(Journal(journal).entries())
        except RunbookError:  # one damaged case must not stop the audits of all
            yield journal, None


def _audits(journal: Path, history: History) -> Iterator[tuple[Audit, bool]]:
    for run in history.runs():
        opened = history.opening(run)
        if opened is None or opened.get("notebook") != NOTEBOOK:
            continue
        facts = {step: dict(end["facts"]) for step in _STEPS if (end := history.end_in(step, run)) and end["facts"]}
        if "issued" in facts.get("audit-packs", {}):
            at = str(facts["audit-packs"].get("collected_at", opened["t"]))
            yield Audit(journal.parent.name, run, at, facts), played(opened) is not None
