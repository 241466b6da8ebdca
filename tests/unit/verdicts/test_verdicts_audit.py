"""The audit's rules: over-use by the sum, the backup's age, the report; a host's table as a spreadsheet takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook.case import draft_case
from runbook.journal import Journal
from runbook.outcome import Answer, Status, Verdict
from runbook.verdicts import JUDGES, LOCAL, SKIPS, Context
from runbook.verdicts.all_hosts import write_csv

Make = Callable[..., Context]
Recorded = Callable[..., Answer]
Keys = Callable[[Verdict], list[str]]

PACK = {
    "KeyPackId": 1,
    "Description": "REHEARSAL",
    "KeyPackType": 2,
    "ProductType": 1,
    "ProductVersion": "Windows Server 2022",
    "ProductVersionId": 7,
    "TotalLicenses": 40,
    "IssuedLicenses": 0,
    "AvailableLicenses": 0,
    "ExpirationAt": None,
    "AccessRights": 3,
    "TypeAndModel": "REHEARSAL",
}


@pytest.fixture
def packs(recorded: Recorded, make_context: Make) -> Callable[..., Verdict]:
    """``packs({...}, {...})``: the verdict on one row for each set of changes, for a case that owns 40 Per User."""

    def judge(*changes: dict[str, Any], case: dict[str, Any] | None = None) -> Verdict:
        rows = [PACK | {"KeyPackId": number} | change for number, change in enumerate(changes, 1)]
        answer = recorded("audit-packs", "audit-nominal", KeyPacks=rows)
        return JUDGES["audit-packs"](make_context("audit-packs", case=case), answer)

    return judge


@pytest.mark.parametrize(
    ("rows", "over"),
    [
        ([{"IssuedLicenses": 40}], []),
        ([{"IssuedLicenses": 41}], ["user"]),
        # Each row issues no more than it has, the over-used row excepted: only the sum shows it.
        ([{"TotalLicenses": 40, "IssuedLicenses": 38}, {"TotalLicenses": 0, "IssuedLicenses": 3}], ["user"]),
        # Licences that nobody owns do not raise what may be issued; an older version counts with the rest.
        ([{"TotalLicenses": 60, "IssuedLicenses": 50}], ["user"]),
        ([{"IssuedLicenses": 30}, {"ProductVersionId": 6, "IssuedLicenses": 11}], ["user"]),
        # The built-in row and temporary Per Device CALs are nothing that anybody has to own.
        ([{"IssuedLicenses": 1}, {"ProductType": 3, "IssuedLicenses": 99}], []),
        ([{"IssuedLicenses": 1}, {"ProductType": 0, "KeyPackType": 4, "IssuedLicenses": 9}], []),
        ([{"IssuedLicenses": 1}, {"ProductType": 0, "IssuedLicenses": 9}], ["device"]),
    ],
)
def test_over_use_is_a_matter_of_the_sum(
    packs: Callable[..., Verdict], rows: list[dict[str, Any]], over: list[str]
) -> None:
    verdict = packs(*rows)
    assert verdict.facts["over"] == over
    assert (verdict.status is Status.FAILED) == bool(over)
    assert (verdict.hints == ()) != bool(over)


def test_fewer_installed_than_owned_and_unusual_rows_are_findings(packs: Callable[..., Verdict], keys: Keys) -> None:
    verdict = packs({"TotalLicenses": 20})
    assert verdict.status is Status.FINDING and "audit.short_user" in keys(verdict)
    verdict = packs({}, {"KeyPackType": 3, "TotalLicenses": 0})
    assert verdict.status is Status.FINDING and verdict.facts["review"] == [2]


@pytest.mark.parametrize(
    ("at", "status", "word"),
    [
        ("2025-03-07T06:00:00.0000000Z", Status.SUCCEEDED, "audit.backup_ok"),
        ("2025-05-01T06:00:00.0000000Z", Status.FINDING, "audit.backup_old"),
    ],
)
def test_the_backups_age(
    make_context: Make, recorded: Recorded, keys: Keys, at: str, status: Status, word: str
) -> None:
    answer = recorded("audit-backup", "audit-nominal", CollectedAt=at)
    verdict = JUDGES["audit-backup"](make_context("audit-backup"), answer)
    assert (verdict.status, keys(verdict)) == (status, [word])


def test_no_backup_is_a_finding(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    for changes, word in (({"Copies": []}, "backup_none"), ({"Reachable": False}, "backup_unreachable")):
        answer = recorded("audit-backup", "audit-nominal", **changes)
        verdict = JUDGES["audit-backup"](make_context("audit-backup"), answer)
        assert (verdict.status, keys(verdict)) == (Status.FINDING, [f"audit.{word}"])


def test_a_report_that_disagrees_or_fails(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    context = make_context("audit-report", facts={"audit-packs": {"issued": {"user": 30, "device": 0}}})
    verdict = JUDGES["audit-report"](context, recorded("audit-report", "audit-nominal"))
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["audit.report_done", "audit.report_differs"])
    refused = recorded("audit-report", "audit-nominal", GenerateReturnValue=0x80041001, Summary=[], FileName=None)
    verdict = JUDGES["audit-report"](context, refused)
    assert verdict.status is Status.FAILED and verdict.lines[0].fields["code"] == "0x80041001"


def test_without_a_case_nothing_is_called_over_use(recorded: Recorded, make_context: Make) -> None:
    context = make_context("audit-packs")
    draft = replace(context, case=draft_case("audit", "en", "RDLIC01.corp.example"))
    verdict = JUDGES["audit-packs"](draft, recorded("audit-packs", "audit-nominal"))
    assert verdict.status is Status.WAITING and "over" not in verdict.facts


def test_only_the_notebook_hosts_waits_for_hosts(make_context: Make) -> None:
    nobody = make_context("hosts-state", case={"session_hosts": {}})
    found = {name: SKIPS["hosts-state"](replace(nobody, notebook=name)) for name in ("hosts", "audit")}
    assert [v.status for v in found.values() if v] == [Status.WAITING, Status.SKIPPED]


def test_the_sheet_takes_over_what_the_recovery_knows(make_context: Make) -> None:
    origin = make_context("x").case_folder.parent / "case-old"
    (origin / "private").mkdir(parents=True)
    journal = Journal(origin / "journal.jsonl")
    packs = [{"id": "…PACK1", "count": 20}]
    facts = {"result": "issued", "at": "2024-01-09 10:20 UTC", "reference": "REF-9", "packs": packs}
    journal.append("end", run="r01", step="clearinghouse", status="succeeded", facts=facts)
    counted = {"collected_at": "2024-02-01T06:00:00+00:00", "owned": {"user": 40}, "issued": {"user": 3}, "total": {}}
    known = {"audit-packs": counted, "audit-backup": {"destination": "D:\\Backups"}}
    with_of = make_context("audit-sheet", facts=known, parameters={"of": "case-old"})
    assert LOCAL["audit-sheet"](with_of).status is Status.SUCCEEDED
    text = (with_of.run_folder / "licence-sheet.txt").read_text(encoding="utf-8")
    for word in ("REF-9", "…PACK1", "cases/case-old/private", "D:\\Backups", "2024-02-01"):
        assert word in text
    alone = make_context("audit-sheet", facts=known)
    LOCAL["audit-sheet"](alone)
    text = (alone.run_folder / "licence-sheet.txt").read_text(encoding="utf-8")
    assert "REF-9" not in text and "not known yet" not in text and "no private folder on this server" in text


def test_a_cell_is_never_a_formula(tmp_path: Path) -> None:
    row = {"host": "=cmd|' /C calc'!A0", "servers": "+1", "grace_days": None}
    write_csv(tmp_path / "a.csv", (row,), "fr")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    assert raw.decode("utf-8-sig").splitlines()[1] == "'=cmd|' /C calc'!A0;'+1;"


# -- event 4105, and what cannot be read


def exported(context: Context, name: str, content: bytes) -> None:
    folder = context.run_folder / "export-logs" / "files"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


QUIET = b'<?xml version="1.0" encoding="utf-8"?>\n<Events></Events>\n'


@pytest.mark.parametrize(
    ("channels", "files", "status"),
    [
        (["System"], {"System-Licensing.xml": QUIET}, Status.SUCCEEDED),
        ([], {}, Status.NOT_JUDGED),
        (["Microsoft-Windows-TerminalServices-Licensing/Admin"], {"Licensing-Admin.xml": QUIET}, Status.NOT_JUDGED),
        (["System"], {"System-Licensing.evtx": b"\x17no log at all" * 400}, Status.NOT_JUDGED),
    ],
    ids=["quiet", "nothing exported", "another channel", "unreadable"],
)
def test_no_event_is_said_only_of_a_log_that_was_read(
    channels: list[str], files: dict[str, bytes], status: Status, make_context: Make, keys: Keys
) -> None:
    context = make_context("audit-events", facts={"export-logs": {"exported": channels}})
    for name, content in files.items():
        exported(context, name, content)
    verdict = LOCAL["audit-events"](context)
    assert verdict.status is status
    assert ("tracking" in verdict.facts) == (status is Status.SUCCEEDED), "no count of what nobody has read"
    assert ("audit.events_unread" in [line.key for line in verdict.lines]) == (status is Status.NOT_JUDGED)


def test_a_case_with_a_damaged_journal_is_left_aside_and_told(make_context: Make) -> None:
    context = make_context("audit-compare")
    damaged = context.case_folder.parent / "case-broken" / "journal.jsonl"
    damaged.parent.mkdir()
    damaged.write_bytes(b"garbage\n" + b'{"event":"note","n":2}\n')
    verdict = LOCAL["audit-compare"](context)
    told = {line.key: line.fields for line in verdict.lines}
    assert verdict.status is Status.FINDING and told["audit.damaged_cases"] == {"cases": "case-broken"}
