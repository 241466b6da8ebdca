"""Sentences that choose a word by a number, and knowledge/words/ as a whole: both languages, no "(s)"."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from runbook.bundle.make import aboard
from runbook.cli import build
from runbook.words.sentences import LANGS, Choosing, data_root, read_yaml, say, sentence, typeset, worded

FILES = sorted(
    path.relative_to(data_root() / "knowledge").with_suffix("").as_posix()
    for path in Path(data_root(), "knowledge").rglob("*.yml")
)
AREAS = [name.removeprefix("words/") for name in FILES if name.startswith("words/")]
#: A word that leaves its plural to the reader: "fichier(s)", "jeu(x)", "copy or copies".
UNDECIDED = re.compile(r"\w\((?:e?s|e?nt|x|aux|ies)\)|\bcopy or copies\b", re.IGNORECASE)


def texts_in(value: object) -> Iterator[str]:
    """Every text at or below ``value``."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", FILES)
def test_no_key_stands_twice(name: str) -> None:
    """YAML takes the last one in silence: a sentence of another fault was said for a number that is too large."""
    nodes = [yaml.compose((data_root() / "knowledge" / f"{name}.yml").read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), sorted(key for key in set(keys) if keys.count(key) > 1)
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("words/")])
def test_a_command_that_is_named_in_quotes_is_one(name: str) -> None:
    """pscheck reads what stands in backticks; here what stands in any other quotes, which no page marks as code."""
    named = {
        command
        for text in texts_in(read_yaml(name))
        for command in re.findall(r"[«“”\"]\s?runbook ([a-z][a-z-]+)", text)
    }
    cli = build("en")
    assert named <= set(cli.list_commands(click.Context(cli)))


def parts(text: str) -> list[tuple[str, str]]:
    """Each field of a sentence: its name and its format, "singular|plural" where it chooses."""
    return [(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name]


@pytest.mark.parametrize(
    ("lang", "number", "said"),
    [
        ("fr", 0, "0 hôte vise"),
        ("fr", 1, "1 hôte vise"),
        ("fr", 2, "2 hôtes visent"),
        ("fr", 1.9, "1.9 hôte vise"),
        ("fr", "1,9", "1,9 hôte vise"),
        ("fr", -1, "-1 hôte vise"),
        ("fr", -2, "-2 hôtes visent"),
        ("fr", "1", "1 hôte vise"),
        ("fr", "1\u202f000", "1\u202f000 hôtes visent"),
        ("fr", "1\u00a0000", "1\u00a0000 hôtes visent"),
        ("fr", "—", "— hôtes visent"),
        ("en", 0, "0 hosts point"),
        ("en", 1, "1 host points"),
        ("en", 2, "2 hosts point"),
        ("en", 1.5, "1.5 hosts point"),
        ("en", -1, "-1 hosts point"),
        ("en", "1", "1 host points"),
        ("en", "1,000", "1,000 hosts point"),
        ("en", "0, 1", "0, 1 hosts point"),
        ("en", None, "None hosts point"),
    ],
)
def test_a_number_chooses_the_word(lang: str, number: object, said: str) -> None:
    text = {
        "fr": "{count} {count:hôte|hôtes} {count:vise|visent}",
        "en": "{count} {count:host|hosts} {count:points|point}",
    }
    assert Choosing(lang).format(text[lang], count=number) == said


def test_other_formats_and_missing_fields_are_as_ever() -> None:
    assert Choosing("en").format("{a:.1f} {b!r} {{c}} {a:one|{b} more}", a=2.25, b="x") == "2.2 'x' {c} x more"
    with pytest.raises(KeyError):
        Choosing("en").format("{count:host|hosts}")


def test_french_spaces_do_no_harm_to_a_choice() -> None:
    text = typeset("{n} {n:« hôte » ?|« hôtes » ?} : {n:vu|vus} ; fin")
    assert Choosing("fr").format(text, n=1) == "1 «\u00a0hôte\u00a0»\u00a0?\u00a0: vu\u00a0; fin"
    assert Choosing("fr").format(text, n=2) == "2 «\u00a0hôtes\u00a0»\u00a0?\u00a0: vus\u00a0; fin"


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [
        (0, "0 hôte vise déjà X, dans le bon mode.", "0 hosts point to X already, in the right mode."),
        (1, "1 hôte vise déjà X, dans le bon mode.", "1 host points to X already, in the right mode."),
        (2, "2 hôtes visent déjà X, dans le bon mode.", "2 hosts point to X already, in the right mode."),
    ],
)
def test_a_sentence_of_knowledge_chooses(number: int, french: str, english: str) -> None:
    assert say("steps.hosts_right", "fr", count=number, server="X") == french
    assert say("steps.hosts_right", "en", count=number, server="X") == english


@pytest.mark.parametrize("name", FILES)
def test_no_word_leaves_its_plural_to_the_reader(name: str) -> None:
    assert [text for text in texts_in(read_yaml(name)) if UNDECIDED.search(text)] == []


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_have_the_same_fields_and_every_choice_has_two_words(area: str) -> None:
    for key, both in read_yaml(f"words/{area}").items():
        fields = [{name.removesuffix(f"_{lang}") for name, _ in parts(both[lang])} for lang in LANGS]
        assert fields[0] == fields[1], key
        chosen = {(name, spec) for lang in LANGS for name, spec in parts(both[lang]) if "|" in spec}
        assert all(spec.count("|") == 1 for _, spec in chosen), key
        # A number that decides a word is said, too: "1 host", never "host" alone.
        shown = {name for lang in LANGS for name, spec in parts(both[lang]) if "|" not in spec}
        assert {name for name, _ in chosen} <= shown, key


#: A French verb or participle in the plural, bound to a number before it and not chosen by it.
_BOUND = (
    re.compile(r"\{(\w+)\} (?:étaient|sont|seront|ont|manquent|restent)\b"),
    re.compile(r"\{(\w+):[^}]*\|[^}]*\}[^.;:]*(?:,| mais| et) \w+(?:ées|és|ies)\b"),
    re.compile(r"\{(\w+)\}[^.;:]*, (?:lus|lues|vus|vues)\b"),
)


@pytest.mark.parametrize("area", AREAS)
def test_what_agrees_with_a_number_is_chosen_by_it(area: str) -> None:
    """One CAL is "comptée", and was "là avant"."""
    found = [
        (key, number[0])
        for key, both in read_yaml(f"words/{area}").items()
        for bound in _BOUND
        if (number := bound.search(both["fr"]))
    ]
    assert found == []


def test_what_the_installer_fills_in_itself_chooses_nothing() -> None:
    assert aboard()
    assert not [text for text in texts_in(aboard()) if any("|" in spec for _, spec in parts(text))]


@pytest.mark.parametrize(
    ("kept", "french"),
    [
        ("2026-01-31", "31/01/2026"),
        ("2026-01-31 10:20 UTC", "31/01/2026\u00a010:20\u00a0UTC"),
        ("2026-01-31 10:20:59", "31/01/2026\u00a010:20:59"),
        ("2026-01-31.zip", "2026-01-31.zip"),
        ("20260131T102000Z", "20260131T102000Z"),
    ],
)
def test_the_journal_has_one_form_of_a_date_and_each_language_its_own(kept: str, french: str) -> None:
    assert worded(kept, "fr") == french and worded(kept, "en") == kept


def test_no_sentence_names_a_step_by_its_id() -> None:
    """People know a step by its title, ``{title_of[license-server]}``; commands, which take the id, have no quotes."""
    ids = {step["id"] for step in read_yaml("steps")}
    for name in FILES:
        for text in texts_in(read_yaml(name)):
            quoted = re.findall(r"(?:étape\s«\s?|step\s“)([a-z-]+)\s?[»”]", text)
            assert not ids & set(quoted), f"{name}: {text}"


def test_a_step_is_said_by_its_title() -> None:
    assert say("run.not_reached", "en", needs="x") == "Depends on: x."
    needs = ["title.license-server", "title.roles"]
    told = sentence("run.not_reached", "fr", {"needs": needs})
    assert told == "Dépend de\u00a0: Interroger le serveur de licences, Vérifier les rôles installés."
    assert worded("title.gone", "en") == "title.gone", "an edition that no longer has the step"


@pytest.mark.parametrize(
    ("number", "fr", "en"),
    [
        (0, "0 o", "0 B"),
        (1023, "1 023 o", "1,023 B"),
        (3645440, "3,5 Mo", "3.5 MB"),
        (50 * 1024**3, "50 Go", "50 GB"),
        (3 * 1024**5, "3 072 To", "3,072 TB"),
        ("—", "—", "—"),
    ],
)
def test_bytes_are_said_as_windows_shows_them(number: object, fr: str, en: str) -> None:
    for lang, said in (("fr", fr), ("en", en)):
        told = say("backup.plan_ok", lang, destination="D:", free=number, needed=number)
        assert told.replace("\u00a0", " ").count(f" {said} ") + told.count(f" {said}.") >= 1, told
    assert "3\u00a0514\u00a0094 octets" in say("archive.sheet_files", "fr", files=2, size=3514094, beside=5)
    assert "3,514,094 bytes" in say("archive.sheet_files", "en", files=2, size=3514094, beside=5)
