"""The end of a diagnosis: a time line, each cause with its fix and evidence, and the page to open first."""

from __future__ import annotations

from typing import Any

from runbook.hints.told import CONFIDENCE
from runbook.knowledge import reference
from runbook.run import ending_drawn, show
from runbook.run.kept_pictures import kept
from runbook.run.opening import Run
from runbook.steps.diagnose_files import FilesRead, event_name, record_numbers
from runbook.steps.diagnose_gather import CauseTold, Evidence
from runbook.words import forms
from runbook.words.sentences import say

_EVIDENCE = 3  # pieces of evidence named under one cause


def ending(run: Run) -> list[show.Bundle]:
    """The bundles: the time line (where events have times), then the causes."""
    read = run.history().facts_in(FilesRead, run.name) or FilesRead()
    bundles = [*_time_line(run, read)]
    if read.causes:
        shown = [_cause(rank, cause, run.lang) for rank, cause in enumerate(read.causes, 1)]
        fields = {"lang": run.lang, "causes": shown}
        plain = [f"{c['rank']}. {c['id']} {c['title']} -> {c['page']}" for c in shown]
        bundles.append(show.template_bundle("causes.html.j2", plain, **fields))
    return bundles


def _time_line(run: Run, read: FilesRead) -> list[show.Bundle]:
    if not read.moments:
        return []
    noise = {seen.event for cause in read.noise for seen in cause.evidence}
    rows = ending_drawn.time_rows(read.moments)
    svg = ending_drawn.events_picture([(event_name(key), key in noise, points) for key, points in rows], run.lang)
    instants = [at for _, points in rows for at, _ in points]
    first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (min(instants), max(instants)))
    alt = say("diagnose.timeline_alt", run.lang, count=len(rows), first=first, last=last)
    return [kept(run, "events", svg, alt)]


def _cause(rank: int, cause: CauseTold, lang: str) -> dict[str, Any]:
    row = reference.problem(cause.id)
    more = len(cause.evidence) + cause.more - _EVIDENCE
    evidence = [_evidence(seen, lang) for seen in cause.evidence[:_EVIDENCE]]
    if more > 0:
        evidence.append(say("diagnose.evidence_more", lang, count=more))
    return {
        "rank": rank,
        "id": row.id,
        "title": row.heading(lang),
        "cause": forms.code_marks(row.cause.of(lang)),
        "fix": forms.code_marks(row.fix.of(lang)),
        "do_not": forms.code_marks(row.do_not.of(lang)) if row.do_not else "",
        "unconfirmed": ""
        if row.confirmed
        else say("diagnose.unconfirmed", lang, confidence=say(CONFIDENCE[row.confidence], lang)),
        "evidence": evidence,
        "page": f"site/{lang}/{row.page}",
    }


def _evidence(seen: Evidence, lang: str) -> str:
    if not seen.event:
        return say("diagnose.evidence_other", lang, file=seen.file, why=say(seen.why, lang))
    key = "diagnose.evidence_once" if seen.count == 1 else "diagnose.evidence_event"
    fields = {
        "first": seen.first or "—",
        "last": seen.last or "—",
        "file": seen.file or "—",
        "count": seen.count or "—",
    }
    named = {"event": event_name(seen.event), "records": record_numbers(seen)}
    return say(key, lang, **fields, **named)
