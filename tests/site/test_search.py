"""Search from file://, as a person types: tests/site/questions.yml asked in the browser, in each language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, CDPSession, Page

from runbook.words.sentences import LANGS

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
  while (performance.now() - start < 3000) {
    await new Promise(done => setTimeout(done, 4));
    if (meta.textContent !== 'asked' && !list.querySelector('[data-old]')) break;
  }
  return [...list.querySelectorAll(':scope > li')].map(item =>
    [...item.querySelectorAll('a.md-search-result__link')].map(link => {
      const url = new URL(link.href);
      url.search = '';
      return url.href;
    }));
}
"""


@dataclass
class Asked:
    """A question and where it led: ``place`` counts from 1, None where the right page was not shown.

    ``milliseconds``: processor time of the page's process until all results stood there.
    """

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


def processor(devtools: CDPSession) -> float:
    """Milliseconds of processor time that the page's process has used, on all its threads."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime") * 1000


def ask(page: Page, devtools: CDPSession, root: str, question: dict[str, Any]) -> Asked:
    wanted = question["page"] if isinstance(question["page"], list) else [question["page"]]
    begin = processor(devtools)
    answer = page.evaluate(ASK, question["ask"])
    took = processor(devtools) - begin
    shown = [[link.removeprefix(root) for link in links] for links in answer]
    places = [i for i, links in enumerate(shown, 1) if any(fits(links, target) for target in wanted)]
    return Asked(question["ask"], min(places, default=None), took, [links[0] for links in shown[:3] if links])


@pytest.fixture(scope="module", params=LANGS)
def asked(request: pytest.FixtureRequest, site: Path, chromium: Browser) -> list[Asked]:
    """All questions of one language, asked on its home page."""
    root = f"{(site / request.param).as_uri()}/"
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto(f"{root}index.html")
    page.keyboard.press("/")
    page.evaluate(ASK, "licence")  # the index is built once for each page load
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    answers = [ask(page, devtools, root, question) for question in QUESTIONS[request.param]]
    context.close()
    return answers


@pytest.mark.parametrize("lang", LANGS)
def test_enough_questions_are_asked(lang: str) -> None:
    assert len(QUESTIONS[lang]) >= 60
    assert sum(question.get("fresh", False) for question in QUESTIONS[lang]) >= 30


@pytest.fixture(scope="module")
def words(site: Path, chromium: Browser) -> Iterator[Page]:
    """A page whose search scripts can be asked about words."""
    page = chromium.new_page()
    page.goto((site / "fr/index.html").as_uri())
    yield page
    page.close()


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("fr", ["activer", "activé", "activée", "activation", "activez"]),
        ("fr", ["journal", "journaux"]),
        ("fr", ["évènements", "evenement", "Événement"]),
        ("fr", ["sauvegarde", "sauvegardes", "sauvegarder"]),
        ("en", ["activate", "activated", "activation", "activating"]),
        ("en", ["policy", "policies"]),
        ("en", ["license", "licenses", "licensing"]),
        ("en", ["verify", "verified", "verification"]),
        ("en", ["0x0C0010020", "c0010020"]),
    ],
)
def test_forms_of_a_word_are_one_word_that_begins_them_all(words: Page, lang: str, forms: list[str]) -> None:
    found = words.evaluate(
        "([forms, lang]) => forms.map(f => SearchRanking.stem(SearchRanking.fold(f), lang))", [forms, lang]
    )
    assert len(set(found)) == 1, found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("l’événement 4105", ["l", "evenement", "4105"]),
        (
            "Get-WinEvent -FilterHashtable",
            ["get-winevent", "get", "winevent", "win", "event", "filterhashtable", "filter", "hashtable"],
        ),
        ("C:\\Windows\\System32\\lserver", ["c", "windows", "system32", "lserver"]),
        ("« licmgr.exe »", ["licmgr.exe", "licmgr", "exe"]),
        ("<b>bœuf</b> &amp; co", ["boeuf", "co"]),
    ],
)
def test_a_text_is_cut_into_words(words: Page, text: str, parts: list[str]) -> None:
    assert words.evaluate("text => SearchRanking.words(text)", text) == parts


def test_a_result_shows_escaped_sentences_with_the_words_marked(words: Page) -> None:
    entry = {"location": "a.html", "title": "Clés", "text": "<p>Rien ici.</p><p>La <b>clé</b> &lt;b&gt; vaut 5.</p>"}
    found = words.evaluate(
        "doc => SearchShow.item(doc, SearchShow.marker(['cles', 'absent'], 'fr'), ['absent'], 2)", entry
    )
    assert found["title"] == "<mark data-md-highlight>Clés</mark>"
    assert found["text"] == "<p>La <mark data-md-highlight>clé</mark> &lt;b&gt; vaut 5.</p>"
    assert found["terms"] == {"clés": True, "clé": True, "absent": False}


def test_the_right_page_comes_first_for_most_and_in_the_first_three_for_nearly_all(asked: list[Asked]) -> None:
    first = sum(answer.place == 1 for answer in asked)
    three = sum(answer.place is not None and answer.place <= 3 for answer in asked)
    missed = [(answer.ask, answer.place, answer.shown) for answer in asked if answer.place != 1]
    assert first >= 0.85 * len(asked), missed
    assert three >= 0.95 * len(asked), missed


def test_all_results_stand_after_a_tenth_of_a_second_of_work(asked: list[Asked]) -> None:
    times = sorted(answer.milliseconds for answer in asked)
    assert times[len(times) // 2] < 100, times  # processor time: a clock would judge what else the machine does


def test_a_question_finds_only_pages_of_its_language(asked: list[Asked]) -> None:
    assert [link for answer in asked for link in answer.shown if link.startswith("file:")] == []


@pytest.fixture(params=LANGS)
def searching(request: pytest.FixtureRequest, site: Path, chromium: Browser) -> Iterator[Page]:
    """The home page of one language with its search open and its index built."""
    page = chromium.new_page()
    page.goto((site / request.param / "index.html").as_uri())
    page.keyboard.press("/")
    page.evaluate(ASK, "licence")
    yield page
    page.close()


def links_for(page: Page, query: str) -> list[str]:
    return [link for links in page.evaluate(ASK, query) for link in links]


#: A word with a slip in it (one sign off, two from eight letters), what was meant, and a page that answers.
SLIPS = {
    "fr": [("sauvegadre", "sauvegarde", "backup.html"), ("telefphone", "telephone", "migrate-telephone.html")],
    "en": [("telephoen", "telephone", "migrate-telephone.html"), ("bakcup", "backup", "backup.html")],
}


def test_a_slip_is_found_and_told(searching: Page) -> None:
    for typed, meant, target in SLIPS[searching.evaluate("document.documentElement.lang")]:
        found = links_for(searching, typed)
        assert any(target in link for link in found), (typed, found)
        assert meant in searching.inner_text(".search-mended"), typed
    assert links_for(searching, "licence")
    assert searching.is_hidden(".search-mended")


TRADE = ["Terminal Server", "TS", "TSE", "RDP", "hotline", "snapshot", "DC", "workgroup"]


def test_the_words_of_the_trade_lead_somewhere(searching: Page) -> None:
    french = searching.evaluate("document.documentElement.lang") == "fr"
    words = [*TRADE, *(("numéro vert", "centre d’échanges") if french else ("toll-free",))]
    assert [word for word in words if not links_for(searching, word)] == []


def test_each_event_is_an_answer_of_its_own(searching: Page) -> None:
    for query, anchor in (("4105", "ls-4105"), ("50283", "rcm-50283")):
        assert any(link.endswith(f"events.html#{anchor}") for link in links_for(searching, query)), query


def test_enter_opens_the_section_and_nothing_before_it_is_marked(searching: Page) -> None:
    searching.fill("[data-md-component=search-query]", "TermServLicensing")
    links_for(searching, "RTMTIMEBOMB")
    searching.focus("[data-md-component=search-query]")
    searching.keyboard.press("Enter")
    searching.wait_for_url("**#*", timeout=5000)
    searching.wait_for_load_state("load")
    searching.wait_for_timeout(1500)
    before = searching.evaluate("""() => {
        const target = document.getElementById(location.hash.slice(1));
        return [...document.querySelectorAll('article mark[data-md-highlight]')].filter(mark =>
            target.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_PRECEDING).length;
    }""")
    assert before == 0
