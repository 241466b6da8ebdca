"""The backup notebook: a draw of its recordings, played, ends as it says (``test_rehearsals.py`` plays them all)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook.host import rehearsal
from runbook.journal.lines import Journal
from runbook.knowledge import catalogue
from runbook.words.sentences import say, sentence

from .recordings import drawn

PLAYED = [name for name in catalogue.rehearsals() if rehearsal.load(name).plot.notebook == "backup"]
#: A destination that will not do: nothing may have been changed.
UNTOUCHED = ["backup-relative", "backup-inside-lserver", "backup-drive-missing", "backup-share"]


def test_each_way_it_can_go_wrong_has_its_recording() -> None:
    assert set(PLAYED) == {
        "backup-nominal", *UNTOUCHED, "backup-no-room", "backup-disk-full", "backup-share-lost",
        "backup-wbadmin-stopped", "backup-shadow", "backup-old-damaged",
    }  # fmt: skip


@pytest.mark.parametrize("name", drawn(PLAYED, ("backup-nominal", "backup-shadow", "backup-relative"), 3))
def test_recording_ends_as_it_says(workspace: Any, name: str) -> None:
    lang = "fr" if PLAYED.index(name) % 2 else "en"
    played = workspace.papermill(f"case-{name}", "-p", "rehearsal", name, "-p", "lang", lang, notebook="backup")
    expected = rehearsal.load(name).plot.expect[0]
    history = played.history
    assert Journal(played.folder.journal).check() == []
    assert history.runs() == ["r01"], played.stderr
    found = {step: end["status"] for step in expected.steps if (end := history.end_in(step, "r01"))}
    assert found == expected.steps
    closed = history.closing("r01")
    assert closed is not None and closed["outcome"] == expected.outcome
    assert played.exit_code == (1 if expected.outcome == "failed" else 0), played.stderr
    for end in (e for e in history.entries if e["event"] == "end"):
        for line in end["lines"]:
            assert sentence(line["key"], "fr", line["fields"]) != sentence(line["key"], "en", line["fields"])
    stamp = say("show.rehearsal", lang, title=rehearsal.load(name).plot.title.of(lang))
    first, last = (next(c for c in played.notebook().cells if c.id == at) for at in ("start", "summary"))
    for cell in (first, last):
        assert stamp in json.dumps(cell.outputs, ensure_ascii=False).replace("&#39;", "'")
    if name in UNTOUCHED:
        assert played.effects() == []


def test_the_whole_backup_changes_what_apply_names_and_says_what_it_is_worth(workspace: Any) -> None:
    played = workspace.papermill("backup-20250306", "-p", "lang", "fr", notebook="backup")
    assert played.effects() == ["backup-system-state", "backup-folder", "backup-second-copy", "backup-retention"]
    report = played.history.latest_facts("backup-report")
    assert report["seconds_stopped"] == 4.8 and report["bytes"] == 1212416 and report["files"] == 4
    assert report["destination"].endswith("20250306T110500Z") and report["manifest"].endswith("20250306T110500Z.json")
    assert report["unissued"] == 40 and report["system_state"] and report["second_copy"]
    hashes = {row["sha256"] for row in played.history.end_in("backup-folder", "r01")["table"]}
    assert len(hashes) == 4 and all(len(digest) == 64 for digest in hashes)
    given = json.loads((played.folder.path / "r01" / "backup-retention" / "in.json").read_text(encoding="utf-8"))
    assert given["Newest"] == "20250306T110500Z" and given["Names"] == ["20250213T020500Z"]


def test_without_room_the_copy_is_refused_before_the_stop_and_retention_is_reached(workspace: Any) -> None:
    played = workspace.papermill(
        "case-full", "-p", "rehearsal", "backup-no-room", "-p", "lang", "en", notebook="backup"
    )
    copied = played.history.end_in("backup-folder", "r01")
    assert copied["status"] == "failed" and not copied["facts"].get("manifest")
    assert "The service was not touched." in " ".join(
        sentence(line["key"], "en", line["fields"]) for line in copied["lines"]
    )
    assert played.history.end_in("backup-retention", "r01")["status"] == "succeeded"


def test_nothing_named_nothing_done(workspace: Any) -> None:
    played = workspace.papermill("backup-none", "-p", "apply", "none", notebook="backup")
    assert played.exit_code == 0 and played.effects() == []
    found = {step: played.history.end_in(step, "r01")["status"] for step in ("backup-folder", "backup-report")}
    assert found == {"backup-folder": "waiting", "backup-report": "waiting"}


def test_a_backup_takes_over_the_case_file_of_an_earlier_case(workspace: Any) -> None:
    """As the scheduled task does: ``-p of CASE``. A stand-in that answers nothing is the server here."""
    source = rehearsal.load("nominal").find("case.yml")
    assert source is not None
    earlier = workspace.path / "cases" / "case-2024-07"
    earlier.mkdir(parents=True)
    text = source.read_text(encoding="utf-8").replace("case: nominal", "case: case-2024-07")
    (earlier / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    played = workspace.papermill(
        "backup-20250306T020000Z", "-p", "of", "case-2024-07", notebook="backup", RUNBOOK_POWERSHELL="/bin/false"
    )
    assert played.exit_code == 1, played.stderr
    assert played.history.end_in("preflight", "r01")["status"] == "failed"
    assert played.history.end_in("backup-folder", "r01")["status"] == "not_reached"
    taken = (played.folder.path / "case.yml").read_text(encoding="utf-8")
    assert taken.startswith("case: backup-20250306T020000Z\n") and "D:\\Backups\\RDS-Licensing" in taken
