"""What came between two runs, while nobody ran anything: files replaced, packs come or gone, a case renamed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from made_case import files_of
from model_server import PACKS, SERVER_ID, Bent, row

from runbook.commands.case import accept_step
from runbook.commands.status import status_lines
from runbook.errors import BadInput, RunbookError
from runbook.journal import confirm, held
from runbook.journal.lines import Journal, utc_now
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.record.answer import answer
from runbook.record.conflicts import conflicts
from runbook.record.page import render
from runbook.record.views import decisions
from runbook.words.forms import in_words

CHANGES = "activate,install-packs,backup,gpupdate"


def words(end: dict[str, Any]) -> list[str]:
    return [word for line in end["lines"] if (word := line["key"].partition(".")[2]) != "unproven"]


def told(end: dict[str, Any]) -> str:
    return " ".join(in_words(end["lines"], "en"))


# -- papers


@pytest.fixture
def proved(bent: Bent) -> Bent:
    """A case of one pack whose invoice lies in its folder and was read once."""
    bent.ready(packs=[{"count": 40, "proofs": ["invoice.pdf"]}])
    (bent.folder.path / "papers").mkdir()
    (bent.folder.path / "papers" / "invoice.pdf").write_text("one", encoding="utf-8")
    assert bent.run()["proofs"]["status"] == "succeeded"
    return bent


@pytest.mark.parametrize(
    ("path", "word"),
    [("papers/invoice.pdf", "proofs_replaced"), ("proofs/invoice.pdf", "proofs_changed")],
)
@pytest.mark.parametrize("becomes", ["another", "none"])
def test_a_proof_that_was_replaced_is_told_by_the_next_run_and_once(
    proved: Bent, path: str, word: str, becomes: str
) -> None:
    place = proved.folder.path / path
    place.unlink()
    if becomes == "another":
        place.write_text("two", encoding="utf-8")
    else:
        word = ""  # one of the two is left, and the other is made of it
    end = proved.run()["proofs"]
    assert words(end) == ["proofs_ok", *([word] if word else [])]
    assert end["status"] == ("finding" if word else "succeeded")
    assert proved.run()["proofs"]["status"] == "succeeded", "told by the run that saw it"


ENTRIES: dict[str, dict[str, Any]] = {
    "source-lost": {"state": "lost", "reason": "burnt", "no_longer_serves": "yes", "approved_by": "A. Approver"},
    "hosts-configure": {"way": "gpo", "gpo": "RDS"},
    "test-logon": {
        "user_is_no_administrator": "yes", "host": "RDSH01.corp.example", "opened": "yes", "diagnoser_seen": "yes",
    },
    "attestation": {"clearinghouse_confirmation": "yes", "note": "the rest is on paper"},
}  # fmt: skip


@pytest.mark.parametrize("step", ENTRIES)
@pytest.mark.parametrize("becomes", ["another", "none", "the same"])
def test_an_attachment_that_is_no_longer_as_it_was_is_told(bent: Bent, step: str, becomes: str, tmp_path: Path) -> None:
    bent.ready()
    paper = tmp_path / "paper.txt"
    paper.write_text("one", encoding="utf-8")
    entry = confirm.enter(bent.folder, reference.step(step), ENTRIES[step], who="w", attach=[paper], lang="en")
    kept = bent.folder.path / entry["attachments"][0]["path"]
    before = bent.run()[step]
    kept.unlink()
    if becomes != "none":
        kept.write_text("two" if becomes == "another" else "one", encoding="utf-8")
    end = bent.run()[step]
    assert ("attestation_gone" in words(end)) is (becomes != "the same") is (kept.name in told(end))
    if before["status"] == "succeeded" and becomes != "the same":
        assert end["status"] in ("finding", "failed")


# -- a case renamed, copied, begun a second time


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files_of(folder) if path.suffix != ".lock"}


def moved(bent: Bent, name: str, also_in_file: bool = False) -> Bent:
    """The folder of the case under another name, which its file may carry too."""
    bent.folder.path.rename(bent.folder.path.with_name(name))
    other = Bent(bent.home, bent.server, name)
    if also_in_file:
        text = other.folder.case_file.read_text(encoding="utf-8")
        other.folder.case_file.write_text(text.replace("case: bent", f"case: {name}"), encoding="utf-8")
    return other


@pytest.mark.parametrize("also_in_file", [False, True])
@pytest.mark.parametrize("by", ["run", "confirm", "accept"])
def test_a_renamed_case_gets_its_name_back_and_goes_on(bent: Bent, also_in_file: bool, by: str) -> None:
    """One refusal with the whole way, whatever was renamed along; nothing is written, and the way ends."""
    bent.ready(*PACKS[:2])
    other = moved(bent, "bent-bis", also_in_file)
    before = content(other.folder.path)
    with pytest.raises(BadInput) as refusal:
        match by:
            case "run":
                other.run(CHANGES)
            case "confirm":
                other.confirm("hosts-configure", way="gpo", gpo="RDS")
            case _:
                accept_step(other.folder, "journal", None, "renamed", "w", "en")
    said = str(refusal.value)
    assert "Give the folder the name bent back" in said
    assert ("line case must say bent again" in said) is also_in_file
    assert content(other.folder.path) == before
    assert said in "\n".join(status_lines(other.folder, "en"))
    back = moved(other, "bent")
    if also_in_file:
        back.case()
    assert back.run(CHANGES)["key-packs-after"]["status"] == "succeeded"


def test_a_copy_of_a_case_beside_it_is_no_second_case(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    shutil.copytree(bent.folder.path, bent.folder.path.with_name("bent-2"))
    copy = Bent(bent.home, bent.server, "bent-2")
    with pytest.raises(BadInput, match=r"copy of the case “bent”, which stands beside it.*-p of bent"):
        copy.run(CHANGES)
    assert bent.run("install-packs")["key-packs-after"]["status"] == "succeeded"


@pytest.mark.skipif(sys.platform == "win32", reason="wants a second name of one folder, as Windows gives it by case")
def test_a_folder_with_two_names_is_no_copy_of_itself(bent: Bent) -> None:
    bent.ready()
    other = Bent(bent.home, bent.server, "Bent")
    other.folder.path.symlink_to(bent.folder.path, target_is_directory=True)
    said = held.renamed(other.folder.path, Journal(other.folder.journal).entries(), "en")
    assert "Give the folder the name bent back" in said


def test_a_journal_of_another_case_is_no_renamed_folder(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    other = Bent(bent.home, bent.server, "other")
    other.ready()
    shutil.copy2(bent.folder.journal, other.folder.journal)
    with pytest.raises(RunbookError, match="put a sound copy"):
        other.confirm("hosts-configure", way="gpo", gpo="RDS")


@pytest.mark.parametrize("state", ["waiting", "done", "other server"])
def test_a_second_case_of_one_loss_is_told_in_its_first_run(bent: Bent, state: str) -> None:
    """Another output notebook, another name: a case of its own begins, and the one under way is named once."""
    bent.ready(*PACKS[:2])
    if state == "done":
        journal = Journal(bent.folder.journal)
        journal.append("open", run="r09", notebook="migrate", case="bent", host="substitute", rehearsal=None)
        journal.append("close", run="r09", outcome="done", counts={}, seconds=1)
    bent.server.name = "RDLIC02" if state == "other server" else "RDLIC01"
    other = Bent(bent.home, bent.server, "second")
    end = other.run()["preflight"]
    assert ("preflight_another_case" in words(end)) is (state == "waiting") is ("already: bent." in told(end))
    other.case()
    assert "preflight_another_case" not in words(other.run()["preflight"])


# -- packs that came, or went, before this case put any in


def somebody(bent: Bent, count: int = 20, **more: Any) -> None:
    """Another administrator enters a pack of theirs in the wizard."""
    number = max((r["KeyPackId"] for r in bent.server.rows), default=1) + 1
    bent.server.rows.append(row(number, count, **more) | {"Description": "somebody else's"})


@pytest.mark.parametrize("contact", ["none", "of all", "of the rest"])
def test_packs_that_came_are_not_asked_for_once_more(bent: Bent, contact: str) -> None:
    bent.ready(*{"none": (), "of all": PACKS[:2], "of the rest": PACKS[:1]}[contact])
    somebody(bent)
    ends = bent.run(CHANGES)
    assert words(ends["key-packs-before"])[-2:] == ["key_packs_came", "key_packs_settle"]
    assert not set(bent.server.calls) & set(PACKS), "40 would have been sent to a server that lacks 20"
    said = status_lines(bent.folder, "en")
    anew = 'runbook accept bent key-packs-before --again --reason "…"'
    other = "clearinghouse" if contact == "none" else "install-packs"
    assert [line.strip() for line in said[1:3]] == [anew, f"runbook confirm bent {other}"]
    assert (ends["call-sheet"]["status"] == "waiting") is (contact == "none")
    accept_step(bent.folder, "key-packs-before", "again", "A. Martin's, of another contract", "w", "en")
    if contact != "of the rest":
        bent.issued(PACKS[0], **({"replaces": 1, "why": "20 were there"} if contact == "of all" else {}))
    ends = bent.run(CHANGES)
    assert ends["key-packs-after"]["status"] == "succeeded" and bent.server.held() == 40
    assert [call for call in bent.server.calls if call in PACKS] == [PACKS[0]]
    assert words(ends["clearinghouse"]) == ["clearinghouse_rest_equal"]
    story = read_story(bent.folder.path)
    assert conflicts(story, "en") == []
    for lang, sentence in (("en", "Reading taken anew, asked for by w"), ("fr", "Relevé repris, à la demande de w")):
        page = render(story, lang, made=utc_now())
        assert sentence in page and "A. Martin&#39;s, of another contract" in page


@pytest.mark.parametrize("left", [0, 1])
def test_packs_that_went_are_asked_for_too(bent: Bent, left: int) -> None:
    bent.server.rows = [row(2, 20), row(3, 20)]
    bent.ready(packs=[{"count": 20, "no_proof_reason": f"M{n}"} for n in range(3)])
    del bent.server.rows[left:]
    ends = bent.run()
    assert "key_packs_went" in words(ends["key-packs-before"]) and words(ends["call-sheet"]) == ["sheet_unsettled"]
    assert ends["call-sheet"]["lines"][0]["fields"] == {"asked": 20, "now": 60 - 20 * left}
    accept_step(bent.folder, "key-packs-before", "again", "returned to the reseller", "w", "en")
    bent.issued(*PACKS[: 3 - left])
    ends = bent.run(CHANGES)
    assert ends["key-packs-after"]["status"] == "succeeded" and bent.server.held() == 60
    assert conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("channel", ["telephone", "automatic"])
def test_the_own_packs_entered_during_the_call_are_told_and_explained_by_the_entries(bent: Bent, channel: str) -> None:
    """The wizard was open during the call, and the notebook was run before anything was written down."""
    bent.ready(clearinghouse={"method": channel})
    bent.server.wizard(*PACKS[:2])
    ends = bent.run(CHANGES)
    assert "key_packs_came" in words(ends["key-packs-before"]) and not set(bent.server.calls) & set(PACKS)
    if channel == "telephone":
        bent.issued(*PACKS[:2])
        ends = bent.run(CHANGES)
        assert ends["install-packs"]["status"] == "waiting", "they are in: nothing is sent"
        assert not set(bent.server.calls) & set(PACKS)
    else:
        bent.confirm("clearinghouse", channel="automatic", result="issued")
    bent.confirm("install-packs", way="automatic" if channel == "automatic" else "wizard-install")
    ends = bent.run(CHANGES)
    assert words(ends["key-packs-after"])[0] == "key_packs_equal", "40 added, none before"
    assert ends["key-packs-before"]["status"] == "already_done" and conflicts(read_story(bent.folder.path), "en") == []
    with pytest.raises(BadInput, match="has put packs in"):
        accept_step(bent.folder, "key-packs-before", "again", "too late", "w", "en")


@pytest.mark.parametrize(
    ("count", "more", "waits"),
    [(20, {"version": 6}, False), (20, {"product": 0}, False), (20, {}, True), (0, {}, None)],
)
def test_packs_of_another_kind_are_told_and_hold_nothing_up(
    bent: Bent, count: int, more: dict[str, Any], waits: bool | None
) -> None:
    """An older version or another type is not what is asked for."""
    bent.ready()
    if count:
        somebody(bent, count, **more)
    ends = bent.run()
    assert ("key_packs_came" in words(ends["key-packs-before"])) is (waits is not None)
    assert (ends["call-sheet"]["status"] == "waiting") is bool(waits)


def test_a_reading_that_cannot_be_made_again_is_told_and_the_first_one_stands(bent: Bent) -> None:
    bent.ready()
    fault = {"FullyQualifiedErrorId": "X", "Category": "x", "HResult": "0x80041001", "Message": "MODEL"}
    bent.server.answers["key-packs"] = {"KeyPacks": [], "Fault": fault}
    ends = bent.run()
    assert "key_packs_unread_again" in words(ends["key-packs-before"]) and "0x80041001" in told(
        ends["key-packs-before"]
    )
    assert ends["call-sheet"]["status"] == "succeeded" and bent.history.latest_facts("key-packs-before")["rows"]


# -- the server itself under another name


def renamed(bent: Bent, name: str) -> None:
    bent.server.name = name
    bent.case(license_server={"name": f"{name}.corp.example"})


@pytest.mark.parametrize("names", [("RDLIC02",), ("RDLIC02", "RDLIC03"), ("RDLIC02", "RDLIC01")])
def test_a_server_that_was_renamed_goes_on_on_a_persons_word(bent: Bent, names: tuple[str, ...]) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    for name in names:
        renamed(bent, name)
        back = name == "RDLIC01"
        end = bent.run(CHANGES)["backup"]
        assert (words(end) == ["moved_same"]) is not back
        if not back:
            assert "…SRV01" in told(end) and bent.server.copies == []
            accept_step(bent.folder, "preflight", "renamed", "CHG-7, new naming scheme", "w", "en")
            with pytest.raises(BadInput):
                accept_step(bent.folder, "preflight", "renamed", "once more", "w", "en")
    ends = bent.run(CHANGES)
    assert (
        ends["backup"]["status"] in ("succeeded", "already_done") and ends["key-packs-after"]["status"] == "succeeded"
    )
    assert [call for call in bent.server.calls if call in PACKS] == [*PACKS[:2]]
    story = read_story(bent.folder.path)
    assert conflicts(story, "en") == []
    page = render(story, "en", made=utc_now())
    assert "One machine, renamed (RDLIC01.corp.example, RDLIC02.corp.example)" in page


@pytest.mark.parametrize("seen", ["SRV02", ""])
def test_another_installation_is_no_renamed_server(bent: Bent, seen: str) -> None:
    """Another License Server ID, or one that nobody could read: what was done there is not done here."""
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.server.answers["license-server"] = {"LicenseServerIdTail": seen}
    renamed(bent, "RDLIC02")
    assert words(bent.run(CHANGES)["backup"]) == ["moved"] and bent.server.copies == []


def test_nothing_is_renamed_where_one_name_answered(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    for step in ("preflight", "backup"):
        with pytest.raises(BadInput):
            accept_step(bent.folder, step, "renamed", "no reason", "w", "en")


# -- decisions of every kind stand in the record in words


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_each_kind_of_decision_is_a_sentence_in_the_record(bent: Bent, lang: str) -> None:
    bent.ready(*PACKS[:2])
    journal = Journal(bent.folder.journal)
    kinds: list[dict[str, Any]] = [
        {"step": "backup", "what": "unknown", "outcome": "done"},
        {"step": "backup", "what": "unknown", "outcome": "not done"},
        {"step": "gpupdate", "what": "unknown", "outcome": "in part", "which": ["RDSH01"]},
        {"step": "backup", "what": "script", "script_sha256": "0" * 64},
        {"step": "key-packs-before", "what": "reading"},
        {"step": "preflight", "what": "renamed", "names": ["A", "B"]},
        {"step": "journal", "what": "journal", "faults": []},
    ]
    for number, kind in enumerate(kinds):
        journal.append("accept", who="w", reason=f"reason {number}", **kind)
    told = decisions(read_story(bent.folder.path), lang)
    assert len(told) == len(kinds) and not [text for row in told for text in row if "{" in text or "None" in text]
    assert len({text for _, text, _ in told}) == len(kinds) and "journal" not in {title for title, _, _ in told}


# -- hosts that are no more


@pytest.mark.parametrize("left", [1, 2])
def test_a_host_that_was_decommissioned_is_told_of_no_longer(bent: Bent, left: int) -> None:
    names = [f"RDSH{n:02}.corp.example" for n in (1, 2, 3)]
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {*names[left:]}
    bent.run(CHANGES)
    bent.case(session_hosts={"names": names[:left]})
    end = bent.run(CHANGES)["gpupdate"]
    assert end["status"] == "already_done" and all(name in told(end) for name in names[:left])
    assert not [name for name in names[left:] if name in told(end)]
    bent.case(session_hosts={"names": names})
    assert bent.run()["gpupdate"]["status"] == "waiting", "it came back, and was never refreshed"


# -- what to do next, where the Clearinghouse has issued only some


@pytest.mark.parametrize("later", ["none", "call_back", "answered"])
def test_where_only_some_were_issued_the_call_comes_next(bent: Bent, later: str) -> None:
    bent.ready(PACKS[0])
    bent.run("install-packs")
    if later == "call_back":
        bent.confirm("clearinghouse", channel="telephone", result="call_back")
        bent.run()
    if later == "answered":
        bent.issued(PACKS[1])
    said = status_lines(bent.folder, "en")
    assert said[1].strip() == ("runbook run bent" if later == "answered" else "runbook confirm bent clearinghouse")
    if later != "answered":
        bent.issued(PACKS[1])
    assert bent.run("install-packs")["key-packs-after"]["status"] == "succeeded"


# -- wrong twice, right at last


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_went_in_before_is_told_beside_each_later_refusal(bent: Bent, times: int) -> None:
    wrong = [f"WRONGKEYPACKIDENTIFIER00000000WRON{n}" for n in range(1, times + 1)]
    bent.ready(PACKS[0], wrong[0])
    for number, key in enumerate(wrong):
        if number:
            bent.issued(PACKS[0], key, replaces=number, why="misheard")
        end = bent.run(CHANGES)["install-packs"]
        assert in_words(end["lines"], "en")[0].startswith("Installed: …PACK1.") and key[-5:] in told(end)
        assert "…PACK1" in " ".join(status_lines(bent.folder, "en"))
    bent.issued(*PACKS[:2], replaces=times, why="misheard")
    assert bent.run(CHANGES)["key-packs-after"]["status"] == "succeeded"
    assert [c for c in bent.server.calls if len(c) == 35] == [PACKS[0], *wrong, PACKS[1]]


@pytest.mark.parametrize("times", [1, 2])
def test_a_license_server_id_that_was_misheard_is_entered_again(bent: Bent, times: int) -> None:
    bent.server.activated = False
    bent.server.answers["activate"] = {"ReturnValue": 5, "After": 1}
    bent.ready()
    for number in range(times):
        bent.confirm("activate", method="telephone", license_server_id=SERVER_ID[:-5] + f"BAD0{number}")
        end = bent.run("activate")["activate"]
        bent.server.activated = False
        assert end["status"] == "failed" and f"…BAD0{number}" in told(end)
        assert "runbook confirm bent activate" in told(end)
    bent.server.answers.clear()
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    assert bent.run("activate")["activate"]["status"] == "succeeded" and bent.server.activated
    assert bent.run()["activate"]["status"] == "already_done"


# -- what lay in the folder is gone


@pytest.mark.parametrize("again", ["", "by hand"])
def test_a_case_file_that_is_gone_is_put_back_from_the_last_run(bent: Bent, again: str) -> None:
    """A new one was laid over what was done, and the case asked to be filled in once more."""
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    text = bent.folder.case_file.read_bytes()
    bent.folder.case_file.unlink()
    with pytest.raises(BadInput, match=r"put|Put") as refusal:
        bent.run(CHANGES)
    kept = bent.folder.run("r02") / "case.yml"
    assert str(kept) in str(refusal.value) and not bent.folder.case_file.exists()
    if again:
        bent.case()
    else:
        shutil.copy2(kept, bent.folder.case_file)
        assert bent.folder.case_file.read_bytes() == text
    assert bent.run(CHANGES)["backup"]["status"] == "succeeded"


def test_before_a_case_file_was_read_a_new_one_is_laid_out(bent: Bent) -> None:
    bent.run()
    bent.folder.case_file.unlink()
    bent.run()
    assert bent.folder.case_file.is_file()


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("gone", ["private/clearinghouse-01.json", "journal.jsonl", ".journal.head", "r02/case.yml"])
def test_status_says_what_the_next_run_would_say(bent: Bent, gone: str, lang: str) -> None:
    """It offered commands that were then refused."""
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    (bent.folder.path / gone).unlink()
    said = status_lines(bent.folder, lang)
    if gone == "r02/case.yml":  # what the seal asks for, no run does
        assert said[1].strip().startswith("runbook ") and bent.run()
        return
    assert ("AT ODDS" if lang == "en" else "EN DÉSACCORD") in said[1] and gone.rpartition("/")[2] in "\n".join(said)
    with pytest.raises(RunbookError):
        bent.run()


# -- the case ends by a person's own statement


@pytest.mark.parametrize("state", ["alive", "restorable"])
@pytest.mark.parametrize("twice", [False, True])
def test_where_the_old_server_works_the_case_ends_or_is_corrected(bent: Bent, state: str, twice: bool) -> None:
    """The next act was to confirm once more what was confirmed."""
    said = {"state": state, "reason": "found in the basement", "no_longer_serves": "no", "approved_by": "A"}
    bent.run()
    bent.case()
    bent.confirm("source-lost", **said)
    if twice:
        bent.confirm("source-lost", replaces=1, why="typed wrongly", **said)
    bent.run()
    lines = [line.strip() for line in status_lines(bent.folder, "en")]
    number = 2 if twice else 1
    assert lines[1:3] == [
        'runbook seal bent --as-is "…"',
        f'runbook confirm bent source-lost --replaces {number} --why "…"',
    ]
    bent.confirm("source-lost", replaces=number, why="it burnt", **{**ENTRIES["source-lost"]})
    bent.run()
    assert "source-lost" not in status_lines(bent.folder, "en")[1]


# -- a copy that nobody saw end


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decided", ["", "done", "not done"])
@pytest.mark.parametrize("step", ["backup", "backup-folder"])
def test_the_record_does_not_deny_a_copy_that_nobody_saw_end(bent: Bent, step: str, decided: str, lang: str) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.server.cut_in = "backup"
    bent.run(step, "migrate" if step == "backup" else "backup")
    dead = "\n".join(status_lines(bent.folder, lang)).replace("\u00a0", " ")
    assert "UTC" in dead and "UTC UTC" not in dead
    bent.run()
    if decided:
        accept_step(bent.folder, step, decided, "a folder with its list", "Ben", "en")
        bent.run()
    line = dict(answer(read_story(bent.folder.path), lang))["Backup" if lang == "en" else "Sauvegarde"]
    none = "No copy was made." if lang == "en" else "Aucune copie n’a été faite."
    assert (line == none) is (decided == "not done")
    assert ("Ben" in line and "a folder with its list" in line) is (decided == "done")
    assert ("r03" in line) is (not decided)
