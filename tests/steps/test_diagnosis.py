"""Files brought from anywhere: what each is, what it points to, and that nothing in them can stop the reading."""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.hints.sightings import Moments
from runbook.knowledge import reference
from runbook.steps.diagnose_brought import bring, kind_of, listed
from runbook.steps.diagnose_gather import Gathered, gather, searched
from runbook.steps.diagnose_reports import script_of
from runbook.words.sentences import data_root

FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"
REHEARSALS = data_root() / "notebooks" / "rehearsals"


def read(folder: Path, lost: tuple[str, ...] = ()) -> Gathered:
    return gather(bring(folder, listed(folder), None), lambda script, answer: None, lost)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.evtx", b"anything", "evtx"),
        ("log", b"ElfFile\0rest", "evtx"),
        ("a.txt", "<Events><Event xmlns='x'>".encode("utf-16"), "events"),
        ("a.txt", b"\xef\xbb\xbf  <Event >", "events"),
        ("a.xml", "<?xml version='1.0' encoding='utf-16'?><Rsop xmlns='x'>".encode("utf-16-le"), "rsop"),
        ("a.xml", b"<?xml version='1.0' encoding='utf-16'?><Rsop>", "rsop"),
        ("a.htm", b"<!DOCTYPE html><html>", "gpresult"),
        ("out.json", b"\xef\xbb\xbf[{}]", "json"),
        ("a.log", b"#< CLIXML\r\n<Objs>", "text"),
        ("a.txt", b"Invoke-CimMethod : error", "text"),
        ("a.bin", b"\x00\x01\x02", "other"),
        ("a.evtx", b"", "empty"),
    ],
)
def test_a_file_is_known_by_its_content(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert kind_of(tmp_path / name) == kind


def test_links_are_not_followed_and_large_files_are_named_not_copied(tmp_path: Path) -> None:
    folder, copies = tmp_path / "in", tmp_path / "copies"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    with contextlib.suppress(OSError):  # Windows lets only some accounts make a link
        (folder / "inner" / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "inner" / "été.txt").write_text("small", encoding="utf-8")
    (folder / "large.log").write_bytes(b"x" * 300)
    found = {one.name: one for one in bring(folder, listed(folder), copies, largest=100)}
    assert set(found) == {"inner/été.txt", "large.log"}
    assert found["large.log"].copied == "" and len(found["large.log"].sha256) == 64
    assert [path.name for path in copies.iterdir()] == [found["inner/été.txt"].copied]
    assert found["inner/été.txt"].copied.isascii()


def test_moments_stay_few_and_lose_none() -> None:
    moments, other = Moments(), Moments()
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(5000):
        (moments if number % 2 else other).add(start + timedelta(minutes=number * 7))
    moments.join(other)
    assert sum(moments.bars.values()) == 5000
    assert len(moments.bars) <= 240
    first, last = (bar * moments.width for bar in (min(moments.bars), max(moments.bars)))
    assert abs(first - start.timestamp()) <= moments.width
    assert abs(last - (start + timedelta(minutes=4999 * 7)).timestamp()) <= moments.width


def test_every_answer_of_a_script_is_known_by_its_names() -> None:
    for path in (REHEARSALS / "nominal" / "steps").glob("*/out.json"):
        step = reference.step(path.parent.name)
        assert script_of(json.loads(path.read_text(encoding="utf-8"))) == step.script
    assert script_of([{"Other": 1}]) is None and script_of([]) is None


def test_a_policy_report_names_what_it_lacks_and_a_lost_server(tmp_path: Path) -> None:
    shutil.copyfile(FIXTURES / "rsop-licensing-en.xml", tmp_path / "whole.xml")
    found = read(tmp_path)
    servers = next(row["value"] for row in found.policies if "license servers" in row["policy"].casefold())
    assert [c.id for c in found.of(problem=True, noise=False)] == []
    lost = servers.split(",")[0].strip()
    (cause,) = read(tmp_path, (lost.upper(),)).of(problem=True, noise=False)
    assert cause.evidence[0].why == "diagnose.why_dead_server"
    text = (FIXTURES / "rsop-licensing-en.xml").read_bytes().decode("utf-16")
    cut = text.replace("Set the Remote Desktop licensing mode", "Another policy").replace("LicensingMode", "Another")
    (tmp_path / "whole.xml").write_bytes(cut.encode("utf-16"))
    (cause,) = read(tmp_path).of(problem=True, noise=False)
    assert (cause.id, cause.evidence[0].why) == ("E08", "diagnose.why_no_mode")


def test_what_was_not_supplied_is_not_called_absent(tmp_path: Path) -> None:
    log = REHEARSALS / "diagnose-outage" / "steps" / "export-logs" / "files" / "System-Licensing.rehearsal.xml"
    shutil.copyfile(log, tmp_path / "system.xml")
    rows = {row.channel: row for row in searched(read(tmp_path))}
    assert rows["System"].files == ("system.xml",)
    assert {18, 21, 22, 4105} <= set(rows["System"].found) and 17 in rows["System"].not_found
    assert all(not row.files for channel, row in rows.items() if channel != "System")
    assert sum(len(row.found) + len(row.not_found) for row in rows.values()) == len(reference.events())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=200).map(lambda b: b"ElfFile\0" + b),
        st.binary(max_size=200).map(lambda b: b"<Events><Event>" + b),
        st.binary(max_size=200).map(lambda b: b"<Rsop>" + b),
        st.text(max_size=200).map(lambda t: ('[{"CollectedAt": "' + t).encode("utf-8", "replace")),
        st.text(max_size=200).map(lambda t: ("#< CLIXML\n<Objs>" + t).encode("utf-8", "replace")),
    ),
    name=st.sampled_from(["a.evtx", "a.xml", "a.txt", "a.json", "a.html", "a", "a.log"]),
)
def test_any_bytes_are_read_or_named(tmp_path: Path, data: bytes, name: str) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(data)
    found = read(tmp_path)
    assert [row.file for row in found.files] == [name]
    json.dumps([cause.told().model_dump() for cause in found.causes])
    for fault in found.unread:
        assert fault.text("fr") and fault.text("en")
