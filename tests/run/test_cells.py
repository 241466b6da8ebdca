"""What a step's cell says of itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.journal.outcome import Status
from runbook.run import cells, life
from runbook.words.sentences import say


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.SUCCEEDED, True),
        (Status.FAILED, True),
        (Status.UNKNOWN, True),
        (Status.WAITING, True),
        (Status.NOT_REACHED, False),
        (Status.SKIPPED, False),
    ],
)
def test_nothing_is_to_be_undone_and_no_time_is_told_where_nothing_was_done(
    status: Status, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end: dict[str, Any] = {"status": status, "lines": [], "seconds": 0, "table": [], "hints": []}
    host = SimpleNamespace(kind="windows")
    run = SimpleNamespace(
        lang="en", folder=SimpleNamespace(path=tmp_path), applied=frozenset(), host=host, steps=("backup",), status={}
    )
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(cells, "_current", lambda: run)
    monkeypatch.setattr(life, "live", lambda run, step, text: end)
    monkeypatch.setattr(cells, "_show", lambda run, cell, step, source, bundles: shown.extend(bundles))
    cells._take("backup", None, "")
    (bundle,) = shown
    assert (say("show.undo", "en") in bundle["text/html"]) is told
    assert ("0\xa0s" in bundle["text/html"]) is ("(0\xa0s)" in bundle["text/plain"]) is told
