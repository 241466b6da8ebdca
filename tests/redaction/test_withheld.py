"""Guessing: no plain SHA-256, whole or begun, and no size of what stayed inside or was changed is left in a copy."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_case import clock, digest, files_of, listed, make_case, rechain

from runbook.archive.verify import verify
from runbook.journal.lines import Journal
from runbook.journal.story import read_entries
from runbook.redaction import tokens as tokens_of
from runbook.redaction.leaks import Search
from runbook.redaction.redact import LeakFound, Redacted, redact
from runbook.redaction.tokens import Tokens
from runbook.redaction.withheld import Withheld, public_hashes
from runbook.words.sentences import data_root

ORDER = b"Commande 4711 de 2022, vingt CAL pour Exemple & Fils SA\r\n" * 211  # 12 kB, so that its size is a rare number
STATEMENT = b"Licence 0123456, page 1\r\n" * 507
EARLIER_CASE_FILE = b"case: case-2024-01\nlicense_server: {name: rdls-premier.corp.exemple.test}\n"
PROVEN_BY = 'proofs: [order-2022.csv, "D:\\\\Papiers\\\\statement.TXT"]'


def row(*cells: object) -> str:
    return "<tr>" + "".join(f"<td style='padding:.1em'>{cell}</td>" for cell in cells) + "</tr>\n"


def enter(journal: Path, change: Callable[[dict[str, Any]], None]) -> None:
    def each(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in entries:
            change(entry)
        return entries

    rechain(journal, each)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case as the runbook leaves one: papers with their hashes and sizes in journal, cells and notebook, a script
    that names a host, an earlier state of the case file, a torn journal line, a proof in the case's own folder."""
    case = make_case(tmp_path_factory.mktemp("withheld") / "cases")
    text = (case / "case.yml").read_text(encoding="utf-8").replace("proofs: [facture-2022.pdf]", PROVEN_BY, 1)
    (case / "case.yml").write_text(text, encoding="utf-8", newline="\n")
    (case / "order-2022.csv").write_bytes(ORDER)
    (case / "proofs" / "order-2022.csv").write_bytes(ORDER)
    (case / "Statement.txt").write_bytes(STATEMENT)
    place = case / "r02" / "key-packs"
    (place / "files").mkdir()
    (place / "files" / "bestellung.csv").write_bytes(ORDER)  # the same paper under another name
    (place / "files" / "innocent.txt").write_bytes(b"rien de secret\n" * 3)
    torn = case / "journal.torn-"
    torn = torn.with_name(torn.name + hashlib.sha256(b'{"n": 7, "who": "Octave').hexdigest()[:12])
    torn.write_bytes(b'{"n": 7, "who": "Octave')
    script = place / "script.ps1"
    script.write_bytes("\ufeff# pour rdsh-paris\nGet-CimInstance -ClassName Win32_TSLicenseServer\n".encode())
    paper = {"name": "order-2022.csv", "path": "proofs/order-2022.csv", "sha256": digest(case / "order-2022.csv")}
    paper["size"] = len(ORDER)  # type: ignore[assignment]
    begun = f"{digest(script)[:16]}…"
    shown = (
        "<table>" + row(paper["path"], len(ORDER), paper["sha256"]) + row("script", begun, digest(script).upper())
        + row("System.evtx", "70\u202f003") + "</table>"
    )  # fmt: skip
    innocent = digest(place / "files" / "innocent.txt")
    told = f"Name : System.evtx\nLength : 70003\n\nscript {digest(script)} innocent {innocent}\n"
    (place / "files" / "System.evtx").write_bytes(b"ElfFile\0" + b"x" * 69995)
    (place / "files" / "hashes.txt").write_text(told, encoding="utf-8", newline="\n")
    cells = case / "r02" / "cells"
    cells.mkdir()
    outputs = [{"text/html": shown, "text/plain": f"ran {digest(script)}"}]
    (cells / "011-proofs.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8", newline="\n")
    (place / "files" / "list.json").write_text(
        json.dumps([{"File": "C:\\x\\System.evtx", "Length": 70003, "Count": 3}]), encoding="utf-8", newline="\n"
    )
    notebook = case / "r02" / "migrate.ipynb"
    data = json.loads(notebook.read_text(encoding="utf-8"))
    data["cells"][2]["outputs"].append({"output_type": "display_data", "metadata": {}, "data": {"text/html": shown}})
    notebook.write_text(json.dumps(data), encoding="utf-8", newline="\n")
    evidence = [listed(file, case) for file in sorted(place.rglob("*")) if file.is_file()]

    def change(entry: dict[str, Any]) -> None:
        if entry["event"] == "open":
            first = entry["run"] == "r01"
            entry["case_sha256"] = hashlib.sha256(EARLIER_CASE_FILE).hexdigest() if first else digest(case / "case.yml")
        elif (entry.get("run"), entry.get("step")) == ("r02", "key-packs"):
            if entry["event"] == "begin":
                entry["script_sha256"] = digest(script)
            else:
                entry["evidence"] = evidence
                entry["facts"] = {"files": [paper]}
                entry["table"] = [{"file": paper["path"], "size": len(ORDER), "sha256": paper["sha256"], "count": 20}]
        elif entry["event"] == "notebook" and entry["run"] == "r02":
            entry["sha256"] = digest(notebook)

    enter(case / "journal.jsonl", change)
    Journal(case / "journal.jsonl", clock("2024-02-04T00:00:00+00:00")).append(
        "torn", kept_as=torn.name, sha256=digest(torn), size=torn.stat().st_size
    )
    return case


@pytest.fixture(scope="module")
def copy(case: Path) -> Redacted:
    return redact(case, case.parent.parent / "archive", clock=clock())


def salted(case: Path, raw: bytes) -> str:
    salt = json.loads((case / "private" / "redaction.json").read_text(encoding="utf-8"))["salt"]
    return hmac.new(bytes.fromhex(salt), raw, hashlib.sha256).hexdigest()


def test_no_plain_hash_is_left_to_guess_by(case: Path, copy: Redacted) -> None:
    out = {digest(file) for file in files_of(copy.bag)}
    secret = {digest(file): file.name for file in files_of(case) if digest(file) not in out and file.stat().st_size}
    secret |= {hashlib.sha256(line).hexdigest(): "line" for line in (case / "journal.jsonl").read_bytes().split(b"\n")}
    secret[hashlib.sha256(EARLIER_CASE_FILE).hexdigest()] = "an earlier case.yml"
    secret.pop(hashlib.sha256(b"").hexdigest(), None)
    assert digest(case / "order-2022.csv") in secret
    names = set(secret.values())
    assert {"script.ps1", "Statement.txt", "case.yml", "journal.jsonl", "migrate.ipynb"} <= names
    for file in files_of(copy.bag):
        name = file.relative_to(copy.bag).as_posix()
        text = (name + "\n" + file.read_bytes().decode("utf-8", "replace")).lower()
        for plain, of in secret.items():
            assert plain[:12] not in text, f"the hash of {of} in {name}"


def test_the_hmac_stands_in_its_place_and_the_copy_verifies(case: Path, copy: Redacted) -> None:
    assert verify(copy.bag, copy.seal).origin == "proven"
    journal = read_entries(copy.bag / "data" / "journal.jsonl")
    script = salted(case, (case / "r02" / "key-packs" / "script.ps1").read_bytes())
    begin, end = (e for e in journal if (e.get("run"), e.get("step")) == ("r02", "key-packs"))
    assert begin["script_sha256"] == f"hmac-sha256:{script}"
    opened = [e["case_sha256"] for e in journal if e["event"] == "open"]
    before = salted(case, hashlib.sha256(EARLIER_CASE_FILE).hexdigest().encode())
    assert opened == [
        f"hmac-sha256-of-sha256:{before}",
        f"hmac-sha256:{salted(case, (case / 'case.yml').read_bytes())}",
    ]
    order = f"hmac-sha256:{salted(case, ORDER)}"
    assert end["table"] == [{"file": "proofs/order-2022.csv", "size": None, "sha256": order, "count": 20}]
    assert end["facts"]["files"][0]["sha256"] == order
    for place in ("r02/cells/011-proofs.json", "r02/migrate.ipynb"):
        text = (copy.bag / "data" / place).read_text(encoding="utf-8")
        assert order in text and f"hmac-sha256:{script}" in text and f"hmac-sha256:{script[:16]}…" in text, place
    for lang in ("fr", "en"):
        page = (copy.bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        section = page[page.index('id="r02-key-packs"') :].split("</section>")[0]
        assert f"HMAC-SHA256 {script}" in section and "hmac-sha256:" not in page.split('<div class="shown">')[0]
    first = journal[0]
    assert first["of"] == f"hmac-sha256:{salted(case, (case / 'journal.jsonl').read_bytes())}"
    info = (copy.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert f"Runbook-Redaction-Of: journal.jsonl HMAC-SHA256 {first['of'].partition(':')[2]}\n" in info


def test_what_is_public_or_goes_out_as_it_was_keeps_its_hash(case: Path, copy: Redacted) -> None:
    told = (copy.bag / "data" / "r02" / "key-packs" / "files" / "hashes.txt").read_text(encoding="utf-8")
    assert f"innocent {digest(case / 'r02' / 'key-packs' / 'files' / 'innocent.txt')}" in told
    own = next((data_root() / "notebooks" / "steps").glob("*.ps1"))
    assert digest(own) in public_hashes()
    assert Withheld(lambda raw: "0" * 64).text(f"script {digest(own)}") == f"script {digest(own)}"


def test_a_file_that_names_the_hash_of_a_changed_one_is_changed_too(case: Path, copy: Redacted) -> None:
    """hashes.txt holds no value of the case: only what it lists makes it another file, whose own hash must go too."""
    journal = read_entries(copy.bag / "data" / "journal.jsonl")
    (item,) = [i for e in journal for i in e.get("evidence") or [] if i["path"].endswith("hashes.txt")]
    assert item["redacted"] and item["sha256"] == digest(copy.bag / "data" / item["path"])
    assert item["sha256"] != digest(case / item["path"])


def test_the_size_of_a_withheld_file_goes(case: Path, copy: Redacted) -> None:
    for file in files_of(copy.bag / "data"):
        text = file.read_bytes().decode("utf-8", "replace")
        for size in (len(ORDER), len(STATEMENT), 70003):
            grouped = r"[ \u202f\u00a0,]?".join(f"{size:,}".split(","))
            assert not re.search(rf"(?<!\d){grouped}(?!\d)", text), f"{size} in {file.name}"
    rows = json.loads((copy.bag / "data" / "r02" / "key-packs" / "files" / "list.json").read_text(encoding="utf-8"))
    assert rows == [{"File": "C:\\x\\System.evtx", "Length": None, "Count": 3}]
    for entry in read_entries(copy.bag / "data" / "journal.jsonl"):
        for item in [*(entry.get("evidence") or []), *(entry.get("attachments") or [])]:
            assert ("size" in item) is not item.get("withheld", False)


def test_a_proof_stays_inside_under_every_name(case: Path, copy: Redacted) -> None:
    names = {path.relative_to(copy.bag / "data").as_posix() for path in files_of(copy.bag / "data")}
    papers = {"order-2022.csv", "proofs/order-2022.csv", "Statement.txt", "r02/key-packs/files/bestellung.csv"}
    assert not names & papers and papers <= set(copy.withheld)
    assert "r02/key-packs/files/innocent.txt" in names
    for file in files_of(copy.bag):
        assert b"Commande 4711" not in file.read_bytes(), file.name


def test_without_case_file_and_notebook_there_is_no_copy(tmp_path: Path) -> None:
    """Whoever attaches the case file or a notebook gets it redacted all the same, not withheld as its own twin; an
    attachment that is empty withholds no empty evidence."""
    case = make_case(tmp_path / "cases")
    for number, source in enumerate(
        (case / "case.yml", case / "r02" / "migrate.ipynb", case / "r01/key-packs/stderr.bin")
    ):
        (case / "attachments" / f"{number}.txt").write_bytes(source.read_bytes())
    files = [listed(case / "attachments" / f"{number}.txt", case) for number in range(3)]
    Journal(case / "journal.jsonl").append(
        "confirm", step="source-lost", who="A. Person", entry=9, at="2024-02-03T00:00:00Z", fields={}, rehearsal=False,
        attachments=files,
    )  # fmt: skip
    copy = redact(case, tmp_path / "archive", clock=clock())
    assert verify(copy.bag).ok
    data = copy.bag / "data"
    assert "RDSH01" in (data / "case.yml").read_text(encoding="utf-8") and (data / "r02" / "migrate.ipynb").is_file()
    assert (data / "r01" / "key-packs" / "stderr.bin").is_file()
    assert {"attachments/0.txt", "attachments/1.txt"} <= set(copy.withheld)


def test_the_second_pass_finds_a_plain_hash_in_every_form() -> None:
    plain = hashlib.sha256(b"secret").hexdigest()
    search = Search(Tokens(), [plain])
    for raw in (
        plain.encode(), plain.upper().encode(), f'"{plain[:12]}…"'.encode(), f"x{plain}y".encode(),
        plain.encode("utf-16-le"), f"0a{plain}".encode(), json.dumps({"a": f"\n{plain}"}).encode(),
    ):  # fmt: skip
        assert [leak.what for leak in search.file("x", raw)], raw
    assert not list(search.file("x", plain[:11].encode() + b" " + hashlib.sha256(b"other").hexdigest().encode()))


def test_a_copy_in_which_a_plain_hash_is_left_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(tmp_path / "cases")
    monkeypatch.setattr(Withheld, "_in_place", lambda self, match: match[0])
    with pytest.raises(LeakFound) as caught:
        redact(case, tmp_path / "archive", clock=clock())
    assert {"SHA-256"} == {leak.what for leak in caught.value.leaks}
    assert digest(case / "case.yml") not in str(caught.value)
    assert [path.name for path in (tmp_path / "archive").iterdir() if not path.name.endswith(".lock")] == []


def test_the_salt_lies_where_the_copy_says(case: Path, copy: Redacted) -> None:
    assert copy.table == case / "private" / "redaction.json" and copy.table.is_file()
    told = (copy.bag / "REDACTED.txt").read_bytes().decode("utf-8-sig")
    assert told.count("cases/case-2024-01/private/redaction.json") == 2, "in each language"
    assert "À garder" in told or "à garder" in told
    for lang in ("fr", "en"):
        assert str(copy.table) in copy.text(lang)


def test_the_folder_of_the_salt_is_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the one function that sets Windows rights too, not by a mode that Windows does not know."""
    made: list[Path] = []

    def make_private(folder: Path) -> None:
        folder.mkdir(mode=0o700)
        made.append(folder)

    monkeypatch.setattr("runbook.case.folder.make_private", make_private)
    monkeypatch.setattr(tokens_of, "make_private", make_private)
    case = make_case(tmp_path / "cases")
    for file in (case / "private").iterdir():
        file.unlink()
    (case / "private").rmdir()
    redact(case, tmp_path / "archive", clock=clock())
    Tokens().save(tmp_path / "elsewhere" / "redaction.json")
    assert made == [case / "private", tmp_path / "elsewhere"]
