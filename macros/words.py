"""The site's own words, and where a macro stands: the language and the page that is being rendered."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from runbook.words.sentences import LANGS, read_yaml, say

OTHER = {"fr": "en", "en": "fr"}
NAMES = {"fr": "Français", "en": "English"}


#: The sections of nav in mkdocs.yml, which calls each by its French title.
_SECTIONS = (
    "site.nav_home",
    "site.nav_prepare",
    "site.nav_migrate",
    "site.nav_hosts",
    "site.nav_errors",
    "site.nav_runbook",
    "site.nav_record",
    "site.nav_reference",
    "site.nav_project",
)


def search_words(lang: str) -> dict[str, str]:
    """What people type for each page, by the page's path without suffix ("reference/ports")."""
    return {page: str(texts[lang]) for page, texts in read_yaml("words/find").items()}


def section_title(french: str, lang: str) -> str | None:
    """The title in ``lang`` of the nav section that mkdocs.yml calls ``french``; None where it has no words."""
    return next((say(key, lang) for key in _SECTIONS if say(key, "fr") == french), None)


@dataclass(frozen=True)
class Here:
    """Where a macro is called: the language of the build and the page's path below docs/LANG ("errors.md")."""

    lang: str
    page: str = "index.md"

    def word(self, key: str, **fields: object) -> str:
        """The sentence ``key`` of knowledge/words/ in this language."""
        return say(key, self.lang, **fields)

    def link(self, target: str) -> str:
        """``target`` ("reference/sources.html#w32", from the language's root) as a Markdown link from here."""
        path, mark, anchor = target.partition("#")
        path = path.removesuffix(".html") + ".md" if path.endswith(".html") else path
        if path == self.page:
            return mark + anchor if anchor else path
        return posixpath.relpath(path, posixpath.dirname(self.page) or ".") + mark + anchor


def here(env: Any) -> Here:
    """Where the macro is called. Ask inside a macro, not when macros are declared: settings may still change."""
    lang = str(env.conf["theme"]["language"])
    if lang not in LANGS:
        raise ValueError(f"DOC_LANG must be one of {LANGS}, not {lang!r}")
    return Here(lang, str(env.page.file.src_uri))
