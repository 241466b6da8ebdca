"""The end of a run shows this run: never the counts of an earlier one."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.run import closing
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run


def test_the_picture_of_the_cals_is_drawn_from_this_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    called = Invocation("engine", tmp_path / "case-1.ipynb", tmp_path)
    first = open_run("migrate", {"rehearsal": "nominal"}, called)
    facts = {"counted_before": 0, "counted_after": 40}
    end = {"status": "succeeded", "seconds": 0.1, "facts": facts, "lines": [], "table": []}
    first.journal.append("end", run="r01", step="key-packs-after", **end)
    assert len(closing._pictures(first)) == 1
    assert (first.path / "pictures" / "cals.svg").is_file()
    first.close("waiting")

    second = open_run("migrate", {}, called)
    assert closing._pictures(second) == [], "the step has not run in r02"
    assert not (second.path / "pictures").exists()
    second.close("waiting")
