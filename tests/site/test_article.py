"""Every part of the source article has its place on the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.knowledge import reference

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT.parent / "shared" / "source-article.fr.txt"

#: The article's parts, by kind, as they stand in it.
PARTS = {
    "chapter": 16, "table": 5, "faq": 4, "checklist": 9, "reference": 1,
}  # fmt: skip


@pytest.mark.parametrize(("kind", "count"), PARTS.items())
def test_no_part_of_the_article_was_left_out(kind: str, count: int) -> None:
    assert len([place for place in reference.places() if place.kind == kind]) >= count


def test_every_place_is_named_as_the_article_names_it() -> None:
    if not ARTICLE.is_file():
        pytest.skip("the source article is not beside the project")
    text = " ".join(ARTICLE.read_text(encoding="utf-8").replace("\u2011", "-").split())
    missing = [
        place.title for place in reference.places()
        if place.kind in ("chapter", "faq", "reference")
        and " ".join(place.title.replace("\u2011", "-").split()) not in text
    ]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_pages_that_need_it_give_the_address_of_the_official_reference(lang: str) -> None:
    """The page that stands for it, and the one of the other way: each with Microsoft's address, to be read later."""
    (place,) = [place for place in reference.places() if place.kind == "reference"]
    assert place.address
    for page in (place.page.replace(".html", ".md"), "migrate-online.md"):
        assert place.address in (ROOT / "docs" / lang / page).read_text(encoding="utf-8"), page
