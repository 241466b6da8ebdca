"""Session hosts: what they are set to, who changed it, and whether they now get their licences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

from pydantic import Field, ValidationError

from runbook.case.consistency import same_machine
from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.entries import attached, moment, no_longer_attached, said, yes
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.journal.parts import Of
from runbook.steps.answer_shape import Answered, Fault, Flag, Int, Number, one
from runbook.steps.host_state import (
    HostAnswer,
    HostsAnswer,
    HostSeen,
    HostState,
    facts_of,
    judge_hosts,
    row_of,
    same_host,
)
from runbook.steps.key_packs import COUNTED, Counted
from runbook.steps.purpose import purpose
from runbook.steps.registry import CASE_LINE, manual, script
from runbook.steps.remoting import UNREACHED, WHY, Unreached, why_unreached

#: What is said of hosts by what is wrong with them; of those that were not reached, by why (``remoting.UNREACHED``).
_TROUBLES = {
    "not_session_host": "steps.hosts_not_session_host",
    "workgroup": "steps.hosts_workgroup",
    "too_new": "steps.hosts_too_new",
    "dead_server": "steps.hosts_dead_server",
    "no_server": "steps.hosts_no_server",
    "other_server": "steps.hosts_other_server",
    "by_address": "steps.hosts_by_address",
    "servers_unread": "steps.hosts_servers_unread",
    "mode_wrong": "steps.hosts_mode_wrong",
    "mode_missing": "steps.hosts_mode_missing",
    "connectivity": "steps.hosts_connectivity",
    "old_link": "steps.hosts_old_link",
    "not_judged": "steps.hosts_not_judged",
}
_NAMED = 12  # hosts that a sentence can name; the table has them all


class HostUpdate(Answered):
    """gpupdate on one host."""

    name: str
    local: Flag
    reached: Flag
    exit_code: Int | None
    seconds: Number | None
    text: list[str]
    fault: Fault | None


class GpupdateAnswer(Answered):
    """gpupdate: one row per host."""

    hosts: list[HostUpdate]


class Hosts(Facts):
    """All hosts of one reading: how many are in which state, and which; ``hosts`` by name."""

    count: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    right: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    hosts: dict[str, HostSeen] = Field(default_factory=dict)


class HostsBefore(Hosts):
    """Before anything was changed on them."""

    step: ClassVar[str] = "hosts-policy"


class HostsAfter(Hosts):
    """After Group Policy was refreshed."""

    step: ClassVar[str] = "hosts-verify"


class Configured(Facts):
    """Who set the hosts, by which object: a Group Policy object or a Connection Broker."""

    step: ClassVar[str] = "hosts-configure"
    way: str = ""
    object: str = ""
    edited_by: str = ""
    pilot: str = ""
    at: str = ""


class Refreshed(Facts):
    """The hosts on which Group Policy was refreshed; ``failed`` by gpupdate's exit code."""

    step: ClassVar[str] = "gpupdate"
    count: int = 0
    refreshed: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    failed: dict[str, int | None] = Field(default_factory=dict)


class Logon(Facts):
    """What a person saw when a user who is no administrator logged on."""

    step: ClassVar[str] = "test-logon"
    host: str = ""
    no_administrator: bool = False
    opened: bool = False
    diagnoser_seen: bool = False
    diagnoser_says: str = ""
    who: str = ""
    at: str = ""


H = TypeVar("H", bound=Hosts)


def no_hosts(context: Context) -> Verdict | None:
    """Skipped where the case names no session host: hosts.ps1 would otherwise read the license server itself."""
    if context.case.session_hosts.names:
        return None
    return Verdict(Status.SKIPPED, (Line("steps.hosts_none"),))


def given(context: Context) -> dict[str, Any]:
    """What hosts.ps1 is asked, whichever step it runs for."""
    hosts = context.case.session_hosts
    return {
        "ComputerNames": list(hosts.names),
        "ExpectedServer": context.case.license_server.name,
        "ThrottleLimit": hosts.throttle,
        "Folder": context.files_folder,
    }


@script("hosts-policy", HostsAnswer, given=given, needless=no_hosts)
def hosts_policy(context: Context, seen: HostsAnswer) -> Verdict:
    """What each host is set to now. Wrong hosts are what the case repairs, an unreachable one is named: both
    are findings."""
    answers, brought = with_imports(context, "hosts-policy", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=False)
    facts, table = state_facts(HostsBefore, states), rows(states, brought)
    told, lines = imported_lines(brought), by_trouble(states)
    if not lines:
        fields = {"count": len(states), "server": context.case.license_server.name}
        return Verdict(Status.SUCCEEDED, (Line("steps.hosts_right", fields), *told), facts, table)
    return Verdict(Status.FINDING, (*lines, *told), facts, table, hints_of(states))


@script("hosts-verify", HostsAnswer, given=given, needless=no_hosts)
def hosts_verify(context: Context, seen: HostsAnswer) -> Verdict:
    """The scripted Diagnoser. A host that could not be judged through remoting keeps the step from being
    ticked, but is no failure; a wrong or unreachable one is."""
    answers, brought = with_imports(context, "hosts-verify", seen.hosts)
    states = judge_hosts(context.case, answers, connectivity=True)
    facts, table = state_facts(HostsAfter, states), rows(states, brought)
    told, lines = imported_lines(brought), by_trouble(states)
    if any(state.wrong or state.unreachable for state in states):
        return Verdict(Status.FAILED, (*lines, *told), facts, table, hints_of(states))
    if any(state.unjudged for state in states):
        lines = (*lines, Line("steps.hosts_run_locally"), *told)
        return Verdict(Status.NOT_JUDGED, lines, facts, table, hints_of(states))
    if lines:
        return Verdict(Status.FINDING, (*lines, *told), facts, table, hints_of(states))
    fields = {"count": len(states), "server": context.case.license_server.name}
    return Verdict(Status.SUCCEEDED, (Line("steps.hosts_verified", fields), *told), facts, table)


def rows(states: list[HostState], brought: frozenset[str]) -> tuple[dict[str, Any], ...]:
    """The table of all hosts; each row says from where the host was read."""

    def read(state: HostState) -> str:
        if state.name in brought:
            return "remoting.read_imported"
        return "remoting.read_local" if state.local else "remoting.read_remote"

    return tuple(row_of(state) | {"read": read(state)} for state in states)


def imported_lines(brought: frozenset[str]) -> tuple[Line, ...]:
    """The mark of readings that nobody asked for from here."""
    fields = {"count": len(brought), "hosts": _name(sorted(brought, key=str.lower))}
    return (Line("remoting.imported", fields),) if brought else ()


def with_imports(context: Context, step: str, answers: list[HostAnswer]) -> tuple[list[HostAnswer], frozenset[str]]:
    """``answers``, where a host was read on the spot and its JSON was attached to ``step``, with that reading; and
    the names of the hosts for which that was done.

    A reading made on the host itself needs no second hop, so it replaces a remote one; of several, the newest. One
    that is older than a remote reading which sees other settings is out of date and replaces nothing; one that was
    taken back, or is no longer the file that was attached, is no reading.
    """
    found: dict[str, HostAnswer] = {}
    entries = context.confirms.get(step, [])
    gone = no_longer_attached(context.case_folder, entries)
    for path in (context.case_folder / file["path"] for file in attached(entries) if file["path"] not in gone):
        try:
            record = one(HostsAnswer, _as_list(json.loads(path.read_text(encoding="utf-8-sig"))))
        except (ValueError, ValidationError):
            continue  # an attachment of another kind
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


def state_facts(kind: type[H], states: list[HostState]) -> H:
    """What is kept of all hosts, as the facts of one step."""
    counts = Counter(state.troubles[0] if state.troubles else "none" for state in states)
    return kind(
        count=len(states),
        counts=dict(counts),
        right=tuple(state.name for state in states if not state.troubles),
        unreachable=tuple(state.name for state in states if state.unreachable),
        wrong=tuple(state.name for state in states if state.wrong),
        not_judged=tuple(state.name for state in states if state.unjudged),
        hosts={state.name: facts_of(state) for state in states},
    )


def by_trouble(states: list[HostState]) -> tuple[Line, ...]:
    """One sentence for each kind of trouble, naming its hosts; a host with two kinds stands in both. Hosts that were
    not reached are told by the reason, since each reason is mended elsewhere."""
    named: dict[str, list[str]] = {}
    for state in states:
        for word in state.troubles:
            key = UNREACHED[Unreached(state.fault)] if word == "unreachable" else _TROUBLES[word]
            named.setdefault(key, []).append(state.name)
    return tuple(Line(key, {"count": len(names), "hosts": _name(names)}) for key, names in named.items())


def _name(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def hints_of(states: list[HostState]) -> tuple[str, ...]:
    """Ids of errors.yml that the hosts' troubles point to."""
    found: list[str] = []
    troubles = {word for state in states for word in state.troubles}
    if troubles & {"dead_server", "no_server", "other_server", "by_address", "mode_missing"}:
        found += hints_for("grace")
    if troubles & {"mode_wrong", "too_new"}:
        found += hints_for("no-cal")
    asked = [state for state in states if {"connectivity", "not_judged"} & set(state.troubles)]
    for status in sorted({state.connectivity for state in asked if state.connectivity is not None}):
        found += hints_for("status", status)
    return tuple(dict.fromkeys(found))


@manual("hosts-configure")
def hosts_configure(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``way`` (gpo, broker), ``gpo``, ``edited_by``, ``pilot``, ``broker``. Already done where
    hosts-policy found every host right."""
    hosts = context.case.session_hosts
    server = context.case.license_server.name
    if not entries:
        seen = context.facts(HostsBefore)
        if seen and seen.count and len(seen.right) == seen.count:
            return Verdict(Status.ALREADY_DONE, (Line("steps.configure_already", {"count": seen.count}),))
        if not hosts.names:
            return Verdict(Status.SKIPPED, (Line("steps.hosts_none"),))
        early = (
            () if context.status.get(Counted.step) in COUNTED else (Line("steps.configure_later", {"server": server}),)
        )
        if hosts.managed_by == "broker":
            key = "steps.configure_broker" if hosts.broker else "steps.configure_broker_unnamed"
            return Verdict(Status.WAITING, (*early, Line(key, {"server": server, "broker": hosts.broker or ""})))
        fields = {"server": server, "pilot": hosts.pilot or hosts.names[0]}
        return Verdict(Status.WAITING, (*early, Line("steps.configure_gpo", fields)))
    entry = entries[-1]
    way = said(entry, "way") or hosts.managed_by
    facts = Configured(
        way=way,
        object=said(entry, "broker" if way == "broker" else "gpo"),
        edited_by=said(entry, "edited_by"),
        pilot=said(entry, "pilot") or hosts.pilot or "",
        at=moment(entry),
    )
    if not facts.object:
        key = "steps.configure_which_broker" if way == "broker" else "steps.configure_which_gpo"
        return Verdict(Status.WAITING, (Line(key),), facts)
    done = {"object": facts.object, "who": facts.edited_by or "steps.nobody_named"}
    key = "steps.configured_broker" if way == "broker" else "steps.configured_gpo"
    pilot = (Line("steps.configured_pilot", {"pilot": facts.pilot}),) if facts.pilot else ()
    return Verdict(Status.SUCCEEDED, (Line(key, done), *pilot, *_unlisted(context, facts.pilot)), facts)


def _unlisted(context: Context, host: str) -> tuple[Line, ...]:
    """A remark on a host that a person named and the case does not."""
    names = context.case.session_hosts.names
    if not host or not names or any(same_machine(host, name) for name in names):
        return ()
    return (Line("steps.host_unlisted", {"host": host}),)


def _state(host: HostUpdate) -> str:
    if not host.reached:
        why = why_unreached(host.fault)
        return "steps.state_unreachable" if why is Unreached.OTHER else WHY[why]
    return "steps.state_failed" if host.exit_code else "steps.state_done"


def _not_reached(hosts: Iterable[HostUpdate]) -> Iterator[Line]:
    """The hosts on which nothing was done, by the reason: each is mended elsewhere."""
    named: dict[Unreached, list[str]] = {}
    for host in hosts:
        if not host.reached:
            named.setdefault(why_unreached(host.fault), []).append(host.name)
    for why, names in named.items():
        if why is Unreached.OTHER:
            yield Line("steps.gpupdate_unreachable", {"hosts": _name(names)})
        else:
            yield Line("steps.gpupdate_not_reached", {"why": WHY[why], "count": len(names), "hosts": _name(names)})


def _due(context: Context) -> dict[str, Any]:
    """The hosts on which policy was not refreshed yet since it was last edited."""
    aim = purpose(context, "gpupdate")
    names = [of.shown for of in aim.due] if aim else []
    return {"ComputerNames": names, "ThrottleLimit": context.case.session_hosts.throttle}


@script(
    "gpupdate",
    GpupdateAnswer,
    given=_due,
    needless=no_hosts,
    asked=lambda context: [Of(name, name) for name in context.case.session_hosts.names],
    wants={"ComputerNames": (CASE_LINE, "session_hosts.names")},
)
def gpupdate(context: Context, seen: GpupdateAnswer) -> Verdict:
    """One host that fails never stops the others: hosts-verify says what became of each."""
    gone = [host.name for host in seen.hosts if not host.reached]
    wrong = {host.name: host.exit_code for host in seen.hosts if host.reached and host.exit_code != 0}
    good = [host.name for host in seen.hosts if host.reached and host.exit_code == 0]
    facts = Refreshed(count=len(seen.hosts), refreshed=tuple(good), unreachable=tuple(gone), failed=wrong)
    rows = [
        {
            "host": host.name,
            "state": _state(host),
            "code": host.exit_code,
            "seconds": host.seconds,
        }
        for host in seen.hosts
    ]
    order = {"steps.state_failed": 1, "steps.state_done": 2}  # those that were not reached stand first
    table = tuple(sorted(rows, key=lambda row: (order.get(str(row["state"]), 0), str(row["host"]).lower())))
    lines = [Line("steps.gpupdate_done", {"count": len(good)})] if good else []
    aim = purpose(context, "gpupdate")
    asked = {host.name for host in seen.hosts}
    if earlier := [part.of.shown for part in aim.served if part.of.shown not in asked] if aim else []:
        lines.append(Line("steps.gpupdate_earlier", {"count": len(earlier), "hosts": _name(earlier)}))
    lines += _not_reached(seen.hosts)
    if wrong:
        named = _name([f"{name} ({code})" for name, code in wrong.items()])
        lines.append(Line("steps.gpupdate_failed", {"hosts": named}))
    status = Status.FAILED if not good else Status.FINDING if gone or wrong else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, table)


@manual("test-logon")
def test_logon(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``user_is_no_administrator``, ``host``, ``opened``, ``diagnoser_seen``, ``diagnoser_says``.

    An administrator's session proves nothing (the Diagnoser warns falsely in it), and the Diagnoser's own
    window is confirmed by a person or not at all.
    """
    if not entries:
        hosts = context.case.session_hosts
        named = hosts.pilot or next(iter(hosts.names), "")
        line = Line("steps.logon_waiting", {"host": named}) if named else Line("steps.logon_waiting_unnamed")
        return Verdict(Status.WAITING, (line,))
    entry = entries[-1]
    facts = Logon(
        host=said(entry, "host"),
        no_administrator=yes(entry, "user_is_no_administrator"),
        opened=yes(entry, "opened"),
        diagnoser_seen=yes(entry, "diagnoser_seen"),
        diagnoser_says=said(entry, "diagnoser_says"),
        who=str(entry.get("who", "")),
        at=moment(entry),
    )
    if not facts.no_administrator:
        return Verdict(Status.WAITING, (Line("steps.logon_administrator"),), facts)
    if not facts.opened:
        line = Line("steps.logon_refused", {"host": facts.host or "—"})
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("no-cal") + hints_for("grace"))
    if not facts.diagnoser_seen:
        return Verdict(Status.WAITING, (Line("steps.logon_diagnoser"),), facts)
    key = "steps.logon_done" if facts.diagnoser_says else "steps.logon_done_unsaid"
    done = Line(key, {"host": facts.host or "—", "who": facts.who, "says": facts.diagnoser_says})
    return Verdict(Status.SUCCEEDED, (done, *_unlisted(context, facts.host)), facts)
