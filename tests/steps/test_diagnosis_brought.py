"""What people bring to a diagnosis: texts that look like JSON, cut logs, reports that cannot answer, files twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runbook.formats.evtx import read_evtx
from runbook.steps.diagnose_brought import bring, kind_of
from runbook.steps.diagnose_files import _only_warns
from runbook.steps.diagnose_gather import CauseTold, Evidence, Gathered, gather
from runbook.steps.diagnose_reports import read_policy_report

EVENT = """<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
<Provider Name="Microsoft-Windows-TerminalServices-{provider}"/><EventID>{id}</EventID><Level>{level}</Level>
<TimeCreated SystemTime="{time}"/><EventRecordID>{record}</EventRecordID>
<Channel>{channel}</Channel><Computer>HOST1</Computer></System></Event>"""
ADMIN = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin"


RESULTS = '<html><div class="he0_expanded"><span class="sectionTitle">Computer Details</span></div></html>'
RUSSIAN = """<html><table><tr><td gpmc_settingname="Имя" gpmc_settingpath="Компоненты Windows/Службы">Имя</td>
<td>Включена</td></tr></table></html>"""


def event(number: int, time: str, record: int) -> str:
    licensing = number in (17, 4105)
    return EVENT.format(
        provider="Licensing" if licensing else "RemoteConnectionManager",
        channel="System" if licensing else ADMIN,
        id=number,
        level=2 if number == 17 else 3,
        time=time,
        record=record,
    )


def gathered(folder: Path) -> Gathered:
    return gather(bring(folder, sorted(folder.iterdir()), None), lambda script, answer: None, [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[SRV1] Connecting to remote server SRV1 failed", "text"),
        ("[PS] C:\\> Get-Mailbox", "text"),
        ("{Le serveur de licences} n’est pas activé", "text"),
        ("[2026-03-01 10:00] started", "text"),
        ('[{"A": 1}]', "json"),
        ("[\n  1, 2]", "json"),
        ('{ "A": 1 }', "json"),
        ("[]", "json"),
    ],
)
def test_a_text_that_begins_with_a_bracket_is_a_text(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert kind_of(tmp_path / "a.txt") == kind


def test_a_remoting_error_in_a_text_file_is_looked_up(tmp_path: Path) -> None:
    text = "[SRV1] Connecting to remote server SRV1 failed with the following error message : Access is denied."
    (tmp_path / "error.txt").write_text(text, encoding="utf-8")
    assert [cause.id for cause in gathered(tmp_path).of(problem=True, noise=False)] == ["E47"]


def test_a_log_shorter_than_its_header_says_is_told_as_cut(tmp_path: Path) -> None:
    head = bytearray(b"ElfFile\0" + bytes(4096 - 8))
    head[42:44] = (3).to_bytes(2, "little")
    (tmp_path / "cut.evtx").write_bytes(head + bytes(10_000))
    stream = read_evtx(tmp_path / "cut.evtx")
    assert list(stream) == []
    told = {fault.why.key: fault.why.fields for fault in stream.unread}
    assert told["readers.cut_log"] == {"size": "14096", "whole": "200704"}


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.html", RESULTS, "no_licensing_policy"),
        ("b.xml", "<Rsop><ComputerResults><Name>CORP\\\\HOST1</Name></ComputerResults></Rsop>", "no_licensing_policy"),
        ("c.xml", "<Rsop><UserResults><Name>CORP\\\\u1</Name></UserResults></Rsop>", "user_only"),
        ("d.html", RUSSIAN, "other_language"),
        ("e.html", RESULTS.replace("Computer Details", "User Details"), "user_only"),
        ("f.html", RESULTS.replace("Computer Details", "Détails sur l’utilisateur"), "user_only"),
        ("g.html", RESULTS + RESULTS.replace("Computer Details", "User Details"), "no_licensing_policy"),
    ],
)
def test_a_report_that_names_no_licensing_policy_says_why(tmp_path: Path, name: str, text: str, word: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    read = read_policy_report(path, "gpresult" if name.endswith("html") else "rsop", [])
    assert (read.told, read.unread) == ((f"diagnose.{word}",), ())


def test_a_page_that_is_no_report_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "school.html").write_text("<html><body><h1>Welcome</h1></body></html>", encoding="utf-8")
    read = read_policy_report(tmp_path / "school.html", "gpresult", [])
    assert [fault.why.key for fault in read.unread] == ["readers.no_setting"]
    assert read.told == ()


def test_the_same_record_brought_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(event(50283, "2026-03-01T10:00:00Z", 7), encoding="utf-8")
    shutil.copy(tmp_path / "one.xml", tmp_path / "two.xml")
    (tmp_path / "three.xml").write_text(event(50283, "2026-03-01T11:00:00Z", 8), encoding="utf-8")
    (cause,) = gathered(tmp_path).of(problem=True, noise=False)
    assert (cause.id, cause.count) == ("E07", 2)


def test_an_old_error_stands_behind_a_warning_that_goes_on(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(event(17, "2012-03-01T10:00:00Z", 1), encoding="utf-8")
    (tmp_path / "new.xml").write_text(event(50283, "2026-03-01T10:00:00Z", 9), encoding="utf-8")
    assert [cause.id for cause in gathered(tmp_path).of(problem=True, noise=False)] == ["E07", "E13"]


def test_warnings_alone_are_told_to_announce_a_fault() -> None:
    """50282 comes within the grace period too: nobody is refused yet."""

    def cause(row: str, *keys: str) -> CauseTold:
        return CauseTold(id=row, evidence=tuple(Evidence(event=key) for key in keys))

    assert _only_warns(cause("E05", "RCM-50282", "RCM-50282")) == {
        "id": "E05",
        "events": "50282 · RemoteConnectionManager",
    }
    assert not _only_warns(cause("E05", "RCM-50282", "RCM-50280"))
    assert not _only_warns(cause("E05", ""))  # a text, not an event
    assert not _only_warns(cause("E11", "LS-4105"))  # no error tells more of it
