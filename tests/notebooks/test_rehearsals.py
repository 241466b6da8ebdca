"""Every recording ends as it says, and those that papermill plays, in both languages, as their notebook says too."""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from play_case import play

from runbook.case.folder import CaseFolder
from runbook.errors import BadInput
from runbook.host import rehearsal
from runbook.journal.held import unheld
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.journal.story import read_story
from runbook.knowledge import catalogue, reference
from runbook.record.page import render
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run
from runbook.words.sentences import LANGS, say, sentence

from .recordings import drawn, in_languages, shown

PLOTS = {name: rehearsal.load(name).plot for name in catalogue.rehearsals()}
PLAYED = [name for name, plot in PLOTS.items() if plot.notebook == "migrate" and plot.expect]
#: What papermill plays: nothing else is cut, asked over a line, and killed.
DRAWN = drawn(PLAYED, ("nominal", "line-nominal", "line-cut-settled", "killed-in-backup", "step-hangs"), 4)
#: The line from a workstation says no: there is no run to speak of.
REFUSED = [name for name, plot in PLOTS.items() if not plot.expect]
#: What a record in one language must not hold of the other.
FOREIGN = {
    "fr": ("Recover lost", "An Exception was encountered", "Traceback", "REHEARSAL “", "What is left"),
    "en": ("Récupérer des CAL", "An Exception was encountered", "Traceback", "RÉPÉTITION", "Ce qu’il reste"),
}


@pytest.mark.parametrize("name", [name for name, plot in PLOTS.items() if plot.expect])
def test_every_recording_ends_as_it_says_in_the_journal(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, without papermill and kernel."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    folder = CaseFolder(tmp_path / "cases" / "case-a")
    for expected in PLOTS[name].expect:
        outcome, _ = play("case-a", name, tmp_path)
        history = History(Journal(folder.journal).entries())
        run = history.runs()[-1]
        assert (run, outcome) == (f"r{expected.run:02d}", expected.outcome)
        assert {s: end["status"] for s in expected.steps if (end := history.end_in(s, run))} == expected.steps
    assert unheld(folder.path, Journal(folder.journal)) == []
    effects = folder.path / "rehearsal-effects.txt"  # counted where they happen
    begun = {e["step"] for e in history.entries if e["event"] == "begin" and e["kind"] != "check"}
    assert {*effects.read_text(encoding="utf-8").split()} <= begun if effects.exists() else True
    for line in (line for e in history.entries if e["event"] == "end" for line in e["lines"]):
        assert all(sentence(line["key"], lang, line["fields"]) for lang in LANGS)


@pytest.mark.parametrize(("name", "lang"), in_languages(DRAWN, both="nominal"))
def test_recording_ends_as_it_says(workspace: Any, name: str, lang: str) -> None:
    played = workspace.papermill(f"case-{name}", "-p", "rehearsal", name, "-p", "lang", lang)
    recording = rehearsal.load(name)
    history = played.history

    # The journal: every run ends as told, chain unbroken.
    assert Journal(played.folder.journal).check() == []
    assert history.runs() == [f"r{e.run:02d}" for e in recording.plot.expect], played.stderr
    for expected in recording.plot.expect:
        run = f"r{expected.run:02d}"
        closed = history.closing(run)
        assert closed is not None
        found = {step: end["status"] for step in expected.steps if (end := history.end_in(step, run))}
        assert found == expected.steps, run
        assert closed["outcome"] == expected.outcome, run

    # What was done before is shown as it was then, its columns in the order that the verdict gave them.
    for entry in history.entries:
        if entry["event"] == "end" and entry["status"] == "already_done" and entry.get("of"):
            first = next(e for e in history.entries if e["n"] == entry["of"]["n"])
            assert entry["columns"] == first["columns"], entry["step"]

    # papermill's exit code says the same as the last run.
    last = recording.plot.expect[-1].outcome
    assert played.exit_code == (1 if last == "failed" else 0), played.stderr

    # The executed notebook: every step cell shows the status that the journal holds, in one language, stamped.
    nb = played.notebook()
    run = history.runs()[-1]
    cells = {cell.id: cell for cell in nb.cells}
    for entry in history.entries:
        if entry["event"] == "end" and entry["run"] == run:
            assert f'data-status="{entry["status"]}"' in shown(cells[entry["step"]]), entry["step"]
            assert reference.step(entry["step"]).title.of(lang) in shown(cells[entry["step"]])
    stamp = say("show.rehearsal", lang, title=recording.plot.title.of(lang))
    for cell in ("start", "summary"):
        assert stamp in shown(cells[cell]), cell
    # Asked over a line from a workstation, every paper says so; asked on the spot, none does.
    opened = history.opening(run)
    assert opened is not None
    assert bool(opened.get("through")) == name.startswith("line-")
    if way := opened.get("through"):
        told = say("remoting.through", lang, **way)
        assert "WS01" in told
        page = render(read_story(played.folder.path), lang, made=dt.datetime.now(dt.UTC))
        for paper in (shown(cells["start"]), shown(cells["summary"]), page):
            assert told in paper
    text = "\n".join(cell.source if cell.cell_type == "markdown" else shown(cell) for cell in nb.cells)
    for word in FOREIGN[lang]:
        assert word not in text
    if last != "failed":
        assert {c.metadata.papermill.status for c in nb.cells if c.cell_type == "code"} == {"completed"}
    kept = played.folder.run(run) / "migrate.ipynb"
    assert kept.read_bytes() == played.output.read_bytes()


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_line_that_refuses_is_one_sentence_and_no_run(
    name: str, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    with pytest.raises(BadInput) as told:
        open_run(
            "migrate", {"rehearsal": name, "lang": lang}, Invocation("engine", tmp_path / "case-x.ipynb", tmp_path)
        )
    assert str(told.value).endswith(say("remoting.line_no_step", lang))
    assert re.search(r"RDLIC01\.corp\.example.* \(E4[17]\)", str(told.value))
    assert not (tmp_path / "cases").exists()


def test_secrets_stay_in_the_private_folder(workspace: Any) -> None:
    played = workspace.papermill("case-secrets")
    secrets = ["REHEARSALONLYKEYPACKNUMBER0000PACK1", "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"]
    private = played.folder.path / "private"
    leaks = []
    for path in played.folder.path.rglob("*"):
        if path.is_file() and private not in path.parents:
            raw = path.read_bytes()
            leaks += [path for s in secrets if s.encode() in raw or s.encode("utf-16-le") in raw]
    assert leaks == []
    assert any(secrets[1].encode() in p.read_bytes() for p in private.iterdir())
    assert not any(secret in played.output.read_text(encoding="utf-8") for secret in secrets)
    assert sys.platform == "win32" or private.stat().st_mode & 0o077 == 0  # there by its rights (tests/case)


def test_a_change_is_made_once_whatever_is_run_again(workspace: Any) -> None:
    first = workspace.papermill("case-again")
    assert sorted(first.effects()) == ["backup", "gpupdate"]
    second = workspace.papermill("case-again", "-p", "apply", "backup,gpupdate")
    assert second.exit_code == 0, second.stderr
    assert sorted(second.effects()) == ["backup", "gpupdate"]
    run = second.history.runs()[-1]
    assert {second.history.end_in(s, run)["status"] for s in ("backup", "gpupdate")} == {"already_done"}
    assert list(second.output.parent.glob("case-again.before-*.ipynb")) == [], "each run keeps its own notebook"
    assert second.output.read_bytes() == (second.folder.run(run) / "migrate.ipynb").read_bytes()
    top = next(cell for cell in second.notebook().cells if cell.id == "start").outputs[0]
    assert "TERMINÉ" in top.data["text/plain"] and "runbook record case-again" in top.data["text/html"]
    hidden = {cell.id for cell in second.notebook().cells if cell.metadata.get("jupyter", {}).get("source_hidden")}
    assert {"start", "preflight", "summary"} <= hidden and "parameters" not in hidden


def test_nothing_is_changed_that_is_not_named(workspace: Any) -> None:
    played = workspace.papermill("case-none", "-p", "apply", "none")
    assert played.effects() == []
    end = played.history.ends("backup")[-1]
    assert end["status"] == "waiting"
    assert [line["key"] for line in end["lines"]] == ["run.wait_apply"]
