"""What each step's script writes to out.json, as typed records: one model per script, nothing interpreted.

out.json is a list that holds one object (``ConvertTo-Json -InputObject @($result)``). Its names are
PascalCase, the fields here their snake_case form; an unknown name is refused, so that a script and its reader
cannot drift apart. Codes stay plain integers, because a later Windows may know more of them than codes.py,
which names the documented values. Localised text (messages, console output) is kept as evidence and never
matched.

Sources: the classes' pages in MicrosoftDocs/win32, ``desktop-src/TermServ`` (Win32_TSLicenseServer,
Win32_TSLicenseKeyPack, Win32_TerminalServiceSetting, Win32_TSDeploymentLicensing).
"""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from runbook.readers.answer_shape import Answered, Fault, Flag, Int, LoggedEvent, NativeRun
from runbook.readers.audit_answers import AuditReportAnswer
from runbook.readers.backup_answers import (
    BackupAnswer,
    BackupPlanAnswer,
    CopiedFile,
    CopiesAnswer,
    DatedCopy,
    Manifest,
    RemovedCopy,
    RetentionAnswer,
    SecondCopyAnswer,
    SystemStateAnswer,
    SystemStateVersion,
    VssAnswer,
)
from runbook.readers.host_answers import (
    ConnectivityReading,
    GpResult,
    GpupdateAnswer,
    HostAnswer,
    HostPolicy,
    HostReading,
    HostRegistry,
    HostsAnswer,
    HostUpdate,
)

__all__ = [
    "ANSWERS",
    "ActivateAnswer",
    "AdGroupAnswer",
    "Answered",
    "AuditReportAnswer",
    "BackupAnswer",
    "BackupPlanAnswer",
    "ConnectivityReading",
    "Contact",
    "CopiedFile",
    "CopiesAnswer",
    "DatedCopy",
    "Endpoint",
    "ExecutionPolicy",
    "ExportLogsAnswer",
    "Fault",
    "Feature",
    "GpResult",
    "GpupdateAnswer",
    "HostAnswer",
    "HostPolicy",
    "HostReading",
    "HostRegistry",
    "HostUpdate",
    "HostsAnswer",
    "InstallPacksAnswer",
    "InstalledPack",
    "KeyPack",
    "KeyPacksAnswer",
    "LicenseServerAnswer",
    "LicenseServerPrivate",
    "LogExport",
    "LogSearch",
    "LoggedEvent",
    "Manifest",
    "MethodCall",
    "MigrationEventsAnswer",
    "NamedText",
    "NativeRun",
    "NetworkAnswer",
    "PreflightAnswer",
    "RemovedCopy",
    "RetentionAnswer",
    "RolesAnswer",
    "SecondCopyAnswer",
    "ServiceAnswer",
    "SystemStateAnswer",
    "SystemStateVersion",
    "Update",
    "VssAnswer",
    "read_answer",
]

# ---------------------------------------------------------------- open


class ExecutionPolicy(Answered):
    """One row of Get-ExecutionPolicy -List; both words are enum names, the same in every language."""

    scope: str
    policy: str


class Update(Answered):
    """One row of Get-HotFix."""

    hot_fix_id: str
    installed_at: AwareDatetime | None


class PreflightAnswer(Answered):
    """preflight: the process, the person's rights, the system, its time and its domain."""

    collected_at: AwareDatetime
    computer_name: str
    dns_name: str
    user_name: str
    is_64_bit_operating_system: Flag
    is_64_bit_process: Flag
    is_elevated: Flag
    power_shell_version: str
    power_shell_edition: str
    language_mode: str  # FullLanguage, ConstrainedLanguage, …
    execution_policies: list[ExecutionPolicy]
    culture: str  # "fr-FR"
    ui_culture: str = Field(alias="UICulture")
    time_zone: str
    os_build: Int  # 20348 = Windows Server 2022
    update_revision: Int | None  # UBR
    display_version: str | None  # "21H2"
    installation_type: str | None  # "Server", "Server Core", "Client"
    product_type: Int  # Win32_OperatingSystem.ProductType: 1 work station, 2 domain controller, 3 server
    last_boot_at: AwareDatetime | None
    updates: list[Update]  # newest first, ten at most
    updates_fault: Fault | None
    time_source: NativeRun | None  # w32tm /query /source
    part_of_domain: Flag
    domain: str  # the domain, or the workgroup
    domain_role: Int  # Win32_ComputerSystem.DomainRole: 0, 2 stand-alone; 1, 3 member; 4, 5 domain controller


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
    fault: Fault | None


class LicenseServerPrivate(Answered):
    """private.json of license-server and activate: the identifiers in full (goes to the private folder)."""

    product_id: str | None = None
    license_server_id: str | None = None


class KeyPack(Answered):
    """One row of Win32_TSLicenseKeyPack. KeyPackId is the local row number, not the 35-character ID."""

    key_pack_id: Int
    description: str | None
    key_pack_type: Int
    product_type: Int
    product_version: str | None
    product_version_id: Int
    total_licenses: Int
    issued_licenses: Int
    available_licenses: Int
    expiration_at: AwareDatetime | None
    access_rights: Int | None
    type_and_model: str | None  # display text: never matched


class KeyPacksAnswer(Answered):
    """key-packs-before and key-packs-after: every row, none filtered away."""

    collected_at: AwareDatetime
    key_packs: list[KeyPack]
    fault: Fault | None


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


class ExportLogsAnswer(Answered):
    """export-logs: one row per channel."""

    folder: str
    exports: list[LogExport]


# ---------------------------------------------------------------- activate, install


class ActivateAnswer(Answered):
    """activate: ActivateServer (telephone, web) or ActivateServerAutomatic; statuses before and after."""

    way: str  # "telephone" | "automatic"
    before: Int | None
    after: Int | None
    return_value: Int | None  # None: nothing was called (already activated) or the call threw
    already: Flag
    license_server_id_tail: str | None
    contacts: list[Contact]
    fault: Fault | None


class InstalledPack(Answered):
    """One InstallLicenseKeyPack: the last five characters of the ID, ReturnValue, the row it made."""

    tail: str
    return_value: Int | None
    key_pack_id: Int | None
    fault: Fault | None


class InstallPacksAnswer(Answered):
    """install-packs: one call per ID, key packs before and after."""

    packs: list[InstalledPack]
    before: list[KeyPack]
    after: list[KeyPack]


class LogSearch(Answered):
    """One Get-WinEvent. NoMatch: the channel holds no such event. Missing: there is no such channel."""

    channel: str
    no_match: Flag
    missing: Flag
    fault: Fault | None


class MigrationEventsAnswer(Answered):
    """migration-events: 26 and 88 to 93 of the licensing provider since the incident."""

    since: AwareDatetime
    searches: list[LogSearch]
    events: list[LoggedEvent]


#: Script (the stem of its file in notebooks/steps) -> the model of its one answer.
ANSWERS: dict[str, type[Answered]] = {
    "preflight": PreflightAnswer,
    "roles": RolesAnswer,
    "service": ServiceAnswer,
    "network": NetworkAnswer,
    "license-server": LicenseServerAnswer,
    "key-packs": KeyPacksAnswer,
    "ad-group": AdGroupAnswer,
    "export-logs": ExportLogsAnswer,
    "activate": ActivateAnswer,
    "install-packs": InstallPacksAnswer,
    "migration-events": MigrationEventsAnswer,
    "backup": BackupAnswer,
    "backup-plan": BackupPlanAnswer,
    "backup-system-state": SystemStateAnswer,
    "backup-vss": VssAnswer,
    "backup-copies": CopiesAnswer,
    "backup-second-copy": SecondCopyAnswer,
    "backup-retention": RetentionAnswer,
    "hosts": HostsAnswer,
    "gpupdate": GpupdateAnswer,
    "audit-report": AuditReportAnswer,
}


def read_answer(script: str, out: list[dict[str, Any]]) -> Answered:
    """The one record of ``out`` (the parsed out.json) of SCRIPT.

    Raises KeyError for a script that answers nothing, ValueError (pydantic.ValidationError is one) when the
    list does not hold exactly one object of the script's shape.
    """
    if len(out) != 1:
        raise ValueError(f"{script}: out.json holds {len(out)} objects, 1 expected")
    return ANSWERS[script].model_validate(out[0])
