"""Every fact in knowledge/: it loads, stands in both languages, names its source and is linked to what exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from pydantic import ValidationError

from runbook.knowledge import reference
from runbook.knowledge.reference import Event, Fact, Official, Problem, Record, Text, data_root

LOADERS: tuple[Callable[[], tuple[Record, ...]], ...] = (
    reference.article,
    reference.checklist,
    reference.cim,
    reference.contacts,
    reference.days,
    reference.errors,
    reference.events,
    reference.pages,
    reference.paths,
    reference.places,
    reference.policies,
    reference.ports,
    reference.registry,
    reference.services,
    reference.sources,
    reference.steps,
    reference.terms,
    reference.unconfirmed,
    reference.unproven,
    reference.versions,
    reference.wheels,
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
    known = {row.id for row in reference.sources()}
    for row in load():
        if isinstance(row, Fact):
            assert row.cites
            assert {cite.source for cite in row.cites} <= known, name_of(row)


def cited() -> set[str]:
    """Every source, with its place, that a fact or a page of the site cites."""
    found = {entry for load in LOADERS for row in load() if isinstance(row, Fact) for entry in row.source}
    for page in (data_root() / "docs").glob("*/**/*.md"):
        for names in re.findall(r"source\(([^)]*)\)", page.read_text(encoding="utf-8")):
            found |= set(re.findall(r'"([^"]+)"', names))
    return found


def test_every_source_is_used_by_a_fact_or_a_page_or_is_the_article() -> None:
    used = {entry.partition(" ")[0] for entry in cited()}
    assert {row.id for row in reference.sources()} - used <= {"SEED"}


def test_every_page_that_is_cited_has_its_title_its_address_and_its_date() -> None:
    """What was not kept is shown as not noted; this list may only grow shorter."""
    pages = {row.id: row for row in reference.pages()}
    assert {entry for entry in cited() if " " in entry} == set(pages)
    unknown = {row.id.split()[0] for row in pages.values() if row.title is None}
    assert unknown <= {"TN", "HELP", "JPBLOG", "KB", "ACT", "M365", "SCW"}
    assert sum(row.title is None for row in pages.values()) <= 15
    assert sum(row.read is None for row in pages.values()) <= 12
    assert sum(row.address is None for row in pages.values()) <= 2
    assert len({row.anchor for row in pages.values()} | {row.id.lower() for row in reference.sources()}) == len(
        pages
    ) + len(reference.sources())


def test_what_microsoft_is_said_to_say_was_read_at_microsoft() -> None:
    """Confidence "MS" needs a source of Microsoft, be it a copy: a mark that is missing promises that."""
    kinds = {row.id: row.kind for row in reference.sources()}
    for load in LOADERS:
        for row in load():
            if isinstance(row, Fact) and row.confirmed:
                assert any(kinds[cite.source].startswith("Microsoft") for cite in row.cites), name_of(row)


def test_what_only_an_unnamed_third_party_says_is_not_shown_as_confirmed() -> None:
    kinds = {row.id: row.kind for row in reference.sources()}
    for load in LOADERS:
        for row in load():
            if isinstance(row, Fact) and all(kinds[c.source] in ("third party", "reasoning") for c in row.cites):
                assert not row.confirmed, name_of(row)


def test_the_errors_of_the_article_lead_the_table() -> None:
    assert [row.article for row in reference.errors()[:5]] == [1, 2, 3, 4, 5]
    assert [row.id for row in reference.errors()] == [f"E{n:02d}" for n in range(1, len(reference.errors()) + 1)]


def test_errors_name_events_that_exist_and_rows_that_exist() -> None:
    keys = {row.key for row in reference.events()}
    ids = {row.id for row in reference.errors()}
    for row in reference.errors():
        assert set(row.events) <= keys
        for text in texts_in(row):
            assert set(re.findall(r"\bE\d\d\b", text.fr + text.en)) <= ids, row.id


def test_what_is_not_confirmed_says_what_would_settle_it() -> None:
    for row in reference.unconfirmed():
        assert (row.settles is not None) == (row.kind == "not confirmed"), row.id


def test_an_event_is_known_by_provider_channel_and_id() -> None:
    marks = [(row.provider, row.channel, row.id) for row in reference.events()]
    assert len(marks) == len(set(marks))


def test_every_event_that_warns_and_has_a_known_meaning_leads_to_an_error() -> None:
    reached = {key for row in reference.errors() for key in row.events}
    for row in reference.events():
        alarming = row.level in ("Warning", "Error") and not row.legacy and not row.noise
        if alarming and row.confidence != "not confirmed" and row.text.en:
            assert row.key in reached | {"LS-16", "LS-73", "LS-81"}, row.key


def test_no_french_event_text_is_invented() -> None:
    """None was found in any source: whoever finds one gives its source and changes this test."""
    assert all(row.text.fr is None for row in reference.events())


@pytest.mark.parametrize("key", ["RCM-1136", "LS-44"])
def test_noise_says_when(key: str) -> None:
    assert reference.event(key).noise


def test_nobody_is_told_to_reset_the_grace_period_or_restart_the_sessions() -> None:
    for row in reference.errors():
        for text in (row.fix.fr, row.fix.en):
            assert not re.search(r"\bTermService\b", text), row.id
            assert "RTMTIMEBOMB" not in text, row.id
    assert all(reference.problem(i).do_not for i in ("E05", "E06", "E08", "E21"))


def test_headings_are_the_official_message_where_there_is_one() -> None:
    row = reference.problem("E04")
    assert row.heading("fr").startswith("La session a distance")
    assert row.heading("en").startswith("The remote session was disconnected")
    assert reference.problem("E03").heading("fr") == "Clé ou pack non valide"


def test_checklist_lines_are_ticked_by_steps_that_exist() -> None:
    ids = {row.id for row in reference.steps()}
    assert [row.number for row in reference.checklist()] == list(range(1, 10))
    for row in reference.checklist():
        assert set(row.steps) <= ids, row.id


def test_steps_need_earlier_steps_and_policies_name_registry_values() -> None:
    seen: set[str] = set()
    for step in reference.steps():
        assert set(step.needs) <= seen, step.id
        seen.add(step.id)
    values = {row.id for row in reference.registry()}
    for policy in reference.policies():
        assert set(policy.registry) <= values


def test_the_article_is_corrected_in_34_points() -> None:
    assert [row.number for row in reference.article()] == list(range(1, 35))


def test_each_part_of_the_article_has_its_page() -> None:
    kinds = [row.kind for row in reference.places()]
    assert kinds.count("checklist") == 9
    assert kinds.count("faq") == 4
    assert kinds.count("chapter") >= 15
    assert all(re.fullmatch(r"[a-z/-]+\.html(#[a-z0-9-]+)?", row.page) for row in reference.places())


def test_only_port_443_is_open_to_microsoft() -> None:
    outward = [row for row in reference.ports() if row.direction == "server to Microsoft"]
    assert [(row.protocol, row.ports) for row in outward] == [("TCP", "443")]


def test_a_record_refuses_unknown_keys_and_change() -> None:
    with pytest.raises(ValidationError):
        Text.model_validate({"fr": "a", "en": "b", "de": "c"})
    with pytest.raises(ValidationError):
        reference.errors()[0].symptom = Text(fr="a", en="b")  # type: ignore[misc]


def test_lookups_answer_the_row_or_say_that_there_is_none() -> None:
    assert isinstance(reference.problem("E01"), Problem)
    assert isinstance(reference.event("LS-21"), Event)
    for ask in (reference.problem, reference.event, reference.step):
        with pytest.raises(KeyError):
            ask("nothing")


def test_an_official_wording_may_be_missing_but_not_empty() -> None:
    assert Official(fr=None, en="x").of("fr") is None
    with pytest.raises(ValidationError):
        Official(fr="", en="x")


def test_a_group_named_by_its_number_cites_where_the_number_stands() -> None:
    """Microsoft's licensing pages name these groups, never their SID."""
    for row in (*reference.errors(), *reference.events(), *reference.registry(), *reference.terms(), *reference.cim()):
        if any("S-1-5-32-5" in text.en for text in texts_in(row)):
            assert any(cite.source == "SIDS" for cite in row.cites), name_of(row)


def test_no_note_says_that_a_text_was_not_found_which_stands_above_it() -> None:
    for row in reference.events():
        if row.text.en:
            said = " ".join(text.en for text in (row.meaning, row.note) if text)
            assert not re.search(r"not (found|in our sources)|[Mm]eaning not confirmed", said), row.key


def test_an_official_text_is_given_whole_or_marked() -> None:
    """An ellipsis inside a text would hide words that a reader compares with his own."""
    for row in reference.events():
        if row.text.en and "…" in row.text.en:
            assert not row.whole, row.key
