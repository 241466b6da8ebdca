"""Check a built site: every reference leads to a file and an anchor inside it, and nothing is loaded from outside.

``python -m macros.links SITE`` lists what is wrong (exit code 1). Links that a reader may follow to the Internet
are allowed; scripts, pictures, style sheets and frames from there are not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runbook.words.sentences import LANGS

_REFERENCES = ("href", "src", "poster", "data", "srcset", "action")
_OUTSIDE_CSS = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")


@dataclass
class Reference:
    """One attribute that points somewhere."""

    tag: str
    attribute: str
    target: str


@dataclass
class Parsed:
    """What a page holds that links can hit or miss."""

    ids: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    lang: str | None = None
    problems: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, parsed: Parsed) -> None:
        super().__init__()
        self.parsed = parsed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.parsed.ids.append(str(values["id"]))
        if tag == "html":
            self.parsed.lang = values.get("lang")
        if tag == "img" and "alt" not in values:
            self.parsed.problems.append(f"a picture without alt: {values.get('src')}")
        for name in _REFERENCES:
            target = values.get(name)
            if target is not None and not (name == "data" and tag != "object"):
                self.parsed.references.append(Reference(tag, name, target))


def parse(path: Path) -> Parsed:
    """Read one HTML file."""
    parsed = Parsed()
    _Reader(parsed).feed(path.read_text(encoding="utf-8"))
    return parsed


def problems(site: Path) -> list[str]:
    """Everything wrong with the site in ``site``, each as one line that begins with the page."""
    site = site.resolve()
    parsed = {path: parse(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in parsed.items():
        name = path.relative_to(site).as_posix()
        found += [f"{name}: {problem}" for problem in (*page.problems, *_page(name, page))]
        found += [f"{name}: {problem}" for problem in _references(site, path, page, parsed)]
    found += _styles(site)
    return found


def _page(name: str, page: Parsed) -> Iterator[str]:
    folder = name.split("/")[0]
    if folder in LANGS and page.lang != folder:
        yield f"html lang is {page.lang}"
    seen: set[str] = set()
    for identity in page.ids:
        if identity in seen:
            yield f"two elements have the id {identity}"
        seen.add(identity)


def _references(site: Path, path: Path, page: Parsed, parsed: dict[Path, Parsed]) -> Iterator[str]:
    for reference in page.references:
        parts = urlsplit(reference.target)
        if parts.scheme in ("mailto", "tel", "data"):
            continue
        if parts.scheme or parts.netloc:
            if reference.tag != "a":
                yield f"<{reference.tag}> loads {reference.target}"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if reference.target.startswith("/") or not target.is_relative_to(site):
            yield f"leaves the site: {reference.target}"
        elif not target.is_file():
            yield f"no such file: {reference.target}"
        elif not _lands(parsed.get(target), unquote(parts.fragment)):
            yield f"no such anchor: {reference.target}"


def _lands(page: Parsed | None, fragment: str) -> bool:
    """Whether ``fragment`` exists; the theme's own anchors (``__search``) are made while the page runs."""
    return page is None or not fragment or fragment.startswith("__") or fragment in page.ids


def _styles(site: Path) -> list[str]:
    return [
        f"{path.relative_to(site).as_posix()}: loads {url}"
        for path in sorted(site.rglob("*.css"))
        for url in _OUTSIDE_CSS.findall(path.read_text(encoding="utf-8"))
    ]


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    site = Path(arguments[0] if arguments else "site")
    found = problems(site)
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    sys.stdout.write(f"{len(list(site.rglob('*.html')))} pages, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
