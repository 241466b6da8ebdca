"""Statements that cannot all be so are found before the seal, told in the record, and sealed only with a reason."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from model_server import PACKS, SERVER_ID, Bent, bent, row

from runbook.archive.seal import seal
from runbook.errors import RunbookError
from runbook.journal import confirm
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.record.conflicts import Conflict, conflicts
from runbook.record.page import render
from runbook.words.forms import in_words
from runbook.words.sentences import read_yaml

__all__ = ["bent"]

CHANGES = "activate,install-packs,backup,gpupdate"


def found(bent: Bent) -> dict[str, dict[str, Any]]:
    return {
        each.key.removeprefix("record.conflict_"): each.fields for each in conflicts(read_story(bent.folder.path), "en")
    }


@pytest.fixture
def done(bent: Bent) -> Bent:
    """Both packs issued, installed and saved, the policy refreshed."""
    bent.ready(*PACKS[:2])
    bent.run(CHANGES)
    return bent


def test_a_case_on_the_straight_road_contradicts_nothing(done: Bent) -> None:
    assert found(done) == {}


@pytest.mark.parametrize(("owned", "there"), [((20, 20), 20), ((20, 20, 20), 40), ((10, 10), 0)])
def test_what_was_there_before_was_not_asked_for(bent: Bent, owned: tuple[int, ...], there: int) -> None:
    if there:
        bent.server.rows.append(row(5, there))
    bent.ready(PACKS[0], packs=[{"count": count, "no_proof_reason": f"M{n}"} for n, count in enumerate(owned)])
    bent.run(CHANGES)
    assert "issued" not in found(bent)


@pytest.mark.parametrize(("keys", "issued"), [(PACKS[:1], 20), (PACKS[:3], 60)])
def test_issued_and_owned(bent: Bent, keys: tuple[str, ...], issued: int) -> None:
    bent.ready(*keys)
    bent.run(CHANGES)
    assert found(bent)["issued"] == {"issued": issued, "asked": 40}


@pytest.mark.parametrize("by", ["script", "wizard", "already"])
def test_the_id_that_was_entered_and_the_servers_own(bent: Bent, by: str) -> None:
    bent.server.activated = by == "already"
    bent.ready()
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID[:-5] + "SRV99")
    bent.run("activate" if by == "script" else "none")
    bent.server.activated = True
    end = bent.run()["activate"]
    assert end["status"] == "finding" and "activate --replaces 1" in " ".join(in_words(end["lines"], "en"))
    assert found(bent)["identity"] == {"entered": "…SRV99", "seen": "…SRV01"}
    bent.confirm("activate", method="telephone", license_server_id=SERVER_ID, replaces=1, why="misheard")
    assert bent.run()["activate"]["status"] in ("succeeded", "already_done") and "identity" not in found(bent)


def test_a_count_that_was_corrected_after_the_call(done: Bent) -> None:
    done.case(packs=[{"count": 20, "no_proof_reason": "MODEL"}])
    done.run()
    assert found(done)["issued"] == {"issued": 40, "asked": 20}


def test_dictated_and_never_installed(done: Bent) -> None:
    done.issued(PACKS[2])
    assert found(done)["uninstalled"]["left"].endswith(PACKS[2][-5:])


def test_a_backup_older_than_the_last_pack(done: Bent) -> None:
    done.issued(PACKS[2])
    done.server.wizard(PACKS[2])  # the command sends none that the case does not own
    done.confirm("install-packs", way="wizard-install")
    done.run()
    assert found(done)["backup_old"]["left"] == "20 + 20 + 20"
    done.case(packs=[{"count": 20, "no_proof_reason": f"MODEL {n}"} for n in range(3)])
    done.run("backup")
    assert found(done) == {}


@pytest.mark.parametrize("first", ["backup-folder", "backup-vss", "backup-folder,backup-vss"])
def test_a_backup_by_any_way_is_one(bent: Bent, first: str) -> None:
    bent.case()
    bent.run(first, "backup")
    bent.ready(*PACKS[:2])
    bent.run("activate,install-packs,gpupdate")
    assert "backup_old" in found(bent)
    bent.run("backup")
    assert found(bent) == {}


def test_a_host_that_came_later_was_not_refreshed(done: Bent) -> None:
    done.confirm("hosts-configure", way="gpo", gpo="MODEL")
    done.run("gpupdate")
    assert found(done) == {}
    done.case(session_hosts={"names": ["RDSH01.corp.example", "RDSH09.corp.example"]})
    assert "RDSH09" in found(done)["unrefreshed"]["left"]


@pytest.mark.parametrize(("day", "told"), [("2025-06-01", True), ("2029-06-01", False)])
def test_issued_before_the_server_was_activated(bent: Bent, day: str, told: bool) -> None:
    bent.server.activated = False
    bent.ready(clearinghouse={"method": "automatic"})
    bent.run("activate")
    dictated(bent, f"{day}T10:00:00+00:00")
    assert ("before_activation" in found(bent)) is told


def dictated(bent: Bent, at: str) -> None:
    packs = [{"id": key, "count": 20} for key in PACKS[:2]]
    fields = {"channel": "telephone", "result": "issued", "packs": packs}
    when = dt.datetime.fromisoformat(at)
    confirm.enter(bent.folder, reference.step("clearinghouse"), fields, who="someone", lang="en", at=when)


def test_issued_while_the_server_still_said_that_it_is_not_activated(
    bent: Bent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person activated it, so no program saw the moment; or it was set up anew long after the packs were issued."""
    bent.server.activated = False
    bent.case()
    bent.run()
    dictated(bent, "2025-06-01T10:00:00+00:00")
    bent.server.activated = True
    bent.run()
    assert "before_activation" in found(bent)
    seen = [("2025-05-01T10:00:00Z", True), ("2025-07-01T10:00:00Z", False)]
    monkeypatch.setattr("runbook.record.conflicts._activity", lambda _: seen)
    assert "before_activation" not in found(bent)


@pytest.mark.parametrize(
    ("at", "told"),
    [("2025-01-03T12:00:00+00:00", True), ("2025-01-04T11:00:00+00:00", False), ("2025-01-05T08:00:00+00:00", False)],
)
def test_issued_before_the_server_was_lost(bent: Bent, at: str, told: bool) -> None:
    bent.ready()
    dictated(bent, at)
    bent.run()
    assert ("before_loss" in found(bent)) is told


@pytest.mark.parametrize("name", ["RDLIC02.corp.example", "RDLIC01.other.example"])
def test_a_server_that_was_named_after_another_was_changed(done: Bent, name: str) -> None:
    done.case(license_server={"name": name})
    assert found(done)["server"] == {"named": name, "seen": "RDLIC01.corp.example", "run": "r02"}


def test_sealed_with_a_reason_only_and_told_in_the_record(done: Bent, tmp_path: Path) -> None:
    done.case(packs=[{"count": 20, "no_proof_reason": "MODEL"}])
    done.run()
    story = read_story(done.folder.path)
    with pytest.raises(RunbookError, match="issued 40 licences, whereas the case asked for 20"):
        seal(done.folder.path, tmp_path / "archive", lang="en")
    assert "issued 40 licences, whereas the case asked for 20" in render(story, "en", made=dt.datetime.now(dt.UTC))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_each_conflict_is_a_sentence(lang: str) -> None:
    fields = {
        "lost": "x",
        "entered": "x",
        "at": "y",
        "named": "a",
        "seen": "b",
        "run": "r01",
        "issued": 1,
        "asked": 2,
        "step": "s",
        "left": "l",
        "when": "w",
    }
    for key in (key for key in read_yaml("words/record") if key.startswith("conflict_")):
        assert not Conflict(f"record.{key}", fields).text(lang).startswith("record.")
