"""The bundle itself, once: made twice from one commit, unpacked, installed, read and rehearsed without network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename
from playwright.sync_api import Browser

from runbook.bundle import lock
from runbook.bundle.lock import WINDOWS
from runbook.bundle.make import START_HERE, THEME
from runbook.bundle.materials import BILL
from runbook.bundle.source import PARTS
from runbook.files import sha256_of
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.words.sentences import LANGS

ROOT = Path(__file__).resolve().parents[2]
#: A folder as people have them: blanks, accents, what URLs and shells take for something else.
AWKWARD = "l’été à 100 % #1"
# Brings the loopback interface up in a network namespace of its own (kernel and papermill talk through it), then runs
# the rest of the command line: SIOCSIFFLAGS with IFF_UP | IFF_LOOPBACK | IFF_RUNNING (netdevice(7)).
_LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x8 | 0x40))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def cut_off() -> list[str]:
    """What to put before a command so that it has no network; nothing where the system cannot do that (the dead
    proxies of ``environ`` remain)."""
    prefix = ["unshare", "-rn", sys.executable, "-I", "-c", _LOOPBACK]
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    except OSError:
        return []
    return [] if tried.returncode else prefix


def environ(home: Path, **more: str) -> dict[str, str]:
    """An environment without this one's settings, in which every proxy points nowhere."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("PIP_", "PYTHON", "RUNBOOK_", "LC_"))}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return kept | nowhere | {"HOME": str(home), "LANG": "fr_FR.UTF-8"} | more


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)


def checkout(folder: Path) -> Path:
    """The working files as a repository of one commit."""
    folder.mkdir()
    for part in (*PARTS, ".gitattributes", ".gitignore"):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / part, folder / part)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "test")
    return folder


def make(root: Path, out: Path, umask: str, *words: str, **settings: str) -> Path:
    """``runbook bundle --platform here`` of ``root``; returns the archive."""
    command = [sys.executable, "-m", "runbook.cli", "--lang", "en", "bundle", "--platform", "here", "--out", str(out)]
    run = subprocess.run(
        ["sh", "-c", f'umask {umask}; exec "$@"', "sh", *command, *words],
        cwd=root,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | settings,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (archive,) = out.glob("*.zip")
    megabytes = f"{archive.stat().st_size / 1_000_000:.1f} MB"
    assert megabytes in run.stdout
    return archive


def read_in_a_browser(site: Path, chromium: Browser) -> None:
    """Open the site from its files, with no name resolvable: landing page, both languages, search."""
    asked: list[str] = []
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    for lang in LANGS:
        page.goto((site / "index.html").as_uri())
        with page.expect_navigation(wait_until="load"):
            page.click(f"a[hreflang={lang}]")
        assert page.get_attribute("html", "lang") == lang
        page.click("input.md-search__input")
        page.keyboard.type("4105")
        page.wait_for_selector("a.md-search-result__link")
        page.goto((site / lang / "runbook" / "air-gapped.html").as_uri())
        assert "install.ps1" in page.inner_text("article")
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def bill_names_what_is_there(bundle: Path) -> None:
    """The bill of materials names each wheel by its hash, and the site's theme."""
    bill = json.loads((bundle / "licences" / BILL).read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in bill and "timestamp" not in bill["metadata"]
    about = bill["metadata"]["component"]
    named = {
        (each["name"], each["version"], *(one["content"] for one in each.get("hashes", ())))
        for each in bill["components"]
    }
    wheels = (bundle / "wheels").glob("*.whl")
    there = {(*map(str, parse_wheel_filename(wheel.name)[:2]), sha256_of(wheel)) for wheel in wheels}
    (own,) = {each for each in there if each[0] == about["name"]}
    assert (about["version"], len(named)) == (own[1], len(there))
    assert {each for each in named if each[0] != THEME} == there - {own}


@pytest.mark.timeout(1500)
@pytest.mark.skipif(sys.platform == "win32", reason="unshare, umask and sh; on Windows install.ps1 itself is tried")
def test_made_twice_unpacked_installed_read_and_rehearsed_without_network(tmp_path: Path, chromium: Browser) -> None:
    root = checkout(tmp_path / "project")
    first = make(root, tmp_path / "one", "022", PYTHONHASHSEED="1", TZ="UTC")
    folder = tmp_path / AWKWARD
    with zipfile.ZipFile(first) as packed:
        packed.extractall(folder)
    (bundle,) = folder.iterdir()

    # The same commit gives the same bytes: other hash seed, time zone, locale, modes, and wheels from a folder.
    (root / "notebooks" / "left-over.txt").write_text("not in the commit\n", encoding="utf-8")
    second = make(
        root, tmp_path / "two", "077", "--wheels", str(bundle / "wheels"),
        PYTHONHASHSEED="2", TZ="Pacific/Kiritimati", LC_ALL="C",
    )  # fmt: skip
    assert first.read_bytes() == second.read_bytes()

    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=root, encoding="ascii").strip()
    assert json.loads((bundle / "setup" / "about.json").read_text(encoding="utf-8"))["commit"] == commit
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=bundle, check=True)

    bill_names_what_is_there(bundle)
    start = (bundle / START_HERE).read_text(encoding="utf-8-sig")
    named = set(re.findall(r"^(\S+?)(?:  |\\)", start, re.M))
    assert named == {"VERIFIER.txt", "install.ps1", "site", "notebooks"}
    assert all((bundle / name).exists() for name in named)

    home = tmp_path / "home"
    home.mkdir()
    alone = cut_off()
    if alone:  # it has the loopback interface and nothing else
        seen = [*alone, sys.executable, "-c", "import socket; print([name for _, name in socket.if_nameindex()])"]
        assert subprocess.check_output(seen, encoding="utf-8").strip() == "['lo']"
    install = [*alone, sys.executable, "-I", str(bundle / "setup" / "install.py"), "--lang", "fr"]
    done = subprocess.run(install, cwd=home, env=environ(home), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Installé." in done.stdout

    # Whoever has the wheel alone (uv tool, pipx) lays a folder out, and the same line works there.
    programs = bundle / ".venv" / "bin"
    laid = tmp_path / "Licences été"
    subprocess.run([str(programs / "runbook"), "init", str(laid)], cwd=home, env=environ(home), check=True)
    assert (laid / "cases" / "case-essai" / "case.yml").is_file()
    papermill = [*alone, str(programs / "papermill"), "migrate.ipynb", "case-2024-07.ipynb", "--no-progress-bar"]
    played = subprocess.run(papermill, cwd=laid, env=environ(home), capture_output=True, encoding="utf-8", check=False)
    assert played.returncode == 0, played.stderr
    history = History(Journal(laid / "cases" / "case-2024-07" / "journal.jsonl").entries())
    assert [history.closing(run)["outcome"] for run in history.runs()] == ["waiting", "done"]  # type: ignore[index]
    assert (laid / "case-2024-07.ipynb").is_file()

    read_in_a_browser(bundle / "site", chromium)


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_every_wheel_for_windows_is_to_be_had_with_its_hash(minor: int, tmp_path: Path) -> None:
    """The registry has a wheel for Windows x64 of each pin, with a hash of the lock. Fetches no wheel."""
    target = replace(WINDOWS, python=(3, minor))
    pins = lock.parse((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    wanted = tmp_path / "wanted.txt"
    lines = [
        " ".join([f"{pin.name}=={pin.version}", *(f"--hash={h}" for h in pin.hashes)])
        for pin in pins
        if pin.wanted(target)
    ]
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    version = ".".join(map(str, target.python))
    command = [
        sys.executable, "-m", "uv", "pip", "install", "--system-certs", "--dry-run", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--python-platform", "x86_64-pc-windows-msvc", "--python-version", version,
        "--target", str(tmp_path / "none"), "-r", str(wanted),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    assert run.returncode == 0, run.stderr
    assert f"Would install {len(lines)} packages" in run.stderr
