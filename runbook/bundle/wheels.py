"""The wheelhouse of a bundle: every package that the runbook needs to run, as requirements.txt pins it, and its own.

pip fetches, because it is there wherever the runbook is installed, and checks each file against the lock's hashes.
It asks a requirement's markers about the machine that it runs on even when ``--platform`` names another one;
so the lock is narrowed to the target first, and pip sees no marker.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from runbook.bundle.lock import Locked, Target
from runbook.errors import RunbookError
from runbook.files import sha256_of
from runbook.words.sentences import say

#: What install.py hands to pip: every wheel of the folder, with its hash.
REQUIREMENTS = "requirements.txt"


def fetch(pins: Iterable[Locked], target: Target, folder: Path, lang: str, given: Path | None = None) -> None:
    """Put the wheels of ``pins`` that ``target`` needs into ``folder``; from ``given`` without any network.

    Raises RunbookError with pip's last words when a wheel is not to be had or has another hash.
    """
    wanted = [pin for pin in pins if pin.wanted(target)]
    listed = folder.with_name("wanted.txt")
    lines = [" ".join([f"{pin.name}=={pin.version}", *(f"--hash={h}" for h in pin.hashes)]) + "\n" for pin in wanted]
    listed.write_text("".join(lines), encoding="utf-8", newline="\n")
    words = ["download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(folder)]
    for platform in target.platforms:
        words += ["--platform", platform]
    if target.platforms:
        words += ["--implementation", "cp", "--python-version", ".".join(map(str, target.python))]
    if given is not None:
        words += ["--no-index", "--find-links", str(given)]
    _pip([*words, "-r", str(listed)], lang)
    listed.unlink()


def build(project: Path, folder: Path, lang: str) -> Path:
    """Build the wheel of ``project`` into ``folder``; the same files always give the same bytes. Returns it."""
    before = set(folder.glob("*.whl"))
    _pip(["wheel", "--no-deps", "--wheel-dir", str(folder), str(project)], lang)
    (made,) = set(folder.glob("*.whl")) - before
    return made


def list_requirements(folder: Path) -> None:
    """Write requirements.txt into the wheelhouse: exactly what lies there, each with its hash."""
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version, *_ = parse_wheel_filename(wheel.name)
        lines.append(f"{name}=={version} --hash=sha256:{sha256_of(wheel)}\n")
    (folder / REQUIREMENTS).write_text("".join(lines), encoding="utf-8", newline="\n")


def _pip(words: Sequence[str], lang: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *words]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if run.returncode:
        said = [line for line in run.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise RunbookError(say("bundle.pip_failed", lang, words=words[0], said="\n  ".join(said[-6:])))
