"""What was changed in the case file from run to run, line by line: each run keeps the file that it was judged by."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runbook.case.case_file import Place, where
from runbook.case.identifiers import mask_agreement, mask_all
from runbook.journal.story import Run, Story, read_case_text
from runbook.words.forms import moment
from runbook.words.sentences import say


@dataclass(frozen=True)
class CaseChange:
    """What one run found changed since the one before. ``lines`` are (where, before, after), "" for a line that is not
    there; None where one of the two files is not kept (a run of an earlier version, a copy for outside)."""

    run: str
    when: str
    lines: tuple[tuple[str, str, str], ...] | None


def case_changes(story: Story, lang: str) -> list[CaseChange]:
    """Every change of the case file between two runs that followed each other, the oldest first, and the one since
    the last run."""
    found = []
    for before, after in itertools.pairwise(story.runs):
        was = before.opened.get("case_sha256")
        if was and was != after.opened.get("case_sha256"):  # a first run that read none is followed by no change
            lines = _lines(_kept(story, before), _kept(story, after))
            found.append(CaseChange(after.name, moment(after.opened.get("t"), lang), lines))
    read = story.runs[-1].opened.get("case_sha256") if story.runs else None
    if read and not story.redacted and story.digest_of("case.yml") != read:
        lines = _lines(_kept(story, story.runs[-1]), story.case or None)
        found.append(CaseChange(say("record.case_since", lang, run=story.runs[-1].name), "", lines))
    return found


def _kept(story: Story, run: Run) -> dict[str, Any] | None:
    """The case file as the run read it; None where what is kept is not that."""
    path = f"{run.name}/case.yml"
    if story.digest_of(path) != run.opened.get("case_sha256"):
        return None
    return read_case_text(story.folder / path) or None


def _lines(before: dict[str, Any] | None, after: dict[str, Any] | None) -> tuple[tuple[str, str, str], ...] | None:
    if before is None or after is None:
        return None
    was, now = dict(_values(before, ())), dict(_values(after, ()))
    places = sorted({*was, *now}, key=lambda place: [str(part).zfill(6) for part in place])
    return tuple(
        (where(place), _shown(place, was.get(place, "")), _shown(place, now.get(place, "")))
        for place in places
        if was.get(place, "") != now.get(place, "")
    )


def _values(data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Each text of the file with the way to it."""
    if isinstance(data, dict):
        for key, item in data.items():
            yield from _values(item, (*place, str(key)))
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from _values(item, (*place, number))
    else:
        yield place, str(data)


def _shown(place: Place, text: str) -> str:
    """Masked as everywhere in the record: whoever reads it need not learn the agreement's number."""
    return mask_agreement(text) if place[-1] == "agreement" else str(mask_all(text))
