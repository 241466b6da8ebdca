"""What went on outside the case: other machines, other clocks, other people, a Clearinghouse that errs."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_server
import pytest
from model_server import PACKS, SERVER_ID, Bent, row

from runbook.commands.case import accept_step
from runbook.commands.status import status_lines
from runbook.errors import RunbookError
from runbook.journal import lines
from runbook.journal.story import read_story
from runbook.record.answer import answer
from runbook.record.conflicts import conflicts
from runbook.record.licences import licence_sheet
from runbook.run import opening
from runbook.steps import backup_copies
from runbook.words.forms import in_words

CHANGES = "activate,install-packs,backup,gpupdate"
#: Another pack whose ID ends like PACK1's.
ALIKE = "SIMULATEDKEYPACKIDENTIFIEX0000PACK1"
WRONG = "WRONGKEYPACKIDENTIFIER00000000WRON1"


def words(end: dict[str, Any]) -> list[str]:
    return [word for line in end["lines"] if (word := line["key"].partition(".")[2]) != "unproven"]


def told(end: dict[str, Any]) -> str:
    return " ".join(in_words(end["lines"], "en"))


def paper(bent: Bent, name: str) -> str:
    text = (bent.folder.path / "private" / f"{name}.txt").read_text(encoding="utf-8")
    return " ".join(text.replace("  > ", " ").split())


def owned(*counts: int, **more: Any) -> list[dict[str, Any]]:
    return [{"count": count, "no_proof_reason": f"M{n}", **more} for n, count in enumerate(counts)]


# -- another machine


def elsewhere(bent: Bent, activated: bool = True) -> Callable[[], None]:
    """Go to a license server of somebody else; gives the way back."""
    server = bent.server
    here = server.name, server.rows, server.activated, server.copies
    server.name, server.rows, server.activated, server.copies = "RDLIC99", [row(2, 100, 50)], activated, []
    server.answers["license-server"] = {"LicenseServerIdTail": "OTH99"}

    def back() -> None:
        server.name, server.rows, server.activated, server.copies = here
        server.answers.clear()

    return back


@pytest.mark.parametrize("notebook", ["audit", "diagnose", "hosts"])
@pytest.mark.parametrize("activated", [True, False])
def test_what_another_machine_says_says_nothing_of_the_cases_server(bent: Bent, notebook: str, activated: bool) -> None:
    """Its identity was a new identity of the case's server, its empty folder the loss of the case's copies."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    before = dict(answer(read_story(bent.folder.path), "en"))
    sheet = licence_sheet(read_story(bent.folder.path), "en")
    back = elsewhere(bent, activated)
    ends = bent.run("none", notebook)
    assert not [end for end in ends.values() if "license_server_anew" in words(end)]
    after = dict(answer(read_story(bent.folder.path), "en"))
    assert {key: after[key] for key in ("Licences", "Backup")} == {key: before[key] for key in ("Licences", "Backup")}
    assert licence_sheet(read_story(bent.folder.path), "en") == sheet
    assert conflicts(read_story(bent.folder.path), "en") == []
    back()
    ends = bent.run()
    assert "license_server_anew" not in words(ends["license-server"])
    assert {ends[step]["status"] for step in CHANGES.split(",")} == {"already_done"}


@pytest.mark.parametrize("seen", ["in the draft", "in a diagnosis"])
def test_another_machine_that_changed_is_not_the_cases_server(bent: Bent, seen: str) -> None:
    back = elsewhere(bent)
    if seen == "in a diagnosis":
        back()
        bent.ready()
        back = elsewhere(bent)
    bent.run("none", "migrate" if seen == "in the draft" else "diagnose")
    bent.case()
    bent.server.activated = False
    assert "license_server_anew" not in words(bent.run("none", "diagnose")["license-server"])
    back()
    assert "license_server_anew" not in words(bent.run()["license-server"])


def test_an_audit_is_one_of_the_server_that_the_case_names(bent: Bent) -> None:
    """Its licence sheet bore the numbers of another server under the name of this one."""
    bent.case()
    elsewhere(bent)
    ends = bent.run("none", "audit")
    assert words(ends["preflight"]) == ["preflight_other_server"] and ends["preflight"]["status"] == "failed"
    assert not list((bent.folder.path / "r01").rglob("licence-sheet.*"))


@pytest.mark.parametrize("named", [False, True])
def test_a_case_that_was_begun_on_another_machine_reads_its_own_server_anew(bent: Bent, named: bool) -> None:
    """The reading "before" was frozen with the rows of a server that the case does not name."""
    back = elsewhere(bent)
    if named:
        bent.case(license_server={"name": "RDLIC99.corp.example"})
    bent.run()
    back()
    bent.case()
    bent.confirm("source-lost", state="lost", reason="burnt", no_longer_serves="yes", approved_by="A. Approver")
    end = bent.run()["key-packs-before"]
    assert words(end) == ["key_packs_none"] and end["facts"]["count"] == 0
    bent.issued(*PACKS[:2])
    ends = bent.run(CHANGES)
    assert words(ends["key-packs-after"])[0] == "key_packs_equal" and bent.server.held() == 40
    assert conflicts(read_story(bent.folder.path), "en") == []


def test_a_reading_that_was_taken_anew_stays(bent: Bent) -> None:
    """Played through papermill: the other machine bore the identity under which the own one was activated later, a
    copy of it, and its rows were "before" once more."""
    back = elsewhere(bent)
    bent.server.answers["license-server"] = {"LicenseServerIdTail": "SRV01"}
    bent.run()
    back()
    bent.server.activated, bent.server.answers["license-server"] = False, {"LicenseServerIdTail": ""}
    bent.case()
    assert words(bent.run()["key-packs-before"]) == ["key_packs_none"]
    bent.server.activated, bent.server.answers["license-server"] = True, {"LicenseServerIdTail": "SRV01"}
    for _ in range(2):
        end = bent.run()["key-packs-before"]
        assert words(end) == ["already_done", "key_packs_none"] and end["of"]["run"] == "r02"


def test_the_letter_bears_no_other_machines_identity(bent: Bent) -> None:
    bent.server.activated = False
    bent.ready()
    back = elsewhere(bent)
    bent.run("none", "diagnose")
    other = {"ProductId": None, "LicenseServerId": SERVER_ID[:-5] + "OTH99"}
    kept = bent.folder.private() / "license-server-r02.json"
    kept.write_text(json.dumps(other), encoding="utf-8")
    back()
    bent.run()
    assert "OTH99" not in paper(bent, "letter") + paper(bent, "call-sheet")


# -- another clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the clock of this machine and of the server forward by so many hours, back by less than none."""
    by = [dt.timedelta()]
    real = dt.datetime

    class Clock(real):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return real.now(tz) + by[0]

    shifted = types.SimpleNamespace(**{name: getattr(dt, name) for name in dir(dt) if not name.startswith("__")})
    shifted.datetime = Clock
    for module in (model_server, lines):
        monkeypatch.setattr(module, "dt", shifted)

    def put(hours: float) -> None:
        by[0] = dt.timedelta(hours=hours)

    return put


@pytest.mark.parametrize("hours", [-0.5, -0.9, -3])
@pytest.mark.parametrize("keep", [1, 2])
def test_the_copy_made_last_is_the_newest_whatever_the_clock_said(
    bent: Bent, clock: Callable[[float], None], hours: float, keep: int
) -> None:
    """Retention took the copies just made, and kept the one from before the last pack."""
    bent.ready(*PACKS[:2], backup={"destination": "D:\\Backups", "keep": keep, "second_copy": "\\\\FILES\\Two"})
    bent.run("install-packs,backup")
    bent.run("backup-folder", "backup")
    clock(hours)
    with pytest.raises(RunbookError, match="accept bent journal"):
        bent.run()
    accept_step(bent.folder, "journal", None, "set back by hand", "w", "en")
    bent.server.rows.append(row(9, 20))
    ends = bent.run("backup-folder,backup-second-copy,backup-retention", "backup")
    made = backup_copies.copies_made(bent.history)[-1]
    assert made in [copy["Name"] for copy in bent.server.copies] and bent.server.carried == [made]
    assert made in told(ends["backup-copies"]) and ends["backup-copies"]["status"] == "finding"
    assert ends["backup-retention"]["status"] in ("succeeded", "skipped")
    assert made in words_of(bent.run("none", "restore")["restore-copies"])
    assert bent.run("none", "audit")["audit-backup"]["facts"]["newest"] == made
    clock(24)
    bent.server.rows.append(row(10, 20))
    bent.run("backup-folder,backup-retention", "backup")
    assert len(bent.server.copies) == keep, "once a copy is dated after them, the old ones go"


def words_of(end: dict[str, Any]) -> str:
    return str([line["fields"] for line in end["lines"]])


# -- the Clearinghouse errs


@pytest.mark.parametrize("contacts", ["one", "two", "twice"])
def test_two_packs_whose_ids_end_alike_are_two(bent: Bent, contacts: str) -> None:
    bent.server.known[ALIKE] = 20
    bent.ready()
    if contacts == "one":
        bent.issued(PACKS[0], ALIKE)
    else:
        bent.issued(PACKS[0])
        bent.issued(*((ALIKE,) if contacts == "two" else (PACKS[0], ALIKE)))
    ends = bent.run(CHANGES)
    assert words(ends["clearinghouse"]) == ["clearinghouse_issued"] and ends["clearinghouse"]["facts"]["issued"] == 40
    assert ends["key-packs-after"]["status"] == "succeeded" and bent.server.held() == 40
    assert conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("applied", ["none", "install-packs"])
@pytest.mark.parametrize("how", ["25 for 20", "a third pack", "case.yml cut"])
def test_no_pack_goes_in_that_the_case_has_no_right_to(bent: Bent, how: str, applied: str) -> None:
    """A pack cannot be taken out again; the sentence of the contact said so, and the command sent it."""
    bent.server.known[PACKS[1]] = 25 if how == "25 for 20" else 20
    bent.ready()
    counts = {"25 for 20": (20, 25), "a third pack": (20, 20, 20), "case.yml cut": (20, 20)}[how]
    packs = [{"id": key, "count": count} for key, count in zip(PACKS, counts, strict=False)]
    bent.confirm("clearinghouse", channel="telephone", result="issued", packs=packs)
    if how == "case.yml cut":
        bent.case(packs=owned(20))
    end = bent.run(applied)["install-packs"]
    assert end["status"] == "waiting" and words(end) == ["too_many"] and bent.server.calls == []
    assert 'runbook confirm bent clearinghouse --replaces 1 --why "…"' in "\n".join(status_lines(bent.folder, "en"))
    if how == "25 for 20":  # the contract says so
        bent.case(packs=owned(20, 25))
    else:
        bent.issued(*PACKS[: len(counts) - 1], replaces=1, why="one was another company's")
    ends = bent.run("install-packs")
    assert ends["key-packs-after"]["status"] == "succeeded" and conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("wrong", ["2019", "device", "half"])
def test_packs_of_another_kind_are_asked_for_again_and_no_others(bent: Bent, wrong: str) -> None:
    bent.ready()
    bent.run()
    enter = bent.server._install

    def mistaken(key: str) -> int:
        bent.server.version = 6 if wrong == "2019" or (wrong == "half" and key == PACKS[1]) else 7
        return enter(key)

    bent.server.devices = {*PACKS[:2]} if wrong == "device" else set()
    bent.server._install = mistaken  # type: ignore[method-assign]
    bent.issued(*PACKS[:2])
    assert bent.run(CHANGES)["key-packs-after"]["status"] == "failed"
    lines = [line.strip() for line in status_lines(bent.folder, "en")]
    assert lines[1:3] == ["runbook run bent", 'runbook confirm bent clearinghouse --replaces 1 --why "…"']
    bent.run()
    asked = "1 × 20 Per User" if wrong == "half" else "2 × 20 Per User"
    assert asked in paper(bent, "letter") and asked in paper(bent, "call-sheet")
    wrong = "none"
    right = (PACKS[0], PACKS[2]) if asked[0] == "1" else PACKS[2:4]
    bent.issued(*right, replaces=1, why="of another kind")
    ends = bent.run(CHANGES)
    assert ends["key-packs-after"]["status"] == "finding" and bent.server.held() == 40


# -- what was issued is not asked for once more


@pytest.mark.parametrize("installed", [False, True])
def test_a_further_call_asks_for_the_rest_alone(bent: Bent, installed: bool) -> None:
    bent.ready()
    bent.run()
    assert "2 × 20 Per User" in paper(bent, "letter")
    bent.issued(PACKS[0])
    if installed:
        bent.run("install-packs")
    end = bent.run()["call-sheet"]
    assert "sheet_only_rest" in words(end)
    for name in ("letter", "call-sheet"):
        assert "1 × 20 Per User" in paper(bent, name) and "2 × 20" not in paper(bent, name)
    bent.issued(PACKS[1])
    assert words(bent.run(CHANGES)["call-sheet"]) == ["sheet_kept"]
    bent.case(packs=owned(20, 20, 35))
    bent.run()
    assert "1 × 35 Per User" in paper(bent, "letter") and "20 Per User" not in paper(bent, "letter")


@pytest.mark.parametrize("activated", [False, True])
def test_a_server_that_was_set_up_anew_asks_for_all_again(bent: Bent, activated: bool) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    bent.run()
    bent.server.set_up_anew()
    bent.server.activated = activated
    for _ in range(2):
        bent.run()
        assert "2 × 20 Per User" in paper(bent, "letter")
    bent.server.activated = True
    bent.issued(*PACKS[3:5], replaces=1, why="set up anew")
    ends = bent.run()
    assert words(ends["call-sheet"]) == ["sheet_kept"]
    assert ends["backup"]["status"] not in ("succeeded", "already_done"), "the copy is one of what is no more"
    assert bent.run("install-packs,backup")["backup"]["status"] == "succeeded"
    assert bent.run()["backup"]["status"] == "already_done"


@pytest.mark.parametrize("kept", [True, False])
def test_a_server_that_lost_its_activation_is_told_what_to_look_at(bent: Bent, kept: bool) -> None:
    """With its packs still there it was told to call for new ones, and would have held them twice."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    bent.server.activated = False
    if not kept:
        bent.server.rows = []
    ends = bent.run()
    said = told(ends["license-server"])
    assert "has lost its activation" in said and "“Count the CALs after” tells what is still there" in said
    assert "runbook confirm bent clearinghouse --replaces" in said
    assert ends["key-packs-after"]["status"] == ("succeeded" if kept else "failed")


# -- hosts


@pytest.mark.parametrize("becomes", ["short", "long", "mixed"])
def test_a_host_under_its_other_name_is_not_refreshed_twice(bent: Bent, becomes: str) -> None:
    short, long = (["RDSH01", "RDSH02"], ["RDSH01.corp.example", "RDSH02.corp.example"])
    bent.ready(*PACKS[:2], session_hosts={"names": long if becomes == "short" else short})
    bent.run(CHANGES)
    bent.case(session_hosts={"names": {"short": short, "long": long, "mixed": [short[0], long[1]]}[becomes]})
    assert bent.run(CHANGES)["gpupdate"]["status"] == "already_done"
    assert len([call for call in bent.server.calls if call.startswith("gpupdate")]) == 2
    assert conflicts(read_story(bent.folder.path), "en") == []


def pointed_to(bent: Bent, server: str) -> None:
    """What every host is told, by policy."""
    sample = bent.server.recorded("hosts-verify", "hosts")["Hosts"][0]
    found = bent.server._hosts

    def hosts(given: Any, folder: Path) -> dict[str, Any]:
        answer = found(given, folder)
        for host in answer["Hosts"]:
            host["Reading"] = {**host["Reading"], "SpecifiedServers": [server]}
        return answer

    assert "SpecifiedServers" in sample["Reading"]
    bent.server._hosts = hosts  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("server", "word"), [("10.1.2.3", "by_address"), ("fe80::1", "by_address"), ("RDLIC77", "other_server")]
)
def test_hosts_that_are_told_wrongly_name_the_way_on(bent: Bent, server: str, word: str) -> None:
    """The policy was confirmed once: that is not repeated by a run, and gpupdate was done."""
    bent.ready(*PACKS[:2])
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    pointed_to(bent, server)
    end = bent.run(CHANGES)["hosts-verify"]
    assert end["status"] == "failed" and words(end)[0] == f"hosts_{word}"
    lines = [line.strip() for line in status_lines(bent.folder, "en")]
    assert lines[1:3] == ["runbook confirm bent hosts-configure", "runbook run bent"]
    bent.confirm("hosts-configure", way="gpo", gpo="RDS, by name")
    assert status_lines(bent.folder, "en")[1].strip() == "runbook run bent"
    pointed_to(bent, "RDLIC01.corp.example")
    ends = bent.run(CHANGES)
    assert ends["hosts-verify"]["status"] == "succeeded" and ends["gpupdate"]["status"] == "succeeded"


# -- another person


@pytest.mark.parametrize("who", ["a colleague", "another case"])
def test_a_pack_that_a_colleague_entered_first_is_told_with_the_refusal(bent: Bent, who: str) -> None:
    """ "Call the Clearinghouse again" is no advice where the pack is in."""
    bent.ready(PACKS[0])
    bent.run("install-packs")
    bent.issued(PACKS[1])
    bent.server.wizard(PACKS[1])
    end = bent.run("install-packs")["install-packs"]
    assert words(end)[-1] == "install_refused_there" and "runbook confirm bent install-packs" in told(end)
    lines = [line.strip() for line in status_lines(bent.folder, "en")]
    assert "runbook confirm bent install-packs" in lines[1:4]
    bent.confirm("install-packs", way="wizard-install")
    assert status_lines(bent.folder, "en")[1].strip() == "runbook run bent"
    ends = bent.run("install-packs")
    assert ends["key-packs-after"]["status"] == "succeeded" and conflicts(read_story(bent.folder.path), "en") == []


@pytest.mark.parametrize("there", [0, 20])
def test_a_pack_that_was_misheard_is_no_colleagues(bent: Bent, there: int) -> None:
    bent.server.rows = [row(2, there)] if there else []
    bent.ready(WRONG, *((PACKS[0],) if not there else ()))
    end = bent.run("install-packs")["install-packs"]
    assert "install_refused" in words(end) and "install_refused_there" not in words(end)
    assert "--replaces 1" in "\n".join(status_lines(bent.folder, "en")[1:4])


@pytest.mark.parametrize("lost", [1, 2])
def test_packs_that_are_gone_have_a_way_back(bent: Bent, lost: int) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    del bent.server.rows[2 - lost :]
    bent.run()
    lines = [line.strip() for line in status_lines(bent.folder, "en")]
    assert lines[1:3] == [
        "runbook confirm bent install-packs",
        'runbook confirm bent clearinghouse --replaces 1 --why "…"',
    ]


def test_two_persons_on_two_machines_send_each_pack_once(
    bent: Bent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a copy of the case from before the installation: the second one's run sees what came."""
    bent.ready(*PACKS[:2])
    copied = tmp_path / "other"
    shutil.copytree(bent.home / "cases", copied / "cases")
    bent.run(CHANGES)
    monkeypatch.setenv("RUNBOOK_HOME", str(copied))
    monkeypatch.setattr(opening, "operator", lambda: "ben@WS02")
    second = Bent(copied, bent.server)
    ends = second.run("install-packs")
    assert "preflight_elsewhere" in words(ends["preflight"]) and ends["install-packs"]["status"] == "waiting"
    assert [call for call in bent.server.calls if call in PACKS] == [*PACKS[:2]]
    second.confirm("install-packs", way="wizard-install")
    assert second.run("install-packs")["key-packs-after"]["status"] == "succeeded"
