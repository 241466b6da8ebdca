"""The life of a step: what it needs, whether it was done already, doing it, judging it, writing it down.

Nothing here knows what an answer means (that is ``steps``) or how it looks (that is ``show``). Every path ends
in one ``end`` line of the journal.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from runbook.case.identifiers import mask_all
from runbook.errors import RunbookError
from runbook.files import listing, write_json
from runbook.host import at_work, guard, process, remoting
from runbook.host.again import keep_first_try, transient_error
from runbook.host.answer import read_answer
from runbook.host.call import Call
from runbook.host.evidence import put_secrets_away, secret_input
from runbook.host.script import BOM, as_run, is_signed
from runbook.journal import parts
from runbook.journal.context import Context
from runbook.journal.facts import Decided, Retold
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import BAD, SATISFIED, Answer, Line, Status, Verdict
from runbook.journal.parts import Of, Tried
from runbook.knowledge import reference
from runbook.knowledge.reference import Step
from runbook.run import settling
from runbook.run.opening import Run, play_answers, will_change
from runbook.steps import guards, line, purpose, registry
from runbook.steps.purpose import Purpose
from runbook.words.sentences import data_root, say

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
    step = reference.step(step_id)
    if run.papermill_is_gone():
        raise RunbookError(say("run.orphan", run.lang))
    started = time.monotonic()
    try:
        verdict, extra = _live(run, step, cell_text)
    except Exception as error:
        # A fault of ours must not keep the other steps from running; it is written down like any other failure.
        verdict, extra = _own_fault(run, step, error), {}
    verdict = guards.as_attached(run.folder.path, run.history().standing(step_id), verdict)
    verdict = marked(verdict, step, run.host.kind)
    run.status[step_id] = verdict.status
    return run.journal.append(
        "end",
        run=run.name,
        step=step_id,
        status=verdict.status,
        seconds=round(time.monotonic() - started, 3),
        lines=[{"key": line.key, "fields": line.fields} for line in verdict.lines],
        facts=verdict.told,
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
    context = run.context(step.id)
    if needless := _needless(run, step, context):
        return needless, {}
    if run.case.draft and step.kind != "check" and not run.case_optional:
        return Verdict(Status.WAITING, (Line("run.fill_in_case"),)), {}
    match step.kind:
        case "manual":
            if play_answers(run, step):
                context = run.context(step.id)
            return registry.doing(step.id).manual(context, list(context.confirms[step.id])), _evidence(run, step)
        case "local":
            return registry.doing(step.id).local(context), _evidence(run, step)
        case "change":  # not named in apply: shown, not done
            return _wait_apply(step, context), {}
        case _:
            return _check(run, step, cell_text, history, context)


def marked(verdict: Verdict, step: Step, host: str) -> Verdict:
    """The verdict with the mark of a script that nobody has yet seen right on a server; a rehearsal runs none."""
    mark = Line("host.unproven")
    idle = verdict.status in (Status.NOT_REACHED, Status.SKIPPED) or mark in verdict.lines
    if host in ("rehearsal", "files") or idle or not step.script or not reference.is_unproven(step.id):
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


def _needless(run: Run, step: Step, context: Context) -> Verdict | None:
    """Why nothing is to be done, known before any script is started: the case has no session hosts, only files
    that were brought from elsewhere are read, or nobody said where to look. None where the step is to be taken."""
    if step.script and run.host.kind == "files":
        return Verdict(Status.SKIPPED, (Line("run.files_only"),))
    return registry.doing(step.id).needless(context) or guards.waits(context, step.id)


def _not_reached(run: Run, missing: list[str]) -> Verdict:
    """Not reached, and what it was that stood in the way."""
    return Verdict(Status.NOT_REACHED, (Line("run.not_reached", {"needs": [f"title.{need}" for need in missing]}),))


def _wait_apply(step: Step, context: Context) -> Verdict:
    """A change that was not named in ``apply``: shown with its undo, not done; not offered where it would wait."""
    refused = guards.refused(context, step.id)
    if refused and refused.status is Status.WAITING:
        return refused
    return Verdict(Status.WAITING, (Line("run.wait_apply", {"step": step.id}),))


# -- checks


def _check(
    run: Run, step: Step, cell_text: str | None, history: History, context: Context
) -> tuple[Verdict, dict[str, Any]]:
    text = _text_of(run, step, cell_text)
    if step.frozen and (first := context.history.kept_reading(step.id)):
        kept = _judged_again(run, step, first, _kept(run, first, text, history, step), context)
        of = {"of": {"run": first["run"], "n": first["n"]}}
        if kept.status is not Status.ALREADY_DONE or not registry.doing(step.id).again(context):
            return kept, of
        begun = _begin(run, step, text, attempt=history.attempts(step.id) + 1)
        ended, answer = _ask(run, step, text, begun, context)
        extra = {**of, "exit_code": ended.exit_code, "script_sha256": text.sha256, "edited": text.edited}
        return registry.doing(step.id).since(context, kept, answer), {**extra, **_evidence(run, step)}
    begun = _begin(run, step, text, attempt=history.attempts(step.id) + 1)
    ended, answer = _ask(run, step, text, begun, context)
    tried: tuple[Line, ...] = ()
    if (passing := transient_error(step, answer)) is not None:
        keep_first_try(answer.folder)
        run.journal.append("again", run=run.name, step=step.id, error=passing, exit_code=ended.exit_code)
        tried = (Line("host.tried_again", {"error": passing}),)
        ended, answer = _ask(run, step, text, begun, context)
    verdict = _judge(context, step, ended, answer)
    verdict = replace(verdict, lines=(*tried, *verdict.lines))
    extra = {"exit_code": ended.exit_code, "script_sha256": text.sha256, "edited": text.edited}
    return verdict, {**extra, **_evidence(run, step)}


def _judged_again(run: Run, step: Step, first: Entry, kept: Verdict, context: Context) -> Verdict:
    """A reading is kept as a reading: what it means is judged with the case as it is now. ``kept`` where it waits,
    or where what was read no longer lies there as it was."""
    folder = run.folder.run(first["run"]) / step.id
    said = {file["path"]: file["sha256"] for file in first.get("evidence") or []}
    there = {file["path"]: file["sha256"] for file in listing(folder, run.folder.path)} if folder.is_dir() else {}
    out = f"{first['run']}/{step.id}/out.json"
    if kept.status is not Status.ALREADY_DONE or out not in said or said[out] != there.get(out):
        return kept
    verdict = _judge(context, step, process.Ended(0, 0.0), read_answer(folder, process.Ended(0, 0.0)))
    return replace(verdict, status=Status.ALREADY_DONE, lines=(kept.lines[0], *verdict.lines))


def _ask(run: Run, step: Step, text: Text, begun: Entry, context: Context) -> tuple[process.Ended, Answer]:
    """Run a check's script once."""
    call = _call(run, step, text, context)
    try:
        ended = process.run(run.host.command(call), call.folder, begun["time_limit"])
        ended = remoting.as_there(call.folder, ended)
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
    return Verdict(Status.ALREADY_DONE, tuple(lines), Retold(**first["facts"]), table, tuple(first["hints"]))


# -- changes


def _was_begun(history: History, step: Step) -> bool:
    """True for a step whose script has made the change, or may have, whatever is named in apply now."""
    return step.kind != "check" and bool(history.begins(step.id))


def _change(
    run: Run, step: Step, cell_text: str | None, missing: list[str], history: History
) -> tuple[Verdict, dict[str, Any]]:
    """A change: never twice of the same, never again on a guess, only under the guard."""
    text = _text_of(run, step, cell_text)
    context = run.context(step.id)
    if begun := history.open_begin(step.id):
        later = begun["run"] != run.name and not guards.moved(context)
        looked = later and settling.bring_back(run, step, begun, context)
        verdict, extra = _recover(run, step, begun, run.history(), context)
        if verdict.status is Status.UNKNOWN and looked:
            verdict, extra = _verified(run, step, begun, context, (verdict, extra))
        return verdict, extra
    if moved := guards.moved(context):
        return moved, {}
    aim = purpose.purpose(context, step.id)
    applied = will_change(step, run.applied)
    begins = history.begins(step.id)
    said = [e for e in context.confirms.get(step.id, []) if begins and e["n"] > begins[-1]["n"]]
    if not (applied and aim and aim.due) and not said and (settled := _settled(run, step, text, aim, history)):
        return settled
    if missing:
        return _not_reached(run, missing), {}
    if needless := _needless(run, step, context):
        return needless, {}
    if run.case.draft:
        return Verdict(Status.WAITING, (Line("run.fill_in_case"),)), {}
    if not applied and (early := guards.too_early(context, step.id)):
        return replace(early, lines=(*(purpose.parts_lines(aim.parts) if aim else ()), *early.lines)), {}
    if not applied or (said and not (aim and aim.due)):
        return _not_applied(run, step, aim, context)
    if refused := guards.refused(context, step.id):
        return refused, {}
    attempt = history.attempts(step.id) + 1
    call = _call(run, step, text, context)
    begun = _begin(run, step, text, attempt, aim.due if aim else ())
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
    if run.history().ran(begun) is None:
        # The guard has died, not what it started: nothing goes on beside that.
        at_work.wait_for(run.folder.path, run.history(), begun["time_limit"])
        put_secrets_away(call.folder, run.folder.private(), f"{step.id}-{run.name}")
    return _recover(run, step, begun, run.history(), context)


def _settled(
    run: Run, step: Step, text: Text, aim: Purpose | None, history: History
) -> tuple[Verdict, dict[str, Any]] | None:
    """A change of which nothing is left to do: told as it was seen, or as a person decided; None where some is."""
    if aim is not None and aim.due:
        return None
    # Before a script's own word: a decision is a person's, and stands as one.
    if (decided := history.decided(step.id)) and decided["outcome"] == "done":
        fields = {"who": decided["who"], "reason": decided["reason"]}
        facts = Decided(decided=True, **fields, at=decided["t"])
        return Verdict(Status.FINDING, (Line("run.decided_done", fields),), facts), {}
    runs = {part.run for part in aim.served} if aim else None
    in_parts = aim and (len(runs or ()) > 1 or (len(aim.parts) > 1 and step.script == "install-packs"))
    all_in = purpose.parts_lines(aim.done) if aim and in_parts else ()
    if done := history.made(step.id, runs) or history.made(step.id):
        kept = _kept(run, done, text, history, step)
        if aim and step.script == "gpupdate" and done["status"] == Status.FINDING:
            # It failed on hosts that the case names no longer: what was done is that of the others.
            kept, all_in = replace(kept, lines=kept.lines[:1]), purpose.parts_lines(aim.served)
        return replace(kept, lines=(*kept.lines, *all_in)), {"of": {"run": done["run"], "n": done["n"]}}
    if aim is not None and aim.done and history.begins(step.id):
        return Verdict(Status.FINDING, purpose.parts_lines(aim.done), Retold(**history.latest_facts(step.id))), {}
    return None


def _not_applied(run: Run, step: Step, aim: Purpose | None, context: Context) -> tuple[Verdict, dict[str, Any]]:
    """A change that is not asked for in this run: what of it was done, and who or what may do the rest."""
    told = purpose.parts_lines(aim.parts) if aim else ()
    if step.kind == "manual":
        verdict, extra = registry.doing(step.id).manual(context, list(context.confirms[step.id])), _evidence(run, step)
    else:
        verdict, extra = _wait_apply(step, context), {}
    return replace(verdict, lines=(*told, *verdict.lines)), extra


def _recover(run: Run, step: Step, begun: Entry, history: History, context: Context) -> tuple[Verdict, dict[str, Any]]:
    """Judge a change by what its guard wrote down, or a later run brought back, and by what its script wrote of each
    part as it went. Where nobody wrote anything down, it is unknown."""
    brought = history.brought(begun)
    ran = brought or history.ran(begun)
    came = (brought or begun)["run"]
    folder = run.folder.run(came) / step.id
    if ran and ran.get("not_started"):
        return Verdict(Status.FAILED, (Line("run.not_started", {"why": ran["not_started"]}),)), _evidence(run, step)
    written = purpose.written_parts(folder, begun)
    told, facts = purpose.parts_lines(written), Tried(parts=written) if written else None
    known = bool(written) and all(part.state != parts.UNKNOWN for part in written)
    fields = {"step": step.id, "run": begun["run"], "case": run.folder.name}
    extra = {"script_sha256": begun["script_sha256"], "edited": begun["edited"]}
    if brought:
        extra |= settling.of(begun)
    session = remoting.read_line(folder)
    if session and (refused := line.stopped(session, answered=True)):
        return refused, {**extra, **_evidence(run, step, came)}
    if ran is None or ran["timed_out"] or (session and session.timed_out):
        if known and not begun["edited"]:
            how = Line("run.cut_between", fields)
            return Verdict(Status.FAILED, (how, *told), facts), {**extra, **_evidence(run, step, came)}
        word = "run.unknown_timed_out" if ran else "run.unknown"
        lines = (Line(word, fields), *told, *_look(step, fields), *_left((ran or {}).get("left", ())))
        return Verdict(Status.UNKNOWN, lines, facts), settling.of(begun)
    # Of a script whose answer came back later, perhaps nobody saw the exit code: then its answer has to do.
    unseen = brought is not None and ran["exit_code"] is None
    ended = process.Ended(0 if unseen else ran["exit_code"], ran["seconds"] or 0.0)
    answer = read_answer(folder, ended, begun.get("encoding", "utf-8"))
    if not ended.by_itself or answer.out is None:
        code = {} if unseen else {"exit_code": ended.exit_code}
        if known and not begun["edited"]:  # it broke off on the way, between two parts
            how = Line("run.cut_between", fields)
            return Verdict(Status.FAILED, (how, *told), facts), {**code, **extra, **_evidence(run, step, came)}
        how = Line("run.unknown_ended", {**fields, "code": ended.exit_code})
        if session and unseen:
            how = Line("remoting.unknown_brought", {**fields, "server": session.server})
        elif session and session.broken:
            how = Line("remoting.unknown_cut", {**fields, **line.lost(session)})
        return Verdict(Status.UNKNOWN, (how, *told, *_look(step, fields)), facts), {**code, **settling.of(begun)}
    verdict = _judge(context, step, ended, answer)
    if brought and session:
        late = Line("remoting.brought_unseen" if unseen else "remoting.brought", {**fields, "server": session.server})
        verdict = replace(verdict, lines=(late, *verdict.lines))
    code = {} if unseen else {"exit_code": ended.exit_code}
    return verdict, {**code, **extra, **_evidence(run, step, came)}


def _verified(
    run: Run, step: Step, begun: Entry, context: Context, before: tuple[Verdict, dict[str, Any]]
) -> tuple[Verdict, dict[str, Any]]:
    """What the server's state says of a change of which nothing else does; ``before`` where that says nothing."""
    unknown, extra = before
    seen = settling.verify(run, step, begun, context)
    evidence = _evidence(run, step)
    if seen is None:
        return unknown, extra | (evidence if evidence.get("evidence") else {})
    extra = {**settling.of(begun), **evidence, "script_sha256": begun["script_sha256"], "edited": begun["edited"]}
    fields = {"run": begun["run"], "server": context.case.license_server.name}
    how = Line("remoting.verified", {**fields, "check": f"title.{registry.doing(step.id).verified_by}"})
    return replace(seen, lines=(how, *seen.lines), facts=seen.facts or unknown.facts), extra


def _look(step: Step, fields: dict[str, Any]) -> tuple[Line, ...]:
    """Where to look on the server to know how far a change got."""
    return (Line(_LOOK[step.script], fields),) if step.script in _LOOK else ()


#: Scripts for which ``run.look_…`` says where on the server to see how far a change got.
_LOOK = {
    "install-packs": "run.look_install_packs",
    "backup": "run.look_backup",
    "activate": "run.look_activate",
    "gpupdate": "run.look_gpupdate",
}


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
    return reference.said_by(cell) == reference.said_by(file)


def _begin(run: Run, step: Step, text: Text, attempt: int, of: tuple[Of, ...] = ()) -> Entry:
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
        **({"parts": [asdict(each) for each in of]} if of else {}),
    )


def _call(run: Run, step: Step, text: Text, context: Context) -> Call:
    """The call of a step's script, its in.json written."""
    inputs = registry.doing(step.id).given(context)
    shown, given = mask_all(inputs), None
    write_json(context.step_folder / "in.json", shown)
    if shown != inputs:  # what may not be shown is given in the private folder only, and removed there afterwards
        given = secret_input(context.step_folder, run.folder.private())
        given.parent.mkdir(parents=True, exist_ok=True)
        write_json(given, inputs, private=True)
    return Call(step.id, text.path, context.step_folder, inputs, step.time_limit, run.number, given)


def _left(pids: Iterable[int]) -> list[Line]:
    """That processes were told to end and did not: by number, so that a person can look at them."""
    shown = ", ".join(map(str, pids))
    return [Line("run.left", {"pids": shown})] if shown else []


def _judge(context: Context, step: Step, ended: process.Ended, answer: Answer) -> Verdict:
    if ended.timed_out:
        key = "run.timed_out_left" if ended.left else "run.timed_out"
        return Verdict(Status.TIMED_OUT, (Line(key, {"seconds": round(ended.seconds)}), *_left(ended.left)))
    session = remoting.read_line(answer.folder)
    if session and (stopped := line.stopped(session, answer.out is not None)):
        return stopped
    verdict = registry.doing(step.id).judge(replace(context, step_folder=answer.folder), answer)
    if session:
        verdict = replace(verdict, lines=(*verdict.lines, *line.noted(session, step, context.case, verdict)))
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
