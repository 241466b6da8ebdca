"""What the record answers first, of cases that bend: what was read is told as read, whatever came of it, and what was
not told leaves no gap in a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from model_server import CASE, PACKS, Bent, bent, row

from runbook.journal import confirm
from runbook.journal.story import read_story
from runbook.record.answer import answer, questions
from runbook.record.findings import findings
from runbook.record.views import checklist
from runbook.words.sentences import LANGS

__all__ = ["bent"]

CHANGES = "activate,install-packs,backup,gpupdate"
DEVICES = [{"count": 20, "type": "device", "no_proof_reason": f"M{n}"} for n in range(2)]


def said(bent: Bent, lang: str = "en") -> dict[str, str]:
    story = read_story(bent.folder.path)
    return dict([*answer(story, lang), *questions(story, lang)])


def pointed(bent: Bent, **case: Any) -> None:
    bent.ready(*PACKS[:2], **case)
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.run(CHANGES)


@pytest.mark.parametrize("wrong", ["mode", "down", "one down"])
def test_hosts_that_were_verified_and_are_wrong_were_verified(bent: Bent, wrong: str) -> None:
    if wrong == "mode":  # the hosts are in the mode of Per User CALs
        bent.server.devices = {*PACKS}
    names = CASE["session_hosts"]["names"]
    bent.server.down = {"down": {*names}, "one down": {names[0]}}.get(wrong, set())
    pointed(bent, **({"packs": DEVICES} if wrong == "mode" else {}))
    told = said(bent)["Session hosts"]
    assert "none was verified" not in told and "()" not in told and f"{names[0]}" in told.partition("left:")[2]
    assert told.startswith("2 of 3 in order" if wrong == "one down" else "None of 3 in order") and "run r02" in told


def test_the_hosts_are_told_as_they_were_read_last(bent: Bent) -> None:
    pointed(bent)
    assert said(bent)["Session hosts"].startswith("3 of 3 in order")
    bent.server.down = {"RDSH02.corp.example"}
    bent.run("none", "hosts")
    told = said(bent)["Session hosts"]
    assert told.startswith("2 of 3 in order") and "run r03" in told and "1 left: RDSH02" in told


def test_the_licences_are_told_as_they_were_counted_last(bent: Bent) -> None:
    pointed(bent)
    assert "40 installed" in said(bent)["Licences"]
    bent.server.rows = [row(2, 40, issued=47)]
    bent.run("none", "audit")
    assert "47 issued at that moment" in said(bent)["Licences"] and "run r03" in said(bent)["Licences"]


def test_the_backup_that_is_told_is_the_last_one(bent: Bent) -> None:
    pointed(bent)
    bent.run("backup-folder", "backup")
    assert "run r03" in said(bent)["Backup"]


@pytest.mark.parametrize("lang", LANGS)
def test_what_was_not_told_leaves_no_gap(bent: Bent, lang: str) -> None:
    bent.run()
    bent.case(lost_servers=[], clearinghouse={"method": "automatic"})
    bent.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A. Approver")
    bent.confirm("clearinghouse", channel="automatic", result="issued")
    bent.server.wizard(*PACKS[:2])
    bent.confirm("install-packs", way="automatic")
    bent.run()
    told = said(bent, lang)
    assert not [text for text in told.values() if re.search(r"(?<!\w)[–—](?!\w)|\(\)", text)]
    twice = next(text for text in told.values() if "Clearinghouse" in text or "automat" in text)
    assert "0 CAL" not in twice


@pytest.mark.parametrize("again", [1, 2])
def test_what_is_only_told_again_is_not_cured(bent: Bent, again: int) -> None:
    bent.ready(*PACKS[:2])
    assert bent.run("install-packs")["install-packs"]["status"] == "finding"
    for _ in range(again):
        assert bent.run()["install-packs"]["status"] == "already_done"
    (found,) = (each for each in findings(read_story(bent.folder.path), "en") if each.step == "install-packs")
    assert found.state == "stands"


@pytest.mark.parametrize("run_since", [True, False])
@pytest.mark.parametrize(
    ("step", "lines", "said_no_more", "number"),
    [("source-lost", ("Loss", "Issued twice?"), "someone", 4), ("clearinghouse", ("Issued twice?",), "reissued", 5)],
)
def test_what_a_person_took_back_is_no_answer(
    bent: Bent, step: str, lines: tuple[str, ...], said_no_more: str, number: int, run_since: bool
) -> None:
    pointed(bent)
    assert all(said_no_more in said(bent)[line] for line in lines)
    confirm.withdraw(bent.folder, step, 1, who="w", why="by mistake", lang="en")
    if run_since:
        bent.run()
    assert not [line for line in lines if said_no_more in said(bent)[line]]
    (ticked,) = (tick for n, _, tick, _ in checklist(read_story(bent.folder.path), "en") if n == number)
    assert not ticked


def test_a_call_is_not_answered_where_the_loss_was_taken_back_first(bent: Bent) -> None:
    """The later step is no longer reached: what was judged of its own entry, since taken back, stood in its place."""
    pointed(bent)
    confirm.withdraw(bent.folder, "source-lost", 1, who="w", why="by mistake", lang="en")
    bent.run()
    confirm.withdraw(bent.folder, "clearinghouse", 1, who="w", why="not ours", lang="en")
    bent.run()
    _, attempt = read_story(bent.folder.path).latest()["clearinghouse"]
    assert attempt.status == "not_reached" and "reissued" not in said(bent)["Issued twice?"]
