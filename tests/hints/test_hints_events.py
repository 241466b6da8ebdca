"""From events and codes to rows: never an id without its provider and channel; what is noise is shown as noise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runbook.formats.events import EventRecord
from runbook.hints import matching, told
from runbook.knowledge import reference
from runbook.words import sentences

LS = "Microsoft-Windows-TerminalServices-Licensing"
RCM = "Microsoft-Windows-TerminalServices-RemoteConnectionManager"
START = datetime(2024, 3, 1, 12, tzinfo=UTC)


def seen(key: str, number: int = 1, channel: str | None = None, message: str | None = None) -> EventRecord:
    """The event ``key`` of events.yml as a log would give it (made by hand)."""
    row = reference.event(key)
    return EventRecord(
        provider=row.provider,
        channel=channel or row.channel,
        id=row.id,
        level=3,
        time=START + timedelta(minutes=number),
        record_number=number,
        computer="HOST1",
        message=message,
    )


def test_a_full_version_store_of_another_program_is_not_the_licensing_databases() -> None:
    told = "The version store for this instance (0) has reached its maximum size"
    (hint,) = matching.hints_for_events([seen("ESENT-623", message=f"svchost (1188) TLSLic: {told}")])
    assert hint.id == "E18"
    assert matching.hints_for_events([seen("ESENT-623", message=f"svchost (1188) SRUJet: {told}")]) == []


@pytest.mark.parametrize("key", [row.key for row in reference.events()])
def test_each_row_of_events_leads_to_a_page(key: str) -> None:
    (first, *_) = matching.hints_for_events([seen(key)])
    assert first.page.startswith(("errors.html#e", "events.html#"))
    assert first.seen[0].key == key
    assert first.title("fr") and first.title("en")


def test_provider_and_channel_decide() -> None:
    row = seen("LS-22")
    assert matching.hint_for_event(row.provider, row.channel, row.id)
    assert matching.hint_for_event(row.provider.upper(), row.channel.lower(), row.id)
    assert matching.hint_for_event("TermServLicensing", "System", 22)  # the provider's older name
    assert not matching.hint_for_event("Schannel", "System", 22)
    assert not matching.hint_for_event(LS, f"{LS}/Operational", 22)
    assert not matching.hints_for_events([seen("LS-22", channel=f"{LS}/Operational")])


def test_sightings_are_counted_and_bounded() -> None:
    (hint,) = matching.hints_for_events(seen("RCM-50282", number) for number in range(1, 1001))[:1]
    (sighting,) = hint.seen
    assert hint.id == "E05"
    assert sighting.count == 1000
    assert sighting.records == tuple(range(1, 21))
    assert sighting.first == START + timedelta(minutes=1)
    assert sighting.last == START + timedelta(minutes=1000)
    assert sighting.computers == ("HOST1",)


def test_errors_come_before_warnings_and_noise_comes_last() -> None:
    rows = matching.hints_for_events([seen("RCM-1136"), seen("LS-4105"), seen("LS-17"), seen("LS-93")])
    assert [row.id for row in rows] == ["E13", "E11", "LS-93", "RCM-1136"]
    assert [row.noise for row in rows] == [False, False, False, True]


@pytest.mark.parametrize(("session_host", "noise"), [(None, True), (False, True), (True, False)])
def test_1136_counts_on_a_session_host_only(session_host: bool | None, noise: bool) -> None:
    (hint,) = matching.hints_for_events([seen("RCM-1136")], session_host=session_host)
    assert hint.noise is noise


def test_ese_1316_is_noise_where_the_service_runs_and_other_codes_are_faults() -> None:
    harmless = 'database error has occurred: "ESE error -1316 JET_errInvalidObject'
    (hint,) = matching.hints_for_events([seen("LS-44", message=harmless)], service_runs=True)
    assert (hint.id, hint.noise) == ("E19", True)
    (hint,) = matching.hints_for_events([seen("LS-44", message=harmless)])
    assert (hint.id, hint.noise) == ("E19", False)
    other = 'database error has occurred: "ESE error -1018'
    rows = matching.hints_for_events([seen("LS-44", message=harmless), seen("LS-44", message=other)], service_runs=True)
    assert [(row.id, row.noise) for row in rows] == [("E38", False), ("E19", True)]


def test_migration_events_are_proof_and_no_error() -> None:
    (hint,) = matching.hints_for_events([seen("LS-93")])
    assert hint.event and hint.event.proof
    assert hint.problem is None


def test_a_bare_number_gives_candidates_and_says_that_the_provider_decides() -> None:
    for typed in ("4105", "event 4105", "événement 4105", "ID 4105", "Event ID: 4105"):
        (hint,) = matching.hints_for_text(typed)
        assert (hint.id, hint.candidate) == ("E11", True), typed
        assert hint.why[0].key == "hints.why_number"
    assert "provider decides" in told.report("4105", "en")
    assert "c’est le fournisseur qui décide" in told.report("4105", "fr")


def test_a_number_with_another_provider_gives_nothing() -> None:
    assert matching.hints_for_text("Log Name: System\nSource: Service Control Manager\nEvent ID: 4105") == []


def test_an_event_pasted_from_the_viewer_is_no_candidate() -> None:
    pasted = f"Nom du journal : System\nSource : {LS}\nID de l’événement : 22\nNiveau : Avertissement"
    first = matching.hints_for_text(pasted)[0]
    assert first.id in ("E04", "E14")
    assert not first.candidate


@pytest.mark.parametrize("code", [0x80041008, "0x80041008", "80041008", "2147749896", "-2147217400", -2147217400])
def test_a_return_code_is_the_same_in_every_writing(code: int | str) -> None:
    assert [hint.id for hint in matching.hint_for_code(code)] == ["E03", "E28"]


def test_small_numbers_need_to_be_told_what_they_are() -> None:
    assert matching.hint_for_code(8) == []
    assert {hint.id for hint in matching.hint_for_code(8, "status")} == {"E10", "E27"}
    assert [hint.id for hint in matching.hint_for_code(5, "mode")] == ["E08"]
    assert [hint.id for hint in matching.hint_for_code(16, "exit")] == ["E26"]
    assert matching.hint_for_code(7, "exit") == []
    assert matching.hint_for_code(0) == []


@pytest.mark.parametrize("code", ["", "zz", "0x", "12.5", "E05", "0x1FFFFFFFFF"])
def test_what_is_no_code_gives_nothing(code: str) -> None:
    assert matching.hint_for_code(code) == []


def test_hresults_of_win32_errors_are_unwrapped() -> None:
    assert [hint.id for hint in matching.hint_for_code("0x80073A9F")] == ["E24"]
    assert [hint.id for hint in matching.hint_for_code("0x80070020")] == ["E26"]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_report_can_be_printed_and_names_the_page(lang: str) -> None:
    for row in reference.errors():
        text = told.report(row.message.en or row.symptom.of(lang), lang)
        assert f"errors.html#{row.anchor}" in text, row.id
        assert "{" not in text


def test_the_report_says_what_not_to_do_and_what_is_unconfirmed() -> None:
    text = told.report("La période de grâce a expiré", "fr")
    assert "À ne pas faire\u00a0:" in text
    assert "Not confirmed by a text of Microsoft" in told.report("erreur 0xf06", "en")


def test_the_report_says_so_where_nothing_is_known() -> None:
    assert "Rien de connu" in told.report("bonjour", "fr")


@pytest.mark.parametrize("lang", sentences.LANGS)
def test_who_gets_no_answer_is_told_where_the_help_for_tonight_is(lang: str) -> None:
    said = told.report("users cannot log on " * 10, lang)
    assert "tonight.html" in said and "papermill notebooks/diagnose.ipynb" in said
    assert "users cannot log …" in said
    assert "Nothing to look for" in told.report("  ", "en")


@pytest.mark.parametrize("asked", ["accès refusé", "Access is denied.", "acces refuse", "The parameter is incorrect"])
def test_what_a_code_means_is_no_code_that_was_read(asked: str) -> None:
    assert matching.hints_for_text(asked) == [], "any program may say so"
    assert "0x8007" not in told.report(asked, "fr")


def test_a_title_that_is_asked_for_leads_to_its_own_row() -> None:
    for row in reference.errors():
        for lang in sentences.LANGS:
            for asked in {row.symptom.of(lang), row.heading(lang), *row.matches.of(lang)}:
                found = [hint.id for hint in matching.hints_for_text(asked, lang)]
                assert row.id in found[:4], (asked, found)


def test_a_huge_paste_takes_bounded_time() -> None:
    text = "\n".join(f"line {number} Remote Desktop license server {number * 7}" for number in range(100_000))
    started = datetime.now(UTC)
    matching.hints_for_text(text)
    assert datetime.now(UTC) - started < timedelta(seconds=20)
