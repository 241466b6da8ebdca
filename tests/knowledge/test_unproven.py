"""What nobody has yet seen right on a real server carries its mark, wherever the script is shown or run."""

from __future__ import annotations

import pytest

from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.run.life import marked
from runbook.words import sentences

WITH_SCRIPT = [step for step in reference.steps() if step.script]
MARK = Line("host.unproven")


def test_every_script_is_in_the_list_or_carries_the_mark() -> None:
    files = {path.stem for path in (sentences.data_root() / "notebooks" / "steps").glob("*.ps1")}
    proven = {row.script for row in reference.proven()}
    assert proven <= files
    assert files - proven <= reference.unproven_scripts()


def test_a_script_that_has_changed_is_unproven_again() -> None:
    text = reference.script("service")
    known = reference.script_sha256(text)
    assert known == reference.script_sha256("\ufeff" + text.replace("\n", "\r\n"))
    assert known == reference.script_sha256(text + "# SIG # Begin signature block\n# MIIfake\n")
    assert known != reference.script_sha256(text.replace("TermServLicensing", "TermService"))


@pytest.mark.parametrize("step", WITH_SCRIPT, ids=lambda step: step.id)
def test_a_real_run_says_so_and_a_rehearsal_does_not(step: reference.Step) -> None:
    verdict = Verdict(Status.SUCCEEDED, (Line("run.fill_in_case"),))
    expected = (*verdict.lines, MARK) if reference.is_unproven(step.id) else verdict.lines
    assert marked(verdict, step, "windows").lines == expected
    assert marked(verdict, step, "rehearsal") == verdict
    assert marked(verdict, step, "files") == verdict


def test_the_mark_stands_once_and_only_where_a_script_is_about() -> None:
    service = reference.step("service")
    again = marked(marked(Verdict(Status.ALREADY_DONE), service, "windows"), service, "windows")
    assert again.lines.count(MARK) == (1 if reference.is_unproven("service") else 0)
    assert marked(Verdict(Status.NOT_REACHED), service, "windows").lines == ()
    assert marked(Verdict(Status.WAITING), reference.step("source-lost"), "windows").lines == ()
