"""Every fact in knowledge/: it loads, stands in both languages, names its source and is linked to what exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from pydantic import ValidationError

from runbook import knowledge
from runbook.knowledge import Event, Fact, Official, Problem, Record, Text

LOADERS: tuple[Callable[[], tuple[Record, ...]], ...] = (
    knowledge.article,
    knowledge.checklist,
    knowledge.cim,
    knowledge.contacts,
    knowledge.errors,
    knowledge.events,
    knowledge.paths,
    knowledge.places,
    knowledge.policies,
    knowledge.ports,
    knowledge.registry,
    knowledge.services,
    knowledge.sources,
    knowledge.steps,
    knowledge.terms,
    knowledge.unconfirmed,
    knowledge.unproven,
    knowledge.wheels,
)


def name_of(row: Record) -> str:
    """What a row is called in its file."""
    return str(getattr(row, "key" if isinstance(row, Event) else "id", None) or getattr(row, "number", ""))


def texts_in(value: object) -> Iterator[Text]:
    """Every text in both languages inside ``value``, however deep."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, Record):
        yield from chain.from_iterable(texts_in(inner) for _, inner in value)
    elif isinstance(value, tuple):
        yield from chain.from_iterable(texts_in(inner) for inner in value)


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_every_row_loads_and_has_a_name_of_its_own(load: Callable[[], tuple[Record, ...]]) -> None:
    names = [name_of(row) for row in load()]
    assert names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_every_text_stands_in_both_languages(load: Callable[[], tuple[Record, ...]]) -> None:
    for row in load():
        for text in texts_in(row):
            assert text.fr.strip() and text.en.strip(), name_of(row)


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_every_claim_names_a_source_that_exists(load: Callable[[], tuple[Record, ...]]) -> None:
    known = {row.id for row in knowledge.sources()}
    for row in load():
        if isinstance(row, Fact):
            assert row.cites
            assert {cite.source for cite in row.cites} <= known, name_of(row)


def test_every_source_is_used_by_a_fact_or_is_the_article() -> None:
    used = {cite.source for load in LOADERS for row in load() if isinstance(row, Fact) for cite in row.cites}
    assert {row.id for row in knowledge.sources()} - used <= {"SEED"}


def test_what_only_an_unnamed_third_party_says_is_not_shown_as_confirmed() -> None:
    kinds = {row.id: row.kind for row in knowledge.sources()}
    for load in LOADERS:
        for row in load():
            if isinstance(row, Fact) and all(kinds[c.source] in ("third party", "reasoning") for c in row.cites):
                assert not row.confirmed, name_of(row)


def test_the_errors_of_the_article_lead_the_table() -> None:
    assert [row.article for row in knowledge.errors()[:5]] == [1, 2, 3, 4, 5]
    assert [row.id for row in knowledge.errors()] == [f"E{n:02d}" for n in range(1, len(knowledge.errors()) + 1)]


def test_errors_name_events_that_exist_and_rows_that_exist() -> None:
    keys = {row.key for row in knowledge.events()}
    ids = {row.id for row in knowledge.errors()}
    for row in knowledge.errors():
        assert set(row.events) <= keys
        for text in texts_in(row):
            assert set(re.findall(r"\bE\d\d\b", text.fr + text.en)) <= ids, row.id


def test_an_event_is_known_by_provider_channel_and_id() -> None:
    marks = [(row.provider, row.channel, row.id) for row in knowledge.events()]
    assert len(marks) == len(set(marks))


def test_every_event_that_warns_and_has_a_known_meaning_leads_to_an_error() -> None:
    reached = {key for row in knowledge.errors() for key in row.events}
    for row in knowledge.events():
        alarming = row.level in ("Warning", "Error") and not row.legacy and not row.noise
        if alarming and row.confidence != "not confirmed" and row.text.en:
            assert row.key in reached | {"LS-16", "LS-73", "LS-81"}, row.key


def test_no_french_event_text_is_invented() -> None:
    """None was found in any source: whoever finds one gives its source and changes this test."""
    assert all(row.text.fr is None for row in knowledge.events())


@pytest.mark.parametrize("key", ["RCM-1136", "LS-44"])
def test_noise_says_when(key: str) -> None:
    assert knowledge.event(key).noise


def test_nobody_is_told_to_reset_the_grace_period_or_restart_the_sessions() -> None:
    for row in knowledge.errors():
        for text in (row.fix.fr, row.fix.en):
            assert not re.search(r"\bTermService\b", text), row.id
            assert "RTMTIMEBOMB" not in text, row.id
    assert all(knowledge.problem(i).do_not for i in ("E05", "E06", "E08", "E21"))


def test_headings_are_the_official_message_where_there_is_one() -> None:
    row = knowledge.problem("E04")
    assert row.heading("fr").startswith("La session a distance")
    assert row.heading("en").startswith("The remote session was disconnected")
    assert knowledge.problem("E03").heading("fr") == "Clé ou pack non valide"


def test_checklist_lines_are_ticked_by_steps_that_exist() -> None:
    ids = {row.id for row in knowledge.steps()}
    assert [row.number for row in knowledge.checklist()] == list(range(1, 10))
    for row in knowledge.checklist():
        assert set(row.steps) <= ids, row.id


def test_steps_need_earlier_steps_and_policies_name_registry_values() -> None:
    seen: set[str] = set()
    for step in knowledge.steps():
        assert set(step.needs) <= seen, step.id
        seen.add(step.id)
    values = {row.id for row in knowledge.registry()}
    for policy in knowledge.policies():
        assert set(policy.registry) <= values


def test_the_article_is_corrected_in_34_points() -> None:
    assert [row.number for row in knowledge.article()] == list(range(1, 35))


def test_each_part_of_the_article_has_its_page() -> None:
    kinds = [row.kind for row in knowledge.places()]
    assert kinds.count("checklist") == 9
    assert kinds.count("faq") == 4
    assert kinds.count("chapter") >= 15
    assert all(re.fullmatch(r"[a-z/-]+\.html(#[a-z0-9-]+)?", row.page) for row in knowledge.places())


def test_only_port_443_is_open_to_microsoft() -> None:
    outward = [row for row in knowledge.ports() if row.direction == "server to Microsoft"]
    assert [(row.protocol, row.ports) for row in outward] == [("TCP", "443")]


def test_a_record_refuses_unknown_keys_and_change() -> None:
    with pytest.raises(ValidationError):
        Text.model_validate({"fr": "a", "en": "b", "de": "c"})
    with pytest.raises(ValidationError):
        knowledge.errors()[0].symptom = Text(fr="a", en="b")  # type: ignore[misc]


def test_lookups_answer_the_row_or_say_that_there_is_none() -> None:
    assert isinstance(knowledge.problem("E01"), Problem)
    assert isinstance(knowledge.event("LS-21"), Event)
    for ask in (knowledge.problem, knowledge.event, knowledge.step):
        with pytest.raises(KeyError):
            ask("nothing")


def test_an_official_wording_may_be_missing_but_not_empty() -> None:
    assert Official(fr=None, en="x").of("fr") is None
    with pytest.raises(ValidationError):
        Official(fr="", en="x")
