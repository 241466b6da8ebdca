"""Close: the papers that were attached, and the checklist ticked from what the steps came to."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from runbook.journal.context import Context
from runbook.journal.entries import attached, moment, no_longer_attached, said, yes
from runbook.journal.facts import Decided, Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.knowledge.records import ChecklistLine
from runbook.knowledge.text import Text
from runbook.steps.call_sheet import CallSheet
from runbook.steps.clearinghouse import Clearinghouse
from runbook.steps.install import CIM, InstallWay
from runbook.steps.proofs import Proofs
from runbook.steps.registry import manual
from runbook.words.sentences import say

#: The papers that are asked about, and what is said where one lacks.
PAPERS = {
    "clearinghouse_confirmation": "steps.attestation_lacks_clearinghouse_confirmation",
    "screenshots": "steps.attestation_lacks_screenshots",
    "decommissioning": "steps.attestation_lacks_decommissioning",
}

_OF_NOTHING_ASKED = ("decommissioning",)
_OF_CIM = ("clearinghouse_confirmation", "decommissioning")
_WAITING = {
    (*PAPERS,): "steps.attestation_waiting",
    _OF_CIM: "steps.attestation_waiting_cim",
    _OF_NOTHING_ASKED: "steps.attestation_waiting_nothing_asked",
}

#: With these a step's line of the checklist is ticked.
_DONE = frozenset({Status.SUCCEEDED, Status.ALREADY_DONE})
#: Where a finding is enough too: it says that another way is open, that a tool beside the point is missing, or
#: it is the state before the repair, which another step of the checklist verifies afterwards.
_FINDING_IS_ENOUGH = frozenset(
    {"preflight", "roles", "service", "network", "key-packs-before", "export-logs", "install-packs", "hosts-policy"}
)


class Attested(Facts):
    """Which papers a person says are there, which lack and why, and the files (``{path, sha256, size}``)."""

    step: ClassVar[str] = "attestation"
    papers: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    note: str = ""
    files: tuple[dict[str, Any], ...] = ()
    at: str = ""
    who: str = ""


@manual("attestation")
def attestation(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``clearinghouse_confirmation``, ``screenshots``, ``decommissioning`` (bool each), ``note``,
    and the attachments of all of them. A paper that is missing needs a reason, a paper that is there a file."""
    there_may_be = _papers_of(context)
    if not entries:
        return Verdict(Status.WAITING, (Line(_WAITING[there_may_be], {"case": context.case.name}),))
    files = attached(entries)
    given = {name for name in PAPERS for entry in entries if yes(entry, name)}
    lacking = [name for name in there_may_be if name not in given]
    note = next((said(entry, "note") for entry in reversed(entries) if said(entry, "note")), "")
    facts = Attested(
        papers=tuple(sorted(given)),
        lacking=tuple(lacking),
        note=note,
        files=tuple(files),
        at=moment(entries[-1]),
        who=str(entries[-1].get("who", "")),
    )
    table = tuple({"file": f["path"], "size": f["size"], "sha256": f["sha256"]} for f in files)
    if gone := no_longer_attached(context.case_folder, entries):
        lines = tuple(Line("steps.attestation_gone", {"file": path}) for path in gone)
        return Verdict(Status.FAILED, lines, facts, table)
    if given and not files and not note:
        return Verdict(Status.WAITING, (Line("steps.attestation_no_file"),), facts, table)
    names = ", ".join(Path(f["path"]).name for f in files)
    done = Line("steps.attestation_done" if files else "steps.attestation_none", {"count": len(files), "files": names})
    lacks = [Line(PAPERS[name]) for name in lacking]
    if lacking and not note:
        return Verdict(Status.WAITING, (*lacks, Line("steps.attestation_say_why")), facts, table)
    if lacking or not files:  # papers that a person says exist and that are not here tick nothing
        return Verdict(Status.FINDING, (done, *lacks, Line("steps.attestation_reason", {"note": note})), facts, table)
    if len(files) < len(given) and not note:  # one file may hold all of them: whoever attached it says so
        fewer = Line("steps.attestation_fewer", {"papers": len(given), "files": len(files), "case": context.case.name})
        return Verdict(Status.FINDING, (done, fewer), facts, table)
    return Verdict(Status.SUCCEEDED, (done,), facts, table)


def _papers_of(context: Context) -> tuple[str, ...]:
    """The papers that there can be by the way that was gone: a wizard that nobody opened leaves no pictures, and where
    nothing was asked for nobody confirms it."""
    if context.status.get("clearinghouse") is Status.SKIPPED:
        return _OF_NOTHING_ASKED
    return _OF_CIM if context.known(InstallWay).way == CIM else (*PAPERS,)


#: What stands behind these is a person's word: no step reads it from a machine. (``activate`` is not among them:
#: the license server itself has to say that it is activated.)
ON_WORD = frozenset({"source-lost", "clearinghouse", "install-packs", "hosts-configure", "test-logon", "attestation"})


class Tick(NamedTuple):
    """One line of the checklist: ticked or not (None: it has no place in the case), after which steps and on whose word
    (sentences), and in ``text`` what the tick stands for: what was seen or confirmed, never more."""

    item: ChecklistLine
    ticked: bool | None
    why: str
    text: str


def ticks(step: str, status: Status) -> bool:
    """Whether ``status`` of ``step`` is enough for the checklist: done, or a finding that leaves a way open.

    A step that could not be judged, or was skipped, is never ticked: a person has to have seen it. A line whose other
    steps are done is, where it says what it stands for without the one that was skipped.
    """
    return status in _DONE or (status is Status.FINDING and step in _FINDING_IS_ENOUGH)


def for_checklist(status: Status, told: Mapping[str, object] | None) -> Status:
    """A step that a person decided to be done was seen by nobody: it is never ticked."""
    return Status.NOT_JUDGED if (found := Decided.of(told)) and found.decided else status


def way_gone(step: str, told: Mapping[str, object] | None) -> str:
    """The way by which a step was gone, by the word of checklist.yml; "" where it has but one."""
    if step == Clearinghouse.step:
        return (Clearinghouse.of(told) or Clearinghouse()).channel
    if step == InstallWay.step:
        return (InstallWay.of(told) or InstallWay()).way
    if step == Proofs.step:
        proofs = Proofs.of(told) or Proofs()
        return "no-file" if proofs.packs and not proofs.files and not proofs.missing else ""
    if step == CallSheet.step:
        sheet = CallSheet.of(told) or CallSheet()
        return "no-server-id" if sheet.files and not sheet.server_id_known else ""
    return ""


def checklist(
    statuses: Mapping[str, Status],
    lang: str,
    items: tuple[ChecklistLine, ...] | None = None,
    ways: Iterable[str] = (),
    said: Container[str] = ON_WORD,
) -> list[Tick]:
    """The article's checklist against ``statuses`` (step id -> latest status). A line needs all its steps; what its
    tick stands for depends on the ``ways`` that were gone (:func:`way_gone`); ``said`` are the steps of which a person
    has said something that stands."""
    gone = set(ways)
    found = []
    for item in reference.checklist() if items is None else items:
        idle = [s for s in item.steps if statuses.get(s) == Status.SKIPPED]
        whole = len(idle) == len(item.steps)
        without = item.ways.get(SKIPPED if whole else PARTLY) if idle else None
        idle = idle if without else []
        missing = [s for s in item.steps if s not in idle and not ticks(s, Status(statuses.get(s, Status.PENDING)))]
        stands = without or next((item.ways[way] for way in item.ways if way in gone), item)
        why = _why(item, stands.unseen, missing, idle, said, lang)
        found.append(Tick(item, None if without and whole else not missing, why, stands.seen.of(lang)))
    return found


#: The ways of a line whose steps, all or some, have no place in the case.
SKIPPED, PARTLY = "skipped", "partly"


def _why(
    item: ChecklistLine, unseen: Text | None, missing: list[str], idle: list[str], told: Container[str], lang: str
) -> str:
    """What the steps read and what a person said, apart; what is open, or has no place; what no step looked at."""

    def titles(steps: list[str]) -> str:
        return ", ".join(reference.step(step).title.of(lang) for step in steps)

    parts = []
    if missing:
        parts.append(say("steps.why_open", lang, steps=titles(missing)))
    else:
        said = [step for step in item.steps if step in ON_WORD and step in told]
        read = [step for step in item.steps if step not in said and step not in idle]
        if read:
            parts.append(say("steps.why_done", lang, steps=titles(read)))
        if said:
            parts.append(say("record.why_said", lang, steps=titles(said)))
    if idle:
        parts.append(say("steps.why_idle", lang, steps=titles(idle)))
    if unseen is not None:
        parts.append(say("record.why_unseen", lang, what=unseen.of(lang)))
    return " ".join(parts)
