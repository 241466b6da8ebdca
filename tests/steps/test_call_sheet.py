"""The call sheet and the letter: what they must carry, what they must never carry, where they lie."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runbook.journal.context import Context, private_file
from runbook.journal.outcome import Status
from runbook.knowledge import reference
from runbook.papers.paper import Grid, Identifier, Pairs, Prose, Section, Sheet, spell, to_html, to_text
from runbook.steps.registry import doing
from runbook.words.sentences import LANGS, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Make = Callable[..., Context]
SERVER_ID = "REHEARSALONLYLICENSESERVERID00SRV01"
GROUPS = "REHEA-RSALO-NLYLI-CENSE-SERVE-RID00-SRV01"
ACTIVATED = {"license-server": {"activation_status": 0, "license_server_id": "…SRV01", "product_id": "…PID01"}}
NOT_YET = {"license-server": {"activation_status": 1, "license_server_id": "", "product_id": "…PID01"}}


def know(context: Context, run: int = 1, **fields: Any) -> None:
    folder = context.case_folder / "private"
    folder.mkdir(exist_ok=True)
    path = folder / f"license-server-r{run:02d}.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(fields).encode())


def written(context: Context) -> dict[str, str]:
    verdict = doing("call-sheet").local(context)
    assert verdict.status is Status.SUCCEEDED
    return {name: (context.case_folder / name).read_text(encoding="utf-8") for name in verdict.told["files"]}


def flat(text: str) -> str:
    """The text without line breaks, wrapping marks and tags."""
    bare = re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL).replace("\n  >", "\n")
    return re.sub(r"[ \n]+", " ", bare)


def test_four_private_files_for_the_owner_alone(make_context: Make) -> None:
    context = make_context("call-sheet", told=ACTIVATED)
    know(context, ProductId="REHEARSAL-PID01", LicenseServerId=SERVER_ID)
    names = written(context)
    assert sorted(names) == [f"private/{n}" for n in ("call-sheet.html", "call-sheet.txt", "letter.html", "letter.txt")]
    assert not list(context.step_folder.iterdir()), "nothing of it is evidence"
    if os.name == "posix":
        for name in names:
            assert (context.case_folder / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_sheet_carries_what_is_read_out(lang: str, make_context: Make) -> None:
    context = make_context("call-sheet", lang=lang, told=ACTIVATED)
    know(context, ProductId="REHEARSAL-PID01", LicenseServerId=SERVER_ID)
    for name, text in written(context).items():
        shown = flat(text)
        for fact in (
            "RDLIC01.corp.example",
            "OLD1.corp.example",
            "REHEARSAL-77",
            "one.txt",
            "2 × 20",
            "REHEARSAL Reseller",
        ):
            assert fact in shown, (name, fact)
        if "call-sheet" in name:
            assert "Romeo Echo Hotel Echo Alfa" in shown and "SRV01" in shown
            assert "runbook confirm case-2024-01 clearinghouse" in shown
        else:
            assert GROUPS in shown


def test_facts_and_sentences_hold_no_identifier_in_full(make_context: Make) -> None:
    context = make_context("call-sheet", told=ACTIVATED)
    know(context, ProductId="REHEARSAL-PID01", LicenseServerId=SERVER_ID)
    assert SERVER_ID not in repr(doing("call-sheet").local(context)).replace("-", "")


@pytest.mark.parametrize("lang", LANGS)
def test_each_result_that_a_call_can_have_has_its_box_on_paper(lang: str) -> None:
    boxes = say("sheets.call_results", lang).split("|")
    asked = next(ask for ask in reference.step("clearinghouse").asks if ask.id == "result")
    for choice in asked.choices:
        word = say(f"steps.result_{choice.id}", lang)
        assert any(box.startswith(word) for box in boxes), choice.id


def test_no_telephone_number_is_printed(make_context: Make) -> None:
    case = {"operator": {"name": "REHEARSAL"}}
    for text in written(make_context("call-sheet", case=case, told=ACTIVATED)).values():
        assert not re.search(r"\d[\d .-]{7,}\d", re.sub(r"\d{4}-\d\d-\d\d|case-2024-01", "", flat(text)))


def test_before_the_activation_the_product_id_is_dictated_and_boxes_wait(make_context: Make) -> None:
    context = make_context("call-sheet", told=NOT_YET)
    know(context, ProductId="REHEARSAL-PID01", LicenseServerId=None)
    verdict = doing("call-sheet").local(context)
    assert [line.key for line in verdict.lines] == ["steps.sheet_written", "steps.sheet_no_server_id"]
    texts = written(context)
    assert "REHEARSAL-PID01" in texts["private/call-sheet.txt"]
    # The answer to the activation, the server's own ID, and one for each pack.
    assert texts["private/call-sheet.html"].count('class="boxes"') == 4
    assert "[to be filled in]" in texts["private/letter.txt"]


def test_the_newest_reading_counts_then_what_a_person_entered(make_context: Make) -> None:
    context = make_context("call-sheet", told=ACTIVATED, confirms={"activate": [{"entry": 1}]})
    know(context, run=2, ProductId="P", LicenseServerId=SERVER_ID[:-1] + "2")
    know(context, run=10, ProductId="P", LicenseServerId=SERVER_ID[:-1] + "3")
    assert GROUPS[:-1] + "3" in written(context)["private/letter.txt"]
    for path in (context.case_folder / "private").glob("license-server-*"):
        path.unlink()
    entered = json.dumps({"license_server_id": GROUPS})
    private_file(context.case_folder, "activate", 1).write_text(entered, encoding="utf-8")
    assert GROUPS in written(context)["private/letter.txt"]


@pytest.mark.parametrize("method", ["telephone", "web", "automatic"])
@pytest.mark.parametrize("wizard", ["migrate", "install"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_way_has_its_sheet(method: str, wizard: str, lang: str, make_context: Make) -> None:
    case = {"clearinghouse": {"method": method, "wizard": wizard}}
    for facts in (ACTIVATED, NOT_YET):
        text = written(make_context("call-sheet", case=case, lang=lang, told=facts))["private/call-sheet.txt"]
        assert ("licmgr.exe" in text) and ("_ _ _ _ _" in text or method == "automatic")


def test_a_second_call_refers_to_the_first_and_to_the_ticket(make_context: Make) -> None:
    confirms = {
        "clearinghouse": [{"fields": {"reference": "REF-1"}}],
        "escalate": [{"fields": {"ticket": "TICKET-1"}}],
    }
    for text in written(make_context("call-sheet", told=ACTIVATED, confirms=confirms)).values():
        assert "REF-1" in text and "TICKET-1" in text


def test_a_rehearsal_is_stamped(make_context: Make) -> None:
    for text in written(make_context("call-sheet", told=ACTIVATED, rehearsal=True)).values():
        assert "REHEARSAL – nothing happened" in text
    for text in written(make_context("call-sheet", told=ACTIVATED)).values():
        assert "nothing happened" not in text


def test_french_is_french(make_context: Make) -> None:
    for text in written(make_context("call-sheet", lang="fr", told=ACTIVATED)).values():
        shown = flat(text)
        assert " :" not in shown.replace("\u00a0:", "") and "'" not in shown
        for word in ("Clearinghouse publishes", "License Server ID of", "Proofs", "Hello"):
            assert word not in shown


def test_names_from_the_case_are_escaped(make_context: Make) -> None:
    context = make_context("call-sheet", case={"company": "<b>A & B</b>"}, told=ACTIVATED)
    html = written(context)["private/call-sheet.html"]
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html and "<b>A" not in html


class _Outside(HTMLParser):
    """Collects scripts and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe"):
            self.found.append(tag)
        self.found += [f"{name}={value}" for name, value in attrs if name in ("src", "href") or name.startswith("on")]


def test_the_page_stands_alone(make_context: Make) -> None:
    for name, text in written(make_context("call-sheet", told=ACTIVATED)).items():
        if name.endswith(".html"):
            parser = _Outside()
            parser.feed(text)
            assert parser.found == [] and "url(" not in text and "@import" not in text


# -- the sheet itself


def test_text_keeps_its_width_and_its_no_break_spaces() -> None:
    prose = Prose("mot\u00a0: " * 60)
    sheet = Sheet("fr", "T", "S", (Section("A", (prose, Prose("x" * 200, "warn"))),))
    lines = to_text(sheet).splitlines()
    assert all(len(line) <= 92 or "x" * 200 in line for line in lines)
    assert not any(line.lstrip().startswith(":") for line in lines)


def test_an_identifier_is_read_out_or_filled_in() -> None:
    read, empty = Identifier("L", SERVER_ID), Identifier("L", after="CALs")
    assert read.groups == GROUPS.split("-") and empty.groups == [""] * 7
    assert spell("A1Z") == "Alfa 1 Zulu"
    sheet = Sheet("en", "T", "S", (Section("A", (empty, Pairs((("a", ""), ("b", "1\n2"))), Grid(("h",), (("c",),)))),))
    assert to_text(sheet).count("_ _ _ _ _") == 7 and "CALs" in to_text(sheet)
    assert to_html(sheet).count("<i></i>") == 35 and 'class="blank"' in to_html(sheet)


#: How far the widest piece of a paper stands out over its section, in pixels.
OVER = """() => { const edge = document.querySelector("section").getBoundingClientRect().right;
  return Math.max(...[...document.querySelectorAll("main *")].map(e => e.getBoundingClientRect().right - edge)); }"""


@pytest.mark.parametrize("lang", LANGS)
def test_the_sheet_takes_two_sides_and_the_letter_one(
    lang: str, make_context: Make, tmp_path: Path, chromium: Browser, need: Callable[..., str]
) -> None:
    """A signature alone on a second sheet, or two lines on a third, are left in the printer."""
    context = make_context("call-sheet", lang=lang, told=ACTIVATED)
    know(context, ProductId="REHEARSAL-PID01", LicenseServerId=SERVER_ID)
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    for name, text in written(context).items():
        if not name.endswith(".html"):
            continue
        page.set_content(text)
        assert page.evaluate(OVER) < 1, "a box stands over the edge of the sheet"
        for paper in ("A4", "Letter"):
            page.pdf(path=(pdf := tmp_path / f"{paper}.pdf"), format=paper)
            told = subprocess.run([need("pdfinfo"), pdf], capture_output=True, check=True).stdout.decode()
            sides = int(re.search(r"Pages:\s+(\d+)", told)[1])  # type: ignore[index]
            assert sides == (2 if "sheet" in name else 1), (name, paper)
    page.close()
