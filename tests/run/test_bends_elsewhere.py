"""What went on outside the case: other machines, other clocks, other people, a Clearinghouse that errs."""

from __future__ import annotations

import datetime as dt
import json
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_server
import pytest
from model_server import PACKS, SERVER_ID, Bent, row

from runbook.commands.case import accept_step
from runbook.errors import RunbookError
from runbook.journal import lines
from runbook.journal.story import read_story
from runbook.record.answer import answer
from runbook.record.conflicts import conflicts
from runbook.record.licences import licence_sheet
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

