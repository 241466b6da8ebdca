"""VERIFIER.txt and the seal sheet: what an auditor without Python pastes, really run where there is a bash."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from made_case import clock, make_case

from runbook import archive
from runbook.record.pdf import print_pdf

BASH = shutil.which("bash")
needs_bash = pytest.mark.usefixtures("bash")


@pytest.fixture
def bash(need: Callable[..., str]) -> None:
    """bash and sha256sum, as an auditor on Linux has them."""
    need("bash")
    need("sha256sum")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> archive.Sealed:
    root = tmp_path_factory.mktemp("verifier")
    return archive.seal(make_case(root / "cases"), root / "archive", clock=clock())


@pytest.fixture
def bag(sealed: archive.Sealed, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed.bag, tmp_path / sealed.bag.name))


def text_of(bag: Path) -> str:
    return (bag / "VERIFIER.txt").read_bytes().decode("utf-8-sig")


def way(letter: str, bag: Path, folder: Path | None = None) -> str:
    """A way of the bag's own VERIFIER.txt as an auditor pastes it, with its Windows line ends and the folder's path."""
    block = re.search(rf"(?ms)^{letter}\. .*?\r\n\r\n(.*?)(?:(?:\r\n){{3,}}|\r\n\Z)", text_of(bag))
    assert block is not None
    return block[1].replace(f"/archive/{bag.name}", str(folder or bag))


def script_c(bag: Path, seal: str = "", folder: Path | None = None) -> bytes:
    """Way C with the paper's seal in."""
    folder = folder or bag
    script = way("C", bag, folder)
    script = script.replace("seal_on_paper=''", f"seal_on_paper='{seal}'")
    assert "\r\n" in script and str(folder) in script and f"seal_on_paper='{seal}'" in script
    return script.encode() + b"\r\n"


def way_c(bag: Path, seal: str = "") -> str:
    """What way C prints."""
    done = subprocess.run([str(BASH)], input=script_c(bag, seal), capture_output=True, timeout=60, check=False)
    assert b"command not found" not in done.stderr, done.stderr
    return done.stdout.decode()


@needs_bash
def test_a_good_bag_is_well_and_the_seal_from_paper_is_compared(bag: Path, sealed: archive.Sealed) -> None:
    for nothing in ("", "  "):
        plain = way_c(bag, nothing)
        assert plain.startswith("COHERENTE, ORIGINE NON VERIFIEE / COHERENT, ORIGIN NOT CHECKED\n")
        assert "WELL" not in plain and "PROVEN" not in plain and sealed.seal in plain
    spelled = " ".join(re.findall(".{4}", sealed.seal.upper()))
    assert way_c(bag, spelled).startswith("TOUT EST BIEN / ALL IS WELL\n") and "ORIGIN PROVEN" in way_c(bag, spelled)
    assert f"Dossier / Folder : {bag.resolve()}\n" in plain, "which folder was checked"
    wrong = way_c(bag, "0" * 64)
    assert "ALL IS WELL" not in wrong and "SEAL DIFFERS" in wrong and "ORIGIN PROVEN" not in wrong


@needs_bash
@pytest.mark.parametrize(("typed", "digits"), [("{63}", 63), ("{64} 0", 65), ("xyz", 0), ("oubli", 1)])
def test_a_seal_that_is_none_is_a_fault(bag: Path, sealed: archive.Sealed, typed: str, digits: int) -> None:
    given = typed.replace("{63}", sealed.seal[:63]).replace("{64}", sealed.seal)
    told = way_c(bag, given)
    assert told.startswith("ANOMALIES / FAULTS\n") and f"SEAL MISTYPED, {digits} DIGITS INSTEAD OF 64\n" in told
    assert "WELL" not in told and "COHERENT" not in told and "ORIGIN PROVEN" not in told


def way_f(bag: Path) -> str:
    """What way F prints."""
    script = way("F", bag).encode() + b"\r\n"
    done = subprocess.run([str(BASH)], input=script, capture_output=True, timeout=60, check=True)
    assert not done.stderr
    return done.stdout.decode()


@needs_bash
def test_the_chain_is_read_again_and_a_line_that_does_not_follow_is_named(bag: Path) -> None:
    journal = bag / "data" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    last = hashlib.sha256(lines[-1].rstrip(b"\n")).hexdigest()
    told = way_f(bag)
    assert told == f"Lignes / Lines : {len(lines)} ; ruptures / breaks : 0\nDerniere / Last : {last}\n"
    for lang in ("fr", "en"):
        assert last in (bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8"), "at the record's foot"
    journal.write_bytes(b"".join([*lines[:4], lines[4].replace(b'"event":', b'"event": ', 1), *lines[5:]]))
    told = way_f(bag)
    assert "RUPTURE / BREAK : 6\n" in told and "breaks : 1\n" in told
    journal.write_bytes(b"".join(lines[1:]))
    assert way_f(bag).startswith("RUPTURE / BREAK : 1\n")


@needs_bash
def test_what_is_wrong_with_the_seal_stands_on_a_line_of_its_own(bag: Path) -> None:
    _add(bag)
    lines = way_c(bag, "0" * 64).splitlines()
    assert "SCEAU DIFFERENT / SEAL DIFFERS" in lines and "AJOUTE / ADDED : data/.hidden" in lines


@needs_bash
def test_without_the_folder_nothing_is_checked_and_the_shell_stays(bag: Path, sealed: archive.Sealed) -> None:
    """Pasted into an interactive shell that stands in another archive: that one must not be taken for this."""
    script = script_c(bag, sealed.seal, folder=bag.parent / "not there") + b"echo still $((40 + 2)) #\r\n"
    for call in ([str(BASH)], [str(BASH), "--norc", "--noprofile", "-i"]):
        done = subprocess.run(call, input=script, cwd=bag, capture_output=True, timeout=60, check=False)
        told = done.stdout.decode()
        assert "NOTHING WAS CHECKED" in told and "still 42" in told, told
        for word in ("WELL", "COHERENT", "ANOMALIES", "PROVEN", sealed.seal):
            assert word not in told


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
def test_every_cheat_is_named(bag: Path, sealed: archive.Sealed, cheat: Callable[[Path], None]) -> None:
    cheat(bag)
    for seal in ("", sealed.seal):
        told = way_c(bag, seal)
        assert told.startswith("ANOMALIES / FAULTS\n") and CHEATS[cheat] in told, told
        assert "WELL" not in told and "COHERENT" not in told and "ORIGIN PROVEN" not in told


def test_the_text_names_its_own_bag_and_says_how_to_begin(bag: Path) -> None:
    text = text_of(bag)
    assert f"$Bag = 'D:\\archive\\{bag.name}'" in text and f"cd '/archive/{bag.name}'" in text
    for words in ("Allez d’abord dans le dossier", "First go into the folder", "-TimestampServer", "REDACTED.txt"):
        assert words in text
    for answer in ("TOUT EST BIEN", "ALL IS WELL", "COHERENTE, ORIGINE NON VERIFIEE", "COHERENT, ORIGIN NOT CHECKED"):
        assert text.count(answer) == 3, "in the words, and as ways B and C answer it"
    for fault in ("le sceau concorde, le contenu non", "the seal matches, the content does not", "SEAL MISTYPED"):
        assert text.count(fault) == 2, "ways B and C say the same"
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


def test_the_printed_sheet_is_one_page_for_each_language(
    tmp_path: Path, need: Callable[..., str], need_browser: Callable[[], Path]
) -> None:
    """Signature and seal on one side of paper: on a second one they could be joined to another."""
    browser = need_browser()
    need("pdfinfo")
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
