"""What went on outside the case: other machines, other clocks, other people, a Clearinghouse that errs."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_server
import pytest
from model_server import PACKS, Bent, row

from runbook.commands.case import accept_step
from runbook.errors import RunbookError
from runbook.journal import lines
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

