"""The copies there are: each looked at again, the second place, the old ones, and what the backup has come to."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.history import History
from runbook.journal.outcome import BAD, SATISFIED, Line, Status, Verdict
from runbook.journal.parts import Of
from runbook.steps import dated_copies
from runbook.steps.answer_shape import Answered, Fault, Flag, Int
from runbook.steps.backup import ShadowCopy, told, unless_applied
from runbook.steps.dated_copies import CopiedFile, CopiesAnswer
from runbook.steps.key_packs import Inventory
from runbook.steps.registry import CASE_LINE, Attempt, local, script, verification
from runbook.steps.secure import (
    DESTINATION,
    ROBOCOPY_FAILS,
    CopyMade,
    FolderCopy,
    log_path,
    stood,
)


class SecondCopyAnswer(Answered):
    """backup-second-copy: the newest copy carried to a second place. The service is never touched.

    The manifest is copied last, so that a copy which broke off has none. ``faulty`` names files whose hash
    differs at the second place or that are missing there.
    """

    source: str
    destination: str
    reachable: Flag
    robocopy_exit_code: Int | None
    files: list[CopiedFile]
    faulty: list[str]
    manifest_copied: Flag
    fault: Fault | None


class RemovedCopy(Answered):
    """One copy that was to go. ``refused``: why it was left ("name", "absent", or "newest": it is the newest one or
    younger, or the newest one was not found)."""

    name: str
    refused: str | None
    removed: Flag
    fault: Fault | None


class RetentionAnswer(Answered):
    """backup-retention: old copies removed, the newest good one looked at first."""

    destination: str
    newest: str
    newest_present: Flag
    newest_fault: Fault | None = None  # why it could not be looked at
    removed: list[RemovedCopy]


def _no_second(context: Context) -> str | None:
    if not context.case.backup.second_copy:
        return "backup.skip_no_second"
    return None if _copies(context).newest_whole else "backup.skip_no_copy"


def _nothing_old(context: Context) -> str | None:
    return None if _copies(context).to_remove else "backup.skip_nothing_old"


def _old_input(context: Context) -> dict[str, Any]:
    return {
        "Destination": _place(context),
        "Newest": _copies(context).newest_whole or "",
        "Names": list(_copies(context).to_remove),
    }


def _second_input(context: Context) -> dict[str, Any]:
    newest = _copies(context).carry or ""
    return {
        "Source": f"{_place(context)}\\{newest}",
        "Destination": context.case.backup.second_copy or "",
        "LogPath": log_path(context),
    }


def _carried(context: Context) -> list[Of]:
    """What the second place is to hold: this copy, there."""
    name, place = _copies(context).carry, context.case.backup.second_copy
    return [Of(f"{place}\\{name}", name)] if name and place else []


def _doomed(context: Context) -> list[Of]:
    """What retention is to remove, as this run has read it: one that was left is to be removed still, one that went is
    not taken away twice."""
    names = [name for name in _copies(context).to_remove if name not in _removed(context)]
    return [Of(f"{context.run_folder.name}/{name}", name) for name in names]


def _removed(context: Context) -> set[str]:
    """The copies that retention has taken away in this case: they are not lost."""
    ends = context.history.ends(Retention.step)
    return {name for end in ends if (kept := Retention.of(end.get("facts"))) for name in kept.removed}


def _copies(context: Context) -> Copies:
    """What was seen of the copies in this case; nothing where nobody looked."""
    return context.known(Copies)


def _place(context: Context) -> str:
    return (_copies(context).destination or context.case.backup.destination or "").rstrip("\\")


class Copies(Facts):
    """The dated copies of the destination by their names: the good, the newest of each kind, those to remove, the
    state of each (``dated_copies``); ``carry`` goes to the second place, ``lost`` were made by this case and are gone.
    Sizes in bytes."""

    step: ClassVar[str] = "backup-copies"
    destination: str = ""
    good: tuple[str, ...] = ()
    newest_good: str | None = None
    newest_whole: str | None = None
    future: tuple[str, ...] = ()
    to_remove: tuple[str, ...] = ()
    states: dict[str, str] = Field(default_factory=dict)
    bytes: int = 0
    free_bytes: int | None = None
    carry: str | None = None
    lost: tuple[str, ...] = ()


#: The copies of the folder that a run can make.
WAYS: tuple[type[CopyMade], ...] = (FolderCopy, ShadowCopy)


@script(
    "backup-copies",
    CopiesAnswer,
    given=lambda context: {"Destination": context.case.backup.destination or ""},
    wants=DESTINATION,
)
def copies(context: Context, seen: CopiesAnswer) -> Verdict:
    """Every copy read again. The one that this run made has to be good; older ones that are not are told."""
    found = dated_copies.newest_first(seen.copies, seen.collected_at, copies_made(context.history))
    future = dated_copies.from_the_future(seen.copies, seen.collected_at)
    good = [copy.name for copy in found if copy.good]
    case = context.case.backup
    doomed = dated_copies.to_remove(found, case.keep, case.keep_days, seen.collected_at)
    table = tuple(
        {
            "copy": copy.name,
            "state": dated_copies.STATES[copy.state],
            "files": copy.files,
            "size": copy.size,
            "fate": "backup.fate_remove" if copy.name in doomed else "backup.fate_keep",
        }
        for copy in found
    )
    made = [_leaf(own.destination) for kind in WAYS if (own := context.facts(kind)) and own.manifest]
    # A state that esentutl did not tell is a finding of the step that made the copy, and no more here.
    bad_made = [copy for copy in found if copy.name in made and not copy.whole and copy.state != "unjudged"]
    there = {copy.name for copy in found} | set(future) | _removed(context)
    lost = [name for name in made if name not in there]
    # To the second place goes what was made now, the clean one first; else the newest.
    mine = sorted((c for c in found if c.name in made and c.whole), key=lambda c: not c.good)
    whole = [copy.name for copy in found if copy.whole]
    facts = Copies(
        destination=seen.destination,
        good=tuple(good),
        newest_good=good[0] if good else None,
        newest_whole=whole[0] if whole else None,
        future=tuple(future),
        to_remove=tuple(doomed),
        states={copy.name: copy.state for copy in found},
        bytes=sum(copy.size for copy in found),
        free_bytes=seen.free_bytes,
        carry=mine[0].name if mine else whole[0] if whole else None,
        lost=tuple(lost) if seen.answers else (),
    )
    lines: list[Line] = []
    if not seen.answers and made:
        return Verdict(Status.FAILED, (Line("backup.copies_unreachable", {"place": seen.destination}),), facts)
    for copy in bad_made:
        fields = {"copy": copy.name, "state": dated_copies.STATES[copy.state], "files": ", ".join(copy.wrong) or "—"}
        lines.append(Line("backup.copies_new_bad", fields))
    lines += [Line("backup.copies_new_gone", {"copy": name}) for name in lost]
    if lines:
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    replay = [copy.name for copy in found if copy.state == dated_copies.REPLAY]
    other = [copy.name for copy in found if not copy.whole]
    if whole:
        counted = {"count": len(whole), "newest": whole[0], "bytes": facts.bytes, "remove": len(doomed)}
        lines.append(Line("backup.copies_ok", counted))
    else:
        lines.append(Line("backup.copies_none", {"place": seen.destination}))
    if replay:
        lines.append(Line("backup.copies_replay", {"copies": ", ".join(replay)}))
    if other:
        lines.append(Line("backup.copies_other", {"copies": ", ".join(other)}))
    if future:
        lines.append(Line("backup.copies_future", {"copies": ", ".join(future)}))
    later = dated_copies.dated_later(found)
    if later:
        lines.append(Line("backup.copies_later", {"copies": ", ".join(later), "newest": whole[0]}))
    right = whole and not other and not future and not later
    return Verdict(Status.SUCCEEDED if right else Status.FINDING, tuple(lines), facts, table)


_MAKE_COPIES = ("backup", *(kind.step for kind in WAYS))
_MADE = frozenset({Status.SUCCEEDED, Status.FINDING})


def copies_made(history: History) -> list[str]:
    """The names of the copies that this case has made, in the order of its journal, by whatever notebook and way."""
    ends = (end for step in _MAKE_COPIES for end in history.ends(step) if end["status"] in _MADE)
    found = {_leaf(end["facts"].get("destination")): end["n"] for end in ends if end.get("facts")}
    return sorted((name for name in found if name), key=lambda name: found[name])


@verification("backup", by="backup-copies")
@verification("backup-folder", by="backup-copies")
@verification("backup-vss", by="backup-copies")
def copy_seen(context: Context, attempt: Attempt, seen: CopiesAnswer) -> Verdict | None:
    """Its folder is dated when the script began, and its list of files is written last: a whole copy of that time was
    made, a folder without a list was not finished; on a drive that answers, a place that is not there holds none.
    Anything else, and a place that does not answer, is for a person."""
    if not seen.answers:
        return None
    way = "vss" if attempt.step == ShadowCopy.step else "stop"
    others = {_leaf(end["facts"].get("destination")) for step in _MAKE_COPIES for end in context.history.ends(step)}
    judged = [dated_copies.judge(copy) for copy in seen.copies if copy.name not in others]
    mine = [copy for copy in judged if attempt.since <= copy.at <= attempt.until and copy.way in ("", way)]
    if made := next((copy for copy in mine if copy.whole), None):
        place = seen.destination.rstrip("\\") + "\\" + made.name
        facts = CopyMade(
            source=made.manifest.source if made.manifest else "",
            destination=place,
            clean_shutdown=made.good,
            files=made.files,
            bytes=made.size,
            manifest=f"{place}.json",
        )
        return Verdict(Status.FINDING, (Line("backup.seen_made", {"copy": place, "files": made.files}),), facts)
    if any(copy.state != "no_manifest" for copy in mine):
        return None
    left = ", ".join(copy.name for copy in mine) or "—"
    return Verdict(Status.FAILED, (Line("backup.seen_not_made", {"place": seen.destination, "left": left}),))


class SecondCopy(Facts):
    """The copy at the second place: how many files, and which of them are not the same there."""

    step: ClassVar[str] = "backup-second-copy"
    destination: str = ""
    files: int = 0
    faulty: tuple[str, ...] = ()


@script(
    "backup-second-copy",
    SecondCopyAnswer,
    given=_second_input,
    needless=unless_applied("backup-second-copy", _no_second),
    asked=_carried,
    wants={"Source": (CASE_LINE, "backup.destination"), "Destination": (CASE_LINE, "backup.second_copy")},
)
def second_copy(context: Context, seen: SecondCopyAnswer) -> Verdict:
    """The first copy stays whatever happens here, and the service is not touched: a failure says both."""
    facts = SecondCopy(destination=seen.destination, files=len(seen.files), faulty=tuple(seen.faulty))
    if not seen.reachable:
        place = context.case.backup.second_copy or seen.destination
        return Verdict(Status.FAILED, (Line("backup.second_unreachable", {"place": place}),), facts)
    if seen.fault is not None and seen.fault.kind == "FirstCopyNotGood":
        return Verdict(Status.FAILED, (Line("backup.second_of_a_bad_one", {"message": told(seen.fault)}),), facts)
    if seen.fault is not None and seen.fault.kind == "NoSecondPlace":
        place = context.case.backup.second_copy or seen.destination
        line = Line("backup.second_misplaced", {"place": place, "message": told(seen.fault)})
        return Verdict(Status.FAILED, (line,), facts)
    code = seen.robocopy_exit_code
    if seen.fault is not None or (code is not None and (code < 0 or code >= ROBOCOPY_FAILS)):
        fields = {"place": seen.destination, "code": code if code is not None else "—", "message": told(seen.fault)}
        hints = hints_for("exit", code) if code else ()
        return Verdict(Status.FAILED, (Line("backup.second_lost", fields),), facts, hints=hints)
    if seen.faulty or not seen.manifest_copied:
        fields = {"place": seen.destination, "files": ", ".join(seen.faulty) or "—"}
        return Verdict(Status.FAILED, (Line("backup.second_differs", fields),), facts)
    fields = {"place": seen.destination, "files": len(seen.files)}
    return Verdict(Status.SUCCEEDED, (Line("backup.second_ok", fields),), facts)


#: Why a copy that was to go is still there; None: the fault says it.
_LEFT = {
    "name": "backup.left_name",
    "newest": "backup.left_newest",
    "absent": "backup.left_absent",
    None: "backup.left_fault",
}


class Retention(Facts):
    """The copies that went, that were left, and the newest, which has to stay."""

    step: ClassVar[str] = "backup-retention"
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    newest: str = ""


@script(
    "backup-retention",
    RetentionAnswer,
    given=_old_input,
    needless=unless_applied("backup-retention", _nothing_old),
    asked=_doomed,
    wants=DESTINATION,
)
def retention(context: Context, seen: RetentionAnswer) -> Verdict:
    """What went, what was left and why."""
    gone = [row.name for row in seen.removed if row.removed]
    left = [row for row in seen.removed if not row.removed and row.refused != "absent"]
    facts = Retention(removed=tuple(gone), left=tuple(row.name for row in left), newest=seen.newest)
    table = tuple(
        {
            "copy": row.name,
            "state": "backup.removed" if row.removed else _LEFT[row.refused],
        }
        for row in seen.removed
    )
    if left:
        why = next(iter(_faults(left)), seen.newest_fault)
        fields = {"copies": ", ".join(row.name for row in left), "message": told(why)}
        return Verdict(Status.FAILED, (Line("backup.retention_left", fields),), facts, table)
    if not gone:
        return Verdict(Status.SUCCEEDED, (Line("backup.retention_none", {"newest": seen.newest}),), facts, table)
    fields = {"copies": ", ".join(gone), "newest": seen.newest}
    done = Line("backup.retention_ok", fields)
    logs = [
        Line("backup.retention_log_left", {"copy": row.name, "message": told(row.fault)})
        for row in seen.removed
        if row.removed and row.fault is not None
    ]
    return Verdict(Status.FINDING if logs else Status.SUCCEEDED, (done, *logs), facts, table)


class Report(Facts):
    """The backup of this run: the copy to restore from, and what stands beside it. ``seconds_stopped`` is the longest
    stop of the service."""

    step: ClassVar[str] = "backup-report"
    made: bool = False
    way: str = ""
    destination: str | None = None
    manifest: str | None = None
    files: int = 0
    bytes: int = 0
    seconds_stopped: float | int | None = None
    system_state: bool = False
    second_copy: bool = False
    unissued: int | None = None


@local("backup-report")
def report(context: Context) -> Verdict:
    """Where the backup is, how large, how long the service stood still, what it can and cannot bring back."""
    done = SATISFIED - {Status.SKIPPED}
    made = {k.step: context.known(k) for k in WAYS if context.status.get(k.step) in done}
    seen_lost = _copies(context).lost if context.status.get("backup-copies") == Status.FAILED else ()
    lost = {*seen_lost, *_removed(context)}
    gone = [step for step, copy in made.items() if _leaf(copy.destination) in lost]
    made = {step: copy for step, copy in made.items() if step not in gone}
    name = context.case.name
    if gone and not made:
        return Verdict(Status.FINDING, (Line("backup.report_gone"),), Report(made=False))
    if not made:
        tried = any(context.status.get(kind.step) in BAD for kind in WAYS)
        refused = context.status.get("backup-plan") == Status.FAILED
        key = "backup.report_failed" if tried or refused else "backup.report_nothing"
        status = Status.FINDING if tried or refused else Status.WAITING
        looked = context.status.get("backup-copies") in SATISFIED
        older = _copies(context).newest_whole if looked else None
        if key == "backup.report_failed" and not looked:
            key = "backup.report_failed_unseen"
        if key == "backup.report_failed" and not older:
            key = "backup.report_failed_none"
        return Verdict(status, (Line(key, {"newest": older or "", "case": name}),), Report(made=False))
    # The clean copy first: it is the one to restore from.
    way = next((step for step, copy in made.items() if copy.clean_shutdown), next(iter(made)))
    inventory = context.facts(Inventory)
    facts = Report(
        made=True,
        way=way,
        destination=made[way].destination,
        manifest=made[way].manifest,
        files=made[way].files,
        bytes=made[way].bytes,
        seconds_stopped=max(float(copy.seconds_stopped or 0) for copy in made.values()),
        system_state=context.status.get("backup-system-state") in (Status.SUCCEEDED, Status.ALREADY_DONE),
        second_copy=context.status.get("backup-second-copy") in (Status.SUCCEEDED, Status.ALREADY_DONE),
        unissued=inventory.unissued if inventory else None,
    )
    seconds = stood(facts.seconds_stopped)
    lines = [
        Line("backup.report_where", copy.model_dump(include={"destination", "files", "bytes", "manifest"}))
        for _, copy in sorted(made.items(), key=lambda each: each[0] != way)
    ]
    lines.append(Line("backup.report_stopped" if seconds else "backup.report_not_stopped", {"seconds": seconds}))
    lines.append(Line("backup.report_can"))
    unissued = "?" if facts.unissued is None else facts.unissued
    lines.append(Line("backup.report_cannot", {"unissued": unissued}))
    lacks = []
    if not facts.system_state:
        lacks.append(Line("backup.report_no_state"))
    if not facts.second_copy:
        lacks.append(Line("backup.report_one_place"))
    return Verdict(Status.FINDING if lacks else Status.SUCCEEDED, (*lines, *lacks), facts)


def _leaf(path: str | None) -> str:
    return (path or "").rstrip("\\").rpartition("\\")[2]


def _faults(rows: list[Any]) -> list[Fault]:
    return [row.fault for row in rows if row.fault is not None]
