"""Opening a run: after a kill, bad input or a stand-in, the next command can go on with the case."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from runbook.case.private import make_private
from runbook.errors import BadInput, RunbookError
from runbook.journal.history import History, played
from runbook.journal.lines import Journal
from runbook.run import invocation
from runbook.run.invocation import Invocation
from runbook.run.opening import Run, open_run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "RUNBOOK_POWERSHELL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def opened(home: Path, name: str = "case-1", notebook: str = "migrate", **parameters: str) -> Run:
    run = open_run(notebook, parameters, Invocation("engine", home / f"{name}.ipynb", home))
    run.close("interrupted")
    return run


def killed_at(monkeypatch: pytest.MonkeyPatch, event: str) -> None:
    """The process ends before the journal's ``event`` line is written, once."""
    append = Journal.append

    def dies(journal: Journal, what: str, **fields: Any) -> Any:
        if what == event:
            monkeypatch.setattr(Journal, "append", append)
            raise KeyboardInterrupt
        return append(journal, what, **fields)

    monkeypatch.setattr(Journal, "append", dies)


def test_a_kill_between_the_runs_folder_and_its_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at(monkeypatch, "open")
    with pytest.raises(KeyboardInterrupt):
        opened(home, rehearsal="nominal")
    assert (home / "cases" / "case-1" / "r01").is_dir()
    assert opened(home, rehearsal="nominal").name == "r01"
    assert opened(home).name == "r02", "the recording is the case's own from now on"


def test_a_rehearsal_killed_before_its_first_line_goes_on_as_that_rehearsal(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bare command laid out a case file; given again, it must not take that for a real case."""
    killed_at(monkeypatch, "open")
    with pytest.raises(KeyboardInterrupt):
        opened(home, rehearsal="role-missing")
    run = opened(home)
    assert run.recording is not None and run.recording.name == "role-missing"


def test_a_refused_apply_leaves_nothing_that_the_corrected_command_would_trip_over(home: Path) -> None:
    with pytest.raises(BadInput, match="bogus"):
        opened(home, apply="bogus", rehearsal="nominal")
    assert not (home / "cases" / "case-1").exists()
    assert opened(home, apply="backup", rehearsal="nominal").applied == {"backup"}


def test_a_case_goes_on_in_the_language_that_it_was_begun_in(home: Path) -> None:
    """The system speaks English; the case file of a rehearsal says no language."""
    assert [opened(home, rehearsal="nominal", lang="fr").lang, opened(home).lang] == ["fr", "fr"]
    assert [opened(home, lang="en").lang, opened(home).lang] == ["en", "en"], "the last one that was asked for"
    file = home / "cases" / "case-1" / "case.yml"
    file.write_text(file.read_text(encoding="utf-8") + "lang: fr\n", encoding="utf-8")
    assert opened(home).lang == "fr", "what the file says"


def test_a_real_case_does_not_start_from_a_rehearsal_nor_from_what_cannot_be_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(home, "played", rehearsal="nominal")
    monkeypatch.setenv("RUNBOOK_POWERSHELL", "/bin/true")  # else a system that is not Windows is refused first
    with pytest.raises(BadInput, match="is a rehearsal"):
        opened(home, "case-2", "audit", of="played")
    with pytest.raises(BadInput, match="is a rehearsal"):
        opened(home, "case-2", "audit", of="PLAYED")
    source = home / "cases" / "ansi" / "case.yml"
    source.parent.mkdir(parents=True)
    source.write_bytes("case: ansi\ncompany: Société\n".encode("latin-1"))
    with pytest.raises(BadInput, match="line 2"):
        opened(home, "case-2", "audit", of="ansi")
    assert not (home / "cases" / "case-2" / "case.yml").exists()


def test_a_stand_in_is_a_rehearsal_everywhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_POWERSHELL", "/bin/true")
    run = opened(home)
    entry = run.history().opening("r01")
    assert entry is not None and entry["rehearsal"] is None
    assert played(entry) == "substitute" and run.history().rehearsals() == {"substitute"}
    # A case that was begun on a real server takes no answer of a stand-in.
    real = Journal(home / "cases" / "case-real" / "journal.jsonl")
    mine = ("n", "t", "prev", "event", "host", "case")
    kept = {key: value for key, value in entry.items() if key not in mine}
    real.append("open", **kept, host="windows", case="case-real")
    with pytest.raises(BadInput, match="a rehearsal never writes"):
        opened(home, "case-real")


def test_files_brought_from_a_server_are_no_rehearsal() -> None:
    assert played({"rehearsal": None, "host": "files"}) is None
    assert played({"rehearsal": None, "host": "windows"}) is None
    assert played({"rehearsal": "nominal", "host": "rehearsal"}) == "nominal"


def test_a_damaged_journal_is_one_sentence_that_names_the_line(home: Path) -> None:
    path = opened(home, rehearsal="nominal").folder.journal
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([b"garbage", *lines[1:]]))
    with pytest.raises(RunbookError, match=r"Line 1 of the journal .*journal\.jsonl"):
        opened(home)


def test_a_last_line_whose_bytes_never_reached_the_disk_is_left_out(home: Path) -> None:
    path = opened(home, rehearsal="nominal").folder.journal
    with path.open("ab") as file:
        file.write(b"\0" * 40 + b"}")
    assert len(History(Journal(path).entries()).runs()) == 1
    assert opened(home).name == "r02"
    assert [entry["event"] for entry in Journal(path).entries()].count("torn") == 1


def test_rights_that_cannot_be_narrowed_are_told_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state of this machine, told with the folder before anything runs; put right, the same command goes on."""
    with monkeypatch.context() as patch:
        refused = lambda folder: make_private(folder, "win32", lambda argv: (5, b""), {"SystemRoot": "C:\\Windows"})  # noqa: E731
        patch.setattr("runbook.case.folder.make_private", refused)
        with pytest.raises(RunbookError) as told:
            opened(home, rehearsal="nominal")
    assert str(home / "cases" / "case-1" / "private") in str(told.value)
    assert "report it" not in str(told.value) and "internal" not in str(told.value)
    assert not (home / "cases" / "case-1" / "journal.jsonl").exists()
    assert opened(home, rehearsal="nominal").name == "r01"


def test_the_engine_is_known_though_nobody_tells_whose_child_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot of Windows' processes fails now and then: the second run of a rehearsal asked for the case's name."""
    monkeypatch.setattr(psutil.Process, "parents", lambda _: [])
    created = psutil.Process(os.getppid()).create_time()
    said = {"pid": os.getppid(), "created": created, "output": "case-a.ipynb"}
    said |= {"folder": ".", "parameters": {}, "token": "t"}
    found = invocation.find({invocation.VARIABLE: json.dumps(said)})
    assert (found.known_from, found.case_name) == ("engine", "case-a")
    # a papermill long gone whose number another process has now
    later = {**said, "created": created - 60}
    assert invocation.find({invocation.VARIABLE: json.dumps(later)}).known_from == "unverified"
