"""What was changed, and where: each act that the record can name, whether it was seen or said, and its way back.

A change is a step that steps.yml gives a way back, or a script that the journal calls a change. What a program did
has a ``begin`` line; what a person did has a ``confirm`` line, and is nobody's observation but theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from runbook.journal.lines import Entry
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt, Run, Story
from runbook.knowledge import reference
from runbook.record.labels import step_title
from runbook.steps.preflight import Preflight
from runbook.words.forms import moment, phrase, status_word, value
from runbook.words.sentences import say

#: How a script's change is known; any other end is an attempt, of which nobody can say how far it went.
_KNOWN = {
    Status.SUCCEEDED: "record.change_seen",
    Status.FINDING: "record.change_seen",
    Status.UNKNOWN: "record.change_unseen",
}


@dataclass(frozen=True)
class Change:
    """One act: what, where, when, how it is known, how it ended (a status; "" where nobody judged it), way back."""

    title: str
    anchor: str
    where: str
    when: str
    known: str
    status: str
    status_text: str
    undo: str


def changes(story: Story, lang: str) -> list[Change]:
    """Every change of the case in the order of the journal; empty where none was made or told."""
    found = [*_done(story, lang), *_told(story, lang)]
    return [change for _, change in sorted(found, key=lambda item: item[0])]


def summed(found: list[Change]) -> list[Change]:
    """The same act at the same place once, with its first and last moment and how often: what fits the report."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for each in found:
        known = re.sub(r"\br[0-9]{2,}\b", "", each.known)
        groups.setdefault((each.title, each.where, each.status, known), []).append(each)
    return [
        first if len(same) == 1 else replace(first, when=f"{first.when} – {same[-1].when} ({len(same)}\u00a0×)")
        for first, *rest in groups.values()
        for same in ([first, *rest],)
    ]


def _done(story: Story, lang: str) -> Iterator[tuple[str, Change]]:
    """What a script did: begun in the journal, perhaps never ended."""
    for run in story.runs:
        machine = _machine(run)
        for step, attempts in run.steps.items():
            for attempt in attempts:
                begin = attempt.begin
                if begin is None or not _mutates(str(begin.get("kind")), step):
                    continue
                known = say(_KNOWN.get(attempt.status, "record.change_tried"), lang, run=run.name)
                if later := _settled(story, step, begin):
                    settled = {"run": later["run"], "status": status_word(later["status"], lang)}
                    known += "; " + say("record.change_settled", lang, **settled)
                if decided := _decided(story, step, begin):
                    known += "; " + phrase("record.change_decided", lang, {"who": decided.get("who") or "–"})
                yield (
                    str(begin["t"]),
                    Change(
                        title=step_title(step, lang),
                        anchor=f"step-{step}",
                        where=value(machine if (hosts := _hosts(attempt)) is None else hosts or None, lang),
                        when=moment(attempt.ended or attempt.started, lang),
                        known=known,
                        status=attempt.status.value,
                        status_text=status_word(attempt.status.value, lang),
                        undo=_undo(step, lang),
                    ),
                )


def _told(story: Story, lang: str) -> Iterator[tuple[str, Change]]:
    """What a person says they did, at each confirmation."""
    for step, entries in story.history.confirmed().items():
        if not _undo(step, lang):
            continue
        for entry in entries:
            yield (
                str(entry.get("t")),
                Change(
                    title=step_title(step, lang),
                    anchor="confirmations",
                    where=value(_told_where(story, step, entry.get("fields") or {}), lang),
                    when=moment(entry.get("at"), lang),
                    known=phrase(
                        "record.change_withdrawn" if story.history.undone(entry) else "record.change_said",
                        lang,
                        {"who": entry.get("who") or "–"},
                    ),
                    status="",
                    status_text="",
                    undo=_undo(step, lang),
                ),
            )


def _mutates(kind: str, step: str) -> bool:
    """A step of kind manual that runs a script does what the person else would: ``begin`` exists for that alone."""
    return kind == "change" or (kind == "manual" and bool(_undo(step, "en")))


def _undo(step: str, lang: str) -> str:
    try:
        undo = reference.step(step).undo
    except (KeyError, FileNotFoundError):
        return ""
    return undo.of(lang) if undo else ""


def _settled(story: Story, step: str, begin: Entry) -> Entry | None:
    """The judgement by which a later run settled a change whose end nobody had seen."""
    later = (e for e in story.history.ends(step) if e["run"] != begin["run"] and e["status"] != Status.UNKNOWN)
    return next((e for e in later if (e.get("of") or {}).get("n") == begin["n"]), None)


def _decided(story: Story, step: str, begin: Entry) -> Entry | None:
    """The decision that stands about the change that ``begin`` began."""
    decided = story.history.decision(begin)
    return decided if decided and decided.get("outcome") in ("done", "in part") else None


def _hosts(attempt: Attempt) -> list[str] | None:
    """The hosts on which the change was made, of those that its own table names; None where it names none."""
    rows: list[Any] = (attempt.end or {}).get("table") or []
    named = [row for row in rows if isinstance(row, dict) and row.get("host")]
    return [str(row["host"]) for row in named if str(row.get("state", "done")).endswith("done")] if named else None


def _machine(run: Run) -> str:
    """The machine that answered in this run, by its own word, else the operator's."""
    for attempt in run.steps.get(Preflight.step, []):
        if (seen := Preflight.of((attempt.end or {}).get("facts"))) and seen.name:
            return seen.name
    return str(run.opened.get("operator") or "")


def _told_where(story: Story, step: str, fields: dict[str, Any]) -> Any:
    if step == "hosts-configure":
        return fields.get("gpo") or fields.get("broker")
    server = story.case.get("license_server")
    return server.get("name") if isinstance(server, dict) else None
