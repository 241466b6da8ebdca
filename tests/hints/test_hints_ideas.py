"""What is said in a person's own words: known by what it speaks of, a guess, and never against a denial."""

from __future__ import annotations

import pytest

from runbook.hints import matching
from runbook.hints.ideas import meant_by
from runbook.knowledge import reference


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("le serveur de licence tse ne repond plus depuis ce matin", "E07"),
        ("our licensing server went down and nothing can reach it", "E07"),
        ("plus aucune cal dispo sur le TSE", "E04"),
        ("Der Lizenzierungsmodus für Remotedesktop ist leider nicht konfiguriert", "E08"),
        ("Les comptes sont virés au bout d’une heure à cause de la licence Bureau à distance", "E16"),
    ],
)
def test_own_words_are_a_guess(text: str, row: str) -> None:
    found = {hint.id: hint for hint in matching.hints_for_text(text)}
    assert row in found
    assert found[row].candidate


@pytest.mark.parametrize(
    "text",
    [
        "the license server was never unreachable and the CALs are fine",
        "le serveur de licences est joignable et la période de grâce n’a pas encore expiré",
        "RD Licensing Diagnoser did not identify any licensing problems",
        "comment activer le serveur de licences Bureau à distance ?",
        "the Citrix license server went down",
    ],
)
def test_a_denial_or_another_product_says_nothing(text: str) -> None:
    assert matching.hints_for_text(text) == []


def test_every_idea_is_one_of_the_lexicon_and_is_used() -> None:
    lexicon = reference.lexicon()
    known = lexicon.things.keys() | lexicon.states.keys()
    used = {idea for row in reference.errors() for said in row.says for idea in said.split()}
    assert used == known
    assert not lexicon.things.keys() & lexicon.states.keys()


def test_a_row_says_two_ideas_at_least_and_each_way_once() -> None:
    for row in reference.errors():
        assert all(len(said.split()) > 1 for said in row.says), row.id
        assert len({frozenset(said.split()) for said in row.says}) == len(row.says), row.id


def test_ideas_of_distant_sentences_are_not_one_complaint() -> None:
    far = "The license server is fine. " + "Nothing else stood in the logs that day. " * 9 + "A disk is unreachable."
    assert meant_by(far) == []
