"""What is said in a person's own words: known by what it speaks of, a guess, and never against a denial."""

from __future__ import annotations

import pytest

from runbook.hints import matching
from runbook.hints.ideas import ideas_in, meant_by
from runbook.hints.likeness import complains
from runbook.hints.wordings import Phrase, Wordings
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


@pytest.mark.parametrize(
    ("idea", "there", "not_there"),
    [
        ("over", "la période de grâce est terminée", "l’installation des CAL est terminée"),
        ("over", "the grace period has ended", "the grace period has not ended"),
        ("expired", "the device CAL has expired", "the device CAL expires on 12 May"),
        ("over-issued", "available: -3", "available: 3"),
        ("fewer", "30 visibles seulement", "30 visibles"),
    ],
)
def test_a_state_is_told_from_what_looks_like_it(idea: str, there: str, not_there: str) -> None:
    assert idea in ideas_in(there)
    assert idea not in ideas_in(not_there)


def test_nought_problems_are_no_complaint() -> None:
    assert complains("3 problems found by the diagnoser")
    assert not complains("0 problems found by the diagnoser")


def test_another_end_of_a_sentence_is_another_message() -> None:
    head = "Connecting to remote server {} failed with the following error message : "
    known = Wordings([Phrase("E47", head.format("") + "Access is denied", "en", "remoting")])
    assert known.find(head.format("RDS5") + "Access is denied. See the help topic.")
    assert not known.find(head.format("RDS5") + "The client cannot connect to the destination.")


def test_a_short_wording_stands_in_one_clause_or_two() -> None:
    known = Wordings([Phrase("E32", "toutes les CAL sont délivrées", "fr")])
    assert known.find("Bonjour, toutes les CAL RDS sont délivrées")
    assert not known.find("Toutes les CAL sont là, le pack est réparti : 20 délivrées")


def test_a_field_is_named_in_the_plural_and_by_the_wording_itself() -> None:
    assert matching.hints_for_text("licences par utilisateur hors domaine, sessions coupées au bout d’une heure")
    channel = Wordings([Phrase("E24", "No events were found that match the specified channel", "en", "logs")])
    assert channel.find("Get-WinEvent : No events were found that match the specified channel")
    assert not channel.find("Get-WinEvent : No events were found that match the specified selection criteria")


def test_of_two_rows_with_one_code_the_words_decide() -> None:
    code = "0x80041008 from {} of the license server"
    first = matching.hints_for_text(
        code.format("ActivateServerAutomatic, the country is missing, automatic activation")
    )
    assert first[0].id == "E28"
    assert {"E03", "E28"} <= {hint.id for hint in first}


def test_a_symbol_is_known_as_it_is_written() -> None:
    assert "E32" in {hint.id for hint in matching.hints_for_text("Symbolic Name: TLS_W_NOPERMLICENSE")}
