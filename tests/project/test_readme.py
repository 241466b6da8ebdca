"""README.md and README.fr.md: the same whole page twice, with the same lines to type and a real picture."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"en": "README.md", "fr": "README.fr.md"}
TEXTS = {lang: (ROOT / name).read_text(encoding="utf-8") for lang, name in PAGES.items()}


def shape(text: str) -> list[str]:
    """What both have in common: the level of each heading, lists, tables, marks of lines, links into the project."""
    lines = (line.split(" ")[0] for line in text.splitlines() if re.match(r"#|\||\d\.|- |<!--|!\[", line))
    return ["|" if line.startswith("|") else line[:2] for line in lines]


def test_both_are_the_whole_page() -> None:
    assert shape(TEXTS["fr"]) == shape(TEXTS["en"])
    fences = {lang: re.findall(r"```.*?```", text, re.S) for lang, text in TEXTS.items()}
    assert fences["fr"] == fences["en"] and len(fences["en"]) == 4


@pytest.mark.parametrize("lang", PAGES)
def test_each_way_leads_somewhere(lang: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXTS[lang])
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", TEXTS[lang], re.M)}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (ROOT / link.partition("#")[0]).is_file(), link
    assert all(page in links for page in (f"docs/{lang}/tonight.md", f"docs/{lang}/verify-archive.md"))


@pytest.mark.parametrize("lang", PAGES)
def test_the_picture_is_a_photograph_that_a_task_makes(lang: str) -> None:
    picture = (ROOT / ".github" / "pictures" / f"notebook.{lang}.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and 20_000 < len(picture) < 400_000
    tasks = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["runbook-tasks"]
    assert tasks["picture"] == ["python tests/made/readme_picture.py"]


def test_windows_lines_name_the_python_that_the_lock_is_tried_on() -> None:
    for line in re.findall(r"```powershell\n(py .*)\n```", TEXTS["en"]):
        assert line.startswith("py -3.13 -m venv")
