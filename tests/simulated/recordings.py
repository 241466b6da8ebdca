"""The rehearsals' answers are what the scripts say: ``python -m tests.simulated.recordings [--write]``.

For each answer of a script in ``MADE``, the server that it tells of is simulated, the script runs on it, and
what it writes is held against the recording: the same keys, types and values. Times and dated names, and what belongs
to the machine that runs it (``OWN``), are the recording's. ``--write`` puts the script's answer in the place of the
recorded one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runbook.knowledge import reference

from . import product, pwsh, server
from .runner import Job, run

Answer = dict[str, Any]
Changes = dict[str, Any]
Files = dict[str, Any]
#: What differs from machine to machine and from run to run.
OWN = frozenset({"PowerShellVersion", "TimeZone", "Milliseconds", "Seconds", "SecondsStopped", "Addresses", "HResult"})
#: A time, and the dated name of a copy.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\b\d{8}T\d{6}Z\b")
#: The license database of the rehearsals: each file's size. What stands in one is zeros.
DATABASE = {"TLSLic.edb": 1056768, "TLSLic.jfm": 16384, "edb.chk": 8192, "edb.log": 131072}
BACKUPS = "D:\\Backups\\RDS-Licensing"


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
        "startedAt": "StartedAt",
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
    }
    changes |= {f"/licenseServer/{row['Name']}": "x" if row["Filled"] else "" for row in said["Contacts"]}
    if said["PropertiesEmpty"]:
        return changes  # not elevated: both calls are refused
    changes["/activation"] = said["ActivationStatus"]
    changes |= {f"/licenseServer/{n}": said[n] for n in ("Version", "VersionNumber", "ServerRole", "DatabasePath")}
    if said["LicenseServerIdTail"] is None:
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


def _laid(size: int, dirty: bool = False, damaged: bool = False) -> str:
    """What stands in a file of a copy."""
    return ("dirty" if dirty else "damaged" if damaged else "").ljust(size, "\0")


def _above(folder: str | None) -> str:
    """The place of a dated folder; where none was made, the case's."""
    return folder.rpartition("\\")[0] if folder else BACKUPS


def _is_dirty(said: Answer) -> bool:
    return any("Dirty" in line for line in said["EsentutlText"])


def _database(folder: str, dirty: bool = False) -> Files:
    """The license database in ``folder``."""
    return {f"{folder}\\{name}": _laid(size, dirty and name == "TLSLic.edb") for name, size in DATABASE.items()}


def _whole_copy(folder: str) -> Files:
    """A finished copy: its files and the manifest beside it."""
    return {**_database(folder), f"{folder}.json": "{}"}


def _copy(folder: str, said: Answer) -> Files:
    """The copy in ``folder`` that ``said`` tells of, and its manifest: a file whose hash the manifest does not have
    was damaged after it was written."""
    manifest = json.loads(said["ManifestText"] or "null")
    hashes = {row["Name"]: row["Sha256"] for row in manifest["Files"]} if manifest else {}
    files: Files = {}
    for row in said["Files"]:
        dirty = _is_dirty(said) and row["Name"].endswith(".edb")
        damaged = hashes.get(row["Name"], row["Sha256"]) != row["Sha256"]
        files[f"{folder}\\{row['Name']}"] = _laid(row["Size"], dirty, damaged)
        good = hashlib.sha256(_laid(row["Size"], dirty).encode()).hexdigest().upper()
        hashes[row["Name"]] = good
    if manifest:
        manifest["Files"] = [{**row, "Sha256": hashes[row["Name"]]} for row in manifest["Files"]]
        files[f"{folder}.json"] = json.dumps(manifest, ensure_ascii=False)
    return files


def _system(said: Answer) -> Changes:
    found: Changes = {"/computer/name": said["ComputerName"]}
    return found | {"/os/Version": said["OsVersion"], "/os/InstallDate": said["OsInstalledAt"]}


def _backup(said: Answer) -> Changes:
    changes: Changes = {"/free/D": said["FreeBytes"]}
    if said["Manifest"]:
        changes |= _system(said["Manifest"])
    elif said["RobocopyExitCode"] is not None:
        changes["/calls/robocopy.exe"] = _exit(said["RobocopyExitCode"])
    return changes


def _backup_plan(said: Answer) -> Changes:
    drives = {said["Destination"][0]: said["FreeBytes"], said["Target"][0]: said["TargetFreeBytes"]}
    return {f"/free/{drive}": free for drive, free in drives.items() if free is not None}


def _backup_copies(said: Answer) -> Changes:
    versions = [{"VersionId": row["VersionId"], "BackupTime": row["BackupAt"]} for row in said["Versions"]]
    return {**_system(said), "/free/D": said["FreeBytes"], "/calls/Get-WBBackupSet": {"rows": versions}}


def _copies_laid(said: Answer) -> Files:
    files: Files = {f"{said['Destination']}\\": ""}
    for copy in said["Copies"]:
        files |= _copy(f"{said['Destination']}\\{copy['Name']}", copy)
    return files


def _second_copy(said: Answer) -> Changes:
    return {"/calls/robocopy.exe": _exit(said["RobocopyExitCode"])} if said["Fault"] else {}


def _system_state(said: Answer) -> Changes:
    theirs = {"LastResult": "LastBackupResultHR", "LastSuccessAt": "LastSuccessfulBackupTime"}
    summary = {theirs.get(name, "NumberOfVersions"): said[name] for name in (*theirs, "Versions")}
    works = {"sleep": 60, "exit": said["ExitCode"], "work": True} if said["Stopped"] else {}
    return {"/calls/Get-WBSummary": {"rows": [summary]}, "/calls/wbadmin.exe": works}


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
    "backup": lambda said: {"Destination": _above(said["Destination"]), "SafetyMinutes": 15, "LogPath": ""},
    "backup-vss": lambda said: {"Destination": _above(said["Destination"]), "LogPath": ""},
    "backup-plan": lambda said: {name: said[name] for name in ("Destination", "Target", "SecondCopy")},
    "backup-copies": lambda said: {"Destination": said["Destination"]},
    "backup-second-copy": lambda said: {
        "Source": said["Source"],
        "Destination": _above(said["Destination"]),
        "LogPath": "",
    },
    "backup-retention": lambda said: {
        "Destination": said["Destination"],
        "Newest": said["Newest"],
        "Names": [row["Name"] for row in said["Removed"]],
    },
    "backup-system-state": lambda said: {
        "Target": said["Target"],
        "LimitMinutes": 0.02 if said["Stopped"] else 2,  # nobody waits for two hours here
        "Folder": "D:\\E",
    },
}
#: What the recordings of a script have of their own: the rehearsal's logs are texts that a reader can open, not .evtx,
#: and the time that a system state is given is the case's.
KEPT = {
    "export-logs": frozenset({"Folder", "File", "Size"}),
    "backup-system-state": frozenset({"LimitMinutes"}),
}
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
    "backup": _backup,
    "backup-vss": _backup,
    "backup-plan": _backup_plan,
    "backup-copies": _backup_copies,
    "backup-second-copy": _second_copy,
    "backup-retention": lambda said: {},
    "backup-system-state": _system_state,
}
#: What lies on that server's drives, where the script looks there.
LAID: dict[str, Callable[[Answer], Files]] = {
    "backup": lambda said: _database(server.DATABASE),
    "backup-vss": lambda said: _database(server.DATABASE, _is_dirty(said)),
    "backup-plan": lambda said: {**_database(server.DATABASE), f"{said['SecondCopy']}\\": ""},
    "backup-copies": _copies_laid,
    "backup-second-copy": lambda said: {f"{_above(said['Destination'])}\\": "", **_whole_copy(said["Source"])},
    "backup-retention": lambda said: {
        name: content
        for copy in (said["Newest"], *(row["Name"] for row in said["Removed"]))
        for name, content in _whole_copy(f"{said['Destination']}\\{copy}").items()
    },
}


@dataclass(frozen=True)
class Recorded:
    """One recorded answer: where it lies, of which script, and the server that it tells of."""

    path: Path
    script: str
    changes: Changes
    files: Files

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

    def prepare(self, home: Path, scripts: Path = product.SCRIPTS) -> Job:
        """Make its server and its in.json in ``home``."""
        absent = {
            key for key, value in self.changes.items() if value is None and key.startswith(("/registry/", "/group/"))
        }
        told_of = {key: server.MISSING if key in absent else value for key, value in self.changes.items()}
        server.make(home / "server", told_of, self.files)
        (home / "job").mkdir()
        given = home / "job" / "in.json"
        asked = GIVEN[self.script](self.answer[0]) if self.script in GIVEN else {"Domain": ""}
        given.write_text(json.dumps(asked), encoding="utf-8")
        return Job(self.name, scripts / f"{self.script}.ps1", given, home / "job" / "out.json", home / "server")

    def said_in(self, home: Path) -> Any:
        """What the script wrote in ``home``, with the recording's times; None: nothing."""
        out = home / "job" / "out.json"
        if not out.is_file():
            return None
        return as_recorded(json.loads(out.read_text(encoding="utf-8-sig")), self.answer, self.own)

    def judge(self, home: Path) -> list[str]:
        """Where the script said something else in ``home`` than the recording."""
        return list(differences(self.said_in(home), self.answer))


def recorded() -> Iterator[Recorded]:
    """Every recorded answer."""
    for path in sorted(product.REHEARSALS.rglob("steps/**/out.json")):
        script = reference.step(path.relative_to(product.REHEARSALS).parts[2]).script or ""
        said = json.loads(path.read_text(encoding="utf-8-sig"))[0]
        if script == "license-server":
            private = path.with_name("private.json")
            held = json.loads(private.read_text(encoding="utf-8-sig")) if private.is_file() else {}
            yield Recorded(path, script, _license_server(said, held), {})
        else:
            yield Recorded(path, script, MADE[script](said), LAID[script](said) if script in LAID else {})


def made(answers: list[Recorded], program: Path, folder: Path) -> dict[str, Any]:
    """What the scripts write on the servers of ``answers``, by name; None where one wrote nothing."""
    homes = {answer.name: folder / str(number) for number, answer in enumerate(answers)}
    run([answer.prepare(homes[answer.name]) for answer in answers], folder, program)
    return {answer.name: answer.said_in(homes[answer.name]) for answer in answers}


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
    if key in own and was is not None:
        return was
    return _dated(seen, was) if isinstance(seen, str) and isinstance(was, str) else seen


def _dated(seen: str, was: str) -> str:
    """``seen`` with the times of ``was`` in the place of its own, where the script made them just now."""
    if _TIME.sub("", seen) != _TIME.sub("", was):
        return seen
    times = iter(_TIME.findall(was))

    def one(found: re.Match[str]) -> str:
        recorded_one = next(times)
        return recorded_one if _is_of_now(found[0]) else found[0]

    return _TIME.sub(one, seen)


def _is_of_now(time: str) -> bool:
    at = datetime.fromisoformat(time)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return abs(datetime.now(UTC) - at) < timedelta(hours=1)


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
        seen = said[answer.name]
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
