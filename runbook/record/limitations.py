"""What the record does not prove, said in the record itself: words of a person, commands nobody has seen right on a
server, steps that could not be judged, and the limits of a journal kept on one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runbook.journal.facts import Decided
from runbook.journal.lines import set_back
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt, Story
from runbook.record.labels import step_title
from runbook.words.forms import moment, semicolons, status_word
from runbook.words.sentences import say

#: Written into an ``end`` line where the script has not yet been seen right on a real server.
_UNPROVEN = "host.unproven"
_UNSEEN = frozenset({Status.NOT_JUDGED, Status.UNKNOWN, Status.SKIPPED, Status.NOT_REACHED})
_ANSWERED = frozenset({Status.SUCCEEDED, Status.FINDING, Status.ALREADY_DONE})


def doubts(story: Story, lang: str) -> list[tuple[str, str]]:
    """Heading and sentence of each thing that this record does not prove, in the order of their weight."""
    latest = {step: attempt for step, (_, attempt) in story.latest().items()}
    return [(say(key, lang), text) for key, text in _doubts(story, latest, lang)]


def _doubts(story: Story, latest: dict[str, Attempt], lang: str) -> Iterator[tuple[str, str]]:
    def titles(wanted: Callable[[str, Attempt], bool]) -> str:
        return ", ".join(step_title(step, lang) for step, attempt in latest.items() if wanted(step, attempt))

    if story.rehearsal:
        yield "record.doubt_rehearsal", say("record.doubt_rehearsal_why", lang)
    if said := titles(lambda step, attempt: _on_word(story, step, attempt)):
        yield "record.doubt_word", say("record.doubt_word_why", lang, steps=said)
    if unproven := titles(lambda step, attempt: _has_line(attempt, _UNPROVEN)):
        yield "record.doubt_unproven", say("record.doubt_unproven_why", lang, steps=unproven)
    missed: dict[Status, list[str]] = {}
    for step, attempt in latest.items():
        if attempt.status in _UNSEEN:
            missed.setdefault(attempt.status, []).append(step_title(step, lang))
    unseen = [
        say("record.doubt_unseen_as", lang, status=status_word(status.value, lang), steps=", ".join(steps))
        for status, steps in missed.items()
    ]
    if unseen:
        yield "record.doubt_unseen", say("record.doubt_unseen_why", lang, steps=semicolons(unseen, lang))
    judged = {step for step, attempt in latest.items() if attempt.status not in (Status.SKIPPED, Status.NOT_REACHED)}
    if "migration-events" in judged:
        yield "record.doubt_events", say("record.doubt_events_why", lang)
    if "backup" in judged:
        yield "record.doubt_backup", say("record.doubt_backup_why", lang)
    for before, entry in set_back(story.entries):
        fields = {"line": entry["n"], "then": moment(before["t"], lang), "now": moment(entry["t"], lang)}
        yield "record.doubt_clock", say("record.doubt_clock_why", lang, **fields)
    yield "record.doubt_journal", say("record.doubt_journal_why", lang)


def _on_word(story: Story, step: str, attempt: Attempt) -> bool:
    """Whether a step rests on a person: on a decision, or on an entry where no script did it and read it back."""
    end = attempt.end or {}
    if (found := Decided.of(end.get("facts"))) and found.decided:
        return True
    return bool(story.history.confirms(step)) and attempt.status in _ANSWERED and not end.get("script_sha256")


def _has_line(attempt: Attempt, key: str) -> bool:
    return any(isinstance(line, dict) and line.get("key") == key for line in (attempt.end or {}).get("lines") or [])
