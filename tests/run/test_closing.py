"""The end of a run shows this run: never the counts of an earlier one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook.journal.story import read_story
from runbook.record.licences import redrawn
from runbook.run import closing
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run


def test_the_picture_of_the_cals_is_drawn_from_this_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    called = Invocation("engine", tmp_path / "case-1.ipynb", tmp_path)
    first = open_run("migrate", {"rehearsal": "nominal"}, called)
    kinds = [
        {"kind": [0, 7], "owned": 20, "before": 20, "held": 20},
        {"kind": [1, 6], "owned": 40, "before": 0, "held": 60},
    ]
    facts = {"kinds": kinds}
    end = {"status": "succeeded", "seconds": 0.1, "facts": facts, "lines": [], "table": []}
    first.journal.append("end", run="r01", step="key-packs-after", **end)
    assert len(closing._pictures(first)) == 1
    kept = _texts((first.path / "pictures" / "cals.svg").read_text(encoding="utf-8"))
    assert kept[1] in ("RDS 2022 par périphérique – possédées\u00a0: 20", "RDS 2022 Per Device – owned: 20")
    assert kept[2:6] + kept[7:11] == [*_bars(20, 20, kept), *_bars(0, 60, kept)]
    first.close("waiting")
    told = read_story(first.folder.path).runs[0]
    assert _texts(redrawn(told, first.lang)["cals.svg"]) == kept[:11], "the record draws what the notebook shows"

    second = open_run("migrate", {}, called)
    assert closing._pictures(second) == [], "the step has not run in r02"
    assert not (second.path / "pictures").exists()
    second.close("waiting")


def _texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)", svg)


def _bars(before: int, now: int, texts: list[str]) -> list[str]:
    return [texts[2], str(before), texts[4], str(now)]
