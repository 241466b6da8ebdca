"""diagnose: files from anywhere, on any system, to ranked causes with their evidence and the page to open."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from samples import samples

from runbook.formats.unread import LISTED
from runbook.host import rehearsal
from runbook.knowledge import catalogue, reference
from runbook.words.sentences import data_root

from .recordings import in_languages, in_one_language, plays_as_it_says, shown

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = samples()
PLAYED = [name for name in catalogue.rehearsals() if rehearsal.load(name).plot.notebook == "diagnose"]
OUTAGE = data_root() / "notebooks" / "rehearsals" / "diagnose-outage" / "steps"
FIXTURES = ROOT / "tests" / "formats" / "fixtures"


def facts(played: Any, step: str) -> dict[str, Any]:
    end = played.history.ends(step)[-1]
    return dict(end["facts"])


@pytest.mark.parametrize(("name", "lang"), in_languages(PLAYED, both="diagnose-nominal"))
def test_recording_ends_as_it_says(workspace: Any, name: str, lang: str) -> None:
    plays_as_it_says(workspace, name, lang)


def test_the_outage_is_ranked_with_its_evidence(workspace: Any) -> None:
    played = plays_as_it_says(workspace, "diagnose-outage", "en")
    end = played.history.ends("diagnose-causes")[-1]
    # What the server says of itself comes first; then by gravity and number.
    assert end["hints"] == ["E01", "E11", "E04", "E32", "E14"]
    causes = {cause["id"]: cause for cause in facts(played, "diagnose-read")["causes"]}
    (tracked,) = [seen for seen in causes["E11"]["evidence"] if seen["event"]]
    assert (tracked["event"], tracked["count"]) == ("LS-4105", 21)
    assert (tracked["first"], tracked["last"]) == ("2025-03-01 08:11", "2025-03-06 13:16")
    assert tracked["file"] == "export-logs/files/System-Licensing.rehearsal.xml" and tracked["records"][0] == 303
    noise = {seen["event"] for c in facts(played, "diagnose-read")["noise"] for seen in c["evidence"]}
    assert noise == {"LS-0", "RCM-1136"}
    # It ends with the step to take: the page of the first cause, and its fix in the reader's language.
    last = shown(next(cell for cell in played.notebook().cells if cell.id == "summary"))
    assert last.rstrip().splitlines()[-1].startswith("5. E14")
    assert "site/en/errors.html#e01" in last and reference.problem("E01").fix.en[:40] in last
    assert (played.folder.path / "r01" / "pictures" / "events.svg").read_text(encoding="utf-8").count("<text") > 6


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_real_samples(workspace: Any, lang: str) -> None:
    """Damaged logs, a Windows 7 System log, a UTF-16 RSoP: all read, each fault named, the evidence kept."""
    played = workspace.papermill("case-real", "-p", "folder", str(SAMPLES), "-p", "lang", lang, notebook="diagnose")
    assert played.exit_code == 0, played.stderr
    in_one_language(played, lang)
    # The answer comes first; what would ask a server has nothing to do and stands behind it, in its order.
    taken = [cell.id for cell in played.notebook().cells if cell.id in catalogue.plain_steps()]
    assert taken[:4] == ["diagnose-read", "diagnose-causes", "diagnose-rest", "diagnose-next"]
    assert sorted(taken) == sorted(catalogue.notebook_steps("diagnose"))
    said = [shown(cell) for cell in played.notebook().cells if cell.id in taken]
    assert all(f"<b>{number}/{len(taken)}" in text for number, text in enumerate(said, 1))
    read = facts(played, "diagnose-read")
    found = {row["file"]: row for row in read["files"]}
    counts = {name: (row["read"], row["damaged"]) for name, row in found.items() if row["kind"] == "evtx"}
    assert counts == {
        "evtx/RemoteConnectionManager-Operational-11-hosts.evtx": (11, 0),
        "evtx/RemoteConnectionManager-Operational-dirty.evtx": (1774, 2),
        "evtx/System-windows7-TermDD.evtx": (1601, 0),
        "evtx-damaged/bad-chunk-magic.evtx": (270, 2),
        "evtx-damaged/zero-data-size.evtx": (335, 1),
    }
    assert found["gpresult/rsop-computer-utf16.xml"]["kind"] == "rsop"
    (cause,) = read["causes"]
    assert cause["id"] == "E09"
    assert {seen["file"] for seen in cause["evidence"]} == {"evtx/System-windows7-TermDD.evtx"}
    for row in read["files"]:
        assert row["sha256"] == hashlib.sha256((SAMPLES / row["file"]).read_bytes()).hexdigest()
        if row["copied"]:
            copy = played.folder.path / "r01" / "diagnose-read" / "files" / row["copied"]
            assert hashlib.sha256(copy.read_bytes()).hexdigest() == row["sha256"]
    told = played.history.ends("diagnose-read")[-1]["lines"]
    lines = [line["fields"]["where"] for line in told if "where" in line["fields"]]
    assert len(lines) == 5 <= LISTED
    assert facts(played, "diagnose-rest")["missing_channels"] == [
        "Microsoft-Windows-TerminalServices-Licensing/Admin",
        "Application",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin",
    ]
    # No script was run, no server asked.
    assert not [e for e in played.history.entries if e["event"] == "begin"]
    assert played.history.opening("r01")["host"] == "files"
    assert "REHEARSAL" not in workspace.runbook("--lang", "en", "status", played.folder.name).stdout


def test_a_folder_of_everything(workspace: Any, tmp_path: Path) -> None:
    """Logs, policy reports, steps' answers and an error text, from several machines; what is none of it is named."""
    folder = tmp_path / "from a customer"
    (folder / "host é").mkdir(parents=True)
    shutil.copyfile(OUTAGE / "export-logs" / "files" / "System-Licensing.rehearsal.xml", folder / "sys.txt")
    shutil.copyfile(OUTAGE / "license-server" / "out.json", folder / "license-server.json")
    shutil.copyfile(FIXTURES / "rsop-licensing-fr.xml", folder / "host é" / "gp.xml")
    shutil.copyfile(FIXTURES / "gpresult-licensing-en.html", folder / "host é" / "gp.html")
    (folder / "error.log").write_text("Invoke-CimMethod : HRESULT 0x80041010\r\n", encoding="utf-16")
    (folder / "photo.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "nothing.evtx").write_bytes(b"")
    (folder / "broken.evtx").write_bytes(b"ElfFile\0" + b"\xff" * 5000)
    (folder / "stray.json").write_text('[{"Any": 1}]', encoding="utf-8")
    played = workspace.papermill("case-all", "-p", "folder", str(folder), "-p", "lang", "en", notebook="diagnose")
    assert played.exit_code == 0, played.stderr
    in_one_language(played, "en")
    read = facts(played, "diagnose-read")
    kinds = {row["file"]: row["kind"] for row in read["files"]}
    assert kinds == {
        "broken.evtx": "evtx",
        "error.log": "text",
        "host é/gp.html": "gpresult",
        "host é/gp.xml": "rsop",
        "license-server.json": "json",
        "nothing.evtx": "empty",
        "photo.bin": "other",
        "stray.json": "json",
        "sys.txt": "events",
    }
    ids = [cause["id"] for cause in read["causes"]]
    assert ids[0] == "E01" and {"E11", "E04", "E23"} <= set(ids)
    assert {(row["file"], row["gpo"] != "") for row in read["policies"]} == {
        ("host é/gp.html", True),
        ("host é/gp.xml", True),
    }
    told = [line["fields"] for line in played.history.ends("diagnose-read")[-1]["lines"]]
    assert {fields["where"] for fields in told if "where" in fields} >= {"broken.evtx", "stray.json"}
    for path in (played.folder.path / "r01" / "diagnose-read" / "files").iterdir():
        assert path.name.isascii() and " " not in path.name
    listed = json.loads((played.folder.path / "r01" / "diagnose-read" / "files.json").read_text(encoding="utf-8"))
    assert len(listed) == 9


def test_a_case_that_is_taken_over_names_the_lost_servers(workspace: Any, tmp_path: Path) -> None:
    case = (data_root() / "notebooks" / "rehearsals" / "nominal" / "case.yml").read_text(encoding="utf-8")
    known = workspace.path / "cases" / "case-known" / "case.yml"
    known.parent.mkdir(parents=True)
    known.write_text(case.replace("case: nominal", "case: case-known"), encoding="utf-8")
    folder = tmp_path / "logs"
    folder.mkdir()
    text = (FIXTURES / "rsop-licensing-en.xml").read_bytes().decode("utf-16")
    (folder / "gp.xml").write_bytes(text.replace("rdlic01.example.test", "RDLIC-OLD1.corp.example").encode("utf-16"))
    played = workspace.papermill(
        "case-of", "-p", "folder", "logs", "-p", "of", "case-known", "-p", "lang", "en", notebook="diagnose"
    )
    assert played.exit_code == 0, played.stderr
    (cause,) = facts(played, "diagnose-read")["causes"]
    assert (cause["id"], cause["evidence"][0]["why"]) == ("E05", "diagnose.why_dead_server")


def test_a_folder_that_does_not_exist_stops_before_anything(workspace: Any) -> None:
    played = workspace.papermill("case-none", "-p", "folder", "no-such-folder", "-p", "lang", "en", notebook="diagnose")
    assert played.exit_code == 2
    assert "The folder “no-such-folder” does not exist" in played.stderr
    assert not played.folder.journal.exists()


def test_an_empty_folder_is_not_judged(workspace: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    played = workspace.papermill("case-empty", "-p", "folder", str(tmp_path / "empty"), notebook="diagnose")
    statuses = {step: played.history.ends(step)[-1]["status"] for step in ("diagnose-read", "diagnose-causes")}
    assert statuses == {"diagnose-read": "not_judged", "diagnose-causes": "not_judged"}
