"""The end of a diagnosis: a time line, each cause with its fix and evidence, and the page to open first."""

from __future__ import annotations

from typing import Any

from runbook import knowledge, pictures, show
from runbook.endings import drawn
from runbook.run import Run
from runbook.sentences import say
from runbook.verdicts.diagnose_files import event_name, record_numbers

_EVIDENCE = 3  # pieces of evidence named under one cause


def ending(run: Run) -> list[show.Bundle]:
    """The bundles: the time line (where events have times), then the causes."""
    history = run.history()
    end = history.end_in("diagnose-read", run.name)
    read: dict[str, Any] = end["facts"] if end else {}
    bundles = [*_time_line(run, read)]
    causes = read.get("causes", [])
    if causes:
        shown = [_cause(rank, cause, run.lang) for rank, cause in enumerate(causes, 1)]
        fields = {"lang": run.lang, "causes": shown}
        plain = [f"{c['rank']}. {c['id']} {c['title']} -> {c['page']}" for c in shown]
        bundles.append(show.template_bundle("causes.html.j2", plain, **fields))
    return bundles


def _time_line(run: Run, read: dict[str, Any]) -> list[show.Bundle]:
    moments: dict[str, Any] = read.get("moments", {})
    if not moments:
        return []
    noise = {seen["event"] for cause in read.get("noise", []) for seen in cause["evidence"]}
    rows = drawn.time_rows(moments)
    svg = drawn.events_picture([(event_name(key), key in noise, points) for key, points in rows], run.lang)
    instants = [at for _, points in rows for at, _ in points]
    first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (min(instants), max(instants)))
    alt = say("diagnose.timeline_alt", run.lang, count=len(rows), first=first, last=last)
    return [pictures.kept(run, "events", svg, alt)]


def _cause(rank: int, cause: dict[str, Any], lang: str) -> dict[str, Any]:
    row = knowledge.problem(cause["id"])
    more = len(cause["evidence"]) + cause["more"] - _EVIDENCE
    evidence = [_evidence(seen, lang) for seen in cause["evidence"][:_EVIDENCE]]
    if more > 0:
        evidence.append(say("diagnose.evidence_more", lang, count=more))
    word = f"hints.confidence_{row.confidence.replace(' ', '_')}"
    return {
        "rank": rank,
        "id": row.id,
        "title": row.heading(lang),
        "cause": show.code_marks(row.cause.of(lang)),
        "fix": show.code_marks(row.fix.of(lang)),
        "do_not": show.code_marks(row.do_not.of(lang)) if row.do_not else "",
        "unconfirmed": "" if row.confirmed else say("diagnose.unconfirmed", lang, confidence=say(word, lang)),
        "evidence": evidence,
        "page": f"site/{lang}/{row.page}",
    }


def _evidence(seen: dict[str, Any], lang: str) -> str:
    if not seen["event"]:
        return say("diagnose.evidence_other", lang, file=seen["file"], why=say(seen["why"], lang))
    word = "evidence_once" if seen["count"] == 1 else "evidence_event"
    fields = {name: seen[name] or "—" for name in ("first", "last", "file", "count")}
    named = {"event": event_name(seen["event"]), "records": record_numbers(seen)}
    return say(f"diagnose.{word}", lang, **fields, **named)
