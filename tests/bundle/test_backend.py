"""The wheel that this project builds of itself, without a build system."""

from __future__ import annotations

import base64
import csv
import hashlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

from runbook.bundle import backend

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STEM = f"rds_cal_runbook-{PROJECT['version']}"
INFO = f"{STEM}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(folder / backend.build_wheel(str(folder))) as opened:
        yield opened


def held() -> list[str]:
    """The files of the package, its facts and its notebooks: what git has, in an unpacked archive what lies there."""
    rooms = ("runbook", "knowledge", "notebooks")
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z", *rooms], cwd=ROOT, check=True, capture_output=True)
        return listed.stdout.decode().split("\0")[:-1]
    there = (path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file())
    return [path.relative_to(ROOT).as_posix() for path in there if "__pycache__" not in path.parts]


def test_it_holds_what_the_project_holds_of_the_package_its_facts_and_its_notebooks(wheel: zipfile.ZipFile) -> None:
    places = [name if name.startswith("runbook/") else f"runbook/_data/{name}" for name in held()]
    assert len(places) > 500
    assert set(places) <= set(wheel.namelist())
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]


def test_its_record_is_true(wheel: zipfile.ZipFile) -> None:
    rows = list(csv.reader(wheel.read(f"{INFO}/RECORD").decode().splitlines()))
    assert sorted(name for name, *_ in rows) == sorted(wheel.namelist())
    for name, digest, size in rows[:-1]:
        content = wheel.read(name)
        assert int(size) == len(content)
        assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def test_its_metadata_says_what_pyproject_says(wheel: zipfile.ZipFile) -> None:
    told = Metadata.from_email(wheel.read(f"{INFO}/METADATA"), validate=True)
    assert (told.name, str(told.version), told.summary) == (PROJECT["name"], PROJECT["version"], PROJECT["description"])
    assert (told.license_expression, told.license_files) == (PROJECT["license"], PROJECT["license-files"])
    assert (told.keywords, told.classifiers) == (PROJECT["keywords"], PROJECT["classifiers"])
    assert str(told.requires_python) == PROJECT["requires-python"]
    assert told.description == (ROOT / "README.md").read_text(encoding="utf-8")
    wanted = [Requirement(text) for text in PROJECT["dependencies"]]
    assert [each for each in told.requires_dist or [] if "extra" not in str(each.marker)] == wanted
    assert told.provides_extra == list(PROJECT["optional-dependencies"])
    for extra, texts in PROJECT["optional-dependencies"].items():
        for text in texts:
            each = Requirement(text)
            (same,) = [one for one in told.requires_dist or [] if one.name == each.name and one.marker]
            assert same.specifier == each.specifier
            assert same.marker is not None
            for system in ("linux", "win32"):
                here = each.marker is None or each.marker.evaluate({"sys_platform": system})
                assert same.marker.evaluate({"extra": extra, "sys_platform": system}) is here
                assert not same.marker.evaluate({"extra": "", "sys_platform": system})


def test_it_names_the_commands_and_the_engine(wheel: zipfile.ZipFile) -> None:
    told = wheel.read(f"{INFO}/entry_points.txt").decode()
    assert told == (
        "[console_scripts]\nrunbook = runbook.__main__:main\n\n"
        "[papermill.engine]\nrunbook = runbook.run.engine:RunbookEngine\n"
    )


def test_the_editable_one_holds_the_way_to_the_checkout(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / backend.build_editable(str(tmp_path))) as opened:
        assert opened.read("rds_cal_runbook.pth").decode() == f"{ROOT}\n"
        assert f"{STEM}.data/data/etc/ipython/ipython_config.py" in opened.namelist()
        assert not [name for name in opened.namelist() if name.startswith("runbook/")]


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    code = "import sys; from runbook.bundle import backend; backend.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}",
                    str(tmp_path)], check=True)  # fmt: skip
    (made,) = tmp_path.iterdir()
    again = tmp_path / "again"
    again.mkdir()
    assert (again / backend.build_wheel(str(again))).read_bytes() == made.read_bytes()
