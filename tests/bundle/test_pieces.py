"""The bundle's pieces: what goes in, whose terms it carries, and an installer that refuses what is not right."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from runbook.bundle import licences, materials, pack, source, wheels
from runbook.bundle.lock import HERE, Locked
from runbook.bundle.make import aboard, longest, make, take_site
from runbook.errors import BadInput, RunbookError
from runbook.words.console import pipe_encoding
from runbook.words.sentences import LANGS

BUNDLE = Path(source.__file__).parent


def wheel(folder: Path, name: str, version: str, files: dict[str, str], about: str = "") -> Path:
    """A wheel made by hand: METADATA, WHEEL, RECORD and ``files``."""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for inside, text in files.items():
            made.writestr(inside, text)
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{about}\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    return path


# ---------------------------------------------------------------- source


def fill(root: Path) -> Path:
    for part in source.PARTS:
        if "." in part or part == "LICENSE":
            (root / part).write_text(f"{part}\n", encoding="utf-8")
        else:
            (root / part).mkdir()
            (root / part / "file.txt").write_text("as committed\n", encoding="utf-8")
    return root


def commit(root: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "test"]):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *settings, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return fill(tmp_path / "project")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_a_bundle_holds_what_the_commit_holds(project: Path, empty: Path, need: Callable[..., str]) -> None:
    need("git")
    commit(project)
    (project / "docs" / "file.txt").write_text("changed since\n", encoding="utf-8")
    (project / "notebooks" / "left-over.txt").touch()
    taken = source.export(project, empty, "en")
    assert (empty / "docs" / "file.txt").read_text(encoding="utf-8") == "as committed\n"
    assert not (empty / "notebooks" / "left-over.txt").exists()
    assert taken.changed
    assert re.fullmatch("[0-9a-f]{40}", taken.commit or "")


def test_a_clean_commit_is_not_called_changed(project: Path, empty: Path, need: Callable[..., str]) -> None:
    need("git")
    commit(project)
    assert not source.export(project, empty, "en").changed


def test_a_project_without_git_gives_its_files(project: Path, empty: Path) -> None:
    (project / "runbook" / "__pycache__").mkdir()
    assert source.export(project, empty, "en").commit is None
    assert {path.name for path in empty.iterdir()} == set(source.PARTS)
    assert not (empty / "runbook" / "__pycache__").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_an_installed_package_is_no_checkout(project: Path, empty: Path, lang: str) -> None:
    shutil.rmtree(project / "docs")
    with pytest.raises(BadInput, match="docs"):
        source.export(project, empty, lang)


def test_a_folder_that_is_no_site_is_refused_before_anything_is_packed(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    with pytest.raises(BadInput, match=r"index\.html, en"):
        take_site(tmp_path, tmp_path / "site", "en")


# ---------------------------------------------------------------- wheels


def locked(path: Path) -> Locked:
    name, version = path.name.split("-")[:2]
    return Locked(name, version, None, (f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",), ())


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path, empty: Path) -> None:
    given = wheel(tmp_path, "made_by_hand", "1.0", {"made_by_hand.py": "A = 1\n"})
    right = locked(given)
    wheel(tmp_path, "made_by_hand", "1.0", {"made_by_hand.py": "A = 2\n"})
    with pytest.raises(RunbookError, match="HASHES"):
        wheels.fetch([right], HERE, empty, "en", tmp_path)
    assert list(empty.iterdir()) == []


def test_requirements_list_what_lies_there(tmp_path: Path, empty: Path) -> None:
    given = wheel(tmp_path, "made_by_hand", "1.0", {})
    wheels.fetch([locked(given)], HERE, empty, "en", tmp_path)
    wheels.list_requirements(empty)
    text = (empty / "requirements.txt").read_text(encoding="utf-8")
    assert text == f"made-by-hand==1.0 --hash={locked(given).hashes[0]}\n"


def test_the_longest_path_counts_what_python_adds(tmp_path: Path) -> None:
    wheel(tmp_path, "a", "1", {"a/" + "n" * 60 + ".py": "", "a/" + "t" * 70: ""})
    assert longest(tmp_path, "3.13") == len("Lib/site-packages/a/__pycache__/" + "n" * 60 + ".cpython-313.pyc")


# ---------------------------------------------------------------- licences

TERMS = {
    "License-Expression: MIT\nLicense: old\n": "MIT",
    "License: BSD-3-Clause\n": "BSD-3-Clause",
    f"License: {'The whole text. ' * 20}\nClassifier: License :: OSI Approved :: BSD License\n": "BSD License",
    f"License: {'x' * 90}\n": "x" * 59 + "…",
    "": "?",
}


@pytest.mark.parametrize(("about", "said"), TERMS.items())
def test_a_licence_is_named_in_one_line(tmp_path: Path, about: str, said: str) -> None:
    assert licences.of_wheel(wheel(tmp_path, "a", "1", {}, about)).declared == said


def test_every_text_is_kept_once_wherever_it_lies(tmp_path: Path) -> None:
    files = {
        "a-1.dist-info/licenses/LICENSE": "ours",
        "a-1.dist-info/licenses/": "",
        "a/_vendor/b-2.dist-info/LICENSE": "theirs",
        "a/_vendor/COPYING": "ours",
        "a/licensing.py": "code",
        "a/NOTICE": "noted",
    }
    terms = licences.of_wheel(wheel(tmp_path, "a", "1", files))
    assert terms.texts == {"LICENSE": b"ours", "a/_vendor/LICENSE": b"theirs", "a/NOTICE": b"noted"}
    licences.write([terms], tmp_path / "out")
    assert (tmp_path / "out" / "a-1" / "a" / "_vendor" / "LICENSE").read_bytes() == b"theirs"


def test_a_package_without_a_text_is_marked(tmp_path: Path) -> None:
    licences.write([licences.Terms("a", "1", "MIT", {}), licences.Terms("b", "1", "MIT", {"L": b""})], tmp_path)
    lines = (tmp_path / "LICENCES.txt").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["a 1: MIT  *", "b 1: MIT"]


def test_a_bill_keeps_to_the_schema_and_names_each_wheel(tmp_path: Path) -> None:
    """Judge: CycloneDX's own schema, which the library carries. Written twice it has the same bytes."""
    listed = tmp_path / "requirements.txt"
    listed.write_text(f"a==1 --hash=sha256:{'0' * 64}\nrds-cal-runbook==2 --hash=sha256:{'1' * 64}\n", encoding="utf-8")
    written = []
    for _ in range(2):
        materials.write(listed, "b==3", tmp_path, "en")
        written.append((tmp_path / materials.BILL).read_bytes())
    assert written[0] == written[1]
    bill = json.loads(written[0])
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written[0].decode()) is None
    assert "serialNumber" not in bill and "timestamp" not in bill["metadata"]
    assert bill["metadata"]["component"]["name"] == "rds-cal-runbook"
    named = {(each["name"], each["version"], each.get("hashes", [{}])[0].get("content")) for each in bill["components"]}
    assert named == {("a", "1", "0" * 64), ("b", "3", None)}


# ---------------------------------------------------------------- installer


#: A package with the command that an installation is to have.
STARTS = {
    "made_by_hand.py": "def main():\n    print('runbook, version 1.0')\n",
    "made_by_hand-1.0.dist-info/entry_points.txt": "[console_scripts]\nrunbook = made_by_hand:main\n",
}


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A bundle with one package made by hand, complete with installer, as it lies there after unpacking."""
    folder = tmp_path / "à côté"
    (folder / "wheels").mkdir(parents=True)
    (folder / "setup").mkdir()
    wheel(folder / "wheels", "made_by_hand", "1.0", STARTS)
    wheels.list_requirements(folder / "wheels")
    for program in (BUNDLE / "install.py", BUNDLE.parent / "words" / "console.py"):
        shutil.copyfile(program, folder / "setup" / program.name)
    texts = {lang: {word: both[lang] for word, both in aboard().items()} for lang in LANGS}
    about = {"python": ".".join(map(str, HERE.python)), "system": sys.platform, "longest": 60}
    for name, data in (("words", texts), ("about", about)):
        (folder / "setup" / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
    pack.write_sums(folder)
    return folder


def install(folder: Path, *words: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "setup" / "install.py"), "--lang", lang, *words]
    return subprocess.run(command, capture_output=True, encoding=pipe_encoding({}) or "utf-8", check=False)


def test_the_installer_installs_and_installs_again(unpacked: Path) -> None:
    for _ in range(2):
        done = install(unpacked)
        assert done.returncode == 0, done.stderr
        assert "Installed." in done.stdout
    (site,) = (unpacked / ".venv").rglob("site-packages")
    assert (site / "made_by_hand.py").is_file()


def test_what_was_installed_and_does_not_start_is_a_failure(unpacked: Path) -> None:
    broken = {**STARTS, "made_by_hand.py": "import a_library_that_is_not_there\n"}
    wheel(unpacked / "wheels", "made_by_hand", "1.0", broken)
    wheels.list_requirements(unpacked / "wheels")
    pack.write_sums(unpacked)
    done = install(unpacked)
    assert done.returncode == 1 and "The installation failed" in done.stderr and "Installed." not in done.stdout


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_list_of_sums_that_is_none_is_named(unpacked: Path, damage: str) -> None:
    sums = unpacked / "SHA256SUMS"
    if damage == "gone":
        sums.unlink()
    else:
        sums.write_text("cut\n" + sums.read_text(encoding="utf-8"), encoding="utf-8")
    done = install(unpacked)
    assert done.returncode == 2 and "SHA256SUMS" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("lang", LANGS)
def test_a_changed_a_missing_and_an_added_file_are_named_and_nothing_is_installed(unpacked: Path, lang: str) -> None:
    about = unpacked / "setup" / "about.json"
    about.write_text(about.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (unpacked / "wheels" / "requirements.txt").unlink()
    (unpacked / "wheels" / "other-1-py3-none-any.whl").touch()
    done = install(unpacked, lang=lang)
    assert done.returncode == 2
    named = [line.strip() for line in done.stderr.splitlines() if line.startswith("  ")]
    assert named == ["setup/about.json", "wheels/requirements.txt", "wheels/other-1-py3-none-any.whl"]
    assert not (unpacked / ".venv").exists()


@pytest.mark.parametrize("wrong", [{"python": "2.7"}, {"system": "os2"}])
def test_another_python_or_system_is_refused(unpacked: Path, wrong: dict[str, str]) -> None:
    path = unpacked / "setup" / "about.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | wrong), encoding="utf-8")
    pack.write_sums(unpacked)
    done = install(unpacked)
    assert done.returncode == 2
    assert next(iter(wrong.values())) in done.stderr
    assert not (unpacked / ".venv").exists()


def test_a_folder_that_is_no_environment_is_not_emptied(unpacked: Path) -> None:
    (unpacked / "cases").mkdir()
    (unpacked / "cases" / "kept").touch()
    done = install(unpacked, "--venv", str(unpacked / "cases"))
    assert done.returncode == 2
    assert (unpacked / "cases" / "kept").exists()


def test_the_installer_needs_nothing_but_python() -> None:
    for program in (BUNDLE / "install.py", BUNDLE.parent / "words" / "console.py"):
        text = program.read_text(encoding="utf-8")
        imported = set(re.findall(r"^ *(?:from|import) (\w+)", text, re.MULTILINE))
        assert imported - {"console"} <= set(sys.stdlib_module_names), program


def test_the_installers_know_every_word_that_they_say() -> None:
    said = set(re.findall(r"\$words\['(\w+)'\]", (BUNDLE / "install.ps1").read_text(encoding="utf-8")))
    text = (BUNDLE / "install.py").read_text(encoding="utf-8")
    said |= set(re.findall(r'(?:say\(words, |Refused\(|words\[)"(\w+)"', text))
    assert said == aboard().keys()


def test_what_powershell_fills_in_stands_in_both_languages() -> None:
    text = (BUNDLE / "install.ps1").read_text(encoding="utf-8")
    filled = re.findall(r"\$words\['(\w+)'\]\.Replace\('(\{\w+\})'", text)
    assert len(filled) == 3
    for word, field in filled:
        for lang in LANGS:
            assert field in aboard()[word][lang]


def test_scripts_that_windows_powershell_reads_without_a_mark_are_ascii() -> None:
    assert (BUNDLE / "install.ps1").read_bytes().isascii()


def test_make_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        make(tmp_path, tmp_path / "out", "fr")
    assert not (tmp_path / "out").exists()
