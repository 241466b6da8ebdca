"""The record: whole, harmless, in both languages, and printable."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from made_case import clock, make_case

from runbook import record
from runbook.errors import RunbookError
from runbook.journal import Journal
from runbook.record.clean import clean_html, clean_svg
from runbook.record.pdf import find_browser, print_pdf
from runbook.record.wording import duration, moment, phrase

VOID = {"br", "hr", "img", "meta", "col", "link", "input"}


class Reader(html.parser.HTMLParser):
    """What a page contains that runs or loads, its headings, anchors and unclosed tags."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form"):
            self.active.append(tag)
        for name, content in attrs:
            loads = name in ("src", "data", "srcset") and not (content or "").startswith("data:image/")
            if name.startswith("on") or loads:
                self.active.append(f"{tag} {name}={content}")
            if name == "style" and "url(" in (content or ""):
                self.active.append(f"{tag} style")
            if name == "id":
                assert content not in self.ids, f"id {content} twice"
                self.ids.add(content or "")
            if name == "href" and (content or "").startswith("#") and tag == "a":
                self.links.add((content or "")[1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def read(path: Path) -> Reader:
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", page), "the style sheet loads something"
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = make_case(tmp_path_factory.mktemp("record") / "cases", edited=True)
    record.write(case, clock=clock("2024-03-01T10:00:00+00:00"))
    return case


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_page_is_whole_and_harmless(case: Path, lang: str) -> None:
    page = read(case / f"record.{lang}.html")
    assert page.active == []
    assert page.open == []
    assert page.links <= page.ids, page.links - page.ids
    for run in ("r01", "r02"):
        for step in ("license-server", "key-packs", "clearinghouse", "point-hosts"):
            assert f"{run}-{step}" in page.ids


def test_both_languages_come_from_one_journal(case: Path) -> None:
    fr, en = read(case / "record.fr.html").text, read(case / "record.en.html").text
    for text in (fr, en):
        assert "Get-CimInstance -ClassName Win32_TSLicenseServer" in text, "the exact command"
        assert "hexemplaire@RDLS-NEUF" in text and "Rodolphe Zéphyrin" in text
        assert "ligne 39 de RDSH-PARIS" in text, "what came back"
    assert "Procès-verbal d’exécution" in fr and "01/02/2024" in fr and "1,2\u00a0s" in fr
    assert "Execution record" in en and "2024-02-01" in en and "1.2\u00a0s" in en
    assert "a été modifié dans le carnet" in fr and "was edited in the notebook" in en
    assert "REHEARSAL" not in en and "RÉPÉTITION" not in fr


def test_long_output_is_folded_and_full_unfolds_it(case: Path, tmp_path: Path) -> None:
    folded = (case / "record.en.html").read_text(encoding="utf-8")
    assert re.search(r'<details class="long"><summary>Standard output', folded)
    (full,) = record.write(case, "en", full=True, out=tmp_path)
    page = full.read_text(encoding="utf-8")
    assert "<details" in page and not re.search(r"<details(?![^>]* open)", page)


def test_a_rehearsal_is_stamped(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    for lang, path in zip(("fr", "en"), record.write(case), strict=True):
        page = path.read_text(encoding="utf-8")
        assert re.search(r"<title>[^<]*REHEARSAL", page), lang
        assert '<div class="watermark"' in page


def test_evidence_that_changed_is_told(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    (case / "r02" / "key-packs" / "out.json").write_bytes(b"[]")
    (case / "r02" / "key-packs" / "stdout.bin").unlink()
    (page,) = record.write(case, "en")
    text = page.read_text(encoding="utf-8")
    assert "changed since" in text and "missing" in text


def test_a_broken_chain_is_told_first(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    journal = case / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"RDLS-NEUF", b"RDLS-FAUX", 1))
    (page,) = record.write(case, "en")
    assert "journal&#39;s chain is broken" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, b"{", b'{"cells": 3}', b"[]"])
def test_a_lost_notebook_does_not_lose_the_record(tmp_path: Path, content: bytes | None) -> None:
    case = make_case(tmp_path / "cases")
    notebook = case / "r02" / "migrate.ipynb"
    notebook.unlink()
    if content is not None:
        notebook.write_bytes(content)
    (page,) = record.write(case, "en")
    assert "r02-key-packs" in read(page).ids
    assert "comes from the journal and the evidence" in read(page).text


def test_a_begin_without_an_end_is_unknown(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", close_last=False)
    Journal(case / "journal.jsonl", clock("2024-02-03T00:00:00+00:00")).append(
        "begin", run="r02", step="restart", kind="change", attempt=1, script_sha256="0" * 64, edited=False, time_limit=5
    )
    (page,) = record.write(case, "en")
    text = read(page).text
    assert "end never noted" in text and "unknown" in text and "not closed" in text


def test_what_comes_from_a_notebook_is_cleaned() -> None:
    dirty = (
        "<p onclick=x()>a</p><script>steal()</script><style>p{}</style><img src=http://x/y.png>"
        "<a href='javascript:x()'>b</a><iframe src=x></iframe><img src='data:image/png;base64,AAAA'>"
        "<svg onload=x()></svg>"
    )
    clean = clean_html(dirty)
    for word in ("onclick", "script", "steal", "http://x", "javascript", "iframe", "onload", "<style"):
        assert word not in clean, word
    assert "data:image/png;base64,AAAA" in clean
    picture = clean_svg(
        '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script><image href="http://x"/>'
        '<a href="javascript:x()"><text>y</text></a><text id="t" fill="url(http://x)">Serveur é</text>'
        '<use href="#t"/><foreignObject><p>z</p></foreignObject></svg>',
        "a",
    )
    assert picture is not None and "Serveur é" in picture
    for word in ("onload", "script", "http://x", "foreignObject"):
        assert word not in picture, word
    assert clean_svg("<svg", "a") is None and clean_svg("<p/>", "a") is None
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    assert clean_svg(bomb, "a") is None


def test_moments_durations_and_unknown_sentences() -> None:
    assert moment("2026-01-31T08:15:00.123Z", "en") == "2026-01-31\u00a008:15:00\u00a0UTC"
    assert moment("2026-01-31T09:15:00+01:00", "fr") == "31/01/2026\u00a008:15:00\u00a0UTC"
    assert moment("hier", "fr") == "hier" and moment(None, "en") == "–"
    assert [duration(s, "en") for s in (0.04, 59.6, 185, 7800)] == [
        "0.0\u00a0s", "1\u00a0min\u00a000\u00a0s", "3\u00a0min\u00a005\u00a0s", "2\u00a0h\u00a010\u00a0min",
    ]  # fmt: skip
    assert phrase("nowhere.at_all", "fr", {"a": 1}) == 'nowhere.at_all {"a": 1}'


def test_nothing_run_has_no_record(tmp_path: Path) -> None:
    with pytest.raises(RunbookError):
        record.write(tmp_path)


def test_without_a_browser_the_operator_is_told_how(tmp_path: Path) -> None:
    assert find_browser({}, lambda _: None) is None
    with pytest.raises(RunbookError, match="Ctrl"):
        print_pdf(tmp_path / "x.html", tmp_path / "x.pdf", "fr", browser=tmp_path / "missing.exe")


def test_edge_is_found_where_windows_puts_it(tmp_path: Path) -> None:
    edge = tmp_path / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.write_bytes(b"")
    assert find_browser({"ProgramFiles(x86)": str(tmp_path)}, lambda _: None) == edge


def test_the_pdf_has_numbered_stamped_pages(tmp_path: Path) -> None:
    if find_browser() is None or shutil.which("pdftotext") is None:
        pytest.skip("needs a Chromium browser and pdftotext")
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    pages, pdf = record.write(case, "en", pdf=True, full=True)
    assert pages.suffix == ".html" and pdf.suffix == ".pdf"
    assert not list(case.glob(".record*")), "nothing half made stays"
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    sheets = text.split("\f")[:-1]
    assert len(sheets) > 3
    for number, sheet in enumerate(sheets, 1):
        assert re.search(rf"\b{number}\s*/\s*{len(sheets)}\b", sheet), f"page {number} has no number"
        assert "REHEARSAL" in sheet, f"page {number} is not stamped"
    assert "ligne 39 de RDSH-PARIS" in text, "a PDF leaves nothing out"


def test_the_journal_is_not_touched(case: Path) -> None:
    before = (case / "journal.jsonl").read_bytes()
    record.write(case)
    assert (case / "journal.jsonl").read_bytes() == before
    assert json.loads(before.splitlines()[0])["event"] == "open"
