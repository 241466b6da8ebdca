"""README.md and README.fr.md: the same whole page twice, with the same lines to type and a real picture."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
import venv
import zipfile
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


def wheel(folder: Path) -> str:
    """A package of one line, as an index would hand it out; gives its SHA-256."""
    folder.mkdir()
    path = folder / "madeup-1.0-py3-none-any.whl"
    about = "madeup-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("madeup.py", "seen = True\n")
        packed.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: madeup\nVersion: 1.0\n")
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", f"madeup.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_line_installs_nothing_whose_hash_is_not_that_of_the_lock(tmp_path: Path) -> None:
    """The README's own words, run on a lock of one package from a folder in place of the index."""
    line = re.search(r"&& (\S+/pip install -q -r requirements\.txt) &&", TEXTS["en"])
    assert line, "the main line installs from the lock"
    words = shlex.split(line[1])[1:]
    venv.create(tmp_path / ".venv", with_pip=True)
    python = tmp_path / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    good = wheel(tmp_path / "index")
    environ = os.environ | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "index"),
        "PIP_CONFIG_FILE": os.devnull,
    }

    def install(digest: str) -> tuple[int, str, bool]:
        lock = f"madeup==1.0 \\\n    --hash=sha256:{digest}\n"
        (tmp_path / "requirements.txt").write_text(lock, encoding="utf-8")
        done = subprocess.run(
            [python, "-m", "pip", *words],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        there = subprocess.run([python, "-c", "import madeup"], cwd=tmp_path, capture_output=True, check=False)
        return done.returncode, done.stderr, there.returncode == 0

    altered = good[:-1] + ("0" if good[-1] != "0" else "1")
    code, told, there = install(altered)
    assert code != 0 and "DO NOT MATCH THE HASHES" in told and not there, told
    code, told, there = install(good)
    assert code == 0 and there, told
