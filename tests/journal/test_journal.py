"""The journal: chained, flushed, and honest about a torn end."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.journal import lines
from runbook.journal.lines import GENESIS, Journal, check_chain, encode


def two_lines(folder: Path) -> Journal:
    journal = Journal(folder / "journal.jsonl")
    for number in range(2):
        journal.append("note", text=f"é{number}")
    return journal


def three_lines(folder: Path) -> Journal:
    journal = two_lines(folder)
    journal.append("note", text="é2")
    return journal


def test_lines_are_numbered_and_chained(tmp_path: Path) -> None:
    journal = three_lines(tmp_path)
    entries = journal.entries()
    assert [e["n"] for e in entries] == [1, 2, 3]
    assert entries[0]["prev"] == GENESIS
    assert len({e["prev"] for e in entries}) == 3
    assert journal.check() == []


def test_file_is_utf8_with_plain_line_ends(tmp_path: Path) -> None:
    raw = three_lines(tmp_path).path.read_bytes()
    assert b"\r" not in raw
    assert "é2".encode() in raw


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_torn_last_line_is_set_aside_and_told(tmp_path: Path, cut: int) -> None:
    journal = two_lines(tmp_path)
    head = journal.head.read_bytes()
    journal.append("note", text="é2")
    raw = journal.path.read_bytes()
    torn = raw[raw.rstrip(b"\n").rfind(b"\n") + 1 : -cut]
    journal.path.write_bytes(raw[:-cut])
    journal.head.write_bytes(head)  # a kill inside a line comes before the head is written
    assert [b.fault for b in journal.check()] == ["torn"]
    assert len(journal.entries()) == 2

    journal.append("note", text="after")

    events = [e["event"] for e in journal.entries()]
    assert events == ["note", "note", "torn", "note"]
    told = journal.entries()[2]
    assert told["size"] == len(torn)
    assert (tmp_path / told["kept_as"]).read_bytes() == torn
    assert journal.check() == []


def test_zeros_after_a_power_cut_are_a_torn_end(tmp_path: Path) -> None:
    journal = three_lines(tmp_path)
    with journal.path.open("ab") as file:
        file.write(b"\0" * 300)
    journal.append("note")
    assert [e["event"] for e in journal.entries()][-2:] == ["torn", "note"]


def test_every_change_of_a_line_breaks_the_chain(tmp_path: Path) -> None:
    raw = three_lines(tmp_path).path.read_bytes()
    lines = raw.splitlines(keepends=True)
    dropped = b"".join([lines[0], lines[2]])
    swapped = b"".join([lines[1], lines[0], lines[2]])
    changed = raw.replace("é1".encode(), "é9".encode())
    for bad in (dropped, swapped, changed):
        assert check_chain(bad), bad


@settings(max_examples=60)
@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.booleans() | st.none(), max_size=4))
def test_one_entry_is_one_line(fields: dict[str, object]) -> None:
    raw = encode(fields)
    assert b"\n" not in raw
    assert json.loads(raw) == fields


def _append_many(path: str) -> None:
    for _ in range(20):
        Journal(Path(path)).append("note", text="x")


def test_several_processes_append_without_harm(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.jsonl")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    journal = Journal(Path(path))
    assert [e["n"] for e in journal.entries()] == list(range(1, 61))
    assert journal.check() == []


def test_a_line_that_stands_is_taken_apart_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []
    monkeypatch.setattr(lines, "read_line", lambda raw: taken.append(raw) or json.loads(raw))
    journal = Journal(tmp_path / "journal.jsonl")
    first = Journal(journal.path).append("note", text="one")
    assert [entry["text"] for entry in journal.entries()] == ["one"]
    Journal(journal.path).append("note", text="two")  # the guard, or `runbook confirm`, in a process of its own
    taken.clear()
    assert [entry["text"] for entry in journal.entries()] == ["one", "two"] and len(taken) == 1
    assert Journal(journal.path).entries() == journal.entries() and journal.check() == [] and len(taken) == 1
    kept = journal.entries()
    kept.clear()
    assert journal.entries()[0] == first, "what is handed out is the caller's own list"
    changed = journal.path.read_bytes().replace(b'"one"', b'"uno"')
    journal.path.write_bytes(changed)
    assert [entry["text"] for entry in journal.entries()] == ["uno", "two"], "another line stands there now"
