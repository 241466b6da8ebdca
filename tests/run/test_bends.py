"""Cases that bend: guards that guard, changes made once for what they were made for, entries that can be corrected."""

from __future__ import annotations

import cProfile
import datetime as dt
import pstats
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from model_server import CASE, PACKS, SERVER_ID, Bent, row

from runbook import cli
from runbook.case.consistency import contradictions, names_machine
from runbook.case.model import Case
from runbook.commands.case import accept_step
from runbook.commands.status import status_lines
from runbook.errors import BadInput, RunbookError
from runbook.journal import confirm
from runbook.journal.lines import Journal, utc_now
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_steps, notebooks
from runbook.record.changes import changes
from runbook.record.conflicts import conflicts
from runbook.record.limitations import doubts
from runbook.record.page import render
from runbook.record.views import checklist
from runbook.run import opening
from runbook.steps import preflight
from runbook.steps.registry import doing
from runbook.words.forms import in_words

CHANGES = "activate,install-packs,backup,gpupdate"


def words(end: dict[str, Any]) -> list[str]:
    return [word for line in end["lines"] if (word := line["key"].partition(".")[2]) != "unproven"]


# -- guards


@pytest.mark.parametrize("activated", [True, False])
@pytest.mark.parametrize("method", ["automatic", "telephone"])
def test_nothing_is_changed_on_a_server_that_the_case_does_not_name(bent: Bent, activated: bool, method: str) -> None:
    bent.server.activated = activated
    bent.ready(*PACKS[:2], license_server={"name": "RDLIC99.corp.example"}, clearinghouse={"method": method})
    ends = bent.run(CHANGES)
    assert ends["preflight"]["status"] == "failed" and words(ends["preflight"]) == ["preflight_other_server"]
    assert bent.server.calls == [] and "begin" not in {
        e["event"] for e in bent.history.entries if e.get("kind") != "check"
    }
    assert "RDLIC99" not in str(
        [line for end in ends.values() for line in end["lines"] if end["status"] == "succeeded"]
    )


def test_what_another_case_has_sent_is_not_sent_again(bent: Bent) -> None:
    """Two cases of one loss: the second one's contact gave the packs that the first one's run has installed."""
    bent.server.wizard(*PACKS[:2])
    bent.ready(*PACKS[:2])
    ends = bent.run("install-packs")
    assert bent.server.calls == [] and words(ends["install-packs"])[0] == "all_there"
    confirm.withdraw(bent.folder, "clearinghouse", 1, who="w", why="they are there", lang="en")
    assert bent.run("install-packs")["key-packs-after"]["status"] == "succeeded", "the way that the sentence names"


def test_nothing_is_backed_up_on_another_server_by_the_backup_notebook(bent: Bent) -> None:
    bent.case(license_server={"name": "RDLIC99.corp.example"})
    ends = bent.run("backup-folder", "backup")
    assert ends["preflight"]["status"] == "failed" and bent.server.calls == []


@pytest.mark.parametrize(
    ("case", "word"),
    [
        ({"license_server": {"name": "RDLIC99.corp.example"}}, "other_server"),
        ({"license_server": {"name": "RDLIC99"}, "lost_servers": [{"name": "rdlic01"}]}, "lost_server"),
        ({}, None),
    ],
)
def test_a_notebook_that_only_looks_changes_nothing_on_another_server(
    bent: Bent, case: dict[str, Any], word: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit is one of the server that the case names; were it not, the change itself asks where it is."""
    bent.case(**case)
    ends = bent.run("audit-report", "audit")
    assert (bent.history.begins("audit-report") == []) is bool(word) is (ends["preflight"]["status"] == "failed")
    assert (ends["audit-report"]["status"] == "not_reached") is bool(word)
    monkeypatch.setattr(preflight, "OF_THIS_SERVER", frozenset())
    end = bent.run("audit-report", "audit")["audit-report"]
    assert (end["status"] == "failed") is bool(word) and (word is None or words(end)[0] == word)


def test_a_lost_server_is_never_the_new_one(bent: Bent) -> None:
    bent.case(lost_servers=[{"name": "rdlic01"}])
    with pytest.raises(BadInput, match=r"both lost and the new license server"):
        bent.run(CHANGES)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"lost_servers": [{"name": "RDLIC01.corp.example."}]}, "lost_is_new"),
        ({"lost_servers": [{"name": "OLD1.corp.example"}, {"name": "old1"}]}, "twice"),
        ({"session_hosts": {"names": ["RDSH01.corp.example", "RDSH01"]}}, "twice"),
        ({"session_hosts": {"names": ["OLD1"]}}, "host_is_lost"),
        ({"session_hosts": {"names": ["RDSH01"], "pilot": "RDSH02"}}, "pilot_unlisted"),
        ({"packs": [{"count": 20, "proofs": ["a/b.pdf"]}, {"count": 20, "proofs": ["a\\B.pdf"]}]}, "pack_twice"),
        ({"contract": {"purchase_date": "2025-01-06"}}, "bought_after"),
        ({"approval": {"date": "2025-01-04"}}, "approved_before"),
        ({"incident": {"date": "2030-01-04"}}, "future"),
        ({"backup": {"destination": "D:\\Backups", "second_copy": "d:/backups/Two"}}, "second_is_first"),
    ],
)
def test_what_contradicts_itself_is_told(changes: dict[str, Any], word: str) -> None:
    found = contradictions(Case.model_validate({**CASE, **changes}), dt.date(2025, 6, 1))
    assert [c.key for c in found] == [f"case.{word}"]


def test_a_case_file_that_agrees_with_itself_contradicts_nothing() -> None:
    names = {"names": ["RDLIC01.corp.example", "RDSH01"]}  # the license server may be a session host too
    lost = [{"name": "RDLIC01.corp.example (old installation)"}, {"name": "OLD1.other.example"}]
    assert contradictions(Case.model_validate({**CASE, "session_hosts": names, "lost_servers": lost})) == []


@pytest.mark.parametrize(
    ("name", "dns", "computer", "same"),
    [
        ("RDLIC01.corp.example", "rdlic01.CORP.example", "RDLIC01", True),
        ("RDLIC01", "RDLIC01.corp.example", "RDLIC01", True),
        ("RDLIC01.other.example", "RDLIC01.corp.example", "RDLIC01", False),
        ("RDLIC01.corp.example", "RDLIC01", "RDLIC01", True),
        ("RDLIC02", "RDLIC01", "RDLIC01", False),
        ("A-VERY-LONG-NAME-1", "A-VERY-LONG-NAME-2.corp.example", "A-VERY-LONG-NAM", False),
    ],
)
def test_a_machine_and_its_names(name: str, dns: str, computer: str, same: bool) -> None:
    assert names_machine(name, dns, computer) is same


def test_a_change_without_its_inputs_waits_and_names_the_command(bent: Bent) -> None:
    bent.server.activated = False
    bent.ready()
    ends = bent.run("activate")
    assert ends["activate"]["status"] == "waiting" and words(ends["activate"])[0] == "missing_confirm"
    bent.server.activated = True
    bent.confirm("clearinghouse", channel="automatic", result="issued")
    ends = bent.run("install-packs")
    assert ends["install-packs"]["status"] == "waiting" and words(ends["install-packs"])[0] == "missing_confirm"
    assert bent.server.calls == []


@pytest.mark.parametrize("notebook", ["backup", "restore"])
@pytest.mark.parametrize("written", [True, False])
def test_an_empty_case_file_waits_for_its_line(bent: Bent, notebook: str, written: bool) -> None:
    if written:
        bent.case(backup={})
    ends = bent.run(notebook=notebook)
    step = "backup-plan" if notebook == "backup" else "restore-copies"
    assert ends[step]["status"] == "waiting" and ends[step]["lines"][0]["fields"]["name"] == "backup.destination"
    assert (bent.history.closing("r01") or {})["outcome"] == "waiting"


def test_every_change_says_what_it_needs() -> None:
    changes = {
        s
        for n in notebooks()
        for s in notebook_steps(n)
        if reference.step(s).script and reference.step(s).kind != "check"
    }
    assert {step for step in changes if not doing(step).wants} == {"audit-report"}, (
        "it asks the server for its own report"
    )


# -- a change is made for something


def test_a_wrong_pack_is_corrected_and_nothing_is_sent_twice(bent: Bent) -> None:
    wrong = "WRONGKEYPACKIDENTIFIERWRONG000WRONG"
    bent.ready(PACKS[0], wrong)
    first = bent.run("install-packs")["install-packs"]
    assert first["status"] == "failed" and words(first)[:2] == ["install_in", "install_refused"], (
        "partial success is told"
    )
    with pytest.raises(BadInput, match="Say why"):
        bent.issued(PACKS[0], PACKS[1], replaces=1)
    bent.issued(PACKS[0], PACKS[1], replaces=1, why="misread on the telephone")
    ends = bent.run("install-packs,backup")
    assert bent.server.calls[:3] == [PACKS[0], wrong, PACKS[1]]
    assert ends["clearinghouse"]["facts"]["issued"] == 40 and ends["clearinghouse"]["status"] == "succeeded"
    assert ends["key-packs-after"]["status"] == "succeeded" and ends["backup"]["status"] in ("succeeded", "finding")
    again = bent.run("install-packs,backup")
    assert again["install-packs"]["status"] == again["backup"]["status"] == "already_done"
    assert len(bent.server.calls) == 4


def test_a_third_pack_is_due_and_so_is_the_backup_of_it(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs,backup")
    third = [*CASE["packs"], {"count": 20, "no_proof_reason": "found later"}]
    bent.case(packs=third)
    bent.issued(PACKS[2])
    ends = bent.run("none")
    assert ends["install-packs"]["status"] == "waiting" and "PACK3" in str(ends["install-packs"]["lines"])
    ends = bent.run("install-packs,backup")
    assert bent.server.calls == [*PACKS[:2], "backup RDLIC01", PACKS[2], "backup RDLIC01"]
    assert ends["key-packs-after"]["status"] == "succeeded" and bent.server.held() == 60


@pytest.mark.parametrize("wrong", ["WRONGKEYPACKIDENTIFIER00000000WRON1", "WRONGKEYPACKIDENTIFIER00000000WRON2"])
@pytest.mark.parametrize("first", [True, False])
def test_a_backup_is_older_than_a_pack_that_went_in_beside_a_refused_one(bent: Bent, wrong: str, first: bool) -> None:
    """Found by the walker: nobody had counted again, so the copy from before was called done."""
    bent.ready(PACKS[0], packs=[{"count": 20, "no_proof_reason": "MODEL"}])
    assert bent.run("activate,install-packs,backup,gpupdate")["backup"]["status"] == "succeeded"
    bent.case(packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(3)])
    bent.issued(*([wrong, PACKS[1]] if first else [PACKS[1], wrong]))
    ends = bent.run("install-packs,backup")
    assert ends["install-packs"]["status"] == "failed" and PACKS[1] in bent.server.taken
    assert ends["backup"]["status"] not in ("succeeded", "already_done"), "no copy holds that pack"
    assert bent.run()["backup"]["status"] not in ("succeeded", "already_done")


def test_a_backup_is_older_than_a_pack_that_may_have_gone_in(bent: Bent) -> None:
    bent.ready(PACKS[0], packs=[{"count": 20, "no_proof_reason": "MODEL"}])
    bent.run("activate,install-packs,backup,gpupdate")
    bent.case(packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(2)])
    bent.issued(PACKS[1])
    bent.server.cut_in = 2  # with the second pack
    bent.run("install-packs,backup")
    assert bent.run()["backup"]["status"] not in ("succeeded", "already_done")
    accept_step(bent.folder, "install-packs", "not done", "looked", "w", "en")
    assert bent.run()["backup"]["status"] == "already_done", "nothing went in: the copy holds all there is"


def test_the_wizard_confirmed_after_a_change_is_read(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.known.pop(PACKS[1])
    assert bent.run("install-packs")["install-packs"]["status"] == "failed"
    bent.server.known[PACKS[1]] = 20
    bent.server.wizard(PACKS[1])
    bent.confirm("install-packs", way="wizard-install")
    ends = bent.run("install-packs")
    assert (
        ends["install-packs"]["facts"]["way"] == "wizard-install" and ends["key-packs-after"]["status"] == "succeeded"
    )
    assert bent.server.calls == [*PACKS[:2]]


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("answer", ["part", "done", "not done", "undecided"])
def test_a_cut_between_packs_leaves_parts_that_are_known(bent: Bent, cut: int, answer: str) -> None:
    bent.ready(*PACKS[:3], packs=[*CASE["packs"], {"count": 20, "no_proof_reason": "MODEL"}])
    bent.server.cut_in = cut
    bent.run("install-packs")
    end = bent.run("install-packs")["install-packs"]
    states = {part["shown"]: part["state"] for part in end["facts"]["parts"]}
    assert end["status"] == "unknown" and "look_install_packs" in words(end)
    assert list(states.values()) == ["in"] * (cut - 1) + ["unknown"] + ["unsent"] * (3 - cut)
    if answer == "undecided":
        assert bent.server.calls == list(PACKS[:cut])
        return
    tail = PACKS[cut - 1][-5:]
    if answer == "part":
        with pytest.raises(BadInput, match="no part whose end is unknown"):
            accept_step(bent.folder, "install-packs", None, "seen", "someone", "en", ("OTHER",))
    which = (tail,) if answer == "part" else ()
    accept_step(bent.folder, "install-packs", None if which else answer, "seen", "someone", "en", which)
    ends = bent.run("install-packs")
    twice = answer == "not done"  # a person's word: the server itself refuses the second time
    assert bent.server.calls == [*PACKS[:cut], *PACKS[cut - 1 if twice else cut : 3]]
    if not twice:
        assert bent.server.held() == 60 and ends["key-packs-after"]["status"] == "succeeded"


def test_a_decision_is_a_persons_word_and_can_be_taken_back(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.cut_in = "backup"
    bent.run("install-packs,backup")
    bent.run()
    accept_step(bent.folder, "backup", "done", "a folder is there", "someone", "en")
    ends = bent.run()
    assert ends["backup"]["status"] == "finding" and words(ends["backup"]) == ["decided_done"]
    with pytest.raises(BadInput, match="withdraw"):
        accept_step(bent.folder, "backup", "not done", "it was empty", "someone", "en")
    confirm.withdraw(bent.folder, "backup", None, who="someone", why="it was empty", lang="en")
    assert bent.run()["backup"]["status"] == "unknown"
    accept_step(bent.folder, "backup", "not done", "it was empty", "someone", "en")
    assert bent.run("backup")["backup"]["status"] in ("succeeded", "finding")
    assert bent.server.calls.count("backup RDLIC01") == 2


def test_policy_is_refreshed_on_the_hosts_that_are_left(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {"RDSH03.corp.example"}
    assert bent.run("gpupdate")["gpupdate"]["status"] == "finding"
    bent.server.down = set()
    bent.run("gpupdate")
    assert [c for c in bent.server.calls if "gpupdate" in c][3:] == ["gpupdate RDSH03.corp.example"]
    assert bent.run("gpupdate")["gpupdate"]["status"] == "already_done"
    bent.confirm("hosts-configure", way="gpo", gpo="RDS, edited again")
    bent.run("gpupdate")
    assert len([c for c in bent.server.calls if "gpupdate" in c]) == 7


def test_what_was_withdrawn_is_never_sent(bent: Bent) -> None:
    bent.ready(PACKS[0])
    bent.issued(PACKS[2])
    bent.issued(PACKS[1])
    confirm.withdraw(bent.folder, "clearinghouse", 2, who="someone", why="another company's", lang="en")
    bent.run("install-packs")
    assert bent.server.calls == [PACKS[0], PACKS[1]]
    with pytest.raises(BadInput, match="no entry 2 that stands"):
        confirm.withdraw(bent.folder, "clearinghouse", 2, who="someone", why="again", lang="en")


# -- what is there counts; a reading is judged again; what is told


def test_what_is_there_is_not_asked_for_again(bent: Bent) -> None:
    bent.server.wizard(PACKS[7])
    bent.server.taken.clear()
    first = bent.run()["key-packs-before"]
    assert words(first) == ["key_packs_read"] and "0 expected" not in str(first)
    bent.case()
    bent.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A. Approver")
    ends = bent.run()
    assert words(ends["key-packs-before"]) == ["already_done", "key_packs_before"], "judged with the case as it is now"
    assert "sheet_only_missing" in words(ends["call-sheet"])
    bent.issued(PACKS[0])
    ends = bent.run("install-packs,backup")
    assert words(ends["clearinghouse"]) == ["clearinghouse_rest_equal"]
    assert ends["key-packs-after"]["status"] == "succeeded" and bent.server.held() == 40
    assert words(ends["key-packs-after"])[0] == "key_packs_complete"
    page = render(read_story(bent.folder.path), "en", made=dt.datetime.now(dt.UTC))
    assert "20 before, 40 after, 40 owned" in page, "what was there already is not expected once more"


def test_a_decision_and_a_withdrawal_stand_in_the_record(bent: Bent) -> None:
    bent.ready(PACKS[0])
    bent.issued(PACKS[1], PACKS[2])
    confirm.withdraw(bent.folder, "clearinghouse", 2, who="someone", why="another company's pack", lang="en")
    bent.issued(PACKS[1])
    bent.server.cut_in = "backup"
    bent.run("install-packs,backup")
    told = "\n".join(status_lines(bent.folder, "en"))
    assert "DEAD before its end" in told and "Start-Service" in told and "runbook run bent" in told
    bent.run()
    assert "runbook accept bent backup" in "\n".join(status_lines(bent.folder, "en"))
    accept_step(bent.folder, "backup", "done", "I saw a folder", "someone", "en")
    bent.run()
    page = render(read_story(bent.folder.path), "en", made=dt.datetime.now(dt.UTC))
    assert "Taken as done by someone" in page and "I saw a folder" in page
    assert "Withdrawn by someone" in page and "another company&#39;s pack" in page
    story = read_story(bent.folder.path)
    backed = next(text for _, _, ticked, text in checklist(story, "en") if ticked is False and "Back up" in text)
    assert backed, "a decision ticks nothing"
    assert "Back up" in dict(doubts(story, "en"))["A person's word"]


@pytest.mark.parametrize("taken", [1, 2, 3])
@pytest.mark.parametrize("by", ["withdraw", "replace"])
def test_what_became_of_an_entry_stands_with_it(bent: Bent, taken: int, by: str) -> None:
    bent.ready(*PACKS[:1])
    for key in PACKS[1:3]:
        bent.issued(key)
    if by == "withdraw":
        confirm.withdraw(bent.folder, "clearinghouse", taken, who="w", why="misheard", lang="en")
    else:
        bent.issued(PACKS[4], replaces=taken, why="misheard")
    page = render(read_story(bent.folder.path), "en", made=utc_now())
    place = page.index("Withdrawn by w" if by == "withdraw" else "Replaced by entry 4")
    before = [m.start() for m in re.finditer(r"Entry \d\.", page) if m.start() < place]
    assert page[before[-1] :].startswith(f"Entry {taken}."), "below its own heading, above the next one's"


@pytest.mark.parametrize(("version", "dictated"), [(6, 2), (7, 1), (7, 3)])  # of another year, too few, too many
def test_no_host_is_refreshed_while_the_server_holds_the_wrong_licences(
    bent: Bent, version: int, dictated: int
) -> None:
    bent.server.version = version
    bent.ready(*PACKS[:dictated])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    if dictated > 2:  # the command sends none that the case does not own: a person entered them
        bent.server.wizard(*PACKS[:dictated])
        bent.confirm("install-packs", way="wizard-install")
    ends = bent.run("install-packs,gpupdate")
    assert ends["key-packs-after"]["status"] == "failed"
    assert not [call for call in bent.server.calls if call.startswith("gpupdate")]
    bent.server.rows = [row(9, 40)]
    bent.run("gpupdate")
    assert [call for call in bent.server.calls if call.startswith("gpupdate")]


def test_a_clock_that_went_back_is_a_finding_and_stands_in_the_record(bent: Bent) -> None:
    bent.ready()
    bent.run()
    later = Journal(bent.folder.journal, clock=lambda: utc_now() + dt.timedelta(days=12))
    later.append("accept", step="backup", what="script", script_sha256="0" * 64, who="x", reason="y")
    with pytest.raises(RunbookError, match="accept bent journal"):
        bent.run()
    accept_step(bent.folder, "journal", None, "the battery of the clock was replaced", "someone", "en")
    found = bent.run()["preflight"]
    assert found["status"] == "finding" and "preflight_clock_back" in words(found)
    assert "preflight_clock_back" not in words(bent.run()["preflight"]), "told once, by the run that saw it"
    told = dict(doubts(read_story(bent.folder.path), "en"))
    assert "went back" in told["The clock"]


@pytest.mark.parametrize("how", ["again", "replaced", "twice"])
def test_what_was_entered_in_the_wizard_is_never_sent(bent: Bent, how: str) -> None:
    bent.ready(*PACKS[:2])
    bent.server.wizard(*PACKS[:2])
    bent.confirm("install-packs", way="wizard-install")
    match how:
        case "again":
            confirm.withdraw(bent.folder, "clearinghouse", 1, who="w", why="misread", lang="en")
            bent.issued(*PACKS[1::-1])
        case "replaced":
            bent.issued(*PACKS[:2], replaces=1, why="the day was wrong")
        case _:
            bent.issued(PACKS[1])
    ends = bent.run(CHANGES)
    assert not set(bent.server.calls) & set(PACKS) and ends["key-packs-after"]["status"] == "succeeded"


def test_the_wizard_says_nothing_of_a_pack_taken_back_before(bent: Bent) -> None:
    bent.ready(PACKS[0])
    confirm.withdraw(bent.folder, "clearinghouse", 1, who="w", why="another server's", lang="en")
    bent.issued(PACKS[1])
    bent.server.wizard(PACKS[1])
    bent.confirm("install-packs", way="wizard-install")
    bent.issued(PACKS[0])
    bent.run(CHANGES)
    assert [call for call in bent.server.calls if call in PACKS] == [PACKS[0]]


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("clearinghouse", {"channel": "telephone", "result": "issued", "packs": [{"id": PACKS[8], "count": 60}]}),
        ("hosts-configure", {"way": "gpo", "gpo": "MODEL"}),
        ("source-lost", {"state": "lost", "reason": "burnt", "no_longer_serves": "yes", "approved_by": "B. Approver"}),
    ],
)
def test_what_was_judged_of_an_entry_taken_back_is_no_fact(bent: Bent, step: str, fields: dict[str, Any]) -> None:
    bent.ready()
    entry = bent.confirm(step, **fields)["entry"]
    bent.run()
    assert bent.history.ends(step)[-1]["facts"]
    confirm.withdraw(bent.folder, step, entry, who="w", why="by mistake", lang="en")
    assert bent.history.latest_facts(step) == {}
    bent.run()
    assert conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("result", ["issued", "not_found", "refused", "call_back"])
def test_a_french_record_writes_every_day_one_way(bent: Bent, result: str) -> None:
    bent.ready(lang="fr")
    packs = {"packs": [{"id": key, "count": 20} for key in PACKS[:2]]} if result == "issued" else {}
    bent.confirm("clearinghouse", channel="telephone", result=result, note="MODEL", **packs)
    bent.run(CHANGES)
    page = render(read_story(bent.folder.path), "fr", made=dt.datetime.now(dt.UTC))
    seen = re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<(script|style|svg).*?</\1>", "", page))
    assert re.findall(r".*\b20\d\d-\d\d-\d\d\b.*", seen) == [] and re.search(r"\d\d/\d\d/20\d\d", seen)


@pytest.mark.parametrize("step", ["backup", "backup-folder"])
def test_what_a_cut_copy_left_is_told_with_the_next_one(bent: Bent, step: str) -> None:
    notebook = "migrate" if step == "backup" else "backup"
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.server.cut_in = "backup"
    bent.run(step, notebook)
    accept_step(bent.folder, step, "not done", "the folder has no list", "w", "en")
    made = bent.run(step, notebook)[step]
    assert made["status"] == "succeeded" and "backup_cut_left" in words(made)
    assert next(line for line in made["lines"] if line["key"].endswith("cut_left"))["fields"]["runs"] == "r03"


@pytest.mark.parametrize("other", [row(5, 40, product=0), row(5, 40, version=6), row(5, 5, product=0, version=6)])
def test_licences_of_another_kind_are_named_before(bent: Bent, other: dict[str, Any]) -> None:
    bent.server.rows.append(other)
    bent.case()
    assert "key_packs_beside" in words(bent.run()["key-packs-before"])


@pytest.mark.parametrize("done", ["install-packs", CHANGES, "activate"])
def test_what_was_done_on_one_server_is_not_done_on_another(bent: Bent, done: str) -> None:
    """case.yml names another server now: nothing is called done there, and nothing is made there in this case."""
    bent.server.activated = done != "activate"
    bent.ready(*PACKS[:2])
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    bent.run(done)
    before = list(bent.server.calls)
    bent.case(license_server={"name": "RDLIC02.corp.example"})
    bent.server.name, bent.server.rows, bent.server.activated = "RDLIC02", [], False
    ends = bent.run(CHANGES)
    assert bent.server.calls == before
    touched = [ends[step] for step in CHANGES.split(",") if ends[step]["status"] != "not_reached"]
    assert touched and all(end["status"] == "failed" and words(end) == ["moved"] for end in touched)
    assert "record.conflict_server" in {each.key for each in conflicts(read_story(bent.folder.path), "en")}


@pytest.mark.parametrize("left", [0, 1])
def test_a_pack_that_was_exchanged_wants_another_backup(bent: Bent, left: int) -> None:
    """The new row carries the number, the type and the count of the one that went."""
    bent.ready(*PACKS[:2])
    bent.run("install-packs,backup")
    gone = bent.server.rows.pop(1 - left)
    bent.issued(PACKS[left], PACKS[2], replaces=1, why="one was exchanged")
    bent.run("install-packs")
    bent.server.rows[-1]["KeyPackId"] = gone["KeyPackId"]
    assert bent.run()["backup"]["status"] not in ("succeeded", "already_done")
    assert bent.run("backup")["backup"]["status"] == "succeeded"
    assert bent.run("backup")["backup"]["status"] == "already_done"


@pytest.mark.parametrize("after", [False, True])
def test_an_approver_who_changes_his_mind_stops_what_is_not_done(bent: Bent, after: bool) -> None:
    bent.ready(*PACKS[:2])
    if after:
        bent.run("install-packs,backup")
    confirm.withdraw(bent.folder, "source-lost", 1, who="w", why="the approver changed his mind", lang="en")
    sent = list(bent.server.calls)
    ends = bent.run("activate,install-packs,backup")
    assert bent.server.calls == sent and ends["source-lost"]["status"] == "waiting"
    page = render(read_story(bent.folder.path), "en", made=dt.datetime.now(dt.UTC))
    assert "the approver changed his mind" in page


def test_packs_of_the_wrong_year_are_held_beside_the_right_ones(bent: Bent) -> None:
    bent.server.version = 6
    bent.ready(*PACKS[:2])
    ends = bent.run(CHANGES)
    assert ends["key-packs-after"]["status"] == "failed" and ends["gpupdate"]["status"] == "waiting"
    bent.server.version = 7
    bent.issued(*PACKS[2:4], replaces=1, why="of 2019 instead of 2022")
    ends = bent.run(CHANGES)
    assert [call for call in bent.server.calls if call in PACKS] == list(PACKS[:4])
    assert ends["key-packs-after"]["status"] == "finding"
    assert any("Windows Server 2019" in told for told in in_words(ends["key-packs-after"]["lines"], "en"))
    assert ends["key-packs-after"]["facts"]["held"] == 40 and ends["backup"]["status"] == "succeeded"


@pytest.mark.parametrize("notebook", notebooks())
def test_a_run_that_nobody_told_of_keeps_no_later_one_from_going_on(bent: Bent, notebook: str) -> None:
    """papermill was killed between the run's last line and the one about its notebook."""
    bent.case()
    bent.run("none", notebook)
    assert bent.history.notebook("r01") is None
    assert bent.run("none", notebook) and bent.history.notebook("r01")


def test_a_run_does_no_more_for_the_runs_before_it(bent: Bent) -> None:
    """Counted in calls of functions, which no load on the machine changes; ``bench_growth.py`` measures the time."""
    bent.case()

    def calls() -> int:
        with cProfile.Profile() as profile:
            bent.run()
        return int(pstats.Stats(profile).total_calls)

    bent.run()
    first, more = calls(), 7
    for _ in range(more - 1):
        bent.run()
    last = calls()
    assert last <= first * (1 + 0.05 * more), f"{first} calls, {last} after {more} runs more"


# -- restored, set up anew, exchanged: what was done once is held against what is there now


def third(bent: Bent, **more: Any) -> None:
    """A third pack is owned and dictated."""
    bent.case(packs=[{"count": 20, "no_proof_reason": f"MODEL {n}"} for n in range(3)], **more)
    bent.issued(PACKS[2])


def told(end: dict[str, Any]) -> str:
    return " ".join(in_words(end["lines"], "en"))


@pytest.mark.parametrize("later", ["none", CHANGES])
def test_what_was_done_is_told_as_it_was_done_last(bent: Bent, later: str) -> None:
    """Not as the first attempt told it: that names the copy of fewer packs, and hosts that have answered since."""
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {"RDSH03.corp.example"}
    bent.run(CHANGES)
    bent.server.down = set()
    third(bent)
    bent.run(CHANGES)
    old, new = (copy["Name"] for copy in bent.server.copies)
    ends = bent.run(later)
    assert new in told(ends["backup"]) and old not in told(ends["backup"])
    assert ends["gpupdate"]["status"] == "already_done" and "Unreachable" not in told(ends["gpupdate"])
    assert all(name in told(ends["gpupdate"]) for name in CASE["session_hosts"]["names"])
    assert all(key[-5:] in told(ends["install-packs"]) for key in PACKS[:3])
    page = render(read_story(bent.folder.path), "en", made=utc_now())
    assert f"{ends['backup']['of']['run']}/backup/out.json" in page and ends["backup"]["of"]["run"] == "r03"


@pytest.mark.parametrize("lost", [(PACKS[2],), PACKS[1:3], PACKS[:3]])
def test_an_older_copy_restored_takes_packs_away_and_is_told(bent: Bent, lost: tuple[str, ...]) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    third(bent)
    bent.run(CHANGES)
    sent, kept = list(bent.server.calls), len(bent.server.rows) - len(lost)
    bent.server.rows, gone = bent.server.rows[:kept], [r["KeyPackId"] for r in bent.server.rows[kept:]]
    bent.server.taken = bent.server.taken[:kept]
    ends = bent.run(CHANGES)
    assert ends["key-packs-after"]["status"] == "failed" and bent.server.calls == sent
    said = next(line for line in ends["key-packs-after"]["lines"] if line["key"] == "steps.key_packs_gone")
    assert said["fields"]["rows"] == ", ".join(map(str, gone))
    assert words(bent.run("none")["key-packs-after"]) == words(ends["key-packs-after"]), "told until it is mended"
    bent.server.wizard(*lost)
    bent.confirm("install-packs", way="wizard-install")
    ends = bent.run("backup")
    assert ends["key-packs-after"]["status"] == "succeeded" and "key_packs_gone" not in words(ends["key-packs-after"])
    assert ends["backup"]["status"] == "succeeded", "a copy of what is there now"
    assert conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("method", ["automatic", "telephone"])
@pytest.mark.parametrize("by", ["script", "wizard"])
def test_a_server_that_was_set_up_anew_is_not_called_done(bent: Bent, method: str, by: str) -> None:
    """The same name, another installation: not activated, another License Server ID, none of the packs."""
    bent.server.activated = False
    bent.ready(*PACKS[:2], clearinghouse={"method": method})
    bent.confirm("activate", method=method, **({"license_server_id": SERVER_ID} if method == "telephone" else {}))
    bent.run(CHANGES)
    assert bent.run(CHANGES)["activate"]["status"] == "already_done"
    bent.server.set_up_anew()
    ends = bent.run("install-packs,backup")
    assert "license_server_anew" in words(ends["license-server"]) and ends["activate"]["status"] == "waiting"
    assert not [end for end in ends.values() if end["status"] == "already_done" and end["step"] == "activate"]
    if method == "telephone" and by == "script":
        ends = bent.run("activate")
        assert "missing_confirm" in words(ends["activate"]), "the ID of the installation that is no more is not sent"
        bent.confirm("activate", method=method, license_server_id=SERVER_ID[:-5] + "SRV02")
    bent.server.activated = by == "wizard"
    ends = bent.run("activate")
    assert bent.server.activated and ends["activate"]["status"] in ("succeeded", "already_done", "finding")
    assert "SRV01" not in told(ends["license-server"])
    bent.issued(*PACKS[3:5], replaces=1, why="set up anew")
    ends = bent.run("install-packs,backup")
    assert bent.server.taken == [*PACKS[3:5]] and ends["key-packs-after"]["status"] == "succeeded"
    assert ends["backup"]["status"] == "succeeded" and bent.server.calls.count("backup RDLIC01") == 2
    assert "license_server_anew" not in words(bent.run()["license-server"])


@pytest.mark.parametrize("seen", ["SRV02", ""])
def test_another_identity_under_the_same_name_is_told_once(bent: Bent, seen: str) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    bent.server.answers["license-server"] = {"LicenseServerIdTail": seen}
    assert ("license_server_anew" in words(bent.run()["license-server"])) is bool(seen), "what is not told is no other"
    assert "license_server_anew" not in words(bent.run()["license-server"])


@pytest.mark.parametrize("said", [("entered",), ("entered", "corrected")])
def test_a_pack_exchanged_in_the_wizard_wants_another_backup(bent: Bent, said: tuple[str, ...]) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    gone = bent.server.rows.pop()
    bent.issued(PACKS[0], PACKS[2], replaces=1, why="one was exchanged")
    bent.server.wizard(PACKS[2])
    bent.server.rows[-1]["KeyPackId"] = gone["KeyPackId"]
    entry = bent.confirm("install-packs", way="wizard-install")
    assert bent.run()["backup"]["status"] not in ("succeeded", "already_done"), "no copy holds that pack"
    assert bent.run("backup")["backup"]["status"] == "succeeded"
    if "corrected" in said:
        bent.confirm("install-packs", way="wizard-migrate", replaces=entry["entry"], why="the other branch")
    assert bent.run("backup")["backup"]["status"] == "already_done", "what is said better puts no pack in"


# -- more of their own kind


@pytest.mark.parametrize(
    ("apply", "notebook", "case", "needs"),
    [
        ("activate", "migrate", {}, "runbook confirm bent activate"),
        ("install-packs", "migrate", {}, "Call the Clearinghouse"),
        ("backup-folder", "backup", {"backup": {}}, "backup.destination"),
        ("backup-vss", "backup", {"backup": {}}, "backup.destination"),
        ("backup-retention", "backup", {"backup": {}}, "backup.destination"),
    ],
)
def test_a_change_named_without_its_inputs_begins_nothing(
    bent: Bent, apply: str, notebook: str, case: dict[str, Any], needs: str
) -> None:
    bent.server.activated = apply != "activate"
    bent.ready(**case)
    ends = bent.run(apply, notebook)
    assert bent.history.begins(apply) == [] and bent.server.calls == [] == bent.server.copies
    assert ends[apply]["status"] in ("waiting", "not_reached")
    waiting = " ".join(told(end) for end in ends.values() if end["status"] == "waiting")
    assert needs in waiting and not [end for end in ends.values() if end["status"] == "failed"]


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_what_went_in_is_told_beside_what_was_refused(bent: Bent, wrong: int) -> None:
    keys = [*PACKS[:2]]
    keys.insert(wrong, "WRONGKEYPACKIDENTIFIER00000000WRON1")
    bent.ready(*keys, packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(3)])
    end = bent.run("install-packs")["install-packs"]
    assert end["status"] == "failed"
    assert all(f"…{key[-5:]}" in in_words(end["lines"], "en")[0] for key in PACKS[:2]), "what went in comes first"
    assert "…PACK1, …PACK2" in " ".join(status_lines(bent.folder, "en"))


@pytest.mark.parametrize(
    ("step", "service"), [("activate", False), ("install-packs", False), ("backup", True), ("gpupdate", False)]
)
@pytest.mark.parametrize("judged", [False, True])
def test_after_a_cut_the_status_says_what_and_the_one_command(
    bent: Bent, step: str, service: bool, judged: bool
) -> None:
    bent.server.activated = step != "activate"
    bent.ready(*PACKS[:2], clearinghouse={"method": "automatic"})
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.cut_in = 2 if step == "install-packs" else step
    bent.run(CHANGES)
    if judged:
        bent.run()
    said = status_lines(bent.folder, "en")
    title = reference.step(step).title.en
    assert f"Under way when it was cut: {title} (run r02" in "\n".join(said)
    assert ("Start-Service -Name TermServLicensing" in "\n".join(said)) is service
    command = f"runbook accept bent {step} --done" if judged else "runbook run bent"
    assert said[1].strip().startswith(command)


@pytest.mark.parametrize("then", ["migrate", "audit", "diagnose"])
def test_a_cut_is_told_whatever_notebook_ran_since(bent: Bent, then: str) -> None:
    bent.ready()
    bent.server.cut_in = "backup"
    bent.run("backup-folder", "backup")
    bent.run("none", then)
    said = status_lines(bent.folder, "en")
    assert said[1].strip() == "runbook run bent --notebook backup"
    assert "Start-Service -Name TermServLicensing" in "\n".join(said)


@pytest.mark.parametrize("by", ["script", "wizard", "decision"])
def test_a_persons_word_is_what_no_program_saw(bent: Bent, by: str) -> None:
    bent.server.activated = by == "wizard"
    bent.ready()
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    bent.server.cut_in = "activate" if by == "decision" else None
    bent.run("none" if by == "wizard" else "activate")
    if by == "decision":
        accept_step(bent.folder, "activate", "done", "the console says so", "someone", "en")
        bent.run()
    word = dict(doubts(read_story(bent.folder.path), "en"))["A person's word"]
    assert (reference.step("activate").title.en in word) is (by != "script")


@pytest.mark.parametrize("down", [(), ("RDSH03.corp.example",), tuple(CASE["session_hosts"]["names"])])
def test_the_record_names_the_hosts_that_were_changed(bent: Bent, down: tuple[str, ...]) -> None:
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {*down}
    bent.run(CHANGES)
    (row,) = (c for c in changes(read_story(bent.folder.path), "en") if c.anchor == "step-gpupdate")
    assert row.where == (", ".join(n for n in CASE["session_hosts"]["names"] if n not in down) or "–")


@pytest.mark.parametrize("said", ["confirm bent source-lost", "record bent", "accept bent backup --done --reason x"])
@pytest.mark.parametrize("written", [False, True])
def test_before_the_first_run_there_is_nothing_to_confirm_and_the_way_is_told(
    bent: Bent, said: str, written: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if written:
        bent.case()
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", *said.split()])
    assert ended.value.code and "runbook run bent" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["another machine", "the same machine", "another person there"])
def test_a_case_that_went_to_another_machine_says_so_once(
    bent: Bent, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "operator", lambda: "anna@WS01")
    bent.ready()
    other = {"another machine": "anna@WS02", "the same machine": "anna@ws01", "another person there": "ben@WS01"}[where]
    monkeypatch.setattr(opening, "operator", lambda: other)
    found = bent.run()["preflight"]
    assert ("preflight_elsewhere" in words(found)) is (where == "another machine")
    assert "preflight_elsewhere" not in words(bent.run()["preflight"])


@pytest.mark.parametrize("brought", ["journal.jsonl", "r02", "journal.jsonl r02", "private"])
def test_two_copies_of_a_case_are_not_put_together(bent: Bent, brought: str, tmp_path: Path) -> None:
    """What one copy did is laid over the other, in part: the case says that it does not hold together."""
    bent.ready(*PACKS[:2])
    copied = tmp_path / "elsewhere"
    shutil.copytree(bent.folder.path, copied)
    bent.run("install-packs")
    bent.issued(PACKS[2])
    here, there = bent.folder.path, tmp_path / "here"
    shutil.move(here, there)
    shutil.move(copied, here)
    for name in brought.split():
        source = there / name
        if source.is_dir():
            shutil.copytree(source, here / name, dirs_exist_ok=True)
        else:
            shutil.copy2(source, here / name)
    with pytest.raises(RunbookError, match="bent"):
        bent.run(CHANGES)
    assert bent.server.calls == list(PACKS[:2])
