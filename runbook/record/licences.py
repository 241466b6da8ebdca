"""The licence sheet and the pictures of a record, made again from the journal, so that they speak its language."""

from __future__ import annotations

from runbook.case.model import load_case
from runbook.errors import RunbookError
from runbook.journal.context import Context
from runbook.journal.story import Run, Story
from runbook.papers import pictures
from runbook.record.labels import step_title
from runbook.record.told import read_elsewhere
from runbook.steps.inventory import Group, inventory
from runbook.steps.key_packs import Counted
from runbook.steps.preflight import without_readings


def licence_sheet(story: Story, lang: str) -> list[Group] | None:
    """The licence sheet by where its values come from; empty for a case that recovered nothing, None where the case
    file no longer reads as one (in a redacted copy tokens stand in place of identifiers)."""
    if not is_recovery(story):
        return []
    context = context_of(story, lang)
    return None if context is None else inventory(context)


def context_of(story: Story, lang: str) -> Context | None:
    """What a verdict after the last run would look at; None where the case file no longer reads as one."""
    try:
        case = load_case(story.folder / "case.yml", story.name, lang, agreeing=False)
    except RunbookError:
        return None
    run, latest = story.folder / story.runs[-1].name, story.latest()
    elsewhere = read_elsewhere(story)
    history = without_readings(story.history, elsewhere)
    return Context(
        case=case,
        lang=lang,
        case_folder=story.folder,
        run_folder=run,
        step_folder=run,
        told={step: history.latest_facts(step) for step in latest},
        status={step: attempt.status for step, (_, attempt) in latest.items()},
        confirms={step: history.standing(step) for step in history.confirmed()},
        rehearsal=bool(story.rehearsal),
        notebook=str(story.runs[-1].opened.get("notebook", "migrate")),
        history=history,
        elsewhere=elsewhere,
    )


def is_recovery(story: Story) -> bool:
    """Whether licences were recovered here: a backup or a drill has no checklist and no licence sheet."""
    return any(run.opened.get("notebook", "migrate") == "migrate" for run in story.runs)


def redrawn(run: Run, lang: str) -> dict[str, str]:
    """The run's pictures drawn again from its journal in ``lang``, by file name, where it is enough."""
    drawn: dict[str, str] = {}
    attempts = run.steps.get(Counted.step)
    seen = Counted.of((attempts[-1].end or {}).get("facts")) if attempts else None
    if seen and seen.kinds:
        drawn["cals.svg"] = pictures.cals_picture(seen.kinds, lang)
    ends = [attempt.end for attempts in run.steps.values() for attempt in attempts if attempt.end is not None]
    bars = pictures.time_bars(run.opened, ends, lambda step: step_title(step, lang))
    if len(bars) > 1:
        drawn["time.svg"] = pictures.time_picture(bars, run.name, lang)
    return drawn
