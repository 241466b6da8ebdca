"""The end of a run: what it came to, what is left to do, the checklist, the licence sheet, the pictures."""

from __future__ import annotations

from typing import Any

from runbook import case_template, knowledge, pictures, show
from runbook.endings import ENDINGS
from runbook.outcome import BAD, Status
from runbook.run import Run
from runbook.sentences import say
from runbook.steps import outcome_of
from runbook.verdicts.close import checklist
from runbook.verdicts.inventory import inventory

_COLOURS = {"done": "#1a6b2d", "waiting": "#0b4f8a", "failed": "#a3161a"}


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
            folder.rmdir()  # a step that left no evidence
    run.close(outcome, waiting=waiting_steps(run), failed=failed)


def waiting_steps(run: Run) -> list[str]:
    """The steps that wait for a person, in their order."""
    return [s for s in run.steps if run.status.get(s) == Status.WAITING]


def _summary(run: Run, outcome: str) -> show.Bundle:
    history = run.history()
    ends = {s: history.end_in(s, run.name) for s in run.steps}
    rows = []
    for step in run.steps:
        end = ends[step]
        status = end["status"] if end else Status.PENDING
        rows.append(
            {
                "title": knowledge.step(step).title.of(run.lang),
                "word": say(f"status.{status}", run.lang),
                "seconds": show.seconds(end["seconds"], run.lang) if end else "",
            }
        )
    ticks, licences = _sheets(run)
    return show.summary_bundle(
        lang=run.lang,
        outcome=outcome,
        colour=_COLOURS[outcome],
        banner=say(f"show.banner_{outcome}", run.lang),
        todo=[_todo(run, s, ends[s]) for s in run.steps if _is_open(ends[s])],
        steps=rows,
        checklist=ticks,
        inventory=licences,
        next=_next(run, outcome),
    )


def _next(run: Run, outcome: str) -> str:
    """What to do after the run: in the notebook's own words where it has some."""
    for area in (run.notebook, "show"):
        try:
            return say(f"{area}.next_{outcome}", run.lang, case=run.folder.name)
        except (KeyError, FileNotFoundError):
            continue
    return ""


def _is_open(end: dict[str, Any] | None) -> bool:
    return end is not None and end["status"] in {Status.WAITING, *BAD}


def _todo(run: Run, step_id: str, end: Any) -> dict[str, Any]:
    step = knowledge.step(step_id)
    command = ""
    if step.kind == "manual" and end["status"] == Status.WAITING and not run.case.draft:
        command = say("show.confirm_command", run.lang, case=run.folder.name, step=step_id)
    return {"title": step.title.of(run.lang), "lines": show.in_words(end["lines"], run.lang), "command": command}


def _sheets(run: Run) -> tuple[list[Any], list[Any]]:
    """The checklist and the licence sheet of a recovery; other notebooks have none."""
    if run.notebook != "migrate":
        return [], []
    context = run.context(run.steps[-1])
    ticks = [
        {"text": tick.text, "ticked": tick.ticked, "why": tick.why} for tick in checklist(context.status, run.lang)
    ]
    return ticks, inventory(context)


def _pictures(run: Run) -> list[show.Bundle]:
    found = []
    history = run.history()
    # Of this run alone: an earlier one's counts would be taken for this one's.
    counted = (history.end_in("key-packs-after", run.name) or {}).get("facts", {})
    if run.notebook == "migrate" and "counted_after" in counted:
        before, after = counted["counted_before"], counted["counted_after"]
        expected = before + run.case.expected_cals()
        svg = pictures.cals_picture(before, after, expected, run.lang)
        alt = say("show.cals_alt", run.lang, before=before, after=after, expected=expected)
        found.append(pictures.kept(run, "cals", svg, alt))
    ends = [e for e in history.entries if e["event"] == "end" and e["run"] == run.name]
    opened = history.opening(run.name) or {}
    bars = pictures.time_bars(opened, ends, lambda step: knowledge.step(step).title.of(run.lang))
    if len(bars) > 1:
        svg = pictures.time_picture(bars, run.name, run.lang)
        total = show.seconds(max(b["start"] + b["seconds"] for b in bars), run.lang).removesuffix(" s")
        alt = say("show.time_alt", run.lang, count=len(bars), seconds=total)
        found.append(pictures.kept(run, "time", svg, alt))
    return found
