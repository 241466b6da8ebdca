"""A change whose end nobody saw, settled by what the server's state says: made, not made, or for a person still. The
readings are the rehearsals' own, changed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.history import History
from runbook.journal.lines import Entry
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.knowledge import reference
from runbook.steps import registry
from runbook.steps.registry import Attempt, doing, read_answer

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
#: The copy that backup-nominal holds as its newest is dated 2025-03-06 11:05.
NEWEST = "20250306T110500Z"
AT = dt.datetime(2025, 3, 6, 11, 4, 50, tzinfo=dt.UTC)


@pytest.fixture
def seen(make_context: Make, recorded: Recorded) -> Callable[..., Verdict | None]:
    """``seen(step, check, recording, at=…, **changes)``: what the check's answer says of the change ``step``."""

    def verify(
        step: str, check: str, recording: str, at: dt.datetime = AT, before: list[Entry] | None = None, **changes: Any
    ) -> Verdict | None:
        answer = read_answer(check, recorded(check, recording, **changes).out or [])
        attempt = Attempt(step, at, at + dt.timedelta(minutes=20))
        return doing(step).verify(make_context(step, history=History(before or [])), attempt, answer)

    return verify


Seen = Callable[..., Verdict | None]


def newest(recorded: Recorded) -> dict[str, Any]:
    """The row of the newest copy, as backup-nominal holds it."""
    rows = (recorded("backup-copies", "backup-nominal").out or [{}])[0]["Copies"]
    return next(row for row in rows if row["Name"] == NEWEST)


def test_a_whole_copy_of_that_time_was_made(seen: Seen) -> None:
    verdict = seen("backup", "backup-copies", "backup-nominal")
    assert verdict is not None
    assert (verdict.status, verdict.lines[0].key) == (Status.FINDING, "backup.seen_made")
    assert verdict.told["destination"] == "D:\\Backups\\RDS-Licensing\\" + NEWEST
    assert "seconds_stopped" not in verdict.told, "nobody saw how long the service stood still"


def test_a_copy_of_another_time_or_way_or_step_is_not_this_one(seen: Seen) -> None:
    own = {"facts": {"destination": "D:\\Backups\\RDS-Licensing\\" + NEWEST}, "status": "succeeded"}
    before = [{"n": 1, "event": "end", "run": "r01", "step": "backup-folder", **own}]
    for verdict in (
        seen("backup", "backup-copies", "backup-nominal", at=AT + dt.timedelta(minutes=1)),
        seen("backup", "backup-copies", "backup-nominal", at=AT - dt.timedelta(hours=1)),
        seen("backup-vss", "backup-copies", "backup-nominal"),
        seen("backup", "backup-copies", "backup-nominal", before=before),
    ):
        assert verdict is not None
        assert (verdict.status, verdict.lines[0].key) == (Status.FAILED, "backup.seen_not_made")


def test_a_folder_without_its_list_was_not_finished_and_is_named(seen: Seen, recorded: Recorded) -> None:
    row = newest(recorded)
    verdict = seen("backup", "backup-copies", "backup-nominal", Copies=[row | {"ManifestText": None}])
    assert verdict is not None
    assert (verdict.status, verdict.lines[0].fields["left"]) == (Status.FAILED, NEWEST)


def test_what_is_neither_whole_nor_unfinished_is_for_a_person(seen: Seen, recorded: Recorded) -> None:
    row = newest(recorded)
    changed = row | {"Files": row["Files"][:2]}
    assert seen("backup", "backup-copies", "backup-nominal", Copies=[changed]) is None


def test_a_place_that_is_not_there_holds_no_copy_and_one_that_does_not_answer_is_for_a_person(seen: Seen) -> None:
    gone = {"Reachable": False, "Copies": []}
    verdict = seen("backup", "backup-copies", "backup-nominal", **gone)
    assert verdict is not None
    assert (verdict.status, verdict.lines[0].key) == (Status.FAILED, "backup.seen_not_made")
    denied = {"FullyQualifiedErrorId": "X", "Category": "PermissionDenied", "HResult": "0x80131620", "Message": "no"}
    for silent in ({"FreeBytes": None}, {"ReachFault": denied}):
        assert seen("backup", "backup-copies", "backup-nominal", **gone, **silent) is None


@pytest.mark.parametrize(("status", "found"), [(0, Status.FINDING), (1, Status.FAILED), (2, None), (None, None)])
def test_the_server_says_whether_it_is_activated(status: int | None, found: Status | None, seen: Seen) -> None:
    verdict = seen("activate", "license-server", "nominal", ActivationStatus=status)
    assert (verdict.status if verdict else None) == found


def test_only_a_check_verifies_and_only_a_change_is_verified() -> None:
    verified = [step.id for step in reference.steps() if doing(step.id).verified_by]
    assert set(verified) == {"activate", "backup", "backup-folder", "backup-vss"}
    for step in verified:
        assert reference.step(step).script
        assert reference.step(step).kind != "check"
        by = registry.doing(step).verified_by
        assert reference.step(by).kind == "check"
        assert doing(by).answer is not None
