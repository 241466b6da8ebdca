"""What sealing makes, what it refuses, what it leaves when it is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_case import clock, digest, make_case

from runbook import archive
from runbook.archive.sign import check
from runbook.errors import BadInput, RunbookError
from runbook.journal import GENESIS, Journal, encode


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return make_case(tmp_path / "cases")


def rechain(journal: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Rewrite a journal as someone does who knows the chain: every number and hash made to fit again."""
    import hashlib

    entries = change([json.loads(line) for line in journal.read_bytes().splitlines()])
    prev, lines = GENESIS, []
    for number, entry in enumerate(entries, 1):
        raw = encode({**entry, "n": number, "prev": prev})
        prev = hashlib.sha256(raw).hexdigest()
        lines.append(raw + b"\n")
    journal.write_bytes(b"".join(lines))


def test_the_bag_holds_the_case_and_both_records(case: Path, tmp_path: Path) -> None:
    sealed = archive.seal(case, tmp_path / "archive", clock=clock())
    data = sealed.bag / "data"
    for name in ("case.yml", "journal.jsonl", "r02/migrate.ipynb", "record.fr.html", "record.en.html"):
        assert (data / name).is_file(), name
    assert (data / "private" / "call-sheet.txt").is_file(), "the full edition holds the private folder"
    assert (data / "attachments" / "clearinghouse" / "notes_de_lappel.txt").is_file()
    assert not list((tmp_path / "archive").glob(".sealing-*"))
    assert re.fullmatch("[0-9a-f]{64}", sealed.seal)
    assert sealed.seal == digest(sealed.bag / "tagmanifest-sha256.txt")
    for sheet in sealed.sheets:
        text = sheet.read_text(encoding="utf-8")
        assert sealed.seal[:4] + " " + sealed.seal[4:8] in text
    assert archive.verify(sealed.bag, sealed.seal).origin == "proven"


def test_the_same_state_is_sealed_once_and_a_later_one_names_the_first(case: Path, tmp_path: Path) -> None:
    first = archive.seal(case, tmp_path / "archive")
    first.sheets[0].unlink()
    again = archive.seal(case, tmp_path / "archive")
    assert (again.bag, again.seal, again.made) == (first.bag, first.seal, False)
    assert first.sheets[0].is_file(), "a sheet that was lost is made again"
    Journal(case / "journal.jsonl").append("accept", step="clearinghouse", who="x", what="unknown", reason="y")
    later = archive.seal(case, tmp_path / "archive")
    assert later.bag.name == "case-2024-01-s2"
    assert f"Runbook-Previous-Seal: {first.seal}" in (later.bag / "bag-info.txt").read_text(encoding="utf-8")


def test_a_rehearsal_says_so_everywhere(tmp_path: Path) -> None:
    sealed = archive.seal(make_case(tmp_path / "cases", rehearsal="nominal"), tmp_path / "archive")
    assert sealed.bag.name == "case-2024-01-REHEARSAL"
    assert "Runbook-Rehearsal: nominal" in (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert all("REHEARSAL" in sheet.read_text(encoding="utf-8") for sheet in sealed.sheets)
    assert "REHEARSAL" in archive.verify(sealed.bag).text("en")


def test_an_open_case_is_refused_unless_as_is(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", close_last=False)
    with pytest.raises(RunbookError, match="--as-is"):
        archive.seal(case, tmp_path / "archive")
    with pytest.raises(RunbookError, match="--as-is"):
        archive.seal(case, tmp_path / "archive", as_is="   ")
    (case / "r02" / "migrate.ipynb").unlink()  # a run that was killed leaves none
    sealed = archive.seal(case, tmp_path / "archive", as_is="serveur\nrepris demain")
    info = (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert "Runbook-Sealed-As-Is: serveur repris demain\n" in info
    assert archive.verify(sealed.bag).ok


def edit_notebook(case: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the last notebook and enter its new hash in the journal, chain and all."""
    path = case / "r02" / "migrate.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8", newline="\n")

    def enter(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        entries[-1]["sha256"] = digest(path)
        return entries

    rechain(case / "journal.jsonl", enter)


def drop_end(case: Path) -> None:
    def is_it(entry: dict[str, Any]) -> bool:
        return (entry["event"], entry.get("run"), entry.get("step")) == ("end", "r02", "key-packs")

    rechain(case / "journal.jsonl", lambda entries: [entry for entry in entries if not is_it(entry)])


def break_chain(case: Path) -> None:
    journal = case / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"Windows-2022Server", b"Windows-2025Server", 1))


def more(path: Path, raw: bytes) -> None:
    path.write_bytes(path.read_bytes() + raw)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "chain": (break_chain, "broken chain"),
    "torn": (lambda c: more(c / "journal.jsonl", b'{"n": 99'), "cut off"),
    "notebook changed": (lambda c: more(c / "r02" / "migrate.ipynb", b" "), "different hash"),
    "notebook gone": (lambda c: (c / "r02" / "migrate.ipynb").unlink(), "is missing"),
    "completed cell without an end": (drop_end, "knows no end of it"),
    "cell that never ran though it ended": (
        lambda c: edit_notebook(c, lambda nb: nb["cells"][1]["metadata"]["papermill"].update(status="pending")),
        "says it never ran",
    ),
    "step without its cell": (lambda c: edit_notebook(c, lambda nb: nb["cells"].pop(2)), "has no cell of it"),
    "exception in a run closed as done": (
        lambda c: edit_notebook(c, lambda nb: nb["metadata"]["papermill"].update(exception=True)),
        "carries an exception",
    ),
    "run without a close": (
        lambda c: rechain(
            c / "journal.jsonl", lambda es: [e for e in es if not (e["event"] == "close" and e["run"] == "r01")]
        ),
        "holds no close",
    ),
    "closed run without its notebook line": (
        lambda c: rechain(c / "journal.jsonl", lambda es: [e for e in es if e["event"] != "notebook"]),
        "is not entered",
    ),
    "notebook that nobody entered": (
        lambda c: shutil.copyfile(c / "r02" / "migrate.ipynb", c / "r02" / "other.ipynb") and None,
        "does not know this notebook",
    ),
    "evidence changed": (lambda c: (c / "r01" / "key-packs" / "out.json").write_bytes(b"[]") and None, "has changed"),
    "evidence gone": (lambda c: (c / "r01" / "key-packs" / "stdout.bin").unlink(), "is missing"),
}  # fmt: skip


@pytest.mark.parametrize("way", REFUSED)
def test_a_case_that_contradicts_its_journal_is_refused(way: str, case: Path, tmp_path: Path) -> None:
    spoil, sentence = REFUSED[way]
    spoil(case)
    with pytest.raises(RunbookError, match=sentence):
        archive.seal(case, tmp_path / "archive", lang="en", as_is="whatever" if way == "torn" else None)
    assert [p.name for p in (tmp_path / "archive").iterdir() if not p.name.endswith(".lock")] == []


def test_locks_and_unfinished_files_stay_out(case: Path, tmp_path: Path) -> None:
    for name in ("run.lock", ".saving-x.ipynb", "r01/cells.part", "r01/.ipynb_checkpoints/x.ipynb"):
        (case / name).parent.mkdir(exist_ok=True)
        (case / name).write_bytes(b"x")
    sealed = archive.seal(case, tmp_path / "archive")
    names = {path.name for path in sealed.bag.rglob("*")}
    assert not names & {"run.lock", ".saving-x.ipynb", "cells.part", "x.ipynb"}


def test_zip_is_the_same_bytes_every_time(case: Path, tmp_path: Path) -> None:
    first = archive.seal(case, tmp_path / "archive", zip=True)
    assert first.zip is not None
    before = first.zip.read_bytes()
    for path in first.bag.rglob("*"):
        path.touch()
    again = archive.seal(case, tmp_path / "archive", zip=True)
    assert again.zip is not None and again.zip.read_bytes() == before
    out = tmp_path / "out"
    with zipfile.ZipFile(first.zip) as packed:
        packed.extractall(out)
    assert archive.verify(out / first.bag.name, first.seal).origin == "proven"


def test_a_signature_holds_until_the_bag_changes(case: Path, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen here")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", str(key)], check=True)
    sealed = archive.seal(case, tmp_path / "archive", key=key)
    signers = tmp_path / "signers"
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    signers.write_text(f"operator@exemple.test {public}", encoding="utf-8", newline="\n")
    assert sealed.signature is not None
    assert check(sealed.bag, signers, "operator@exemple.test", "fr")
    assert not check(sealed.bag, signers, "other@exemple.test", "fr")
    with (sealed.bag / "tagmanifest-sha256.txt").open("ab") as file:
        file.write(b"\n")
    assert not check(sealed.bag, signers, "operator@exemple.test", "fr")


def test_signing_says_what_is_missing(case: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="clé"):
        archive.seal(case, tmp_path / "archive", key=tmp_path / "none", lang="fr")
    assert archive.verify(tmp_path / "archive" / "case-2024-01").ok, "sealed all the same"


def test_nothing_run_is_nothing_to_seal(tmp_path: Path) -> None:
    (tmp_path / "cases" / "empty").mkdir(parents=True)
    with pytest.raises(RunbookError):
        archive.seal(tmp_path / "cases" / "empty", tmp_path / "archive", as_is="x")
