"""The bags we write are BagIt bags: judged by the reference tool; and why that tool does not write them."""

from __future__ import annotations

import logging
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest
from made_case import make_case

from runbook.archive.bag import manifest_bytes, read_manifest, safe_names
from runbook.archive.seal import Sealed, seal
from runbook.archive.verify import verify

logging.getLogger("bagit").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    root = tmp_path_factory.mktemp("bag")
    return seal(make_case(root / "cases"), root / "archive")


def bagit_accepts(bag: Path) -> bool:
    try:
        bagit.Bag(str(bag)).validate()
    except (bagit.BagError, OSError, UnicodeDecodeError):
        return False
    return True


def test_bagit_validates_a_sealed_case(sealed: Sealed) -> None:
    bag = bagit.Bag(str(sealed.bag))
    bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.info["External-Identifier"] == "case-2024-01"
    assert bag.info["Contact-Name"] == "Hélène Exemplaire"


def test_sha256sum_reads_both_manifests(sealed: Sealed, need: Callable[..., str]) -> None:
    need("sha256sum")
    call = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
    done = subprocess.run(call, cwd=sealed.bag, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


def test_why_bagit_does_not_write_them(tmp_path: Path) -> None:
    """Each of the reasons given in runbook/archive/bag.py, seen. When one falls, decide anew."""
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a")
    inode = (folder / "a.txt").stat().st_ino
    bagit.make_bag(str(folder), checksums=["sha256"])
    assert "BagIt-Version: 0.97" in (folder / "bagit.txt").read_text(encoding="utf-8")
    assert (folder / "data" / "a.txt").stat().st_ino == inode, "it no longer works in place"
    tag_line = (folder / "tagmanifest-sha256.txt").read_text(encoding="utf-8").splitlines()[0]
    assert tag_line[64] == " " and tag_line[65] != " ", "sha256sum could now read its tag manifest"


def test_we_accept_what_bagit_writes(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.txt", "inner/été.txt", "inner/with space.bin"):
        (folder / name).write_bytes(name.encode())
    bagit.make_bag(str(folder), {"Contact-Name": "Ed"}, checksums=["sha256", "sha512", "md5"])
    report = verify(folder)
    assert report.ok, report.text("en")
    assert report.files == 3


def break_bag(bag: Path, how: int, dice: random.Random) -> str:
    """Break a bag that bagit wrote in one of ten ways; the name of the way."""
    payload = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    victim = dice.choice(payload)
    manifest = bag / "manifest-sha256.txt"
    lines = manifest.read_bytes().splitlines(keepends=True)
    match how:
        case 0:
            victim.write_bytes(victim.read_bytes() + b"!")
            return "grown"
        case 1:
            victim.unlink()
            return "removed"
        case 2:
            (bag / "data" / "more.txt").write_bytes(b"more")
            return "added"
        case 3:
            victim.rename(victim.with_name("other-name"))
            return "renamed"
        case 4:
            raw = bytearray(victim.read_bytes())
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            victim.write_bytes(raw)
            return "bit"
        case 5:
            manifest.write_bytes(b"".join(lines[1:]))
            return "manifest line dropped"
        case 6:
            manifest.write_bytes(b"zz" + b"".join(lines)[2:])
            return "manifest garbage"
        case 7:
            (bag / "bagit.txt").unlink()
            return "no declaration"
        case 8:
            info = bag / "bag-info.txt"
            info.write_bytes(info.read_bytes().replace(b"Payload-Oxum: ", b"Payload-Oxum: 9"))
            return "oxum"
        case _:
            manifest.unlink()
            return "no manifest"


def test_we_refuse_every_bag_that_bagit_refuses(tmp_path: Path) -> None:
    dice = random.Random(20240101)
    for turn in range(60):
        bag = tmp_path / f"bag{turn}"
        (bag / "deep").mkdir(parents=True)
        for number in range(4):
            (bag / ("deep" if number % 2 else ".") / f"{number}.bin").write_bytes(dice.randbytes(40 + number))
        bagit.make_bag(str(bag), checksums=["sha256"])
        assert verify(bag).ok and bagit_accepts(bag)
        way = break_bag(bag, turn % 10, dice)
        assert not bagit_accepts(bag), way
        assert not verify(bag).ok, way


def test_we_see_an_added_tag_file_that_bagit_does_not(sealed: Sealed, tmp_path: Path) -> None:
    bag = tmp_path / sealed.bag.name
    shutil.copytree(sealed.bag, bag)
    (bag / "lisez-moi.txt").write_bytes(b"tout va bien")
    assert bagit_accepts(bag)
    assert [fault.path for fault in verify(bag).faults] == ["lisez-moi.txt"]


def test_names_become_safe_and_stay_different() -> None:
    paths = ["a/été.txt", "a/ete.txt", "a/ETE.TXT", "ü/x y.txt", "u/x y.txt", "plain/ok-1.json", "a/…"]
    chosen = safe_names(paths)
    assert chosen["plain/ok-1.json"] == "plain/ok-1.json"
    assert len({name.lower() for name in chosen.values()}) == len(paths)
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")
        for name in chosen.values()
    )


def test_a_manifest_reads_back_as_written() -> None:
    digests = {"data/a%b\nc.txt": "0" * 64, "data/z": "f" * 64}
    assert read_manifest(manifest_bytes(digests), "manifest-sha256.txt").digests == digests
