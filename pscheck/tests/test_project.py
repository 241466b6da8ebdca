"""Every PowerShell text of the project passes the checker."""

from __future__ import annotations

from pathlib import Path

import pytest

from pscheck.checker import check
from pscheck.collect import Text, collect, pasted

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [*collect(ROOT), *pasted(ROOT)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{text.kind}-{text.file}-{text.section or text.line}")
def test_text_has_no_fault(text: Text) -> None:
    found = check(text)
    assert not found, "\n" + "\n".join(map(str, found))


def test_step_scripts_were_found() -> None:
    steps = {text.section for text in TEXTS if text.kind == "step"}
    assert steps == {path.stem for path in (ROOT / "notebooks" / "steps").glob("*.ps1")}
    assert steps


def test_every_step_script_has_a_pasted_form() -> None:
    assert {t.section for t in TEXTS if t.kind == "paste"} == {t.section for t in TEXTS if t.kind == "step"}
