"""The life of a step: what it needs, whether it was done already, doing it, judging it, writing it down.

Nothing here knows what an answer means (that is ``verdicts``) or how it looks (that is ``show``). Every path ends
in one ``end`` line of the journal.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook import guard, knowledge, verdicts
from runbook.errors import RunbookError
from runbook.history import History
from runbook.host import Call, process
from runbook.host.again import keep_first_try, transient_error
from runbook.host.answer import read_answer
from runbook.host.evidence import listing, put_secrets_away, write_json
from runbook.host.script import BOM, SIGNATURE, as_run, is_signed
from runbook.journal import Entry
from runbook.knowledge import Step
from runbook.outcome import BAD, SATISFIED, Answer, Line, Status, Verdict
from runbook.run import Run, play_answers, will_change
from runbook.sentences import data_root, say

_DISK = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Text:
    """The PowerShell text of a cell: the step's own file, or what the operator made of it.

    ``data`` are the bytes that run, kept as script.ps1; ``path`` is the file that is run, ``own`` the step's file.
    """

    path: Path
    data: bytes
    own: Path
    edited: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def live(run: Run, step_id: str, cell_text: str | None = None) -> Entry:
    """Take one step through its life and return its ``end`` line.

    ``cell_text`` is what stands in the cell (None for steps without a script). Raises RunbookError only where
    nothing may go on at all: a kernel whose papermill has died starts no further step.
    """
    step = knowledge.step(step_id)
    if run.papermill_is_gone():
        raise RunbookError(say("run.orphan", run.lang))
    started = time.monotonic()
    try:
        verdict, extra = _live(run, step, cell_text)
    except Exception as error:
        # A fault of ours must not keep the other steps from running; it is written down like any other failure.
        verdict, extra = _own_fault(run, step, error), {}
    verdict = marked(verdict, step, run.host.kind)
    run.status[step_id] = verdict.status
    return run.journal.append(
        "end",
        run=run.name,
        step=step_id,
        status=verdict.status,
        seconds=round(time.monotonic() - started, 3),
        lines=[{"key": line.key, "fields": line.fields} for line in verdict.lines],
        facts=verdict.facts,
        table=list(verdict.table),
        columns=list(verdict.table[0]) if verdict.table else [],  # the journal sorts keys
        hints=list(verdict.hints),
        by="kernel",
        **extra,
    )


def _live(run: Run, step: Step, cell_text: str | None) -> tuple[Verdict, dict[str, Any]]:
    missing = [need for need in step.needs if run.status.get(need, Status.PENDING) not in SATISFIED]
    history = run.history()
    if will_change(step, run.applied) or _was_begun(history, step):
        return _change(run, step, cell_text, missing, history)
    if missing:
        return _not_reached(run, missing), {}
    if needless := _needless(run, step):
        return needless, {}
    if run.case.draft and step.kind != "check" and not run.case_optional:
        return Verdict(Status.WAITING, (Line("run.fill_in_case"),)), {}
    match step.kind:
        case "manual":
            play_answers(run, step)
            context = run.context(step.id)
            return verdicts.MANUAL[step.id](context, list(context.confirms[step.id])), _evidence(run, step)
        case "local":
            return verdicts.LOCAL[step.id](run.context(step.id)), _evidence(run, step)
        case "change":  # not named in apply: shown, not done
            return _wait_apply(step), {}
        case _:
            return _check(run, step, cell_text, history)


def marked(verdict: Verdict, step: Step, host: str) -> Verdict:
    """The verdict with the mark of a script that nobody has yet seen right on a server; a rehearsal runs none."""
    mark = Line("host.unproven")
    idle = verdict.status in (Status.NOT_REACHED, Status.SKIPPED) or mark in verdict.lines
    if host in ("rehearsal", "files") or idle or not step.script or not knowledge.is_unproven(step.id):
        return verdict
    return replace(verdict, lines=(*verdict.lines, mark))


def _own_fault(run: Run, step: Step, error: Exception) -> Verdict:
    if isinstance(error, OSError) and error.errno in _DISK:
        raise error  # what cannot be written down must not go on
    if isinstance(error, process.NotStarted):
        return Verdict(Status.FAILED, (Line("run.not_started", {"why": f"{error.filename}: {error.strerror}"}),))
    if isinstance(error, RunbookError):
        return Verdict(Status.FAILED, (Line("run.step_error", {"text": str(error)}),))
    folder = run.path / step.id
    folder.mkdir(exist_ok=True)
    told = "".join(traceback.format_exception(error))
    (folder / "internal-error.txt").write_text(told, encoding="utf-8", newline="\n")
    fields = {"type": type(error).__name__, "file": f"{run.name}/{step.id}/internal-error.txt"}
    return Verdict(Status.FAILED, (Line("run.internal_error", fields),))


def _needless(run: Run, step: Step) -> Verdict | None:
    """Why nothing is to be done, known before any script is started: the case has no session hosts, or only files
    that were brought from elsewhere are read. None where the step is to be taken."""
    if step.script and run.host.kind == "files":
        return Verdict(Status.SKIPPED, (Line("run.files_only"),))
    skip = verdicts.SKIPS.get(step.id)
    return skip(run.context(step.id)) if skip else None


def _not_reached(run: Run, missing: list[str]) -> Verdict:
    """Not reached, and what it was that stood in the way."""
    return Verdict(Status.NOT_REACHED, (Line("run.not_reached", {"needs": ", ".join(missing)}),))


def _wait_apply(step: Step) -> Verdict:
    """A change that was not named in ``apply``: shown with its undo, not done."""
    return Verdict(Status.WAITING, (Line("run.wait_apply", {"step": step.id}),))


# -- checks


def _check(run: Run, step: Step, cell_text: str | None, history: History) -> tuple[Verdict, dict[str, Any]]:
    text = _text_of(run, step, cell_text)
    if step.frozen and (first := history.first_success(step.id)):
        kept = _kept(run, first, text, history, step)
        return kept, {"of": {"run": first["run"], "n": first["n"]}}
    begun = _begin(run, step, text, attempt=history.attempts(step.id) + 1)
    ended, answer = _ask(run, step, text, begun)
    tried: tuple[Line, ...] = ()
    if (passing := transient_error(step, answer)) is not None:
        keep_first_try(answer.folder)
        run.journal.append("again", run=run.name, step=step.id, error=passing, exit_code=ended.exit_code)
        tried = (Line("host.tried_again", {"error": passing}),)
        ended, answer = _ask(run, step, text, begun)
    verdict = _judge(run, step, ended, answer)
    verdict = replace(verdict, lines=(*tried, *verdict.lines))
    extra = {"exit_code": ended.exit_code, "script_sha256": text.sha256, "edited": text.edited}
    return verdict, {**extra, **_evidence(run, step)}


def _ask(run: Run, step: Step, text: Text, begun: Entry) -> tuple[process.Ended, Answer]:
    """Run a check's script once."""
    call = _call(run, step, text)
    try:
        ended = process.run(run.host.command(call), call.folder, begun["time_limit"])
    finally:
        put_secrets_away(call.folder, run.folder.private(), f"{step.id}-{run.name}")
    return ended, read_answer(call.folder, ended, begun["encoding"])


def _kept(run: Run, first: Entry, text: Text, history: History, step: Step) -> Verdict:
    """A success that later runs are held to; refused where the script is no longer the one that succeeded."""
    accepted = {first.get("script_sha256"), history.accepted_script(step.id)}
    if text.sha256 not in accepted:
        return Verdict(
            Status.WAITING,
            (Line("run.script_changed", {"step": step.id, "run": first["run"], "case": run.folder.name}),),
        )
    lines = [Line("run.already_done", {"run": first["run"], "at": first["t"][:16].replace("T", " ")})]
    lines += [Line(line["key"], line["fields"]) for line in first["lines"]]
    order = dict.fromkeys(first.get("columns") or [])  # the journal sorts the keys of its lines
    table = tuple({key: row[key] for key in (order | row) if key in row} for row in first["table"])
    return Verdict(Status.ALREADY_DONE, tuple(lines), first["facts"], table, tuple(first["hints"]))


# -- changes


def _was_begun(history: History, step: Step) -> bool:
    """True for a step whose script has made the change, or may have, whatever is named in apply now."""
    if step.kind == "check":
        return False
    decided = history.decided(step.id)
    settled = decided is not None and decided["outcome"] == "done"
    return settled or history.made(step.id) is not None or history.open_begin(step.id) is not None


def _change(
    run: Run, step: Step, cell_text: str | None, missing: list[str], history: History
) -> tuple[Verdict, dict[str, Any]]:
    """A change: never twice, never again on a guess, only under the guard."""
    text = _text_of(run, step, cell_text)
    if done := history.made(step.id):
        return _kept(run, done, text, history, step), {"of": {"run": done["run"], "n": done["n"]}}
    if begun := history.open_begin(step.id):
        return _recover(run, step, begun, history)
    if (decided := history.decided(step.id)) and decided["outcome"] == "done":
        fields = {"who": decided["who"], "reason": decided["reason"]}
        return Verdict(Status.ALREADY_DONE, (Line("run.decided_done", fields),)), {}
    if missing:
        return _not_reached(run, missing), {}
    if needless := _needless(run, step):
        return needless, {}
    if run.case.draft:
        return Verdict(Status.WAITING, (Line("run.fill_in_case"),)), {}
    if not will_change(step, run.applied):
        return _wait_apply(step), {}
    attempt = history.attempts(step.id) + 1
    call = _call(run, step, text)
    begun = _begin(run, step, text, attempt)
    spec = {
        "case": str(run.folder.path),
        "run": run.name,
        "step": step.id,
        "attempt": attempt,
        "argv": run.host.command(call),
        "limit": begun["time_limit"],
        "folder": str(call.folder),
        "private": str(run.folder.private()),
    }
    try:
        guard.start(spec, call.folder).wait()
    except OSError as error:
        guard.not_started(spec, error, by="kernel")
    return _recover(run, step, begun, run.history())


def _recover(run: Run, step: Step, begun: Entry, history: History) -> tuple[Verdict, dict[str, Any]]:
    """Judge a change by what its guard wrote down; where nobody wrote anything down, it is unknown."""
    ran = history.ran(begun)
    if ran and ran.get("not_started"):
        return Verdict(Status.FAILED, (Line("run.not_started", {"why": ran["not_started"]}),)), _evidence(run, step)
    if ran is None or ran["timed_out"]:
        lines = [
            Line(
                "run.unknown_timed_out" if ran else "run.unknown",
                {"step": step.id, "run": begun["run"], "case": run.folder.name},
            )
        ]
        return Verdict(Status.UNKNOWN, tuple(lines)), {"of": {"run": begun["run"], "n": begun["n"]}}
    ended = process.Ended(ran["exit_code"], ran["seconds"])
    answer = read_answer(run.folder.run(begun["run"]) / step.id, ended, begun.get("encoding", "utf-8"))
    verdict = _judge(run, step, ended, answer)
    extra = {"exit_code": ended.exit_code, "script_sha256": begun["script_sha256"], "edited": begun["edited"]}
    return verdict, {**extra, **_evidence(run, step, begun["run"])}


# -- shared


def _text_of(run: Run, step: Step, cell_text: str | None) -> Text:
    """An untouched cell runs the step's own text (a signed file runs itself), an edited one what it says."""
    own = data_root() / "notebooks" / "steps" / f"{step.script}.ps1"
    raw = own.read_bytes()
    copy = run.path / step.id / "script.ps1"
    if cell_text is None or same_text(cell_text, raw.decode("utf-8-sig")):
        return Text(own if is_signed(raw) else copy, as_run(raw), own, edited=False)
    return Text(copy, BOM + cell_text.encode("utf-8"), own, edited=True)


def same_text(cell: str, file: str) -> bool:
    """Whether a cell still says what its file says: line ends, trailing blank lines and a signature aside."""
    return _normal(cell) == _normal(file.split(SIGNATURE)[0])


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _begin(run: Run, step: Step, text: Text, attempt: int) -> Entry:
    folder = run.path / step.id
    folder.mkdir(exist_ok=True)
    (folder / "script.ps1").write_bytes(text.data)
    if text.edited:
        shutil.copyfile(text.own, folder / "script-original.ps1")
    call = Call(step.id, text.path, folder, {}, step.time_limit, run.number)
    return run.journal.append(
        "begin",
        run=run.name,
        step=step.id,
        kind=step.kind,
        attempt=attempt,
        script_sha256=text.sha256,
        edited=text.edited,
        time_limit=run.host.limit(call),
        encoding=run.host.encoding(call),
    )


def _call(run: Run, step: Step, text: Text) -> Call:
    """The call of a step's script, its in.json written."""
    context = run.context(step.id)
    make: Callable[..., dict[str, Any]] = verdicts.INPUTS.get(step.id, lambda _: {})
    inputs = make(context)
    write_json(context.step_folder / "in.json", inputs)
    return Call(step.id, text.path, context.step_folder, inputs, step.time_limit, run.number)


def _judge(run: Run, step: Step, ended: process.Ended, answer: Answer) -> Verdict:
    if ended.timed_out:
        return Verdict(Status.TIMED_OUT, (Line("run.timed_out", {"seconds": round(ended.seconds)}),))
    context = replace(run.context(step.id), step_folder=answer.folder)
    verdict = verdicts.JUDGES[step.id](context, answer)
    if answer.damaged:
        verdict = replace(verdict, lines=(*verdict.lines, Line("host.damaged")))
    return verdict


def _evidence(run: Run, step: Step, in_run: str | None = None) -> dict[str, Any]:
    folder = run.folder.run(in_run or run.name) / step.id
    return {"evidence": listing(folder, run.folder.path)} if folder.is_dir() else {}


def outcome_of(statuses: dict[str, Status], steps: tuple[str, ...]) -> str:
    """What a run has come to: "failed", "waiting" (something is still to be done) or "done"."""
    found = [statuses.get(step, Status.PENDING) for step in steps]
    if any(status in BAD for status in found):
        return "failed"
    return "done" if all(status in SATISFIED for status in found) else "waiting"
