"""Open: is this the right machine, with the right rights, and what does its license server say?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import (
    AdGroupAnswer,
    ExportLogsAnswer,
    LicenseServerAnswer,
    NetworkAnswer,
    PreflightAnswer,
    RolesAnswer,
    ServiceAnswer,
)
from runbook.readers.codes import ActivationStatus
from runbook.verdicts.context import Context
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.reading import failed, reading

#: The oldest build on which CALs of a version live (rds-client-access-license: the license server runs the
#: CALs' version or a newer one). Builds: 2012 R2 9600 … 2025 26100.
OLDEST_BUILD = {"2008": 6003, "2008R2": 7601, "2012": 9200, "2016": 14393, "2019": 17763}
OLDEST_BUILD |= {"2022": 20348, "2025": 26100}
#: CVE-2024-38077 was closed by the updates of July 2024 (third party; MSRC page not read).
PATCHED_SINCE = dt.date(2024, 7, 9)
#: Role services: the license server itself, its console and the licensing diagnoser's window.
ROLE, CONSOLE, DIAGNOSER = "RDS-Licensing", "RDS-Licensing-UI", "RSAT-RDS-Licensing-Diagnosis-UI"
TELEPHONE, WEB, AUTOMATIC = "telephone", "web", "automatic"


def preflight(context: Context, seen: PreflightAnswer) -> Verdict:
    """Stops at the first thing that makes every later fact worthless: without elevation the licensing classes
    answer with blanks and no error, so then not a single fact is recorded."""
    if not seen.is_elevated:
        return failed("preflight_not_elevated", user=seen.user_name)
    if seen.language_mode != "FullLanguage":
        return failed("preflight_language_mode", mode=seen.language_mode)
    facts = _preflight_facts(seen)
    faults = _preflight_faults(context, seen)
    if faults:
        return Verdict(Status.FAILED, faults, facts)
    concerns = _preflight_concerns(context, seen)
    fields = {"server": seen.dns_name, "build": facts["os"], "user": seen.user_name, "domain": seen.domain}
    status = Status.FINDING if concerns else Status.SUCCEEDED
    return Verdict(status, (Line("steps.preflight_ok", fields), *concerns), facts)


def _preflight_facts(seen: PreflightAnswer) -> dict[str, Any]:
    build = f"{seen.os_build}.{seen.update_revision}" if seen.update_revision is not None else str(seen.os_build)
    return {
        "elevated": True,
        "computer_name": seen.computer_name,
        "dns_name": seen.dns_name,
        "user_name": seen.user_name,
        "os": build,
        "os_build": seen.os_build,
        "installation_type": seen.installation_type,
        "power_shell": f"{seen.power_shell_version} {seen.power_shell_edition}",
        "language_mode": seen.language_mode,
        "execution_policy_imposed": _policy(seen),
        "culture": seen.culture,
        "time_zone": seen.time_zone,
        "time_source": _first_line(seen),
        "part_of_domain": seen.part_of_domain,
        "domain": seen.domain,
        "last_update": _last_update(seen),
    }


def _preflight_faults(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    lines = []
    if not (seen.is_64_bit_operating_system and seen.is_64_bit_process):
        lines.append(Line("steps.preflight_32_bit"))
    if _version(seen.power_shell_version) < (5, 1):
        lines.append(Line("steps.preflight_power_shell", {"version": seen.power_shell_version}))
    if seen.product_type == 1:
        lines.append(Line("steps.preflight_client", {"build": seen.os_build}))
    needed = {pack.version: OLDEST_BUILD[pack.version] for pack in context.case.packs}
    for version, build in sorted(needed.items()):
        if seen.os_build < build:
            fields = {"version": version, "needed": build, "build": seen.os_build}
            lines.append(Line("steps.preflight_too_old", fields))
    if not seen.part_of_domain and any(pack.type == "user" for pack in context.case.packs):
        lines.append(Line("steps.preflight_workgroup", {"workgroup": seen.domain}))
    return tuple(lines)


def _preflight_concerns(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    lines = []
    if not seen.part_of_domain and not any(pack.type == "user" for pack in context.case.packs):
        lines.append(Line("steps.preflight_workgroup_device", {"workgroup": seen.domain}))
    if _policy(seen) == "AllSigned":
        lines.append(Line("steps.preflight_all_signed"))
    named = context.case.license_server.name.lower()
    if not context.case.draft and named not in (seen.dns_name.lower(), seen.computer_name.lower()):
        lines.append(Line("steps.preflight_other_server", {"server": seen.dns_name, "named": named}))
    last = _last_update(seen)
    if last and last < PATCHED_SINCE.isoformat():
        lines.append(Line("steps.preflight_unpatched", {"last": last}))
    if seen.time_source is not None and seen.time_source.exit_code != 0:
        lines.append(Line("steps.preflight_time", {"code": seen.time_source.exit_code}))
    return tuple(lines)


def _policy(seen: PreflightAnswer) -> str:
    """The execution policy that Group Policy sets (machine before user); "" where it sets none."""
    set_by = {row.scope: row.policy for row in seen.execution_policies if row.policy != "Undefined"}
    return set_by.get("MachinePolicy") or set_by.get("UserPolicy") or ""


def _last_update(seen: PreflightAnswer) -> str:
    dates = [row.installed_at.date().isoformat() for row in seen.updates if row.installed_at]
    return max(dates, default="")


def _first_line(seen: PreflightAnswer) -> str:
    return next((line.strip() for line in (seen.time_source.text if seen.time_source else []) if line.strip()), "")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def roles(context: Context, seen: RolesAnswer) -> Verdict:
    """Installed counts, available does not. The console and the Diagnoser's window are needed by people, so
    their absence is a finding."""
    if seen.fault is not None:
        return failed("roles_unknown", seen.fault)
    states = {feature.name: feature.install_state for feature in seen.features}
    facts: dict[str, Any] = {"features": states, "installed": seen.installed(ROLE)}
    if not seen.installed(ROLE):
        fields = {"state": states.get(ROLE, "—")}
        return Verdict(Status.FAILED, (Line("steps.roles_missing", fields),), facts, hints=hints_for("role"))
    tools = [name for name in (CONSOLE, DIAGNOSER) if not seen.installed(name)]
    if tools:
        return Verdict(Status.FINDING, (Line("steps.roles_tools", {"tools": ", ".join(tools)}),), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.roles_ok"),), facts)


def service(context: Context, seen: ServiceAnswer) -> Verdict:
    """TermServLicensing by its service name: State and StartMode are never translated."""
    facts = {"name": seen.name, "state": seen.state, "start_mode": seen.start_mode}
    if not seen.present:
        return Verdict(Status.FAILED, (Line("steps.service_absent"),), facts, hints=hints_for("role"))
    if seen.state != "Running":
        fields = {"state": seen.state, "mode": seen.start_mode, "code": seen.exit_code}
        line = Line("steps.service_stopped", fields)
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("service"))
    if seen.start_mode != "Auto":
        line = Line("steps.service_not_automatic", {"mode": seen.start_mode})
        return Verdict(Status.FINDING, (line,), facts)
    return Verdict(Status.SUCCEEDED, (Line("steps.service_ok"),), facts)


def network(context: Context, seen: NetworkAnswer) -> Verdict:
    """443 to the host that the registry names. Without it the automatic way is closed; the telephone and, from
    another computer, the web site stay open (rds-install-cals)."""
    open_hosts = [f"{end.host}:{end.port}" for end in seen.endpoints if end.connected]
    closed = [f"{end.host}:{end.port}" for end in seen.endpoints if not end.connected]
    reachable = bool(open_hosts) and not closed
    facts = {
        "registry_found": seen.registry_found,
        "open": open_hosts,
        "closed": closed,
        "methods": [AUTOMATIC, TELEPHONE, WEB] if reachable else [TELEPHONE, WEB],
    }
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
    if not seen.registry_found:
        lines.append(Line("steps.network_no_registry"))
    if context.case.clearinghouse.method == AUTOMATIC:
        lines.append(Line("steps.network_choose"))
    return Verdict(Status.FINDING, tuple(lines), facts, table, hints_for("network"))


def license_server(context: Context, seen: LicenseServerAnswer) -> Verdict:
    """Win32_TSLicenseServer. Blank properties are never facts; "not activated" is what the case repairs."""
    if not seen.found or seen.fault is not None:
        if seen.fault is None:
            return failed("license_server_absent", hints=hints_for("role"))
        return failed("license_server_fault", seen.fault, hints_for("wmi", seen.fault.code))
    if seen.properties_empty:
        elevated = context.fact("preflight", "elevated", False)
        return failed("license_server_empty_elevated" if elevated else "license_server_empty")
    facts: dict[str, Any] = {
        "activation_status": seen.activation_status,
        "product_id": _tail(seen.product_id_tail),
        "license_server_id": _tail(seen.license_server_id_tail),
        "database_path": seen.database_path,
        "version": seen.version,
        "server_role": seen.server_role,
        "contacts_missing": [contact.name for contact in seen.contacts if not contact.filled],
    }
    if seen.activation_status == ActivationStatus.ACTIVATED:
        fields = {"id": facts["license_server_id"] or "—", "path": seen.database_path or "—"}
        return Verdict(Status.SUCCEEDED, (Line("steps.license_server_ok", fields),), facts)
    if seen.activation_status == ActivationStatus.NOT_ACTIVATED:
        line = Line("steps.license_server_not_activated", {"product": facts["product_id"] or "—"})
        return Verdict(Status.FINDING, (line,), facts, hints=hints_for("activation"))
    line = Line("steps.license_server_unknown", {"status": seen.activation_status})
    return Verdict(Status.FINDING, (line,), facts, hints=hints_for("activation"))


def _tail(text: str | None) -> str:
    return f"…{text}" if text else ""


def ad_group(context: Context, seen: AdGroupAnswer) -> Verdict:
    """IsLSinTSLSGroup: outside the group, Per User CALs are issued but cannot be tracked (event 4105)."""
    member = seen.value("IsLSinTSLSGroup")
    on_dc = seen.value("IsLSonDC")
    facts = {
        "member": member,
        "on_domain_controller": on_dc,
        "registered_to_scp": seen.value("IsLSRegisteredToSCP"),
        "security_group_policy": seen.value("IsLSSecGrpGPEnabled"),
        "prevent_upgrade_policy": seen.value("IsLSPreventUpgradeGPEnabled"),
        "domain": seen.domain,
    }
    extra = []
    if on_dc:
        extra.append(Line("steps.ad_group_on_dc"))
    if facts["security_group_policy"]:
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


def export_logs(context: Context, seen: ExportLogsAnswer) -> Verdict:
    """A channel that this system does not have (15007) is named, and is no failure."""
    missing = [row.channel for row in seen.exports if row.missing]
    broken = [row for row in seen.exports if row.exit_code != 0 and not row.missing]
    done = [row for row in seen.exports if row.exit_code == 0]
    facts = {
        "folder": seen.folder,
        "exported": [row.channel for row in done],
        "files": [row.file for row in done],
        "missing": missing,
        "failed": [row.channel for row in broken],
    }
    table = tuple(
        {
            "channel": row.channel,
            "state": f"steps.state_{'missing' if row.missing else 'failed' if row.exit_code else 'exported'}",
            "file": "" if row.missing else row.file,
            "size": row.size,
        }
        for row in seen.exports
    )
    lines = [Line("steps.logs_exported", {"count": len(done)})] if done else []
    lines += [Line("steps.logs_missing", {"channel": channel}) for channel in missing]
    lines += [Line("steps.logs_failed", {"channel": row.channel, "code": row.exit_code}) for row in broken]
    status = Status.FAILED if broken or not done else Status.SUCCEEDED
    return Verdict(status, tuple(lines), facts, table)


JUDGES = {
    "preflight": reading("preflight", preflight),
    "roles": reading("roles", roles),
    "service": reading("service", service),
    "network": reading("network", network),
    "license-server": reading("license-server", license_server),
    "ad-group": reading("ad-group", ad_group),
    "export-logs": reading("export-logs", export_logs),
}
