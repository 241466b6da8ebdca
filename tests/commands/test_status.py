"""``runbook status`` and ``runbook list``: the next act first, ten lines, all cases, the same for a program."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from made_case import CASE_TEXT

from runbook import cli
from runbook.archive.seal import _finished
from runbook.case.folder import CaseFolder
from runbook.commands import screen, status
from runbook.commands.standing import Standing, standing
from runbook.errors import RunbookError
from runbook.journal.lines import Journal
from runbook.journal.story import read_story
from runbook.record.findings import open_points
from runbook.words.sentences import LANGS


def case(workspace: Path, name: str, *ends: tuple[str, str, str], outcome: str | None = "waiting") -> CaseFolder:
    """A case of one run whose steps ended as told: step, status, key of the sentence."""
    folder = CaseFolder(workspace / "cases" / name)
    folder.run("r01").mkdir(parents=True)
    journal = Journal(folder.journal)
    journal.append("open", run="r01", notebook="migrate", case=name, host="windows", rehearsal=None)
    for step, word, key in ends:
        fields = {"step": step, "case": name, "servers": "OLD01", "text": key}
        line = {"key": key if re.fullmatch(r"[a-z]+\.[a-z_]+", key) else "run.step_error", "fields": fields}
        journal.append("end", run="r01", step=step, status=word, lines=[line], facts={}, table=[], hints=[], seconds=0)
    if outcome:
        journal.append("close", run="r01", outcome=outcome, counts={}, seconds=1)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", *words])
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize("key", ["steps.said_no_longer", "steps.proofs_ok", "older.area"])
def test_a_sentence_of_another_version_says_what_it_can(
    workspace: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is no longer said, one that has asked for other fields since, one of an area that is no more."""
    case(workspace, "case-1", ("proofs", "finding", key))
    code, said = told(capsys, "status", "case-1")
    assert code == 0 and key in said and "OLD01" in said


@pytest.mark.parametrize(("count", "last"), [(10, "line 10"), (11, "2 more lines"), (14, "5 more lines")])
def test_ten_lines_and_what_is_left_out_is_counted(
    count: int, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_status_lines", lambda found, lang: [f"line {n}" for n in range(1, count + 1)])
    lines = status.lines_of(Standing(CaseFolder(tmp_path / "case-x"), "new"), "en")
    assert len(lines) == 10 and last in lines[-1] and lines[:9] == [f"line {n}" for n in range(1, 10)]


NEXT: dict[str, tuple[list[tuple[str, str, str]], str, list[str]]] = {
    "fill-in": ([("source-lost", "waiting", "run.fill_in_case")], "waiting", ["runbook run CASE"]),
    "confirm": ([("source-lost", "waiting", "steps.source_waiting")], "waiting", ["runbook confirm CASE source-lost"]),
    "apply": (
        [("backup", "waiting", "run.wait_apply"), ("gpupdate", "waiting", "run.wait_apply")],
        "waiting",
        ['runbook run CASE --apply "backup,gpupdate"'],
    ),
    "person-before-apply": (
        [("clearinghouse", "waiting", "call"), ("backup", "waiting", "run.wait_apply")],
        "waiting",
        ["runbook confirm CASE clearinghouse"],
    ),
    "dictated-wrong-before-install": (
        [("clearinghouse", "finding", "call again"), ("install-packs", "waiting", "install")],
        "waiting",
        ["runbook confirm CASE clearinghouse"],
    ),
    "failed": ([("roles", "failed", "no role")], "failed", ["runbook run CASE"]),
    "done": ([("roles", "succeeded", "there")], "done", ["runbook seal CASE"]),
}


@pytest.mark.parametrize("name", NEXT)
@pytest.mark.parametrize("lang", LANGS)
def test_the_next_act_stands_first_as_whole_commands(workspace: Path, name: str, lang: str) -> None:
    ends, outcome, commands = NEXT[name]
    folder = case(workspace, f"case-{name}", *ends, outcome=outcome)
    wanted = [command.replace("CASE", folder.name) for command in commands]
    lines = status.status_lines(folder, lang)
    assert [line.strip() for line in lines[1 : 1 + len(wanted)]] == wanted
    assert folder.name in lines[1 + len(wanted)]


def test_what_was_entered_since_is_to_be_run(workspace: Path) -> None:
    folder = case(workspace, "case-a", ("source-lost", "waiting", "steps.source_waiting"))
    Journal(folder.journal).append("confirm", step="source-lost", entry=1, who="x", fields={}, attachments=[])
    assert standing(folder).next == ("answered", "source-lost", ["runbook run case-a"])


def test_a_cut_change_is_decided_by_a_person_between_two_commands(workspace: Path) -> None:
    folder = case(workspace, "case-a", outcome=None)
    journal = Journal(folder.journal)
    begun = {"kind": "change", "attempt": 1, "time_limit": 900, "encoding": "utf-8"}
    journal.append("begin", run="r01", step="backup", **begun)
    assert standing(folder).state == "killed" and standing(folder).next[2] == ["runbook run case-a"]
    journal.append("end", run="r01", step="backup", status="unknown", lines=[], facts={}, table=[], hints=[], seconds=0)
    assert [c.split(" --")[1] for c in standing(folder).next[2]] == ["done", "not-done"]
    assert "Start-Service" in "\n".join(status.status_lines(folder, "en"))


def test_the_finding_is_told_in_its_own_words(workspace: Path) -> None:
    folder = case(workspace, "case-a", ("clearinghouse", "finding", "Call again for the rest."), outcome="waiting")
    assert "(finding): Call again for the rest." in "\n".join(status.status_lines(folder, "en"))


@pytest.mark.parametrize(("again", "settled"), [("succeeded", True), ("finding", False)])
def test_a_finding_that_was_read_again_and_found_well_is_settled(workspace: Path, again: str, settled: bool) -> None:
    ends = [("hosts-policy", "finding", "servers lost"), ("hosts-verify", again, "hosts read")]
    lines = status.status_lines(case(workspace, "case-settled", *ends, outcome="done"), "en")
    (line,) = (each for each in lines if "Read the session hosts" in each)
    assert ("settled since" in line, "servers lost" in line) == (settled, not settled)


def test_a_finished_case_whose_entry_is_taken_back_is_run_again(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its notebook judged that entry; until it has judged without it, nothing is to be sealed."""
    folder = case(workspace, "case-1", outcome=None)
    journal = Journal(folder.journal)
    said = {"step": "clearinghouse", "who": "x", "fields": {}, "attachments": [], "at": "2024-02-01T09:00:00Z"}
    line = journal.append("confirm", run=None, entry=1, **said)
    end = {"run": "r01", "step": "clearinghouse", "status": "succeeded"}
    journal.append("end", **end, lines=[], facts={}, table=[], hints=[], seconds=0)
    journal.append("close", run="r01", outcome="done", counts={}, seconds=1)
    assert standing(folder).next[0] == "seal"
    journal.append("withdraw", step="clearinghouse", line=line["n"], what="confirm", entry=1, who="x", why="wrong")
    found = standing(folder)
    assert (found.state, found.next) == ("waiting", ("unsettled", "clearinghouse", ["runbook run case-1"]))
    assert "judges “Ask the Clearinghouse to reissue the CALs” anew" in told(capsys, "status", "case-1")[1]
    folder.case_file.write_text(CASE_TEXT.replace("NAME", "case-1"), encoding="utf-8")
    with pytest.raises(RunbookError, match="withdrawn or replaced: Ask the Clearinghouse to reissue the CALs"):
        _finished(read_story(folder.path), None, "en")
    assert "to be judged again" in open_points(read_story(folder.path), "en")[0]
    journal.append("end", **end, lines=[], facts={}, table=[], hints=[], seconds=0)
    assert standing(folder).next[0] == "seal"


def test_an_entry_that_was_taken_back_is_not_said_to_be_taken_up(workspace: Path) -> None:
    folder = case(workspace, "case-1", ("source-lost", "waiting", "steps.source_waiting"))
    journal = Journal(folder.journal)
    said = {"step": "source-lost", "who": "x", "fields": {}, "attachments": [], "at": "2024-02-01T09:00:00Z"}
    line = journal.append("confirm", run=None, entry=1, **said)
    assert standing(folder).next[0] == "answered"
    journal.append("withdraw", step="source-lost", line=line["n"], what="confirm", entry=1, who="x", why="wrong")
    assert standing(folder).next[0] == "confirm"


def test_a_case_on_a_medium_that_cannot_be_written_is_shown(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor's copy, a share with the right to read."""
    folder = case(workspace, "case-1", ("proofs", "finding", "steps.proofs_ok"))
    for lock in ("run.lock", "guard.lock"):
        (folder.path / lock).touch()

    def read_only(self: object, *args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("filelock.FileLock.acquire", read_only)
    assert "WAITING" in told(capsys, "status", "case-1")[1]
    assert "WAITING" in told(capsys, "list")[1]


def test_all_cases_in_one_table_and_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case(workspace, "case-a", ("roles", "succeeded", "there"), outcome="done")
    case(workspace, "case-b", ("source-lost", "waiting", "steps.source_waiting"))
    (workspace / "cases" / "case-c").mkdir()
    (workspace / "cases" / "case-c" / "case.yml").write_text("case: case-c\n", encoding="utf-8")
    (workspace / "cases" / "case-d").mkdir()
    (workspace / "cases" / "case-d" / "journal.jsonl").write_text("no journal\n{}\n", encoding="utf-8")
    for words in ((), ("status",), ("list",)):
        code, out = told(capsys, *words)
        rows = {line.split()[0]: line for line in out.splitlines() if line}
        assert code == 0
        assert "DONE" in rows["case-a"] and "just now" in rows["case-a"] and "runbook seal case-a" in rows["case-a"]
        assert "WAITING" in rows["case-b"] and rows["case-b"].endswith("runbook confirm case-b source-lost")
        assert "NEW" in rows["case-c"] and "UNREADABLE" in rows["case-d"]
    listed = {row["case"]: row for row in json.loads(told(capsys, "list", "--json")[1])}
    assert {name: row["state"] for name, row in listed.items()} == {
        "case-a": "done", "case-b": "waiting", "case-c": "new", "case-d": "unreadable",
    }  # fmt: skip
    one = json.loads(told(capsys, "status", "case-b", "--json")[1])
    assert one["next"]["commands"] == ["runbook confirm case-b source-lost"]
    assert one["steps"] == {"source-lost": "waiting"} and "OLD01" in one["said"]["source-lost"][0]


def test_the_state_is_the_exit_code_where_it_is_asked_for(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, outcome, code in (("case-a", "done", 0), ("case-b", "waiting", 75), ("case-c", "failed", 1)):
        case(workspace, name, ("roles", "succeeded", "there"), outcome=outcome)
        assert told(capsys, "status", name, "--exit-code")[0] == code
        assert told(capsys, "status", name)[0] == 0


def test_without_any_case_the_command_alone_is_its_help(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Usage: runbook" in told(capsys)[1]
    assert "runbook rehearse nominal" in told(capsys, "list")[1]


@pytest.mark.parametrize(
    ("seconds", "en", "fr"),
    [(20, "just now", "à l’instant"), (600, "10 min ago", "il y a 10 min"), (7300, "2 h ago", "il y a 2 h"),
     (90000, "1 day ago", "il y a 1 jour"), (12 * 86400, "12 days ago", "il y a 12 jours")],
)  # fmt: skip
def test_ages(seconds: int, en: str, fr: str) -> None:
    now = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)
    then = (now - dt.timedelta(seconds=seconds)).isoformat()
    assert (status.age(then, now, "en"), status.age(then, now, "fr").replace("\u00a0", " ")) == (en, fr)


def test_lines_fit_the_terminal_and_commands_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    command = "  runbook run case-with-a-rather-long-name --apply backup,gpupdate"
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "50")
    lines = screen.fitted(["  - " + "some words of a finding " * 6, command])
    assert lines[-1] == command
    inline = "runbook accept case-1 key-packs-before --script --reason …"
    lines = screen.fitted(["  - Read the key packs (waiting): the script has changed. To accept it: " + inline])
    assert lines[-1].strip() == inline and lines[-2].rstrip().endswith("To accept it:")
    lines = screen.fitted(["  - " + "some words of a finding " * 6, command])
    assert max(map(len, lines[:-1])) <= 50 and all(line.startswith("      ") for line in lines[1:-1])


def test_no_colour_into_a_pipe_nor_where_it_is_not_wanted(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case(workspace, "case-a", outcome="done")
    done = subprocess.run(
        [sys.executable, "-m", "runbook.cli", "list"], capture_output=True, encoding="utf-8", check=True
    )
    assert "case-a" in done.stdout and "\x1b" not in done.stdout
    assert screen.colours() is None
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.colours() is False


def test_the_standing_imports_no_typed_records(workspace: Path) -> None:
    case(workspace, "case-a", ("roles", "succeeded", "there"), outcome="done")
    code = "import sys; from runbook.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"
    ended: Any = subprocess.run([sys.executable, "-c", code, "list"], capture_output=True, encoding="utf-8", check=True)
    assert "case-a" in ended.stdout
    assert not {"pydantic", "runbook.knowledge.reference", "IPython", "papermill"} & set(ended.stdout.split())
