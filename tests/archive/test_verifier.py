"""VERIFIER.txt and the seal sheet: what an auditor without Python pastes, really run where there is a bash."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from made_case import clock, make_case

from runbook import archive
from runbook.record.pdf import find_browser, print_pdf

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None or shutil.which("sha256sum") is None, reason="needs bash and sha256sum")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> archive.Sealed:
    root = tmp_path_factory.mktemp("verifier")
    return archive.seal(make_case(root / "cases"), root / "archive", clock=clock())


@pytest.fixture
def bag(sealed: archive.Sealed, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed.bag, tmp_path / sealed.bag.name))


def text_of(bag: Path) -> str:
    return (bag / "VERIFIER.txt").read_bytes().decode("utf-8-sig")


def way_c(bag: Path, seal: str = "") -> str:
    """What way C of the bag's own VERIFIER.txt prints, taken with its Windows line ends, and the paper's seal in."""
    block = re.search(r"(?ms)^C\. .*?\r\n\r\n(.*?)(?:\r\n){3,}", text_of(bag))
    assert block is not None
    script = block[1].replace(f"/archive/{bag.name}", str(bag)).replace("seal_on_paper=''", f"seal_on_paper='{seal}'")
    assert "\r\n" in script and str(bag) in script
    done = subprocess.run([str(BASH)], input=script.encode() + b"\r\n", capture_output=True, timeout=60, check=False)
    assert b"command not found" not in done.stderr, done.stderr
    return done.stdout.decode()


@needs_bash
def test_a_good_bag_is_well_and_the_seal_from_paper_is_compared(bag: Path, sealed: archive.Sealed) -> None:
    plain = way_c(bag)
    assert plain.startswith("TOUT EST BIEN / ALL IS WELL") and "not checked" in plain and sealed.seal in plain
    spelled = " ".join(re.findall(".{4}", sealed.seal.upper()))
    assert "ALL IS WELL" in way_c(bag, spelled) and "ORIGIN PROVEN" in way_c(bag, spelled)
    wrong = way_c(bag, "0" * 64)
    assert "ALL IS WELL" not in wrong and "SEAL DIFFERS" in wrong


def _change(bag: Path) -> None:
    (bag / "data" / "case.yml").write_bytes(b"case: other\n")


def _remove(bag: Path) -> None:
    (bag / "data" / "r01" / "migrate.ipynb").unlink()


def _add(bag: Path) -> None:
    (bag / "data" / ".hidden").write_bytes(b"x")


def _add_link(bag: Path) -> None:
    (bag / "data" / "more").symlink_to("/etc/hostname")


def _add_linked_folder(bag: Path) -> None:
    (bag / "data" / "folder").symlink_to("/tmp", target_is_directory=True)


def _swap_for_link(bag: Path) -> None:
    """The same bytes today, another file tomorrow."""
    file = bag / "data" / "case.yml"
    shutil.copy(file, bag.parent / "elsewhere.yml")
    file.unlink()
    file.symlink_to(bag.parent / "elsewhere.yml")


def _add_folder(bag: Path) -> None:
    (bag / "data" / "empty").mkdir()


def _edit_manifest(bag: Path) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_bytes(manifest.read_bytes().replace(b"data/r02", b"data/r03", 1))


CHEATS: dict[Callable[[Path], None], str] = {
    _change: "data/case.yml",
    _remove: "data/r01/migrate.ipynb",
    _add: "data/.hidden",
    _add_link: "data/more",
    _add_linked_folder: "data/folder",
    _swap_for_link: "LINK : ./data/case.yml",
    _add_folder: "data/empty",
    _edit_manifest: "manifest-sha256.txt",
}


@needs_bash
@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_every_cheat_is_named(bag: Path, cheat: Callable[[Path], None]) -> None:
    cheat(bag)
    told = way_c(bag)
    assert "ALL IS WELL" not in told and CHEATS[cheat] in told, told


def test_the_text_names_its_own_bag_and_says_how_to_begin(bag: Path) -> None:
    text = text_of(bag)
    assert f"$Bag = 'D:\\archive\\{bag.name}'" in text and f"cd '/archive/{bag.name}'" in text
    for words in ("Allez d’abord dans le dossier", "First go into the folder", "-TimestampServer", "REDACTED.txt"):
        assert words in text
    assert "\n" not in text.replace("\r\n", "")


def test_the_sheet_opens_in_notepad_and_gives_three_lines_that_stand_alone(sealed: archive.Sealed) -> None:
    raw = sealed.sheets[0].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r\n" in raw and b"\n" not in raw.replace(b"\r\n", b"")
    page = sealed.sheets[1].read_text(encoding="utf-8")
    name = sealed.bag.name
    for text in (raw.decode("utf-8-sig"), page.replace("&#x27;", "'").replace("&quot;", '"')):
        assert f'certutil -hashfile "{name}\\tagmanifest-sha256.txt" SHA256' in text
        assert f"(Get-FileHash -LiteralPath '.\\{name}\\tagmanifest-sha256.txt' -Algorithm SHA256).Hash" in text
        assert f"sha256sum '{name}/tagmanifest-sha256.txt'" in text
    assert archive.verify(sealed.bag).ok, "the sheet beside the bag is still read"


def test_the_printed_sheet_is_one_page_for_each_language(tmp_path: Path) -> None:
    """Signature and seal on one side of paper: on a second one they could be joined to another."""
    browser = find_browser()
    if browser is None or shutil.which("pdfinfo") is None:
        pytest.skip("needs a Chromium browser and pdfinfo")
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    made = archive.seal(case, tmp_path / "archive", as_is="une raison de plusieurs mots", clock=clock())
    pdf = print_pdf(made.sheets[1], tmp_path / "sheet.pdf", "fr", browser=browser)
    told = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, check=True).stdout.decode()
    assert re.search(r"Pages:\s+2\n", told), told


@needs_bash
def test_the_line_on_the_sheet_gives_the_seal(sealed: archive.Sealed) -> None:
    line = next(
        line.strip()
        for line in sealed.sheets[0].read_text(encoding="utf-8-sig").splitlines()
        if line.strip().startswith("sha256sum")
    )
    done = subprocess.run([str(BASH), "-c", line], cwd=sealed.bag.parent, capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().split()[0] == sealed.seal


def test_a_sealed_record_does_not_tell_to_seal(sealed: archive.Sealed) -> None:
    for lang in ("fr", "en"):
        page = (sealed.bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        assert "runbook seal" not in page and "VERIFIER.txt" in page
