"""What a step's cell says of itself."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.errors import BadInput
from runbook.journal.outcome import Status
from runbook.run import cells, closing, life
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run
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


@pytest.mark.parametrize(("lang", "day"), [("fr", r"\d\d/\d\d/\d{4}"), ("en", r"\d{4}-\d\d-\d\d")])
def test_the_first_cell_says_when_and_what_in_the_words_of_its_language(
    lang: str, day: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The date as status and record write it, the changes by their titles, a command as a command, French colons."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    called = Invocation("engine", tmp_path / "case-1.ipynb", tmp_path)
    run = open_run("migrate", {"rehearsal": "nominal", "lang": lang}, called)
    shown = cells.opening_bundles(run)[-1]["text/html"]
    assert re.search(rf"{day}\u00a0\d\d:\d\d:\d\d\u00a0UTC\.", shown), shown
    titles = {"fr": "Sauvegarder la base des licences", "en": "Back up the licensing database"}
    assert titles[lang] in shown and "gpupdate" not in shown
    line = {"key": "run.step_error", "fields": {"text": "x"}}
    told = {"status": "waiting", "seconds": 0, "facts": {}, "table": [], "hints": [], "lines": [line]}
    run.journal.append("end", run="r01", step="clearinghouse", **told)
    verdict = closing.verdict(run, "waiting")["text/html"]
    assert ("</b>\u00a0: " if lang == "fr" else "</b>: ") in verdict
    assert "<code>runbook record case-1</code>" in closing.verdict(run, "done")["text/html"]
    answers = say("show.next_waiting_rehearsed", lang)
    assert answers in closing.verdict(run, "waiting")["text/plain"]
    run.close("waiting")
    last = open_run("migrate", {}, called)
    assert answers not in closing.verdict(last, "waiting")["text/plain"], "the recording has no third run"
    last.close("waiting")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_since_when_a_case_is_held_is_said_as_people_write_it(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    called = Invocation("engine", tmp_path / "case-1.ipynb", tmp_path)
    run = open_run("migrate", {"rehearsal": "nominal", "lang": lang}, called)
    with pytest.raises(BadInput, match=r"\d\d:\d\d:\d\d\u00a0UTC") as told:
        open_run("migrate", {}, called)
    assert not re.search(r"\dT\d|\dZ", str(told.value))
    run.close("waiting")
