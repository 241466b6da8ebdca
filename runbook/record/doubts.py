"""What the record does not prove, said in the record itself: words of a person, commands nobody has seen right on a
server, steps that could not be judged, and the limits of a journal kept on one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runbook.outcome import Status
from runbook.record.story import Attempt, Story
from runbook.record.wording import status_word, step_title
from runbook.sentences import say

#: Written into an ``end`` line where the script has not yet been seen right on a real server.
_UNPROVEN = "host.unproven"
_UNSEEN = frozenset({Status.NOT_JUDGED, Status.UNKNOWN, Status.SKIPPED, Status.NOT_REACHED})
_ANSWERED = frozenset({Status.SUCCEEDED, Status.FINDING, Status.ALREADY_DONE})


def doubts(story: Story, lang: str) -> list[tuple[str, str]]:
    """Heading and sentence of each thing that this record does not prove, in the order of their weight."""
    latest = {step: attempt for step, (_, attempt) in story.latest().items()}
    return [(say(f"record.doubt_{key}", lang), text) for key, text in _doubts(story, latest, lang)]


def _doubts(story: Story, latest: dict[str, Attempt], lang: str) -> Iterator[tuple[str, str]]:
    def titles(wanted: Callable[[str, Attempt], bool]) -> str:
        return ", ".join(step_title(step, lang) for step, attempt in latest.items() if wanted(step, attempt))

    if story.rehearsal:
        yield "rehearsal", say("record.doubt_rehearsal_why", lang)
    if said := titles(lambda step, attempt: step in story.confirms and attempt.status in _ANSWERED):
        yield "word", say("record.doubt_word_why", lang, steps=said)
    if unproven := titles(lambda step, attempt: _has_line(attempt, _UNPROVEN)):
        yield "unproven", say("record.doubt_unproven_why", lang, steps=unproven)
    unseen = [
        f"{step_title(step, lang)} ({status_word(attempt.status.value, lang)})"
        for step, attempt in latest.items()
        if attempt.status in _UNSEEN
    ]
    if unseen:
        yield "unseen", say("record.doubt_unseen_why", lang, steps=", ".join(unseen))
    if "migration-events" in latest:
        yield "events", say("record.doubt_events_why", lang)
    if "backup" in latest:
        yield "backup", say("record.doubt_backup_why", lang)
    yield "journal", say("record.doubt_journal_why", lang)


def _has_line(attempt: Attempt, key: str) -> bool:
    return any(isinstance(line, dict) and line.get("key") == key for line in (attempt.end or {}).get("lines") or [])
