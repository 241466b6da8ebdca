"""Case files: the text that was typed, every fault at once with its line, in the file's language."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.case import case_file
from runbook.case.model import Case, draft_case, load_case
from runbook.errors import BadInput
from runbook.run.case_template import render

GOOD = """\
case: case-1
company: Exemple
lang: en
license_server: {name: RDLIC01.corp.example}
contract: {agreement: 0123, purchase_date: 2023-05-06}
packs:
  - {count: 20, version: 2022}
  - {count: 20, no_proof_reason: no}
session_hosts: {names: [RDSH01.corp.example]}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "case.yml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def refused(folder: Path, text: str, lang: str | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        load_case(write(folder, text), "case-1", lang)
    return str(caught.value)


def test_values_stay_the_text_that_was_typed(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, GOOD), "case-1")
    assert case.contract.agreement == "0123"  # YAML would say 83
    assert case.packs[1].no_proof_reason == "no"  # YAML would say false
    assert case.contract.purchase_date == dt.date(2023, 5, 6)
    assert case.expected_cals() == 40
    assert not case.draft


def test_bom_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "case.yml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_case(path, "case-1").company == "Exemple"


def test_all_faults_at_once_with_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace("count: 20, version: 2022", "count: twenty, verion: 2022").replace("RDLIC01", "RD LIC01")
    said = refused(tmp_path, text + "lost_servers:\n  - {name: A, server_id: ABC}\n")
    assert "4 faults." in said
    for line, where in (
        (4, "license_server.name"),
        (7, "packs.1.count"),
        (7, "packs.1.verion"),
        (11, "lost_servers.1"),
    ):
        assert f"line {line} — {where}" in said, said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("case: [", "not valid YAML"),
        (GOOD + "company: again\n", "given twice"),
        (GOOD.replace("case-1", "case-2"), "must be the same"),
        (GOOD.replace("packs:\n  - {count: 20, version: 2022}\n  - {count: 20, no_proof_reason: no}\n", ""), "missing"),
        (GOOD.replace("2023-05-06", "06/05/2023"), "YYYY-MM-DD"),
        (GOOD.replace("version: 2022", "version: 2023"), "possible values: 2008, 2008R2"),
        (GOOD.replace("count: 20, version", "count: 0, version"), "at least 1"),
    ],
)
def test_each_fault_has_its_sentence(tmp_path: Path, text: str, word: str) -> None:
    assert word in refused(tmp_path, text, "en")


def test_faults_speak_the_files_language(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD.replace("lang: en", "lang: fr").replace("count: 20, version", "count: x, version"))
    assert "Aucune étape n’a été lancée" in said


def test_latin1_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "case.yml"
    path.write_bytes(GOOD.replace("Exemple", "Société").encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        load_case(path, "case-1", "en")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('case: a\ncompany "Acme"\nlang: fr\n', 2),
        ('case: a\ncompany: "Acme\nlang: fr\npacks: []\n', 2),
        ("case: a\ncompany: a: b\nlang: fr\n", 2),
        ("case: a\n\tcompany: x\n", 2),
        ("a:\n  - x\n - y\n", 3),
        ("a: &x [*x]\n", 1),
    ],
)
def test_a_syntax_fault_names_the_line_to_look_at(tmp_path: Path, text: str, line: int) -> None:
    """The parser notices a missing colon or quote only further down."""
    assert case_file.read(write(tmp_path, text)).faults[0].line == line


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        (GOOD.encode() + b"# \x07\n", GOOD.count("\n") + 1, "U+0007"),
        (GOOD.encode() + b"\0" * 900, GOOD.count("\n") + 1, "U+0000"),  # a cut while it was saved
        (b"\0" + GOOD.encode(), 1, "U+0000"),
        (b"case: case-1\r\n# \x1b[31m\r\n", 2, "U+001B"),
        ("case: case-1\n\n# \x80\n".encode(), 3, "U+0080"),
        (GOOD.encode("utf-16"), 1, "UTF-8"),  # as Notepad saves "Unicode", with its mark and without
        (GOOD.encode("utf-16-le"), 1, "UTF-8"),
        (GOOD.encode("utf-16-be"), 1, "UTF-8"),
    ],
)
def test_what_is_no_text_of_yaml_is_told_with_its_line(tmp_path: Path, written: bytes, line: int, said: str) -> None:
    path = tmp_path / "case.yml"
    path.write_bytes(written)
    with pytest.raises(BadInput, match=re.escape(said)) as refusal:
        load_case(path, "case-1", "en")
    assert f"line {line} " in str(refusal.value)


def test_notepads_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "case.yml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_case(path, "case-1", "en").name == "case-1"


def test_draft_and_template_agree_with_the_schema(tmp_path: Path) -> None:
    draft = draft_case("case-9", "fr", "SRV01.corp.example")
    assert draft.draft
    assert draft.packs == []
    text = render("case-9", "fr", "SRV01.corp.example")
    keys = set(yaml.safe_load(text))
    known = {field.alias or name for name, field in Case.model_fields.items()}
    assert keys | {"rehearsal"} == known
    said = refused(tmp_path, text.replace("case-9", "case-1"))
    assert "company" in said
    assert "packs" in said


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("case") / "case.yml"
    path.write_bytes(data)
    document = case_file.read(path)
    if document.faults:
        assert all(fault.key for fault in document.faults)
    with pytest.raises(BadInput):
        load_case(path, "case-1", "en")


def test_what_the_server_said_stands_at_the_head_as_comments(tmp_path: Path) -> None:
    text = render("case-9", "fr", "SRV01.corp.example", ["Le serveur est activé.", "deux\nlignes: [oops"])
    assert "#   Le serveur est activé.\n#   deux\n#   lignes: [oops\n" in text
    assert yaml.safe_load(text)["license_server"]["name"] == "SRV01.corp.example"
