"""One session host against what the case wants: mode, license server, versions, connectivity.

Codes: ``Win32_TerminalServiceSetting`` (LicensingType 2, 4, 5, 6; GetTStoLSConnectivityStatus). The values read
are the effective ones; ``set_by`` says whether Group Policy, a Connection Broker or the server itself owns the
mode.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime, ValidationError, model_validator

from runbook.case.model import Case
from runbook.journal.facts import Plain
from runbook.knowledge import reference
from runbook.steps.answer_shape import Answered, Fault, Flag, Int, LoggedEvent, misfit
from runbook.steps.codes import LINKS, MODES, Connectivity, LicensingMode, PolicySource, shown
from runbook.steps.remoting import UNREAD, WHY, Unreached, why_unreached

#: Connectivity answers that say: this host gets its licences.
CONNECTED = frozenset({Connectivity.VALID})
#: Answers that a missing second hop gives as well, when the host was asked through remoting.
UNPROVEN = frozenset({Connectivity.NOT_CONNECTABLE, Connectivity.ACCESS_DENIED})

#: What can be wrong with a host, worst first (the order in which tables are sorted), and how a table says it.
TROUBLES = {
    "unreachable": "steps.trouble_unreachable",
    "not_session_host": "steps.trouble_not_session_host",
    "workgroup": "steps.trouble_workgroup",
    "too_new": "steps.trouble_too_new",
    "dead_server": "steps.trouble_dead_server",
    "no_server": "steps.trouble_no_server",
    "other_server": "steps.trouble_other_server",
    "by_address": "steps.trouble_by_address",
    "servers_unread": "steps.trouble_servers_unread",
    "mode_wrong": "steps.trouble_mode_wrong",
    "mode_missing": "steps.trouble_mode_missing",
    "connectivity": "steps.trouble_connectivity",
    "old_link": "steps.trouble_old_link",
    "not_judged": "steps.trouble_not_judged",
}
NO_TROUBLE = "steps.trouble_none"
#: What could not be read from here.
_UNKNOWN = frozenset({"servers_unread", "not_judged"})


def rank_of(word: str) -> int:
    """How bad a trouble is: 0 is the worst."""
    return list(TROUBLES).index(word)


class HostPolicy(Answered):
    """HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services: what policy wrote."""

    licensing_mode: Int | None
    license_servers: str | None  # comma separated


class HostRegistry(Answered):
    """What the host itself holds: RCM\\Licensing Core and TermService\\Parameters\\LicenseServers."""

    licensing_mode: Int | None
    specified_license_servers: list[str]


class ConnectivityReading(Answered):
    """GetTStoLSConnectivityStatus for one license server. Through remoting 6 and 8 prove nothing."""

    server: str
    return_value: Int | None
    status: Int | None
    fault: Fault | None


class GpResult(Answered):
    """gpresult /scope computer as /x and /h: exit codes, names of the files in files/HOST/ (None: not made)."""

    xml_exit_code: Int
    html_exit_code: Int
    xml_file: str | None
    html_file: str | None


class HostReading(Answered):
    """One session host as Win32_TerminalServiceSetting and the registry see it."""

    computer_name: str
    collected_at: AwareDatetime
    os_build: Int
    update_revision: Int | None
    part_of_domain: Flag
    domain: str
    terminal_server_mode: Int | None  # 1 session host, 0 remote administration
    licensing_type: Int | None
    licensing_name: str | None
    policy_source_licensing_type: Int | None
    policy_source_configured_license_servers: Int | None
    specified_servers: list[str] | None  # None: the call failed or was refused
    grace_days: Int | None
    central_licensing: Flag | None  # Win32_TSDeploymentLicensing.UseCentralLicensingSettings: a broker rules
    has_certificate: Flag  # X509 Certificate: the host has once talked to a license server
    policy: HostPolicy
    registry: HostRegistry
    connectivity: list[ConnectivityReading]
    events: list[LoggedEvent]  # RemoteConnectionManager/Admin, newest first, fifty at most
    gp_result: GpResult | None
    faults: list[Fault]  # of the parts that could not be read


class HostAnswer(Answered):
    """One host of the case: read (locally or through remoting), or why not."""

    name: str
    local: Flag
    reached: Flag
    fault: Fault | None
    reading: HostReading | None

    @model_validator(mode="before")
    @classmethod
    def _each_by_itself(cls, data: Any) -> Any:
        """What one host sent and cannot be read costs that host, and not the answers of all."""
        if not isinstance(data, dict) or not isinstance(reading := data.get("Reading"), dict):
            return data
        try:
            HostReading.model_validate(reading)
        except ValidationError as error:
            why = Fault(
                fully_qualified_error_id=UNREAD, category="InvalidData", h_result="0x8007000D", message=misfit(error)
            )
            return data | {"Reached": False, "Reading": None, "Fault": why}
        return data


class HostsAnswer(Answered):
    """hosts-policy and hosts-verify; also the file that hosts.ps1 leaves when it is run on a host itself."""

    expected_server: str
    hosts: list[HostAnswer]


@dataclass(frozen=True)
class HostState:
    """One host, judged. ``troubles`` are words of ``TROUBLES``, worst first; none: it is as the case wants."""

    name: str
    troubles: tuple[str, ...]
    local: bool
    fault: str  # a word of remoting.Unreached, "" where the host was reached
    reading: HostReading | None
    connectivity: int | None

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts by trouble, then by name."""
        worst = rank_of(self.troubles[0]) if self.troubles else len(TROUBLES)
        return worst, self.name.lower()

    @property
    def unjudged(self) -> bool:
        """Whether a reading on the host itself could say more."""
        return bool(_UNKNOWN & {*self.troubles})

    @property
    def unreachable(self) -> bool:
        return "unreachable" in self.troubles

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is set wrongly on a host that was reached."""
        return tuple(word for word in self.troubles if word not in {"unreachable", "old_link", *_UNKNOWN})


def judge_host(case: Case, answer: HostAnswer, *, connectivity: bool) -> HostState:
    """``connectivity`` False: only what is configured counts (the packs may not be installed yet)."""
    seen = answer.reading
    if not answer.reached or seen is None:
        return HostState(answer.name, ("unreachable",), answer.local, why_unreached(answer.fault), None, None)
    status = _status(case, seen)
    troubles = set(_server_troubles(case, seen)) | set(_mode_troubles(case, seen)) | set(_kind_troubles(case, seen))
    if connectivity and status not in CONNECTED:
        remote = not answer.local
        troubles.add(_link_trouble(seen, status, unproven=status is None or (remote and status in UNPROVEN)))
        troubles.discard("")
    ordered = tuple(word for word in TROUBLES if word in troubles)
    return HostState(answer.name, ordered, answer.local, "", seen, status)


def judge_hosts(case: Case, answers: Iterable[HostAnswer], *, connectivity: bool) -> list[HostState]:
    """Every host of the case's list, worst first."""
    states = [judge_host(case, answer, connectivity=connectivity) for answer in answers]
    return sorted(states, key=lambda state: state.rank)


def _link_trouble(seen: HostReading, status: int | None, *, unproven: bool) -> str:
    """What a link that is not plainly in order means. 9 is, in Microsoft's words, the link to a 2008 R2 server: in
    order on a host of that age, to be looked at twice on a newer one."""
    if status == Connectivity.VALID_2008_R2_VDI:
        return "old_link" if seen.os_build > reference.version("2008R2").build else ""
    return "not_judged" if unproven else "connectivity"


def _kind_troubles(case: Case, seen: HostReading) -> Iterable[str]:
    if seen.terminal_server_mode != 1:
        yield "not_session_host"
    if not seen.part_of_domain and any(pack.type == "user" for pack in case.packs):
        yield "workgroup"
    limits = [reference.too_new_for(pack.version) for pack in case.packs]  # None: no build is too new for its CALs
    if limits and all(limit is not None and seen.os_build >= limit for limit in limits):
        yield "too_new"


def _mode_troubles(case: Case, seen: HostReading) -> Iterable[str]:
    wanted = {LicensingMode.PER_USER if pack.type == "user" else LicensingMode.PER_DEVICE for pack in case.packs}
    if seen.licensing_type in (LicensingMode.PER_USER, LicensingMode.PER_DEVICE, LicensingMode.AAD_PER_USER):
        if wanted and seen.licensing_type not in wanted:
            yield "mode_wrong"
    else:
        yield "mode_missing"


def _server_troubles(case: Case, seen: HostReading) -> Iterable[str]:
    servers = seen.specified_servers
    if servers is None:
        yield "servers_unread"
        return
    if not servers:
        yield "no_server"
        return
    if any(same_host(server, lost.name) for server in servers for lost in case.lost_servers):
        yield "dead_server"
    elif not any(same_host(server, case.license_server.name) for server in servers):
        yield "by_address" if any(map(_is_address, servers)) else "other_server"


def _is_address(server: str) -> bool:
    """Whether a host was given an address in place of a name: whose it is, nobody sees from here."""
    try:
        ipaddress.ip_address(server.strip())
    except ValueError:
        return False
    return True


def same_host(one: str, other: str) -> bool:
    """Whether two names mean one host: equal, or one is the other's first label."""
    a, b = one.strip().rstrip(".").lower(), other.strip().rstrip(".").lower()
    return a == b or ("." not in a and a == b.partition(".")[0]) or ("." not in b and b == a.partition(".")[0])


def _status(case: Case, seen: HostReading) -> int | None:
    """What the host says about the case's license server; None where it was not asked or the call failed."""
    for reading in seen.connectivity:
        if same_host(reading.server, case.license_server.name) and reading.return_value == 0:
            return reading.status
    return None


class HostSeen(Plain):
    """One host as later steps, the record and the next audit read it. ``fault``: why it was not reached
    (``remoting.Unreached``), then nothing else is known; ``servers`` None: they could not be read; ``gpo`` the Group
    Policy object that sets it."""

    troubles: tuple[str, ...] = ()
    local: bool = False
    fault: str = ""
    mode: int | None = None
    set_by_policy: bool | None = None
    servers: tuple[str, ...] | None = ()
    grace_days: int | None = None
    connectivity: int | None = None
    os_build: int | None = None
    gpo: str = ""


def facts_of(state: HostState) -> HostSeen:
    """What is kept of one host."""
    seen = state.reading
    if seen is None:
        return HostSeen(troubles=state.troubles, local=state.local, fault=state.fault)
    return HostSeen(
        troubles=state.troubles,
        local=state.local,
        mode=seen.licensing_type,
        set_by_policy=None if (by := seen.policy_source_licensing_type) is None else by == PolicySource.GROUP_POLICY,
        servers=None if seen.specified_servers is None else tuple(seen.specified_servers),
        grace_days=seen.grace_days,
        connectivity=state.connectivity,
        os_build=seen.os_build,
    )


def row_of(state: HostState) -> dict[str, Any]:
    """One row of a table. A grace period of 0 days is shown and judged by nobody: it is 0 as soon as a license
    server is configured."""
    seen = state.reading
    trouble = TROUBLES[state.troubles[0]] if state.troubles else NO_TROUBLE
    row: dict[str, Any] = {"host": state.name, "trouble": trouble}
    if seen is None:
        return row | {
            "mode": "",
            "set_by": "",
            "servers": "",
            "grace_days": "",
            "connectivity": WHY[Unreached(state.fault)],
        }
    source = seen.policy_source_licensing_type
    by = "steps.set_by_broker" if seen.central_licensing else "" if source is None else "steps.set_by_server"
    by = "steps.set_by_policy" if source == PolicySource.GROUP_POLICY else by
    return row | {
        "mode": shown(MODES, seen.licensing_type),
        "set_by": by,
        "servers": "?" if seen.specified_servers is None else ", ".join(seen.specified_servers),
        "grace_days": seen.grace_days,
        "connectivity": "" if state.connectivity is None else shown(LINKS, state.connectivity),
    }
