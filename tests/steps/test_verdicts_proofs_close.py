"""Proofs of purchase, diagnosis, attestation, checklist, licence sheet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.outcome import Status, Verdict
from runbook.knowledge import reference
from runbook.papers.paper import to_html, to_text
from runbook.steps import inventory
from runbook.steps.attestation import ON_WORD, checklist, ticks, way_gone
from runbook.steps.registry import doing
from runbook.words import sentences

Make = Callable[..., Context]
Confirm = Callable[..., dict[str, Any]]
Keys = Callable[[Verdict], list[str]]

KEPT = ("path", "name", "sha256")


def paper(context: Context, name: str, text: str = "REHEARSAL") -> Path:
    path = context.case_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_proofs_are_copied_and_hashed(make_context: Make, keys: Keys) -> None:
    context = make_context("proofs")
    source = paper(context, "papers/one.txt", "first")
    paper(context, "papers/two.txt", "second")
    verdict = doing("proofs").local(context)
    assert (verdict.status, keys(verdict), verdict.told["missing"]) == (Status.SUCCEEDED, ["proofs_ok"], 0)
    kept = context.case_folder / "proofs" / "one.txt"
    digest = hashlib.sha256(b"first").hexdigest()
    assert kept.read_bytes() == source.read_bytes()
    assert verdict.told["files"][0] == {"path": "proofs/one.txt", "name": "one.txt", "sha256": digest, "size": 5}
    again = doing("proofs").local(context)
    assert again.told == verdict.told and len(list(kept.parent.iterdir())) == 2


def test_a_missing_proof_closes_the_call(make_context: Make, keys: Keys) -> None:
    context = make_context("proofs")
    paper(context, "papers/one.txt")
    verdict = doing("proofs").local(context)
    assert verdict.status is Status.FINDING and keys(verdict) == ["proofs_missing_file", "proofs_closed"]
    assert verdict.told["missing"] == 1 and verdict.lines[0].fields["file"] == "papers/two.txt"


@pytest.mark.parametrize(
    ("pack", "status", "key"),
    [
        ({"count": 40, "no_proof_reason": "REHEARSAL: burnt"}, Status.SUCCEEDED, "proofs_reason"),
        ({"count": 40}, Status.FINDING, "proofs_none"),
        ({"count": 40, "proofs": ["no.txt"], "no_proof_reason": "burnt"}, Status.SUCCEEDED, "proofs_reason"),
    ],
)
def test_a_proof_or_a_reason(pack: dict[str, Any], status: Status, key: str, make_context: Make, keys: Keys) -> None:
    verdict = doing("proofs").local(make_context("proofs", case={"packs": [pack]}))
    assert verdict.status is status and key in keys(verdict)


def test_proofs_may_lie_elsewhere_and_share_a_name(make_context: Make, tmp_path: Path) -> None:
    for folder, text in (("a", "A"), ("b", "B")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Facture n° 1.pdf").write_text(text, encoding="utf-8")
    packs = [{"count": 20, "proofs": [str(tmp_path / name / "Facture n° 1.pdf")]} for name in ("a", "b")]
    context = make_context("proofs", case={"packs": packs})
    verdict = doing("proofs").local(context)
    assert [f["path"] for f in verdict.told["files"]] == ["proofs/Facture_n_1.pdf", "proofs/Facture_n_1-2.pdf"]
    assert (context.case_folder / "proofs" / "Facture_n_1-2.pdf").read_text(encoding="utf-8") == "B"


def test_a_proof_put_straight_into_proofs_stays_as_it_is(make_context: Make) -> None:
    context = make_context("proofs", case={"packs": [{"count": 40, "proofs": ["one.txt"]}]})
    paper(context, "proofs/one.txt")
    assert doing("proofs").local(context).status is Status.SUCCEEDED
    assert [p.name for p in (context.case_folder / "proofs").iterdir()] == ["one.txt"]


def test_a_windows_path_is_found_by_its_name(make_context: Make) -> None:
    context = make_context("proofs", case={"packs": [{"count": 40, "proofs": ["D:\\Papers\\one.txt"]}]})
    paper(context, "papers/one.txt")
    assert doing("proofs").local(context).status is Status.SUCCEEDED


def test_a_relative_path_is_never_meant_from_where_the_command_was_typed(
    make_context: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.txt").write_text("x", encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)  # on the same drive: between two, Windows knows no relative path
    from_here = os.path.relpath(tmp_path / "here.txt")
    context = make_context("proofs", case={"packs": [{"count": 40, "proofs": [from_here]}]})
    assert Path(from_here).is_file() and doing("proofs").local(context).status is Status.FINDING


# -- diagnosis

EVENT = """<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
<Provider Name="{provider}"/><EventID>{id}</EventID><Level>3</Level>
<TimeCreated SystemTime="2024-01-0{day}T10:00:00.0000000Z"/><EventRecordID>{day}</EventRecordID>
<Channel>{channel}</Channel><Computer>RDLIC01</Computer></System><EventData/></Event>"""
LICENSING = "Microsoft-Windows-TerminalServices-Licensing"


def log(context: Context, *events: str, name: str = "System.xml") -> None:
    paper(context, f"r01/export-logs/files/{name}", "<Events>" + "".join(events) + "</Events>")


def test_known_events_are_counted_and_explained(make_context: Make, keys: Keys) -> None:
    context = make_context("diagnose")
    one = [EVENT.format(provider=LICENSING, id=4105, channel="System", day=day) for day in (1, 2)]
    log(context, *one, EVENT.format(provider="Another", id=4105, channel="System", day=3))
    verdict = doing("diagnose").local(context)
    assert verdict.status is Status.FINDING and "E11" in verdict.hints and keys(verdict) == ["diagnose_found"]
    row = next(row for row in verdict.table if row["error"] == "E11")
    assert (row["event"], row["times"], row["at"]) == (4105, 2, "2024-01-02 10:00 UTC")
    assert verdict.told["events"] == {"LS-4105": 2}


def test_the_readings_speak_too(make_context: Make) -> None:
    facts = {
        "license-server": {"activation_status": 1},
        "network": {"closed": ["x:443"]},
        "ad-group": {"member": False},
    }
    assert doing("diagnose").local(make_context("diagnose", told=facts)).hints == ("E01", "E02", "E11")


def test_nothing_known_and_nothing_to_look_at_are_told_apart(make_context: Make, keys: Keys) -> None:
    nothing = doing("diagnose").local(make_context("diagnose"))
    assert (nothing.status, keys(nothing)) == (Status.NOT_JUDGED, ["diagnose_no_logs"])
    context = make_context("diagnose")
    log(context, EVENT.format(provider=LICENSING, id=4, channel="System", day=1))
    log(context, name="Empty.xml")
    quiet = doing("diagnose").local(context)
    assert (quiet.status, keys(quiet)) == (Status.SUCCEEDED, ["diagnose_nothing"])


def test_a_damaged_log_is_told(make_context: Make, keys: Keys) -> None:
    context = make_context("diagnose")
    (context.run_folder / "export-logs" / "files").mkdir(parents=True)
    (context.run_folder / "export-logs" / "files" / "System.evtx").write_bytes(b"no log at all")
    assert "diagnose_damaged" in keys(doing("diagnose").local(context))


# -- attestation

PAPERS = {"clearinghouse_confirmation": True, "screenshots": True, "decommissioning": True}


def attached(context: Context, name: str = "paper.txt") -> dict[str, Any]:
    path = paper(context, f"attachments/attestation/{name}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"path": path.relative_to(context.case_folder).as_posix(), "sha256": digest, "size": path.stat().st_size}


def test_all_papers_attached(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    context = make_context()
    files = [attached(context, name) for name in ("a.txt", "b.txt", "c.txt")]
    verdict = doing("attestation").manual(context, [confirm(attachments=files, **PAPERS)])
    assert (verdict.status, keys(verdict)) == (Status.SUCCEEDED, ["attestation_done"])


def test_papers_may_come_in_several_entries(make_context: Make, confirm: Confirm) -> None:
    context = make_context()
    entries = [
        confirm(1, attachments=[attached(context, "a.txt")], clearinghouse_confirmation=True),
        confirm(2, attachments=[attached(context, "b.txt")], screenshots=True),
        confirm(3, attachments=[attached(context, "c.txt")], decommissioning=True),
    ]
    verdict = doing("attestation").manual(context, entries)
    assert verdict.status is Status.SUCCEEDED and len(verdict.table) == 3


def test_what_is_missing_needs_a_reason(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    context = make_context()
    two = {"clearinghouse_confirmation": True, "screenshots": True, "decommissioning": False}
    silent = doing("attestation").manual(context, [confirm(attachments=[attached(context)], **two)])
    assert silent.status is Status.WAITING
    assert keys(silent) == ["attestation_lacks_decommissioning", "attestation_say_why"]
    said = doing("attestation").manual(context, [confirm(attachments=[attached(context)], note="REHEARSAL", **two)])
    assert said.status is Status.FINDING and keys(said)[-1] == "attestation_reason"


def test_announced_but_not_attached_waits(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    assert keys(doing("attestation").manual(make_context(), [confirm(**PAPERS)])) == ["attestation_no_file"]
    assert keys(doing("attestation").manual(make_context(), [])) == ["attestation_waiting"]


@pytest.mark.parametrize(
    ("way", "papers", "key"),
    [
        ({"told": {"install-packs": {"way": "cim"}}}, ["clearinghouse_confirmation", "decommissioning"], "_cim"),
        ({"told": {"install-packs": {"way": "wizard-migrate"}}}, [*PAPERS], ""),
        ({"status": {"clearinghouse": Status.SKIPPED}}, ["decommissioning"], "_nothing_asked"),
    ],
    ids=["by a script", "in the wizard", "nothing asked"],
)
def test_no_paper_is_asked_for_that_the_way_does_not_leave(
    way: dict[str, Any], papers: list[str], key: str, make_context: Make, confirm: Confirm, keys: Keys
) -> None:
    context = make_context(**way)
    assert keys(doing("attestation").manual(context, [])) == [f"attestation_waiting{key}"]
    given = confirm(attachments=[attached(context) for _ in papers], **{name: name in papers for name in PAPERS})
    assert doing("attestation").manual(context, [given]).status is Status.SUCCEEDED


def test_an_attachment_that_was_changed_fails(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    context = make_context()
    file = attached(context)
    paper(context, file["path"], "other")
    assert keys(doing("attestation").manual(context, [confirm(attachments=[file], **PAPERS)])) == ["attestation_gone"]


# -- checklist and licence sheet


def test_the_whole_checklist_is_ticked_when_every_step_is_done() -> None:
    statuses = {step.id: Status.SUCCEEDED for step in reference.steps()}
    for lang in sentences.LANGS:
        ticked = checklist(statuses, lang)
        assert len(ticked) == 9 and all(tick.ticked for tick in ticked)
        assert all(tick.why for tick in ticked)


def test_a_line_needs_all_its_steps_and_says_which_are_open() -> None:
    for item in reference.checklist():
        for step in item.steps:
            statuses = dict.fromkeys(item.steps, Status.SUCCEEDED) | {step: Status.WAITING}
            tick = checklist(statuses, "en", (item,))[0]
            assert not tick.ticked and reference.step(step).title.en in tick.why
    assert not any(tick.ticked for tick in checklist({}, "fr"))


@pytest.mark.parametrize(
    ("idle", "lines"),
    [
        (("call-sheet", "clearinghouse", "install-packs"), {"wizard": True, "call": None, "install": True}),
        (("hosts-policy", "hosts-configure", "gpupdate", "hosts-verify"), {"hosts": None, "diagnoser": True}),
        (("hosts-policy", "gpupdate", "hosts-verify"), {"hosts": True, "diagnoser": True}),  # the policy was edited
        (("network",), {"network": False}),  # a step that always has its place is only open
        (("backup", "attestation"), {"backup": False}),
    ],
)
@pytest.mark.parametrize("other", [Status.SUCCEEDED, Status.WAITING])
def test_what_has_no_place_in_a_case_is_not_open_for_ever(
    idle: tuple[str, ...], lines: dict[str, bool | None], other: Status
) -> None:
    statuses = dict.fromkeys((step.id for step in reference.steps()), other) | dict.fromkeys(idle, Status.SKIPPED)
    for lang in sentences.LANGS:
        told = {tick.item.id: tick for tick in checklist(statuses, lang)}
        for line, ticked in lines.items():
            tick = told[line]
            assert tick.ticked is (ticked if other is Status.SUCCEEDED or ticked is None else False), line
            named = [reference.step(step).title.of(lang) for step in tick.item.steps if step in idle]
            assert all(title in tick.why for title in named), "what was skipped is named, open or without place"
            if tick.ticked:
                whole = checklist(dict.fromkeys(tick.item.steps, Status.SUCCEEDED), lang, (tick.item,))
                assert tick.text != whole[0].text, "the tick stands for less"


def test_a_tick_says_only_what_was_seen_and_names_what_was_said_and_what_nobody_saw() -> None:
    """An auditor found "system state backed up" ticked though only the database's folder had been copied."""
    statuses = {step.id: Status.SUCCEEDED for step in reference.steps()}
    for lang, state, wizard in (("fr", "état du système", "assistant ouvert"), ("en", "system state", "wizard open")):
        ticked = {tick.item.id: tick for tick in checklist(statuses, lang)}
        for line, claim in (("backup", state), ("wizard", wizard)):
            assert claim not in ticked[line].text
            assert claim in ticked[line].why.split(":")[-1]  # after "not seen from here"
        attestation = reference.step("attestation").title.of(lang)
        backup = reference.step("backup").title.of(lang)
        assert ticked["backup"].why.index(backup) < ticked["backup"].why.index(attestation)
    manual = {step.id for step in reference.steps() if step.kind == "manual" and step.id != "activate"}
    for item in reference.checklist():
        assert {step for step in item.steps if step in ON_WORD} == {step for step in item.steps if step in manual}


def test_papers_that_nobody_attached_do_not_tick(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    verdict = doing("attestation").manual(make_context(), [confirm(note="REHEARSAL", **PAPERS)])
    assert verdict.status is Status.FINDING and not ticks("attestation", verdict.status)
    assert keys(verdict)[-1] == "attestation_reason"


def test_fewer_files_than_papers_tick_only_with_a_word_on_it(make_context: Make, confirm: Confirm, keys: Keys) -> None:
    context = make_context()
    one = [attached(context)]
    verdict = doing("attestation").manual(context, [confirm(attachments=one, **PAPERS)])
    assert verdict.status is Status.FINDING and keys(verdict) == ["attestation_done", "attestation_fewer"]
    assert verdict.lines[1].fields | {"case": ""} == {"papers": 3, "files": 1, "case": ""}
    said = doing("attestation").manual(context, [confirm(attachments=one, note="one PDF holds all three", **PAPERS)])
    assert said.status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("step", "facts", "line", "not_said"),
    [
        ("clearinghouse", {"channel": "automatic"}, "call", "key pack IDs for all"),
        ("install-packs", {"way": "cim"}, "install", "in the wizard"),
        ("proofs", {"packs": 2}, "proofs", "copied with their hashes"),
        ("call-sheet", {"files": ["private/letter.txt"]}, "wizard", "with the target License Server ID"),
    ],
)
def test_a_tick_stands_for_the_way_that_was_gone(step: str, facts: dict[str, Any], line: str, not_said: str) -> None:
    statuses = {step.id: Status.SUCCEEDED for step in reference.steps()}
    usual = {tick.item.id: tick.text for tick in checklist(statuses, "en")}
    gone = {tick.item.id: tick.text for tick in checklist(statuses, "en", ways=[way_gone(step, facts)])}
    assert not_said in usual[line] and not_said not in gone[line]
    assert {name for name in usual if usual[name] != gone[name]} == {line}


@pytest.mark.parametrize("facts", [{}, {"packs": 2, "missing": 1}, {"packs": 2, "files": [dict.fromkeys(KEPT, "x")]}])
def test_a_reason_for_no_proof_is_told_where_each_pack_has_one_only(facts: dict[str, Any]) -> None:
    assert way_gone("proofs", facts) == "" == way_gone("call-sheet", {})


@pytest.mark.parametrize(
    ("step", "status", "ticked"),
    [
        ("hosts-verify", Status.NOT_JUDGED, False),
        ("hosts-verify", Status.SUCCEEDED, True),
        ("test-logon", Status.SKIPPED, False),
        ("network", Status.FINDING, True),
        ("hosts-policy", Status.FINDING, True),
        ("hosts-policy", Status.NOT_JUDGED, False),
        ("key-packs-after", Status.FINDING, False),
        ("proofs", Status.FINDING, False),
        ("backup", Status.ALREADY_DONE, True),
        ("backup", Status.UNKNOWN, False),
    ],
)
def test_what_ticks(step: str, status: Status, ticked: bool) -> None:
    assert ticks(step, status) is ticked


FACTS = {
    "license-server": {"activation_status": 0, "license_server_id": "…SRV01", "database_path": "C:\\lserver"},
    "clearinghouse": {
        "result": "issued",
        "at": "2024-01-09 10:20",
        "reference": "REF-1",
        "packs": [{"id": "…PACK1", "count": 40}],
    },
    "install-packs": {"way": "wizard-migrate"},
    "key-packs-after": {"counted_before": 0, "counted_after": 40, "expected": 40},
    "backup": {"destination": "D:\\Backups\\20240110"},
    "hosts-verify": {"right": ["RDSH01.corp.example"]},
    "source-lost": {"approved_by": "A", "ticket": "C-1"},
}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_licence_sheet_is_masked_and_whole(lang: str, make_context: Make) -> None:
    whole = "REHEA" * 7
    case = {"lost_servers": [{"name": "OLD1", "server_id": whole}]}
    context = make_context(case=case, lang=lang, told=FACTS, rehearsal=True)
    text = to_text(inventory.sheet(context)) + to_html(inventory.sheet(context))
    for shown in (
        "…SRV01",
        "…PACK1",
        "REF-1",
        "D:\\Backups\\20240110",
        "…REHEA",
        "RDSH01.corp.example",
        "REHEARSAL Reseller",
    ):
        assert shown in text, shown
    for hidden in (whole, "REHEARSAL-77", "rehearsal@corp.example"):
        assert hidden not in text, hidden


def test_the_licence_sheet_of_a_new_case_says_what_is_not_known(make_context: Make) -> None:
    rows = {label: value for _, group in inventory.inventory(make_context()) for label, value in group}
    assert rows["Key packs received"] == rows["Backup"] == "not known yet"


def test_the_licence_sheet_never_mixes_what_was_said_with_what_was_read(make_context: Make) -> None:
    def labels(facts: dict[str, Any]) -> dict[str, set[str]]:
        groups = inventory.inventory(make_context(lang="en", told=facts))
        return {source: {label for label, _ in rows} for source, rows in groups}

    found = labels(FACTS)
    assert found["According to a person"] == {"Approval", "Reissue", "Key packs received", "Way of installing"}
    assert {"License Server ID", "CALs installed", "Backup", "Session hosts verified"} <= found["Read by the commands"]
    unchecked = labels({name: facts for name, facts in FACTS.items() if name != "hosts-verify"})
    assert "Authorised servers" in unchecked["According to the case file"] - unchecked["Read by the commands"]
