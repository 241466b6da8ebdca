"""The files of notebooks/steps, and the bytes in which they run: Windows PowerShell 5.1 reads them right."""

from __future__ import annotations

import re
import textwrap
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


#: What stands in several scripts, since each runs and is pasted whole: its first line and the one after its last.
PASSAGES = [
    ("# A name with dots only if", "if ($localNames.Count -gt 0) {", {"gpupdate", "hosts"}),
    ("$osVersion = $null", "$installedAt = $null   # not known", {"backup", "backup-copies", "backup-vss"}),
]
#: Of one name and not alike: hosts tells which value refused, preflight leaves it out.
APART = {"Get-RegistryValue", "Get-RegistryNumber"}
_FUNCTION = re.compile(r"^(?P<margin> *)function (?P<name>[\w-]+).*?^(?P=margin)\}$", re.MULTILINE | re.DOTALL)


def test_a_function_that_several_scripts_have_is_the_same_in_all() -> None:
    forms: dict[str, set[str]] = {}
    for path in FILES:
        for found in _FUNCTION.finditer(path.read_text(encoding="ascii")):
            forms.setdefault(found["name"], set()).add(textwrap.dedent(found[0]))
    assert {name for name, bodies in forms.items() if len(bodies) > 1} == APART
    assert "ConvertTo-Fault" in forms


@pytest.mark.parametrize(("first", "after", "where"), PASSAGES, ids=[first for first, _, _ in PASSAGES])
def test_a_passage_that_several_scripts_have_is_the_same_in_all(first: str, after: str, where: set[str]) -> None:
    forms = {}
    for path in FILES:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
        starts = [at for at, line in enumerate(lines) if line.startswith(first)]
        for start in starts:
            rest = lines[start:]
            forms[path.stem] = rest[: next(at for at, line in enumerate(rest) if line.startswith(after))]
    assert set(forms) == where
    assert len({tuple(lines) for lines in forms.values()}) == 1
