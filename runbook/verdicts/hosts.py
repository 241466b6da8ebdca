"""Session hosts: what they are set to, who changed it, and whether they now get their licences."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pydantic import ValidationError

from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import GpupdateAnswer, HostAnswer, HostsAnswer, read_answer
from runbook.readers.remoting import why_unreached
from runbook.verdicts.context import Context
from runbook.verdicts.entries import moment, said, yes
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.host_state import HostState, facts_of, judge_hosts, row_of, same_host
from runbook.verdicts.reading import reading

_NAMED = 12  # hosts that a sentence can name; the table has them all


def no_hosts(context: Context) -> Verdict | None:
    """Skipped where the case names no session host: hosts.ps1 would otherwise read the license server itself."""
    if context.case.session_hosts.names:
        return None
    return Verdict(Status.SKIPPED, (Line("steps.hosts_none"),))


def hosts_policy(context: Context, seen: HostsAnswer) -> Verdict:
    """What each host is set to now. Wrong hosts are what the case repairs, an unreachable one is named: both
    are findings."""
    answers, brought = with_imports(context, "hosts-policy", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=False)
    facts, table = state_facts(states), rows(states, brought)
    told, lines = imported_lines(brought), by_trouble(states)
    if not lines:
        fields = {"count": len(states), "server": context.case.license_server.name}
        return Verdict(Status.SUCCEEDED, (Line("steps.hosts_right", fields), *told), facts, table)
    return Verdict(Status.FINDING, (*lines, *told), facts, table, hints_of(states))


def hosts_verify(context: Context, seen: HostsAnswer) -> Verdict:
    """The scripted Diagnoser. A host that could not be judged through remoting keeps the step from being
    ticked, but is no failure; a wrong or unreachable one is."""
    answers, brought = with_imports(context, "hosts-verify", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=True)
    facts, table = state_facts(states), rows(states, brought)
    told, lines = imported_lines(brought), by_trouble(states)
    if any(state.wrong or state.unreachable for state in states):
        return Verdict(Status.FAILED, (*lines, *told), facts, table, hints_of(states))
    if lines:
        lines = (*lines, Line("steps.hosts_run_locally"), *told)
        return Verdict(Status.NOT_JUDGED, lines, facts, table, hints_of(states))
    fields = {"count": len(states), "server": context.case.license_server.name}
    return Verdict(Status.SUCCEEDED, (Line("steps.hosts_verified", fields), *told), facts, table)


def rows(states: list[HostState], brought: frozenset[str]) -> tuple[dict[str, Any], ...]:
    """The table of all hosts; each row says from where the host was read."""
    where = {
        state.name: "imported" if state.name in brought else "local" if state.local else "remote" for state in states
    }
    return tuple(row_of(state) | {"read": f"remoting.read_{where[state.name]}"} for state in states)


def imported_lines(brought: frozenset[str]) -> tuple[Line, ...]:
    """The mark of readings that nobody asked for from here."""
    fields = {"count": len(brought), "hosts": _name(sorted(brought, key=str.lower))}
    return (Line("remoting.imported", fields),) if brought else ()


def with_imports(context: Context, step: str, answers: list[HostAnswer]) -> tuple[list[HostAnswer], frozenset[str]]:
    """``answers``, where a host was read on the spot and its JSON was attached to ``step``, with that reading; and
    the names of the hosts for which that was done.

    A reading made on the host itself needs no second hop, so it replaces a remote one; of several, the newest. One
    that is older than a remote reading which sees other settings is out of date and replaces nothing.
    """
    found: dict[str, HostAnswer] = {}
    for path in sorted((context.case_folder / "attachments" / step).glob("*.json")):
        try:
            record = read_answer("hosts", _as_list(json.loads(path.read_text(encoding="utf-8-sig"))))
        except (ValueError, ValidationError):
            continue  # an attachment of another kind
        if isinstance(record, HostsAnswer):
            for answer in record.hosts:
                if answer.reading is not None and _newer(answer, found.get(answer.name.lower())):
                    found[answer.name.lower()] = answer.model_copy(update={"local": True})
    chosen = [_imported(answer, found) for answer in answers]
    return chosen, frozenset(new.name for old, new in zip(answers, chosen, strict=True) if new is not old)


def _as_list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]


def _newer(answer: HostAnswer, other: HostAnswer | None) -> bool:
    if other is None or other.reading is None or answer.reading is None:
        return True
    return answer.reading.collected_at > other.reading.collected_at


def _imported(answer: HostAnswer, found: dict[str, HostAnswer]) -> HostAnswer:
    for name, local in found.items():
        if same_host(name, answer.name) and not _outdated(local, answer):
            return local.model_copy(update={"name": answer.name})
    return answer


def _outdated(local: HostAnswer, remote: HostAnswer) -> bool:
    old, new = local.reading, remote.reading
    if old is None or new is None or old.collected_at >= new.collected_at:
        return False
    return (old.licensing_type, old.specified_servers) != (new.licensing_type, new.specified_servers)


def state_facts(states: list[HostState]) -> dict[str, Any]:
    """What later steps, the record and the next audit read of all hosts."""
    counts = Counter(state.troubles[0] if state.troubles else "none" for state in states)
    return {
        "count": len(states),
        "counts": dict(counts),
        "right": [state.name for state in states if not state.troubles],
        "unreachable": [state.name for state in states if state.unreachable],
        "wrong": [state.name for state in states if state.wrong],
        "not_judged": [state.name for state in states if "not_judged" in state.troubles],
        "hosts": {state.name: facts_of(state) for state in states},
    }


def by_trouble(states: list[HostState]) -> tuple[Line, ...]:
    """One sentence for each kind of trouble, naming its hosts; a host with two kinds stands in both. Hosts that were
    not reached are told by the reason, since each reason is mended elsewhere."""
    named: dict[str, list[str]] = {}
    for state in states:
        for word in state.troubles:
            key = f"remoting.hosts_{state.fault}" if word == "unreachable" else f"steps.hosts_{word}"
            named.setdefault(key, []).append(state.name)
    return tuple(Line(key, {"count": len(names), "hosts": _name(names)}) for key, names in named.items())


def _name(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def hints_of(states: list[HostState]) -> tuple[str, ...]:
    """Ids of errors.yml that the hosts' troubles point to."""
    found: list[str] = []
    troubles = {word for state in states for word in state.troubles}
    if troubles & {"dead_server", "no_server", "other_server", "mode_missing"}:
        found += hints_for("grace")
    if troubles & {"mode_wrong", "too_new"}:
        found += hints_for("no-cal")
    asked = [state for state in states if {"connectivity", "not_judged"} & set(state.troubles)]
    for status in sorted({state.connectivity for state in asked if state.connectivity is not None}):
        found += hints_for("status", status)
    return tuple(dict.fromkeys(found))


def hosts_configure(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``way`` (gpo, broker), ``gpo``, ``edited_by``, ``pilot``, ``broker``. Already done where
    hosts-policy found every host right."""
    hosts = context.case.session_hosts
    server = context.case.license_server.name
    if not entries:
        seen = context.facts.get("hosts-policy", {})
        if seen.get("count") and len(seen.get("right", [])) == seen["count"]:
            return Verdict(Status.ALREADY_DONE, (Line("steps.configure_already", {"count": seen["count"]}),))
        if not hosts.names:
            return Verdict(Status.SKIPPED, (Line("steps.hosts_none"),))
        if hosts.managed_by == "broker":
            fields = {"server": server, "broker": hosts.broker or "—"}
            return Verdict(Status.WAITING, (Line("steps.configure_broker", fields),))
        fields = {"server": server, "pilot": hosts.pilot or hosts.names[0]}
        return Verdict(Status.WAITING, (Line("steps.configure_gpo", fields),))
    entry = entries[-1]
    way = said(entry, "way") or hosts.managed_by
    facts = {
        "way": way,
        "object": said(entry, "broker" if way == "broker" else "gpo"),
        "edited_by": said(entry, "edited_by") or str(entry.get("who", "")),
        "pilot": said(entry, "pilot") or hosts.pilot or "",
        "at": moment(entry),
    }
    if not facts["object"]:
        word = "broker" if way == "broker" else "gpo"
        return Verdict(Status.WAITING, (Line(f"steps.configure_which_{word}"),), facts)
    done = {"object": facts["object"], "who": facts["edited_by"], "pilot": facts["pilot"] or "—"}
    word = "broker" if way == "broker" else "gpo"
    return Verdict(Status.SUCCEEDED, (Line(f"steps.configured_{word}", done),), facts)


def gpupdate(context: Context, seen: GpupdateAnswer) -> Verdict:
    """One host that fails never stops the others: hosts-verify says what became of each."""
    gone = [host.name for host in seen.hosts if not host.reached]
    wrong = {host.name: host.exit_code for host in seen.hosts if host.reached and host.exit_code != 0}
    good = [host.name for host in seen.hosts if host.reached and host.exit_code == 0]
    facts = {"count": len(seen.hosts), "refreshed": good, "unreachable": gone, "failed": wrong}
    rows = [
        {
            "host": host.name,
            "state": f"steps.state_{'unreachable' if not host.reached else 'failed' if host.exit_code else 'done'}",
            "code": host.exit_code,
            "seconds": host.seconds,
            "fault": f"remoting.{why_unreached(host.fault)}" if host.fault else "",
        }
        for host in seen.hosts
    ]
    order = {"steps.state_unreachable": 0, "steps.state_failed": 1, "steps.state_done": 2}
    table = tuple(sorted(rows, key=lambda row: (order[str(row["state"])], str(row["host"]).lower())))
    lines = [Line("steps.gpupdate_done", {"count": len(good)})] if good else []
    if gone:
        lines.append(Line("steps.gpupdate_unreachable", {"hosts": _name(gone)}))
    if wrong:
        named = _name([f"{name} ({code})" for name, code in wrong.items()])
        lines.append(Line("steps.gpupdate_failed", {"hosts": named}))
    status = Status.FAILED if not good else Status.FINDING if gone or wrong else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, table)


def test_logon(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``user_is_no_administrator``, ``host``, ``opened``, ``diagnoser_seen``, ``diagnoser_says``.

    An administrator's session proves nothing (the Diagnoser warns falsely in it), and the Diagnoser's own
    window is confirmed by a person or not at all.
    """
    if not entries:
        hosts = context.case.session_hosts
        fields = {"host": hosts.pilot or (hosts.names[0] if hosts.names else "—")}
        return Verdict(Status.WAITING, (Line("steps.logon_waiting", fields),))
    entry = entries[-1]
    facts = {
        "host": said(entry, "host"),
        "no_administrator": yes(entry, "user_is_no_administrator"),
        "opened": yes(entry, "opened"),
        "diagnoser_seen": yes(entry, "diagnoser_seen"),
        "diagnoser_says": said(entry, "diagnoser_says"),
        "who": str(entry.get("who", "")),
        "at": moment(entry),
    }
    if not facts["no_administrator"]:
        return Verdict(Status.WAITING, (Line("steps.logon_administrator"),), facts)
    if not facts["opened"]:
        line = Line("steps.logon_refused", {"host": facts["host"] or "—"})
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("no-cal") + hints_for("grace"))
    if not facts["diagnoser_seen"]:
        return Verdict(Status.WAITING, (Line("steps.logon_diagnoser"),), facts)
    done = {"host": facts["host"] or "—", "who": facts["who"], "says": facts["diagnoser_says"] or "—"}
    return Verdict(Status.SUCCEEDED, (Line("steps.logon_done", done),), facts)


JUDGES = {
    "hosts-policy": reading("hosts", hosts_policy),
    "hosts-verify": reading("hosts", hosts_verify),
    "gpupdate": reading("gpupdate", gpupdate),
}
SKIPS = dict.fromkeys(("hosts-policy", "hosts-verify", "gpupdate"), no_hosts)
MANUAL = {"hosts-configure": hosts_configure, "test-logon": test_logon}
