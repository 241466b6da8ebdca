"""Every reference of the built site lands, and every link that the runbook can give exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from macros import links
from runbook.knowledge import reference
from runbook.words.sentences import LANGS


def test_nothing_is_wrong_with_the_site(site: Path) -> None:
    assert links.problems(site) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="no.html">x</a>', "no such file: no.html"),
        ('<a href="#no">x</a>', "no such anchor: #no"),
        ('<a href="/fr/">x</a>', "leaves the site: /fr/"),
        ('<a href="../../x.html">x</a>', "leaves the site: ../../x.html"),
        ('<img src="https://example.org/a.png" alt="">', "<img> loads https://example.org/a.png"),
        ('<script src="//example.org/a.js"></script>', "<script> loads //example.org/a.js"),
        ('<img src="page.html">', "a picture without alt: page.html"),
        ('<p id="a"></p><p id="a"></p>', "two elements have the id a"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, body: str, problem: str) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "page.html").write_text(f'<html lang="fr"><body>{body}</body></html>', encoding="utf-8")
    assert links.problems(tmp_path) == [f"fr/page.html: {problem}"]


def test_a_style_sheet_from_outside_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{background:url('https://example.org/x.png')}", encoding="utf-8")
    assert links.problems(tmp_path) == ["a.css: loads https://example.org/x.png"]


def test_the_wrong_language_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "page.html").write_text('<html lang="fr"></html>', encoding="utf-8")
    assert links.problems(tmp_path) == ["en/page.html: html lang is fr"]


def targets() -> list[str]:
    """Every page that hints, steps, corrections and the article's places name."""
    rows = (*reference.errors(), *reference.events(), *reference.steps(), *reference.article(), *reference.places())
    return sorted({row.page for row in rows})


def test_every_page_that_knowledge_names_exists(site: Path) -> None:
    missing = []
    for lang in LANGS:
        parsed = {path: links.parse(path) for path in (site / lang).rglob("*.html")}
        for target in targets():
            name, _, anchor = target.partition("#")
            page = parsed.get(site / lang / name)
            if page is None or (anchor and anchor not in page.ids):
                missing.append(f"{lang}/{target}")
    assert missing == []


def test_every_step_names_the_section_that_is_about_it() -> None:
    whole = {"errors.html", "events.html"}  # a step that reads them all
    assert [step.id for step in reference.steps() if "#" not in step.page and step.page not in whole] == []
