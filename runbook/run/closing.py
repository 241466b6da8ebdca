"""The end of a run: what it came to, what is left to do, the checklist, the licence sheet, the pictures."""

from __future__ import annotations

import contextlib
from typing import Any

from runbook.journal.outcome import BAD, Status
from runbook.knowledge import reference
from runbook.papers import pictures
from runbook.papers.case_words import kind_title
from runbook.run import case_template, show
from runbook.run.ending import ENDINGS
from runbook.run.kept_pictures import kept
from runbook.run.life import outcome_of
from runbook.run.opening import Run
from runbook.steps.attestation import checklist, for_checklist, way_gone
from runbook.steps.inventory import inventory
from runbook.steps.key_packs import Counted
from runbook.words import forms
from runbook.words.sentences import say

_BANNER = {"done": "show.banner_done", "waiting": "show.banner_waiting", "failed": "show.banner_failed"}
#: What a notebook says is to be done next, by the run's outcome; "": any other.
_NEXT = {
    "audit": {"done": "audit.next_done", "waiting": "audit.next_waiting", "failed": "audit.next_failed"},
    "hosts": {"done": "hosts.next_done", "waiting": "hosts.next_waiting", "failed": "hosts.next_failed"},
    "diagnose": {"done": "diagnose.next_done", "failed": "diagnose.next_failed"},
    "": {"done": "show.next_done", "waiting": "show.next_waiting", "failed": "show.next_failed"},
}
_COLOURS = {"done": "#1b6b3a", "waiting": "#0b4f8a", "failed": "#8a1c12"}


def close(run: Run) -> tuple[list[show.Bundle], str, list[str]]:
    """The bundles of the last cell, the run's outcome, and the steps that failed."""
    outcome = outcome_of(run.status, run.steps)
    failed = [s for s in run.steps if run.status.get(s) in BAD]
    bundles: list[show.Bundle] = []
    if run.case.draft and not run.case_optional:
        path = case_template.write(run)
        bundles.append(show.text_bundle(say("show.case_written", run.lang, path=path)))
    bundles.append(_summary(run, outcome))
    bundles += _pictures(run)
    bundles += ENDINGS[run.notebook](run) if run.notebook in ENDINGS else []
    return bundles, outcome, failed


def write_down(run: Run, outcome: str, failed: list[str]) -> None:
    """Write the run's ``close`` line, with the steps that wait and the ones that failed."""
    for folder in run.path.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            with contextlib.suppress(OSError):  # open in the Explorer
                folder.rmdir()  # a step that left no evidence
    run.close(outcome, waiting=waiting_steps(run), failed=failed)


def waiting_steps(run: Run) -> list[str]:
    """The steps that wait for a person, in their order."""
    return [s for s in run.steps if run.status.get(s) == Status.WAITING]


def _summary(run: Run, outcome: str) -> show.Bundle:
    history = run.history()
    ends = {s: history.end_in(s, run.name) for s in run.steps}
    rows: list[dict[str, Any]] = []
    idle: list[str] = []  # what had nothing to do stands in one line, behind what was done
    for number, step in enumerate(run.steps, 1):
        end = ends[step]
        status = end["status"] if end else Status.PENDING
        title = reference.step(step).title.of(run.lang)
        if status == Status.SKIPPED:
            idle.append(title)
            continue
        rows.append(
            {
                "number": number,
                "title": title,
                "word": forms.status_word(status, run.lang),
                "seconds": show.took(end, run.lang) if end else "",
            }
        )
    ticks, licences = _sheets(run)
    return show.summary_bundle(
        lang=run.lang,
        outcome=outcome,
        colour=_COLOURS[outcome],
        banner=say(_BANNER[outcome], run.lang),
        todo=[_todo(run, s, ends[s]) for s in run.steps if _is_open(ends[s])],
        steps=rows,
        idle=say("show.idle", run.lang, steps=", ".join(idle)) if idle else "",
        checklist=ticks,
        inventory=licences,
        next=_next(run, outcome),
    )


def unfinished(run: Run) -> show.Bundle:
    """What the first cell says until the last one has run."""
    return show.stamp_bundle(say("show.unfinished", run.lang, run=run.name), colour="#4d5866")


def verdict(run: Run, outcome: str) -> show.Bundle:
    """What the first cell says once the run has ended: what it came to, the first thing to do, and its command."""
    history = run.history()
    ends = [(step, history.end_in(step, run.name)) for step in run.steps]
    todo = [_todo(run, step, end) for step, end in ends if _is_open(end)]
    # What failed comes before what waits.
    todo.sort(key=lambda item: item["status"] not in BAD)
    banner = say(_BANNER[outcome], run.lang)
    plain = [banner, *(line for item in todo[:1] for line in (item["title"], *item["lines"][:1])), _next(run, outcome)]
    fields = {"banner": banner, "colour": _COLOURS[outcome], "todo": todo[:1], "more": len(todo) - 1}
    return show.template_bundle("verdict.html.j2", plain, lang=run.lang, next=_next(run, outcome), **fields)


def _next(run: Run, outcome: str) -> str:
    """What to do after the run: in the notebook's own words where it has some. Nobody is told to seal a rehearsal."""
    if run.is_rehearsal and outcome == "done":
        return say("show.next_done_rehearsed", run.lang, case=run.folder.name)
    if run.recording and outcome == "waiting" and int(run.name[1:]) < run.recording.runs:
        return say("show.next_waiting_rehearsed", run.lang, case=run.folder.name)
    key = _NEXT.get(run.notebook, {}).get(outcome) or _NEXT[""][outcome]
    return say(key, run.lang, case=run.folder.name)


def _is_open(end: dict[str, Any] | None) -> bool:
    return end is not None and end["status"] in {Status.WAITING, *BAD}


def _todo(run: Run, step_id: str, end: Any) -> dict[str, Any]:
    step = reference.step(step_id)
    command = ""
    if step.kind == "manual" and end["status"] == Status.WAITING and not run.case.draft:
        command = say("show.confirm_command", run.lang, case=run.folder.name, step=step_id)
    return {
        "status": end["status"],
        "title": step.title.of(run.lang),
        "lines": forms.in_words(end["lines"], run.lang),
        "command": command,
    }


def _sheets(run: Run) -> tuple[list[Any], list[Any]]:
    """The checklist and the licence sheet of a recovery; other notebooks have none."""
    if run.notebook != "migrate":
        return [], []
    context = run.context(run.steps[-1])
    seen = {step: for_checklist(status, context.told.get(step)) for step, status in context.status.items()}
    ways = [way_gone(step, told) for step, told in context.told.items()]
    said = [step for step, entries in context.confirms.items() if entries]
    found = checklist(seen, run.lang, ways=ways, said=said)
    ticks = [{"text": tick.text, "ticked": tick.ticked, "why": tick.why} for tick in found]
    return ticks, inventory(context)


def _pictures(run: Run) -> list[show.Bundle]:
    found = []
    history = run.history()
    # Of this run alone: an earlier one's counts would be taken for this one's.
    counted = history.facts_in(Counted, run.name)
    if run.notebook == "migrate" and counted and counted.kinds:
        alt = " ".join(
            say(
                "show.cals_alt",
                run.lang,
                kind=kind_title(c.kind, run.lang),
                before=c.before,
                after=c.held,
                expected=c.owned,
            )
            for c in counted.kinds
        )
        found.append(kept(run, "cals", pictures.cals_picture(counted.kinds, run.lang), alt))
    ends = [e for e in history.entries if e["event"] == "end" and e["run"] == run.name]
    opened = history.opening(run.name) or {}
    bars = pictures.time_bars(opened, ends, lambda step: reference.step(step).title.of(run.lang))
    if len(bars) > 1:
        svg = pictures.time_picture(bars, run.name, run.lang)
        total = forms.duration(max(b["start"] + b["seconds"] for b in bars), run.lang)
        alt = say("show.time_alt", run.lang, count=len(bars), duration=total)
        found.append(kept(run, "time", svg, alt))
    return found
