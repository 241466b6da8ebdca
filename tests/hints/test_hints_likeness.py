"""What a person says in words that no message has: the row it is most like, as a guess, and only for a complaint."""

from __future__ import annotations

import pytest

from runbook.hints import likeness, matching
from runbook.hints.likeness import SILENCE, complains, shares_of
from runbook.knowledge import reference
from runbook.words import sentences

SAID = [
    line.split("\t")
    for line in (reference.data_root() / "knowledge" / "said.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize("lang", sentences.LANGS)
@pytest.mark.parametrize("row", reference.errors(), ids=lambda row: row.id)
def test_each_row_has_three_sayings_of_a_person(row: reference.Problem, lang: str) -> None:
    said = {text for language, text, rows in SAID if language == lang and row.id in rows.split()}
    assert len(said) >= 3
    assert not said & set(row.matches.of(lang))


def test_a_saying_stands_once_with_rows_of_the_table() -> None:
    known = {row.id for row in reference.errors()} | {"NONE"}
    said = [text.casefold() for _, text, _ in SAID]
    assert len(said) == len(set(said)) == len(reference.said())
    assert {row for one in reference.said() for row in one.rows} <= known


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


@pytest.mark.parametrize("text", [one.text for one in reference.said() if one.rows == ("NONE",)])
def test_a_healthy_state_or_a_rule_is_silent(text: str) -> None:
    read = {"hints.why_number", "hints.why_code"}
    guessed = [hint for hint in matching.hints_for_text(text) if hint.candidate and hint.why[0].key not in read]
    assert guessed == []


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
    assert matching.hints_for_text("the license server has lost all CALs")
    assert matching.hints_for_text("Citrix: the pool of licenses is lost and nobody can work") == []
    assert matching.hints_for_text("the coffee machine has lost all its cups and nobody can work") == []


def test_a_long_text_is_compared_by_its_sentences() -> None:
    noise = "The weather was fine and the team had lunch together on the terrace. " * 8
    complaint = "All our RDS CALs vanished from the licensing manager. "
    shares = shares_of(noise + complaint + noise)
    assert max(shares, key=shares.__getitem__) == "E29"


def test_asked_twice_it_answers_the_same() -> None:
    text = "the mode of the host is refused by ChangeMode, a policy from headquarters sets it"
    assert matching.hints_for_text(text) == matching.hints_for_text(text)
    assert SILENCE in shares_of(text)


def test_sayings_that_say_the_same_share_one_weight() -> None:
    one, other = {"pack": 1.0}, {"host": 1.0}
    alone = likeness.explained([one, other], {"pack": 0.8, "host": 0.6})
    twice = likeness.explained([one, one, other], {"pack": 0.8, "host": 0.6})
    assert twice[0] == pytest.approx(twice[1])
    assert alone[0] < twice[0] + twice[1] < 1.2 * alone[0]
    assert twice[2] == pytest.approx(alone[1])


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("the printing service was terminated unexpectedly, third time today", None),
        ("Operation terminated with error -1808, disk full on the mail server", None),
        ("Operation terminated with error -1808, disk full, TLSLic.edb", "E52"),
        ("Our thin clients lose the Wi-Fi every hour", None),
        ("Our thin clients lose the RDS session every hour, license balloon", "E16"),
    ],
)
def test_without_a_word_of_our_field_more_has_to_speak_for_a_row(text: str, row: str | None) -> None:
    assert [hint.id for hint in matching.hints_for_text(text)][:1] == ([row] if row else [])


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("aucun DC du domaine filiale n'est joignable depuis le serveur de licences, comptes non suivis", "E39"),
        ("ActivateServerAutomatic en échec : Company est rempli, LastName est vide, CountryRegion = 'BE'", "E28"),
        ("TermServLicensing is stopped on LICSRV and all hosts tell me the license server is not available", "E07"),
        ("le service de licences est démarré et les hosts voient le serveur disponible", None),
        ("CALs bought 2016 by a company we took over, the Clearinghouse can't find them, which documents help?", "E36"),
        ("we took over a company and need to buy CALs, which program fits?", None),
        ("by Invoke-Command the host gives 8 for the license server, at its own console it gives 0", "E27"),
    ],
)
def test_what_a_ticket_tells_beside_the_fault_hides_it_no_more(text: str, row: str | None) -> None:
    assert [hint.id for hint in matching.hints_for_text(text)][:1] == ([row] if row else [])
