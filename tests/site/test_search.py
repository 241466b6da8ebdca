"""Search from file://, as a person types: tests/site/questions.yml asked in the browser, in each language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page

from runbook.knowledge import LANGS

QUESTIONS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "questions.yml").read_text(encoding="utf-8")
)
SECTIONS = 3  # a section named in a question is among the first three links shown for its page

# Types a query and answers with the links shown, page by page, and the milliseconds until the first one stood there.
ASK = """
async (query) => {
  const field = document.querySelector('[data-md-component=search-query]');
  const list = document.querySelector('.md-search-result__list');
  const meta = document.querySelector('.md-search-result__meta');
  list.querySelectorAll(':scope > li').forEach(item => item.dataset.old = '1');
  meta.textContent = 'asked';
  const start = performance.now();
  field.value = query;
  field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));
  let took = 0;
  while (performance.now() - start < 3000) {
    await new Promise(done => setTimeout(done, 4));
    const fresh = list.querySelector(':scope > li:not([data-old])');
    if (fresh && !took) took = performance.now() - start;
    if (meta.textContent !== 'asked' && !list.querySelector('[data-old]')) break;
  }
  const pages = [...list.querySelectorAll(':scope > li')].map(item =>
    [...item.querySelectorAll('a.md-search-result__link')].map(link => {
      const url = new URL(link.href);
      url.search = '';
      return url.href;
    }));
  return {pages, took};
}
"""


@dataclass
class Asked:
    """A question and where it led: ``place`` counts from 1, None where the right page was not shown."""

    ask: str
    place: int | None
    milliseconds: float
    shown: list[str]


def fits(links: list[str], wanted: str) -> bool:
    """Whether the links shown for one page are the page, and where ``wanted`` names a section, show that soon."""
    name, _, anchor = wanted.partition("#")
    if not any(link.split("#")[0] == name for link in links):
        return False
    return not anchor or any(link == wanted for link in links[:SECTIONS])


def ask(page: Page, root: str, question: dict[str, Any]) -> Asked:
    wanted = question["page"] if isinstance(question["page"], list) else [question["page"]]
    answer = page.evaluate(ASK, question["ask"])
    shown = [[link.removeprefix(root) for link in links] for links in answer["pages"]]
    places = [i for i, links in enumerate(shown, 1) if any(fits(links, target) for target in wanted)]
    return Asked(question["ask"], min(places, default=None), answer["took"], [links[0] for links in shown[:3] if links])


@pytest.fixture(scope="module", params=LANGS)
def asked(request: pytest.FixtureRequest, site: Path, chromium: Browser) -> list[Asked]:
    """All questions of one language, asked on its home page."""
    root = f"{(site / request.param).as_uri()}/"
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto(f"{root}index.html")
    page.keyboard.press("/")
    page.wait_for_timeout(1500)  # the index is built once for each page load
    page.evaluate(ASK, "licence")
    answers = [ask(page, root, question) for question in QUESTIONS[request.param]]
    context.close()
    return answers


def test_enough_questions_are_asked() -> None:
    assert {lang: len(QUESTIONS[lang]) >= 30 for lang in LANGS} == {"fr": True, "en": True}


def test_the_right_page_comes_first_for_most_and_in_the_first_three_for_nearly_all(asked: list[Asked]) -> None:
    first = sum(answer.place == 1 for answer in asked)
    three = sum(answer.place is not None and answer.place <= 3 for answer in asked)
    missed = [(answer.ask, answer.place, answer.shown) for answer in asked if answer.place != 1]
    assert first >= 0.85 * len(asked), missed
    assert three >= 0.95 * len(asked), missed


def test_the_first_result_stands_within_a_tenth_of_a_second(asked: list[Asked]) -> None:
    times = sorted(answer.milliseconds for answer in asked)
    assert times[len(times) // 2] < 100, times  # the median: the machine may be busy with other tests


def test_a_question_finds_only_pages_of_its_language(asked: list[Asked]) -> None:
    assert [link for answer in asked for link in answer.shown if link.startswith("file:")] == []
