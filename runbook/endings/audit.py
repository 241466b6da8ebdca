"""The end of an audit: the CALs issued over all audits of this server against those owned."""

from __future__ import annotations

from runbook import pictures, show
from runbook.endings import drawn
from runbook.run import Run
from runbook.sentences import say
from runbook.verdicts import audits
from runbook.verdicts.audit import TYPES
from runbook.verdicts.audits import Audit


def ending(run: Run) -> list[show.Bundle]:
    """One trend for each type of CAL that is owned or issued."""
    context = run.context("audit-packs")
    now = context.facts.get("audit-packs", {})
    if "issued" not in now:
        return []
    this = Audit(run.folder.name, run.name, str(now["collected_at"]), {"audit-packs": now})
    everything = [*audits.earlier(context), this]
    bundles = []
    for kind in TYPES:
        owned = [int(a.fact("audit-packs", "owned", {}).get(kind, 0)) for a in everything]
        issued = [int(a.fact("audit-packs", "issued", {}).get(kind, 0)) for a in everything]
        if not any(owned) and not any(issued):
            continue
        word = say(f"audit.type_{kind}", run.lang)
        svg = drawn.trend_picture([a.day for a in everything], issued, owned, word, run.lang)
        values = ", ".join(str(n) for n in issued)
        alt = say("audit.trend_alt", run.lang, count=len(everything), type=word, values=values, owned=owned[-1])
        bundles.append(pictures.kept(run, f"trend-{kind}", svg, alt))
    return bundles
