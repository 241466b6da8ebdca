"""What holds for every recording of every notebook: journal, exit code, executed notebook and language agree."""

from __future__ import annotations

import os
import random
from collections.abc import Collection, Sequence
from typing import Any

from runbook.host import rehearsal
from runbook.journal.lines import Journal
from runbook.knowledge import reference
from runbook.words import sentences
from runbook.words.sentences import say

LANGS = ("fr", "en")
_UNDONE = ("An Exception was encountered", "Traceback")


def in_languages(names: Sequence[str], both: str) -> list[tuple[str, str]]:
    """Each recording with a language to be played in, drawn by RUNBOOK_DRAW; ``both``: in each.

    A run takes seconds; tests/steps/test_verdicts_rehearsals.py walks through all in both languages without one.
    """
    drawn = int(os.environ["RUNBOOK_DRAW"])
    return [
        (name, lang)
        for number, name in enumerate(names)
        for lang in LANGS
        if name == both or lang == LANGS[(number + drawn) % 2]
    ]


def drawn(names: Sequence[str], always: Collection[str], count: int) -> list[str]:
    """``always``, and ``count`` others drawn by RUNBOOK_DRAW. Through papermill a recording takes ten times as long as
    in one process, where all of them are played (``test_rehearsals.py``)."""
    others = [name for name in names if name not in always]
    picked = random.Random(os.environ["RUNBOOK_DRAW"]).sample(others, min(count, len(others)))
    return [name for name in names if name in always or name in picked]


def shown(cell: Any) -> str:
    """All text that a cell's outputs show."""
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        found += [data.get("text/html", ""), data.get("text/plain", ""), output.get("text", "")]
        found += output.get("traceback", [])
    return "\n".join(found).replace("&#39;", "'")


def plays_as_it_says(workspace: Any, name: str, lang: str, *options: str, case: str = "") -> Any:
    """Play the recording ``name`` through papermill, hold it against its ``expect``; returns what was played."""
    recording = rehearsal.load(name)
    notebook = recording.plot.notebook
    played = workspace.papermill(
        case or f"case-{recording.folders[0].name}", "-p", "rehearsal", name, "-p", "lang", lang, *options,
        notebook=notebook,
    )  # fmt: skip
    history = played.history
    assert Journal(played.folder.journal).check() == []
    assert history.runs() == [f"r{e.run:02d}" for e in recording.plot.expect], played.stderr
    for expected in recording.plot.expect:
        run = f"r{expected.run:02d}"
        found = {step: end["status"] for step in expected.steps if (end := history.end_in(step, run))}
        assert found == expected.steps, run
        assert history.closing(run)["outcome"] == expected.outcome
    last = recording.plot.expect[-1].outcome
    assert played.exit_code == (1 if last == "failed" else 0), played.stderr
    in_one_language(played, lang)
    kept = played.folder.run(history.runs()[-1]) / f"{notebook}.ipynb"
    assert kept.read_bytes() == played.output.read_bytes()
    return played


def in_one_language(played: Any, lang: str) -> None:
    """Every step cell shows its title and status in ``lang``; stamps and texts are of one language."""
    nb = played.notebook()
    run = played.history.runs()[-1]
    cells = {cell.id: cell for cell in nb.cells}
    for entry in played.history.entries:
        if entry["event"] == "end" and entry["run"] == run:
            text = shown(cells[entry["step"]])
            assert f'data-status="{entry["status"]}"' in text, entry["step"]
            assert reference.step(entry["step"]).title.of(lang) in text
            for line in entry["lines"]:
                assert sentences.sentence(line["key"], lang, line["fields"])
                assert sentences.sentence(line["key"], "fr" if lang == "en" else "en", line["fields"])
    other = "fr" if lang == "en" else "en"
    assert all(other not in cell.metadata.get("tags", []) for cell in nb.cells)
    assert say("show.steps", lang) in shown(cells["summary"])
    everything = "\n".join(shown(cell) for cell in nb.cells)
    assert not [word for word in _UNDONE if word in everything]
    assert not [w for w in (f"diagnose.{x}" for x in ("why_", "kind_")) if w in everything], "a word's key was shown"
