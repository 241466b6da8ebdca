"""What a person types at the prompt of ``runbook confirm``: mended where it is wrong, kept where it is cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from runbook import cli
from runbook.case.folder import CaseFolder
from runbook.case.model import load_case
from runbook.errors import BadInput
from runbook.journal import confirm
from runbook.journal.confirm import parse
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.knowledge import reference

PACK = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK{}"
CASE = """\
case: case-a
company: Exemple SA
approval: {name: A. Approver, ticket: CHG-1}
license_server: {name: RDLIC01.corp.example}
packs: [{count: 20, no_proof_reason: lost}, {count: 20, no_proof_reason: lost}]
clearinghouse: {method: telephone, wizard: install}
session_hosts:
  {names: [RDSH01.corp.example], managed_by: broker, broker: RDCB01.corp.example, pilot: RDSH01.corp.example}
"""
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseFolder:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    found = CaseFolder(tmp_path / "cases" / "case-a")
    found.path.mkdir(parents=True)
    found.case_file.write_text(CASE, encoding="utf-8")
    Journal(found.journal).append("open", run="r01", notebook="migrate", case="case-a", host="windows", rehearsal=None)
    found.run("r01").mkdir()
    return found


@pytest.fixture
def entered(folder: CaseFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """``entered(STEP, ANSWERS…)``: exit code and what was said. An answer that is missing is Ctrl+C."""

    def type_in(step: str, *answers: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        coming: Iterator[str] = iter(answers)
        asked: list[str] = []

        def prompt(text: str, **settings: Any) -> str:
            asked.append(text)
            try:
                return next(coming)
            except StopIteration:
                raise click.Abort from None

        monkeypatch.setattr("runbook.commands.asking.click.prompt", prompt)
        monkeypatch.setattr("runbook.commands.asking.sys.stdin.isatty", lambda: True, raising=False)
        with pytest.raises(SystemExit) as ended:
            cli.main(["--lang", "en", "confirm", "case-a", step, *options])
        assert next(coming, None) is None, f"an answer was not asked for: {asked}"
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + "\n".join(asked), told.err

    return type_in


def packs(folder: CaseFolder, number: int = 1) -> list[str]:
    kept = json.loads((folder.path / "private" / f"clearinghouse-{number:02d}.json").read_text(encoding="utf-8"))
    return [entry["id"] for entry in kept["packs"]]


CALL = ("", "REF-1", "", "issued")  # the channel is the case file's


def test_a_wrong_group_is_asked_again_alone(folder: CaseFolder, entered: Say) -> None:
    typed = PACK.format(1).replace("NLYKE", "NLYK").replace("R0000", "R000O")
    code, out, _ = entered("clearinghouse", *CALL, typed, "NLYKE", "6", "R0000", "yes", "20", "no", "", "yes")
    assert code == 0, out
    assert "Group 3 (read: NLYK)" in out and "Group 6 (read: R000O)" in out
    assert packs(folder) == [PACK.format(1)]


def test_the_same_pack_twice_is_refused_at_once(folder: CaseFolder, entered: Say) -> None:
    one, two = PACK.format(1), PACK.format(2)
    answers = (*CALL, one, "yes", "20", "yes", one.lower(), "yes", two, "yes", "20", "no", "", "yes")
    code, out, _ = entered("clearinghouse", *answers)
    assert code == 0 and "this ID (…PACK1) was entered already" in out.replace("…0PACK1", "…PACK1")
    assert packs(folder) == [one, two]
    # Neither in a second call, unless the entry that holds it is the one that is corrected.
    code, out, _ = entered("clearinghouse", *CALL, one, "yes", "", "", options=())
    assert code == 1 and "was entered already" in out


def test_the_same_pack_twice_is_refused_without_a_prompt_too(folder: CaseFolder) -> None:
    twice = [{"id": PACK.format(1), "count": "20"}, {"id": PACK.format(1), "count": "20"}]
    fields = {"channel": "telephone", "result": "issued", "packs": twice}
    with pytest.raises(BadInput, match="entered already"):
        confirm.enter(folder, reference.step("clearinghouse"), fields, who="x", lang="en")


def test_ctrl_c_keeps_what_was_read_back(folder: CaseFolder, entered: Say) -> None:
    one, two = PACK.format(1), PACK.format(2)
    code, _, err = entered("clearinghouse", *CALL, one, "yes", "20", "yes", two)
    assert code == 1 and "the same command goes on" in err
    assert one not in folder.journal.read_text(encoding="utf-8")
    code, out, _ = entered("clearinghouse", "", "yes", two, "yes", "20", "no", "", "yes")
    assert code == 0 and "Taken up from the entry that was interrupted" in out
    assert packs(folder) == [one, two]
    assert list((folder.path / "private").glob(".*.draft")) == []


def test_a_yes_by_mistake_is_taken_back(folder: CaseFolder, entered: Say) -> None:
    code, _, _ = entered("clearinghouse", *CALL, PACK.format(1), "yes", "20", "yes", "", "", "yes")
    assert code == 0 and packs(folder) == [PACK.format(1)]


def test_what_will_be_written_is_shown_and_can_be_corrected(folder: CaseFolder, entered: Say) -> None:
    code, out, _ = entered("source-lost", "1", "burnt", "yes", "", "", "2", "flooded", "yes")
    assert code == 0
    assert "1  State of the old servers: lost: destroyed or out of reach" in out
    assert "4  Approved by: A. Approver" in out and "5  Change ticket: CHG-1" in out
    kept = History(Journal(folder.journal).entries()).confirms("source-lost")[0]["fields"]
    assert kept["reason"] == "flooded" and kept["approved_by"] == "A. Approver"


def test_a_no_at_the_end_writes_nothing(folder: CaseFolder, entered: Say) -> None:
    code, _, err = entered("source-lost", "1", "burnt", "yes", "", "", "maybe", "no")
    assert code == 1 and "Nothing was written" in err
    assert History(Journal(folder.journal).entries()).confirms("source-lost") == []


#: A word; nothing, which is not "now"; a day, which is not its midnight; years that no clock turns into UTC.
NO_MOMENTS = ("yesterday", "", "2026-03-01", "2026-W10-1", "0001-01-01 00:00", "9999-12-31 23:59")


def test_what_can_be_refused_is_refused_before_the_first_question(folder: CaseFolder, entered: Say) -> None:
    for options, told in (
        (("--replaces", "9", "--why", "x"), "has no entry 9 that stands"),
        (("--why", "x"), "--replaces N"),
        *((("--at", at), f"“{at}”: a date and time") for at in NO_MOMENTS),
    ):
        code, out, err = entered("clearinghouse", options=options)
        assert code == 2 and told in err and not out, out


def test_a_mistyped_field_is_told_the_one_that_was_meant(folder: CaseFolder) -> None:
    with pytest.raises(BadInput, match="Did you mean “channel”"):
        confirm.enter(folder, reference.step("clearinghouse"), {"chanel": "telephone"}, who="x", lang="en")


def test_a_wrong_choice_is_told_its_numbers_and_the_list_is_not_said_again(folder: CaseFolder, entered: Say) -> None:
    _, out, err = entered("clearinghouse", "by pigeon", "9")
    assert out.count("answer with a number, 1 to 3.") == 2 and "choose one of: telephone" not in out
    assert out.count("web browser") == 1
    assert err.startswith("\n"), "Ctrl+C at a question: the next line is one"


def test_what_will_be_written_is_shown_once(folder: CaseFolder, entered: Say) -> None:
    _, out, _ = entered("escalate", "", "T-1", "", "", "", "perhaps", "no")
    assert out.count("Will be written:") == 1 and out.count("answer yes, no or one of the numbers") == 2


def test_a_french_question_has_its_space_before_the_colon(
    folder: CaseFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def prompt(text: str, prompt_suffix: str = ": ", **settings: Any) -> str:
        seen.append(prompt_suffix)
        raise click.Abort

    monkeypatch.setattr("runbook.commands.asking.click.prompt", prompt)
    for lang in ("fr", "en"):
        with pytest.raises(SystemExit):
            cli.main(["--lang", lang, "confirm", "case-a", "clearinghouse"])
    assert seen == ["\u00a0: ", ": "]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--done", "--not-done", "--reason", "x"), "--done, --not-done contradict"),
        (("--not-done", "--part", "ABCDE", "--reason", "x"), "--not-done, --part contradict"),
        (("--reason", "x"), "Say what you decide"),
        (("--done", "--reason", " "), "Say what you saw"),
    ],
)
def test_two_decisions_at_once_are_none(
    folder: CaseFolder, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    """The last one was taken, and nothing said so."""
    before = folder.journal.read_bytes()
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "accept", "case-a", "backup", *options])
    assert ended.value.code == 2 and told in capsys.readouterr().err
    assert folder.journal.read_bytes() == before


def test_a_default_can_be_taken_away(folder: CaseFolder, entered: Say) -> None:
    assert entered("source-lost", "1", "burnt", "yes", "-", "-", "yes")[0] == 0
    kept = History(Journal(folder.journal).entries()).confirms("source-lost")[0]["fields"]
    assert "approved_by" not in kept and "ticket" not in kept


def test_questions_show_their_choices_and_what_is_needed(folder: CaseFolder, entered: Say) -> None:
    code, out, _ = entered("test-logon", "", "yes", "", "maybe", "yes", "yes", "", "yes")
    assert code == 0
    assert "The user is no administrator (yes/no)" in out and "an answer is needed" in out
    assert "Session host [RDSH01.corp.example]" in out
    assert "Which one? (1 to 5)" in entered("clearinghouse", "", "", "")[1]


def test_every_default_of_the_questions_fits_its_question(folder: CaseFolder) -> None:
    case = load_case(folder.case_file, "case-a")
    found = {(s.id, a.id): a for s in reference.steps() for a in s.asks if a.default}
    assert len(found) >= 9
    for ask in found.values():
        assert parse(ask, ask.default.format(case=case), "en")


def test_accents_of_a_files_name_are_folded_and_the_name_is_kept(folder: CaseFolder, tmp_path: Path) -> None:
    paper = tmp_path / "pièce jointe – cœur d’été.pdf"
    paper.write_bytes(b"x")
    fields = {"note": "n"}
    entry = confirm.enter(folder, reference.step("attestation"), fields, who="x", attach=[paper])
    assert entry["attachments"][0]["path"] == "attachments/attestation/01-piece_jointe_coeur_d_ete.pdf"
    assert entry["attachments"][0]["name"] == paper.name
