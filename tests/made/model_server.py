"""A license server as a few values in memory, and a case taken through runs on it within this process.

No PowerShell and no notebook: the life of the steps, the journal and the verdicts are the product's own, what the
scripts would answer is made from the model. It runs in half a second what papermill and the simulated server do in
half a minute, so that whole cases can be tried by the hundred. ``calls`` counts changes where they happen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.case.folder import CaseFolder
from runbook.host import guard, process
from runbook.host.call import Call
from runbook.journal import confirm
from runbook.journal.history import History
from runbook.journal.lines import Entry, Journal
from runbook.knowledge import reference
from runbook.run import closing, life, opening
from runbook.run.invocation import Invocation
from runbook.words.sentences import data_root

NOMINAL = data_root() / "notebooks" / "rehearsals"
#: Key pack IDs that nobody can take for real ones: PACK1, PACK2, …
PACKS = tuple(f"SIMULATEDKEYPACKIDENTIFIER0000PACK{n}" for n in range(1, 10))
SERVER_ID = "SIMULATEDSERVERIDENTIFIER00000SRV01"


#: Scripts that change something, and lose the power in the middle of it.
_CHANGES = frozenset({"activate", "install-packs", "backup", "gpupdate"})


DENIED = {
    "FullyQualifiedErrorId": "AccessDenied,PSSessionStateBroken",
    "Category": "OpenError",
    "HResult": "0x80131501",
    "Message": "MODEL",
}


#: What backup.ps1 leaves empty where it refused.
_NOT_MADE = ("Manifest", "ManifestPath", "StoppedAt", "StartedAt", "SecondsStopped", "RobocopyExitCode")


class PowerCut(BaseException):
    """The machine dies: nobody is left who could write anything down."""


def row(number: int, total: int, issued: int = 0, product: int = 1, version: int = 7, kind: int = 2) -> dict[str, Any]:
    """A row of Win32_TSLicenseKeyPack."""
    return {
        "KeyPackId": number, "Description": "MODEL", "KeyPackType": kind, "ProductType": product,
        "ProductVersion": "MODEL", "ProductVersionId": version, "TotalLicenses": total, "IssuedLicenses": issued,
        "AvailableLicenses": total - issued, "ExpirationAt": None, "AccessRights": 3, "TypeAndModel": "MODEL",
    }  # fmt: skip


@dataclass
class ModelServer:
    """``known``: the IDs that the Clearinghouse made for this server, with their CALs; ``devices``: those of them that
    are Per Device. ``cut_in``: the call number of
    InstallLicenseKeyPack at which the power goes (after the call), or a script: a change loses it in the middle, a
    check before it says anything. ``refreshed``: the hosts that have the policy; ``copies``: the dated copies, as
    backup-copies.ps1 tells them; ``carried``: what went to the second place; ``full``: the drive of the copies;
    ``answers``: what of a script's answer is otherwise, by script; ``saved``: what each copy is a copy of."""

    name: str = "RDLIC01"
    domain: str = "corp.example"
    activated: bool = True
    known: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PACKS, 20))
    devices: set[str] = field(default_factory=set)
    version: int = 7
    rows: list[dict[str, Any]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    refreshed: set[str] = field(default_factory=set)
    copies: list[dict[str, Any]] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    full: bool = False
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: dict[str, set[tuple[int, str]]] = field(default_factory=dict)
    cut_in: int | str | None = None
    kind: str = "substitute"

    # -- the product's Host

    def command(self, call: Call) -> list[str]:
        return [call.step, str(call.input)]

    def limit(self, call: Call) -> float:
        return call.limit

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        return None

    def encoding(self, call: Call) -> str:
        return "utf-8"

    # -- what a script does and leaves

    def held(self, product: int = 1, version: int = 7) -> int:
        return sum(
            r["TotalLicenses"] for r in self.rows if (r["ProductType"], r["ProductVersionId"]) == (product, version)
        )

    def packs(self) -> set[tuple[int, str]]:
        """The number of each row and the pack that it truly is, which no reading tells."""
        return {(r["KeyPackId"], r["Description"]) for r in self.rows}

    def set_up_anew(self) -> None:
        """The system is installed again under the same name: nothing of the licensing database is left."""
        self.rows, self.taken, self.activated = [], [], False
        tail = str(self.answers.get("license-server", {}).get("LicenseServerIdTail", "SRV01"))
        for script in ("license-server", "activate"):
            self.answers[script] = {"LicenseServerIdTail": f"SRV{int(tail[3:]) + 1:02}"}

    def answer(self, argv: list[str], folder: Path, limit: float, *_: Any) -> process.Ended:
        step = argv[0]
        given = json.loads(Path(argv[1]).read_text(encoding="utf-8"))
        script = reference.step(step).script or ""
        make = getattr(self, "_" + script.replace("-", "_"), None)
        if self.cut_in == script and script not in _CHANGES:
            self._power(script)
        out = make(given, folder) if make else self.recorded(step, script)
        out |= self.answers.get(script, {})
        (folder / "out.json").write_text(json.dumps([out]), encoding="utf-8")
        for name in ("stdout.bin", "stderr.bin"):
            (folder / name).write_bytes(b"")
        return process.Ended(0, 0.01)

    def _power(self, where: int | str) -> None:
        """Cut the power where that was asked for."""
        if self.cut_in == where:
            self.cut_in = None
            raise PowerCut

    def recorded(self, step: str, script: str) -> dict[str, Any]:
        names = [step, *(s.id for s in reference.steps() if s.script == script)]
        for recording in ("nominal", "backup-nominal", "audit-nominal", "hosts-nominal", "restore-nominal"):
            for name in names:
                path = NOMINAL / recording / "steps" / name / "out.json"
                if path.is_file():
                    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8-sig"))
                    return found[0]
        raise LookupError(step)

    def _preflight(self, given: Any, folder: Path) -> dict[str, Any]:
        dns = f"{self.name}.{self.domain}" if self.domain else self.name
        return self.recorded("preflight", "preflight") | {"ComputerName": self.name, "DnsName": dns}

    def _license_server(self, given: Any, folder: Path) -> dict[str, Any]:
        return self.recorded("license-server", "license-server") | {"ActivationStatus": 0 if self.activated else 1}

    def _key_packs(self, given: Any, folder: Path) -> dict[str, Any]:
        return {"CollectedAt": now(), "KeyPacks": [row(1, 0, kind=0, product=3, version=0), *self.rows], "Fault": None}

    def _activate(self, given: Any, folder: Path) -> dict[str, Any]:
        before = 0 if self.activated else 1
        if before:
            self.calls.append(f"activate {self.name}")
            self.activated = True
        self._power("activate")
        said = {"Before": before, "After": 0, "ReturnValue": 0 if before else None, "Already": not before}
        if before and given["Way"] == "telephone":  # the ID that was given, as the script tells it
            said["LicenseServerIdTail"] = given["LicenseServerId"][-5:]
        return self.recorded("activate", "activate") | said | {"Way": given["Way"]}

    def _install_packs(self, given: Any, folder: Path) -> dict[str, Any]:
        before, packs = list(self.rows), []
        parts = folder / "parts.jsonl"
        for index, key in enumerate(given["LicenseKeyPackIds"]):
            note(parts, Index=index, State="begun")
            self.calls.append(key)
            value = self._install(key)
            self._power(len([c for c in self.calls if c in self.known or c.startswith("WRONG")]))
            made = self.rows[-1]["KeyPackId"] if value == 0 else None
            packs.append({"Tail": key[-5:], "ReturnValue": value, "KeyPackId": made, "Fault": None})
            note(parts, Index=index, State="ended", ReturnValue=value, KeyPackId=made, HResult=None)
        return {"Packs": packs, "Before": before, "After": self.rows, "AfterFault": None}

    def _install(self, key: str) -> int:
        if key not in self.known or key in self.taken:
            return 7
        self.taken.append(key)
        number = max([r["KeyPackId"] for r in self.rows], default=1) + 1
        made = row(number, self.known[key], product=0 if key in self.devices else 1, version=self.version)
        self.rows.append(made | {"Description": f"MODEL …{key[-5:]}"})
        return 0

    def wizard(self, *keys: str) -> None:
        """What a person does in the wizard."""
        for key in keys:
            assert self._install(key) == 0

    def _backup(self, given: Any, folder: Path) -> dict[str, Any]:
        self.calls.append(f"backup {self.name}")
        self._power("backup")
        if self.full:
            return self.recorded("backup", "backup") | dict.fromkeys(_NOT_MADE) | {"Refused": "space", "Files": []}
        return self.recorded("backup", "backup") | self._copied(given, "stop")

    def _backup_vss(self, given: Any, folder: Path) -> dict[str, Any]:
        return self.recorded("backup-vss", "backup-vss") | self._copied(given, "vss")

    def _copied(self, given: Any, way: str) -> dict[str, Any]:
        at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        while (name := f"{at:%Y%m%dT%H%M%SZ}") in {*self.saved, *(copy["Name"] for copy in self.copies)}:
            at += dt.timedelta(seconds=1)
        row = self.copy(name, way)
        self.copies.append(row)
        self.saved[name] = self.packs()
        place = f"{given['Destination']}\\{name}"
        return {"Destination": place, "ManifestPath": f"{place}.json", "Manifest": json.loads(row["ManifestText"])}

    def copy(self, name: str, way: str = "stop") -> dict[str, Any]:
        """A dated copy as it should be; one out of a shadow copy has logs that are to be replayed."""
        sample: dict[str, Any] = self.recorded("backup-copies", "backup-copies")["Copies"][0]
        state = "Clean" if way == "stop" else "Dirty"
        manifest = json.loads(sample["ManifestText"]) | {"Way": way, "ComputerName": self.name}
        text = {"ManifestText": json.dumps(manifest), "EsentutlText": [f"            State: {state} Shutdown"]}
        return sample | {"Name": name} | text

    def _backup_plan(self, given: Any, folder: Path) -> dict[str, Any]:
        return self.recorded("backup-plan", "backup-plan") | ({"Refused": "space"} if self.full else {})

    def _backup_copies(self, given: Any, folder: Path) -> dict[str, Any]:
        told = {"CollectedAt": now(), "Destination": given["Destination"], "Copies": self.copies}
        return self.recorded("backup-copies", "backup-copies") | told

    def _backup_second_copy(self, given: Any, folder: Path) -> dict[str, Any]:
        name = given["Source"].rpartition("\\")[2]
        self.carried.append(name)
        told = {"Source": given["Source"], "Destination": f"{given['Destination']}\\{name}"}
        return self.recorded("backup-second-copy", "backup-second-copy") | told

    def _backup_retention(self, given: Any, folder: Path) -> dict[str, Any]:
        self.copies = [copy for copy in self.copies if copy["Name"] not in given["Names"]]
        gone = [{"Name": name, "Refused": None, "Removed": True, "Fault": None} for name in given["Names"]]
        self.full = self.full and not gone
        return {"Destination": given["Destination"], "Newest": given["Newest"], "NewestPresent": True, "Removed": gone}

    def _hosts(self, given: Any, folder: Path) -> dict[str, Any]:
        """Every host that is asked about points to this server, but those that are down."""
        found = self.recorded("hosts-verify", "hosts")
        sample = found["Hosts"][0]
        hosts = []
        for name in given["ComputerNames"]:
            gone = name in self.down
            reading = {**sample["Reading"], "ComputerName": name.partition(".")[0], "CollectedAt": now()}
            told = {"Name": name, "Reached": not gone, "Fault": DENIED if gone else None}
            hosts.append({**sample, **told, "Reading": None if gone else reading})
        return {**found, "Hosts": hosts}

    def _gpupdate(self, given: Any, folder: Path) -> dict[str, Any]:
        hosts = []
        for name in given["ComputerNames"]:
            self.calls.append(f"gpupdate {name}")
            ok = name not in self.down
            self.refreshed |= {name} if ok else set()
            self._power("gpupdate")
            hosts.append({"Name": name, "Local": False, "Reached": ok, "ExitCode": 0 if ok else None,
                          "Seconds": 1.0, "Text": [], "Fault": None if ok else DENIED})  # fmt: skip
        return {"Hosts": hosts}


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")


def note(path: Path, **said: Any) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")


CASE: dict[str, Any] = {
    "case": "bent", "company": "MODEL SA", "incident": {"date": "2025-01-05"},
    "license_server": {"name": "RDLIC01.corp.example"}, "lost_servers": [{"name": "OLD1.corp.example"}],
    "packs": [{"count": 20, "no_proof_reason": "MODEL"}, {"count": 20, "no_proof_reason": "MODEL"}],
    "session_hosts": {"names": ["RDSH01.corp.example", "RDSH02.corp.example", "RDSH03.corp.example"]},
    "backup": {"destination": "D:\\Backups"},
}  # fmt: skip


@dataclass
class Bent:
    """A case on a model of a server, run after run."""

    home: Path
    server: ModelServer
    name: str = "bent"
    lang: str = "en"

    @property
    def folder(self) -> CaseFolder:
        return CaseFolder(self.home / "cases" / self.name)

    @property
    def history(self) -> History:
        return History(Journal(self.folder.journal).entries())

    def case(self, **changes: Any) -> None:
        """Write case.yml: CASE with top-level ``changes``."""
        self.folder.path.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump({**CASE, "case": self.name, **changes}, allow_unicode=True, sort_keys=False)
        self.folder.case_file.write_text(text, encoding="utf-8")

    def run(self, apply: str = "none", notebook: str = "migrate") -> dict[str, Entry]:
        """One run of every step; its ``end`` lines by step. A power cut leaves what was done so far."""
        called = Invocation(
            "engine", self.home / f"{self.name}.ipynb", self.home, token=hashlib.sha256(now().encode()).hexdigest()[:8]
        )
        run = opening.open_run(notebook, {"case": self.name, "apply": apply, "lang": self.lang}, called)
        try:
            for step in run.steps:
                life.live(run, step)
        except PowerCut:
            run.lock.release()
        else:
            _, outcome, failed = closing.close(run)
            closing.write_down(run, outcome, failed)
        return {end["step"]: end for end in self.history.last_ends(run.name)}

    def confirm(self, step: str, **fields: Any) -> Entry:
        more = {k: fields.pop(k) for k in ("replaces", "why") if k in fields}
        return confirm.enter(self.folder, reference.step(step), fields, who="someone", lang="en", **more)

    def issued(self, *keys: str, count: int = 20, **fields: Any) -> Entry:
        """The Clearinghouse dictates ``keys``."""
        packs = [{"id": key, "count": count} for key in keys]
        return self.confirm("clearinghouse", channel="telephone", result="issued", packs=packs, **fields)

    def ready(self, *keys: str, **case: Any) -> None:
        """A case up to the Clearinghouse's answer, which was ``keys``."""
        self.run()
        self.case(**case)
        self.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A. Approver")
        if keys:
            self.issued(*keys)


@pytest.fixture
def bent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bent]:
    """A case called ``bent`` on a server called RDLIC01, both to be bent."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("RUNBOOK_POWERSHELL", "model")
    server = ModelServer()
    plug(monkeypatch, server)
    yield Bent(tmp_path, server)


def plug(monkeypatch: pytest.MonkeyPatch, server: ModelServer) -> None:
    """Let ``server`` answer in place of processes: the guard's work is done in this one."""
    monkeypatch.setattr(opening, "_host", lambda *_: server)
    monkeypatch.setattr(process, "run", server.answer)
    monkeypatch.setattr(closing, "_pictures", lambda _: [])  # matplotlib, and nothing that a case turns on

    class Guard:
        def __init__(self, spec: dict[str, Any], folder: Path) -> None:
            ended = server.answer(spec["argv"], folder, spec["limit"])
            guard.settle(spec, "guard", exit_code=ended.exit_code, timed_out=False, seconds=0.01)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(guard, "start", Guard)
