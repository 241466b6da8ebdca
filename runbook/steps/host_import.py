"""Bringing in what hosts.ps1 left on a session host that could not be asked from the license server.

``runbook confirm CASE hosts-policy --attach host.json`` (or hosts-verify). The file is read as strictly as an
answer that came back through remoting, and held against the case, before anything is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runbook.case.folder import CaseFolder
from runbook.case.model import Case
from runbook.errors import BadInput
from runbook.formats.out_json import read_out_json
from runbook.journal import confirm
from runbook.journal.lines import Entry
from runbook.knowledge import reference
from runbook.steps.answer_shape import misfit, one
from runbook.steps.host_state import HostsAnswer, same_host
from runbook.words.sentences import say

#: The script whose file can be brought in, on whichever host it was run.
SCRIPT = "hosts"


def can_import(step_id: str) -> bool:
    """Whether readings made on the spot can be attached to a step."""
    return any(step.id == step_id and step.kind == "check" and step.script == SCRIPT for step in reference.steps())


def enter(
    folder: CaseFolder,
    case: Case,
    step_id: str,
    files: Iterable[Path],
    *,
    who: str,
    lang: str,
    run: str | None = None,
    account: str = "",
) -> Entry:
    """Keep readings made on session hosts, as attachments of ``step_id``, and write the ``confirm`` line; its field
    ``imported`` names each host and when it was read.

    Raises BadInput that says what is wrong with each file; nothing is kept then.
    """
    paths = list(files)
    if not paths:
        raise BadInput(say("remoting.import_no_file", lang, case=folder.name, step=step_id))
    faults: list[str] = []
    imported: list[dict[str, str]] = []
    for path in paths:
        wrong, hosts = read(path, case, lang)
        faults += [f"  {path.name}: {fault}" for fault in wrong]
        imported += hosts
    if faults:
        raise BadInput("\n".join([say("remoting.import_faults", lang), *faults]))
    step = reference.step(step_id)
    return confirm.enter(
        folder, step, {}, who=who, attach=paths, lang=lang, run=run, more={"imported": imported}, account=account
    )


def read(path: Path, case: Case, lang: str) -> tuple[list[str], list[dict[str, str]]]:
    """What is wrong with a file, and the hosts that it holds: ``{host, collected_at}``."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return [say("remoting.import_not_there", lang)], []
    parsed = read_out_json(path.read_bytes(), path.name)
    if parsed.rows is None:
        return [say("remoting.import_no_json", lang)], []
    try:
        record = one(HostsAnswer, parsed.rows)
    except ValueError as error:
        return [say("remoting.import_shape", lang, places=misfit(error))], []
    return _against(record, case, lang)


def _against(record: HostsAnswer, case: Case, lang: str) -> tuple[list[str], list[dict[str, str]]]:
    faults: list[str] = []
    hosts: list[dict[str, Any]] = []
    if not record.hosts:
        faults.append(say("remoting.import_no_reading", lang, host="—"))
    for answer in record.hosts:
        seen = answer.reading
        if seen is None or not answer.local:
            faults.append(say("remoting.import_no_reading", lang, host=answer.name))
            continue
        if not same_host(seen.computer_name, answer.name):
            faults.append(say("remoting.import_other_machine", lang, host=answer.name, machine=seen.computer_name))
        named = next((name for name in case.session_hosts.names if same_host(name, answer.name)), None)
        if named is None:
            known = ", ".join(case.session_hosts.names[:12]) or "—"
            faults.append(say("remoting.import_not_in_case", lang, host=answer.name, known=known))
        asked = [record.expected_server, *(each.server for each in seen.connectivity)]
        if not any(same_host(server, case.license_server.name) for server in asked):
            fields = {"host": answer.name, "asked": record.expected_server, "server": case.license_server.name}
            faults.append(say("remoting.import_other_server", lang, **fields))
        hosts.append({"host": named or answer.name, "collected_at": seen.collected_at.isoformat()})
    return faults, hosts
