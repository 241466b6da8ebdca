"""The record: whole, harmless, in both languages, and printable."""

from __future__ import annotations

import hashlib
import html.parser
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from made_case import clock, make_case
from playwright.sync_api import Browser

from runbook.errors import RunbookError
from runbook.host.call import FilesHost
from runbook.journal.lines import Journal
from runbook.journal.story import read_story
from runbook.knowledge import reference
from runbook.papers.browser import find_browser, print_pdf
from runbook.record import report
from runbook.record.clean import clean_html, clean_svg
from runbook.words.forms import duration, moment, phrase

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
    report.write(case, clock=clock("2024-03-01T10:00:00+00:00"))
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
    assert "Compte rendu d’exécution" in fr and "01/02/2024" in fr and "1,2\u00a0s" in fr
    assert "Execution record" in en and "2024-02-01" in en and "1.2\u00a0s" in en
    assert "a été modifié dans le carnet" in fr and "was edited in the notebook" in en
    assert "REHEARSAL" not in en and "RÉPÉTITION" not in fr


def test_a_step_that_was_not_reached_took_no_time(case: Path) -> None:
    attempts = [attempt for tries in read_story(case).runs[0].steps.values() for attempt in tries]
    took = {attempt.status.value: attempt.seconds is not None for attempt in attempts}
    assert took == {"succeeded": True, "finding": True, "waiting": True, "not_reached": False}
    assert "(–)" not in read(case / "record.en.html").text


def test_long_output_is_folded_and_full_unfolds_it(case: Path, tmp_path: Path) -> None:
    folded = (case / "record.en.html").read_text(encoding="utf-8")
    assert re.search(r'<details class="long"><summary>Standard output', folded)
    (full,) = report.write(case, "en", full=True, out=tmp_path)
    page = full.read_text(encoding="utf-8")
    assert "<details" in page and not re.search(r"<details(?![^>]* open)", page)


def printed(page: str) -> str:
    """What a print shows: the report and its annex, not the runs one by one, nor what stands in folded details."""
    return re.sub(
        r"<details(?![^>]* open)[^>]*>.*?</details>", "", page.split('<section class="all">')[0], flags=re.DOTALL
    )


def test_what_was_changed_is_printed_with_the_files_that_prove_it(case: Path) -> None:
    """An auditor has the paper: for each change its script and what came back, by name and hash in the archive."""
    for lang, words in (("fr", "Ce qui a été modifié"), ("en", "What was changed")):
        page = printed((case / f"record.{lang}.html").read_text(encoding="utf-8"))
        change = re.search(r'id="step-point-hosts".*?</section>', page, re.DOTALL)
        assert words in page and change is not None
        for name in ("script.ps1", "out.json", "stdout.bin"):
            file = case / "r02" / "point-hosts" / name
            assert f"r02/point-hosts/{name}" in change[0]
            assert hashlib.sha256(file.read_bytes()).hexdigest() in change[0]
        assert "ligne 39 de RDSH-PARIS" not in page, "outputs stand in the archive"
        assert "point-hosts" in page.split('id="runs"')[1], "the changes that the run was allowed"


def test_the_record_says_what_it_does_not_prove_and_how_to_verify_it(case: Path) -> None:
    fr, en = read(case / "record.fr.html").text, read(case / "record.en.html").text
    assert "Ce qui n’est pas prouvé" in fr and "What is not proven" in en
    assert "La parole d’une personne" in fr and "A person's word" in en
    assert "from the account hexemplaire@RDLS-NEUF" in en and "depuis le compte hexemplaire@RDLS-NEUF" in fr
    for text in (fr, en):
        assert "VERIFIER.txt" in text and "tagmanifest-sha256.txt" in text
    assert "not sealed yet" in en


def test_answers_stand_in_words_and_files_are_linked(case: Path) -> None:
    page = (case / "record.en.html").read_text(encoding="utf-8")
    confirmations = page[page.index('id="confirmations"') : page.index('<section class="run">')]
    issued = next(c for a in reference.step("clearinghouse").asks for c in a.choices if c.id == "issued")
    assert f"<td>{issued.title.en}</td>" in confirmations
    links = [link for link in re.findall(r'href="([^"#]+)"', page) if not link.startswith("http")]
    assert len(links) > 10 and all((case / unquote(link)).is_file() for link in links)


def test_links_lead_back_from_another_folder(case: Path, tmp_path: Path) -> None:
    (page,) = report.write(case, "en", out=tmp_path)
    links = re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8"))
    assert links and all((tmp_path / unquote(link)).is_file() for link in links)


def test_columns_stand_in_the_order_of_the_verdict(tmp_path: Path) -> None:
    """The journal sorts the keys of its lines; the order is kept apart, or taken from the words of the columns."""
    rows = [{"after": 40, "before": 0, "row": 2, "product": "steps.product_1"}]
    for told, heads in (
        (["before", "row", "after", "product"], "Before Row After Product"),
        (None, "Row Product Before After"),
    ):
        case = make_case(tmp_path / str(told is None), close_last=False)
        more = {"columns": told} if told else {}
        Journal(case / "journal.jsonl", clock("2024-02-03T00:00:00+00:00")).append(
            "end", run="r02", step="key-packs-after", status="succeeded", seconds=1.0, lines=[], facts={}, table=rows,
            hints=[], evidence=[], by="kernel", **more,
        )  # fmt: skip
        (page,) = report.write(case, "en")
        section = page.read_text(encoding="utf-8").split('id="r02-key-packs-after"')[1]
        assert " ".join(re.findall(r'<th scope="col">(\w+)</th>', section)[:4]) == heads


def change_notebook(case: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the cells of the last run's notebook."""
    path = case / "r02" / "migrate.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8", newline="\n")


def markdown(text: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"m{len(text)}", "metadata": {"tags": list(tags)}, "source": text}


def code(source: str, *pages: str) -> dict[str, Any]:
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": page}} for page in pages]
    return {
        "cell_type": "code", "id": f"c{len(source)}", "execution_count": 1, "source": source, "outputs": outputs,
        "metadata": {},
    }  # fmt: skip


def test_no_heading_stands_over_nothing(tmp_path: Path) -> None:
    """The last cell's summary is told by the record itself: the heading over it goes with it, a text does not."""
    case = make_case(tmp_path / "cases")
    change_notebook(
        case,
        lambda cells: cells.extend(
            [markdown("Un mot de la fin."), markdown("## Résumé", "fr"), markdown("## Summary", "en"),
             code("finish()", "<p>TERMINÉ</p>")]
        ),
    )  # fmt: skip
    fr, en = (path.read_text(encoding="utf-8") for path in report.write(case))
    for page in (fr, en):
        assert not re.search(r"<h[1-6][^>]*>(Résumé|Summary)</h", page) and "TERMINÉ" not in page
    assert "Un mot de la fin." in fr


def test_what_is_between_backticks_in_a_hint_is_code(tmp_path: Path) -> None:
    marked = next(p for p in reference.errors() if "`" in p.fix.fr and "`" in p.fix.en)
    case = make_case(tmp_path / "cases", close_last=False)
    Journal(case / "journal.jsonl", clock("2024-02-03T00:00:00+00:00")).append(
        "end", run="r02", step="key-packs-after", status="finding", seconds=1.0, lines=[], facts={}, table=[],
        hints=[marked.id, "E-gone"], evidence=[], by="kernel",
    )  # fmt: skip
    for path in report.write(case):
        section = path.read_text(encoding="utf-8").split('id="r02-key-packs-after"')[1].split("</section>")[0]
        hints = re.findall(r'<div class="hint">.*?</div>', section, re.DOTALL)
        assert len(hints) == 2 and marked.id in hints[0] and "E-gone" in hints[1]
        assert "<code>" in hints[0] and "`" not in hints[0]


def test_the_agreement_stands_in_full_once_and_is_masked_elsewhere(case: Path) -> None:
    """It ties the papers to the licences, and the record goes where the case file goes; outside goes a token."""
    for lang, label in (("fr", "Contrat"), ("en", "Agreement")):
        page = (case / f"record.{lang}.html").read_text(encoding="utf-8")
        assert page.count("0123456") == 1 and "…56" in page
        assert re.search(rf'<th scope="row">{label}</th><td>[^<]*0123456', page)


def test_a_rehearsal_attests_no_step(tmp_path: Path) -> None:
    for rehearsal, words in (
        (None, ("est ce qu’il a fait et vu", "is what they did and saw")),
        ("nominal", ("aucune étape n’a été menée", "no step was carried out on a server")),
    ):
        case = make_case(tmp_path / str(rehearsal), rehearsal=rehearsal)
        for path, sentence in zip(report.write(case), words, strict=True):
            signatures = path.read_text(encoding="utf-8").split('id="signatures"')[1]
            assert sentence in signatures, sentence
            if rehearsal:
                assert "fait et vu" not in signatures and "did and saw" not in signatures


def test_every_kind_of_host_has_its_words() -> None:
    for kind in ("windows", "rehearsal", "substitute", FilesHost.kind):
        for lang in ("fr", "en"):
            assert phrase(f"record.host_{kind}", lang) != f"record.host_{kind}", kind


def test_a_rehearsal_is_stamped(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    for lang, path in zip(("fr", "en"), report.write(case), strict=True):
        page = path.read_text(encoding="utf-8")
        assert re.search(r"<title>[^<]*REHEARSAL", page), lang
        assert '<div class="watermark"' in page


def test_evidence_that_changed_is_told(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    (case / "r02" / "key-packs" / "out.json").write_bytes(b"[]")
    (case / "r02" / "key-packs" / "stdout.bin").unlink()
    (page,) = report.write(case, "en")
    text = page.read_text(encoding="utf-8")
    assert "changed since" in text and "missing" in text


def test_a_broken_chain_is_told_first(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    journal = case / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"RDLS-NEUF", b"RDLS-FAUX", 1))
    (page,) = report.write(case, "en")
    assert "journal&#39;s chain is broken" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, b"{", b'{"cells": 3}', b"[]"])
def test_a_lost_notebook_does_not_lose_the_record(tmp_path: Path, content: bytes | None) -> None:
    case = make_case(tmp_path / "cases")
    notebook = case / "r02" / "migrate.ipynb"
    notebook.unlink()
    if content is not None:
        notebook.write_bytes(content)
    (page,) = report.write(case, "en")
    assert "r02-key-packs" in read(page).ids
    assert "comes from the journal and the evidence" in read(page).text


def test_a_begin_without_an_end_is_unknown(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", close_last=False)
    Journal(case / "journal.jsonl", clock("2024-02-03T00:00:00+00:00")).append(
        "begin", run="r02", step="restart", kind="change", attempt=1, script_sha256="0" * 64, edited=False, time_limit=5
    )
    (page,) = report.write(case, "en")
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
        report.write(tmp_path)


def test_without_a_browser_the_operator_is_told_how(tmp_path: Path) -> None:
    assert find_browser({}, lambda _: None) is None
    with pytest.raises(RunbookError, match="Ctrl"):
        print_pdf(tmp_path / "x.html", tmp_path / "x.pdf", "fr", browser=tmp_path / "missing.exe")


def printing(*ways: str | None) -> tuple[list[list[str]], Callable[..., Any]]:
    """A browser that prints, call by call, a PDF of that title (None: nothing), always with exit code 0."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        title = ways[len(calls)]
        calls.append(command)
        if title is not None:
            made = next(word for word in command if word.startswith("--print-to-pdf="))[15:]
            wide = (b"\xfe\xff" + title.encode("utf-16-be")).hex().upper().encode()
            Path(made).write_bytes(b"%PDF-1.4\n/Title <" + wide + b">\n%%EOF\n")
        return subprocess.CompletedProcess(command, 0)

    return calls, run


@pytest.mark.parametrize(
    ("ways", "tries"),
    [
        (("Dossier d’été",), 1),
        ((None, "Dossier d’été"), 2),  # as a service's account: the second way
        (("This site can’t be reached", "Dossier d’été"), 2),  # a browser that may not read the page
    ],
)
def test_only_a_pdf_of_this_page_is_taken(
    ways: tuple[str | None, ...], tries: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.papers.browser.LATE", 0.3)
    page = tmp_path / "x.html"
    page.write_text("<title>Dossier d’été</title>", encoding="utf-8")
    calls, run = printing(*ways)
    print_pdf(page, tmp_path / "x.pdf", "fr", browser=Path("msedge.exe"), run=run)
    assert len(calls) == tries and all("--do-not-de-elevate" in command for command in calls)
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("ways", [(None, None), ("Erreur", "Erreur")])
def test_a_browser_that_prints_something_else_has_failed(
    ways: tuple[str | None, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.papers.browser.LATE", 0.2)
    page = tmp_path / "x.html"
    page.write_text("<title>Dossier d’été</title>", encoding="utf-8")
    with pytest.raises(RunbookError, match="Ctrl"):
        print_pdf(page, tmp_path / "x.pdf", "fr", browser=Path("msedge.exe"), run=printing(*ways)[1])
    assert not (tmp_path / "x.pdf").exists()


def test_edge_is_found_where_windows_puts_it(tmp_path: Path) -> None:
    edge = tmp_path / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.write_bytes(b"")
    assert find_browser({"ProgramFiles(x86)": str(tmp_path)}, lambda _: None) == edge


def test_the_record_fits_a_telephone(case: Path, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 375, "height": 800})
    for lang in ("fr", "en"):
        page.goto((case / f"record.{lang}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, lang
    page.close()


def test_the_pdf_has_numbered_stamped_pages(
    tmp_path: Path, need: Callable[..., str], need_browser: Callable[[], Path]
) -> None:
    need_browser()
    need("pdftotext")
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    pages, pdf = report.write(case, "en", pdf=True, full=True)
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
    report.write(case)
    assert (case / "journal.jsonl").read_bytes() == before
    assert json.loads(before.splitlines()[0])["event"] == "open"
