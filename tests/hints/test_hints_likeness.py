"""What a person says in words that no message has: the row it is most like, as a guess, and only for a complaint."""

from __future__ import annotations

import pytest

from runbook.hints import matching
from runbook.hints.likeness import complains, is_calm, like_of
from runbook.knowledge import reference
from runbook.words import sentences


@pytest.mark.parametrize("lang", sentences.LANGS)
@pytest.mark.parametrize("row", reference.errors(), ids=lambda row: row.id)
def test_each_row_has_three_sayings_of_a_person(row: reference.Problem, lang: str) -> None:
    assert len(set(row.asked.of(lang))) >= 3
    assert not set(row.asked.of(lang)) & set(row.matches.of(lang))


def test_what_one_row_says_is_said_by_no_other() -> None:
    said = [text for row in reference.errors() for lang in sentences.LANGS for text in row.asked.of(lang)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("une licence RDS provisoire qui ne devient jamais définitive, le client léger est rejeté", "E40"),
        ("our RDS pack counts as installed at Microsoft although the server burnt down", "E36"),
        ("ever since the rebuild, RD Licensing Manager lists fewer CALs than we paid for", "E37"),
        ("la ferme RDS continue d’appeler un serveur de licences débranché", "E07"),
    ],
)
def test_words_of_no_message_are_a_guess_that_says_so(text: str, row: str) -> None:
    found = {hint.id: hint for hint in matching.hints_for_text(text)}
    assert row in found
    assert found[row].candidate


@pytest.mark.parametrize("text", reference.lexicon().calm)
def test_a_healthy_state_or_a_rule_is_silent(text: str) -> None:
    assert [hint.id for hint in matching.hints_for_text(text) if hint.candidate] == []


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("no CALs are left", True),
        ("no problems were found", False),
        ("aucun problème de licence", False),
        ("no RDS CALs are needed", False),
        ("the server must be activated", False),
        ("the server must be activated but cannot reach Microsoft", True),
        ("comment activer le serveur de licences perdu", False),
        ("le serveur de licences est perdu", True),
        ("", False),
    ],
)
def test_a_complaint_is_told_from_a_rule_and_a_question(sentence: str, wrong: bool) -> None:
    assert complains(sentence) is wrong


def test_likeness_alone_is_not_asked_of_another_product_nor_without_the_matter() -> None:
    assert like_of("the license server has lost all CALs")
    assert matching.hints_for_text("Citrix: the pool of licenses is lost and nobody can work") == []
    assert matching.hints_for_text("the coffee machine has lost all its cups and nobody can work") == []


def test_a_long_text_is_compared_by_its_sentences() -> None:
    noise = "The weather was fine and the team had lunch together on the terrace. " * 8
    complaint = "All our RDS CALs vanished from the licensing manager. "
    assert like_of(noise + complaint + noise)[0].row == "E29"
    assert not is_calm(complaint)
