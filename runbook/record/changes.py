"""What was changed, and where: each act that the record can name, whether it was seen or said, and its way back.

A change is a step that steps.yml gives a way back, or a script that the journal calls a change. What a program did
has a ``begin`` line; what a person did has a ``confirm`` line, and is nobody's observation but theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runbook import knowledge
from runbook.outcome import Status
from runbook.record.story import Attempt, Run, Story
from runbook.record.wording import moment, phrase, status_word, step_title, value
from runbook.sentences import say

#: How a script's change is known; any other end is an attempt, of which nobody can say how far it went.
_KNOWN = {Status.SUCCEEDED: "change_seen", Status.FINDING: "change_seen", Status.UNKNOWN: "change_unseen"}


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


def _done(story: Story, lang: str) -> Iterator[tuple[str, Change]]:
    """What a script did: begun in the journal, perhaps never ended."""
    for run in story.runs:
        machine = _machine(run)
        for step, attempts in run.steps.items():
            for attempt in attempts:
                begin = attempt.begin
                if begin is None or not _mutates(str(begin.get("kind")), step):
                    continue
                known = _KNOWN.get(attempt.status, "change_tried")
                yield (
                    str(begin["t"]),
                    Change(
                        title=step_title(step, lang),
                        anchor=f"{run.name}-{step}",
                        where=value(_hosts(attempt) or machine, lang),
                        when=moment(attempt.ended or attempt.started, lang),
                        known=say(f"record.{known}", lang, run=run.name),
                        status=attempt.status.value,
                        status_text=status_word(attempt.status.value, lang),
                        undo=_undo(step, lang),
                    ),
                )


def _told(story: Story, lang: str) -> Iterator[tuple[str, Change]]:
    """What a person says they did, at each confirmation."""
    for step, entries in story.confirms.items():
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
                    known=phrase("record.change_said", lang, {"who": entry.get("who") or "–"}),
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
        undo = knowledge.step(step).undo
    except (KeyError, FileNotFoundError):
        return ""
    return undo.of(lang) if undo else ""


def _hosts(attempt: Attempt) -> list[str]:
    """The hosts that the change's own table names."""
    rows: list[Any] = (attempt.end or {}).get("table") or []
    return [str(row["host"]) for row in rows if isinstance(row, dict) and row.get("host")]


def _machine(run: Run) -> str:
    """The machine that answered in this run, by its own word, else the operator's."""
    for attempt in run.steps.get("preflight", []):
        facts = (attempt.end or {}).get("facts") or {}
        if name := facts.get("dns_name") or facts.get("computer_name"):
            return str(name)
    return str(run.opened.get("operator") or "")


def _told_where(story: Story, step: str, fields: dict[str, Any]) -> Any:
    if step == "hosts-configure":
        return fields.get("gpo") or fields.get("broker")
    server = story.case.get("license_server")
    return server.get("name") if isinstance(server, dict) else None
