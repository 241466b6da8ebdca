"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest

from runbook.errors import RunbookError
from runbook.files import move, patiently, remove_tree, write_whole
from runbook.words.disk import disk_told


def test_text_and_bytes_arrive_as_they_are(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "a.txt", "é\n\r\n").read_bytes() == b"\xc3\xa9\n\r\n"
    assert write_whole(tmp_path / "a.txt", b"\x00\n").read_bytes() == b"\x00\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_file_and_no_torso(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_whole(tmp_path / "case.yml", "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "other.yml", "new")
    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [("case.yml", "old")]


def test_an_existing_file_stays_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "case.yml", "a person's")
    with pytest.raises(FileExistsError):
        write_whole(path, "ours", over=False)
    assert path.read_text(encoding="utf-8") == "a person's"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX; Windows: the private folder's rights")
def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "id.json", "{}", private=True).stat().st_mode & 0o777 == 0o600


def refusal(code: int) -> OSError:
    """What Windows' Python raises for an error code of Windows; elsewhere an OSError that carries it."""
    error = OSError(errno.EACCES, "held")
    error.winerror = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize("code", [5, 32, 33, 145])
def test_what_another_program_holds_for_a_moment_is_waited_for(code: int) -> None:
    answers = [refusal(code), refusal(code), None]

    def act() -> str:
        if (error := answers.pop(0)) is not None:
            raise error
        return "done"

    assert patiently(act) == "done"


def test_what_stays_held_is_raised_after_that_and_other_errors_at_once() -> None:
    calls = []

    def act(code: int) -> None:
        calls.append(code)
        raise refusal(code)

    with pytest.raises(OSError, match="held"):
        patiently(lambda: act(32), patience=0.2)
    assert len(calls) > 2
    calls.clear()
    with pytest.raises(OSError, match="held"):
        patiently(lambda: act(112))  # the disk is full: waiting helps nobody
    assert len(calls) == 1


def test_an_error_names_the_file_that_a_person_knows(tmp_path: Path) -> None:
    part = tmp_path / "record.html.part"
    part.touch()
    (tmp_path / "record.html").mkdir()
    with pytest.raises(OSError, match="record") as caught:
        move(part, tmp_path / "record.html")
    assert caught.value.filename == str(tmp_path / "record.html")


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows refuses to replace a file that is open")
def test_a_file_that_is_open_elsewhere_is_replaced_once_it_is_closed(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "register.csv", "old")
    held = path.open("rb")
    threading.Timer(0.5, held.close).start()
    assert write_whole(path, "new").read_text(encoding="utf-8") == "new"
    with path.open("rb"), pytest.raises(PermissionError) as caught:
        write_whole(path, "newer")
    assert caught.value.filename == str(path)
    assert [each.name for each in tmp_path.iterdir()] == ["register.csv"]
    with path.open("rb"), pytest.raises(PermissionError):
        remove_tree(tmp_path)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (errno.ENOSPC, ("plus de place", "no room left")),
        (errno.EROFS, ("lecture seule", "read-only")),
        (errno.ENAMETOOLONG, ("trop long", "too long")),
        (errno.ENOENT, ("introuvable", "is not there")),
    ],
)
def test_why_a_disk_said_no_is_told_in_the_readers_language(fault: int, words: tuple[str, str]) -> None:
    for lang, word in zip(("fr", "en"), words, strict=True):
        with pytest.raises(RunbookError, match=word) as told, disk_told(lang, "D:"):
            raise OSError(fault, os.strerror(fault), "D:\\cases\\x.html")
        assert "x.html" in str(told.value) and os.strerror(fault) not in str(told.value)


def test_the_name_that_a_person_knows_is_told_wherever_a_write_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that of the half that is being written; also where the system names none."""
    for place in (tmp_path / "nowhere" / "record.html", tmp_path / "record.html"):
        with pytest.raises(OSError, match=r"record|left") as caught:
            write_whole(place, "x")
        assert caught.value.filename == str(place)

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)


@pytest.mark.parametrize(("code", "word"), [(32, "Excel"), (5, "lecture seule"), (112, "Libérez de la place")])
def test_a_person_is_told_what_to_close_or_to_free(code: int, word: str) -> None:
    with pytest.raises(RunbookError, match=word), disk_told("fr", "registre.csv"):
        raise refusal(code)
