"""The samples: what a page says with and without them, and that they tell nothing of who built the site.

That they are made at all is shown by ``python tasks.py site``, which plays the rehearsals and then checks every link.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from macros import samples
from macros.words import Here
from runbook.words.sentences import LANGS


@pytest.mark.parametrize("lang", LANGS)
def test_a_build_without_samples_links_to_none_and_says_how(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(samples.SAMPLES, raising=False)
    said = samples.samples(Here(lang, "runbook/rehearse.md"))
    assert "href" not in said
    assert "runbook rehearse nominal" in said


@pytest.mark.parametrize(("page", "up"), [("record.md", "../"), ("runbook/rehearse.md", "../../")])
def test_each_sample_is_reached_from_the_page(
    page: str, up: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(samples.SAMPLES, str(tmp_path / "made"))
    for lang in LANGS:
        (tmp_path / "made" / lang).mkdir(parents=True)
        for name in samples.NAMES:
            (tmp_path / "made" / lang / f"{name}.html").write_text("x", encoding="utf-8")
    samples.take(tmp_path / "site")
    for lang in LANGS:
        said = samples.samples(Here(lang, page))
        for name in samples.NAMES:
            assert f'href="{up}samples/{lang}/{name}.html"' in said
            assert (tmp_path / "site" / "samples" / lang / f"{name}.html").is_file()
        assert all(f"`{name}`" in said for name in (samples.CASE, samples.PERSON, samples.MACHINE)), "their false names"


def test_nobody_is_named_and_no_folder_of_the_machine() -> None:
    html = samples._nobody(f"<td>a@{socket.gethostname()}</td><p>/scratch/x/cases/y</p>", Path("/scratch/x"))
    assert html == f"<td>a@{samples.MACHINE}</td><p>C:\\RDS/cases/y</p>"


def test_evidence_that_is_not_here_is_named_and_not_linked() -> None:
    html = '<a href="#a">a</a> <a class="x" href="r01/in.json">in.json</a> <a href="https://a.example">b</a>'
    assert samples._alone(html) == '<a href="#a">a</a> in.json <a href="https://a.example">b</a>'


def test_a_framed_notebook_runs_nothing_and_has_the_products_look() -> None:
    page = samples._framed("<h1>x</h1><script>alert(1)</script>", "fr")
    assert "<script" not in page
    assert "alert" not in page
    assert "--look-accent: #" in page
    assert '<html lang="fr">' in page


def test_a_framed_notebook_has_its_languages_typography() -> None:
    page = samples._framed("<p>il lit : tout</p><pre>a : b</pre>", "fr")
    assert "il lit\u00a0: tout" in page and "a : b" in page


@pytest.mark.parametrize("width", [375, 1000])
def test_a_wide_table_or_a_long_name_does_not_widen_the_notebook(chromium: Browser, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    row = "".join(f"<td>{'0123456789abcdef' * 2}</td>" for _ in range(9))
    name = "<ul><li>clearinghouse.rehearsal.example:443</li></ul>" * 2
    page.set_content(samples._framed(f"<table><tr>{row}</tr></table><ul><li>{name}</li></ul>", "fr"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
