"""Event logs: the real samples, the same events as XML, and texts made by hand."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from evtx import PyEvtxParser
from samples import samples

from runbook.formats.event_xml import read_event_xml
from runbook.formats.events import EventRecord
from runbook.formats.evtx import read_evtx
from runbook.hints.rows import known_kind
from runbook.knowledge import reference

SAMPLES = samples()
RCM = "Microsoft-Windows-TerminalServices-RemoteConnectionManager"

#: file, good records, faults. python-evtx 0.8.1 finds the same numbers of good records (test below); in the
#: dirty log 188 records come before the first fault, which is where a plain loop over the package stops.
COUNTS = [
    ("evtx/RemoteConnectionManager-Operational-11-hosts.evtx", 11, 0),
    ("evtx/RemoteConnectionManager-Operational-dirty.evtx", 1774, 2),
    ("evtx/System-windows7-TermDD.evtx", 1601, 0),
    ("evtx-damaged/bad-chunk-magic.evtx", 270, 2),
    ("evtx-damaged/zero-data-size.evtx", 335, 1),
]


def event_xml(provider: str, channel: str, event_id: int, *strings: str, level: int = 3) -> str:
    """An <Event> as wevtutil prints it, made by hand: for any provider, channel and id."""
    data = "".join(f"<Data>{escape(text)}</Data>" for text in strings)
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(provider)}/><EventID>{event_id}</EventID><Version>0</Version>"
        f"<Level>{level}</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x80000000000000</Keywords>"
        "<TimeCreated SystemTime='2024-07-01T08:30:00.1234567Z'/><EventRecordID>4711</EventRecordID>"
        f"<Correlation/><Execution ProcessID='4' ThreadID='8'/><Channel>{escape(channel)}</Channel>"
        f"<Computer>RDSH01.example.test</Computer><Security/></System><EventData>{data}</EventData></Event>"
    )


def plain(record: EventRecord) -> dict[str, Any]:
    names = ("key", "level", "time", "record_number", "computer", "data")
    return {name: getattr(record, name) for name in names}


def test_every_row_of_the_event_table_is_read_back() -> None:
    rows = reference.events()
    texts = [event_xml(row.provider, row.channel, row.id, "première", "<second>") for row in rows]
    stream = read_event_xml("\r\n".join(texts).encode("cp850"))
    records = list(stream)
    assert [record.key for record in records] == [(row.provider, row.channel, row.id) for row in rows]
    assert {tuple(record.data.items()) for record in records} == {(("1", "première"), ("2", "<second>"))}
    assert len(rows) > 40 and not stream.unread


@pytest.mark.parametrize(("name", "good", "faults"), COUNTS)
def test_counts_of_the_real_logs(name: str, good: int, faults: int) -> None:
    stream = read_evtx(SAMPLES / name)
    assert len(list(stream)) == stream.good == good
    assert stream.damaged == len(stream.unread) == faults
    for fault in stream.unread:
        assert fault.where == Path(name).name
        assert fault.text("fr") != fault.text("en")
        assert str(fault.why.fields["detail"]) not in fault.text("fr")  # the library's English stays in the data


@pytest.mark.parametrize(("name", "good"), [("evtx/RemoteConnectionManager-Operational-11-hosts.evtx", 11)])
def test_a_log_of_several_computers_keeps_their_names(name: str, good: int) -> None:
    records = list(read_evtx(SAMPLES / name))
    assert len({record.computer for record in records}) == good
    assert {record.key for record in records} == {(RCM, f"{RCM}/Operational", 1149)}
    first = records[0]
    assert first.record_number == 6433  # the event's own number, not its place in the exported file
    assert first.time == datetime(2021, 12, 16, 10, 25, 32, 351835, UTC)
    assert first.data == {"Param1": "admmig", "Param2": "", "Param3": "10.23.123.11"}


def test_the_dirty_log_is_read_behind_its_fault() -> None:
    stream = read_evtx(SAMPLES / "evtx/RemoteConnectionManager-Operational-dirty.evtx")
    before = 0
    for _ in stream:
        if not stream.damaged:
            before += 1
    assert before == 188
    assert "463011" in str(stream.unread[0].why.fields["detail"])
    assert all("463011" in stream.unread[0].text(lang) for lang in ("fr", "en"))
    assert stream.good == 1774


def test_termdd_of_windows_7() -> None:
    def wanted(provider: str, event_id: int) -> bool:
        return provider == "TermDD"

    stream = read_evtx(SAMPLES / "evtx/System-windows7-TermDD.evtx", wanted)
    found = Counter(record.key for record in stream)
    # Time-Service writes a 50 into the same log: an id alone would match the wrong event.
    assert found == {("TermDD", "System", 50): 1, ("TermDD", "System", 56): 2}
    assert (stream.good, stream.skipped) == (3, 1598)


@pytest.mark.parametrize("name", [name for name, _, _ in COUNTS])
def test_wanted_gives_the_same_records_as_reading_all(name: str) -> None:
    def odd(provider: str, event_id: int) -> bool:
        return event_id % 2 == 1

    everything = [plain(record) for record in read_evtx(SAMPLES / name)]
    stream = read_evtx(SAMPLES / name, odd)
    assert [plain(record) for record in stream] == [row for row in everything if row["key"][2] % 2]
    assert stream.good + stream.skipped == len(everything)


@pytest.mark.parametrize("name", [name for name, _, _ in COUNTS])
def test_the_same_events_as_xml_are_the_same_records(name: str) -> None:
    pieces, raw = [], PyEvtxParser(str(SAMPLES / name)).records()
    while True:
        try:
            pieces.append(next(raw)["data"])
        except StopIteration:
            break
        except RuntimeError:
            continue
    stream = read_event_xml("".join(pieces).encode())
    from_xml = [plain(record) for record in stream]
    assert stream.damaged == 0
    # One record of the damaged sample has no System part beyond a few names: the .evtx reader then still has
    # the number and time of the record's header.
    pairs = [(a, b) for a, b in zip(map(plain, read_evtx(SAMPLES / name)), from_xml, strict=True) if b["time"]]
    assert len(pairs) >= len(from_xml) - 1
    for from_evtx, twin in pairs:
        assert from_evtx == twin


@pytest.mark.skipif(sys.platform != "linux", reason="python-evtx is installed on Linux only (pyproject.toml says why)")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_python_evtx_counts_the_same() -> None:
    from Evtx.Evtx import Evtx

    name, good, _ = COUNTS[3]
    with Evtx(str(SAMPLES / name)) as log:
        assert sum(1 for record in log.records() if record.xml()) == good


def test_only_what_stands_in_the_event_table() -> None:
    stream = read_evtx(SAMPLES / "evtx/System-windows7-TermDD.evtx", known_kind)
    keys = {(row.provider, row.channel, row.id) for row in reference.events()}
    assert [record.key for record in stream if record.key in keys].count(("TermDD", "System", 50)) == 1
    assert stream.good < 20 and stream.good + stream.skipped == 1601
    # A name of the table with another provider's id is not in it.
    assert known_kind("TermDD", 50) and not known_kind("Microsoft-Windows-Time-Service", 50)


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    for name, content in {"empty.evtx": b"", "text.evtx": b"not a log" * 1000}.items():
        (tmp_path / name).write_bytes(content)
        stream = read_evtx(tmp_path / name)
        assert list(stream) == []
        assert [fault.why.key for fault in stream.unread] == ["readers.not_evtx"]
    stream = read_evtx(tmp_path / "absent.evtx")
    assert list(stream) == [] and stream.damaged == 1


EVENT = event_xml(RCM, f"{RCM}/Admin", 50280, "serveur é", "deux")


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (EVENT.encode("utf-8"), 1),
        (b"\xef\xbb\xbf" + EVENT.encode("utf-8"), 1),
        ((EVENT + "\r\n" + EVENT).encode("utf-16"), 2),
        (EVENT.encode("utf-16-le"), 1),
        (EVENT.encode("utf-16-be"), 1),
        (EVENT.encode("cp850"), 1),
        (("\ufeff<Events>" + EVENT * 3 + "</Events>").encode("utf-8"), 3),
        (f'<?xml version="1.0" encoding="windows-1252"?><Events>{EVENT}</Events>'.encode("cp1252"), 1),
        # Real exports exist that declare UTF-16 and are written in single bytes.
        (f'<?xml version="1.0" encoding="utf-16"?><Events>{EVENT}</Events>'.encode(), 1),
    ],
    ids=["utf8", "utf8-bom", "utf16-bom", "utf16le", "utf16be", "cp850", "rooted", "cp1252", "not-utf16"],
)
def test_event_xml_in_every_encoding(data: bytes, number: int) -> None:
    stream = read_event_xml(data)
    records = list(stream)
    assert len(records) == number and not stream.unread
    assert plain(records[0]) == {
        "key": (RCM, f"{RCM}/Admin", 50280),
        "level": 3,
        "time": datetime(2024, 7, 1, 8, 30, 0, 123456, UTC),
        "record_number": 4711,
        "computer": "RDSH01.example.test",
        "data": {"1": "serveur é", "2": "deux"},
    }


def test_event_xml_reads_names_texts_and_user_data() -> None:
    text = event_xml("TermDD", "System", 56).replace(
        "<EventData></EventData>",
        "<UserData><EventXML xmlns='Event_NS'><listenerName>RDP-Tcp</listenerName></EventXML></UserData>"
        "<RenderingInfo Culture='fr-FR'><Message>Un texte.</Message></RenderingInfo>",
    )
    (record,) = read_event_xml(text.encode())
    assert record.data == {"listenerName": "RDP-Tcp"} and record.message == "Un texte."


def test_one_damaged_event_costs_only_itself() -> None:
    bad = EVENT.replace("</System>", "")
    cut = EVENT[:200]
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + EVENT.replace("deux", "&a;")
    stream = read_event_xml((EVENT + bad + EVENT + cut + EVENT + bomb + EVENT[:-9]).encode())
    assert len(list(stream)) == 3
    keys = [fault.why.key.removeprefix("readers.") for fault in stream.unread]
    assert keys == ["damaged_event", "cut_event", "damaged_event", "cut_event"]


def test_forbidden_characters_are_mended() -> None:
    (record,) = read_event_xml(EVENT.replace("deux", "a\x01b&#x1;c&#65;").encode())
    assert record.data["2"] == "a\ufffdb\ufffdcA"


def test_text_without_events_is_said(tmp_path: Path) -> None:
    for content in (b"", b"<Rsop/>", "Accès refusé.".encode("cp850")):
        stream = read_event_xml(content)
        assert list(stream) == [] and stream.unread[0].why.key == "readers.no_event"
    stream = read_event_xml(tmp_path / "absent.xml")
    assert list(stream) == [] and stream.unread[0].why.key == "readers.no_file"


def test_an_endless_event_is_let_go() -> None:
    stream = read_event_xml(b"<Event >" + b"x" * 3_000_000 + EVENT.encode())
    assert len(list(stream)) == 1 and stream.damaged == 1
