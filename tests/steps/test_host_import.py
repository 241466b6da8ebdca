"""Readings made on a session host without WinRM: checked before they are kept, marked where they are shown."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook.case.folder import CaseFolder
from runbook.errors import BadInput
from runbook.journal.context import Context
from runbook.journal.lines import Journal
from runbook.journal.outcome import Answer, Status
from runbook.steps import host_import
from runbook.steps.registry import doing

Make = Callable[..., Context]
Recorded = Callable[..., Answer]


@pytest.fixture
def reading(recorded: Recorded) -> dict[str, Any]:
    """What hosts.ps1 leaves on RDSH02 when it is run there."""
    out = recorded("hosts-verify").out
    assert out is not None
    host = copy.deepcopy(next(h for h in out[0]["Hosts"] if h["Name"].startswith("RDSH02")))
    host |= {"Name": "RDSH02", "Local": True}
    host["Reading"]["ComputerName"] = "RDSH02"
    return {"ExpectedServer": "rdlic01.corp.example", "Hosts": [host]}


def write(folder: Path, data: Any, name: str = "host.json") -> Path:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(data).encode())
    return path


@pytest.mark.parametrize("step", ["hosts-policy", "hosts-verify"])
def test_a_reading_is_kept_and_judged_and_marked(
    step: str, make_context: Make, recorded: Recorded, reading: dict[str, Any], tmp_path: Path
) -> None:
    context = make_context(step)
    folder = CaseFolder(context.case_folder)
    entry = host_import.enter(folder, context.case, step, [write(tmp_path, [reading])], who="someone", lang="fr")
    assert [each["host"] for each in entry["imported"]] == ["RDSH02.corp.example"]
    kept = folder.path / entry["attachments"][0]["path"]
    assert kept.read_bytes() == (tmp_path / "host.json").read_bytes()
    assert [e["event"] for e in Journal(folder.journal).entries()] == ["confirm"]

    rows = recorded(step).out
    assert rows is not None
    hosts = [h for h in rows[0]["Hosts"] if h["Name"][:6] in ("RDSH01", "RDSH02")]
    hosts[1] |= {"Reached": False, "Reading": None, "Fault": None}
    context = replace(context, confirms={step: [entry]})
    verdict = doing(step).judge(context, recorded(step, Hosts=hosts))
    assert verdict.status in (Status.SUCCEEDED, Status.FINDING)
    read = {row["host"]: row["read"] for row in verdict.table}
    assert read == {"RDSH01.corp.example": "remoting.read_remote", "RDSH02.corp.example": "remoting.read_imported"}
    assert verdict.lines[-1].key == "remoting.imported"
    assert verdict.lines[-1].fields["hosts"] == "RDSH02.corp.example"

    for confirms in ({step: []}, {step: [entry]}):  # taken back, or another file by now: no reading
        if confirms[step]:
            kept.write_bytes(kept.read_bytes() + b" ")
        verdict = doing(step).judge(replace(context, confirms=confirms), recorded(step, Hosts=hosts))
        assert {row["read"] for row in verdict.table} == {"remoting.read_remote"}


def spoilt(reading: dict[str, Any], fault: str) -> Any:
    data = copy.deepcopy(reading)
    host = data["Hosts"][0]
    match fault:
        case "shape":
            host["Reading"]["LicensingType"] = "4"
        case "unknown name":
            host["Reading"]["Surprise"] = 1
        case "two objects":
            return [data, data]
        case "remote":
            host["Local"] = False
        case "not reached":
            host |= {"Reached": False, "Reading": None}
        case "other machine":
            host["Reading"]["ComputerName"] = "RDSH09"
        case "not in the case":
            host |= {"Name": "OTHER"}
            host["Reading"]["ComputerName"] = "OTHER"
        case "other server":
            data["ExpectedServer"] = "OLD1.corp.example"
            host["Reading"]["Connectivity"] = []
        case "nobody":
            data["Hosts"] = []
        case "list of numbers":
            return [1, 2]
    return [data]


@pytest.mark.parametrize(
    "fault",
    ["shape", "unknown name", "two objects", "remote", "not reached", "other machine", "not in the case",
     "other server", "nobody", "list of numbers"],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_and_nothing_is_kept(
    fault: str, make_context: Make, reading: dict[str, Any], tmp_path: Path
) -> None:
    context = make_context("hosts-policy")
    folder = CaseFolder(context.case_folder)
    good, bad = write(tmp_path, [reading]), write(tmp_path, spoilt(reading, fault), "bad.json")
    with pytest.raises(BadInput, match=r"bad\.json"):
        host_import.enter(folder, context.case, "hosts-policy", [good, bad], who="someone", lang="en")
    assert not folder.journal.exists()
    assert not (folder.path / "attachments").exists()


def test_other_files_are_refused(make_context: Make, tmp_path: Path) -> None:
    context = make_context("hosts-policy")
    text = tmp_path / "note.txt"
    text.write_text("hello", encoding="utf-8")
    half = tmp_path / "half.json"
    half.write_text('[{"ExpectedServer"', encoding="utf-8")
    for path in (text, half, tmp_path / "missing.json"):
        faults, hosts = host_import.read(path, context.case, "fr")
        assert len(faults) == 1
        assert hosts == []
    with pytest.raises(BadInput, match="--attach"):
        host_import.enter(CaseFolder(context.case_folder), context.case, "hosts-policy", [], who="x", lang="en")


def test_only_the_two_steps_that_read_hosts_take_files() -> None:
    assert host_import.can_import("hosts-policy") and host_import.can_import("hosts-verify")
    assert not any(host_import.can_import(step) for step in ("preflight", "gpupdate", "attestation", "nothing"))


def test_an_import_that_is_out_of_date_replaces_nothing(
    make_context: Make, recorded: Recorded, reading: dict[str, Any], tmp_path: Path
) -> None:
    context = make_context("hosts-verify")
    reading["Hosts"][0]["Reading"] |= {"LicensingType": 2, "CollectedAt": "2020-01-01T00:00:00Z"}
    folder = CaseFolder(context.case_folder)
    host_import.enter(folder, context.case, "hosts-verify", [write(tmp_path, [reading])], who="x", lang="fr")
    verdict = doing("hosts-verify").judge(context, recorded("hosts-verify"))
    assert verdict.status is Status.SUCCEEDED
    assert {row["read"] for row in verdict.table} == {"remoting.read_remote"}
