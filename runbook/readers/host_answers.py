"""What the scripts hosts.ps1 and gpupdate.ps1 write to out.json: one row per session host.

Sources: Win32_TerminalServiceSetting and Win32_TSDeploymentLicensing in MicrosoftDocs/win32; the registry places
in Microsoft's troubleshooting pages, which disagree on one of them (the script reads both).
"""

from __future__ import annotations

from pydantic import AwareDatetime

from runbook.readers.answer_shape import Answered, Fault, Flag, Int, LoggedEvent, Number


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
    terminal_server_mode: Int  # 1 session host, 0 remote administration
    licensing_type: Int
    licensing_name: str | None
    policy_source_licensing_type: Int
    policy_source_configured_license_servers: Int
    specified_servers: list[str]
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


class HostsAnswer(Answered):
    """hosts-policy and hosts-verify; also the file that hosts.ps1 leaves when it is run on a host itself."""

    expected_server: str
    hosts: list[HostAnswer]


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
