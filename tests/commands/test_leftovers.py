"""What a killed run left of its secrets is put away by whichever command looks at the case next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock

from runbook import cli
from runbook.journal.lines import Journal

SECRET = "K7PQ2M9XW4RT3ZB8HN5VC6DJ2FG4LQ7SY9A"
COMMANDS = (["status", "case-cut"], ["record", "case-cut", "--only", "en"], ["seal", "case-cut", "--as-is", "cut"],
            ["redact", "case-cut"], ["confirm", "case-cut", "nothing"])  # fmt: skip


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case whose run was killed inside install-packs, with everything where it lay at that moment."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    case = tmp_path / "cases" / "case-cut"
    (case / "r01" / "install-packs").mkdir(parents=True)
    given = case / "private" / "r01" / "install-packs" / "in.json"
    given.parent.mkdir(parents=True)
    given.write_text(json.dumps({"KeyPacks": [{"Id": SECRET}]}), encoding="utf-8")
    (case / "r01" / "install-packs" / "stderr.bin").write_bytes(f"refused: {SECRET}".encode())
    (case / "r01" / "install-packs" / "private.json").write_text(json.dumps({"serverId": SECRET}), encoding="utf-8")
    journal = Journal(case / "journal.jsonl")
    journal.append("open", run="r01", case="case-cut", notebook="migrate", lang="en", host="windows", operator="u@h")
    journal.append("begin", run="r01", step="install-packs", attempt=1, kind="change")
    return case


def run(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--lang", "en", *words])


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_every_command_puts_it_away_first(cut: Path, words: list[str]) -> None:
    run(words)
    assert not (cut / "private" / "r01").exists()
    assert not (cut / "r01" / "install-packs" / "private.json").exists()
    assert SECRET in (cut / "private" / "install-packs-r01.json").read_text(encoding="utf-8")
    said = (cut / "r01" / "install-packs" / "stderr.bin").read_bytes().decode()
    assert SECRET not in said and said.endswith(SECRET[-5:])


@pytest.mark.parametrize("lock", ["run.lock", "guard.lock"])
def test_nothing_is_taken_from_under_a_run_at_work(cut: Path, lock: str) -> None:
    with FileLock(cut / lock):
        run(["status", "case-cut"])
    assert (cut / "private" / "r01" / "install-packs" / "in.json").is_file()
