"""The build: both languages from one command, strict about what is missing, the same bytes everywhere."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from runbook.sentences import LANGS

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
    assert sources == set(pages["fr"]) - {"print.html"}


def test_other_place_hash_seed_time_zone_and_locale_give_the_same_bytes(
    site: Path, copy: Path, strict_build: Build
) -> None:
    run = strict_build(copy, copy / "out", PYTHONHASHSEED="7", TZ="Pacific/Kiritimati", LC_ALL="C", LANG="C")
    assert run.returncode == 0, run.stderr[-4000:]
    first, second = bytes_of(site), bytes_of(copy / "out")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


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
