"""The same message as it reaches us: other quotes, no accents, upper case, cut, wrapped, with names inside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.hints import matching, told
from runbook.knowledge import reference
from runbook.words import sentences

OFFICIAL = [
    (row.id, lang, text) for row in reference.errors() for lang in sentences.LANGS if (text := row.message.of(lang))
]


def without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def with_names(text: str) -> str:
    """Every hole of the message filled with a name, as a real message has it."""
    return re.sub(r"%\d|%\w+%|<[^>]*>|…", "SRV-TSE-PARIS-04.corp.example", text)


def cut_after(share: float) -> Callable[[str], str]:
    return lambda text: text[: int(len(text) * share)]


def wrapped(text: str) -> str:
    """The message as an 80-column console breaks it."""
    words, line, lines = text.split(" "), "", []
    for word in words:
        if len(line) + len(word) > 60:
            lines.append(line)
            line = ""
        line += word + " "
    return "\n".join([*lines, line])


WAYS: dict[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "upper case": str.upper,
    "no accents": without_accents,
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text),
    "straight quotes": lambda text: text.replace("’", "'"),
    "backtick quotes": lambda text: text.replace("’", "`").replace('"', "``"),
    "in French quotes": lambda text: f"«\u00a0{text}\u00a0»",
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "names inside": with_names,
    "first 75 %": cut_after(0.75),
    "last 60 %": lambda text: text[int(len(text) * 0.4) :],
    "wrapped": wrapped,
    "in a sentence": lambda text: f"Bonjour, depuis ce matin nos postes affichent : {text} Que faire ? Merci d'avance",
    "after a prompt": lambda text: (
        f"PS C:\\Windows\\system32> .\\check.ps1\nStarting\n{text}\nPS C:\\Windows\\system32>"
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("row", "lang", "text"), OFFICIAL, ids=[f"{row}-{lang}" for row, lang, _ in OFFICIAL])
def test_an_official_message_is_known_however_it_arrives(row: str, lang: str, text: str, way: str) -> None:
    found = [hint.id for hint in matching.hints_for_text(WAYS[way](text))]
    assert row in found[:2], found


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_hints_that_can_be_printed_or_nothing(text: str) -> None:
    for hint in matching.hints_for_text(text):
        assert 0 < hint.score <= 100
        assert hint.why
    for lang in sentences.LANGS:
        assert told.report(text, lang)


@given(st.one_of(st.integers(), st.text(max_size=30)))
@settings(max_examples=150, deadline=None)
def test_any_code_gives_rows_or_nothing(code: int | str) -> None:
    for kind in (None, "wmi", "exit", "status"):
        assert all(hint.page for hint in matching.hint_for_code(code, kind))
