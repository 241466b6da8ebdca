"""Each rule on a text of a few lines; each good text without a fault.

A file of fixtures/bad bears the fault's name; ``# fault: RULE`` stands on each line where the checker must speak,
once for each fault of that line. A file whose name starts with ``step-`` is checked as a whole step script, one that
starts with ``page-`` as a fence of a page, a ``.sh`` file as a fence for a Unix shell.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pscheck.checker import check
from pscheck.collect import Text
from pscheck.fault import Fault

FIXTURES = Path(__file__).parent / "fixtures"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _check(path: Path, step: bool) -> list[Fault]:
    kind = "fence" if path.stem.startswith("page-") else "step" if step else "script"
    return check(Text("shell" if path.suffix == ".sh" else kind, "", "", _read(path)))


@pytest.mark.parametrize("path", sorted((FIXTURES / "good").iterdir()), ids=lambda path: path.stem)
def test_good_text_has_no_fault(path: Path) -> None:
    assert [str(fault) for fault in _check(path, step=not path.stem.startswith("page-"))] == []


@pytest.mark.parametrize("path", sorted((FIXTURES / "bad").iterdir()), ids=lambda path: path.stem)
def test_fault_is_named_with_its_line(path: Path) -> None:
    text = _read(path)
    expected: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(r"# fault: ([\w -]+)", line)
        for rule in match[1].split() if match else ():
            expected[number, rule] += 1
    assert expected
    found = _check(path, step=path.stem.startswith("step-"))
    assert Counter((fault.line, fault.rule) for fault in found) == expected, "\n".join(map(str, found))


def test_a_fault_says_where_and_what_is_right() -> None:
    (fault,) = check(Text("cell", "page.md", "cell-3", "Get-Dat", 40))
    assert str(fault).startswith("page.md:cell-3:40: [command] unknown command Get-Dat -> Get-Date")
