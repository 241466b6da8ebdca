"""Every page from file:// with the network cut: nothing is asked for, nothing is wrong for axe, nothing overflows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from runbook.words.sentences import LANGS

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # what another theme can make wrong
# Code is looked at once (below): its thousands of spans would take axe half a minute a page.
RUN_AXE = """([runOnly, but]) => axe.run({include: [['html']], exclude: ['.highlight code', ...but].map(css => [css])},
  {runOnly, resultTypes: ['violations'], preload: false})"""
OTHER_THEME = """() => {
  document.querySelector('form.md-header__option label:not([hidden])').click();
  return document.body.dataset.mdColorScheme;
}"""
FRAME = [".md-sidebar--primary", ".md-header", ".md-footer"]  # one template makes them for all pages
# What a reader opens is looked at too: of a table's rows the first ones, which hold every kind of part.
OPEN = """() => document.querySelectorAll('details').forEach(fold => {
  const rows = fold.parentElement.querySelectorAll(':scope > details.fault');
  fold.open = !fold.matches('.script') && (!fold.matches('.fault') || [...rows].indexOf(fold) < 6);
})"""
WIDE_TABLES = """() => [...document.querySelectorAll('.md-typeset__scrollwrap')]
  .map(box => box.scrollWidth - box.clientWidth).filter(by => by > 1)"""
# Commands (not whole scripts, not helps, which are folded and scroll): what hides at the right, or under the button.
HIDDEN_CODE = """() => [...document.querySelectorAll('.highlight:not([class*=script-]) > pre > code')]
  .filter(code => code.offsetParent && !code.closest('details')).flatMap(code => {
    const nav = code.closest('.highlight').querySelector('.md-code__nav'), text = document.createRange();
    text.selectNodeContents(code);
    const button = nav && nav.getBoundingClientRect(), under = button && [...text.getClientRects()].some(line =>
      line.right > button.left + 1 && line.left < button.right && line.bottom > button.top && line.top < button.bottom);
    const first = code.textContent.slice(0, 60);
    return [...code.scrollWidth > code.clientWidth + 1 ? ['scrolls: ' + first] : [],
            ...under ? ['under its button: ' + first] : []];
  })"""
LOCAL = ("file:", "data:", "blob:", "about:")
WIDE, NARROW = (1280, 900), (375, 800)


def violations(page: Page, but: Sequence[str] = (), rules: dict[str, Any] = ALL) -> list[str]:
    """What axe finds on ``page`` as it stands by ``rules``, left alone what ``but`` selects: rule, number of places,
    the first."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate(RUN_AXE, [rules, list(but)])
    return [
        f"{found['id']} ({found['impact']}) x{len(found['nodes'])}: {found['nodes'][0]['html'][:160]}"
        for found in result["violations"]
    ]


def context_of(browser: Browser, scheme: str, size: tuple[int, int]) -> BrowserContext:
    width, height = size
    return browser.new_context(
        offline=True,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )


#: Every look of a page: language, theme, size of the window.
LOOKS = list(product(LANGS, ("light", "dark"), (WIDE, NARROW)))


def faults_of(
    browser: Browser, site: Path, names: Sequence[str], look: tuple[str, str, tuple[int, int]], whole: bool = False
) -> list[str]:
    """What is wrong with the pages ``names`` in one look: asked for from outside, said, not accessible, wider than the
    window, a table that scrolls. ``whole``: the frame of every page (FRAME) too, not of the first one only; and the
    colours of the other theme, switched in place."""
    lang, scheme, size = look
    faults: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(LOCAL):
            faults.append(f"asks for {request.url}")

    def console(message: ConsoleMessage) -> None:
        # The theme looks for a sitemap; browsers refuse that between files, and the page goes on.
        if message.type == "error" and "sitemap.xml" not in message.text and "net::ERR_FAILED" not in message.text:
            faults.append(f"says {message.text}")

    context = context_of(browser, scheme, size)
    context.on("request", asked)
    page = context.new_page()
    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"says {error}"))
    for name in names:
        page.goto((site / lang / name).as_uri())
        page.wait_for_timeout(120)
        if name != "print.html":  # the same text again, all of it
            page.evaluate(OPEN)
            but = () if whole or name == names[0] else FRAME
            faults += [f"{name}: {fault}" for fault in violations(page, but)]
            if whole:
                theme = page.evaluate(OTHER_THEME)
                faults += [f"{name}, {theme}: {fault}" for fault in violations(page, but, COLOUR)]
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: wider than the window")
        faults += [f"{name}: a table wider than its column, by {by} px" for by in page.evaluate(WIDE_TABLES)]
        faults += [f"{name}: a command {fault}" for fault in page.evaluate(HIDDEN_CODE)]
    context.close()
    return faults


@pytest.mark.parametrize(
    "look", range(len(LOOKS)), ids=[f"{lang}-{scheme}-{width}" for lang, scheme, (width, _) in LOOKS]
)
def test_pages_are_quiet_accessible_and_fit(
    chromium: Browser, site: Path, pages: dict[str, list[str]], draw: int, look: int
) -> None:
    """A run sees each page in one look, dealt anew each time; all looks of all pages: `python tasks.py looks`."""
    dealt = random.Random(draw).sample(pages["fr"], len(pages["fr"]))
    assert faults_of(chromium, site, dealt[look :: len(LOOKS)], LOOKS[look]) == []


# Leaves one code block on the page, with one example of every kind of word that any block holds.
ONE_OF_EACH_TOKEN = """() => {
  const kinds = new Map();
  document.querySelectorAll('.highlight code span[class]').forEach(span => {
    if (!span.querySelector('span') && !kinds.has(span.className)) kinds.set(span.className, span.cloneNode(true));
  });
  const [first, ...others] = document.querySelectorAll('.highlight');
  others.forEach(block => block.remove());
  first.querySelector('code').replaceChildren(...kinds.values());
  return kinds.size;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_code_can_be_read(chromium: Browser, site: Path, scheme: str) -> None:
    context = context_of(chromium, scheme, WIDE)
    page = context.new_page()
    page.goto((site / "fr/reference/commands.html").as_uri())
    page.wait_for_timeout(200)
    assert page.evaluate(ONE_OF_EACH_TOKEN) > 8
    page.evaluate(AXE)
    result = page.evaluate("() => axe.run('.highlight', {runOnly: ['color-contrast'], preload: false})")
    assert [node["html"] for found in result["violations"] for node in found["nodes"]] == []
    context.close()


@pytest.mark.parametrize("lang", LANGS)
def test_landing_page(chromium: Browser, site: Path, lang: str) -> None:
    context = context_of(chromium, "light", NARROW)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert violations(page) == []
    links = page.locator("main a").evaluate_all("all => all.map(a => a.href)")
    assert links and [link for link in links if not (site / link.removeprefix(site.as_uri() + "/")).is_file()] == []
    page.click(f"a[hreflang={lang}]")  # the first door of a language is for those who are refused now
    assert page.url == (site / lang / "tonight.html").as_uri()
    page.go_back()
    page.click(f'a[href="{lang}/index.html"]')
    assert page.url == (site / lang / "index.html").as_uri()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_open_is_accessible(chromium: Browser, site: Path, scheme: str) -> None:
    context = context_of(chromium, scheme, WIDE)
    page = context.new_page()
    page.goto((site / "fr/index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("licence")
    page.wait_for_selector(".md-search-result__item")
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_menu_open_is_accessible(chromium: Browser, site: Path, scheme: str) -> None:
    context = context_of(chromium, scheme, NARROW)
    page = context.new_page()
    page.goto((site / "en/errors.html").as_uri())
    page.focus("label.md-header__button[for=__drawer]")
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)
    assert page.is_checked("#__drawer")
    assert violations(page) == []
    context.close()
