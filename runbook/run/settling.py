"""A change whose end did not come back over the line, in a later run: what it left on the server is brought back; where
that says nothing, a check of the server's state says what became of it. Nothing is made again here."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from runbook.case.consistency import same_machine
from runbook.case.identifiers import mask_all
from runbook.files import write_json
from runbook.host import process, remoting
from runbook.host.answer import read_answer
from runbook.host.call import Call
from runbook.host.evidence import put_secrets_away, secret_input
from runbook.host.remoting import RemotingHost
from runbook.host.script import as_run, hash_of_run, is_signed
from runbook.journal.context import Context
from runbook.journal.lines import Entry
from runbook.journal.outcome import Verdict
from runbook.knowledge import reference
from runbook.knowledge.reference import Step
from runbook.run.opening import Run
from runbook.steps import registry
from runbook.steps.answer_shape import one
from runbook.words.sentences import data_root

#: How far the clocks of a workstation and of the server can differ where nobody compared them; more, and there is no
#: line. Where they were compared, what the comparison itself may be wrong by, and the moment that a name leaves out.
_APART, _COMPARED = dt.timedelta(minutes=5), dt.timedelta(seconds=5)


def of(begun: Entry) -> dict[str, Any]:
    """How a line of a later run names the ``begin`` line that it is about."""
    return {"of": {"run": begun["run"], "n": begun["n"]}}


def bring_back(run: Run, step: Step, begun: Entry, context: Context) -> bool:
    """Fetch what the change that began with ``begun`` has left on the server into this run's folder of the step, and
    write down that it was. False where an answer may lie there all the same: nobody could look, not all came, or the
    case names another server by now."""
    then = (run.history().opening(begun["run"]) or {}).get("through")
    if then and not same_machine(then["server"], run.through.get("server", "")):
        return False
    folder = run.path / step.id
    folder.mkdir(exist_ok=True)
    command = run.host.fetch(step.id, run.number, run.folder.run(begun["run"]) / step.id, folder)
    if command is None or run.history().brought(begun):
        return True
    inputs = registry.doing(step.id).given(context)
    if mask_all(inputs) != inputs:  # what the answer may repeat of them is masked by it, as after any run of the script
        given = secret_input(folder, run.folder.private())
        given.parent.mkdir(parents=True, exist_ok=True)
        write_json(given, inputs, private=True)
    try:
        process.run(command, folder, remoting.LINE_LIMIT)
    finally:
        put_secrets_away(folder, run.folder.private(), f"{step.id}-{run.name}")
    session = remoting.read_line(folder)
    if session is None or not session.whole:
        return session is not None and session.free and session.fault is None
    how = {"exit_code": session.exit_code, "timed_out": session.timed_out, "seconds": session.seconds_there}
    run.journal.append("brought", run=run.name, step=step.id, attempt=begun["attempt"], **of(begun), **how, by="kernel")
    return True


def verify(run: Run, step: Step, begun: Entry, context: Context) -> Verdict | None:
    """What a check of the server says of the change that began with ``begun``; None where there is none, or it cannot
    tell. Of a script that the operator had edited nobody knows what it was to do."""
    doing = registry.doing(step.id)
    if not doing.verified_by or begun["edited"] or not isinstance(run.host, RemotingHost):
        return None
    check = reference.step(doing.verified_by)
    shape = registry.doing(check.id).answer
    folder = run.path / step.id / "verification"
    folder.mkdir(parents=True, exist_ok=True)
    own = data_root() / "notebooks" / "steps" / f"{check.script}.ps1"
    raw = own.read_bytes()
    text = folder / "script.ps1"
    text.write_bytes(as_run(raw))
    inputs = registry.doing(check.id).given(context)
    try:
        was = json.loads((run.folder.run(begun["run"]) / step.id / "in.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    inputs |= {name: was[name] for name in inputs.keys() & was.keys()}  # where the change was to be, not a later place
    write_json(folder / "in.json", inputs)
    call = Call(check.id, own if is_signed(raw) else text, folder, inputs, check.time_limit, run.number)
    try:
        ended = process.run(run.host.command(call), folder, run.host.limit(call))
        ended = remoting.as_there(folder, ended)
    finally:
        put_secrets_away(folder, run.folder.private(), f"{check.id}-{run.name}")
    answer = read_answer(folder, ended, run.host.encoding(call))
    how = {"check": check.id, "script_sha256": hash_of_run(raw), "exit_code": ended.exit_code}
    run.journal.append(
        "verified", run=run.name, step=step.id, attempt=begun["attempt"], **of(begun), **how, by="kernel"
    )
    if shape is None or not answer.ok or answer.out is None:
        return None
    try:
        seen = one(shape, answer.out)
    except ValueError:
        return None
    return doing.verify(context, _attempt(run.folder.run(begun["run"]) / step.id, begun), seen)


def _attempt(folder: Path, begun: Entry) -> registry.Attempt:
    session = remoting.read_line(folder)
    compared = session.clock_difference if session else None
    apart = _APART if compared is None else _COMPARED
    at = dt.datetime.fromisoformat(begun["t"]) + dt.timedelta(seconds=compared or 0.0)
    return registry.Attempt(begun["step"], at - apart, at + apart + dt.timedelta(seconds=begun["time_limit"]))
