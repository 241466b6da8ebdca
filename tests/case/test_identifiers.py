"""Identifiers: what counts as one, how it is read out, what may be shown of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.case.identifiers import groups_of_five, mask, mask_all, normalise_id35

FAKE = "REHEARSAL0REHEARSAL0REHEARSAL0ABCDE"


@pytest.mark.parametrize(
    "written", [FAKE, FAKE.lower(), groups_of_five(FAKE), " ".join(FAKE), FAKE.replace("0", "0\u2011")]
)
def test_spaces_hyphens_and_case_do_not_matter(written: str) -> None:
    assert normalise_id35(written) == FAKE


@pytest.mark.parametrize("written", ["", FAKE[:-1], FAKE + "A", FAKE[:-1] + "é", FAKE[:-1] + "_", "1" * 34])
def test_anything_else_is_refused(written: str) -> None:
    assert normalise_id35(written) is None


def test_digits_only_is_one_too() -> None:
    assert normalise_id35("1" * 35) == "1" * 35


def test_only_the_last_five_are_shown() -> None:
    assert mask(groups_of_five(FAKE)) == "…ABCDE"
    assert mask("AB") == "…"


@given(st.text(alphabet="ABCDEFGHJK0123456789", min_size=35, max_size=35))
def test_no_identifier_survives_in_any_nesting(secret: str) -> None:
    nested = {"a": [f"code {secret}.", {"b": f"({groups_of_five(secret)})"}], "n": 35}
    told = str(mask_all(nested))
    assert secret not in told
    assert groups_of_five(secret) not in told


@pytest.mark.parametrize("between", ["\u2013", "\u2011", " - ", "  ", " \u2013 ", "\u00a0", "\n", "\u2212"])
def test_what_people_and_word_processors_put_between_groups_hides_no_identifier(between: str) -> None:
    typed = between.join(groups_of_five(FAKE).split("-"))
    assert normalise_id35(typed) == FAKE, "what is accepted as an identifier"
    assert mask_all(f"The agent said {typed}, twice.") == "The agent said …ABCDE, twice.", "is masked as one"


@pytest.mark.parametrize("words", range(9))
@pytest.mark.parametrize("between", ["-", " ", "-\n"])
@pytest.mark.parametrize(
    "written",
    [
        "ABC12DEF34GHJ56KLM78NPQ90",
        "abc12def34ghj56klm78npq90",
        "ABC12DEF34GHJ56KLM78NPQ90RST12UVWXY",
        "abc12def34ghj56klm78npq90rst12uvw34",
    ],
)
def test_words_as_long_as_a_group_leave_nothing_of_an_identifier_over(words: int, between: str, written: str) -> None:
    before = " ".join(["after", "wrong", "order", "given", "essai", "motif", "paper", "tapez", "texte"][:words])
    shown = mask_all(f"{before} {between.join(groups_of_five(written).split('-'))}.")
    assert shown.endswith(f"…{written[-5:].upper()}.")
    assert not any(character.isdigit() for character in shown.split("…")[0])


def test_ordinary_words_and_hashes_are_left_alone() -> None:
    text = "RDLIC01.corp.example 2026-01-31T08:15:00.123Z " + "a" * 64
    assert mask_all(text) == text
