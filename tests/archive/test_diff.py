"""Comparing runs, cases and archives."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_case import make_case

from runbook.archive.diff import _step, diff
from runbook.archive.seal import seal
from runbook.errors import BadInput
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt


def test_two_runs_of_a_case(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    found = diff(case / "r01", case / "r02")
    changed = {step.step: (step.left, step.right) for step in found.steps if step.left != step.right}
    assert changed == {
        "key-packs": (Status.FINDING, Status.SUCCEEDED),
        "clearinghouse": (Status.WAITING, Status.SUCCEEDED),
        "point-hosts": (Status.NOT_REACHED, Status.SUCCEEDED),
    }
    assert not found.same
    fr, en = found.text("fr"), found.text("en")
    assert "constat → réussi" in fr and "finding → succeeded" in en
    assert "s → 1,2" not in fr and "s → 1.2" not in en, "the same time on both sides is no difference"
    assert "case-2024-01/r01" in found.html("fr") and "<script" not in found.html("fr")


def test_values_that_differ_are_named(tmp_path: Path) -> None:
    left = make_case(tmp_path / "cases", "left")
    right = make_case(tmp_path / "cases", "right")
    assert diff(left, right).same
    assert "No difference" in diff(left, right).text("en")
    journal = right / "journal.jsonl"
    raw = journal.read_bytes()
    journal.write_bytes(raw.replace(b'"User2022":40', b'"User2022":20').replace(b'"State":"ok"', b'"State":"<b>"'))
    found = diff(left, right)
    values = {(each.column, each.left, each.right) for step in found.steps for each in step.values}
    assert ("Total.User2022", 40, 20) in values and ("State", "ok", "<b>") in values
    assert "Total.User2022: 40 → 20" in found.text("en")
    assert "&lt;b&gt;" in found.html("en") and "<b>" not in found.html("en")


def test_rows_are_told_apart_by_name_and_a_lone_row_is_one_difference(tmp_path: Path) -> None:
    left = make_case(tmp_path / "cases", "left")
    right = make_case(tmp_path / "cases", "right")
    journal = right / "journal.jsonl"
    raw = journal.read_bytes()
    lone = b'{"Host":"rdsh-paris","State":"ok"},'
    assert lone in raw
    journal.write_bytes(raw.replace(lone, b""))
    found = diff(left, right)
    told = [(each.label("en"), each.left, each.right) for step in found.steps for each in step.values]
    assert ("Host rdsh-paris", {"State": "ok"}, None) in told, "the row that is left is still rdsh-lyon"
    assert not any("lyon" in label for label, _, _ in told)
    assert "Host rdsh-paris: State ok → –" in found.text("en")


def test_sentences_that_differ_only_in_their_moment_are_the_same() -> None:
    def done(when: str) -> Attempt:
        line = {"key": "run.already_done", "fields": {"run": "r01", "at": when}}
        return Attempt(None, {"status": "already_done", "lines": [line]})

    same = _step("backup", done("2026-01-05 08:00"), done("2026-02-05 09:30"))
    assert same.same
    other = _step("backup", done("2026-01-05 08:00"), Attempt(None, {"status": "already_done", "lines": []}))
    assert not other.same and len(other.sentences("fr")[0]) == 1


def test_a_case_and_its_archive_agree(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    sealed = seal(case, tmp_path / "archive")
    assert diff(case, sealed.bag).same
    assert "REHEARSAL" in diff(case, sealed.bag).html("en")


def test_what_is_no_case_is_refused(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    for wrong in (tmp_path, tmp_path / "nowhere", case / "r09"):
        with pytest.raises(BadInput):
            diff(case, wrong, "en")
    with pytest.raises(BadInput, match="r01, r02"):
        diff(case, case / "r09", "en")
