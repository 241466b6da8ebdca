"""Whatever the bytes: records or a clear reason, in bounded time and memory, and never an exception.

The inputs are drawn bytes, drawn pieces of each format, and real or hand-made files with drawn damage. Time is
measured against a generous bound for the whole of a test, not per example, so that a busy machine does not
make it fail.
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import samples

from runbook.formats.clixml import read_clixml, read_stderr
from runbook.formats.decode import decode
from runbook.formats.event_xml import read_event_xml
from runbook.formats.evtx import read_evtx
from runbook.formats.gpresult_html import read_gpresult_html
from runbook.formats.licensing_policy import licensing_policies, licensing_policies_of_html
from runbook.formats.out_json import read_out_json
from runbook.formats.rsop import read_rsop
from runbook.formats.unread import Unread

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLES = samples()
#: Examples per test; derandomised, so that a run says the same as the one before it.
drawn = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def pieces(*tokens: bytes) -> st.SearchStrategy[bytes]:
    """Bytes put together from a format's own tokens and from drawn ones."""
    return st.lists(st.sampled_from(tokens) | st.binary(max_size=12), max_size=60).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """``whole`` with bytes overwritten, parts cut out or doubled, or its end cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 200))
        match draw(st.sampled_from(["set", "set", "set", "cut", "double", "end"])):
            case "set":
                new = draw(st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f"]))
                data[at : at + len(new)] = new
            case "cut":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case _:
                del data[len(data) - length :]
    return bytes(data)


def hand_made(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def clear(faults: Iterator[Unread] | list[Unread] | tuple[Unread, ...]) -> None:
    """Each reason is a sentence in both languages."""
    for fault in faults:
        assert fault.where and fault.text("fr") and fault.text("en")
        assert len(fault.text("fr")) < 600


def check_event_xml(data: bytes) -> None:
    stream = read_event_xml(data)
    records = list(stream)
    assert len(records) == stream.good
    assert records or stream.unread
    for record in records:
        assert isinstance(record.id, int)
        assert record.time is None or record.time.tzinfo
    clear(stream.unread)


def check_rsop(data: bytes) -> None:
    report = read_rsop(data)
    licensing_policies(report)
    clear(report.unread)


def check_html(data: bytes) -> None:
    report = read_gpresult_html(data)
    licensing_policies_of_html(report)
    if not report.settings and not report.unread:  # "none" is told of a genuine page that was read to its end alone
        assert (report.genuine and b"/\0h\0t\0m\0l\0>" in data) or b"/html>" in data.lower()
    clear(report.unread)


def check_json(data: bytes) -> None:
    found = read_out_json(data)
    assert (found.rows is None) == (found.unread is not None)
    clear([found.unread] if found.unread else [])


def check_clixml(data: bytes) -> None:
    for declared in ("utf-8", "cp850", "utf-16"):
        found = read_stderr(data, declared)
        for piece in found.pieces:
            piece.text.encode("utf-8")
        clear(found.unread)


XML_TOKENS = (
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"&lt;",
    b"&#x0;",
    b"&#99999999;",
    b"&b;",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00",
)
EVENT_TOKENS = (b"<Event>", b"<Event ", b"</Event>", b"<System>", b"</System>", b"<EventID>1</EventID>", b"<Events>")
RSOP_TOKENS = (
    b"<Rsop>",
    b"<ComputerResults>",
    b"<ExtensionData><Extension>",
    b"<Policy>",
    b"<Name>Set the Remote Desktop licensing mode</Name>",
    b"<Precedence>1</Precedence>",
    b"<RegistrySetting>",
    b"</Policy>",
)
HTML_TOKENS = (b"<table>", b"<tr>", b"</tr>", b"<td>", b"</td>", b"<span gpmc_settingName='a'>", b"<br>", b"<script>")
CLIXML_TOKENS = (b"#< CLIXML\r\n", b"<Objs>", b"</Objs>", b"<S S='Error'>", b"</S>", b"<Obj>", b"_x000D_", b"_xD83D_")
JSON_TOKENS = (b"[", b"{", b'"A":', b"]", b"}", b",", b"NaN", b"1e999", rb'"\ud83d"', b"null", b"\xef\xbb\xbf")

Check = Callable[[bytes], None]
CASES: list[tuple[str, Check, st.SearchStrategy[bytes]]] = [
    ("event xml", check_event_xml, pieces(*XML_TOKENS, *EVENT_TOKENS)),
    ("rsop", check_rsop, pieces(*XML_TOKENS, *RSOP_TOKENS) | damaged(hand_made("rsop-licensing-fr.xml"))),
    ("html", check_html, pieces(*XML_TOKENS, *HTML_TOKENS) | damaged(hand_made("gpresult-licensing-fr.html"))),
    ("json", check_json, pieces(*JSON_TOKENS)),
    ("clixml", check_clixml, pieces(*XML_TOKENS, *CLIXML_TOKENS)),
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("check", "data"), [(c, d) for _, c, d in CASES], ids=[name for name, _, _ in CASES])
def test_any_bytes(check: Check, data: st.SearchStrategy[bytes]) -> None:
    @drawn
    @given(st.binary(max_size=2000) | data)
    def any_bytes(drawn_bytes: bytes) -> None:
        check(drawn_bytes)

    any_bytes()


@drawn
@given(st.binary(max_size=500), st.sampled_from(["utf-8", "utf-16", "cp850", "cp1252", "utf-8-sig"]))
def test_any_bytes_decode(data: bytes, declared: str) -> None:
    found = decode(data, declared)
    assert "\ufffd" in found.text or not found.damaged
    if not found.damaged:
        assert found.text.encode(found.encoding) in (data, data[2:], data[3:])


@drawn
@given(st.text(max_size=300))
def test_any_text_as_clixml(text: str) -> None:
    found = read_clixml(text)
    if "#< CLIXML" not in text and "<Objs" not in text and text.strip():
        assert found.of("plain") == text


def _evtx_sources() -> list[bytes]:
    log = SAMPLES / "evtx" / "RemoteConnectionManager-Operational-11-hosts.evtx"
    return [b"ElfFile\0".ljust(4096, b"\0") + b"ElfChnk\0".ljust(1 << 16, b"\0"), log.read_bytes()]


@drawn
@given(st.binary(max_size=3000) | st.sampled_from(_evtx_sources()).flatmap(damaged))
def test_any_bytes_as_evtx(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.evtx"
        path.write_bytes(data)
        stream = read_evtx(path)
        for record in stream:
            assert isinstance(record.id, int) and isinstance(record.provider, str)
            assert isinstance(record.channel, str) and isinstance(record.data, dict)
            assert record.time is None or record.time.tzinfo is not None
            assert isinstance(record.record_number, int)
        filtered = read_evtx(path, lambda provider, event_id: event_id > 0)
        kept = sum(1 for _ in filtered)
        assert kept + filtered.skipped == stream.good and filtered.damaged == stream.damaged
        clear(stream.unread)


#: A quarter of a megabyte each of what makes a careless reader take time or memory that grows with the square.
QUARTER = 1 << 18
HEAVY: list[tuple[str, Check, bytes]] = [
    ("event starts", check_event_xml, b"<Event>" * (QUARTER // 7)),
    ("event ends", check_event_xml, b"</Event>" * (QUARTER // 8)),
    ("one event", check_event_xml, b"<Event><System/><EventData>" + b"<Data/>" * 25_000 + b"</EventData></Event>"),
    ("nested event", check_event_xml, b"<Event>" + b"<a>" * 25_000 + b"</Event>"),
    ("event text", check_event_xml, b"<Event>" + b"&#1;" * 25_000 + b"</Event>"),
    ("policies", check_rsop, b"<Rsop><ComputerResults><ExtensionData><Extension>" + b"<Policy/>" * 12_000),
    ("attributes", check_rsop, b"<Rsop " + b"a='" + b"x" * QUARTER),
    ("html comments", check_html, b"<!--" * (QUARTER // 4)),
    ("html tags", check_html, b"<a " * (QUARTER // 3)),
    ("html brackets", check_html, b"<" * QUARTER),
    ("html declarations", check_html, b"<![" * (QUARTER // 3)),
    ("html rows", check_html, b"<tr><td>" * (QUARTER // 8)),
    ("html fields", check_html, b"<span gpmc_settingName=a><tr><td>" * (QUARTER // 33)),
    ("html references", check_html, b"&" * QUARTER),
    ("clixml marks", check_clixml, b"#< CLIXML\n" * (QUARTER // 10)),
    ("clixml documents", check_clixml, b"#< CLIXML\n" + b"<Objs>" * (QUARTER // 6)),
    ("clixml nested", check_clixml, b"#< CLIXML\n<Objs>" + b"<Obj>" * (QUARTER // 5)),
    ("clixml brackets", check_clixml, b"#< CLIXML\n<Objs>" + b"<" * QUARTER),
    ("json nested", check_json, b"[" * QUARTER),
    ("json digits", check_json, b"9" * QUARTER),
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("check", "data"), [(c, d) for _, c, d in HEAVY], ids=[name for name, _, _ in HEAVY])
def test_heavy_bytes_take_bounded_time_and_memory(check: Check, data: bytes) -> None:
    begin = time.process_time()
    check(data)
    assert time.process_time() - begin < 10
    tracemalloc.start()
    try:
        check(data[: QUARTER // 4])
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
