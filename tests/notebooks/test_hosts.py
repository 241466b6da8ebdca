"""hosts: every session host of a case in one table, worst first; one wrong host fails the run."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.host import rehearsal
from runbook.knowledge import catalogue
from runbook.words.sentences import data_root, say

from .recordings import in_languages, plays_as_it_says, shown

PLAYED = [name for name in catalogue.rehearsals() if rehearsal.load(name).plot.notebook == "hosts"]
NOMINAL = data_root() / "notebooks" / "rehearsals" / "hosts-nominal"
COUNT = 1000
#: Seven hosts that fail, in five ways: what is changed in a good reading (None: not reached).
FAILING: dict[int, tuple[str, dict[str, Any] | None]] = {
    17: ("unreachable", None),
    101: ("unreachable", None),
    256: ("dead_server", {"SpecifiedServers": ["RDLIC-OLD1.corp.example"]}),
    512: ("dead_server", {"SpecifiedServers": ["RDLIC-OLD2.corp.example"]}),
    640: ("mode_wrong", {"LicensingType": 2}),
    777: ("no_server", {"SpecifiedServers": []}),
    999: ("mode_missing", {"LicensingType": 5}),
}


def host_name(number: int) -> str:
    return f"RDSH{number:04d}.corp.example"


def thousand(folder: Path) -> Path:
    """A recording of a thousand hosts, made from the nominal one."""
    out = json.loads((NOMINAL / "steps" / "hosts-state" / "out.json").read_text(encoding="utf-8"))
    good = out[0]["Hosts"][0]
    good["Reading"]["GpResult"] = None
    fault = {
        "FullyQualifiedErrorId": "CannotConnect,PSSessionStateBroken",
        "Category": "OpenError",
        "HResult": "0x80131500",
        "Message": "REHEARSAL",
    }
    hosts = []
    for number in range(1, COUNT + 1):
        host = copy.deepcopy(good) | {"Name": host_name(number)}
        _, change = FAILING.get(number, ("none", {}))
        if change is None:
            host |= {"Reached": False, "Reading": None, "Fault": fault}
        else:
            host["Reading"] |= change | {"ComputerName": host_name(number).partition(".")[0]}
        hosts.append(host)
    out[0]["Hosts"] = hosts
    step = folder / "steps" / "hosts-state"
    step.mkdir(parents=True)
    (step / "out.json").write_text(json.dumps(out), encoding="utf-8")
    both = {"fr": "Mille hôtes", "en": "A thousand hosts"}
    plot = {"notebook": "hosts", "title": both, "description": both, "base": "hosts-nominal"}
    plot["expect"] = [{"run": 1, "outcome": "failed", "steps": {"hosts-state": "failed"}}]
    (folder / "rehearsal.yml").write_text(yaml.safe_dump(plot, allow_unicode=True), encoding="utf-8")
    nominal = data_root() / "notebooks" / "rehearsals" / "nominal" / "case.yml"
    case = yaml.safe_load(nominal.read_text(encoding="utf-8"))
    case["session_hosts"]["names"] = [host_name(number) for number in range(1, COUNT + 1)]
    case["session_hosts"]["pilot"] = host_name(1)
    (folder / "case.yml").write_text(yaml.safe_dump(case, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("name", "lang"), in_languages(PLAYED, both="hosts-nominal"))
def test_recording_ends_as_it_says(workspace: Any, name: str, lang: str) -> None:
    played = plays_as_it_says(workspace, name, lang)
    end = played.history.ends("hosts-state")[-1]
    assert {row["gpo"] for row in end["table"]} - {""} == {"RDS - Licensing (REHEARSAL)"}
    raw = (played.folder.path / "r01" / "hosts-state" / "hosts.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";" if lang == "fr" else ","))
    assert found[0][:2] == [say("steps.column_host", lang), say("steps.column_trouble", lang)]
    assert [row[0] for row in found[1:]] == [row["host"] for row in end["table"]]
    assert "r01/hosts-state/hosts.csv" in {item["path"] for item in end["evidence"]}
    assert (played.folder.path / "r01" / "pictures" / "hosts.svg").is_file()


def test_a_thousand_hosts_of_which_seven_fail_in_five_ways(workspace: Any, tmp_path: Path) -> None:
    recording = thousand(tmp_path / "thousand")
    played = plays_as_it_says(workspace, str(recording), "en", case="case-thousand")
    end = played.history.ends("hosts-state")[-1]
    assert len(end["table"]) == COUNT
    worst = [row["trouble"].removeprefix("steps.trouble_") for row in end["table"]]
    assert worst[7:] == ["none"] * (COUNT - 7)
    assert worst[:7] == sorted((why for why, _ in FAILING.values()), key=_rank) and len(set(worst[:7])) == 5
    # One table with every host, in the step's cell; the last thing that is shown names the seven and no other.
    cells = {cell.id: cell for cell in played.notebook().cells}
    html = shown(cells["hosts-state"])
    assert html.count("<table") == 1 and html.count("<tr>") == COUNT + 1
    last = [output for output in cells["summary"]["outputs"] if "data" in output][-1]["data"]["text/plain"]
    assert [line.split(":")[0].strip() for line in last.splitlines()[1:]] == [
        host_name(n) for n in sorted(FAILING, key=lambda n: (_rank(FAILING[n][0]), n))
    ]
    assert played.exit_code == 1 and "hosts-state" in str(played.history.closing("r01")["failed"])


def _rank(word: str) -> int:
    from runbook.steps.host_state import rank_of

    return rank_of(word)


def test_a_case_without_hosts_waits_and_runs_nothing(workspace: Any, tmp_path: Path) -> None:
    recording = thousand(tmp_path / "nobody")
    case = yaml.safe_load((recording / "case.yml").read_text(encoding="utf-8"))
    case["session_hosts"] = {}
    (recording / "case.yml").write_text(yaml.safe_dump(case, allow_unicode=True), encoding="utf-8")
    plot = yaml.safe_load((recording / "rehearsal.yml").read_text(encoding="utf-8"))
    plot["expect"] = [{"run": 1, "outcome": "waiting", "steps": {"hosts-state": "waiting"}}]
    (recording / "rehearsal.yml").write_text(yaml.safe_dump(plot, allow_unicode=True), encoding="utf-8")
    played = plays_as_it_says(workspace, str(recording), "fr", case="case-nobody")
    assert [e["step"] for e in played.history.entries if e["event"] == "begin"] == ["preflight"]


def test_migrate_without_hosts_starts_none_of_their_scripts(workspace: Any, tmp_path: Path) -> None:
    """Without names hosts.ps1 would read the license server itself."""
    folder = tmp_path / "no-hosts"
    folder.mkdir()
    nominal = data_root() / "notebooks" / "rehearsals" / "nominal"
    case = yaml.safe_load((nominal / "case.yml").read_text(encoding="utf-8"))
    case["session_hosts"] = {}
    (folder / "case.yml").write_text(yaml.safe_dump(case, allow_unicode=True), encoding="utf-8")
    plot = yaml.safe_load((nominal / "rehearsal.yml").read_text(encoding="utf-8"))
    mine = {"title": plot["title"], "description": plot["description"], "base": "nominal", "runs": 1}
    skipped = {
        "hosts-policy": "skipped",
        "hosts-configure": "skipped",
        "gpupdate": "skipped",
        "hosts-verify": "skipped",
    }
    mine["expect"] = [{"run": 1, "outcome": "waiting", "steps": skipped}]
    (folder / "rehearsal.yml").write_text(yaml.safe_dump(mine, allow_unicode=True), encoding="utf-8")
    played = plays_as_it_says(workspace, str(folder), "en", case="case-no-hosts")
    begun = {entry["step"] for entry in played.history.entries if entry["event"] == "begin"}
    assert begun and not begun & skipped.keys()
    assert played.effects() == []
