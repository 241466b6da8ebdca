"""The four readers' ways, walked from the home page by clicks alone: clicks, words, sheets of paper.

``python tests/site/ways.py [SITE]`` prints them as measured; ``test_reading.py`` holds them. A link that is not seen
where a reader stands is a dead end, and ends the walk.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from runbook.papers.browser import find_browser
from runbook.words.sentences import LANGS

#: For each reader the links in the order of need, and the pages that go on paper. A link with an anchor is read as far
#: as its section goes; a fold that it opens is read too.
WAYS = {
    "refused now": (["tonight.html", "prepare.html#directory", "session-hosts.html#gpo"], ["tonight.html"]),
    "call tomorrow": (["prepare.html", "letter.html", "migrate-telephone.html"], ["call-set.html"]),
    "proof for the auditor": (["record.html", "verify-archive.html"], ["record.html", "verify-archive.html"]),
    "rehearse": (["runbook/rehearse.html", "runbook/install.html"], []),
}
SPEED = 200  # words a minute

# What is seen of the text, of the whole article or from a heading to the next one of its rank. Code and pictures apart.
WORDS = """id => {
  const start = id && document.getElementById(id);
  const rank = start ? Number(start.tagName[1]) : 0;
  const all = [...document.querySelectorAll('article :is(h1, h2, h3, h4)')];
  const end = start && all.slice(all.indexOf(start) + 1).find(heading => Number(heading.tagName[1]) <= rank);
  const before = (a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING;
  const texts = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  let count = 0;
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const holder = text.parentElement;
    if (start && !start.contains(text) && !before(start, text)) continue;
    if (end && (end.contains(text) || before(end, text))) break;
    if (holder.closest('pre, svg, button, script, style, .headerlink') || !holder.checkVisibility()) continue;
    count += (text.data.match(/[\\p{L}\\p{N}_][\\p{L}\\p{N}_’'.-]*/gu) || []).length;
  }
  return count;
}"""


@dataclass(frozen=True)
class Way:
    """What a way costs. ``home`` is not counted: every reader has read it."""

    reader: str
    lang: str
    clicks: int
    words: int
    sheets: int

    @property
    def minutes(self) -> int:
        return math.ceil(self.words / SPEED)

    def __str__(self) -> str:
        return (
            f"{self.reader:22} {self.lang}: {self.clicks} clicks, {self.words} words, {self.minutes} min, "
            f"{self.sheets} sheets"
        )


def walk(page: Page, site: Path, lang: str, reader: str) -> Way:
    """Walk one way; raises LookupError at a dead end."""
    links, papers = WAYS[reader]
    home = (site / lang / "index.html").as_uri()
    page.goto(home)
    clicks = words = 0
    for link in links:
        clicks += _reach(page, site / lang, link)
        page.wait_for_timeout(250)
        words += page.evaluate(WORDS, link.partition("#")[2])
    sheets = 0
    for paper in papers:
        page.goto((site / lang / paper).as_uri())
        sheets += page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    return Way(reader, lang, clicks, words, sheets)


def _reach(page: Page, root: Path, link: str) -> int:
    """Click to ``link`` from where the reader stands, or back on the page before; returns the clicks."""
    target = (root / link.partition("#")[0]).as_uri() + ("#" + link.partition("#")[2] if "#" in link else "")
    for clicks in (1, 2, 3):
        seen = [a for a in page.locator("article a:visible").all() if a.evaluate("a => a.href") == target]
        if seen:
            seen[0].click()
            page.wait_for_url(target)
            return clicks
        page.go_back()
    raise LookupError(f"no link to {link} is seen on the way")


def walks(page: Page, site: Path, readers: Sequence[str] = tuple(WAYS)) -> list[Way]:
    """All ways in both languages."""
    return [walk(page, site, lang, reader) for reader in readers for lang in LANGS]


def main(site: Path) -> int:
    """Walk and print; returns the exit code."""
    path = find_browser()
    if path is None:
        sys.stderr.write("no Chromium, Chrome or Edge is installed\n")
        return 2
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(path), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, reduced_motion="reduce").new_page()
        sys.stdout.writelines(f"{way}\n" for way in walks(page, site))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "site").resolve()))
