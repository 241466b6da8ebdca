"""The licence sheet and the pictures of a record, made again from the journal, so that they speak its language."""

from __future__ import annotations

from typing import Any

from runbook import pictures
from runbook.case import load_case
from runbook.errors import RunbookError
from runbook.record.story import Run, Story
from runbook.record.wording import step_title
from runbook.verdicts.context import Context
from runbook.verdicts.inventory import Group, inventory


def licence_sheet(story: Story, lang: str) -> list[Group] | None:
    """The licence sheet by where its values come from; empty for a case that recovered nothing, None where the case
    file no longer reads as one (in a redacted copy tokens stand in place of identifiers)."""
    if not is_recovery(story):
        return []
    try:
        case = load_case(story.folder / "case.yml", story.name, lang)
    except RunbookError:
        return None
    context = Context(
        case=case,
        lang=lang,
        case_folder=story.folder,
        run_folder=story.folder / story.runs[-1].name,
        step_folder=story.folder / story.runs[-1].name,
        facts={step: facts for step, facts in _facts(story).items() if facts},
        status={step: attempt.status for step, (_, attempt) in story.latest().items()},
        confirms=story.confirms,
        rehearsal=bool(story.rehearsal),
        notebook="migrate",
    )
    return inventory(context)


def is_recovery(story: Story) -> bool:
    """Whether licences were recovered here: a backup or a drill has no checklist and no licence sheet."""
    return any(run.opened.get("notebook", "migrate") == "migrate" for run in story.runs)


def redrawn(run: Run, lang: str) -> dict[str, str]:
    """The run's pictures drawn again from its journal in ``lang``, by file name, where it is enough."""
    drawn: dict[str, str] = {}
    for step, attempts in run.steps.items():
        facts: dict[str, Any] = (attempts[-1].end or {}).get("facts") or {}
        names = ("counted_before", "counted_after", "expected")
        counts = [facts[name] for name in names if isinstance(facts.get(name), int)]
        if step == "key-packs-after" and len(counts) == len(names):
            before, after, expected = counts
            drawn["cals.svg"] = pictures.cals_picture(before, after, before + expected, lang)
    ends = [attempt.end for attempts in run.steps.values() for attempt in attempts if attempt.end is not None]
    bars = pictures.time_bars(run.opened, ends, lambda step: step_title(step, lang))
    if len(bars) > 1:
        drawn["time.svg"] = pictures.time_picture(bars, run.name, lang)
    return drawn


def _facts(story: Story) -> dict[str, dict[str, Any]]:
    """The facts of each step's latest judgement that has any."""
    found: dict[str, dict[str, Any]] = {}
    for run in story.runs:
        for step, attempts in run.steps.items():
            for attempt in attempts:
                facts = (attempt.end or {}).get("facts")
                if isinstance(facts, dict) and facts:
                    found[step] = facts
    return found
