"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from runbook.files import write_whole


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
