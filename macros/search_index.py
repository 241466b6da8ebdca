"""The search index after the build: what people type for a page is added, and a form that file:// can load is written.

The search plugin writes one entry for each page and section (location, title, text). ``k`` gives a page the words
that people use for it (knowledge/words/find.yml); ``lookup`` marks the pages of records, which come first when a
question is nothing but identifiers. What is found and in which order: overrides/assets/javascripts/search-rank.js.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from macros.markup import dressed


def finish(
    site: Path,
    lang: str,
    names: Mapping[str, str],
    lookup: Collection[str] = (),
    rows: Sequence[Mapping[str, str]] = (),
) -> None:
    """Complete the index of ``site``, which speaks ``lang``, in both forms: .js for file://, .json for a web server.

    ``names``: other words for a page, by its path without suffix ("reference/ports"). ``lookup``: pages, likewise.
    ``rows``: entries of single rows (location, title, text) and the section whose ``table`` holds them, which keeps its
    title only.
    """
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    tables = {row["table"] for row in rows}
    for entry in index["docs"]:
        if entry["location"] in tables:
            entry["text"] = ""
    index["docs"] += [{key: row[key] for key in ("location", "title", "text")} for row in rows]
    for entry in index["docs"]:
        entry["title"], entry["text"] = (dressed(entry[key], lang) for key in ("title", "text"))
        page = entry["location"].removesuffix(".html")
        if page in names:
            entry["k"] = names[page]
        if page in lookup:
            entry["lookup"] = True
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    path.write_text(data, encoding="utf-8", newline="\n")
    path.with_suffix(".js").write_text(f"var __index = {data}", encoding="utf-8", newline="\n")
