"""The private folder: whose it is, on Windows by an argument list and SIDs, elsewhere by its mode."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from runbook.case.folder import CaseFolder
from runbook.case.private import make_private, protect
from runbook.errors import RunbookError

WHOAMI = b'"CORP\\h\x82l\x8ane","S-1-5-21-1-2-3-1104"\r\n'  # an account with accents, in code page 850
ROOT = {"SystemRoot": "C:\\Windows"}


class Tools:
    """Stands in for whoami and icacls, and notes how they were called."""

    def __init__(self, whoami: tuple[int, bytes] = (0, WHOAMI), icacls: int = 0) -> None:
        self.whoami, self.icacls = whoami, icacls
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str]) -> tuple[int, bytes]:
        self.calls.append(argv)
        return self.whoami if "whoami" in argv[0] else (self.icacls, b"")


def test_the_argument_list(tmp_path: Path) -> None:
    tools = Tools()
    folder = tmp_path / "d'été $(x)" / "private"
    make_private(folder, "win32", tools, ROOT)
    whoami, icacls = tools.calls
    assert whoami[0].endswith("whoami.exe")
    assert whoami[1:] == ["/user", "/fo", "csv", "/nh"]
    assert icacls[0].startswith("C:\\Windows")
    assert icacls[0].endswith("icacls.exe")
    assert icacls[1:] == [
        str(folder.with_name(".private.making")), "/inheritance:r", "/grant:r",
        "*S-1-5-21-1-2-3-1104:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F", "/q",
    ]  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == ["private"], "narrowed first, named then"


def test_what_is_interrupted_before_the_rights_are_narrow_is_no_private_folder(tmp_path: Path) -> None:
    def interrupted(argv: list[str]) -> tuple[int, bytes]:
        raise KeyboardInterrupt

    folder = tmp_path / "private"
    with pytest.raises(KeyboardInterrupt):
        make_private(folder, "win32", interrupted, ROOT)
    assert not folder.exists()
    make_private(folder, "win32", Tools(), ROOT)
    assert folder.is_dir(), "the next run makes it"


def test_system_itself_is_named_once(tmp_path: Path) -> None:
    tools = Tools(whoami=(0, b'"nt authority\\system","S-1-5-18"\r\n'))
    protect(tmp_path, tools, ROOT)
    assert [word for word in tools.calls[1] if word.startswith("*")] == [
        "*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tools", [Tools(icacls=5), Tools(whoami=(1, b"")), Tools(whoami=(0, b"no sid"))], ids=["icacls", "code", "sid"]
)
def test_where_the_rights_cannot_be_narrowed_there_is_no_folder(tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "private"
    with pytest.raises(RunbookError, match=re.escape(str(folder))):
        make_private(folder, "win32", tools, ROOT)
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX; Windows: tests/windows")
def test_elsewhere_the_mode_says_it(tmp_path: Path) -> None:
    folder = CaseFolder(tmp_path / "case").private()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert CaseFolder(tmp_path / "case").private() == folder, "made once"
