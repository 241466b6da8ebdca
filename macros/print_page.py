"""print.html: every page of a language in nav order on one page, for paper and for the PDF.

call-set.html: what lies beside the telephone, and nothing else: the call sheet, the telephone page, the checklist.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc

from macros.commands import place
from runbook.knowledge import reference

_LINE_ANCHOR = re.compile(r'<a id="__codelineno[^>]*></a>')
_LINE_SPAN = re.compile(r' id="__span-[^"]*"')
_ID = re.compile(r'\b(id|for|name|aria-labelledby|aria-describedby)="([^"]+)"')
_LINK = re.compile(r'\b(href|src)="([^"]*)"')
_SCRIPT = re.compile(
    r'<details class="script">\s*<summary>((?:(?!</summary>).)*)</summary>'
    r"(?:(?!</details>).)*?\bscript-([\w-]+).*?</details>",
    re.DOTALL,
)
_SHEET = re.compile(r'<form class="call-sheet".*?</form>', re.DOTALL)
LETTER = "letter.html"
CALL_SET = (LETTER, "migrate-telephone.html", "checklist.html")
_FOLDED = re.compile(r"<details(?![^>]*\bopen\b)")


def key(url: str) -> str:
    """The id that the page at ``url`` has on the print page."""
    return "p-" + re.sub(r"[^a-z0-9]+", "-", posixpath.splitext(url)[0].lower()).strip("-")


def section(url: str, content: str, urls: set[str], once: str = "") -> str:
    """One page's content with ids, links and code blocks made unique among all pages.

    A step's script is printed once, on the pages of commands; elsewhere ``once`` says so and leads there.
    """
    own = key(url)
    content = _SCRIPT.sub(lambda m: _elsewhere(m[1], m[2], url, once), content)
    content = _LINE_SPAN.sub("", _LINE_ANCHOR.sub("", content))
    content = _ID.sub(lambda m: f'{m[1]}="{_prefixed(own, m[2])}"', content)
    blocks = iter(range(10**6))  # the theme's copy buttons rely on one id per code block
    content = re.sub(r"<pre(?=[ >])", lambda m: f'<pre id="{own}--c{next(blocks)}"', content)
    content = _LINK.sub(lambda m: f'{m[1]}="{_target(m[1], m[2], url, urls)}"', content)
    content = _FOLDED.sub("<details open", content)  # what is folded must be on paper
    return f'<section class="print-page" id="{own}">\n{content}\n</section>'


def _elsewhere(title: str, step_id: str, url: str, once: str) -> str:
    """A folded script: its title, and where it is printed."""
    target = posixpath.relpath(place(reference.step(step_id)), posixpath.dirname(url) or ".")
    return f'<p class="script"><strong>{title}</strong><br><a href="{target}">{once}</a></p>'


def _prefixed(own: str, names: str) -> str:
    return " ".join(f"{own}--{name}" for name in names.split())


def _target(kind: str, link: str, url: str, urls: set[str]) -> str:
    """Where ``link`` on the page ``url`` points to from the print page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link
    folder = posixpath.dirname(url)
    if kind == "src" or not (parts.path == "" or parts.path.endswith(".html")):
        return posixpath.normpath(posixpath.join(folder, parts.path))
    target = posixpath.normpath(posixpath.join(folder, unquote(parts.path))) if parts.path else url
    if target not in urls:
        return target + (f"#{parts.fragment}" if parts.fragment else "")
    return f"#{key(target)}" + (f"--{parts.fragment}" if parts.fragment else "")


def render(config: MkDocsConfig, env: Any, context: Any, pages: Sequence[Page], title: str, once: str) -> str:
    """The whole print page in the theme's frame. ``context`` is any page's template context; ``once``: see section."""
    urls = {p.url for p in pages}
    items = "".join(f'<li><a href="#{key(p.url)}">{escape(p.title)}</a></li>' for p in pages)
    contents = f'<nav class="print-toc" aria-label="{escape(title)}"><ol>{items}</ol></nav>'
    sections = "\n".join(section(p.url, p.content or "", urls, once) for p in pages)
    return _framed(config, env, context, title, f"<h1>{escape(config.site_name)}</h1>\n{contents}\n{sections}")


def call_set(
    config: MkDocsConfig, env: Any, context: Any, pages: Sequence[Page], title: str, act: str, once: str
) -> str:
    """The pages of CALL_SET in their order in the theme's frame, the letter's page cut down to its call sheet.

    ``act``: what the button that prints them says.

    Links to other pages stay links: this page lies beside them.
    """
    by_url = {p.url: p.content or "" for p in pages}
    sheet = _SHEET.search(by_url[LETTER])[0]  # type: ignore[index]  # a page without its sheet ends the build
    by_url[LETTER] = sheet.replace("h3>", "h2>")  # no heading stands above it here
    sections = "\n".join(section(url, by_url[url], set(CALL_SET), once) for url in CALL_SET)
    button = f'<p class="buttons"><button type="button" class="md-button" onclick="print()">{escape(act)}</button></p>'
    return _framed(config, env, context, title, f'<h1 class="call-set">{escape(title)}</h1>\n{button}\n{sections}')


def _framed(config: MkDocsConfig, env: Any, context: Any, title: str, content: str) -> str:
    page = Page(title, File.generated(config, "print.md", content=""), config)
    page.meta = {"hide": ["navigation", "toc", "footer"], "search": {"exclude": True}}
    page.content = content
    page.toc = get_toc([])
    config.extra["scope"] = "./.."
    html = env.get_template("main.html").render({**context, "page": page, "base_url": "."})
    return str(html)
