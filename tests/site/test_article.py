"""Every part of the source article has its place on the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook import knowledge

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT.parent / "shared" / "source-article.fr.txt"

#: The article's parts, by kind, as they stand in it.
PARTS = {
    "chapter": 16, "table": 5, "faq": 4, "checklist": 9,
}  # fmt: skip


@pytest.mark.parametrize(("kind", "count"), PARTS.items())
def test_no_part_of_the_article_was_left_out(kind: str, count: int) -> None:
    assert len([place for place in knowledge.places() if place.kind == kind]) >= count


def test_every_place_is_named_as_the_article_names_it() -> None:
    if not ARTICLE.is_file():
        pytest.skip("the source article is not beside the project")
    text = " ".join(ARTICLE.read_text(encoding="utf-8").replace("\u2011", "-").split())
    missing = [
        place.title for place in knowledge.places()
        if place.kind in ("chapter", "faq") and " ".join(place.title.replace("\u2011", "-").split()) not in text
    ]  # fmt: skip
    assert missing == []
