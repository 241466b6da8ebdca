"""The build: both languages from one command, strict about what is missing, the same bytes everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from macros import markup, samples
from runbook.words.sentences import LANGS, say

ROOT = Path(__file__).resolve().parents[2]
Build = Callable[..., subprocess.CompletedProcess[str]]
LEFT_BEHIND = ("site", "cases", "archive", "dist", "build")  # what people make in a checkout; the rest is the project


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project in a folder with an awkward name."""
    folder = tmp_path / "l’été à 100 % #1"
    folder.mkdir()
    skip = shutil.ignore_patterns("__pycache__")
    for source in ROOT.iterdir():
        if source.name.startswith(".") or source.name in LEFT_BEHIND or source.suffix == ".egg-info":
            continue
        if source.is_dir():
            shutil.copytree(source, folder / source.name, ignore=skip)
        else:
            shutil.copy(source, folder / source.name)
    return folder


def bytes_of(site: Path) -> dict[str, bytes]:
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in site.rglob("*") if p.is_file()}


def test_one_command_builds_both_languages_and_the_landing_page(site: Path, pages: dict[str, list[str]]) -> None:
    assert (site / "index.html").is_file()
    assert pages["fr"] == pages["en"]
    assert {"index.html", "print.html", "errors.html"} <= set(pages["fr"])
    for lang in LANGS:
        assert f'<html lang="{lang}"' in (site / lang / "errors.html").read_text(encoding="utf-8")


def test_every_page_of_both_trees_is_in_nav_and_built(pages: dict[str, list[str]]) -> None:
    sources = {
        p.relative_to(ROOT / "docs/fr").with_suffix(".html").as_posix() for p in (ROOT / "docs/fr").rglob("*.md")
    }
    assert sources == set(pages["fr"]) - {"print.html", "call-set.html"}


def test_other_place_hash_seed_time_zone_and_locale_give_the_same_bytes(
    site: Path, copy: Path, strict_build: Build
) -> None:
    run = strict_build(copy, copy / "out", PYTHONHASHSEED="7", TZ="Pacific/Kiritimati", LC_ALL="C", LANG="C")
    assert run.returncode == 0, run.stderr[-4000:]
    first, second = bytes_of(site), bytes_of(copy / "out")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_no_page_is_heavy(site: Path, pages: dict[str, list[str]]) -> None:
    """150 KB a page: what a slow share or an old machine still opens at once. print.html is the whole site."""
    sizes = {f"{lang}/{name}": (site / lang / name).stat().st_size for lang in LANGS for name in pages[lang]}
    heavy = {name: size for name, size in sizes.items() if size > 150 * 1024 and not name.endswith("print.html")}
    assert heavy == {}


#: What prose does not hold: straight quotes in English ("" is an empty value); in French straight apostrophes, and a
#: plain space beside a sign that must not begin or end a line. Neither shows marks that Markdown was to eat.
UNDRESSED = {"en": r"[\"']|\{:", "fr": r"\w'\w|[^\s|] [;?!»:](?=\s|$)|« |\d %|\{:"}
_SHOWN_HEAD = re.compile(r"<head>.*?(<title>.*?</title>).*?</head>", re.DOTALL)


def _undressed(lang: str, texts: list[str]) -> list[str]:
    prose = (unescape(part).replace('""', "") for text in texts for part in markup.prose(text))
    return [part[:80] for part in prose if re.search(UNDRESSED[lang], part)]


@pytest.mark.parametrize("lang", LANGS)
def test_all_that_is_read_wears_its_languages_typography(site: Path, lang: str) -> None:
    """Text, contents, titles, pictures, search, wherever they were typed; not code and official messages."""
    found = {}
    for path in (site / lang).rglob("*.html"):
        found[path.name] = _undressed(lang, [_SHOWN_HEAD.sub(r"\1", path.read_text(encoding="utf-8"))])
    for entry in json.loads((site / lang / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]:
        found[entry["location"]] = _undressed(lang, [entry["title"], entry["text"]])
    assert {name: texts for name, texts in found.items() if texts} == {}


_WORD = re.compile(r"\w[\w’'.-]*")


class _Seen(HTMLParser):
    """The words of an article that are seen before anything is opened, code and pictures apart."""

    HIDDEN = frozenset({"pre", "svg", "button", "script", "style"})
    VOID = frozenset({"br", "img", "input", "meta", "link", "hr", "wbr", "col", "source"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self.open]
        folded = any(
            name == "details" and names[at + 1 : at + 2] != ["summary"] for at, name in enumerate(names)
        )  # every fold of the site is closed at first
        if "article" in names and not folded and not self.HIDDEN & {*names} and self.open[-1][1] != "headerlink":
            self.words += _WORD.findall(data)


#: Words that a page may show in French before a reader opens anything, at 200 a minute.
LENGTHS = {
    "index": 400, "errors": 2200, "events": 2000, "reference/steps": 1000, "runbook/rehearse": 600,
    "runbook/air-gapped": 750, "migrate-telephone": 1100, "prepare": 1000, "session-hosts": 800,
    "tonight": 600, "verify": 850, "backup": 900, "letter": 550, "checklist": 400, "runbook/real-case": 1050,
}  # fmt: skip


def _samples_more() -> int:
    """How many words the samples have more than what stands in their place in a build without them."""
    texts = [say(key, "fr") for key in ("site.samples_here", *samples.NAMES.values())]
    return len(_WORD.findall(" ".join(texts))) - len(_WORD.findall(say("site.samples_none", "fr")))


def test_no_page_is_long(site: Path) -> None:
    long = {}
    for name, most in LENGTHS.items():
        seen = _Seen()
        seen.feed((site / "fr" / f"{name}.html").read_text(encoding="utf-8"))
        count = len(seen.words) + (_samples_more() if name == "runbook/rehearse" else 0)
        if not most / 3 < count <= most:
            long[name] = count
    assert long == {}


def test_no_page_names_the_folder_it_was_built_in(site: Path) -> None:
    needle = str(ROOT).encode()
    assert [p.name for p in site.rglob("*") if p.is_file() and needle in p.read_bytes()] == []


def test_strict_names_a_missing_twin_a_stale_page_and_a_dead_link(copy: Path, strict_build: Build) -> None:
    docs = copy / "docs"
    (docs / "en/tonight.md").unlink()
    stale = docs / "fr/backup.md"
    stale.write_text(stale.read_text(encoding="utf-8") + "\nUne phrase de plus.\n", encoding="utf-8")
    dead = docs / "en/verify.md"  # in the language whose build runs beside the first one
    dead.write_text(dead.read_text(encoding="utf-8") + "\n[Gone](mistakes.md)\n", encoding="utf-8")
    run = strict_build(copy, copy / "out")
    assert run.returncode != 0
    assert "tonight.md: missing in en" in run.stderr
    assert "backup.md: the French text is" in run.stderr
    assert "mistakes.md" in run.stderr


def test_every_setting_that_strict_needs_is_on() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text.replace("!ENV", ""))
    checks = settings["validation"]["nav"] | settings["validation"]["links"]
    assert set(checks.values()) == {"warn"}
    assert set(checks) == {"omitted_files", "not_found", "absolute_links", "anchors", "unrecognized_links"}
