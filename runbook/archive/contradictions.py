"""Where a case contradicts its own journal: a broken chain, a notebook that tells more, evidence that changed.

papermill's statuses can lie (a kernel that dies leaves cells "completed" that never ran), so a notebook is
believed only where the journal says the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from runbook.archive.digest import hash_file
from runbook.journal.executed import read_executed
from runbook.journal.held import Contradiction, answers, unaccepted, unheld, untold
from runbook.journal.lines import Entry, Journal, check_chain
from runbook.journal.outcome import Status
from runbook.journal.story import Run, Story

_RUN_FOLDER = re.compile(r"r\d{2,}")
#: Statuses of a step that nobody ran: its cell may or may not have been executed.
_NEVER_RAN = frozenset({Status.NOT_REACHED, Status.PENDING})


def contradictions(
    story: Story, digest_of: Callable[[str], str | None], file_of: Callable[[str], Path]
) -> list[Contradiction]:
    """Everything in which the case and its journal disagree; empty for a case that can be sealed.

    ``digest_of(path)`` is the SHA-256 of a file of the case by its path relative to the case folder, None where
    it is not there; ``file_of(path)`` is where it lies (an archive may have had to rename it).
    """
    found = list(chain_faults(file_of("journal.jsonl")))
    for run in story.runs:
        found += _notebook(run, digest_of, file_of)
    found += _untold_notebooks(story, file_of)
    for entry in story.entries:
        found += _evidence(entry, digest_of)
    if not story.redacted:  # what stays inside is not there, and the case file is another
        found += untold(file_of("journal.jsonl").parent, story.entries, file_of)
        found += answers(story.entries, file_of)
        found += _case_file(story, digest_of)
        found += _proofs(story, digest_of)
    return unaccepted(found, story.entries)


def in_folder(folder: Path) -> tuple[Callable[[str], str | None], Callable[[str], Path]]:
    """``digest_of`` and ``file_of`` for files that lie under their own names."""

    def digest_of(path: str) -> str | None:
        file = folder / path
        return hash_file(file)["sha256"] if file.is_file() else None

    return digest_of, lambda path: folder / path


def before_copying(case_folder: Path) -> list[Contradiction]:
    """What shows in the case's own folder only, or must be known before a file of it is read: its journal's head, its
    name, links, pipes and devices."""
    journal = Journal(case_folder / "journal.jsonl")
    found = list(chain_faults(journal.path))
    if not any(each.word == "chain_unreadable" for each in found):
        found = unaccepted(found, journal.entries())
    return [*found, *(each for each in unheld(case_folder, journal) if each not in found)]


def chain_faults(journal: Path) -> Iterator[Contradiction]:
    """Every place where the chain of a journal file does not hold."""
    if not journal.is_file():
        yield Contradiction("journal.jsonl", "no_journal")
        return
    for broken in check_chain(journal.read_bytes()):
        yield Contradiction("journal.jsonl", f"chain_{broken.fault}", {"line": broken.line})


def journal_head(story: Story) -> str:
    """The SHA-256 of the journal's last line: it stands for the whole chain."""
    raw = (story.folder / "journal.jsonl").read_bytes().rstrip(b"\n")
    return hashlib.sha256(raw[raw.rfind(b"\n") + 1 :]).hexdigest()


def _notebook(
    run: Run, digest_of: Callable[[str], str | None], file_of: Callable[[str], Path]
) -> Iterator[Contradiction]:
    if run.notebook is None:
        if run.closed is not None:
            yield Contradiction("journal.jsonl", "closed_without_notebook", {"run": run.name})
        return
    path = str(run.notebook.get("path"))
    digest = digest_of(path)
    if digest is None:
        yield Contradiction(path, "notebook_missing", {"run": run.name})
        return
    if digest != run.notebook.get("sha256"):
        yield Contradiction(path, "notebook_hash", {"run": run.name})
    if run.closed is None:
        yield Contradiction(path, "run_without_close", {"run": run.name})
    try:
        executed = read_executed(file_of(path))
    except (ValueError, OSError):
        yield Contradiction(path, "notebook_unreadable", {"run": run.name})
        return
    seen: set[str] = set()
    for cell in executed.cells:
        if cell.step is None:
            continue
        seen.add(cell.step)
        attempts = run.steps.get(cell.step, [])
        ended = any(attempt.end is not None for attempt in attempts)
        ran = ended and attempts[-1].status not in _NEVER_RAN
        if cell.status == "completed" and not ended:
            yield Contradiction(path, "completed_without_end", {"run": run.name, "step": cell.step})
        elif cell.status == "pending" and ran:
            yield Contradiction(path, "pending_with_end", {"run": run.name, "step": cell.step})
    for step, attempts in run.steps.items():
        if step not in seen and attempts[-1].status not in _NEVER_RAN:
            yield Contradiction(path, "step_without_cell", {"run": run.name, "step": step})
    if run.outcome in ("done", "waiting") and executed.exception:
        yield Contradiction(path, "closed_well_but_failed", {"run": run.name})


def _untold_notebooks(story: Story, file_of: Callable[[str], Path]) -> Iterator[Contradiction]:
    """Notebooks in a run's folder that no journal line tells of."""
    told = {str(run.notebook.get("path")) for run in story.runs if run.notebook is not None}
    root = file_of("journal.jsonl").parent
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if not _RUN_FOLDER.fullmatch(folder.name) or not folder.is_dir():
            continue
        for file in sorted(folder.glob("*.ipynb")):
            path = f"{folder.name}/{file.name}"
            if path not in told and not file.name.startswith("."):
                yield Contradiction(path, "notebook_untold")


def _case_file(story: Story, digest_of: Callable[[str], str | None]) -> Iterator[Contradiction]:
    """The case file is the one that the last run read: its facts stand in the record as they were judged."""
    read = [e for e in story.entries if e["event"] in ("open", "close") and e.get("case_sha256")]
    if read and digest_of("case.yml") != read[-1]["case_sha256"]:
        yield Contradiction("case.yml", "case_changed", {"line": read[-1]["n"]})


def _proofs(story: Story, digest_of: Callable[[str], str | None]) -> Iterator[Contradiction]:
    """The papers of the case are those whose hashes the last run took."""
    ends = [e for e in story.entries if e["event"] == "end" and e["step"] == "proofs" and e.get("facts")]
    # Read as plain JSON, which may say anything: who verifies a bag needs no model of a step (steps.proofs.Proofs).
    kept = ends[-1]["facts"].get("files") if ends else None
    for proof in kept if isinstance(kept, list) else []:
        path, told = proof.get("path"), proof.get("sha256")
        if path and told:
            digest = digest_of(str(path))
            if digest is None:
                yield Contradiction(str(path), "evidence_missing", {"line": ends[-1]["n"]})
            elif digest != told:
                yield Contradiction(str(path), "evidence_changed", {"line": ends[-1]["n"]})


def _evidence(entry: Entry, digest_of: Callable[[str], str | None]) -> Iterator[Contradiction]:
    for key in ("evidence", "attachments"):
        listed = entry.get(key)
        for item in listed if isinstance(listed, list) else []:
            if not isinstance(item, dict) or item.get("withheld"):
                continue
            path = str(item.get("path"))
            digest = digest_of(path)
            if digest is None:
                yield Contradiction(path, "evidence_missing", {"line": entry.get("n")})
            elif digest != item.get("sha256"):
                yield Contradiction(path, "evidence_changed", {"line": entry.get("n")})
