"""The files of notebooks/steps, and the bytes in which they run: Windows PowerShell 5.1 reads them right."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.host.script import BOM, SIGNATURE, as_run, hash_of_run, is_signed
from runbook.words.sentences import data_root

FILES = sorted((data_root() / "notebooks" / "steps").glob("*.ps1"))
#: Every ANSI code page that Windows has as a system locale (Microsoft, "Code Page Identifiers").
ANSI = ["cp874", "cp932", "cp936", "cp949", "cp950", *(f"cp125{n}" for n in range(9)), "utf-8"]
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@each
def test_a_step_file_is_pure_ascii_with_lf(path: Path) -> None:
    """A site signs these files as they lie here. Microsoft's about_Signing: a signed script in another encoding
    than ASCII or UTF-8 without a mark does not run. So there is no mark in the file, and nothing that needs one."""
    raw = path.read_bytes()
    odd = sorted({f"line {raw[:at].count(10) + 1}" for at, byte in enumerate(raw) if byte > 126 or byte == 13})
    assert not odd, f"{path.name}: other than ASCII, or a carriage return, in {', '.join(odd)}"


@each
def test_every_ansi_code_page_reads_a_signed_file_alike(path: Path) -> None:
    raw = path.read_bytes()
    assert {raw.decode(page) for page in ANSI} == {raw.decode("ascii")}


def test_what_is_not_signed_runs_with_a_mark() -> None:
    assert as_run(b"$a = 1\n") == BOM + b"$a = 1\n"
    assert as_run(BOM + b"$a = 1\n") == BOM + b"$a = 1\n"


def test_a_signed_file_runs_byte_for_byte() -> None:
    signed = b"$a = 1\r\n" + SIGNATURE.encode() + b"\r\n# MIIfake\r\n# SIG # End signature block\r\n"
    assert is_signed(signed)
    assert as_run(signed) == signed
    assert hash_of_run(signed) != hash_of_run(b"$a = 1\r\n")
