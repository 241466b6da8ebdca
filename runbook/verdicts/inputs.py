"""What goes into each script's in.json: values only, named as the script names them (PascalCase)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.identifiers import normalise_id35
from runbook.verdicts.context import Context
from runbook.verdicts.private import identifiers_in_full
from runbook.verdicts.secure import LOG

#: How long one connection may take (milliseconds), and after how long the safety task starts the service.
_CONNECT_LIMIT = 5000
_SAFETY_MINUTES = 10


def files_folder(context: Context) -> str:
    """Where a script puts the files it makes: ``rNN/STEP/files``, evidence like the rest."""
    return str(context.step_folder / "files")


def _activate(context: Context) -> dict[str, Any]:
    way = "automatic" if context.case.clearinghouse.method == "automatic" else "telephone"
    given = [fields.get("license_server_id") for fields in context.private("activate")]
    last = next((normalise_id35(str(text)) for text in reversed(given) if text), None)
    return {"Way": way, "LicenseServerId": last or identifiers_in_full(context).license_server_id or ""}


def _install_packs(context: Context) -> dict[str, Any]:
    found: list[str] = []
    for fields in context.private("clearinghouse"):
        for pack in fields.get("packs") or []:
            compact = normalise_id35(str(pack.get("id") or ""))
            if compact and compact not in found:
                found.append(compact)
    return {"LicenseKeyPackIds": found}


def _migration_events(context: Context) -> dict[str, Any]:
    """Since the incident; where the case does not date it, since the key packs were read for the first time."""
    day = context.case.incident.date
    first = context.fact("key-packs-before", "collected_at")
    return {"Since": f"{day.isoformat()}T00:00:00.0000000Z" if day else str(first)}


def _backup(context: Context) -> dict[str, Any]:
    log = context.step_folder / LOG
    log.parent.mkdir(exist_ok=True)  # robocopy opens its log, it makes no folder for it
    return {
        "Destination": context.case.backup.destination or "",
        "SafetyMinutes": _SAFETY_MINUTES,
        "LogPath": str(log),
    }


def _hosts(context: Context) -> dict[str, Any]:
    hosts = context.case.session_hosts
    return {
        "ComputerNames": list(hosts.names),
        "ExpectedServer": context.case.license_server.name,
        "ThrottleLimit": hosts.throttle,
        "Folder": files_folder(context),
    }


def _gpupdate(context: Context) -> dict[str, Any]:
    hosts = context.case.session_hosts
    return {"ComputerNames": list(hosts.names), "ThrottleLimit": hosts.throttle}


INPUTS: dict[str, Callable[[Context], dict[str, Any]]] = {
    "network": lambda _: {"TimeoutMilliseconds": _CONNECT_LIMIT},
    "ad-group": lambda _: {"Domain": ""},
    "export-logs": lambda context: {"Folder": files_folder(context)},
    "activate": _activate,
    "install-packs": _install_packs,
    "migration-events": _migration_events,
    "backup": _backup,
    "hosts-policy": _hosts,
    "hosts-verify": _hosts,
    "hosts-state": _hosts,
    "gpupdate": _gpupdate,
}
