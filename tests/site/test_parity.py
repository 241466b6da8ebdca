"""Both languages say the same, and the check that says so can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from macros import parity

ROOT = Path(__file__).resolve().parents[2]

FRENCH = """# Titre {: #top }

Un [lien](a.md).

| a | b |
|---|---|
| 1 | 2 |

!!! warning
    Attention.

``` powershell
Get-Service # le service
```
"""
ENGLISH = (
    FRENCH.replace("Titre", "Title").replace("Un [lien]", "A [link]").replace("Attention.", "Beware.")
    .replace("# le service", "# the service")
)  # fmt: skip


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for lang, text in (("fr", FRENCH), ("en", ENGLISH)):
        (tmp_path / lang / "deep").mkdir(parents=True)
        (tmp_path / lang / "deep" / "page.md").write_text(text, encoding="utf-8")
    parity.stamp(tmp_path, set())
    return tmp_path


def test_the_pages_of_this_project_agree() -> None:
    assert [str(difference) for difference in parity.differences(ROOT / "docs")] == []


def test_pages_that_agree_pass(docs: Path) -> None:
    assert parity.differences(docs) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("# Title", "## Title", "headings"),
        ("{: #top }", "{: #head }", "headings"),
        ("Get-Service", "Get-Process", "code blocks"),
        ("!!! warning", "!!! danger", "admonitions"),
        ("(a.md)", "(b.md)", "link targets"),
        ("| 1 | 2 |\n", "", "table rows"),
        ("| 1 | 2 |", "| 1 | 2 | 3 |", "table rows"),
        ("A [link]", "{{ letter() }} [link]", "macros"),
        ("A [link]", "- A [link]", "list items"),
    ],
)
def test_each_difference_is_named(docs: Path, old: str, new: str, what: str) -> None:
    page = docs / "en" / "deep" / "page.md"
    page.write_text(page.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert [f.what.split(" differ")[0] for f in parity.differences(docs)] == [what]


def test_a_page_in_one_language_only_is_named(docs: Path) -> None:
    (docs / "en" / "deep" / "page.md").unlink()
    assert [str(f) for f in parity.differences(docs)] == ["deep/page.md: missing in en"]


def test_a_heading_without_an_id_is_named(docs: Path) -> None:
    for lang in ("fr", "en"):
        page = docs / lang / "deep" / "page.md"
        page.write_text(page.read_text(encoding="utf-8").replace(" {: #top }", ""), encoding="utf-8")
    parity.stamp(docs, set())
    assert [f.what for f in parity.differences(docs)] == ["a heading without an id: 'Titre'"]


def test_a_list_that_a_block_at_the_margin_ends_is_named(docs: Path) -> None:
    for indent, named in (("    ", []), ("", ["shown as 1: '2. b'"] * 2)):
        for lang in ("fr", "en"):
            page = docs / lang / "deep" / "page.md"
            text = f"# T {{: #top }}\n\n1. a\n\n{indent}``` sh\n{indent}ls\n{indent}```\n\n2. b\n3. c\n"
            page.write_text(text, encoding="utf-8")
        parity.stamp(docs, set())
        assert [f.what for f in parity.differences(docs)] == named


def test_a_french_change_makes_the_english_page_stale_until_it_is_stamped(docs: Path) -> None:
    page = docs / "fr" / "deep" / "page.md"
    page.write_text(FRENCH.replace("Attention.", "Prenez garde."), encoding="utf-8")
    assert len(parity.differences(docs)) == 1
    assert parity.stamp(docs, {"deep/page.md"}) == ["deep/page.md"]
    assert parity.differences(docs) == []


def test_line_ends_and_trailing_blanks_do_not_make_a_page_stale(docs: Path) -> None:
    page = docs / "fr" / "deep" / "page.md"
    page.write_bytes(FRENCH.replace("\n", "  \r\n").encode())
    assert parity.digest(page.read_text(encoding="utf-8")) == parity.digest(FRENCH)


def test_the_stamp_keeps_the_rest_of_the_front_matter() -> None:
    english = "---\ntitle: Page\nfrench: '000000000000'\n---\n\n# Page\n"
    stamped = parity.stamped(english, "# Page\n")
    assert "title: Page" in stamped
    assert stamped.count("french:") == 1
    assert parity.stamp_of(stamped) == parity.digest("# Page\n")
