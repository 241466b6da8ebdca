"""Open: what the license server says of itself, its role, its service, its network and its group."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from runbook.case.consistency import names_machine
from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.entries import place
from runbook.journal.facts import Facts
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import Line, Status, Verdict
from runbook.journal.private import Identifiers, identifiers_in_full
from runbook.steps.answer_shape import Answered, Fault, Flag, Int
from runbook.steps.codes import ActivationStatus
from runbook.steps.preflight import Preflight
from runbook.steps.reading import failed, short
from runbook.steps.registry import script

#: Role services: the license server itself, its console and the licensing diagnoser's window.
ROLE, CONSOLE, DIAGNOSER = "RDS-Licensing", "RDS-Licensing-UI", "RSAT-RDS-Licensing-Diagnosis-UI"
#: How long one connection may take (milliseconds).
_CONNECT_LIMIT = 5000
TELEPHONE, WEB, AUTOMATIC = "telephone", "web", "automatic"


class Feature(Answered):
    """One row of Get-WindowsFeature. InstallState (Installed, Available, Removed) is never translated."""

    name: str
    install_state: str


class RolesAnswer(Answered):
    """roles: the features asked for by name; one that the system does not know is absent from the list."""

    features: list[Feature]
    fault: Fault | None

    def installed(self, name: str) -> bool:
        """True only for InstallState Installed."""
        return any(f.name == name and f.install_state == "Installed" for f in self.features)


class ServiceAnswer(Answered):
    """service: Win32_Service of TermServLicensing. State and StartMode are English on any system."""

    name: str
    present: Flag
    state: str | None  # Running, Stopped, Start Pending, …
    start_mode: str | None  # Auto, Manual, Disabled
    start_name: str | None
    path_name: str | None
    process_id: Int | None
    started_at: AwareDatetime | None
    exit_code: Int | None


class NamedText(Answered):
    """A registry value: its name and what it says."""

    name: str
    value: str


class Endpoint(Answered):
    """One host that the license server would talk to, tried from here. 443 is the only documented port."""

    host: str
    port: Int
    addresses: list[str]
    resolve_fault: Fault | None
    connected: Flag
    milliseconds: Int | None
    connect_fault: Fault | None


class NetworkAnswer(Answered):
    """network: the values of HKLM\\SOFTWARE\\Microsoft\\TermServLicensing\\lrwiz\\Params and what answers."""

    registry_found: Flag
    registry_fault: Fault | None = None  # the key refused: which host it names is not known
    registry_values: list[NamedText]
    endpoints: list[Endpoint]


class Contact(Answered):
    """One contact property of the license server: whether it is filled in, never what it says."""

    name: str
    filled: Flag


class LicenseServerAnswer(Answered):
    """license-server: the singleton Win32_TSLicenseServer. Both identifiers show their last five characters.

    ``properties_empty``: the class answered but every property was blank, which is what a caller without an
    elevated token sees; no other field may be believed then.
    """

    found: Flag
    properties_empty: Flag
    version: str | None
    version_number: str | None
    server_role: Int | None  # 0 workgroup, 1 domain, 2 forest
    database_path: str | None
    product_id_tail: str | None
    product_id_length: Int
    license_server_id_tail: str | None
    license_server_id_length: Int
    id_return_value: Int | None
    activation_status: Int | None
    activation_return_value: Int | None
    contacts: list[Contact]
    fault: Fault | None  # the class itself could not be read
    activation_fault: Fault | None = None  # GetActivationStatus was refused by an exception
    id_fault: Fault | None = None  # GetLicenseServerId was: on a server that is not activated it may be


class LicenseServerPrivate(Answered):
    """private.json of license-server and activate: the identifiers in full (goes to the private folder)."""

    product_id: str | None = None
    license_server_id: str | None = None


class MethodCall(Answered):
    """One WMI method without input: its ReturnValue (0 = success) and its one boolean, or the error."""

    method: str
    return_value: Int | None
    value: Flag | None
    fault: Fault | None


class AdGroupAnswer(Answered):
    """ad-group: IsLSinTSLSGroup, IsLSonDC, IsLSRegisteredToSCP and the two policies of the license server."""

    domain: str  # the domain asked about; "" = the server's own
    calls: list[MethodCall]

    def value(self, method: str) -> bool | None:
        """The boolean that METHOD answered, None where it failed."""
        return next((c.value for c in self.calls if c.method == method and c.return_value == 0), None)


class LogExport(Answered):
    """One wevtutil epl. Missing: exit code 15007, the system has no such channel (recorded, no error)."""

    channel: str
    query: str | None
    file: str  # name inside the folder
    exit_code: Int
    missing: Flag
    size: Int | None  # bytes
    text: list[str]
    fault: Fault | None = None  # wevtutil could not be started (the exit code is -1 then), or left no file

    @property
    def done(self) -> bool:
        return self.exit_code == 0 and self.fault is None


class ExportLogsAnswer(Answered):
    """export-logs: one row per channel."""

    folder: str
    exports: list[LogExport]


class Roles(Facts):
    """InstallState of each role service asked about, by its name; whether the license server's own is installed."""

    step: ClassVar[str] = "roles"
    features: dict[str, str] = Field(default_factory=dict)
    installed: bool = False

    def is_session_host(self) -> bool | None:
        """Whether the machine is meant to be a session host; None where nobody could say."""
        return self.features.get("RDS-RD-Server") == "Installed" if self.features else None


@script("roles", RolesAnswer)
def roles(context: Context, seen: RolesAnswer) -> Verdict:
    """Installed counts, available does not. The console and the Diagnoser's window are needed by people, so
    their absence is a finding."""
    if seen.fault is not None:
        return failed("steps.roles_unknown", seen.fault)
    states = {feature.name: feature.install_state for feature in seen.features}
    facts = Roles(features=states, installed=seen.installed(ROLE))
    if not seen.installed(ROLE):
        fields = {"state": states.get(ROLE, "—")}
        return Verdict(Status.FAILED, (Line("steps.roles_missing", fields),), facts, hints=hints_for("role"))
    tools = [name for name in (CONSOLE, DIAGNOSER) if not seen.installed(name)]
    if tools:
        return Verdict(Status.FINDING, (Line("steps.roles_tools", {"tools": ", ".join(tools)}),), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.roles_ok"),), facts)


class Service(Facts):
    """TermServLicensing: State and StartMode as Win32_Service tells them."""

    step: ClassVar[str] = "service"
    name: str = ""
    state: str | None = None
    start_mode: str | None = None

    def runs(self) -> bool | None:
        """Whether it runs; None where its state is not known."""
        return None if self.state is None else self.state == "Running"


@script("service", ServiceAnswer)
def service(context: Context, seen: ServiceAnswer) -> Verdict:
    """TermServLicensing by its service name: State and StartMode are never translated."""
    facts = Service(name=seen.name, state=seen.state, start_mode=seen.start_mode)
    if not seen.present:
        return Verdict(Status.FAILED, (Line("steps.service_absent"),), facts, hints=hints_for("role"))
    if seen.state != "Running":
        fields = {"state": seen.state, "mode": seen.start_mode, "code": seen.exit_code}
        disabled = seen.start_mode == "Disabled"
        line = Line("steps.service_disabled" if disabled else "steps.service_stopped", fields)
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("service"))
    if seen.start_mode != "Auto":
        line = Line("steps.service_not_automatic", {"mode": seen.start_mode})
        return Verdict(Status.FINDING, (line,), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.service_ok"),), facts)


class Network(Facts):
    """``HOST:PORT`` of what answers and what does not, and the ways to the Clearinghouse that are left."""

    step: ClassVar[str] = "network"
    registry_found: bool | None = None
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@script("network", NetworkAnswer, given=lambda _: {"TimeoutMilliseconds": _CONNECT_LIMIT})
def network(context: Context, seen: NetworkAnswer) -> Verdict:
    """443 to the host that the registry names. Without it the automatic way is closed; the telephone and, from
    another computer, the web site stay open (rds-install-cals)."""
    open_hosts = [f"{end.host}:{end.port}" for end in seen.endpoints if end.connected]
    closed = [f"{end.host}:{end.port}" for end in seen.endpoints if not end.connected]
    reachable = bool(open_hosts) and not closed
    facts = Network(
        registry_found=seen.registry_found,
        open=tuple(open_hosts),
        closed=tuple(closed),
        methods=(AUTOMATIC, TELEPHONE, WEB) if reachable else (TELEPHONE, WEB),
    )
    table = tuple(
        {
            "host": end.host,
            "port": end.port,
            "state": "steps.state_open" if end.connected else "steps.state_closed",
            "milliseconds": end.milliseconds,
            "addresses": ", ".join(end.addresses),
        }
        for end in seen.endpoints
    )
    if reachable:
        return Verdict(Status.SUCCEEDED, (Line("steps.network_ok", {"hosts": ", ".join(open_hosts)}),), facts, table)
    lines = [Line("steps.network_closed", {"hosts": ", ".join(closed) or "—"})]
    if seen.registry_fault is not None:
        lines = [Line("steps.network_registry_fault", {"message": short(seen.registry_fault.message)})]
    elif not seen.registry_found:
        lines.append(Line("steps.network_no_registry"))
    if context.case.clearinghouse.method == AUTOMATIC:
        lines.append(Line("steps.network_choose"))
    return Verdict(Status.FINDING, tuple(lines), facts, table, hints_for("network"))


class LicenseServer(Facts):
    """What the license server says of itself; both identifiers by their last five characters."""

    step: ClassVar[str] = "license-server"
    activation_status: int | None = None  # codes.ActivationStatus
    product_id: str = ""
    license_server_id: str = ""
    database_path: str | None = None
    version: str | None = None
    server_role: int | None = None
    contacts_missing: tuple[str, ...] = ()

    @property
    def activated(self) -> bool:
        return self.activation_status == ActivationStatus.ACTIVATED


def set_up_anew(history: History, now: LicenseServer | None = None) -> Entry | None:
    """The last reading of an installation that is no more: the server said that it was activated, and later (``now``:
    a reading that is not written down yet) that it is not, or under another License Server ID. What was done to it
    before, and the IDs that were given for it, are of that installation. None where there was none."""
    ends = [e for step in (LicenseServer.step, "activate") for e in history.ends(step)]
    seen = [e for e in sorted(ends, key=place) if e["status"] != Status.ALREADY_DONE]
    readings = [*((e, LicenseServer.of(e.get("facts"))) for e in seen), ({}, now)]
    lost: Entry | None = None
    active: Entry | None = None
    known = ""
    for end, read in readings:
        if read is None or read.activation_status is None:  # a person's word says nothing of what the server says
            continue
        own = read.license_server_id
        if active and (read.activation_status == ActivationStatus.NOT_ACTIVATED or (own and known and own != known)):
            lost, active, known = active, None, ""
        if read.activated:
            active, known = end, own or known
    return lost


def own_identifiers(context: Context) -> Identifiers:
    """The identifiers in full of the installation that is there now."""
    return identifiers_in_full(context, set_up_anew(context.history))


@script("license-server", LicenseServerAnswer)
def license_server(context: Context, seen: LicenseServerAnswer) -> Verdict:
    """Win32_TSLicenseServer. Blank properties are never facts; "not activated" is what the case repairs."""
    if not seen.found or seen.fault is not None:
        if seen.fault is None:
            return failed("steps.license_server_absent", hints=hints_for("role"))
        return failed("steps.license_server_fault", seen.fault, hints_for("wmi", seen.fault.code))
    if seen.properties_empty:
        before = context.facts(Preflight)
        blind = before is not None and before.elevated
        return failed("steps.license_server_empty_elevated" if blind else "steps.license_server_empty")
    facts = LicenseServer(
        activation_status=seen.activation_status,
        product_id=_tail(seen.product_id_tail),
        license_server_id=_tail(seen.license_server_id_tail),
        database_path=seen.database_path,
        version=seen.version,
        server_role=seen.server_role,
        contacts_missing=tuple(contact.name for contact in seen.contacts if not contact.filled),
    )
    earlier = set_up_anew(context.history, facts)
    told = (
        _of_the_case(context) and earlier and not (facts.activated and earlier is set_up_anew(context.history))
    )  # until it is activated again
    fields = {"run": earlier["run"] if earlier else "", "case": context.case.name}
    anew = (Line("steps.license_server_anew", fields),) if told else ()
    if facts.activated:
        fields = {"id": facts.license_server_id or "steps.not_read", "path": seen.database_path or "—"}
        line = Line("steps.license_server_ok", fields)
        return Verdict(Status.FINDING if anew else Status.SUCCEEDED, (line, *anew), facts)
    if seen.activation_status == ActivationStatus.NOT_ACTIVATED:
        line = Line("steps.license_server_not_activated", {"product": facts.product_id or "—"})
        return Verdict(Status.FINDING, (line, *anew), facts, hints=hints_for("activation"))
    line = Line("steps.license_server_unknown", {"status": seen.activation_status})
    return Verdict(Status.FINDING, (line,), facts, hints=hints_for("activation"))


def _of_the_case(context: Context) -> bool:
    """Whether the machine that answered is the server that the case names, where both are known."""
    seen, case = context.facts(Preflight), context.case
    return seen is None or case.draft or names_machine(case.license_server.name, seen.dns_name, seen.computer_name)


def _tail(text: str | None) -> str:
    return f"…{text}" if text else ""


class AdGroup(Facts):
    """Whether the server may track Per User CALs in Active Directory; None: it could not be asked."""

    step: ClassVar[str] = "ad-group"
    member: bool | None = None
    on_domain_controller: bool | None = None
    registered_to_scp: bool | None = None
    security_group_policy: bool | None = None
    prevent_upgrade_policy: bool | None = None
    domain: str = ""


@script("ad-group", AdGroupAnswer, given=lambda _: {"Domain": ""})
def ad_group(context: Context, seen: AdGroupAnswer) -> Verdict:
    """IsLSinTSLSGroup: outside the group, Per User CALs are issued but cannot be tracked (event 4105)."""
    member = seen.value("IsLSinTSLSGroup")
    on_dc = seen.value("IsLSonDC")
    facts = AdGroup(
        member=member,
        on_domain_controller=on_dc,
        registered_to_scp=seen.value("IsLSRegisteredToSCP"),
        security_group_policy=seen.value("IsLSSecGrpGPEnabled"),
        prevent_upgrade_policy=seen.value("IsLSPreventUpgradeGPEnabled"),
        domain=seen.domain,
    )
    extra = []
    if on_dc:
        extra.append(Line("steps.ad_group_on_dc"))
    if facts.security_group_policy:
        extra.append(Line("steps.ad_group_security_policy"))
    if member is None:
        call = next((call for call in seen.calls if call.method == "IsLSinTSLSGroup"), None)
        code = call.fault.code if call and call.fault else _hex(call.return_value if call else None)
        return Verdict(Status.NOT_JUDGED, (Line("steps.ad_group_unknown", {"code": code}), *extra), facts)
    if not member:
        lines = (Line("steps.ad_group_outside"), *extra)
        return Verdict(Status.FINDING, lines, facts, hints=hints_for("ad-group"))
    if extra:
        return Verdict(Status.FINDING, (Line("steps.ad_group_ok"), *extra), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.ad_group_ok"),), facts)


def _hex(code: int | None) -> str:
    return "—" if code is None else f"0x{code & 0xFFFFFFFF:08X}"


class ExportedLogs(Facts):
    """Channels that were exported, that this system does not have, and that could not be exported."""

    step: ClassVar[str] = "export-logs"
    folder: str = ""
    exported: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def _export_state(row: LogExport) -> str:
    if row.missing:
        return "steps.state_missing"
    return "steps.state_exported" if row.done else "steps.state_failed"


@script("export-logs", ExportLogsAnswer, given=lambda context: {"Folder": context.files_folder})
def export_logs(context: Context, seen: ExportLogsAnswer) -> Verdict:
    """A channel that this system does not have (15007) is named, and is no failure."""
    missing = [row.channel for row in seen.exports if row.missing]
    broken = [row for row in seen.exports if not row.done and not row.missing]
    done = [row for row in seen.exports if row.done]
    facts = ExportedLogs(
        folder=seen.folder,
        exported=tuple(row.channel for row in done),
        files=tuple(row.file for row in done),
        missing=tuple(missing),
        failed=tuple(row.channel for row in broken),
    )
    table = tuple(
        {
            "channel": row.channel,
            "state": _export_state(row),
            "file": "" if row.missing else row.file,
            "size": row.size,
        }
        for row in seen.exports
    )
    lines = [Line("steps.logs_exported", {"count": len(done)})] if done else []
    lines += [Line("steps.logs_missing", {"channel": channel}) for channel in missing]
    for row in broken:
        why = short(row.fault.message if row.fault else " ".join(row.text)) or "—"
        lines.append(Line("steps.logs_failed", {"channel": row.channel, "code": row.exit_code, "message": why}))
    status = Status.FAILED if broken or not done else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, table)
