"""One thing, one word (usage.yml), and one style of quotes: in pages, in knowledge/, in notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.words.sentences import LANGS, read_yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load(Path(__file__).with_name("usage.yml").read_text(encoding="utf-8"))
#: Code, addresses, macros, attributes and the front matter are no prose.
NOT_PROSE = re.compile(
    r"\A---\n.*?\n---\n|```.*?```|`[^`\n]*`|\{\{.*?\}\}|\{[:%].*?\}|<[^>\n]*>|\]\([^)]*\)|https?://\S+", re.DOTALL
)
SKIPPED = ("find.yml", "sources.yml", "pages.yml")


def texts(lang: str) -> Iterator[tuple[str, str]]:
    """(file name, prose) of everything that a reader of ``lang`` sees."""
    for path in sorted((ROOT / "docs" / lang).rglob("*.md")):
        yield path.relative_to(ROOT / "docs" / lang).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "knowledge").rglob("*.yml")):
        if path.name not in SKIPPED:
            data = read_yaml(path.relative_to(ROOT / "knowledge").with_suffix("").as_posix())
            yield path.name, "\n".join(_under(data, lang))
    readme = "README.fr.md" if lang == "fr" else "README.md"
    yield readme, (ROOT / readme).read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks" / "rehearsals").glob("*/rehearsal.yml")):
        played = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield path.parent.name, "\n".join(played[key][lang] for key in ("title", "description"))
    for path in sorted((ROOT / "notebooks").glob("*.md")):
        cells = rf'<!-- #region \{{"tags": \["{lang}"\]\}} -->(.*?)<!-- #endregion -->'
        yield path.name, "\n".join(re.findall(cells, path.read_text(encoding="utf-8"), re.DOTALL))


def _under(value: Any, lang: str, inside: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            # what people and systems write (matches, asked, official messages) is quoted, not ours to change
            if key not in ("matches", "asked", "message", "text", "synonyms"):
                yield from _under(part, lang, inside or key == lang)
    elif isinstance(value, list):
        for part in value:
            yield from _under(part, lang, inside)
    elif isinstance(value, str) and inside:
        yield value


@pytest.mark.parametrize("lang", LANGS)
def test_one_thing_has_one_word(lang: str) -> None:
    found = []
    for name, text in texts(lang):
        prose = NOT_PROSE.sub(" ", text).replace("\u00a0", " ")
        for rule in RULES[lang]:
            if name not in rule.get("but", ()):
                found += [
                    f"{name}: {hit[0]} -> {rule['say']}" for hit in re.finditer(rule["not"], prose, re.IGNORECASE)
                ]
    assert found == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_rule_finds_what_it_is_for(lang: str) -> None:
    """A rule whose pattern nobody can write would be no rule: what it says instead must itself pass."""
    for rule in RULES[lang]:
        assert not re.search(rule["not"], rule["say"], re.IGNORECASE), rule


def test_the_check_sees_a_word_that_is_wrong() -> None:
    rule = next(rule for rule in RULES["fr"] if rule["say"] == "retour en arrière")
    assert re.search(rule["not"], "C’est votre retour arrière.", re.IGNORECASE)


def test_english_pages_quote_with_curly_quotes() -> None:
    found = []
    for path in sorted((ROOT / "docs" / "en").rglob("*.md")):
        for line in NOT_PROSE.sub(" ", path.read_text(encoding="utf-8")).splitlines():
            if not re.match(r"\s*(?:!!!|\?\?\?)", line):
                found += [f"{path.name}: {line.strip()[:80]}"] if re.search(r"\w'\w|[\"]", line) else []
    assert found == []


def test_french_pages_hold_their_signs_and_units() -> None:
    found = []
    for path in sorted((ROOT / "docs" / "fr").rglob("*.md")):
        prose = NOT_PROSE.sub("x", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {hit[0]!r}" for hit in re.finditer(r"\S{0,12}(?<=[^\s|]) [;?!»:](?=\s|$)", prose)]
        found += [
            f"{path.name}: {hit[0]!r}" for hit in re.finditer(r"\d (?:caractères|CAL|min|minutes|jours)\b", prose)
        ]
        found += [f"{path.name}: {hit[0]!r}" for hit in re.finditer(r"\w'\w\w*", prose)]
    assert found == []
