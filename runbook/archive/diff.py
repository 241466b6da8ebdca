"""Comparing two runs or two cases, step by step: status, values that differ, durations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from runbook.errors import BadInput
from runbook.knowledge import say
from runbook.outcome import Status
from runbook.record.story import Attempt, read_story
from runbook.record.wording import duration, flatten, status_word, step_title, value

_RUN = re.compile(r"r\d{2,}")
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its name, and of each step its last attempt."""

    name: str
    rehearsal: bool
    steps: Mapping[str, Attempt]


@dataclass(frozen=True)
class StepDiff:
    """What differs in one step. Statuses are None where a side has no such step; ``values`` are path, left, right;
    ``seconds`` the durations on both sides."""

    step: str
    left: Status | None
    right: Status | None
    values: tuple[tuple[str, Any, Any], ...]
    seconds: tuple[float | None, float | None]

    @property
    def same(self) -> bool:
        return self.left == self.right and not self.values


@dataclass(frozen=True)
class Diff:
    """The comparison of two sides; every step of either is in it."""

    left: Side
    right: Side
    steps: tuple[StepDiff, ...]

    @property
    def same(self) -> bool:
        return all(step.same for step in self.steps)

    def text(self, lang: str) -> str:
        """For a terminal: a line for each step, the values that differ below it, the steps that agree last."""
        lines = [say("archive.diff_title", lang, left=self.left.name, right=self.right.name), ""]
        for step in self.steps:
            if step.same:
                continue
            lines.append(f"{step_title(step.step, lang)} ({step.step})")
            if step.left != step.right:
                lines.append(f"  {_word(step.left, lang)} → {_word(step.right, lang)}")
            lines += [f"  {path}: {value(a, lang)} → {value(b, lang)}" for path, a, b in step.values]
            lines.append(f"  {duration(step.seconds[0], lang)} → {duration(step.seconds[1], lang)}")
        equal = [step_title(step.step, lang) for step in self.steps if step.same]
        if self.same:
            lines.append(say("archive.diff_none", lang))
        elif equal:
            lines += ["", say("archive.diff_equal", lang, steps=", ".join(equal))]
        return "\n".join(lines)

    def html(self, lang: str) -> str:
        """The same as a self-contained page that prints well."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(_TEMPLATES)),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        return environment.get_template("diff.html.j2").render(
            lang=lang,
            diff=self,
            say=lambda key, **given: say(f"archive.{key}", lang, **given),
            title_of=lambda step: step_title(step, lang),
            word=lambda status: _word(status, lang),
            shown=lambda thing: value(thing, lang),
            took=lambda seconds: duration(seconds, lang),
        )


def diff(left: Path, right: Path, lang: str = "fr") -> Diff:
    """Compare two sides. A side is a run's folder (``cases/NAME/r02``), a case's folder (the latest state of each
    step) or a sealed bag. Raises BadInput for a folder that is none of these.
    """
    a, b = _side(left, lang), _side(right, lang)
    order = list(dict.fromkeys([*a.steps, *b.steps]))
    return Diff(a, b, tuple(_step(step, a.steps.get(step), b.steps.get(step)) for step in order))


def _side(folder: Path, lang: str) -> Side:
    run = folder.name if _RUN.fullmatch(folder.name) and not (folder / "journal.jsonl").is_file() else None
    case = folder.parent if run else folder
    if (case / "data" / "journal.jsonl").is_file():
        case = case / "data"
    if not (case / "journal.jsonl").is_file():
        raise BadInput(say("archive.diff_no_case", lang, folder=folder))
    story = read_story(case)
    name = case.parent.name if case.name == "data" else case.name
    if run is None:
        return Side(name, bool(story.rehearsal), {step: attempt for step, (_, attempt) in story.latest().items()})
    for each in story.runs:
        if each.name == run:
            return Side(f"{name}/{run}", bool(each.rehearsal), {s: tries[-1] for s, tries in each.steps.items()})
    raise BadInput(say("archive.diff_no_run", lang, run=run, case=name, runs=", ".join(r.name for r in story.runs)))


def _step(step: str, a: Attempt | None, b: Attempt | None) -> StepDiff:
    return StepDiff(
        step,
        a.status if a else None,
        b.status if b else None,
        (*_values(_told(a), _told(b)), *_scripts(a, b)) if a and b else (),
        (a.seconds if a else None, b.seconds if b else None),
    )


def _told(attempt: Attempt) -> dict[str, Any]:
    """The values of an attempt: its facts and its table by row."""
    end = attempt.end or {}
    told = flatten(end.get("facts") or {})
    for number, row in enumerate(end.get("table") or [], 1):
        if isinstance(row, dict):
            told |= {f"[{number}].{key}": item for key, item in flatten(row).items()}
    return told


def _scripts(a: Attempt, b: Attempt) -> Iterator[tuple[str, Any, Any]]:
    """The scripts, where both sides ran one: a step that was already done ran none."""
    left, right = ((each.begin or {}).get("script_sha256") for each in (a, b))
    if left and right and left != right:
        yield "script_sha256", left, right


def _values(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for path in dict.fromkeys([*a, *b]):
        if a.get(path) != b.get(path):
            yield path, a.get(path), b.get(path)


def _word(status: Status | None, lang: str) -> str:
    return "–" if status is None else status_word(status.value, lang)
