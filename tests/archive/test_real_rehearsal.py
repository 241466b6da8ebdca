"""Everything again on a case that the runbook really executed: the nominal rehearsal, both its runs."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bagit
import pytest
from made_case import digest, files_of, make_case

from runbook.archive.diff import diff
from runbook.archive.register import register
from runbook.archive.seal import seal
from runbook.archive.verify import verify
from runbook.journal.story import read_story
from runbook.record import report
from runbook.record.answer import answer, questions
from runbook.record.contents import contents, kind_of
from runbook.record.limitations import doubts
from runbook.record.views import attempt_view
from runbook.redaction.redact import redact
from runbook.steps.dated_copies import CopiedFile
from runbook.words.sentences import LANGS, data_root, read_yaml, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

logging.getLogger("bagit").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rehearsal")
    call = [sys.executable, "-m", "runbook.cli", "--lang", "fr", "rehearse", "nominal"]
    done = subprocess.run(
        call, cwd=root, env={**os.environ, "RUNBOOK_HOME": str(root)}, capture_output=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return root


def test_it_is_sealed_verified_and_shown(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    sealed = seal(case, workspace / "archive")
    assert sealed.bag.name == "rehearsal-nominal-REHEARSAL"
    report = verify(sealed.bag, sealed.seal)
    assert report.ok, report.text("en")
    bagit.Bag(str(sealed.bag)).validate()
    for lang in ("fr", "en"):
        page = (sealed.bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        assert "REHEARSAL" in page and "<script" not in page
        for step in read_story(case).runs[-1].steps:
            assert f'id="r02-{step}"' in page
        assert "steps." not in page.replace("steps.json", ""), "a sentence has no words in this language"
    assert not (sealed.bag / "data" / "run.holder.json").exists()


def test_a_hash_has_one_form_wherever_somebody_compares(workspace: Path) -> None:
    """Get-FileHash writes capitals; sha256sum and the archive's lists do not. What the server said stays as it came."""
    case = workspace / "cases" / "rehearsal-nominal"
    (said,) = (case / "r02" / "backup").glob("out.json")
    came = re.findall(r'"([0-9A-F]{64})"', said.read_text(encoding="utf-8-sig"))
    journal = (case / "journal.jsonl").read_text(encoding="utf-8")
    told = re.findall(r'"([0-9A-Fa-f]{64})"', journal)
    assert came and len(told) > 100 and not [each for each in told if each != each.lower()]
    for each in came:
        assert each.lower() in told and CopiedFile(name="TLSLic.edb", size=1, sha256=each).sha256 == each.lower()
        for notebook in case.glob("r*/*.ipynb"):
            assert each not in notebook.read_text(encoding="utf-8")


def test_what_a_person_entered_is_told_as_theirs(workspace: Path) -> None:
    """Nobody but who telephoned heard what was reissued; nobody but who tried it saw the session open."""
    case = workspace / "cases" / "rehearsal-nominal"
    rows = {lang: [*answer(read_story(case), lang), *questions(read_story(case), lang)] for lang in LANGS}
    for lang, told in {
        "fr": ("D’après le contact saisi, le Clearinghouse a réémis 40 CAL", "D’après rehearsal (",
               "approuvé par REHEARSAL"),
        "en": ("According to the contact that was entered, the Clearinghouse reissued 40", "According to rehearsal (",
               "approved by REHEARSAL"),
    }.items():  # fmt: skip
        text = " ".join(said for _, said in rows[lang])
        for sentence in told:
            assert sentence in text, (lang, sentence)


#: Every sentence that says how something went which only a person saw.
HEARD = (
    "record.ask_twice_call", "record.answer_logon", "record.answer_approved", "record.ask_operator",
    "record.ask_approver", "steps.source_lost", "steps.source_approved", "steps.clearinghouse_again",
    "steps.clearinghouse_not_found", "steps.clearinghouse_refused", "steps.clearinghouse_call_back",
    "steps.clearinghouse_recording", "steps.clearinghouse_no_id", "steps.clearinghouse_issued",
    "steps.clearinghouse_fewer", "steps.clearinghouse_more", "steps.clearinghouse_rest_equal",
    "steps.clearinghouse_rest_fewer", "steps.clearinghouse_rest_more", "steps.clearinghouse_automatic",
    "steps.escalate_again", "steps.escalate_done", "steps.install_way_wizard_migrate",
    "steps.install_way_wizard_install", "steps.install_way_automatic", "steps.install_way_cim",
    "steps.configured_gpo", "steps.configured_broker", "steps.logon_refused", "steps.logon_diagnoser",
    "steps.logon_done",
)  # fmt: skip


@pytest.mark.parametrize("key", HEARD)
def test_a_sentence_about_what_only_a_person_saw_says_whose_word_it_is(key: str) -> None:
    room, _, word = key.partition(".")
    both = read_yaml(f"words/{room}")[word]
    assert re.search("[Dd]’après|Déclaré par", both["fr"]) and re.search("[Aa]ccording to|Stated by", both["en"])


@pytest.mark.parametrize("number", [89, 90, 91, 92, 93])
def test_an_event_is_told_no_further_than_it_shows(number: int) -> None:
    """The event shows what was chosen in the wizard, and what Windows says of it; never that the old server is gone."""
    for lang, vouch, claims in (
        ("fr", "Windows dit|d’après Windows|a été choisi", "prouve|[Mm]igration terminée"),
        ("en", "Windows says|according to Windows|was chosen", "prove|[Mm]igration completed"),
    ):
        told = read_yaml("words/steps")[f"event_{number}"][lang]
        assert re.search(vouch, told) and not re.search(claims, told), told


@pytest.mark.parametrize("lang", LANGS)
def test_durations_of_playing_are_told_apart_from_the_recordings(workspace: Path, lang: str) -> None:
    story = read_story(workspace / "cases" / "rehearsal-nominal")
    (backup,) = story.runs[-1].steps["backup"]
    assert attempt_view(story, "backup", backup, lang).took.endswith({"fr": "s de lecture", "en": "s of playing"}[lang])
    stopped = dict(questions(story, lang))[say("record.ask_stopped", lang)]
    assert {"fr": "Dans l’enregistrement", "en": "In the recording"}[lang] in stopped and "5\u00a0s" in stopped
    assert {"fr": "de lecture", "en": "of playing"}[lang] in doubts(story, lang)[0][1]


def test_every_kind_of_file_in_the_archive_is_explained_in_the_record(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    bag = seal(case, workspace / "archive").bag
    listed = [line[66:] for line in (bag / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()]
    strange = [path for path in listed if kind_of(path.removeprefix("data/")) is None]
    assert len(listed) > 200 and not strange
    story = read_story(case)
    for lang in LANGS:
        rows = dict(contents(story, "full", lang))
        page = (bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        assert all(f"<td><code>{name}</code></td>" in page for name in rows)
        assert {"private/", "rehearsal-effects.txt", "rNN/*/plan.json", "VERIFIER.txt"} <= rows.keys()
        beside = {path.name for path in bag.iterdir() if path.is_file()}
        assert all(any(name in row for row in rows) for name in beside)
    (case / "notes.odt").write_bytes(b"x")
    (case / ".half.part").write_bytes(b"x")
    try:
        rows = dict(contents(story, None, "en"))
        assert "neither wrote nor judged" in rows["notes.odt"] and ".half.part" not in rows and "bagit.txt" not in rows
    finally:
        (case / "notes.odt").unlink()
        (case / ".half.part").unlink()


def test_its_redacted_copy_verifies_and_names_nobody(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    copy = redact(case, workspace / "archive")
    assert verify(copy.bag, copy.seal).origin == "proven"
    bagit.Bag(str(copy.bag)).validate()
    for file in files_of(copy.bag):
        raw = file.read_bytes().lower()
        for value in (b"corp.example", b"rdlic01", b"rdlic-old1", b"rehea-rsal", b"192.0.2.10"):
            assert value not in raw, f"{value!r} in {file.name}"
    assert any("gpresult" in path for path in copy.withheld)
    assert any(path.startswith("proofs/") for path in copy.withheld)
    page = (copy.bag / "data" / "record.en.html").read_text(encoding="utf-8")
    assert '<span class="bad-text">missing</span>' not in page, "a proof that stayed inside is withheld"
    out = {digest(file) for file in files_of(copy.bag)}
    inside = {digest(file) for file in files_of(case)} - out
    texts = [file.read_bytes().decode("utf-8", "replace").lower() for file in files_of(copy.bag)]
    assert len(inside) > 30 and not [plain for plain in inside if any(plain in text for text in texts)]


def test_whom_a_rehearsals_case_names_is_a_token_but_for_the_recordings_own_nobody(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    copy = redact(case, tmp_path / "archive").bag
    text = (copy / "data" / "case.yml").read_text(encoding="utf-8")
    assert "Exemplaire" not in text and "99 00 00 01" not in text and "PERSON0" in text and "PHONE0" in text
    told = (copy / "REDACTED.txt").read_text(encoding="utf-8-sig")
    assert told.count("REHEARSAL") >= 2 and told.count("+00 00 00 00 00") == 2, "what stays is said, in both languages"
    for notebook in (data_root() / "notebooks" / "rehearsals").glob("*/case.yml"):
        held = notebook.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:operator|approval): \{name: ([^,}]+)", held)) <= {"REHEARSAL"}
        assert set(re.findall(r'phone: "([^"]+)"', held)) <= {"+00 00 00 00 00"}


def test_its_page_fits_a_telephone(workspace: Path, chromium: Browser, tmp_path: Path) -> None:
    """A path in a sentence is longer than a telephone is wide; a table scrolls in itself, and on a screen it fits."""
    for page in report.write(workspace / "cases" / "rehearsal-nominal", out=tmp_path):
        for width in (320, 375, 1280):
            sheet = chromium.new_page(viewport={"width": width, "height": 900})
            sheet.goto(page.as_uri())
            assert sheet.evaluate("document.documentElement.scrollWidth") <= width
            wide = sheet.evaluate("document.querySelector('table.changes').getBoundingClientRect().right")
            assert wide <= sheet.evaluate("document.querySelector('table.grid').getBoundingClientRect().right") + 1
            sheet.close()


def test_its_papers_can_be_read_on_a_telephone(workspace: Path, chromium: Browser) -> None:
    """A label beside its value leaves the value a few letters a line there: it stands above."""
    page = chromium.new_page(viewport={"width": 375, "height": 800})
    page.goto((workspace / "cases" / "rehearsal-nominal" / "private" / "call-sheet.html").as_uri())
    widths = page.evaluate("[...document.querySelectorAll('.pairs td')].map(e => e.getBoundingClientRect().width)")
    assert widths and min(widths) > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def test_its_runs_compare_and_the_register_has_it(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    found = {step.step: (step.left, step.right) for step in diff(case / "r01", case / "r02").steps if not step.same}
    assert found["clearinghouse"] == ("waiting", "succeeded")
    assert any(row.case == "rehearsal-nominal" and row.cals == 40 for row in register(workspace).rows)
