"""The record says what was changed in case.yml from run to run, line by line."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from model_server import CASE, PACKS, Bent, bent

from runbook.archive.contradictions import before_copying
from runbook.journal.story import read_story
from runbook.record.case_changes import CaseChange, case_changes
from runbook.record.page import render
from runbook.record.views import confirm_view
from runbook.words.sentences import LANGS, say

__all__ = ["bent"]

LONGER = {
    "packs": [{"count": 20}, {"count": 40}, {"count": 5, "version": "2019"}],
    "contract": {"agreement": "1234567"},
}


def lines(change: CaseChange) -> dict[str, tuple[str, str]]:
    return {place: (was, now) for place, was, now in change.lines or ()}


def changed(bent: Bent, **case: Any) -> list[CaseChange]:
    bent.case()
    bent.run()
    bent.case(**case)
    bent.run()
    return case_changes(read_story(bent.folder.path), "en")


def test_each_line_that_was_changed_between_two_runs_is_told(bent: Bent) -> None:
    (change,) = changed(bent, **LONGER)
    assert change.run == "r02"
    assert lines(change) == {
        "contract.agreement": ("", "…67"),
        "packs.1.no_proof_reason": ("MODEL", ""),
        "packs.2.count": ("20", "40"),
        "packs.2.no_proof_reason": ("MODEL", ""),
        "packs.3.count": ("", "5"),
        "packs.3.version": ("", "2019"),
    }
    page = render(read_story(bent.folder.path), "en", made=dt.datetime.now(dt.UTC))
    assert "<code>packs.2.count</code></td><td>20</td><td>40</td>" in page and page.count("1234567") == 1, (
        "in full where the contract stands, and nowhere else"
    )


def test_runs_on_one_case_file_changed_nothing(bent: Bent) -> None:
    assert changed(bent) == []


def test_a_file_that_was_first_written_after_a_run_was_not_changed(bent: Bent) -> None:
    bent.run()
    assert changed(bent) == []
    assert len(changed(bent, **LONGER)) == 1


def test_each_run_keeps_the_file_that_it_was_judged_by_and_tells_it(bent: Bent) -> None:
    changed(bent, **LONGER)
    opened = [e for e in bent.history.entries if e["event"] == "open"]
    for entry in opened:
        kept = bent.folder.path / entry["run"] / "case.yml"
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == entry["case_sha256"]
    assert before_copying(bent.folder.path) == []


def test_comments_alone_are_told_as_such(bent: Bent) -> None:
    bent.case()
    bent.run()
    bent.folder.case_file.write_text(bent.folder.case_file.read_text(encoding="utf-8") + "# why\n", encoding="utf-8")
    bent.run()
    (change,) = case_changes(read_story(bent.folder.path), "en")
    assert change.lines == ()


def test_what_was_changed_since_the_last_run_is_told(bent: Bent) -> None:
    bent.case()
    bent.run()
    bent.case(company="Other SA")
    (change,) = case_changes(read_story(bent.folder.path), "en")
    assert change.run == "Since r01" and lines(change) == {"company": (CASE["company"], "Other SA")}


@pytest.mark.parametrize("lang", LANGS)
def test_what_a_corrected_entry_changed_is_told_answer_by_answer(lang: str, bent: Bent) -> None:
    bent.ready(PACKS[0])
    bent.run()
    bent.issued(*PACKS[:2], replaces=1, why="one was forgotten", reference="REF-2")
    bent.run()
    story = read_story(bent.folder.path)
    first, second = (confirm_view(story, e, lang) for e in story.history.confirmed()["clearinghouse"])
    assert first.corrected == 0 and first.differing == () and "one was forgotten" in first.undone
    packs, reference = sorted(second.differing, key=lambda line: "REF-2" in line[2])
    assert second.corrected == 1 and reference[1:] == ("", "REF-2")
    assert packs[1].count("20") == 1 and packs[2].count("20") == 2 and len(second.differing) == 2
    page = render(story, lang, made=dt.datetime.now(dt.UTC))
    assert say("record.entry_differs", lang, number=1) in page and "REF-2</span></td></tr>" in page
    assert not any(pack.replace("-", "") in page.replace("-", "") for pack in PACKS), "masked as everywhere"


def test_a_kept_file_that_was_edited_later_shows_no_lines(bent: Bent) -> None:
    changed(bent, company="Other SA")
    (bent.folder.path / "r01" / "case.yml").write_text("company: Third SA\n", encoding="utf-8")
    (change,) = case_changes(read_story(bent.folder.path), "en")
    assert change.lines is None
