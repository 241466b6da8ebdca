"""All session hosts of a case against what it expects: the table, the CSV beside it, the winning Group Policy object.

Used by the notebooks hosts and audit. A host that is wrong or unreachable is a failure here: nothing is being
repaired, something is being watched.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from runbook.files import write_table
from runbook.formats.gpresult_html import read_gpresult_html
from runbook.formats.licensing_policy import LicensingPolicy, licensing_policies, licensing_policies_of_html
from runbook.formats.rsop import read_rsop
from runbook.journal.context import Context
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps.host_state import HostAnswer, HostsAnswer, judge_hosts
from runbook.steps.hosts import (
    Hosts,
    by_trouble,
    given,
    hints_of,
    imported_lines,
    no_hosts,
    rows,
    state_facts,
    with_imports,
)
from runbook.steps.registry import script
from runbook.words import sentences
from runbook.words.forms import heading

CSV = "hosts.csv"
_POLICIES = ("servers", "mode")


class HostsState(Hosts):
    """Whenever somebody looks: each host with the Group Policy object that sets it."""

    step: ClassVar[str] = "hosts-state"


def hosts_to_name(context: Context) -> Verdict | None:
    """Without a host in the case there is nothing to read. The notebook hosts is about nothing else, so somebody has
    to name them; an audit goes on without."""
    if context.case.session_hosts.names:
        return None
    if context.notebook != "hosts":
        return no_hosts(context)
    return Verdict(Status.WAITING, (Line("hosts.name_them", {"case": context.case.name}),))


@script("hosts-state", HostsAnswer, given=given, needless=hosts_to_name)
def hosts_state(context: Context, seen: HostsAnswer) -> Verdict:
    """Every host of the case, worst first. Failed where one is wrong or unreachable."""
    answers, brought = with_imports(context, "hosts-state", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=True)
    winning = {answer.name: winning_object(context.step_folder / "files", answer) for answer in answers}
    table = tuple(row | {"gpo": winning[state.name]} for state, row in zip(states, rows(states, brought), strict=True))
    facts = state_facts(HostsState, states)
    named = {name: seen.model_copy(update={"gpo": winning[name]}) for name, seen in facts.hosts.items()}
    facts = facts.model_copy(update={"hosts": named})
    write_csv(context.step_folder / CSV, table, context.lang)
    lines = (*by_trouble(states), *imported_lines(brought))
    where = Line("hosts.csv", {"file": f"{context.run_folder.name}/hosts-state/{CSV}"})
    bad = sum(1 for state in states if state.wrong or state.unreachable)
    if bad:
        head = Line("hosts.wrong", {"count": bad, "of": len(states)})
        return Verdict(Status.FAILED, (head, *lines, where), facts, table, hints_of(states))
    fields = {"count": len(states), "server": context.case.license_server.name}
    if any(state.unjudged for state in states):
        lines = (*lines, Line("steps.hosts_run_locally"))
        return Verdict(Status.NOT_JUDGED, (*lines, where), facts, table, hints_of(states))
    if any(state.troubles for state in states):
        return Verdict(Status.FINDING, (*lines, where), facts, table, hints_of(states))
    return Verdict(Status.SUCCEEDED, (Line("steps.hosts_verified", fields), *lines, where), facts, table)


def winning_object(folder: Path, answer: HostAnswer) -> str:
    """The GPO that sets the license servers or the mode of a host, from the report that came with its reading; two
    names where they differ, "" where no report says."""
    result = answer.reading.gp_result if answer.reading else None
    if result is None:
        return ""
    found: tuple[LicensingPolicy, ...] = ()
    home = folder / re.sub(r"[^\w.-]", "_", answer.name)  # as hosts.ps1 calls it: a name may be no folder's name
    if result.xml_file and (path := home / Path(result.xml_file).name).is_file():
        found = licensing_policies(read_rsop(path))
    if not found and result.html_file and (path := home / Path(result.html_file).name).is_file():
        found = licensing_policies_of_html(read_gpresult_html(path))
    return " / ".join(dict.fromkeys(p.gpo for p in found if p.id in _POLICIES and p.gpo))


def write_csv(path: Path, table: tuple[dict[str, Any], ...], lang: str) -> None:
    """The table for a spreadsheet, in words."""
    columns = list(table[0]) if table else []
    head = [heading(column, lang) for column in columns]
    write_table(path, head, ([_cell(row[column], lang) for column in columns] for row in table), lang)


def _cell(value: object, lang: str) -> str:
    shown = sentences.worded(value, lang)
    return "" if shown is None else str(shown)
