"""A short draw of the walker: whole cases at random, and what must hold after each run."""

from __future__ import annotations

from pathlib import Path

import pytest
from walk_cases import walk


@pytest.mark.parametrize("seed", [3, 11])
def test_a_case_at_random_keeps_what_must_hold(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("RUNBOOK_POWERSHELL", "model")
    story = walk(seed, 4, tmp_path, monkeypatch)
    assert story.faults == [], "\n".join(story.done)
