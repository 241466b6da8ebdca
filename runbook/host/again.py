"""One more try of a check, where its step declares that an error passes by itself.

Never for a change: a change that failed may have been made in part. Never for a check that ran into its time limit:
a second wait of the same length helps nobody. And one try only: what comes back twice is no passing error.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runbook.files import move
from runbook.journal.outcome import Answer
from runbook.knowledge.reference import Step

#: Where the first try's files lie inside the step's folder.
FIRST_TRY = "first-try"
_KEPT = ("in.json", "out.json", "stdout.bin", "stderr.bin", "remoting-in.json", "remoting-out.json")


def transient_error(step: Step, answer: Answer) -> str | None:
    """The error of ``answer`` that its step calls transient; None: there is none, or the step may not be repeated.

    Looked for in the error ids that the script itself put into out.json and in what PowerShell wrote to stderr:
    ids and HRESULTs are program text, the same in every language.
    """
    if step.kind != "check" or answer.timed_out:
        return None
    texts = [*fault_ids(answer.out), *(answer.errors if not answer.ok else ())]
    return next((code for code in step.transient for text in texts if code.lower() in text.lower()), None)


def fault_ids(out: Any) -> Iterator[str]:
    """The error ids of the faults that stand at the top of an answer: what kept the script from its whole job."""
    for row in out if isinstance(out, list) else []:
        for value in row.values():
            if isinstance(value, dict) and isinstance(value.get("FullyQualifiedErrorId"), str):
                yield f"{value['FullyQualifiedErrorId']} {value.get('HResult', '')}"


def keep_first_try(folder: Path) -> None:
    """Put the files of the first try aside, as evidence, before the second one writes its own."""
    place = folder / FIRST_TRY
    place.mkdir(exist_ok=True)
    for name in _KEPT:
        if (folder / name).is_file():
            move(folder / name, place / name)
    if (folder / "files").is_dir():
        move(folder / "files", place / "files")
