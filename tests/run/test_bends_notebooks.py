"""The notebooks around a recovery, where a case bends: diagnosis, backup, restore, audit, on a model of a server."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from model_server import Bent, row

from runbook.hints.ids import hints_for
from runbook.words.forms import in_words

BOTH = "backup-folder,backup-vss,backup-second-copy,backup-retention"
PLACES = {"destination": "D:\\Backups", "second_copy": "\\\\FILES01\\Backups"}


def words(end: dict[str, Any]) -> list[str]:
    return [word for line in end["lines"] if (word := line["key"].partition(".")[2]) != "unproven"]


def stamp(**ago: float) -> str:
    return f"{dt.datetime.now(dt.UTC) - dt.timedelta(**ago):%Y%m%dT%H%M%SZ}"


# -- diagnose: the step that failed comes first


@pytest.mark.parametrize(
    ("script", "changes", "stopped", "word"),
    [
        ("service", {"State": "Stopped"}, "service", "service_stopped"),
        ("service", {"State": "Stopped", "StartMode": "Disabled"}, "service", "service_disabled"),
        ("service", {"State": "Stopped", "StartMode": "Manual"}, "service", "service_stopped"),
        ("preflight", {"IsElevated": False}, "preflight", "preflight_not_elevated"),
        ("roles", {"Fault": {"FullyQualifiedErrorId": "X", "Category": "x", "HResult": "0x1", "Message": "x"}},
         "roles", "roles_unknown"),
    ],
)  # fmt: skip
def test_diagnose_leads_with_the_step_that_failed(
    bent: Bent, script: str, changes: dict[str, Any], stopped: str, word: str
) -> None:
    bent.case()
    bent.server.answers[script] = changes
    ends = bent.run("none", "diagnose")
    assert ends[stopped]["status"] == "failed" and word in words(ends[stopped])
    after = ends["diagnose-next"]
    assert after["facts"]["step"] == stopped and after["facts"].get("next", "") == "" and after["status"] == "finding"
    assert "next_export" not in words(after)
    # A service that stands has no row of its own; what a status of a session host would point to is not borrowed.
    assert not {*ends[stopped]["hints"]} & {*hints_for("status", "6")} or script != "service"
    assert not {*ends["diagnose-causes"]["hints"]} & {*hints_for("status", "6")}


def test_a_disabled_service_is_not_told_to_start(bent: Bent) -> None:
    bent.server.answers["service"] = {"State": "Stopped", "StartMode": "Disabled"}
    bent.case()
    assert "service_stopped" not in words(bent.run("none", "diagnose")["service"])


def test_a_workgroup_with_user_cals_is_told_and_the_rest_is_read(bent: Bent) -> None:
    bent.case()
    bent.server.answers["preflight"] = {"PartOfDomain": False, "Domain": "WORKGROUP", "DnsName": "RDLIC01"}
    ends = bent.run("none", "diagnose")
    assert "E33" in ends["preflight"]["hints"] and ends["preflight"]["status"] == "finding"
    assert all(ends[step]["status"] != "not_reached" for step in ends)


@pytest.mark.parametrize("gone", [[], ["System"], ["System", "Application"]])
def test_an_empty_log_is_not_a_missing_one(bent: Bent, gone: list[str]) -> None:
    """The model's logs hold no record: what was exported is quiet, what was not is missing."""
    bent.case()
    told = bent.server.recorded("export-logs", "export-logs")
    logs = [
        log | ({"Missing": True, "ExitCode": 15007, "Size": 0} if log["Channel"] in gone else {})
        for log in told["Exports"]
    ]
    bent.server.answers["export-logs"] = {"Exports": logs}
    ends = bent.run("none", "diagnose")
    said = {line["key"]: line["fields"]["channels"] for line in ends["diagnose-rest"]["lines"]}
    assert sorted(said.get("diagnose.no_channel", "").split(", ")) == sorted(gone or [""])
    assert not {*said["diagnose.quiet_channel"].split(", ")} & {*gone}
    assert ("next_export" in words(ends["diagnose-next"])) is bool(gone)


# -- backup: one notion of a good copy, and what the report says


def test_both_ways_the_clean_copy_goes_to_the_second_place_and_the_stop_is_told(bent: Bent) -> None:
    bent.case(backup=PLACES)
    ends = bent.run(BOTH, "backup")
    clean, shadow = (copy["Name"] for copy in bent.server.copies)
    assert bent.server.carried == [clean]
    said = ends["backup-report"]
    assert "report_stopped" in words(said) and "report_not_stopped" not in words(said)
    assert clean in said["lines"][0]["fields"]["destination"] and shadow in said["lines"][1]["fields"]["destination"]


@pytest.mark.parametrize("apply", ["backup-folder", "backup-vss", "backup-folder,backup-vss"])
def test_keep_holds_for_each_way(bent: Bent, apply: str) -> None:
    bent.server.copies = [bent.server.copy(stamp(days=9 + n), way) for n, way in enumerate(["stop", "vss"] * 3)]
    bent.case(backup=PLACES | {"keep": 2})
    bent.run(f"{apply},backup-retention", "backup")
    left = [copy["Name"] for copy in bent.server.copies]
    ways = ["vss" if "Dirty" in copy["EsentutlText"][0] else "stop" for copy in bent.server.copies]
    assert len(left) == 2 or (len(left) == 3 and ways.count("stop") == 1), "two, and the last that needs no replay"
    assert left == sorted(left) and "stop" in ways


@pytest.mark.parametrize("date", ["20991231T000000Z", "20301231T000000Z"])
def test_a_copy_from_the_future_is_told_and_never_the_newest(bent: Bent, date: str) -> None:
    today = stamp(days=1)
    bent.server.copies = [bent.server.copy(date), bent.server.copy(today)]
    bent.case(backup=PLACES)
    ends = bent.run("backup-folder,backup-second-copy,backup-retention", "backup")
    made = bent.server.copies[-1]["Name"]
    assert bent.server.carried == [made] and "copies_future" in words(ends["backup-copies"])
    drill = bent.run("none", "restore")["restore-copies"]
    assert made in str(drill["lines"][0]) and "copies_future" in words(drill) and drill["status"] == "finding"
    audit = bent.run("none", "audit")["audit-backup"]
    assert (audit["facts"]["newest"], audit["facts"]["days"]) == (made, 0) and audit["status"] == "finding"


def test_a_full_drive_names_the_newest_copy_and_makes_room(bent: Bent) -> None:
    bent.server.copies = [bent.server.copy(stamp(days=days)) for days in (40, 30, 20)]
    newest = bent.server.copies[-1]["Name"]
    bent.server.full = True
    bent.case(backup=PLACES | {"keep": 1})
    ends = bent.run("backup-folder,backup-retention", "backup")
    assert [copy["Name"] for copy in bent.server.copies] == [newest] and not bent.server.full
    assert newest in str(ends["backup-report"]["lines"])
    assert bent.run("backup-folder", "backup")["backup-folder"]["status"] == "succeeded"


@pytest.mark.parametrize(("way", "usable"), [("stop", True), ("vss", True), (None, False)])
def test_one_notion_of_a_good_copy_for_all_notebooks(bent: Bent, way: str | None, usable: bool) -> None:
    copy = bent.server.copy(stamp(hours=2), way or "stop")
    bent.server.copies = [copy if way else copy | {"ManifestText": None}]
    bent.case(backup=PLACES)
    seen = {book: bent.run("none", book) for book in ("backup", "restore", "audit")}
    assert bool(seen["backup"]["backup-copies"]["facts"]["newest_whole"]) is usable
    assert ("newest_bad" not in words(seen["restore"]["restore-copies"])) is usable
    assert bool(seen["audit"]["audit-backup"]["facts"]["newest"]) is usable


def test_an_older_shadow_copy_is_offered_with_its_caution(bent: Bent) -> None:
    bad = bent.server.copy(stamp(days=1)) | {"ManifestText": None}
    bent.server.copies = [bad, bent.server.copy(stamp(days=2), "vss")]
    bent.case(backup=PLACES)
    assert words(bent.run("none", "restore")["restore-copies"])[:3] == ["newest_bad", "older_good", "replay"]


# -- audit


@pytest.mark.parametrize(("totals", "changed"), [((20, 20), True), ((40,), True), ((20,), False)])
def test_an_exchange_of_packs_between_two_audits_is_seen(bent: Bent, totals: tuple[int, ...], changed: bool) -> None:
    bent.server.rows = [row(2, 20)]
    bent.case(packs=[{"count": 20, "no_proof_reason": "MODEL"}])
    bent.run("none", "audit")
    bent.server.rows = [row(2 + changed + n, total) for n, total in enumerate(totals)]
    said = bent.run("none", "audit")["audit-compare"]
    assert ("audit.unchanged" not in str(said["lines"])) is changed, said["lines"]


@pytest.mark.parametrize(
    ("owned", "there", "issued", "status"),
    [
        (("2022", "2022"), [(7, 20), (6, 20)], (20, 3), "finding"),  # 20 gone, 20 of the old version in their place
        (("2022", "2019"), [(7, 20), (6, 20)], (30, 5), "failed"),  # room in the old version serves no newer host
        (("2022", "2019"), [(7, 20), (6, 20)], (5, 30), "succeeded"),  # a newer licence serves an older host
        (("2022", "2022"), [(7, 40)], (20,), "succeeded"),
    ],
)
def test_versions_do_not_stand_for_each_other(
    bent: Bent, owned: tuple[str, ...], there: list[tuple[int, int]], issued: tuple[int, ...], status: str
) -> None:
    bent.server.rows = [
        row(2 + n, count, used, version=version)
        for n, ((version, count), used) in enumerate(zip(there, issued, strict=True))
    ]
    packs = [{"count": 20, "no_proof_reason": f"M{n}", "version": version} for n, version in enumerate(owned)]
    bent.case(packs=packs)
    assert bent.run("none", "audit")["audit-packs"]["status"] == status


@pytest.mark.parametrize("code", [5, 0x80070005, 0x80041003])
def test_a_refused_report_names_its_code_and_no_cause_that_is_not_so(bent: Bent, code: int) -> None:
    """The model's server is in a domain: that there is no tracking outside one explains nothing here."""
    bent.case()
    bent.server.answers["audit-report"] = {"GenerateReturnValue": code, "Summary": [], "FileName": None}
    said = bent.run("audit-report", "audit")["audit-report"]
    assert said["status"] == "failed" and f"{code:08X}" in str(said["lines"])
    assert "Outside a domain" not in " ".join(in_words(said["lines"], "en"))


@pytest.mark.parametrize("text", ["État : arrêt correct", "State: Just Created", ""])
def test_a_state_that_esentutl_did_not_tell_is_a_finding_in_every_step(
    bent: Bent, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    plain = bent.server.copy
    monkeypatch.setattr(bent.server, "copy", lambda name, way="stop": plain(name, way) | {"EsentutlText": [text]})
    bent.server.answers["backup"] = {"EsentutlText": [text]}
    bent.case(backup=PLACES)
    ends = bent.run("backup-folder,backup-second-copy", "backup")
    assert {ends[step]["status"] for step in ("backup-folder", "backup-copies")} == {"finding"}
    assert ends["backup-second-copy"]["status"] != "not_reached"


@pytest.mark.parametrize("state", ["changed", "no_manifest", "unread"])
@pytest.mark.parametrize("older", ["vss", "stop"])
def test_an_older_copy_is_offered_with_the_caution_that_it_needs(bent: Bent, state: str, older: str) -> None:
    spoilt: dict[str, dict[str, Any]] = {
        "changed": {"Files": []}, "no_manifest": {"ManifestText": None}, "unread": {"ManifestText": "{"},
    }  # fmt: skip
    bad = [bent.server.copy(stamp(days=1 + n)) | spoilt[state] for n in range(3)]
    bent.server.copies = [*bad, bent.server.copy(stamp(days=9), older)]
    bent.case(backup=PLACES)
    said = words(bent.run("none", "restore")["restore-copies"])
    assert said[:2] == ["newest_bad", "older_good"] and ("replay" in said) is (older == "vss")


@pytest.mark.parametrize(
    ("apply", "stopped", "way"),
    [("backup-folder", True, "stop"), ("backup-vss", False, "vss"), ("backup-vss,backup-folder", True, "stop")],
)
def test_the_report_tells_of_every_way_what_it_did(bent: Bent, apply: str, stopped: bool, way: str) -> None:
    bent.case(backup=PLACES)
    ends = bent.run(f"{apply},backup-second-copy", "backup")
    said = words(ends["backup-report"])
    assert ("report_stopped" in said, "report_not_stopped" in said) == (stopped, not stopped)
    (carried,) = (copy for copy in bent.server.copies if copy["Name"] in bent.server.carried)
    assert ("Dirty" in carried["EsentutlText"][0]) is (way == "vss"), "the copy that needs no replay goes on"
    assert said.count("report_where") == len(bent.server.copies) == len(apply.split(","))


@pytest.mark.parametrize(("seconds", "told"), [(0.2, 1), (0.6, 1), (7.4, 7)])
def test_a_short_stop_is_told_alike_in_every_step(bent: Bent, seconds: float, told: int) -> None:
    bent.case(backup=PLACES)
    bent.server.answers["backup"] = {"SecondsStopped": seconds}
    ends = bent.run("backup-folder", "backup")
    assert f"stopped for {told} s" in " ".join(in_words(ends["backup-folder"]["lines"], "en"))
    assert "report_stopped" in words(ends["backup-report"])
    assert f"{told} s" in " ".join(in_words(ends["backup-report"]["lines"], "en"))
