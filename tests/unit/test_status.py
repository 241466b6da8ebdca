"""``runbook status`` fits a screen: ten lines, and the last says what did not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.commands import case
from runbook.workspace import CaseFolder


@pytest.mark.parametrize(("told", "last"), [(10, "line 10"), (11, "2 more lines"), (14, "5 more lines")])
def test_ten_lines_and_what_is_left_out_is_counted(
    told: int, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case, "_status_lines", lambda folder, lang: [f"line {n}" for n in range(1, told + 1)])
    lines = case.status_lines(CaseFolder(tmp_path / "case-x"), "en")
    assert len(lines) == 10 and last in lines[-1] and lines[:9] == [f"line {n}" for n in range(1, 10)]
