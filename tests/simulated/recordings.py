"""The rehearsals' answers are what the scripts say: ``python -m tests.simulated.recordings [--write]``.

For each answer of a script in ``MADE``, the server that it tells of is simulated, the script runs on it, and
what it writes is held against the recording: the same keys, types and values. Times, and what belongs to the machine
that runs it (``OWN``), are the recording's. ``--write`` puts the script's answer in the place of the recorded one.
Not made: the backups' answers (``BY_HAND``), whose servers (disks, copies, shadow copies) are not put together here.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.knowledge import reference

from . import product, pwsh, server
from .runner import Job, run

Answer = dict[str, Any]
Changes = dict[str, Any]
#: What differs from machine to machine and from run to run.
OWN = frozenset({"PowerShellVersion", "TimeZone", "Milliseconds", "Seconds", "Addresses", "HResult"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def _roles(said: Answer) -> Changes:
    return {"/features": None if said["Fault"] else {row["Name"]: row["InstallState"] for row in said["Features"]}}


def _service(said: Answer) -> Changes:
    if not said["Present"]:
        return {"/service": None}
    names = {
        "state": "State",
        "startMode": "StartMode",
        "startName": "StartName",
        "path": "PathName",
        "pid": "ProcessId",
    }
    return {f"/service/{ours}": said[theirs] for ours, theirs in names.items()}


def _row(said: Answer) -> dict[str, Any]:
    """A row of Win32_TSLicenseKeyPack."""
    theirs = {"ProductVersionId": "ProductVersionID", "ExpirationAt": "ExpirationDate"}
    return {theirs.get(name, name): value for name, value in said.items()}


def _key_packs(said: Answer) -> Changes:
    return {"/keyPacks": [_row(row) for row in said["KeyPacks"]]}


def _license_server(said: Answer, private: Answer) -> Changes:
    if not said["Found"]:
        return {"/licenseServer": None}
    changes: Changes = {
        "/licenseServer/ProductId": private.get("ProductId", ""),
        "/licenseServerId": private.get("LicenseServerId", ""),
        "/computer/elevated": not said["PropertiesEmpty"],
        "/activation": said["ActivationStatus"],
    }
    changes |= {f"/licenseServer/{row['Name']}": "x" if row["Filled"] else "" for row in said["Contacts"]}
    if not said["PropertiesEmpty"]:
        changes |= {f"/licenseServer/{n}": said[n] for n in ("Version", "VersionNumber", "ServerRole", "DatabasePath")}
    if said["IdReturnValue"] or said["LicenseServerIdTail"] is None:
        # How a server that is not activated refuses its ID is not known: it does as the recording says.
        changes["/calls/Win32_TSLicenseServer.GetLicenseServerId"] = {"out": {"ReturnValue": said["IdReturnValue"]}}
    return changes


def _ad_group(said: Answer) -> Changes:
    changes: Changes = {}
    for call in said["Calls"]:
        if call["ReturnValue"]:
            changes[f"/calls/Win32_TSLicenseServer.{call['Method']}"] = {"out": {"ReturnValue": call["ReturnValue"]}}
        changes[f"/group/{call['Method']}"] = call["Value"]
    return changes


def _preflight(said: Answer) -> Changes:
    version = "/registry/HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    return {
        "/computer/name": said["ComputerName"],
        "/computer/domain": said["Domain"],
        "/computer/partOfDomain": said["PartOfDomain"],
        "/computer/domainRole": said["DomainRole"],
        "/computer/user": said["UserName"],
        "/computer/elevated": said["IsElevated"],
        "/computer/culture": said["Culture"],
        "/os/BuildNumber": str(said["OsBuild"]),
        "/os/ProductType": said["ProductType"],
        "/os/LastBootUpTime": said["LastBootAt"],
        "/hotfixes": [{"HotFixID": row["HotFixId"], "InstalledOn": row["InstalledAt"]} for row in said["Updates"]],
        "/timeSource": {"exit": said["TimeSource"]["ExitCode"], "text": said["TimeSource"]["Text"]},
        f"{version}/UBR": said["UpdateRevision"],
        f"{version}/DisplayVersion": said["DisplayVersion"],
        f"{version}/InstallationType": said["InstallationType"],
    }


_LRWIZ = "HKLM:\\SOFTWARE\\Microsoft\\TermServLicensing\\lrwiz\\Params"


def _network(said: Answer) -> Changes:
    values = {row["Name"]: row["Value"] for row in said["RegistryValues"]}
    net = {
        row["Host"]: "open" if row["Connected"] else "refused" if row["ConnectFault"] else "silent"
        for row in said["Endpoints"]
        if row["Addresses"]
    }
    return {f"/registry/{_LRWIZ}": values if said["RegistryFound"] else None, "/net": net}


def _exit(code: int) -> Changes:
    """A native tool that works, or ends with ``code`` and does nothing."""
    return {"exit": code} if code else {}


def _transport(fault: Answer) -> Changes:
    return {"id": fault["FullyQualifiedErrorId"], "message": fault["Message"]}


def _hosts(said: Answer) -> Changes:
    changes: Changes = {"/hosts": {}, "/unreachable": {}}
    for row in said["Hosts"]:
        if row["Reached"]:
            changes["/hosts"][row["Name"]] = _host(row["Reading"])
        else:
            changes["/unreachable"][row["Name"]] = _transport(row["Fault"])
    return changes


def _host(said: Answer) -> dict[str, Any]:
    """The session host that ``said`` is a reading of."""
    rcm = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\RCM"
    services = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\TermService\\Parameters\\LicenseServers"
    registry = {
        "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion": {"UBR": said["UpdateRevision"]},
        "HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services": said["Policy"],
        f"{rcm}\\Licensing Core": {"LicensingMode": said["Registry"]["LicensingMode"]},
        services: {"SpecifiedLicenseServers": said["Registry"]["SpecifiedLicenseServers"]},
        rcm: {"X509 Certificate": "x"} if said["HasCertificate"] else {},
    }
    names = ("TerminalServerMode", "LicensingType", "LicensingName", "PolicySourceLicensingType")
    events: dict[str, list[Any]] = {"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin": []}
    for event in said["Events"]:
        events[event["Channel"]].append({**event, "ProviderName": event["Provider"]})
    codes = [said["GpResult"][f"{kind}ExitCode"] for kind in ("Xml", "Html")]
    # A license server that the recording does not tell of is one that cannot be found.
    asked = {*said["SpecifiedServers"], *filter(None, [said["Policy"]["LicenseServers"]])}
    statuses = {row["Server"]: row["Status"] for row in said["Connectivity"] if row["Status"] is not None}
    found: dict[str, Any] = {
        "computer": {
            "name": said["ComputerName"],
            "domain": said["Domain"],
            "partOfDomain": said["PartOfDomain"],
            "domainRole": 3,
            "user": "CORP\\admin",
            "elevated": True,
            "culture": "fr-FR",
        },
        "os": {**server.healthy()["os"], "BuildNumber": str(said["OsBuild"])},
        "setting": {name: said[name] for name in (*names, "PolicySourceConfiguredLicenseServers")},
        "specified": said["SpecifiedServers"],
        "graceDays": said["GraceDays"],
        "connectivity": dict.fromkeys(asked, 6) | statuses,
        "registry": registry,
        "events": events,
        "calls": {"gpresult.exe": [_exit(code) for code in codes]},
    }
    if said["CentralLicensing"] is not None:
        found["deployment"] = {"UseCentralLicensingSettings": said["CentralLicensing"]}
    return found


def _gpupdate(said: Answer) -> Changes:
    base = server.healthy()["hosts"]["RDSH01.corp.example"]
    return {
        "/hosts": {
            row["Name"]: {
                **base,
                "calls": {"gpupdate.exe": {"text": "\n".join(row["Text"]), "silent": True, **_exit(row["ExitCode"])}},
                "computer": {**base["computer"], "name": row["Name"].split(".")[0]},
            }
            for row in said["Hosts"]
            if row["Reached"]
        },
        "/unreachable": {row["Name"]: _transport(row["Fault"]) for row in said["Hosts"] if not row["Reached"]},
    }


def _pack_id(tail: str) -> str:
    """An identifier of 35 letters that ends with ``tail``."""
    return tail.rjust(35, "0")


def _install_packs(said: Answer) -> Changes:
    was = {row["KeyPackId"] for row in said["Before"]}
    new = [_row(row) for row in said["After"] if row["KeyPackId"] not in was]
    taken = [pack for pack in said["Packs"] if pack["ReturnValue"] == 0]
    answers = [{} if pack in taken else {"out": {"ReturnValue": pack["ReturnValue"]}} for pack in said["Packs"]]
    return {
        "/activation": 0,
        "/keyPacks": [_row(row) for row in said["Before"]],
        "/clearinghouse": {_pack_id(pack["Tail"]): row for pack, row in zip(taken, new, strict=True)},
        "/calls/Win32_TSLicenseKeyPack.InstallLicenseKeyPack": answers,
    }


def _activate(said: Answer) -> Changes:
    changes: Changes = {"/activation": said["Before"], "/licenseServerId": _pack_id(said["LicenseServerIdTail"])}
    changes |= {f"/licenseServer/{row['Name']}": "x" if row["Filled"] else "" for row in said["Contacts"]}
    return changes


def _migration_events(said: Answer) -> Changes:
    events: dict[str, list[Any]] = {row["Channel"]: [] for row in said["Searches"] if not row["Missing"]}
    for event in said["Events"]:
        events[event["Channel"]].append({**event, "ProviderName": event["Provider"]})
    return {"/events": events}


def _audit_report(said: Answer) -> Changes:
    theirs = {"ProductVersionId": "ProductVersionID", "CalType": "TSCALType", "Availability": "TSCALAvailability"}
    name = said["FileName"]
    return {
        "/calls/Win32_TSLicenseReport": {"rows": [{"FileName": name}]},
        "/calls/Win32_TSLicenseReport.GenerateReportEx": {"out": {"ReturnValue": 0, "FileName": name}, "works": True},
        "/report/summary": [{theirs.get(key, key): value for key, value in row.items()} for row in said["Summary"]],
        "/report/users": [
            {"ProductVersionID": row["ProductVersionId"], "CALType": row["CalType"]}
            for row in said["Users"]
            for _ in range(row["Count"])
        ],
        "/report/failed": said["FailedCount"],
    }


def _export_logs(said: Answer) -> Changes:
    channels = [row["Channel"] for row in said["Exports"] if not row["Missing"]]
    codes = [{} if row["Missing"] else _exit(row["ExitCode"]) for row in said["Exports"]]
    return {"/events": {channel: [] for channel in channels}, "/calls/wevtutil.exe": codes}


#: in.json of the scripts that need one, from the answer.
GIVEN: dict[str, Callable[[Answer], Answer]] = {
    "network": lambda said: {"Domain": "", "TimeoutMilliseconds": 300},
    "hosts": lambda said: {
        "ComputerNames": [row["Name"] for row in said["Hosts"]],
        "ExpectedServer": said["ExpectedServer"],
        "ThrottleLimit": 32,
        "Folder": "D:\\E",
    },
    "gpupdate": lambda said: {"ComputerNames": [row["Name"] for row in said["Hosts"]], "ThrottleLimit": 32},
    "install-packs": lambda said: {"LicenseKeyPackIds": [_pack_id(pack["Tail"]) for pack in said["Packs"]]},
    "activate": lambda said: {"Way": said["Way"], "LicenseServerId": _pack_id(said["LicenseServerIdTail"])},
    "migration-events": lambda said: {"Since": said["Since"]},
    "export-logs": lambda said: {"Folder": "D:\\E"},
}
#: What the recordings of a script have of their own: the rehearsal's logs are texts that a reader can open, not .evtx.
KEPT = {"export-logs": frozenset({"Folder", "File", "Size"})}
#: Scripts whose recordings are still kept by hand.
BY_HAND = frozenset(
    f"backup{rest}" for rest in ("", "-copies", "-plan", "-retention", "-second-copy", "-system-state", "-vss")
)
#: From the answer of a script to the changes of the healthy server that make it answer so.
MADE: dict[str, Callable[[Answer], Changes]] = {
    "roles": _roles,
    "service": _service,
    "key-packs": _key_packs,
    "ad-group": _ad_group,
    "preflight": _preflight,
    "network": _network,
    "hosts": _hosts,
    "gpupdate": _gpupdate,
    "install-packs": _install_packs,
    "activate": _activate,
    "migration-events": _migration_events,
    "audit-report": _audit_report,
    "export-logs": _export_logs,
}


@dataclass(frozen=True)
class Recorded:
    """One recorded answer: where it lies, of which script, and the server that it tells of."""

    path: Path
    script: str
    changes: Changes

    @property
    def name(self) -> str:
        return self.path.parent.relative_to(product.REHEARSALS).as_posix()

    @property
    def own(self) -> frozenset[str]:
        """The keys whose values are the recording's."""
        return OWN | KEPT.get(self.script, frozenset())

    @property
    def answer(self) -> Any:
        return json.loads(self.path.read_text(encoding="utf-8-sig"))


def recorded() -> Iterator[Recorded]:
    """Every recorded answer that can be made."""
    for path in sorted(product.REHEARSALS.rglob("steps/**/out.json")):
        script = reference.step(path.relative_to(product.REHEARSALS).parts[2]).script or ""
        said = json.loads(path.read_text(encoding="utf-8-sig"))[0]
        if script == "license-server":
            if said["ActivationStatus"] is None:
                continue  # no role, or not elevated: the simulated methods do not refuse as this one says
            private = path.with_name("private.json")
            held = json.loads(private.read_text(encoding="utf-8-sig")) if private.is_file() else {}
            yield Recorded(path, script, _license_server(said, held))
        elif script in MADE:
            yield Recorded(path, script, MADE[script](said))


def made(answers: list[Recorded], program: Path, folder: Path) -> dict[str, Any]:
    """What the scripts write on the servers of ``answers``, by name; None where one wrote nothing."""
    jobs = []
    for number, answer in enumerate(answers):
        home = folder / str(number)
        changes = dict(answer.changes)
        absent = {key for key, value in changes.items() if value is None and key.startswith(("/registry/", "/group/"))}
        server.make(home / "server", {key: server.MISSING if key in absent else changes[key] for key in changes})
        (home / "job").mkdir()
        given = home / "job" / "in.json"
        told = GIVEN[answer.script](answer.answer[0]) if answer.script in GIVEN else {"Domain": ""}
        given.write_text(json.dumps(told), encoding="utf-8")
        script = product.SCRIPTS / f"{answer.script}.ps1"
        jobs.append(Job(answer.name, script, given, home / "job" / "out.json", home / "server"))
    run(jobs, folder, program)
    return {job.id: json.loads(job.out.read_text(encoding="utf-8-sig")) if job.out.is_file() else None for job in jobs}


def as_recorded(seen: Any, was: Any, own: frozenset[str], key: str = "") -> Any:
    """``seen`` with the times, and what is the machine's (``own``: keys), of the recording ``was``."""
    if isinstance(seen, dict):
        old = was if isinstance(was, dict) else {}
        return {name: as_recorded(value, old.get(name), own, name) for name, value in seen.items()}
    if key == "Connectivity":  # sorted by the culture: PowerShell 7 and 5.1 do not agree where a hyphen goes
        order = {row["Server"]: number for number, row in enumerate(was or [])}
        seen = sorted(seen, key=lambda row: order.get(row["Server"], 99))
    if isinstance(seen, list) and key not in own:
        olds = was if isinstance(was, list) else []
        return [as_recorded(item, olds[n] if n < len(olds) else None, own, key) for n, item in enumerate(seen)]
    if key == "FullyQualifiedErrorId" and seen:
        seen = seen.removesuffix(",Invoke-Command")  # the stub's own name: no cmdlet puts it there
    both_times = all(isinstance(one, str) and _TIME.fullmatch(one) for one in (seen, was))
    return was if both_times or (key in own and was is not None) else seen


def differences(seen: Any, was: Any, at: str = "") -> Iterator[str]:
    """Where the script says something else than the recording."""
    if isinstance(seen, dict) and isinstance(was, dict):
        for name in [*seen, *(name for name in was if name not in seen)]:
            yield from differences(seen.get(name, "(nothing)"), was.get(name, "(nothing)"), f"{at}/{name}")
    elif isinstance(seen, list) and isinstance(was, list) and len(seen) == len(was):
        for number, (one, other) in enumerate(zip(seen, was, strict=True)):
            yield from differences(one, other, f"{at}/{number}")
    elif seen != was:
        yield f"{at}: the script says {json.dumps(seen)[:80]}, the recording {json.dumps(was)[:80]}"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", dest="part", default="", help="only answers whose place holds this text")
    parser.add_argument("--write", action="store_true", help="the scripts' answers in the place of the recorded ones")
    given = parser.parse_args(words)
    program = pwsh.find()
    if program is None:
        raise SystemExit("no pwsh: tests/simulated/README.md says where it is looked for")
    answers = [answer for answer in recorded() if given.part in answer.name]
    with tempfile.TemporaryDirectory(prefix="simulated-recordings-") as folder:
        said = made(answers, program, Path(folder))
    wrong = 0
    for answer in answers:
        seen = as_recorded(said[answer.name], answer.answer, answer.own)
        found = list(differences(seen, answer.answer))
        wrong += bool(found)
        for line in found:
            sys.stdout.write(f"{answer.name}{line}\n")
        if found and given.write and seen is not None:
            text = json.dumps(seen, ensure_ascii=False, indent=2) + "\n"
            answer.path.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{len(answers)} answers, {wrong} differ\n")
    return bool(wrong and not given.write)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
