"""The journal held to what lies around it; cases of the version before are read as they are."""

from __future__ import annotations

import json
import random
import sys
import zipfile
from pathlib import Path

import pytest
from journal_attacks import ON_RUN, ON_SEAL, attack

from runbook.archive.seal import seal
from runbook.archive.verify import verify
from runbook.case import case_file
from runbook.case.identifiers import mask_known, secrets_in
from runbook.errors import RunbookError
from runbook.host.process import Ended
from runbook.journal.held import refuse_unheld, unheld
from runbook.journal.lines import Journal, read_line

FIXTURE = Path(__file__).with_name("fixtures") / "case-of-version-before.zip"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished rehearsal that the version of commit 06b4fcb left."""
    place = tmp_path_factory.mktemp("before") / "cases"
    with zipfile.ZipFile(FIXTURE) as packed:
        packed.extractall(place)
    return place / "case-old"


@pytest.fixture(scope="module")
def headed(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same case gone on with: its journal has a head."""
    import shutil

    case = tmp_path_factory.mktemp("headed") / "case-old"
    shutil.copytree(before, case)
    Journal(case / "journal.jsonl").append("note", headed=True)
    return case


def can_link(folder: Path) -> bool:
    """Whether the system makes what the attack lays there: everywhere but on Wine 8."""
    if sys.platform == "win32":
        import _winapi

        try:
            _winapi.CreateJunction(str(folder), str(folder / "tried"))
        except OSError:
            return False
        (folder / "tried").rmdir()
    return True


def test_a_case_of_the_version_before_is_held_sealed_and_verified(before: Path, tmp_path: Path) -> None:
    assert unheld(before, Journal(before / "journal.jsonl")) == []
    assert verify(seal(before, tmp_path).bag).ok


#: "answer" needs the HMAC of a confirmation of this version (tests/journal/test_confirm.py, bench_journal.py).
@pytest.mark.parametrize("name", [name for name in (*ON_RUN, *ON_SEAL) if name != "answer"])
def test_an_attack_is_refused(headed: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "attacked"))
    if name == "odd file" and not can_link(tmp_path):
        pytest.skip("Wine 8 has no junctions")
    assert attack(headed, tmp_path / "attacked", name, 7) == []


def test_what_a_person_takes_upon_themselves_goes_on(headed: Path, tmp_path: Path) -> None:
    import shutil

    from runbook.case.folder import CaseFolder
    from runbook.commands.case import accept_step

    case = tmp_path / "case-old"
    shutil.copytree(headed, case)
    (case / "r09").mkdir()
    (case / "r09" / "note.txt").write_text("?", encoding="utf-8")
    journal = Journal(case / "journal.jsonl")
    with pytest.raises(RunbookError, match="accept case-old journal"):
        refuse_unheld(case, journal, "en")
    accept_step(CaseFolder(case), "journal", None, "a copy of mine", "hélène", "en")
    assert unheld(case, journal) == []
    told = journal.entries()[-1]
    assert (told["who"], told["reason"], told["faults"][0]["path"]) == ("hélène", "a copy of mine", "r09/note.txt")


def test_any_bytes_are_a_line_or_none() -> None:
    dice = random.Random(3)
    good = b'{"event":"end","n":1,"prev":"%s","run":"r01","status":"failed","step":"x","t":"2026-01-01T00:00:00.000Z"}'
    line = good % (b"0" * 64)
    assert read_line(line) == json.loads(line)
    for _ in range(3000):
        raw = bytearray(line)
        for _ in range(dice.randrange(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        read_line(bytes(raw))
    for odd in (b"[" * 100_000, b'{"a":' * 90_000, b"NaN", b"", b"\0" * 40, b'{"n":1e999}'):
        assert read_line(odd) is None


@pytest.mark.parametrize("code", [-9, -15, 0x40010004, 0xC000013A, 0xC0000005, None])
def test_an_end_that_came_from_outside_is_none_of_its_own(code: int | None) -> None:
    assert not Ended(code, 1.0).by_itself
    assert Ended(0, 1.0).by_itself and Ended(15007, 1.0).by_itself


def test_a_case_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "case.yml"
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text, word in (
        (bomb, "alias"),
        ("[" * 3000, "too_deep"),
        ("- a\n" * 30_000, "too_deep"),
        ("#" * 1_000_001, "too_long"),
    ):
        path.write_text(text, encoding="utf-8")
        assert [fault.key for fault in case_file.read(path).faults] == [f"case.{word}"]
        assert case_file.plain(text) == {}


def test_an_error_that_repeats_an_identifier_is_masked_in_any_writing() -> None:
    secret = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"
    known = secrets_in({"packs": [secret]})
    for said in (
        secret,
        secret.lower(),
        secret.replace("-", ""),
        secret.replace("-", " - "),
        secret.replace("-", "\n"),
    ):
        assert mask_known(f"cannot install {said}!", known) == "cannot install ...PACK1!"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices that lie in a folder are POSIX")
@pytest.mark.timeout(30)
@pytest.mark.parametrize("odd", ["pipe", "/dev/zero"])
def test_a_case_file_that_is_none_is_refused_and_never_waited_for(before: Path, tmp_path: Path, odd: str) -> None:
    import os
    import shutil

    from runbook.redaction.redact import redact

    case = tmp_path / "case-old"
    shutil.copytree(before, case)
    (case / "case.yml").unlink()
    if odd == "pipe":
        os.mkfifo(case / "case.yml")
    else:
        (case / "case.yml").symlink_to(odd)
    for act in (seal, redact):
        with pytest.raises(RunbookError, match=r"case\.yml"):
            act(case, tmp_path / "archive")
