"""install.ps1 and the bundle's own check, on real PowerShell; Python is a stand-in. 5.1 itself is not proven here."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.words.sentences import LANGS, data_root, read_yaml
from tests.simulated import pwsh

BUNDLE = data_root() / "runbook" / "bundle"
GOOD = '#!/bin/sh\nmkdir -p "{made}"\ntouch "{made}/runbook"\necho "$@" > "{made}/given"\n'
pytestmark = [
    pytest.mark.skipif(pwsh.missing(), reason="no pwsh"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script"),
]


def sums(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    folder = tmp_path / "[1] à côté d'ici"
    (folder / "setup").mkdir(parents=True)
    shutil.copyfile(BUNDLE / "install.ps1", folder / "install.ps1")
    (folder / "setup" / "install.py").write_text("", encoding="utf-8")
    words = {key.removeprefix("aboard_"): both for key, both in read_yaml("words/bundle").items()}
    texts = {lang: {key: both[lang] for key, both in words.items()} for lang in LANGS}
    (folder / "setup" / "words.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "setup" / "about.json").write_text(json.dumps({"python": "3.13"}), encoding="utf-8")
    sums(folder)
    return folder


def powershell(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(pwsh.find()), "-NoLogo", "-NoProfile", "-NonInteractive", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False, env=pwsh.environ())


def install(folder: Path, python: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    words = ("-File", str(folder / "install.ps1"), "-Python", python, "-Language", lang)
    return powershell(*words, cwd=folder.parent)


def program(folder: Path, text: str) -> str:
    made = folder.parent / "python"
    made.write_text(text.format(made=folder / ".venv" / "bin"), encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return str(made)


def test_the_installer_hands_over_to_the_python_that_is_named(unpacked: Path) -> None:
    done = install(unpacked, program(unpacked, GOOD), "fr")
    assert done.returncode == 0, done.stderr
    given = (unpacked / ".venv" / "bin" / "given").read_text(encoding="utf-8")
    assert given.split()[-2:] == ["--lang", "fr"] and "install.py" in given


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 5\n"])
def test_it_never_ends_well_without_what_it_was_to_make(unpacked: Path, text: str, lang: str) -> None:
    done = install(unpacked, program(unpacked, text), lang)
    assert done.returncode != 0
    told = read_yaml("words/bundle")["aboard_failed"][lang].split("(")[0].strip()
    assert told in " ".join(re.sub(r"\x1b\[[0-9;]*m|\|", " ", done.stderr).split())


@pytest.mark.parametrize("damage", ["changed", "missing", "cut", "no list", "empty list"])
def test_a_damaged_bundle_is_named_and_no_python_is_started(unpacked: Path, damage: str) -> None:
    listed = unpacked / "SHA256SUMS"
    if damage == "changed":
        (unpacked / "setup" / "install.py").write_text("import os\n", encoding="utf-8")
    elif damage == "missing":
        (unpacked / "setup" / "install.py").unlink()
    elif damage == "cut":
        listed.write_text(listed.read_text(encoding="utf-8")[:20] + "\n", encoding="utf-8")
    elif damage == "no list":
        listed.unlink()
    else:
        listed.write_text("", encoding="utf-8")
    done = install(unpacked, program(unpacked, GOOD))
    assert done.returncode != 0 and not (unpacked / ".venv").exists()
    assert ("setup/install.py" if damage in ("changed", "missing") else "SHA256SUMS") in done.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [("", "FAULTS  0"), ("changed", "CHANGED"), ("missing", "MISSING"), ("cut", "LIST DAMAGED"),
     ("no list", "NOTHING WAS CHECKED"), ("empty list", "NOTHING WAS CHECKED")],
)  # fmt: skip
def test_the_check_of_verifier_txt_counts_what_it_checked(unpacked: Path, damage: str, said: str) -> None:
    text = (BUNDLE / "verifier.ps1").read_text(encoding="utf-8")
    moved = unpacked.rename(unpacked.with_name("moved"))
    unpacked.mkdir()  # the way to the archive holds signs that would break a command; none names it
    unpacked = moved.rename(unpacked / "rds-cal-runbook")
    script = unpacked.parent / "paste.ps1"
    script.write_text(text, encoding="utf-8-sig")
    count = len((unpacked / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    if damage == "changed":
        (unpacked / "install.ps1").write_text("x", encoding="utf-8")
    elif damage == "missing":
        (unpacked / "install.ps1").unlink()
    elif damage == "cut":
        (unpacked / "SHA256SUMS").write_text("abc\n", encoding="utf-8")
    elif damage:
        (unpacked / "SHA256SUMS").write_text("", encoding="utf-8")
        if damage == "no list":
            (unpacked / "SHA256SUMS").unlink()
    done = powershell("-File", str(script), cwd=unpacked.parent)
    assert said in done.stdout, done.stdout + done.stderr
    assert ("FAULTS  0" in done.stdout) == (not damage)
    assert damage or f"FILES  {count} ;" in done.stdout
