"""Cases that bend: guards that guard, changes made once for what they were made for, entries that can be corrected."""

from __future__ import annotations

import cProfile
import datetime as dt
import pstats
import re
from typing import Any

import pytest
from model_server import CASE, PACKS, SERVER_ID, Bent, row

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
from runbook.record.conflicts import conflicts
from runbook.record.limitations import doubts
from runbook.record.page import render
from runbook.record.views import checklist
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


def test_nothing_is_backed_up_on_another_server_by_the_backup_notebook(bent: Bent) -> None:
    bent.case(license_server={"name": "RDLIC99.corp.example"})
    ends = bent.run("backup-folder", "backup")
    assert ends["preflight"]["status"] == "failed" and bent.server.calls == []


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
    bent.case(packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(2)])
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


def test_no_host_is_refreshed_while_the_server_holds_the_wrong_licences(bent: Bent) -> None:
    bent.server.version = 6
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
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
