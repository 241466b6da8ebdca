"""The self-test: every check against a machine, a report that holds no value, and the list that it shortens."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_host import NOMINAL, FakePowerShell

from runbook.commands import selftest as command
from runbook.errors import BadInput
from runbook.host.windows import WindowsHost
from runbook.knowledge import reference
from runbook.run import selftest
from runbook.steps.registry import answers
from runbook.words.sentences import data_root

NOW = dt.datetime(2025, 3, 5, 9, 12, tzinfo=dt.UTC)
SCRIPTS = sorted(str(step.script) for step in selftest.checks())


def recorded(script: str) -> Path:
    """A recorded answer of a script, from whichever recording has one."""
    steps = [step.id for step in reference.steps() if step.script == script]
    root = data_root() / "notebooks" / "rehearsals"
    return next(p for step in steps for p in sorted(root.glob(f"*nominal/steps/{step}/out.json")))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePowerShell:
    made = FakePowerShell.make(tmp_path)
    monkeypatch.setenv("FAKE_POWERSHELL", str(made.home))
    for step in selftest.checks():
        made.tell(step.id, out_from=str(recorded(str(step.script))))
    return made


def reported(fake: FakePowerShell, **more: Any) -> selftest.Report:
    return selftest.run(WindowsHost(fake.executable, "substitute", "cp850"), "srv.corp.example", NOW, **more)


def texts(data: Any) -> Iterator[str]:
    """Every value in an answer that tells something: texts of four characters and more, numbers of five digits."""
    if isinstance(data, dict):
        for item in data.values():
            yield from texts(item)
    elif isinstance(data, list):
        for item in data:
            yield from texts(item)
    elif isinstance(data, str) and len(data) >= 4:
        yield data
    elif isinstance(data, int) and not isinstance(data, bool) and data > 9999:
        yield str(data)


def test_every_check_is_run_once_and_no_change_ever(fake: FakePowerShell) -> None:
    report = reported(fake)
    assert sorted(each.script for each in report.tried) == SCRIPTS
    assert {each.result for each in report.tried} == {"ok"}, report.text("en")
    assert report.good
    assert fake.calls()[0]["step"] == "preflight"
    assert len(fake.calls()) == len(SCRIPTS)
    assert {reference.step(call["step"]).kind for call in fake.calls()} == {"check"}
    assert fake.effects() == []
    assert fake.calls("hosts-policy")[0]["given"]["ComputerNames"] == [], "this machine only"


def test_the_report_holds_no_value(fake: FakePowerShell) -> None:
    stderr = "Accès refusé à RDSH99 : FullyQualifiedErrorId : AccessDenied,Microsoft.X 0x80070005".encode("cp850")
    fake.tell("service", out_from=str(recorded("service")), stdout=b"RDLIC01.corp.example", stderr=stderr)
    report = reported(fake)
    told = report.to_json() + report.text("fr")
    words = set(selftest._CODES) | {"Running", "Installed", "Available", "Server", "Desktop", "FullLanguage", "Auto"}
    codes = {"InvalidOperation", "OpenError", "ObjectNotFound", "NotSpecified"}
    for script in SCRIPTS:
        for value in texts(json.loads(recorded(script).read_text(encoding="utf-8-sig"))):
            if value in words | codes or value in ("20348", "FullLanguage") or value.startswith("0x"):
                continue
            assert json.dumps(value, ensure_ascii=False) not in told, (script, value)
            assert value not in told or value.isalpha() or value.isdigit(), (script, value)
    for secret in ("RDSH99", "RDLIC01", "corp.example", "refusé"):
        assert secret not in told
    assert report.tried[0].shape["of"][0]["ComputerName"]["text"] > 0
    service = next(each for each in report.tried if each.script == "service")
    assert service.errors == ("AccessDenied", "0x80070005")


def test_an_answer_of_another_shape_is_told_by_place_and_kind(fake: FakePowerShell) -> None:
    out = json.loads(recorded("service").read_text(encoding="utf-8-sig"))
    out[0]["ProcessId"] = "4242-secret"
    out[0]["Newcomer"] = "secret"
    del out[0]["State"]
    fake.tell("service", out=out)
    fake.tell("roles", stdout=b"no answer")
    fake.tell("network", exit_code=1)
    report = reported(fake)
    results = {each.script: each for each in report.tried}
    assert (results["service"].result, results["roles"].result, results["network"].result) == (
        "shape", "no_answer", "failed",
    )  # fmt: skip
    assert {(fault.at, fault.wrong) for fault in results["service"].mismatches} == {
        ("ProcessId", "int_type"), ("Newcomer", "extra_forbidden"), ("State", "missing"),
    }  # fmt: skip
    assert "secret" not in report.to_json()
    assert not report.good


def test_without_elevation_only_that_is_told(fake: FakePowerShell) -> None:
    out = json.loads((NOMINAL / "preflight" / "out.json").read_text(encoding="utf-8-sig"))
    out[0]["IsElevated"] = False
    fake.tell("preflight", out=out)
    report = reported(fake)
    assert [call["step"] for call in fake.calls()] == ["preflight"]
    assert {each.result for each in report.tried[1:]} == {"not_run"}


def test_elsewhere_it_says_what_it_could_not_try(workspace: Any) -> None:
    if sys.platform == "win32":
        pytest.skip("this is the system that it tests")
    for lang, word in (("fr", "n’est pas Windows"), ("en", "is not Windows")):
        done = workspace.runbook("selftest", "--lang", lang)
        assert (done.returncode, done.stderr) == (0, "")
        assert word in done.stdout
        assert all(script in done.stdout for script in SCRIPTS)
    assert not (workspace.path / "selftest").exists()


# -- what a report proves


def report_of(host: str = "windows", **results: str) -> selftest.Report:
    tried = tuple(
        selftest.Tried(script=name, sha256=reference.script_sha256(reference.script(name)), result=result)
        for name, result in results.items()
    )
    return selftest.Report(
        host=host, at="2025-03-05", runbook="0", python="3.12", os_version="10.0.20348", encoding="cp850", tried=tried
    )


def test_a_report_shortens_the_list(tmp_path: Path) -> None:
    proven = tmp_path / "proven.yml"
    proven.write_text("# head\n# more\n[]\n", encoding="utf-8")
    path = tmp_path / "report.json"
    path.write_text(report_of(service="ok", roles="shape", network="ok").to_json(), encoding="utf-8")
    assert command.take(path, proven, "en") == 0
    assert proven.read_text(encoding="utf-8").startswith("# head\n# more\n- script: network\n")
    rows = [reference.Proven.model_validate(row) for row in yaml.safe_load(proven.read_text(encoding="utf-8"))]
    assert [(row.script, row.os_build, row.at) for row in rows] == [
        ("network", "20348", "2025-03-05"), ("service", "20348", "2025-03-05"),
    ]  # fmt: skip
    command.take(path, proven, "fr")
    assert len(yaml.safe_load(proven.read_text(encoding="utf-8"))) == 2, "each script once"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_report_asks_what_no_text_settles(lang: str, fake: FakePowerShell) -> None:
    report = reported(fake)
    asked = reference.asked()
    assert asked and [each.id for each in report.questions] == [row.id for row in asked]
    assert not any(each.answer for each in report.questions)
    text = report.text(lang)
    assert all(row.settles and row.what.of(lang) in text and row.settles.of(lang) in text for row in asked)


def test_an_answer_is_shown_when_the_report_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proven = tmp_path / "proven.yml"
    proven.write_text("[]\n", encoding="utf-8")
    answers = (selftest.Question(id="reactivation", answer="yes, in 2026"), selftest.Question(id="clock"))
    path = tmp_path / "report.json"
    path.write_text(report_of(service="ok").model_copy(update={"questions": answers}).to_json(), encoding="utf-8")
    assert command.take(path, proven, "en") == 0
    said = capsys.readouterr().out
    assert "reactivation: yes, in 2026" in said and "clock:" not in said


def test_what_proves_nothing_is_refused(tmp_path: Path) -> None:
    proven = tmp_path / "proven.yml"
    proven.write_text("[]\n", encoding="utf-8")
    path = tmp_path / "report.json"
    changed = report_of(service="ok").model_copy(
        update={"tried": (selftest.Tried(script="service", sha256="0" * 64, result="ok"),)}
    )
    for report in (report_of("substitute", service="ok"), report_of(service="failed"), changed):
        path.write_text(report.to_json(), encoding="utf-8")
        with pytest.raises(BadInput, match=r"proves no script"):
            command.take(path, proven, "en")
    path.write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(BadInput, match="no report"):
        command.take(path, proven, "en")
    assert proven.read_text(encoding="utf-8") == "[]\n"


def test_every_check_has_a_model_to_be_held_against() -> None:
    assert set(SCRIPTS) <= answers().keys()
