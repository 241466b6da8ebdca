"""The end of an audit: the CALs issued over all audits of this server against those owned."""

from __future__ import annotations

from runbook.run import ending_drawn, show
from runbook.run.kept_pictures import kept
from runbook.run.opening import Run
from runbook.steps import audits
from runbook.steps.audit_packs import TYPES, AuditPacks
from runbook.steps.audits import Audit
from runbook.words.sentences import say


def ending(run: Run) -> list[show.Bundle]:
    """One trend for each type of CAL that is owned or issued."""
    context = run.context(AuditPacks.step)
    now = context.facts(AuditPacks)
    if now is None or not now.collected_at:
        return []
    this = Audit(run.folder.name, run.name, now.collected_at, {AuditPacks.step: now.plain()})
    everything = [*audits.earlier(context), this]
    counts = [audit.known(AuditPacks) for audit in everything]
    bundles = []
    for kind in TYPES:
        owned = [count.owned.get(kind, 0) for count in counts]
        issued = [count.issued.get(kind, 0) for count in counts]
        if not any(owned) and not any(issued):
            continue
        word = say(TYPES[kind], run.lang)
        svg = ending_drawn.trend_picture([a.day for a in everything], issued, owned, word, run.lang)
        values = ", ".join(str(n) for n in issued)
        alt = say("audit.trend_alt", run.lang, count=len(everything), type=word, values=values, owned=owned[-1])
        bundles.append(kept(run, f"trend-{kind}", svg, alt))
    return bundles
