"""audit: month after month; over-use, drift of Group Policy, the trend, and the sheet that is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.host import rehearsal
from runbook.knowledge import catalogue
from runbook.words.sentences import data_root

from .recordings import in_languages, plays_as_it_says, shown

PLAYED = [name for name in catalogue.rehearsals() if rehearsal.load(name).plot.notebook == "audit"]


@pytest.mark.parametrize(("name", "lang"), in_languages(PLAYED, both="audit-nominal"))
def test_recording_ends_as_it_says(workspace: Any, name: str, lang: str) -> None:
    played = plays_as_it_says(workspace, name, lang)
    assert played.effects() == ["audit-report"]
    sheet = (played.folder.path / "r01" / "audit-sheet" / "licence-sheet.html").read_text(encoding="utf-8")
    text = (played.folder.path / "r01" / "audit-sheet" / "licence-sheet.txt").read_text(encoding="utf-8")
    for word in ("RDLIC01.corp.example", "REHEARSAL Reseller", "private", "REHEARSAL-invoice-pack-1.txt"):
        assert word in sheet and word in text, word
    # Masked: neither a whole identifier nor the agreement's whole number is on it.
    assert "REHEARSAL-AGREEMENT" not in text
    assert not re.search(r"(?:[A-Z0-9]{5}-){6}[A-Z0-9]{5}|\b[A-Z0-9]{35}\b", sheet + text)


def test_a_second_audit_is_held_against_the_first(workspace: Any) -> None:
    first = plays_as_it_says(workspace, "audit-nominal", "en", case="audit-2025-04")
    assert first.history.ends("audit-compare")[-1]["lines"][0]["key"] == "audit.baseline"
    second = plays_as_it_says(workspace, "audit-over-use", "en", case="audit-2025-05")
    packs = second.history.ends("audit-packs")[-1]
    assert packs["status"] == "failed" and packs["facts"]["over"] == ["user"]
    assert packs["facts"]["issued"]["user"] == 47 and packs["facts"]["owned"]["user"] == 40
    compared = second.history.ends("audit-compare")[-1]
    assert compared["status"] == "finding" and compared["facts"]["with"] == "audit-2025-04"
    changes = {(row["what"], row["subject"]): (row["before"], row["now"]) for row in compared["table"]}
    assert changes == {
        ("audit.what_member", "RDLIC01.corp.example"): (True, False),
        ("audit.what_issued", "audit.type_user"): (31, 47),
        ("audit.what_gpo", "RDSH02.corp.example"): ("RDS - Licensing (REHEARSAL)", "RDS - Test (REHEARSAL)"),
    }
    # Only what happened since the first audit counts.
    events = second.history.ends("audit-events")[-1]
    assert events["facts"]["tracking"] == 12 and events["hints"] == ["E11"]
    svg = (second.folder.path / "r01" / "pictures" / "trend-user.svg").read_text(encoding="utf-8")
    assert "2025-04-01" in svg and "2025-05-01" in svg and ">47<" in svg
    summary = shown(next(cell for cell in second.notebook().cells if cell.id == "summary"))
    assert "Curve of 2 audits (Per User). CALs issued: 31, 47; owned: 40." in summary

    # A third, held against the one that is named; and one that names an audit which does not exist.
    third = workspace.papermill(
        "audit-2025-06", "-p", "rehearsal", "audit-over-use", "-p", "since", "audit-2025-04", "-p", "lang", "en",
        notebook="audit",
    )  # fmt: skip
    assert third.history.ends("audit-compare")[-1]["facts"]["with"] == "audit-2025-04"
    lost = workspace.papermill(
        "audit-2025-07", "-p", "rehearsal", "audit-nominal", "-p", "since", "audit-1999", "-p", "lang", "en",
        notebook="audit",
    )  # fmt: skip
    assert lost.exit_code == 1
    told = lost.history.ends("audit-compare")[-1]
    assert told["status"] == "failed" and "audit-2025-04" in json.dumps(told["lines"])


def test_the_report_is_made_only_where_apply_names_it(workspace: Any) -> None:
    played = workspace.papermill("audit-none", "-p", "apply", "none", "-p", "lang", "en", notebook="audit")
    assert played.exit_code == 0, played.stderr
    assert played.history.ends("audit-report")[-1]["status"] == "waiting"
    assert played.history.closing("r01")["outcome"] == "waiting"
    assert played.effects() == []
    summary = shown(next(cell for cell in played.notebook().cells if cell.id == "summary"))
    assert "-p apply audit-report" in summary


def test_a_report_that_stays_on_the_server_is_named(workspace: Any, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    step = folder / "steps" / "audit-report"
    step.mkdir(parents=True)
    nominal = data_root() / "notebooks" / "rehearsals" / "audit-nominal"
    out = json.loads((nominal / "steps" / "audit-report" / "out.json").read_text(encoding="utf-8"))
    out[0] |= {"Deleted": False, "DeleteReturnValue": 0x80041001, "FileName": "REHEARSAL-left.xml"}
    (step / "out.json").write_text(json.dumps(out), encoding="utf-8")
    both = {"fr": "Rapport resté", "en": "Report left"}
    plot = {"notebook": "audit", "title": both, "description": both, "base": "audit-nominal"}
    plot["expect"] = [{"run": 1, "outcome": "done", "steps": {"audit-report": "finding"}}]
    (folder / "rehearsal.yml").write_text(yaml.safe_dump(plot, allow_unicode=True), encoding="utf-8")
    played = plays_as_it_says(workspace, str(folder), "fr", case="audit-left")
    cell = next(cell for cell in played.notebook().cells if cell.id == "audit-report")
    assert "REHEARSAL-left.xml" in shown(cell)
