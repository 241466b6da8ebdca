"""French typography in knowledge/: the typographic apostrophe, no-break spaces before : ; ? ! and inside « »."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.knowledge import reference
from runbook.words import sentences
from runbook.words.sentences import typeset

FILES = sorted(
    path.relative_to(sentences.data_root() / "knowledge").with_suffix("").as_posix()
    for path in Path(sentences.data_root(), "knowledge").rglob("*.yml")
)
NB = "\u00a0"
#: Code, addresses, Windows paths, format fields, HTML and a quoted line of the case file keep their own signs; the
#: words that a field chooses ("{count:hôte|hôtes}") are prose.
NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|https?://\S+|[A-Z]:\\\S*|\{[^{}|]*\}|<[^<>]*>|&[a-z]+;|«\u00a0\w+: [^»]*»", re.DOTALL
)


def french_in(value: object, french: bool = False) -> Iterator[str]:
    """Every French text below ``value``: what stands under a key ``fr``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from french_in(inner, french or key == "fr")
    elif isinstance(value, list):
        for inner in value:
            yield from french_in(inner, french)
    elif isinstance(value, str) and french:
        yield value


def faults(text: str) -> list[str]:
    """What is wrong with the typography of one French text."""
    prose = NOT_PROSE.sub("x", text)
    found = []
    if "'" in prose:
        found.append("straight apostrophe")
    if re.search(r"[^\u00a0\u202f\s:;?!(\[.…]([;?!»]|:)(?=\s|$)", prose):
        found.append("no space before : ; ? ! »")
    if re.search(r"[ \t][:;?!»]", prose):
        found.append("breaking space before : ; ? ! »")
    if re.search(r"«[^\u00a0\u202f]", prose):
        found.append("no no-break space after «")
    return found


@pytest.mark.parametrize("name", FILES)
def test_french_typography(name: str) -> None:
    shown = [typeset(text) for text in french_in(sentences.read_yaml(name))]
    wrong = {text: faults(text) for text in shown if faults(text)}
    assert not wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"C’est prêt{NB}: allez-y{NB}!", False),
        ("C'est prêt", True),
        ("C’est prêt : allez-y", True),
        ("C’est prêt: allez-y", True),
        (f"«{NB}Oui{NB}»", False),
        ("« Oui »", True),
        ("Lancez `Get-Item 'C:\\x'` à 9:00", False),
    ],
)
def test_the_check_itself(text: str, wrong: bool) -> None:
    assert bool(faults(text)) is wrong


def test_texts_and_words_are_typeset_when_they_are_loaded() -> None:
    assert reference.Text(fr="Oui : « non » !", en="Yes: no!").fr == f"Oui{NB}: «{NB}non{NB}»{NB}!"
    assert reference.Text(fr="Tapez `a ; b` ; puis", en="x").fr == f"Tapez `a ; b`{NB}; puis"
    assert NB in sentences.say("hints.nothing", "fr", asked="x")
