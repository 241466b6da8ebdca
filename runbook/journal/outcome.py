"""What a step came to: the status words, the verdict on an answer, the result of asking a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook.journal.facts import Facts


class Status(StrEnum):
    """The status words of a step (shown through ``sentences.say("status.<word>", lang)``)."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FINDING = "finding"  # seen, and what the case exists to repair: not a failure
    ALREADY_DONE = "already_done"
    SKIPPED = "skipped"
    WAITING = "waiting"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"  # a change began and nobody recorded its end
    NOT_REACHED = "not_reached"
    NOT_JUDGED = "not_judged"  # could not be seen from here


#: With these a step that needs this one may go on.
SATISFIED = frozenset({Status.SUCCEEDED, Status.FINDING, Status.ALREADY_DONE, Status.SKIPPED, Status.NOT_JUDGED})
#: With these nothing was run: there is nothing to undo, and no time to tell.
NOTHING_DONE = frozenset({Status.NOT_REACHED, Status.SKIPPED})
#: With these the run is a failure.
BAD = frozenset({Status.FAILED, Status.TIMED_OUT, Status.UNKNOWN})


@dataclass(frozen=True)
class Line:
    """A sentence that is kept as key and fields, so that the record can say it in either language."""

    key: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a step's answer means.

    ``facts`` are what later steps, the record and the audit may read, as a class of the step's module. ``table`` is an
    optional list of flat rows to show. ``hints`` are ids of ``knowledge/errors.yml``.
    """

    status: Status
    lines: tuple[Line, ...] = ()
    facts: Facts | None = None
    table: tuple[dict[str, Any], ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, Any]:
        """The facts as the journal keeps them: plain JSON, {} without any."""
        return self.facts.plain() if self.facts else {}


@dataclass(frozen=True)
class Answer:
    """What came back from running one script once: raw, nothing interpreted.

    ``out`` is the parsed JSON of out.json (a list), None when the script wrote none. ``exit_code`` is None when
    the process was ended at its time limit. ``folder`` holds what the step left: script, in.json, out.json,
    stdout.bin, stderr.bin and whatever files it made. ``errors`` are the error records read from stderr, ``text``
    is stdout decoded as declared; ``damaged`` says that bytes of either did not fit the declared encoding.
    """

    exit_code: int | None
    out: list[dict[str, Any]] | None
    stdout: bytes
    stderr: bytes
    seconds: float
    folder: Path
    timed_out: bool = False
    errors: tuple[str, ...] = ()
    text: str = ""
    damaged: bool = False

    @property
    def ok(self) -> bool:
        """The script ran to its end and said so: exit code 0 and an out.json."""
        return self.exit_code == 0 and self.out is not None
