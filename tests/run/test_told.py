"""What a case says to the person at work, where somebody left something out or took another way: no gap in a
sentence, nothing that nobody said, and no change offered that would then be refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from model_server import CASE, PACKS, Bent, bent, row

from runbook.commands.case import accept_step
from runbook.commands.standing import standing
from runbook.commands.status import status_lines
from runbook.errors import BadInput
from runbook.journal.lines import utc_now
from runbook.journal.story import read_story
from runbook.record.answer import answer
from runbook.record.licences import licence_sheet
from runbook.record.page import render
from runbook.record.views import checklist
from runbook.words.forms import in_words
from runbook.words.sentences import LANGS

__all__ = ["bent"]

CHANGES = "activate,install-packs,backup,gpupdate"
_GAP = re.compile(r"(?<!\w)[–—?](?!\w)|\( ?\)")


def told(end: dict[str, Any], lang: str = "en") -> str:
    return " ".join(in_words(end["lines"], lang))


def gaps(ends: dict[str, Any], *steps: str) -> list[str]:
    found = [told(ends[step], lang) for step in steps for lang in LANGS]
    return [text for text in found if not text or _GAP.search(text.replace(" ?", ""))]


def paper(bent: Bent, name: str) -> str:
    return " ".join((bent.folder.path / "private" / f"{name}.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("result", ["issued", "refused", "not_found", "call_back", "recording"])
def test_a_contact_without_reference_or_note_leaves_no_gap(bent: Bent, result: str) -> None:
    bent.ready(**({"lost_servers": []} if result == "issued" else {}))
    packs = {"packs": [{"id": key, "count": 20} for key in PACKS[:2]]} if result == "issued" else {}
    bent.confirm("clearinghouse", channel="telephone", result=result, **packs)
    ends = bent.run()
    assert gaps(ends, "source-lost", "clearinghouse") == []
    shown = [str(cell) for row in ends["clearinghouse"]["table"] for cell in row.values()]
    assert result not in shown, "the word of the journal, not of a language"
    if result == "call_back":
        assert "If it does not, call again" in told(ends["clearinghouse"])


def test_the_automatic_way_asks_for_no_id_that_there_is_not(bent: Bent) -> None:
    bent.ready(clearinghouse={"method": "automatic"})
    bent.confirm("clearinghouse", channel="automatic", result="issued")
    ends = bent.run()
    assert gaps(ends, "install-packs") == [] and "Enter the key packs" not in told(ends["install-packs"])


@pytest.mark.parametrize("managed", ["gpo", "broker"])
@pytest.mark.parametrize("listed", [True, False])
def test_what_was_not_said_of_the_hosts_is_not_told(bent: Bent, managed: str, listed: bool) -> None:
    names = CASE["session_hosts"]["names"]
    bent.server.devices = {*PACKS}  # so that no host is right already
    packs = [{"count": 20, "type": "device", "no_proof_reason": f"M{n}"} for n in range(2)]
    bent.ready(*PACKS[:2], packs=packs, session_hosts={"names": names, "managed_by": managed})
    assert gaps(bent.run("install-packs"), "hosts-configure") == []
    host = "rdsh02" if listed else "RDSH09"
    bent.confirm("hosts-configure", way=managed, pilot=host, **{"gpo" if managed == "gpo" else "broker": "X"})
    bent.confirm("test-logon", user_is_no_administrator="yes", host=host, opened="yes", diagnoser_seen="yes")
    ends = bent.run()
    assert gaps(ends, "hosts-configure", "test-logon") == []
    for step in ("hosts-configure", "test-logon"):
        assert ("does not name RDSH09" in told(ends[step])) is not listed
    assert "someone" not in told(ends["hosts-configure"]), "who entered it is not who edited it"


def test_support_that_was_asked_has_not_answered_yet(bent: Bent) -> None:
    bent.ready()
    bent.confirm("clearinghouse", channel="telephone", result="not_found")
    bent.run()
    bent.confirm("escalate", ticket="T1")
    said = told(bent.run()["clearinghouse"])
    assert "T1" in said and "has answered (" not in said


def test_no_paper_is_no_list_of_papers(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.confirm("attestation", note="none was sent")
    assert gaps(bent.run(), "attestation") == []


@pytest.mark.parametrize("known", [True, False])
def test_an_old_servers_id_is_called_one_outside_its_column(bent: Bent, known: bool) -> None:
    server = {"name": "OLD1.corp.example", **({"server_id": "SIMULATEDSERVERIDENTIFIER00000OLD01"} if known else {})}
    bent.ready(lost_servers=[server])
    bent.run()
    assert ("OLD1.corp.example, its License Server ID lost with it" in paper(bent, "letter")) is not known


@pytest.mark.parametrize(("kind", "word"), [("device", "type"), ("2019", "version")])
def test_packs_of_another_type_are_not_of_another_version(bent: Bent, kind: str, word: str) -> None:
    bent.server.devices = {*PACKS} if kind == "device" else set()
    bent.server.version = 6 if kind == "2019" else 7
    bent.ready(*PACKS[:2])
    said = told(bent.run("install-packs")["key-packs-after"])
    assert "right version" not in said and word in said and not _GAP.search(said)


@pytest.mark.parametrize("apply", ["install-packs", "install-packs,gpupdate"])
def test_no_change_is_offered_that_would_be_refused(bent: Bent, apply: str) -> None:
    bent.server.version = 6
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    end = bent.run(apply)["gpupdate"]
    assert end["status"] == "waiting" and end["lines"][0]["key"] == "guards.wrong_packs"
    assert "gpupdate" not in " ".join(status_lines(bent.folder, "en"))


@pytest.mark.parametrize("apply", ["none", "backup"])
def test_a_backup_without_a_place_is_not_offered(bent: Bent, apply: str) -> None:
    bent.ready(*PACKS[:2], backup={})
    bent.run("install-packs")
    end = bent.run(apply)["backup"]
    assert end["status"] == "waiting" and "backup.destination" in told(end)
    assert '"backup' not in " ".join(status_lines(bent.folder, "en"))


def test_french_status_has_its_space_before_each_colon(bent: Bent) -> None:
    bent.ready()
    bent.run()
    assert not [line for line in status_lines(bent.folder, "fr") if re.search(r"[\w)]: ", line)]


@pytest.mark.parametrize("notebook", ["hosts", "diagnose", "restore"])
def test_a_notebook_without_changes_says_so(bent: Bent, notebook: str) -> None:
    bent.ready()
    with pytest.raises(BadInput, match="changes nothing: leave apply empty"):
        bent.run("all", notebook)


@pytest.mark.parametrize("notebook", ["backup", "hosts"])
def test_another_notebook_that_went_well_finishes_no_recovery(bent: Bent, notebook: str) -> None:
    """Its outcome was the case's: the seal took an unfinished recovery for a finished one."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    ends = bent.run("backup-folder" if notebook == "backup" else "none", notebook)
    assert {end["status"] for end in ends.values()}.isdisjoint({"waiting", "failed"})
    assert standing(bent.folder).state == "waiting", "not done, whatever the last run came to"
    assert read_story(bent.folder.path).outcome == "waiting"
    said = status_lines(bent.folder, "en")
    assert said[1].strip() == "runbook run bent" and "not finished (run r02)" in " ".join(said)
    bent.confirm("test-logon", user_is_no_administrator="yes", host="RDSH01", opened="yes", diagnoser_seen="yes")
    bent.confirm("attestation", note="none was sent")
    bent.run(CHANGES)
    bent.run("none", "hosts")
    assert read_story(bent.folder.path).outcome == "done" and "not finished" not in " ".join(
        status_lines(bent.folder, "en")
    )


@pytest.mark.parametrize("notebook", ["backup", "audit"])
def test_a_copy_that_is_gone_is_made_again(bent: Bent, notebook: str) -> None:
    """Deleted by hand: what had been copied was called done, and there was no way to another copy."""
    bent.ready(*PACKS[:2])
    bent.run("install-packs,backup")
    bent.run("backup-folder", "backup")
    bent.server.copies = []
    ends = bent.run("none", notebook)
    if notebook == "backup":
        assert "To make another one: -p apply backup-folder" in told(ends["backup-copies"])
        assert "It can bring back" not in told(ends["backup-report"]) and gaps(ends, "backup-report") == []
    else:
        said = dict(answer(read_story(bent.folder.path), "en"))["Backup"]
        assert "no copy was found that can be restored from" in said and "0 days old" not in said
    assert bent.run("backup-folder", "backup")["backup-copies"]["status"] == "succeeded"
    assert bent.server.copies and bent.run("none", "backup")["backup-folder"]["status"] == "already_done"


def test_a_copy_in_another_place_is_no_copy_here(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs,backup")
    bent.case(backup={"destination": "E:\\Other"})
    bent.server.copies = []
    bent.run("none", "audit")
    assert bent.run()["backup"]["status"] == "waiting" and bent.run("backup")["backup"]["status"] == "succeeded"


def test_before_any_copy_an_audit_tells_of_none(bent: Bent) -> None:
    bent.case()
    bent.run("none", "audit")
    assert "no copy was found" in dict(answer(read_story(bent.folder.path), "en"))["Backup"]


@pytest.mark.parametrize("by", ["script", "wizard"])
def test_a_tick_rests_on_a_word_only_where_one_was_said(bent: Bent, by: str) -> None:
    bent.ready(*PACKS[:2])
    if by == "wizard":
        bent.server.wizard(*PACKS[:2])
        bent.confirm("install-packs", way="wizard-install")
    bent.run("install-packs")
    bent.run()
    (why,) = (why for number, _, _, why in checklist(read_story(bent.folder.path), "en") if number == 6)
    assert ("On a person's word: Install the key packs" in why) is (by == "wizard")
    assert ("Install the key packs" in why.partition("On a person")[0]) is (by == "script")


def test_status_says_what_is_waited_for_beside_what_is_done(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.cut_in = 1
    bent.run("install-packs")
    bent.run()
    accept_step(bent.folder, "install-packs", "done", "looked", "w", "en")
    bent.run()
    (said,) = (line for line in status_lines(bent.folder, "en") if line.startswith("  - Install the key packs"))
    assert "on a person’s word: …PACK1" in said and "Enter the key packs …PACK2" in said


@pytest.mark.parametrize("method", ["telephone", "web", "automatic"])
def test_the_sheet_fits_the_way_and_the_packs(bent: Bent, method: str) -> None:
    bent.server.activated = False
    bent.ready(clearinghouse={"method": method}, packs=[{"count": 1, "type": "device", "no_proof_reason": "M"}])
    bent.run()
    sheet = paper(bent, "call-sheet")
    assert [n for n in range(1, 6) if f" {n}. " in sheet] == list(range(1, 5 if method == "automatic" else 6))
    assert "40 CALs" not in sheet, "what the case does not own"
    for of_a_call in ("agent", "they call back", "of the call", "What was said"):
        assert (of_a_call in sheet) is (method == "telephone")


@pytest.mark.parametrize("counted", [True, False])
def test_a_french_licence_sheet_counts_what_was_counted_on_a_french_day(bent: Bent, counted: bool) -> None:
    bent.lang = "fr"
    bent.case()
    if not counted:
        fault = dict.fromkeys(("FullyQualifiedErrorId", "Category", "HResult", "Message"), "0x80131501")
        bent.server.answers["key-packs"] = {"KeyPacks": [], "Fault": fault}
    bent.run("none", "audit")
    sheet = (bent.folder.path / "r01" / "audit-sheet" / "licence-sheet.txt").read_text(encoding="utf-8")
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", sheet) and ("Rien n’a été compté" in sheet) is not counted
    assert "aucune\u00a0: MODEL" in sheet and "(—)" not in sheet
    assert ("par périphérique" in sheet) is counted


@pytest.mark.parametrize("result", ["not_found", "refused"])
def test_support_comes_before_the_next_call(bent: Bent, result: str) -> None:
    bent.ready()
    bent.confirm("clearinghouse", channel="telephone", result=result)
    bent.run()
    assert status_lines(bent.folder, "en")[1].strip() == "runbook confirm bent escalate"
    bent.confirm("escalate", ticket="T1")
    bent.run()
    assert status_lines(bent.folder, "en")[1].strip() == "runbook confirm bent clearinghouse"


def test_a_failed_word_of_a_person_is_put_right_by_another_one(bent: Bent) -> None:
    """A session that did not open fails until somebody says that it did: to run again says the same."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    logon = {"user_is_no_administrator": "yes", "host": "RDSH01", "diagnoser_seen": "yes"}
    bent.confirm("test-logon", opened="no", **logon)
    bent.run()
    assert status_lines(bent.folder, "en")[1].strip() == "runbook confirm bent test-logon"
    bent.confirm("test-logon", opened="yes", **logon)
    assert status_lines(bent.folder, "en")[1].strip() == "runbook run bent"


@pytest.mark.parametrize("count", [0, 100_001, 10**9])
def test_a_pack_has_as_many_cals_as_a_pack_can_have(bent: Bent, count: int) -> None:
    bent.ready()
    with pytest.raises(BadInput, match="from 1 to 100,000"):
        bent.issued(PACKS[0], count=count)


@pytest.mark.parametrize("owned", [1, 3])
def test_hosts_wait_whether_licences_lack_or_are_too_many(bent: Bent, owned: int) -> None:
    bent.ready(*PACKS[:2], packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(owned)])
    if owned < 2:  # the command sends none that the case does not own: a person entered them
        bent.server.wizard(*PACKS[:2])
        bent.confirm("install-packs", way="wizard-install")
    said = told(bent.run("install-packs")["gpupdate"])
    assert "does not hold the case’s licences" not in said and "is not what the case owns" in said


KEEP_ONE = {"destination": "D:\\Backups", "keep": 1, "second_copy": "\\\\FILES\\Second"}
ALL_BACKUP = "backup-folder,backup-second-copy,backup-retention"


def test_each_new_copy_goes_to_the_second_place_and_each_old_one_goes(bent: Bent) -> None:
    """They were done once for all: a later copy was told as carried, and retention never ran again."""
    bent.ready(*PACKS[:2], backup=KEEP_ONE)
    bent.run("install-packs")
    made = []
    for more in range(3):
        ends = bent.run(ALL_BACKUP, "backup")
        assert ends["backup-copies"]["status"] == "succeeded", told(ends["backup-copies"])
        made.append(bent.server.copies[-1]["Name"])
        assert bent.server.carried == made and [copy["Name"] for copy in bent.server.copies] == made[-1:]
        bent.server.rows.append(row(9 + more, 20))  # so that another copy is due
    said = bent.run(ALL_BACKUP.replace("backup-folder,", ""), "backup")
    assert said["backup-second-copy"]["status"] == "already_done" and bent.server.carried == made


def test_a_copy_that_was_not_carried_is_in_one_place(bent: Bent) -> None:
    bent.ready(*PACKS[:2], backup=KEEP_ONE)
    bent.run("install-packs")
    bent.run(ALL_BACKUP, "backup")
    bent.server.rows.append(row(9, 20))
    ends = bent.run("backup-folder", "backup")
    end = ends["backup-second-copy"]
    assert end["status"] == "skipped" and "backup-second-copy" in told(end)
    assert [line["key"] for line in ends["backup-report"]["lines"]].count("backup.report_one_place") == 1


def test_a_copy_that_retention_removed_is_not_lost(bent: Bent) -> None:
    bent.ready(*PACKS[:2], backup=KEEP_ONE)
    bent.run("install-packs")
    bent.run("backup-vss", "backup")
    shadow = bent.server.copies[-1]["Name"]
    ends = bent.run("backup-folder,backup-retention", "backup")
    assert len(bent.server.copies) == 1 and shadow in told(ends["backup-retention"])
    assert shadow not in told(ends["backup-report"]), "there is nothing to restore from it"
    ends = bent.run("none", "backup")
    assert ends["backup-copies"]["status"] == "succeeded" and ends["backup-folder"]["status"] == "already_done"


def test_what_retention_has_removed_is_not_removed_twice(bent: Bent) -> None:
    """A reading that still shows it, as a recording's does: a run after a kill made the change once more."""
    bent.ready(*PACKS[:2], backup=KEEP_ONE)
    bent.run("install-packs")
    bent.run("backup-vss", "backup")
    old = list(bent.server.copies)
    bent.run("backup-folder,backup-retention", "backup")
    bent.server.copies[:0] = old
    assert bent.run("backup-retention", "backup")["backup-retention"]["status"] == "already_done"
    assert old[0] in bent.server.copies


def test_the_licence_sheet_names_the_last_copy(bent: Bent) -> None:
    bent.ready(*PACKS[:2], backup=KEEP_ONE)
    bent.run("install-packs,backup")
    first = bent.server.copies[-1]["Name"]
    bent.run("backup-folder,backup-retention", "backup")
    assert bent.run("none")["backup"]["status"] == "already_done"
    sheet = str(licence_sheet(read_story(bent.folder.path), "en"))
    assert bent.server.copies[-1]["Name"] in sheet and first not in sheet, "retention took that one away"


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("without", ["hosts", "call"])
def test_the_record_marks_what_has_no_place_in_the_case(bent: Bent, without: str, lang: str) -> None:
    if without == "call":
        bent.server.wizard(*PACKS[:2])
    bent.ready(*(PACKS[:2] if without == "hosts" else ()), **({"session_hosts": {}} if without == "hosts" else {}))
    bent.run("install-packs,backup")
    page = render(read_story(bent.folder.path), lang, made=utc_now())
    lines = re.findall(r'<td class="tick">(.)<span class="sr"> (.*?)</span></td><td>(\d)\.', page)
    dash = [(word, number) for mark, word, number in lines if mark == "–"]
    assert dash == [("does not apply" if lang == "en" else "sans objet", "7" if without == "hosts" else "5")]
