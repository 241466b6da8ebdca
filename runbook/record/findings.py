"""What was found wrong in a case, and whether it was cured: each once, with the run that cured it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.journal.outcome import BAD, Status
from runbook.journal.story import Attempt, Story
from runbook.knowledge.catalogue import READ_AGAIN
from runbook.record.labels import sentences_of, step_title
from runbook.steps.attestation import ticks
from runbook.words.forms import phrase, status_word
from runbook.words.sentences import say

_FOUND = BAD | {Status.FINDING}
_CURED = frozenset({Status.SUCCEEDED, Status.ALREADY_DONE})


@dataclass(frozen=True)
class Found:
    """One step's trouble: ``what`` was said last, in which ``runs``, and what became of it: ``state`` is "cured",
    "stands" (known, and in nobody's way) or "open", ``cure`` a sentence."""

    step: str
    title: str
    what: str
    runs: str
    state: str
    cure: str


def findings(story: Story, lang: str) -> list[Found]:
    """Every finding, failure and unseen end of the case, in the order of the steps."""
    steps = dict.fromkeys(step for run in story.runs for step in run.steps)
    return [found for step in steps for found in _of_step(story, step, lang)]


def _of_step(story: Story, step: str, lang: str) -> Iterator[Found]:
    tries = [(run.name, attempt) for run in story.runs for attempt in run.steps.get(step, [])]
    troubles = [place for place, (_, attempt) in enumerate(tries) if attempt.status in _FOUND]
    if not troubles:
        return
    last = troubles[-1]
    attempt = tries[last][1]
    names = list(dict.fromkeys(tries[place][0] for place in troubles))
    again = READ_AGAIN.get(step, "")
    later = [(name, later) for name, later in tries[last + 1 :] if step not in READ_AGAIN]
    later += [(r.name, a) for r in story.runs for a in r.steps.get(again, []) if _number(a) > _number(attempt)]
    cured = next(((name, a) for name, a in reversed(later) if a.status in _CURED and not _retells(a, names)), None)
    if cured:
        state, by = "cured", say("record.cured", lang, run=cured[0], step=step_title(again or step, lang))
    elif ticks(step, attempt.status) and not again:
        state, by = "stands", say("record.cure_stands", lang)
    else:
        state, by = "open", say("record.cure_open", lang)
    what = " ".join(sentences_of(attempt, lang)) or status_word(attempt.status.value, lang)
    runs = names[0] if len(names) == 1 else phrase("record.runs_between", lang, {"first": names[0], "last": names[-1]})
    yield Found(step, step_title(step, lang), what, runs, state, by)


def _retells(attempt: Attempt, runs: list[str]) -> bool:
    """Whether it only says again what one of ``runs`` found, which cures nothing."""
    lines = (attempt.end or {}).get("lines") or []
    return any(line["key"] == "run.already_done" and line["fields"].get("run") in runs for line in lines)


def _number(attempt: Attempt) -> int:
    return int((attempt.end or attempt.begin or {}).get("n") or 0)


def open_points(story: Story, lang: str) -> list[str]:
    """What a reader must know is not settled: step and status. A finding that a later run took over as already done
    is a finding still: nobody is told that something open is done."""
    unsettled = {Status.WAITING, Status.NOT_JUDGED, Status.UNKNOWN, Status.FAILED, Status.TIMED_OUT}
    open_steps = {found.step for found in findings(story, lang) if found.state == "open"}
    again = story.history.unsettled()
    found = []
    for step, (_, attempt) in story.latest().items():
        if step in again:
            found.append(f"{step_title(step, lang)} ({say('record.open_again', lang)})")
        elif step in open_steps or attempt.status in unsettled:
            status = Status.FINDING if attempt.status in _CURED else attempt.status
            found.append(f"{step_title(step, lang)} ({status_word(status.value, lang)})")
    return found
