"""Whole cases as those who live them meet them: what was read or typed wrong, done too early, begun twice, or taken
for what it is not."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papermill  # noqa: F401 - loads the engine, which cannot be imported before it
import pytest
from filelock import FileLock
from model_server import PACKS, SERVER_ID, Bent

from runbook.archive.seal import seal
from runbook.case.identifiers import read_alike
from runbook.commands.case import accept_step
from runbook.commands.existing import existing
from runbook.commands.standing import standing
from runbook.commands.status import status_lines
from runbook.errors import BadInput, RunbookError
from runbook.journal import confirm
from runbook.journal.lines import Journal
from runbook.knowledge import reference
from runbook.redaction.redact import redact
from runbook.run import engine, opening
from runbook.run.invocation import Invocation
from runbook.words.forms import in_words

CHANGES = "activate,install-packs,backup,gpupdate"


def words(end: dict[str, Any]) -> list[str]:
    return [word for line in end["lines"] if (word := line["key"].partition(".")[2]) != "unproven"]


def told(end: dict[str, Any], lang: str = "en") -> str:
    return " ".join(in_words(end["lines"], lang))


def finished(bent: Bent) -> None:
    """A case up to its end, with everything that a person says."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    logon = {"user_is_no_administrator": "yes", "host": "RDSH01.corp.example", "opened": "yes", "diagnoser_seen": "yes"}
    bent.confirm("test-logon", **logon, diagnoser_says="nothing")
    paper = bent.home / "paper.txt"
    paper.write_text("seen", encoding="utf-8")
    papers = {"clearinghouse_confirmation": "yes", "screenshots": "yes", "decommissioning": "yes", "note": "seen"}
    confirm.enter(bent.folder, reference.step("attestation"), papers, who="w", attach=[paper], lang="en")
    bent.run(CHANGES)


def with_notebooks(bent: Bent) -> None:
    """Each run's notebook, which papermill's side writes."""
    for run in bent.history.runs():
        if bent.history.notebook(run) is None:
            opening.keep_rebuilt(Journal(bent.folder.journal), bent.folder, run)


# -- one sign taken for another


@pytest.mark.parametrize(("sign", "read"), [("0", "O"), ("I", "1"), ("S", "5")])
def test_one_pack_read_in_two_ways_is_not_two(bent: Bent, sign: str, read: str) -> None:
    bent.ready()
    misread = PACKS[0].replace(sign, read)
    assert misread != PACKS[0] and read_alike(misread) == read_alike(PACKS[0])
    with pytest.raises(BadInput, match="taken for each other"):
        bent.issued(PACKS[0], misread)
    assert bent.history.confirms("clearinghouse") == []
    bent.issued(*PACKS[:2])  # they differ in more than that


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_pack_that_is_refused_says_what_is_often_misread(bent: Bent, lang: str) -> None:
    bent.ready(PACKS[0].replace("0", "O"), PACKS[1])
    end = bent.run("install-packs")["install-packs"]
    assert {"fr": "O ou 0", "en": "O or 0"}[lang] in told(end, lang)


def test_an_id_that_the_server_refuses_leads_to_its_correction(bent: Bent) -> None:
    bent.server.activated = False
    bent.ready()
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    bent.server.answers["activate"] = {"After": 1, "ReturnValue": 3, "LicenseServerIdTail": SERVER_ID[-5:]}
    assert bent.run("activate")["activate"]["status"] == "failed"
    word, step, commands = standing(bent.folder).next
    assert (word, step) == ("misheard", "activate")
    assert "confirm bent activate --replaces 1" in commands[0] and commands[1].endswith("--apply activate")
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID)
    assert standing(bent.folder).next == ("answered", "activate", [commands[1]])


def test_a_pack_said_not_to_be_in_that_is_refused_may_be_in(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.cut_in = 1
    bent.run("install-packs")
    bent.run()
    accept_step(bent.folder, "install-packs", "not done", "saw nothing", "w", "en")
    end = bent.run("install-packs")["install-packs"]
    assert "install_refused_begun" in words(end) and "confirm bent install-packs" in told(end)
    bent.confirm("install-packs", way="wizard-install")
    assert bent.run()["key-packs-after"]["status"] == "succeeded"


@pytest.mark.parametrize("left", [0, 1])
def test_what_went_in_is_not_asked_for_again_because_its_contact_is_taken_back(bent: Bent, left: int) -> None:
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    if left:
        bent.issued(PACKS[0], replaces=1, why="one only")
    else:
        confirm.withdraw(bent.folder, "clearinghouse", 1, who="w", why="another company's", lang="en")
    end = bent.run(CHANGES)["clearinghouse"]
    assert words(end)[0] == "clearinghouse_in_unsaid" and end["status"] == ("finding" if left else "waiting")
    assert ("…PACK1" in in_words(end["lines"], "en")[0]) == (left == 0) and "…PACK2" in told(end)
    bent.issued(PACKS[1] if left else PACKS[0], *([] if left else [PACKS[1]]))
    assert "clearinghouse_in_unsaid" not in words(bent.run()["clearinghouse"])


def test_an_identifier_in_a_reason_or_a_name_is_masked(bent: Bent) -> None:
    key, grouped = PACKS[0], "-".join(PACKS[0][at : at + 5] for at in range(0, 35, 5))
    bent.ready(*PACKS[:2])
    bent.server.cut_in = 1
    bent.run("install-packs")
    bent.run()
    accept_step(bent.folder, "install-packs", "done", f"{grouped} is in", f"me, {key}", "en")
    confirm.withdraw(bent.folder, "install-packs", None, who=key, why=f"not {grouped}", lang="en")
    for number in (None, 1):
        more = {"replaces": number, "why": f"was {key}"} if number else {}
        confirm.enter(bent.folder, reference.step("escalate"), {"ticket": "T"}, who=f"w {grouped}", lang="en", **more)
    with_notebooks(bent)
    bag = seal(bent.folder.path, bent.home / "archive", as_is=f"{key} is lost", lang="en").bag
    shown = [bent.folder.journal, bag / "bag-info.txt", bag / "data" / "record.en.html"]
    for text in (path.read_text(encoding="utf-8") for path in shown):
        assert "PACK1" in text and key not in text and grouped not in text


# -- too early


@pytest.mark.parametrize("packs", [0, 1, 2])
@pytest.mark.parametrize("configured", [False, True])
def test_hosts_are_refreshed_only_once_the_cals_are_counted(bent: Bent, packs: int, configured: bool) -> None:
    bent.ready(*PACKS[:packs])
    if configured:
        bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    ends = bent.run(CHANGES)
    early = packs < 2
    assert ends["gpupdate"]["status"] == ("waiting" if early else "succeeded")
    assert [c for c in bent.server.calls if c.startswith("gpupdate")] == [] or not early
    assert standing(bent.folder).unnamed == []
    assert words(ends["gpupdate"])[:1] == [["no_packs"], ["wrong_packs"], ["gpupdate_done"]][packs]


def test_a_refresh_is_not_offered_before_there_are_packs(bent: Bent) -> None:
    bent.ready()
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    ends = bent.run()
    assert words(ends["gpupdate"]) == ["no_packs"] and "gpupdate" not in "\n".join(status_lines(bent.folder, "en"))


def test_the_command_after_a_change_that_failed_makes_it(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {"RDSH01.corp.example", "RDSH02.corp.example", "RDSH03.corp.example"}
    bent.run("gpupdate")
    assert standing(bent.folder).next == ("failed", "gpupdate", ['runbook run bent --apply "gpupdate"'])


@pytest.mark.parametrize("managed_by", ["gpo", "broker"])
def test_hosts_are_configured_once_the_cals_are_counted(bent: Bent, managed_by: str) -> None:
    bent.ready(session_hosts={"names": ["RDSH01.corp.example"], "managed_by": managed_by, "broker": "BROKER1"})
    bent.server.answers["hosts"] = {"Hosts": []}  # of which nobody knows that they are right
    assert words(bent.run()["hosts-configure"])[0] == "configure_later"
    bent.issued(*PACKS[:2])
    end = bent.run("install-packs")["hosts-configure"]
    assert end["status"] == "waiting" and words(end) == [f"configure_{managed_by}"]


def test_the_last_host_that_fails_again_is_not_the_only_one_told(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.confirm("hosts-configure", way="gpo", gpo="RDS")
    bent.server.down = {"RDSH03.corp.example"}
    bent.run("gpupdate")
    again = bent.run("gpupdate")["gpupdate"]
    assert again["status"] == "failed"
    assert all(f"RDSH0{n}" in told(again) for n in (1, 2, 3))
    bent.server.down = set()
    done = bent.run("gpupdate")["gpupdate"]
    assert words(done) == ["gpupdate_done", "gpupdate_earlier"] and done["status"] == "succeeded"


# -- on which machine


@pytest.mark.parametrize("step", ["activate", "install-packs", "backup", "gpupdate"])
def test_no_new_case_is_advised_before_the_server_was_read(bent: Bent, step: str) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.server.domain = "new.example"
    end = bent.run(CHANGES)[step]
    assert (end["status"], words(end)) == ("failed", ["moved_unread"])
    accept_step(bent.folder, "preflight", "renamed", "another domain", "w", "en")
    bent.case(license_server={"name": "RDLIC01.new.example"})
    assert bent.run(CHANGES)["backup"]["status"] == "succeeded"


def test_a_server_that_was_renamed_is_next_to_be_told_so(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.run("install-packs")
    bent.server.name = "RDLIC07"
    bent.case(license_server={"name": "RDLIC07.corp.example"})
    bent.run(CHANGES)
    word, _, commands = standing(bent.folder).next
    assert word == "moved" and commands[0].startswith("runbook accept bent preflight --renamed")
    accept_step(bent.folder, "preflight", "renamed", "CHG-1", "w", "en")
    bent.run(CHANGES)
    assert standing(bent.folder).next[0] != "moved"


# -- a rehearsal is none


def test_a_rehearsed_case_is_not_taken_to_a_server(bent: Bent, monkeypatch: pytest.MonkeyPatch) -> None:
    bent.case(rehearsal="nominal")
    for server in ("RDLIC01.corp.example", "RDLIC99.corp.example"):
        given = {"case": "bent", "server": server, "lang": "en", "apply": "install-packs"}
        with pytest.raises(BadInput, match="is a rehearsal"):
            opening.open_run("migrate", given, Invocation("engine", bent.home / "bent.ipynb", bent.home, token="t"))
    assert not bent.folder.journal.exists()


# -- when


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("Windows takes its zone from its settings, not from TZ")
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-03-29 02:30", 'no such hour.*"2026-03-29 01:30:00.0100" / "2026-03-29 03:30:00.0200"'),
        ("2026-10-25 02:30", 'came twice.*"2026-10-25 02:30:00.0200" / "2026-10-25 02:30:00.0100"'),
    ],
)
@pytest.mark.usefixtures("paris")
def test_an_hour_in_which_the_clocks_changed_is_asked_for(typed: str, said: str) -> None:
    from runbook.commands.case import _at

    with pytest.raises(BadInput, match=said):
        _at(typed, "en")
    assert _at("2026-10-25 02:30+01:00", "en") == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert _at("2026-10-25 03:30", "en") == dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.UTC)


# -- what is sealed


def test_a_seal_that_is_refused_names_what_is_open(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.cut_in = 1
    bent.run("install-packs")
    bent.run()
    with pytest.raises(RunbookError) as refused:
        seal(bent.folder.path, bent.home / "archive", lang="en")
    assert "(install-packs): end unknown" in str(refused.value) and "(attestation): waiting" in str(refused.value)
    assert "another notebook" not in str(refused.value)


def test_a_seal_is_not_refused_for_another_notebook_without_a_way_on(bent: Bent) -> None:
    finished(bent)
    bent.run(notebook="audit")
    with pytest.raises(RunbookError, match=r"(?s)\(audit-report\): waiting.*another notebook.*runbook run bent"):
        seal(bent.folder.path, bent.home / "archive", lang="en")
    bent.run()
    with_notebooks(bent)
    assert seal(bent.folder.path, bent.home / "archive", lang="en").made


@pytest.mark.parametrize("lock", ["run.lock", "guard.lock"])
def test_nothing_is_sealed_or_redacted_of_a_case_at_work(bent: Bent, lock: str) -> None:
    bent.ready(*PACKS[:2])
    with_notebooks(bent)
    with FileLock(bent.folder.path / lock):
        with pytest.raises(BadInput, match="is at work"):
            seal(bent.folder.path, bent.home / "archive", as_is="now", lang="en")
        with pytest.raises(BadInput, match="is at work"):
            redact(bent.folder.path, bent.home / "archive", lang="en")
    assert seal(bent.folder.path, bent.home / "archive", as_is="now", lang="en").made


def test_a_case_that_is_gone_or_incomplete_says_where_it_was_sealed(bent: Bent) -> None:
    finished(bent)
    with_notebooks(bent)
    bag = seal(bent.folder.path, bent.home / "archive").bag
    shutil.rmtree(bent.folder.path / "private")
    with pytest.raises(RunbookError, match=f"(?s)is missing.*was sealed: {bag}"):
        bent.run()
    shutil.rmtree(bent.folder.path)
    with pytest.raises(BadInput, match=f"no case bent.*was sealed: {bag}"):
        existing("bent", "en")


# -- twice at once


def test_a_second_first_start_touches_nothing_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    output = tmp_path / "case-2026-11.ipynb"
    output.write_text("what the first start has written so far", encoding="utf-8")
    with engine._alone(output, "en"):
        with pytest.raises(BadInput, match="was started already"), engine._alone(output, "en"):
            pytest.fail("begun beside the first")
        with engine._alone(output.with_stem("another"), "en"):
            pass
    with engine._alone(output, "en"):
        pass


def test_a_change_that_outlives_its_run_is_told_as_one(bent: Bent) -> None:
    bent.ready(*PACKS[:2])
    bent.server.cut_in = "backup"
    bent.run("install-packs,backup")
    with FileLock(bent.folder.path / "guard.lock"):
        found = standing(bent.folder)
        assert (found.state, found.next) == ("open", ("guarded", "backup", []))
        assert "a change alone" in "\n".join(status_lines(bent.folder, "en"))
        with FileLock(bent.folder.path / "run.lock"):
            assert standing(bent.folder).next[0] == "open"
    assert standing(bent.folder).next[0] != "guarded"
