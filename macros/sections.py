"""The names of pages and their sections, read from docs/: a link to a section says where it leads."""

from __future__ import annotations

import re
from functools import cache

from macros.words import Here
from runbook.words.sentences import data_root

_HEADING = re.compile(r"^#{1,6} (.*?) *\{: #([\w-]+)[^}]*\}", re.MULTILINE)


@cache
def _titles(lang: str, page: str) -> dict[str, str]:
    """The headings of ``docs/LANG/page`` by their ids, the page's own title first."""
    text = (data_root() / "docs" / lang / page).read_text(encoding="utf-8")
    return {anchor: title for title, anchor in _HEADING.findall(text)}


def name(here: Here, target: str) -> str:
    """What ``target`` ("session-hosts.html#gpo") is called in this language: "Page › Section".

    Raises KeyError for an anchor that stands in no heading of the page, FileNotFoundError for an unknown page.
    """
    path, _, anchor = target.partition("#")
    titles = _titles(here.lang, path.removesuffix(".html") + ".md")
    page = next(iter(titles.values()))
    return f"{page} › {titles[anchor]}" if anchor and titles[anchor] != page else page


def lead(here: Here, target: str) -> str:
    """A link to the section that acts, its name as text."""
    return f"[{name(here, target)}]({here.link(target)}){{: .act }}"
