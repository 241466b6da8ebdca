"""Comparing two runs or two cases, step by step: status, values that differ, durations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.errors import BadInput
from runbook.journal.lines import Entry
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt, read_story
from runbook.record.labels import in_order, step_title
from runbook.words.forms import NO_BREAK, duration, flatten, heading, phrase, status_word, value
from runbook.words.sentences import say
from runbook.words.templates import environment

_RUN = re.compile(r"r\d{2,}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC")
#: When something was entered or read: never the same in two cases, and no difference between them.
_MOMENTS = frozenset({"at", "collected_at"})
#: Columns that name a row better than the first one that happens to differ.
_NAMES = ("row", "contact", "host", "pack", "file", "record")


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its name, and of each step its last attempt."""

    name: str
    rehearsal: bool
    steps: Mapping[str, Attempt]


@dataclass(frozen=True)
class Difference:
    """One value that differs. ``column``: of the step's table, else the name of a fact; ``row``: the column and the
    value that tell the table's rows apart, None for a fact. A value is None on a side that has no such row or fact."""

    column: str
    left: Any
    right: Any
    row: tuple[str, Any] | None = None

    def label(self, lang: str) -> str:
        """What differs, in words where the column has some."""
        own = heading(self.column, lang) if self.column else ""
        if self.row is None:
            return own
        row = f"{heading(self.row[0], lang)} {value(self.row[1], lang)}"
        return f"{row}, {own}" if own else row


@dataclass(frozen=True)
class StepDiff:
    """What differs in one step. Statuses are None where a side has no such step; ``said`` are the sentences (key and
    fields) that only one side gave; ``seconds`` the durations on both sides."""

    step: str
    left: Status | None
    right: Status | None
    said: tuple[tuple[Entry, ...], tuple[Entry, ...]]
    values: tuple[Difference, ...]
    seconds: tuple[float | None, float | None]

    @property
    def same(self) -> bool:
        return self.left == self.right and not self.values and self.said == ((), ())

    def sentences(self, lang: str) -> tuple[list[str], list[str]]:
        """The sentences that only the left and only the right side gave."""
        left, right = ([phrase(str(line["key"]), lang, line.get("fields")) for line in side] for side in self.said)
        return left, right


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
        """For a terminal: a block for each step that differs, the steps that agree last."""
        lines = [say("archive.diff_title", lang, left=self.left.name, right=self.right.name)]
        if self.left.rehearsal or self.right.rehearsal:
            lines.append(say("archive.rehearsal_stamp", lang))
        for step in self.steps:
            if step.same:
                continue
            lines += ["", f"{step_title(step.step, lang)} ({step.step})"]
            if step.left != step.right:
                lines.append(f"  {_word(step.left, lang)} → {_word(step.right, lang)}")
            left, right = step.sentences(lang)
            lines += [f"  − {line}" for line in left] + [f"  + {line}" for line in right]
            colon = f"{NO_BREAK}:" if lang == "fr" else ":"
            lines += [
                f"  {each.label(lang)}{colon} {_shown(each.left, lang)} → {_shown(each.right, lang)}"
                for each in step.values
            ]
            before, after = (duration(seconds, lang) for seconds in step.seconds)
            if before != after:
                lines.append(f"  {say('archive.diff_took', lang)}{colon} {before} → {after}")
        if self.same:
            lines += ["", say("archive.diff_none", lang)]
        elif equal := self._equal(lang):
            lines += ["", say("archive.diff_equal", lang, steps=equal)]
        return "\n".join(lines)

    def _equal(self, lang: str) -> str:
        return ", ".join(step_title(step.step, lang) for step in self.steps if step.same)

    def html(self, lang: str) -> str:
        """The same as a self-contained page that prints well."""
        return (
            environment(__file__)
            .get_template("diff.html.j2")
            .render(
                lang=lang,
                diff=self,
                title_of=lambda step: step_title(step, lang),
                equal=self._equal(lang),
                word=lambda status: _word(status, lang),
                shown=lambda thing: _shown(thing, lang),
                took=lambda seconds: duration(seconds, lang),
            )
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
        _said(a, b) if a and b else ((), ()),
        tuple(_values(a, b)) if a and b else (),
        (a.seconds if a else None, b.seconds if b else None),
    )


def _values(a: Attempt, b: Attempt) -> Iterator[Difference]:
    """Cells, facts, scripts. Where one side came to no result at all, its status and sentences say everything."""
    if all((each.end or {}).get("facts") or _table(each) for each in (a, b)):
        yield from _cells(a, b)
        yield from _facts(a, b)
    yield from _scripts(a, b)


def _said(a: Attempt, b: Attempt) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """The sentences of each side that the other did not give; one that differs only in its moment is the same."""
    left, right = ({_meaning(line): line for line in (each.end or {}).get("lines") or [] if line} for each in (a, b))
    return (
        tuple(line for meaning, line in left.items() if meaning not in right),
        tuple(line for meaning, line in right.items() if meaning not in left),
    )


def _meaning(line: Entry) -> str:
    return _MOMENT.sub("", phrase(str(line["key"]), "en", line.get("fields")))


def _table(attempt: Attempt) -> list[dict[str, Any]]:
    return [row for row in (attempt.end or {}).get("table") or [] if isinstance(row, dict)]


def _cells(a: Attempt, b: Attempt) -> Iterator[Difference]:
    """The tables' cells, row by row. A row that only one side has is one difference: its cells, told together."""
    left, right = _table(a), _table(b)
    by = _telling(left, right)
    rows = [{row.get(by, n): row for n, row in enumerate(side, 1)} for side in (left, right)]
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        one, other = rows[0].get(key), rows[1].get(key)
        if one is None or other is None:
            yield Difference("", _row(one, by), _row(other, by), row=(by, key))
            continue
        for column, x, y in _unlike(one, other):
            yield Difference(column, x, y, row=(by, key))


def _row(row: Mapping[str, Any] | None, by: str) -> dict[str, Any] | None:
    if row is None:
        return None
    return {column: row[column] for column in in_order(row) if column != by and column not in _MOMENTS}


def _telling(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> str:
    """The column by which the rows of both tables are told apart; "row" (their place) where none does."""
    known = {key for row in (*left, *right) for key in row}
    for column in dict.fromkeys([*(name for name in _NAMES if name in known), *in_order(known)]):
        if all(len({str(row.get(column)) for row in side}) == len(side) for side in (left, right)):
            return column
    return "row"


def _facts(a: Attempt, b: Attempt) -> Iterator[Difference]:
    """The facts that differ; lists of records are left to the table that shows them, where there is one."""
    shown = bool(_table(a) or _table(b))
    left, right = (flatten((each.end or {}).get("facts") or {}) for each in (a, b))
    for name, x, y in _unlike(left, right):
        if not (shown and any(isinstance(item, dict) for thing in (x, y) if isinstance(thing, list) for item in thing)):
            yield Difference(name, x, y)


def _scripts(a: Attempt, b: Attempt) -> Iterator[Difference]:
    """The scripts, where both sides ran one: a step that was already done ran none."""
    left, right = ((each.begin or {}).get("script_sha256") for each in (a, b))
    if left and right and left != right:
        yield Difference("script_sha256", left, right)


def _unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*a, *b]):
        if name not in _MOMENTS and a.get(name) != b.get(name):
            yield name, a.get(name), b.get(name)


def _shown(thing: Any, lang: str) -> str:
    """A value; of a whole row, its cells with their headings."""
    if isinstance(thing, dict):
        return "; ".join(f"{heading(column, lang)} {value(item, lang)}" for column, item in thing.items()) or "–"
    return value(thing, lang)


def _word(status: Status | None, lang: str) -> str:
    return "–" if status is None else status_word(status.value, lang)
