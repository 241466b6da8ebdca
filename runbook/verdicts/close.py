"""Close: the papers that were attached, and the checklist ticked from what the steps came to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runbook import knowledge
from runbook.knowledge_records import ChecklistLine
from runbook.outcome import Line, Status, Verdict
from runbook.sentences import say
from runbook.verdicts.context import Context
from runbook.verdicts.entries import attached, moment, said, yes
from runbook.verdicts.inventory import inventory

PAPERS = ("clearinghouse_confirmation", "screenshots", "decommissioning")

#: With these a step's line of the checklist is ticked.
_DONE = frozenset({Status.SUCCEEDED, Status.ALREADY_DONE})
#: Where a finding is enough too: it says that another way is open, that a tool beside the point is missing, or
#: it is the state before the repair, which another step of the checklist verifies afterwards.
_FINDING_IS_ENOUGH = frozenset(
    {"preflight", "roles", "service", "network", "key-packs-before", "export-logs", "install-packs", "hosts-policy"}
)


def attestation(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``clearinghouse_confirmation``, ``screenshots``, ``decommissioning`` (bool each), ``note``,
    and the attachments of all of them. A paper that is missing needs a reason, a paper that is there a file."""
    if not entries:
        return Verdict(Status.WAITING, (Line("steps.attestation_waiting", {"case": context.case.name}),))
    files = attached(entries)
    given = {name for name in PAPERS for entry in entries if yes(entry, name)}
    lacking = [name for name in PAPERS if name not in given]
    note = next((said(entry, "note") for entry in reversed(entries) if said(entry, "note")), "")
    facts = {
        "papers": sorted(given),
        "lacking": lacking,
        "note": note,
        "files": files,
        "at": moment(entries[-1]),
        "who": str(entries[-1].get("who", "")),
    }
    table = tuple({"file": f["path"], "size": f["size"], "sha256": f["sha256"]} for f in files)
    gone = [f["path"] for f in files if _digest(context.case_folder / f["path"]) != f["sha256"]]
    if gone:
        lines = tuple(Line("steps.attestation_gone", {"file": path}) for path in gone)
        return Verdict(Status.FAILED, lines, facts, table)
    if given and not files and not note:
        return Verdict(Status.WAITING, (Line("steps.attestation_no_file"),), facts, table)
    names = ", ".join(Path(f["path"]).name for f in files) or "—"
    done = Line("steps.attestation_done", {"count": len(files), "files": names})
    lacks = [Line(f"steps.attestation_lacks_{name}") for name in lacking]
    if lacking and not note:
        return Verdict(Status.WAITING, (*lacks, Line("steps.attestation_say_why")), facts, table)
    if lacking or not files:  # papers that a person says exist and that are not here tick nothing
        return Verdict(Status.FINDING, (done, *lacks, Line("steps.attestation_reason", {"note": note})), facts, table)
    return Verdict(Status.SUCCEEDED, (done,), facts, table)


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


#: What stands behind these is a person's word: no step reads it from a machine. (``activate`` is not among them:
#: the license server itself has to say that it is activated.)
ON_WORD = frozenset({"source-lost", "clearinghouse", "install-packs", "hosts-configure", "test-logon", "attestation"})


class Tick(NamedTuple):
    """One line of the checklist: ticked or not, after which steps and on whose word (sentences), and in ``text``
    what the tick stands for: what was seen or confirmed, never more."""

    item: ChecklistLine
    ticked: bool
    why: str
    text: str


def ticks(step: str, status: Status) -> bool:
    """Whether ``status`` of ``step`` is enough for the checklist: done, or a finding that leaves a way open.

    A step that could not be judged, or was skipped, is never ticked: a person has to have seen it.
    """
    return status in _DONE or (status is Status.FINDING and step in _FINDING_IS_ENOUGH)


def checklist(statuses: Mapping[str, Status], lang: str, items: tuple[ChecklistLine, ...] | None = None) -> list[Tick]:
    """The article's checklist against ``statuses`` (step id -> latest status). A line needs all its steps."""
    found = []
    for item in knowledge.checklist() if items is None else items:
        missing = [s for s in item.steps if not ticks(s, Status(statuses.get(s, Status.PENDING)))]
        found.append(Tick(item, not missing, _why(item, missing, lang), item.seen.of(lang)))
    return found


def _why(item: ChecklistLine, missing: list[str], lang: str) -> str:
    """What the steps read and what a person said, apart; what is open; what no step looked at."""

    def titles(steps: list[str]) -> str:
        return ", ".join(knowledge.step(step).title.of(lang) for step in steps)

    parts = []
    if missing:
        parts.append(say("steps.why_open", lang, steps=titles(missing)))
    else:
        read = [step for step in item.steps if step not in ON_WORD]
        said = [step for step in item.steps if step in ON_WORD]
        if read:
            parts.append(say("steps.why_done", lang, steps=titles(read)))
        if said:
            parts.append(say("record.why_said", lang, steps=titles(said)))
    if item.unseen is not None:
        parts.append(say("record.why_unseen", lang, what=item.unseen.of(lang)))
    return " ".join(parts)


__all__ = ["MANUAL", "ON_WORD", "PAPERS", "Tick", "attestation", "checklist", "inventory", "ticks"]

MANUAL = {"attestation": attestation}
