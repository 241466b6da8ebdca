"""The search index after the build: other ways to write each word, so that a reader's spelling finds the page.

Material's search folds no accents and keeps hyphenated words whole. Extra fields of each entry hold the unaccented
forms, the parts of compound words and hex codes without 0x: ``xt`` for the title, ``x`` for the text. ``p`` gives a
section the words of its page's title, so that a question may name both. mkdocs.yml names the fields; the theme
searches them and never shows them. A page's other names (find_PAGE in knowledge/words/site.yml) stand in ``xt``.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_SEPARATOR = re.compile(r"[\s,;:!?=\[\]()\"'’«»\\/@{}|<>#*$]+")
_TAG = re.compile(r"<[^>]+>")


def fold(text: str) -> str:
    """``text`` without accents and ligatures, case kept."""
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def aliases(text: str) -> str:
    """The other forms of the words in ``text`` (HTML allowed), sorted, one space between them."""
    found: set[str] = set()
    for raw in _SEPARATOR.split(html.unescape(_TAG.sub(" ", text))):
        word = raw.strip(".-_")
        if word:
            found |= _forms(word)
    return " ".join(sorted(found))


@cache
def _forms(word: str) -> frozenset[str]:
    folded = fold(word)
    forms = {folded.lower()} if folded != word else set()
    parts = [part.lower() for part in re.split(r"[-._]+", folded) if len(part) > 1]
    if len(parts) > 1:
        forms.update(parts)
    code = re.fullmatch(r"0[xX]0*([0-9A-Fa-f]+)", folded)
    if code:
        forms.add(code[1].lower())
    return frozenset(forms)


def finish(site: Path, names: Mapping[str, str]) -> None:
    """Add the extra fields to ``site``'s index, in both forms: .js for file://, .json for a web server.

    ``names``: other words for a page, by its path without suffix ("reference/ports").
    """
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    titles = {entry["location"]: entry["title"] for entry in index["docs"]}
    for entry in index["docs"]:
        page, _, section = entry["location"].partition("#")
        found = {"xt": aliases(entry["title"]), "x": aliases(entry["text"])}
        if section:
            found["p"] = title_words(titles.get(page, ""))
        else:
            other = names.get(page.removesuffix(".html"), "")
            found["xt"] = " ".join([found["xt"], title_words(other)]).strip()
        entry.update({field: words for field, words in found.items() if words})
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    path.write_text(data, encoding="utf-8", newline="\n")
    path.with_suffix(".js").write_text(f"var __index = {data}", encoding="utf-8", newline="\n")


def title_words(title: str) -> str:
    """The words of a title, as written and in their other forms."""
    words = " ".join(_SEPARATOR.split(html.unescape(_TAG.sub(" ", title)))).strip().lower()
    return f"{words} {aliases(title)}".strip()
