"""The site's own words, and the language of the page that is being rendered."""

from __future__ import annotations

from typing import Any

from runbook.knowledge import LANGS, read_yaml, say

OTHER = {"fr": "en", "en": "fr"}
NAMES = {"fr": "Français", "en": "English"}


def word(key: str, lang: str, **fields: object) -> str:
    """The sentence ``key`` of ``knowledge/words/site.yml``."""
    return say(f"site.{key}", lang, **fields)


def words_with(prefix: str, lang: str) -> dict[str, str]:
    """Every word whose key starts with ``prefix``, by the rest of its key."""
    return {k.removeprefix(prefix): v[lang] for k, v in read_yaml("words/site").items() if k.startswith(prefix)}


def section_title(french: str, lang: str) -> str | None:
    """The title in ``lang`` of the nav section that mkdocs.yml calls ``french``; None where it has no words."""
    for key, texts in read_yaml("words/site").items():
        if key.startswith("nav_") and texts["fr"] == french:
            return str(texts[lang])
    return None


def language_of(env: Any) -> str:
    """The language being built. Ask inside a macro, not when macros are declared: settings may still change."""
    lang = str(env.conf["theme"]["language"])
    if lang not in LANGS:
        raise ValueError(f"DOC_LANG must be one of {LANGS}, not {lang!r}")
    return lang
