"""The audit's rules: over-use by the sum, the backup's age, the report; a host's table as a spreadsheet takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook.case.model import draft_case
from runbook.journal.context import Context
from runbook.journal.lines import Journal
from runbook.journal.outcome import Answer, Status, Verdict
from runbook.steps.all_hosts import write_csv
from runbook.steps.audit_compare import compare
from runbook.steps.audits import Audit
from runbook.steps.registry import doing

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
        return doing("audit-packs").judge(make_context("audit-packs", case=case), answer)

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
    assert verdict.told["over"] == over
    assert (verdict.status is Status.FAILED) == bool(over)
    assert (verdict.hints == ()) != bool(over)


OWNED = [{"count": 20, "version": "2022", "type": "user"}, {"count": 20, "version": "2019", "type": "user"}]


@pytest.mark.parametrize(
    ("owned", "rows", "status", "word"),
    [
        # H3: 40 of 2022 owned, and 20 of 2022 with 20 of 2019 there
        (None, [(20, 0, 7), (20, 0, 6)], Status.FINDING, "short_version_user"),
        # 30 of 2022 issued where 20 are owned: the room in 2019 serves no 2022 host
        (OWNED, [(20, 30, 7), (20, 5, 6)], Status.FAILED, "over_version_user"),
        # the other way round a newer CAL serves
        (OWNED, [(20, 5, 7), (20, 30, 6)], Status.SUCCEEDED, "count_user"),
        # as many as are owned, all of the newer version: nothing lacks, and what is not owned is told
        (OWNED, [(40, 0, 7)], Status.FINDING, "not_owned"),
    ],
)
def test_versions_are_never_added_up_where_one_does_not_serve_the_other(
    packs: Callable[..., Verdict],
    keys: Keys,
    owned: list[dict[str, Any]] | None,
    rows: list[tuple[int, int, int]],
    status: Status,
    word: str,
) -> None:
    """``rows``: in all, issued, ProductVersionID."""
    names = ("TotalLicenses", "IssuedLicenses", "ProductVersionId")
    case = {"packs": [{**pack, "no_proof_reason": "x"} for pack in owned]} if owned else None
    verdict = packs(*(dict(zip(names, row, strict=True)) for row in rows), case=case)
    assert verdict.status is status and f"audit.{word}" in keys(verdict), keys(verdict)


def pack_row(number: int, total: int = 20, issued: int = 3, kind: int = 2, version: int = 7) -> dict[str, Any]:
    return {"id": number, "type": kind, "product_type": 1, "version_id": version, "total": total, "issued": issued}


@pytest.mark.parametrize(
    ("was", "now", "changes"),
    [
        ([pack_row(3), pack_row(4)], [pack_row(3), pack_row(4)], 0),
        # H2: exchanged for another of the same size, another kind of pack, another version
        ([pack_row(3), pack_row(4)], [pack_row(3), pack_row(13)], 2),
        ([pack_row(3), pack_row(4)], [pack_row(3), pack_row(13, kind=1)], 2),
        ([pack_row(3), pack_row(4)], [pack_row(3), pack_row(13, version=6)], 2),
        ([pack_row(3), pack_row(4)], [pack_row(3)], 1),
        # what was issued of them changes by the hour, and is told by the sum
        ([pack_row(3)], [pack_row(3, issued=9)], 0),
    ],
)
def test_a_pack_that_was_exchanged_is_seen(
    make_context: Make,
    monkeypatch: pytest.MonkeyPatch,
    was: list[dict[str, Any]],
    now: list[dict[str, Any]],
    changes: int,
) -> None:
    before = Audit("audit-1", "r01", "2026-10-28T00:00:00+00:00", {"audit-packs": {"packs": was}})
    monkeypatch.setattr("runbook.steps.audits.previous", lambda context: before)
    monkeypatch.setattr("runbook.steps.audits.damaged", lambda context: [])
    verdict = compare(make_context("audit-compare", told={"audit-packs": {"packs": now}}))
    rows = [row for row in verdict.table if row["what"] == "audit.what_pack"]
    assert len(rows) == changes, rows


def test_fewer_installed_than_owned_and_unusual_rows_are_findings(packs: Callable[..., Verdict], keys: Keys) -> None:
    verdict = packs({"TotalLicenses": 20})
    assert verdict.status is Status.FINDING and "audit.short_user" in keys(verdict)
    verdict = packs({}, {"KeyPackType": 3, "TotalLicenses": 0})
    assert verdict.status is Status.FINDING and verdict.told["review"] == [2]


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
    verdict = doing("audit-backup").judge(make_context("audit-backup"), answer)
    assert (verdict.status, keys(verdict)) == (status, [word])


def test_no_backup_is_a_finding(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    gone = {"Reachable": False, "Copies": []}
    for changes, word in (
        ({"Copies": []}, "backup_none"),
        (gone, "backup_none"),
        ({**gone, "FreeBytes": None}, "backup_unreachable"),
    ):
        answer = recorded("audit-backup", "audit-nominal", **changes)
        verdict = doing("audit-backup").judge(make_context("audit-backup"), answer)
        assert (verdict.status, keys(verdict)) == (Status.FINDING, [f"audit.{word}"])


def test_a_report_that_disagrees_or_fails(make_context: Make, recorded: Recorded, keys: Keys) -> None:
    context = make_context("audit-report", told={"audit-packs": {"issued": {"user": 30, "device": 0}}})
    verdict = doing("audit-report").judge(context, recorded("audit-report", "audit-nominal"))
    assert (verdict.status, keys(verdict)) == (Status.FINDING, ["audit.report_done", "audit.report_differs"])
    refused = recorded("audit-report", "audit-nominal", GenerateReturnValue=0x80041001, Summary=[], FileName=None)
    verdict = doing("audit-report").judge(context, refused)
    assert verdict.status is Status.FAILED and verdict.lines[0].fields["code"] == "0x80041001"


def test_without_a_case_nothing_is_called_over_use(recorded: Recorded, make_context: Make) -> None:
    context = make_context("audit-packs")
    draft = replace(context, case=draft_case("audit", "en", "RDLIC01.corp.example"))
    verdict = doing("audit-packs").judge(draft, recorded("audit-packs", "audit-nominal"))
    assert verdict.status is Status.WAITING and "over" not in verdict.told


def test_only_the_notebook_hosts_waits_for_hosts(make_context: Make) -> None:
    nobody = make_context("hosts-state", case={"session_hosts": {}})
    found = {name: doing("hosts-state").needless(replace(nobody, notebook=name)) for name in ("hosts", "audit")}
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
    with_of = make_context("audit-sheet", told=known, parameters={"of": "case-old"})
    assert doing("audit-sheet").local(with_of).status is Status.SUCCEEDED
    text = (with_of.step_folder / "licence-sheet.txt").read_text(encoding="utf-8")
    for word in ("REF-9", "…PACK1", "cases/case-old/private", "D:\\Backups", "2024-02-01"):
        assert word in text
    alone = make_context("audit-sheet", told=known)
    doing("audit-sheet").local(alone)
    text = (alone.step_folder / "licence-sheet.txt").read_text(encoding="utf-8")
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
    context = make_context("audit-events", told={"export-logs": {"exported": channels}})
    for name, content in files.items():
        exported(context, name, content)
    verdict = doing("audit-events").local(context)
    assert verdict.status is status
    assert ("tracking" in verdict.told) == (status is Status.SUCCEEDED), "no count of what nobody has read"
    assert ("audit.events_unread" in [line.key for line in verdict.lines]) == (status is Status.NOT_JUDGED)


def test_a_case_with_a_damaged_journal_is_left_aside_and_told(make_context: Make) -> None:
    context = make_context("audit-compare")
    damaged = context.case_folder.parent / "case-broken" / "journal.jsonl"
    damaged.parent.mkdir()
    damaged.write_bytes(b"garbage\n" + b'{"event":"note","n":2}\n')
    verdict = doing("audit-compare").local(context)
    told = {line.key: line.fields for line in verdict.lines}
    assert verdict.status is Status.FINDING and told["audit.damaged_cases"] == {"cases": "case-broken"}
