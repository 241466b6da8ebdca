"""The register: every case once, read once, found by a search, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from made_case import clock, make_case
from playwright.sync_api import Browser

from runbook.archive.register import Registered, register
from runbook.archive.seal import seal
from runbook.files import write_table
from runbook.journal.lines import Journal
from runbook.redaction.redact import redact


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name, rehearsal in (("case-a", None), ("case-b", "nominal"), ("case-c", None)):
        make_case(tmp_path / "cases", name, rehearsal=rehearsal, close_last=name != "case-c")
    seal(tmp_path / "cases" / "case-a", tmp_path / "archive")
    return tmp_path


def by_case(registered: Registered) -> dict[str, tuple[str, str, str]]:
    return {row.case: (row.status, row.edition, row.folder) for row in registered.rows}


def test_every_case_stands_there_once(workspace: Path) -> None:
    registered = register(workspace)
    assert by_case(registered) == {
        "case-a": ("done", "full", "archive/case-a"),
        "case-b": ("done", "", "cases/case-b"),
        "case-c": ("open", "", "cases/case-c"),
    }
    row = registered.rows[0]
    assert (row.cals, row.runs, row.company, row.lost) == (40, 2, "Exemple & Fils SA", "rdls-perdu.corp.exemple.test")


def test_rehearsals_stay_out_unless_asked_for(workspace: Path) -> None:
    shown = register(workspace, rehearsals=False)
    assert sorted(by_case(shown)) == ["case-a", "case-c"] and "1 rehearsal left out (--rehearsals" in shown.text("en")
    assert "case-b" not in "".join(page.read_text(encoding="utf-8") for page in shown.pages)
    assert "left out" not in register(workspace).text("en")


def test_a_case_lasts_from_its_first_run_to_its_last(tmp_path: Path) -> None:
    """Days of waiting are part of it: the runs alone took seconds."""
    case = make_case(tmp_path / "cases")
    journal = Journal(case / "journal.jsonl", clock("2024-02-14T12:00:00+00:00"))
    last = next(e for e in reversed(journal.entries()) if e["event"] == "open")
    told = {name: value for name, value in last.items() if name not in ("n", "t", "prev", "event")}
    journal.append("open", **{**told, "run": "r03"})
    journal.append("close", run="r03", outcome="done", counts={}, waiting=[], failed=[], seconds=3.0)
    page = register(tmp_path).pages[-1].read_text(encoding="utf-8")
    assert re.search(r"13\u00a0(d|j)\u00a003\u00a0h", page), "13 days, 3 hours"


def test_a_redacted_copy_is_a_link_of_its_archive_and_no_case_of_its_own(workspace: Path) -> None:
    copy = redact(workspace / "cases" / "case-a", workspace / "archive")
    registered = register(workspace)
    assert len(registered.rows) == 3
    assert by_case(registered)["case-a"] == ("done", "full", "archive/case-a")
    page = registered.pages[0]
    assert f"../archive/{copy.bag.name}/data/record.fr.html" in page.read_text(encoding="utf-8")
    shutil.rmtree(workspace / "archive" / "case-a")
    editions = [row.edition for row in register(workspace).rows]
    assert sorted(editions) == ["", "", "", "redacted"], "a copy whose archive is not here stands for itself"


def test_only_what_changed_is_read_again(workspace: Path) -> None:
    assert register(workspace).read == 4
    before = (workspace / "archive" / "register.fr.html").read_bytes()
    again = register(workspace)
    assert again.read == 0
    assert (workspace / "archive" / "register.fr.html").read_bytes() == before
    Journal(workspace / "cases" / "case-c" / "journal.jsonl").append("close", run="r02", outcome="failed", seconds=9)
    later = register(workspace)
    assert later.read == 1 and by_case(later)["case-c"][0] == "failed"
    shutil.rmtree(workspace / "cases" / "case-b")
    assert "case-b" not in by_case(register(workspace))


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"form": 1, "entries": {"cases/case-b": {"mark": []}}}'])
def test_a_spoilt_cache_is_made_anew(workspace: Path, spoilt: bytes) -> None:
    whole = register(workspace).rows
    (workspace / "archive" / ".register-cache.json").write_bytes(spoilt)
    assert register(workspace).rows == whole


def test_a_case_that_cannot_be_read_is_still_there(workspace: Path) -> None:
    (workspace / "cases" / "case-b" / "journal.jsonl").write_bytes(b'{"event": "open", "run": {}}\nxx\n[]\n')
    (workspace / "cases" / "case-c" / "case.yml").write_bytes(b"\xff\xfe: [")
    folders = {row.folder for row in register(workspace).rows}
    assert {"cases/case-b", "cases/case-c"} <= folders


def test_what_could_not_be_read_is_read_again_each_time(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network drive that was away for a moment: no file changed, yet the case can be read again."""
    module = sys.modules["runbook.archive.register"]
    real = module.read_story

    def away(folder: Path) -> Any:
        if folder.name == "case-b":
            raise OSError("the network path was not found")
        return real(folder)

    with monkeypatch.context() as broken:
        broken.setattr(module, "read_story", away)
        rows = {row.folder: row.status for row in register(workspace).rows}
        assert rows["cases/case-b"] == "unreadable"
    again = register(workspace)
    assert by_case(again)["case-b"][0] == "done" and again.read == 1
    assert register(workspace).read == 0


def test_a_bag_whose_description_changes_is_read_again(workspace: Path) -> None:
    assert register(workspace).read == 4
    info = workspace / "archive" / "case-a" / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"Runbook-Edition: full", b"Runbook-Edition: redacted"))
    later = register(workspace)
    assert later.read == 1 and "redacted" in {row.edition for row in later.rows}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_page_links_to_what_is_there(workspace: Path, lang: str) -> None:
    registered = register(workspace)
    page = next(path for path in registered.pages if path.name == f"register.{lang}.html")
    text = page.read_text(encoding="utf-8")
    assert "REHEARSAL" in text and 'type="search"' in text
    assert "src=" not in text, "everything is inside"
    links = re.findall(r'href="([^"]+)"', text)
    assert "../archive/case-a.seal.html" in links
    for link in links:
        if "case-a" in link:
            assert (page.parent / link).is_file(), link
    assert registered.text(lang)


def test_the_table_is_safe_in_a_spreadsheet(workspace: Path) -> None:
    case = workspace / "cases" / "case-b" / "case.yml"
    case.write_text(
        case.read_text(encoding="utf-8").replace("Exemple & Fils SA", "'=HYPERLINK(\"x\")'"),
        encoding="utf-8",
        newline="\n",
    )
    with register(workspace).table.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert rows["case-b"]["company"] == '\'=HYPERLINK("x")'
    assert rows["case-a"]["seal"] and "head" not in rows["case-a"]


def test_the_search_box_works_from_a_file(workspace: Path, chromium: Browser) -> None:
    page_file = next(path for path in register(workspace).pages if path.name == "register.fr.html")
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    page.fill("#search", "CASE-b helene")
    page.wait_for_function("document.getElementById('count').textContent.startsWith('1 ')")
    shown = page.locator("tbody tr:not([hidden])")
    assert shown.count() == 1 and "case-b" in shown.first.inner_text()
    page.close()


def test_the_cost_of_a_case_does_not_grow(tmp_path: Path) -> None:
    """What is looked at for an unchanged case is four file times, however many cases there are."""
    line = json.dumps({"event": "open", "run": "r01", "t": "2024-01-01T00:00:00.000Z", "case": "x", "n": 1}) + "\n"
    for number in range(300):
        folder = tmp_path / "cases" / f"case-{number:04d}"
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").write_text(line, encoding="utf-8", newline="\n")
    assert register(tmp_path).read == 300
    assert register(tmp_path).read == 0


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_no_cell_is_a_formula_at_whatever_separator_a_spreadsheet_splits(tmp_path: Path, lang: str) -> None:
    cells = [
        "=1+1",
        "\r=1",
        "\t=1",
        "x;=1+1",
        'x";=1',
        "x,@SUM(A1)",
        "x\n+1",
        " -1",
        "\uff1d1",
        "-1",
        7,
        -7,
        None,
        "a; b - c",
    ]
    raw = write_table(tmp_path / "t.csv", ["n"], [cells], lang).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    line = raw.decode("utf-8-sig").partition("\r\n")[2]
    for piece in re.split(r"[;,\t\r\n]", line):
        told = piece.strip("\"' \t")
        assert piece in ("7", "-7") or not told.startswith(tuple("=+-@\uff1d")) or piece.lstrip('" ').startswith("'"), (
            piece
        )
    (row,) = list(csv.reader(io.StringIO(line, newline=""), delimiter=";" if lang == "fr" else ","))
    assert len(row) == len(cells) and row[-1] == "a; b - c" and row[-3:-1] == ["-7", ""]
