"""The restore drill, played: every recording ends as it says; it never changes anything."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.host import rehearsal
from runbook.journal.lines import Journal
from runbook.knowledge import catalogue
from runbook.words.sentences import sentence

PLAYED = [name for name in catalogue.rehearsals() if rehearsal.load(name).plot.notebook == "restore"]


@pytest.mark.parametrize("name", PLAYED)
def test_recording_ends_as_it_says(workspace: Any, name: str) -> None:
    lang = "fr" if PLAYED.index(name) % 2 else "en"
    played = workspace.papermill(f"case-{name}", "-p", "rehearsal", name, "-p", "lang", lang, notebook="restore")
    expected = rehearsal.load(name).plot.expect[0]
    history = played.history
    assert Journal(played.folder.journal).check() == []
    found = {step: end["status"] for step in expected.steps if (end := history.end_in(step, "r01"))}
    assert found == expected.steps, played.stderr
    closed = history.closing("r01")
    assert closed is not None and closed["outcome"] == expected.outcome
    assert played.exit_code == (1 if expected.outcome == "failed" else 0), played.stderr
    assert played.effects() == []
    lines = history.end_in("restore-steps", "r01")["lines"]
    said = [sentence(line["key"], lang, line["fields"]) for line in lines]
    telephone = history.latest_facts("restore-steps")["telephone"]
    assert any(text.startswith(("TÉLÉPHONE", "TELEPHONE")) for text in said) is telephone
    assert telephone is (name not in ("restore-nominal", "restore-damaged"))


def test_the_drill_needs_no_case_file(workspace: Any) -> None:
    """A destination given as a parameter is enough; the whole drill lies in one run."""
    played = workspace.papermill("drill-2025", "-p", "destination", "E:\\Copies", notebook="restore")
    assert played.exit_code == 0, played.stderr
    given = (played.folder.path / "r01" / "restore-copies" / "in.json").read_text(encoding="utf-8")
    assert "E:\\\\Copies" in given
    assert played.history.latest_facts("restore-steps")["telephone"] is False


def test_the_record_of_a_drill_holds_no_checklist_of_a_recovery(workspace: Any) -> None:
    played = workspace.papermill("drill-2025", notebook="restore")
    told = workspace.runbook("record", "drill-2025")
    assert told.returncode == 0, told.stderr
    page = (played.folder.path / "record.fr.html").read_text(encoding="utf-8")
    assert 'id="checklist"' not in page and 'href="#checklist"' not in page
    assert 'href="#signatures"' in page and "restore-steps" in page
