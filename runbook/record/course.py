"""The two figures of the report: how the case went in time, and CALs owned, installed and issued.

Drawn as the site's are. A mark's form says what its colour says, and every bar carries its number: they read the same
in black and white, and ``alt`` says to a screen reader what the eye sees.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from html import escape

from runbook.journal.story import Run, Story
from runbook.papers.drawing import BAD, BUSY, GOOD, GRID, IDLE, INK, PAST, Canvas, measure
from runbook.record.answer import picture_rows
from runbook.record.labels import step_title
from runbook.record.licences import is_recovery
from runbook.record.told import counts
from runbook.words.forms import day, duration, moment, number, outcome_word, semicolons
from runbook.words.sentences import say

#: Runs and acts beyond these are summed up in one line: the figure has one height for any number of runs.
_SHOWN = 10
_LINE = 21
#: What the case file dates, in its own words and in a rehearsal's.
_DATED = (
    ("incident", "record.course_incident", "record.course_incident_played"),
    ("approval", "record.course_approval", "record.course_approval_played"),
)
_OUTCOMES = {"done": GOOD, "waiting": BUSY, "open": IDLE}


@dataclass(frozen=True)
class Figure:
    svg: str
    caption: str


@dataclass(frozen=True)
class _Mark:
    """One moment of the case: ``at`` in UTC, as it is written, what happened; ``said`` by a person, not seen;
    ``day``: the case file gives no hour."""

    at: dt.datetime
    written: str
    what: str
    colour: str
    said: bool
    day: bool = False


def course(story: Story, lang: str) -> Figure | None:
    """The incident, the runs and what persons did, from above downwards, with the time that passed between them."""
    marks = sorted((*_case_marks(story, lang), *_run_marks(story, lang), *_said_marks(story, lang)), key=lambda m: m.at)
    if not marks:
        return None
    cut = len(marks) - _SHOWN if len(marks) > _SHOWN else 0
    head, tail = (marks[: _SHOWN // 2], marks[_SHOWN // 2 + cut :]) if cut else (marks, [])
    rows: list[_Mark | str] = [*head, *([say("record.course_more", lang, count=cut)] if cut else []), *tail]
    left = max(measure(mark.written, 11) for mark in marks) + 12
    gaps = 100
    title = say("record.course_title", lang)
    canvas = Canvas(680, 40 + _LINE * (len(rows) + 1), title)
    x = left + gaps
    canvas.line([(x, 36), (x, 34 + _LINE * len(rows) - 8)], GRID, 3)
    before: _Mark | None = None
    for place, row in enumerate(rows):
        y = 40 + _LINE * place
        if isinstance(row, str):
            canvas.text(x + 14, y, row)
            before = None
            continue
        canvas.text(left - 8, y, row.written, anchor="end")
        if before is not None and (passed := _passed(before, row, bool(story.rehearsal), lang)):
            canvas.text(x - 10, y, say("record.course_later", lang, passed=passed), size=10, anchor="end")
        before = row
        if row.said:
            canvas.bar(x - 5, y - 5, 10, 10, row.colour)
        else:
            canvas.dot(x, y, 6, row.colour)
        canvas.text(x + 14, y, row.what)
    y = 40 + _LINE * len(rows)
    canvas.dot(x, y, 6, IDLE)
    canvas.text(x + 14, y, say("record.course_run", lang))
    canvas.bar(x + 234, y - 5, 10, 10, IDLE)
    canvas.text(x + 250, y, say("record.course_said", lang))
    told_rows = semicolons((row if isinstance(row, str) else f"{row.written}, {row.what}" for row in rows), lang)
    return Figure(_named(canvas.svg(), f"{title}. {told_rows}"), title)


def _passed(before: _Mark, after: _Mark, played: bool, lang: str) -> str:
    """How long after the mark above it one comes: whole days where one of them has no hour, nothing below a minute,
    and nothing between what a recording dates and what happens today."""
    if played and before.day != after.day:
        return ""
    if before.day or after.day:
        days = (after.at.date() - before.at.date()).days
        return say("record.course_days", lang, count=days) if days else ""
    seconds = (after.at - before.at).total_seconds()
    return duration(seconds, lang) if seconds >= 60 else ""


def licences(story: Story, lang: str) -> Figure | None:
    """A bar each for CALs owned, installed and issued, by kind; None where nobody counted."""
    found = counts(story)
    groups = picture_rows(found, lang)
    if found.by is None or not groups:
        return None
    labels = [say(key, lang) for key in ("record.cals_owned", "record.cals_held", "record.cals_issued")]
    left = max(*(measure(label, 11) for label in labels), *(measure(name, 11) for name, *_ in groups)) + 16
    title = say("record.cals_title", lang, when=moment(found.by.t, lang), run=found.by.run)
    canvas = Canvas(680, 30 + 82 * len(groups), title)
    scale = (canvas.width - left - 70) / (max(max(numbers) for _, *numbers in groups) or 1)
    for group, (name, *numbers) in enumerate(groups):
        top = 44 + 82 * group
        canvas.text(8, top, name, bold=True)
        for row, (label, count, colour) in enumerate(zip(labels, numbers, (INK, GOOD, PAST), strict=True)):
            y = top + 18 * (row + 1)
            canvas.text(left - 8, y, label, anchor="end")
            canvas.bar(left, y - 7, max(count * scale, 1), 13, BAD if row and count > numbers[0] else colour)
            canvas.text(left + count * scale + 6, y, number(count, lang), bold=True)
    parts = (
        f"{name}: " + ", ".join(f"{label} {count}" for label, count in zip(labels, numbers, strict=True))
        for name, *numbers in groups
    )
    alt = semicolons(parts, lang)
    return Figure(_named(canvas.svg(), f"{title}. {alt}"), title)


def _named(svg: str, alt: str) -> str:
    """The picture with its text for those who do not see it, as an image and nothing to be read letter by letter."""
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)


def _case_marks(story: Story, lang: str) -> list[_Mark]:
    """What the case file dates of a recovery: the incident and the approval; a day, no hour."""
    marks = []
    for part, seen, played in _DATED if is_recovery(story) else ():
        fields = story.case.get(part)
        date = str(fields.get("date") or "") if isinstance(fields, dict) else ""
        try:
            at = dt.datetime.combine(dt.date.fromisoformat(date), dt.time(), dt.UTC)
        except ValueError:
            continue
        what = say(played if story.rehearsal else seen, lang)
        marks.append(_Mark(at, str(day(date, lang)), what, IDLE, said=True, day=True))
    return marks


def _run_marks(story: Story, lang: str) -> list[_Mark]:
    return [mark for run in story.runs if (mark := _run_mark(run, lang))]


def _run_mark(run: Run, lang: str) -> _Mark | None:
    at = _when(run.opened.get("t"))
    outcome = outcome_word(run.outcome, lang)
    colour = _OUTCOMES.get(run.outcome, BAD)
    what = say("record.course_outcome", lang, run=run.name, outcome=outcome)
    return _Mark(at, moment(run.opened.get("t"), lang), what, colour, said=False) if at else None


def _said_marks(story: Story, lang: str) -> list[_Mark]:
    marks = []
    for step, entries in story.history.confirmed().items():
        for entry in entries:
            if at := _when(entry.get("at") or entry.get("t")):
                marks.append(_Mark(at, moment(at.isoformat(), lang), step_title(step, lang), BUSY, said=True))
    return marks


def _when(text: object) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
