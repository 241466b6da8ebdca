"""All session hosts of a case against what it expects: the table, the CSV beside it, the winning Group Policy object.

Used by the notebooks hosts and audit. A host that is wrong or unreachable is a failure here: nothing is being
repaired, something is being watched.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from runbook import sentences
from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import HostAnswer, HostsAnswer
from runbook.readers.gpresult_html import read_gpresult_html
from runbook.readers.licensing_policy import LicensingPolicy, licensing_policies, licensing_policies_of_html
from runbook.readers.rsop import read_rsop
from runbook.verdicts.context import Context
from runbook.verdicts.host_state import judge_hosts
from runbook.verdicts.hosts import by_trouble, hints_of, imported_lines, no_hosts, rows, state_facts, with_imports
from runbook.verdicts.reading import reading

CSV = "hosts.csv"
_POLICIES = ("servers", "mode")
#: A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def hosts_state(context: Context, seen: HostsAnswer) -> Verdict:
    """Every host of the case, worst first. Failed where one is wrong or unreachable."""
    answers, brought = with_imports(context, "hosts-state", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=True)
    winning = {answer.name: winning_object(context.step_folder / "files", answer) for answer in answers}
    table = tuple(row | {"gpo": winning[state.name]} for state, row in zip(states, rows(states, brought), strict=True))
    facts = state_facts(states)
    for name, known in facts["hosts"].items():
        known["gpo"] = winning[name]
    write_csv(context.step_folder / CSV, table, context.lang)
    lines = (*by_trouble(states), *imported_lines(brought))
    where = Line("hosts.csv", {"file": f"{context.run_folder.name}/hosts-state/{CSV}"})
    bad = sum(1 for state in states if state.wrong or state.unreachable)
    if bad:
        head = Line("hosts.wrong", {"count": bad, "of": len(states)})
        return Verdict(Status.FAILED, (head, *lines, where), facts, table, hints_of(states))
    fields = {"count": len(states), "server": context.case.license_server.name}
    if any(state.troubles for state in states):
        lines = (*lines, Line("steps.hosts_run_locally"))
        return Verdict(Status.NOT_JUDGED, (*lines, where), facts, table, hints_of(states))
    return Verdict(Status.SUCCEEDED, (Line("steps.hosts_verified", fields), *lines, where), facts, table)


def hosts_to_name(context: Context) -> Verdict | None:
    """Without a host in the case there is nothing to read. The notebook hosts is about nothing else, so somebody has
    to name them; an audit goes on without."""
    if context.case.session_hosts.names:
        return None
    if context.notebook != "hosts":
        return no_hosts(context)
    return Verdict(Status.WAITING, (Line("hosts.name_them", {"case": context.case.name}),))


def winning_object(folder: Path, answer: HostAnswer) -> str:
    """The GPO that sets the license servers or the mode of a host, from the report that came with its reading; two
    names where they differ, "" where no report says."""
    result = answer.reading.gp_result if answer.reading else None
    if result is None:
        return ""
    found: tuple[LicensingPolicy, ...] = ()
    home = folder / answer.name
    if result.xml_file and (path := home / Path(result.xml_file).name).is_file():
        found = licensing_policies(read_rsop(path))
    if not found and result.html_file and (path := home / Path(result.html_file).name).is_file():
        found = licensing_policies_of_html(read_gpresult_html(path))
    return " / ".join(dict.fromkeys(p.gpo for p in found if p.id in _POLICIES and p.gpo))


def write_csv(path: Path, table: tuple[dict[str, Any], ...], lang: str) -> None:
    """The table for a spreadsheet: UTF-8 with its mark, and the separator that Excel expects in that language."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if lang == "fr" else ",", lineterminator="\r\n")
    columns = list(table[0]) if table else []
    writer.writerow([sentences.say(f"steps.column_{column}", lang) for column in columns])
    for row in table:
        writer.writerow([_cell(sentences.worded(row[column], lang)) for column in columns])
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text


JUDGES = {"hosts-state": reading("hosts", hosts_state)}
SKIPS = {"hosts-state": hosts_to_name}
