"""What sealing makes, what it refuses, what it leaves when it is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_case import clock, digest, make_case, rechain

from runbook.archive.seal import seal
from runbook.archive.sign import check
from runbook.archive.verify import verify
from runbook.errors import BadInput, RunbookError
from runbook.journal.lines import Journal
from runbook.redaction.redact import redact


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return make_case(tmp_path / "cases")


def test_the_bag_holds_the_case_and_both_records(case: Path, tmp_path: Path) -> None:
    sealed = seal(case, tmp_path / "archive", clock=clock())
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
        assert digest(sealed.bag / "VERIFIER.txt") in text, "it lies in what it checks: the paper vouches for it"
    assert verify(sealed.bag, sealed.seal).origin == "proven"


@pytest.mark.parametrize(("lang", "vault", "outside"), [("en", "vault", "outside"), ("fr", "coffre", "extérieur")])
def test_seal_ends_by_saying_which_edition_goes_to_whom(
    lang: str, vault: str, outside: str, case: Path, tmp_path: Path
) -> None:
    sealed = seal(case, tmp_path / "archive", zip=True, clock=clock())
    found, packed, head, sheet, full, redacted = sealed.text(lang).split("\n")[-6:]
    assert sealed.seal[:4] in found and str(sealed.zip) in packed and head.endswith(":")
    assert str(sealed.sheets[-1]) in sheet and str(sealed.bag) in full and vault in full
    assert outside in redacted and redacted.endswith(f"runbook redact {case.name}")


def test_the_same_state_is_sealed_once_and_a_later_one_names_the_first(case: Path, tmp_path: Path) -> None:
    first = seal(case, tmp_path / "archive")
    first.sheets[0].unlink()
    again = seal(case, tmp_path / "archive")
    assert (again.bag, again.seal, again.made) == (first.bag, first.seal, False)
    assert first.sheets[0].is_file(), "a sheet that was lost is made again"
    Journal(case / "journal.jsonl").append("accept", step="clearinghouse", who="x", what="unknown", reason="y")
    later = seal(case, tmp_path / "archive")
    assert later.bag.name == "case-2024-01-s2"
    assert f"Runbook-Previous-Seal: {first.seal}" in (later.bag / "bag-info.txt").read_text(encoding="utf-8")


def test_a_rehearsal_says_so_everywhere(tmp_path: Path) -> None:
    sealed = seal(make_case(tmp_path / "cases", rehearsal="nominal"), tmp_path / "archive")
    assert sealed.bag.name == "case-2024-01-REHEARSAL"
    assert "Runbook-Rehearsal: nominal" in (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert all("REHEARSAL" in sheet.read_text(encoding="utf-8") for sheet in sealed.sheets)
    assert "REHEARSAL" in verify(sealed.bag).text("en")


def test_an_open_case_is_refused_unless_as_is(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases", close_last=False)
    with pytest.raises(RunbookError, match="--as-is"):
        seal(case, tmp_path / "archive")
    with pytest.raises(RunbookError, match="--as-is"):
        seal(case, tmp_path / "archive", as_is="   ")
    (case / "r02" / "migrate.ipynb").unlink()  # a run that was killed leaves none
    sealed = seal(case, tmp_path / "archive", as_is="serveur\nrepris demain")
    info = (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert "Runbook-Sealed-As-Is: serveur repris demain\n" in info
    assert verify(sealed.bag).ok


def test_a_reason_or_a_name_cannot_repaint_the_sheet_or_the_list(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    sealed = seal(case, tmp_path / "archive", as_is="rouge \x1b[31m\r\nRunbook-Outcome: done \u202eétat")
    info = (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert "Runbook-Sealed-As-Is: rouge \\u{1b}[31m Runbook-Outcome: done \\u{202e}état\n" in info
    for text in (info, *(sheet.read_text(encoding="utf-8") for sheet in sealed.sheets)):
        assert not {"\x1b", "\u202e"} & {*text}


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
        seal(case, tmp_path / "archive", lang="en", as_is="whatever" if way == "torn" else None)
    assert [p.name for p in (tmp_path / "archive").iterdir() if not p.name.endswith(".lock")] == []


def test_locks_and_unfinished_files_stay_out(case: Path, tmp_path: Path) -> None:
    for name in ("run.lock", ".saving-x.ipynb", "r01/cells.part", "r01/.ipynb_checkpoints/x.ipynb"):
        (case / name).parent.mkdir(exist_ok=True)
        (case / name).write_bytes(b"x")
    sealed = seal(case, tmp_path / "archive")
    names = {path.name for path in sealed.bag.rglob("*")}
    assert not names & {"run.lock", ".saving-x.ipynb", "cells.part", "x.ipynb"}


def test_zip_is_the_same_bytes_every_time(case: Path, tmp_path: Path) -> None:
    first = seal(case, tmp_path / "archive", zip=True)
    assert first.zip is not None
    before = first.zip.read_bytes()
    for path in first.bag.rglob("*"):
        path.touch()
    again = seal(case, tmp_path / "archive", zip=True)
    assert again.zip is not None and again.zip.read_bytes() == before
    out = tmp_path / "out"
    with zipfile.ZipFile(first.zip) as packed:
        packed.extractall(out)
    assert verify(out / first.bag.name, first.seal).origin == "proven"


def test_a_signature_holds_until_the_bag_changes(case: Path, tmp_path: Path, need: Callable[..., str]) -> None:
    need("ssh-keygen")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", str(key)], check=True)
    sealed = seal(case, tmp_path / "archive", key=key)
    signers = tmp_path / "signers"
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    signers.write_text(f"operator@exemple.test {public}", encoding="utf-8", newline="\n")
    assert sealed.signature is not None
    assert check(sealed.bag, signers, "operator@exemple.test", "fr")
    assert not check(sealed.bag, signers, "other@exemple.test", "fr")
    for lang in ("fr", "en"):
        assert sealed.signature.name in verify(sealed.bag).text(lang), "told, and said not to be checked"
    text = (sealed.bag / "VERIFIER.txt").read_text(encoding="utf-8-sig")
    way = text[text.index("ssh-keygen -Y verify") :].splitlines()[0]
    way = way.replace("operator@example.com", "operator@exemple.test").replace("allowed_signers", str(signers))
    done = subprocess.run(["bash", "-c", way], cwd=sealed.bag.parent, capture_output=True, check=False)
    assert done.returncode == 0 and b"Good" in done.stdout, done.stderr
    with (sealed.bag / "tagmanifest-sha256.txt").open("ab") as file:
        file.write(b"\n")
    assert not check(sealed.bag, signers, "operator@exemple.test", "fr")


def test_signing_says_what_is_missing(case: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="clé"):
        seal(case, tmp_path / "archive", key=tmp_path / "none", lang="fr")
    assert verify(tmp_path / "archive" / "case-2024-01").ok, "sealed all the same"


def test_nothing_run_is_nothing_to_seal(tmp_path: Path) -> None:
    (tmp_path / "cases" / "empty").mkdir(parents=True)
    with pytest.raises(RunbookError):
        seal(tmp_path / "cases" / "empty", tmp_path / "archive", as_is="x")


def test_a_bag_that_was_tampered_with_gets_no_new_sheet(case: Path, tmp_path: Path) -> None:
    """The sheet comes from the bag: of a forged one it would state the forger's seal, as if it had been signed."""
    sealed = seal(case, tmp_path / "archive")
    (sealed.bag / "data" / "case.yml").write_bytes(b"case: other\n")
    tags = sealed.bag / "tagmanifest-sha256.txt"
    for manifest in (sealed.bag / "manifest-sha256.txt", tags):  # hashes made to fit by hand, the size forgotten
        names = [line[66:] for line in manifest.read_text(encoding="utf-8").splitlines()]
        text = "".join(f"{digest(sealed.bag / name)}  {name}\n" for name in names)
        manifest.write_text(text, encoding="utf-8", newline="\n")
    before = [sheet.read_bytes() for sheet in sealed.sheets]
    for lang, sentence in (("fr", "n’est plus ce qui a été scellé"), ("en", "no longer what was sealed")):
        with pytest.raises(RunbookError, match=sentence) as caught:
            seal(case, tmp_path / "archive", lang=lang, zip=True)
        assert "bag-info.txt" in str(caught.value) and ".seal.txt" in str(caught.value)
    assert [sheet.read_bytes() for sheet in sealed.sheets] == before
    assert not sealed.bag.with_name(sealed.bag.name + ".zip").exists()


@pytest.mark.parametrize("lost", ["bag-info.txt", "tagmanifest-sha256.txt", "Runbook-Journal-Head"])
def test_a_bag_that_does_not_say_what_it_is_of_is_named(lost: str, case: Path, tmp_path: Path) -> None:
    """It could be of this state or of an earlier one: nobody can say, so no second bag is made beside it."""
    sealed = seal(case, tmp_path / "archive")
    info = sealed.bag / "bag-info.txt"
    if lost == "Runbook-Journal-Head":
        info.write_bytes(re.sub(rb"Runbook-Journal-Head: .{8}", b"Runbook-Journal-Head: 00000000", info.read_bytes()))
    else:
        (sealed.bag / lost).unlink()
    with pytest.raises(RunbookError, match="no longer what was sealed"):
        seal(case, tmp_path / "archive", lang="en")
    assert not (tmp_path / "archive" / "case-2024-01-s2").exists()
    assert redact(case, tmp_path / "archive").bag.is_dir(), "it can be redacted all the same"


@pytest.mark.parametrize("number", [0, 1])
def test_a_sheet_that_is_there_stays_as_it_is(number: int, case: Path, tmp_path: Path) -> None:
    sealed = seal(case, tmp_path / "archive")
    sheet, other = sealed.sheets[number], sealed.sheets[1 - number]
    sheet.write_bytes(sheet.read_bytes() + b"\nscanned on Monday\n")
    other.unlink()
    assert seal(case, tmp_path / "archive").sheets == sealed.sheets
    assert sheet.read_bytes().endswith(b"scanned on Monday\n") and other.is_file()
    forged = sheet.read_bytes().replace(sealed.seal[:4].encode(), b"0000")
    sheet.write_bytes(forged)
    with pytest.raises(RunbookError, match="another seal"):
        seal(case, tmp_path / "archive", lang="en")
    assert sheet.read_bytes() == forged
    shutil.rmtree(sealed.bag)  # then the sheet is of a bag that is gone
    again = seal(case, tmp_path / "archive")
    assert verify(again.bag, again.seal).origin == "proven"
    assert sheet.with_name(f"{sheet.stem}.before-1{sheet.suffix}").read_bytes() == forged


def interfere(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something between the first look at the case and the copy of its files."""
    module = sys.modules["runbook.archive.seal"]
    real = module.payload_files
    pending = [act]

    def late(*given: Any) -> Any:
        if pending:
            pending.pop()()
        return real(*given)

    monkeypatch.setattr(module, "payload_files", late)


def test_a_confirm_during_the_seal_gives_a_bag_that_verifies(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bag-info.txt tells of the journal that was copied, not of the one that was looked at before."""
    journal = Journal(case / "journal.jsonl")
    interfere(monkeypatch, lambda: journal.append("accept", step="key-packs", who="x", what="unknown", reason="y"))
    sealed = seal(case, tmp_path / "archive")
    report = verify(sealed.bag, sealed.seal)
    assert report.origin == "proven" and report.ok, report.text("en")
    info = (sealed.bag / "bag-info.txt").read_text(encoding="utf-8")
    lines = (sealed.bag / "data" / "journal.jsonl").read_bytes().splitlines()
    assert f"Runbook-Journal-Lines: {len(lines)}\n" in info and b'"accept"' in lines[-1]
    assert seal(case, tmp_path / "archive").made is False


def test_a_run_that_begins_during_the_seal_is_refused(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"run": "r03", "notebook": "migrate", "case": case.name, "lang": "en"}
    interfere(monkeypatch, lambda: Journal(case / "journal.jsonl").append("open", **fields))
    with pytest.raises(RunbookError, match="--as-is"):
        seal(case, tmp_path / "archive", lang="en")
    assert [p.name for p in (tmp_path / "archive").iterdir() if not p.name.endswith(".lock")] == []


def test_a_bag_info_that_tells_of_another_journal_is_refused(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["runbook.archive.seal"]
    real = module.info_lines
    monkeypatch.setattr(module, "info_lines", lambda *given: [*real(*given), ("Runbook-Journal-Head", "0" * 64)])
    for lang, sentence in (("fr", "a continué pendant"), ("en", "went on while it was being sealed")):
        with pytest.raises(RunbookError, match=sentence):
            seal(case, tmp_path / "archive", lang=lang)
