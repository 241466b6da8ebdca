"""One session host against what the case wants: mode, license server, versions, connectivity.

Codes: ``Win32_TerminalServiceSetting`` (LicensingType 2, 4, 5, 6; GetTStoLSConnectivityStatus). The values read
are the effective ones; ``set_by`` says whether Group Policy or the server itself owns the mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runbook.case import Case
from runbook.readers.answers import HostAnswer, HostReading
from runbook.readers.codes import Connectivity, LicensingMode, PolicySource
from runbook.readers.remoting import why_unreached

#: Connectivity answers that say: this host gets its licences.
CONNECTED = frozenset({Connectivity.VALID_2008_R2_VDI, Connectivity.VALID})
#: Answers that a missing second hop gives as well, when the host was asked through remoting.
UNPROVEN = frozenset({Connectivity.NOT_CONNECTABLE, Connectivity.ACCESS_DENIED})
#: The first build that CALs of a version do not cover any more (rds-client-access-license: the host runs the
#: CALs' version or an older one).
FIRST_TOO_NEW = {"2008": 7600, "2008R2": 9200, "2012": 14393, "2016": 17763, "2019": 20348, "2022": 26100}

#: What can be wrong with a host, worst first: the order in which tables are sorted.
TROUBLES = (
    "unreachable",
    "not_session_host",
    "workgroup",
    "too_new",
    "dead_server",
    "no_server",
    "other_server",
    "mode_wrong",
    "mode_missing",
    "connectivity",
    "not_judged",
)


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
        worst = TROUBLES.index(self.troubles[0]) if self.troubles else len(TROUBLES)
        return worst, self.name.lower()

    @property
    def unreachable(self) -> bool:
        return "unreachable" in self.troubles

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is set wrongly on a host that was reached."""
        return tuple(word for word in self.troubles if word not in ("unreachable", "not_judged"))


def judge_host(case: Case, answer: HostAnswer, *, connectivity: bool) -> HostState:
    """``connectivity`` False: only what is configured counts (the packs may not be installed yet)."""
    seen = answer.reading
    if not answer.reached or seen is None:
        return HostState(answer.name, ("unreachable",), answer.local, why_unreached(answer.fault), None, None)
    status = _status(case, seen)
    troubles = set(_server_troubles(case, seen)) | set(_mode_troubles(case, seen)) | set(_kind_troubles(case, seen))
    if connectivity and status not in CONNECTED:
        remote = not answer.local
        troubles.add("not_judged" if status is None or (remote and status in UNPROVEN) else "connectivity")
    ordered = tuple(word for word in TROUBLES if word in troubles)
    return HostState(answer.name, ordered, answer.local, "", seen, status)


def judge_hosts(case: Case, answers: Iterable[HostAnswer], *, connectivity: bool) -> list[HostState]:
    """Every host of the case's list, worst first."""
    states = [judge_host(case, answer, connectivity=connectivity) for answer in answers]
    return sorted(states, key=lambda state: state.rank)


def _kind_troubles(case: Case, seen: HostReading) -> Iterable[str]:
    if seen.terminal_server_mode != 1:
        yield "not_session_host"
    if not seen.part_of_domain and any(pack.type == "user" for pack in case.packs):
        yield "workgroup"
    limits = [FIRST_TOO_NEW.get(pack.version) for pack in case.packs]  # None: no build is too new for its CALs
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
    if not servers:
        yield "no_server"
        return
    if any(same_host(server, lost.name) for server in servers for lost in case.lost_servers):
        yield "dead_server"
    elif not any(same_host(server, case.license_server.name) for server in servers):
        yield "other_server"


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


def facts_of(state: HostState) -> dict[str, Any]:
    """What later steps and the record read of one host."""
    seen = state.reading
    found: dict[str, Any] = {"troubles": list(state.troubles), "local": state.local}
    if seen is None:
        return found | {"fault": state.fault}
    return found | {
        "mode": seen.licensing_type,
        "set_by_policy": seen.policy_source_licensing_type == PolicySource.GROUP_POLICY,
        "servers": seen.specified_servers,
        "grace_days": seen.grace_days,
        "connectivity": state.connectivity,
        "os_build": seen.os_build,
    }


def row_of(state: HostState) -> dict[str, Any]:
    """One row of a table. A grace period of 0 days is shown and judged by nobody: it is 0 as soon as a license
    server is configured."""
    seen = state.reading
    trouble = state.troubles[0] if state.troubles else "none"
    row: dict[str, Any] = {"host": state.name, "trouble": f"steps.trouble_{trouble}"}
    if seen is None:
        return row | {
            "mode": "",
            "set_by": "",
            "servers": "",
            "grace_days": "",
            "connectivity": f"remoting.{state.fault}",
        }
    mode = seen.licensing_type
    by = "policy" if seen.policy_source_licensing_type == PolicySource.GROUP_POLICY else "server"
    status = state.connectivity
    return row | {
        "mode": f"steps.mode_{mode}" if mode in set(LicensingMode) else mode,
        "set_by": f"steps.set_by_{by}",
        "servers": ", ".join(seen.specified_servers),
        "grace_days": seen.grace_days,
        "connectivity": "" if status is None else f"steps.connectivity_{status}" if 0 <= status <= 11 else status,
    }
