"""Which license server is meant, and what stops before a line is opened or a step is run; no PowerShell here."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.case.model import LicenseServer
from runbook.errors import BadInput
from runbook.host.call import Call
from runbook.host.remoting import GIVEN, LINE_LIMIT, Line, RemotingHost
from runbook.host.windows import WindowsHost
from runbook.journal.history import History
from runbook.knowledge import reference
from runbook.run import case_template, settling, workstation
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run
from runbook.words.sentences import LANGS

NAME = "RDLIC02.corp.example"


@pytest.mark.parametrize(
    ("given", "reached"),
    [(NAME, "remoting"), (f"https://{NAME}", "remoting-https"), ("RDLIC02", "remoting")],
)
def test_a_first_run_names_the_server_and_the_way(given: str, reached: str) -> None:
    server = workstation.asked(given, "en")
    assert server is not None
    assert (server.name, server.reached) == (given.removeprefix("https://"), reached)
    assert workstation.asked("", "en") is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "given",
    [
        "-ComputerName",
        "RDLIC02; Restart-Computer",
        "http://RDLIC02",
        "https://",
        "a b",
        "10.1.2.3",
        "https://10.1.2.3",
    ],
)
def test_what_is_no_name_is_refused(given: str, lang: str) -> None:
    with pytest.raises(BadInput, match=re.escape(given)):
        workstation.asked(given, lang)


WRONG = {
    "RD LIC02.corp.example": {"fr": "un nom DNS est attendu", "en": "a DNS name is expected"},
    "10.1.2.3": {"fr": "Resolve-DnsName 10.1.2.3", "en": "Resolve-DnsName 10.1.2.3"},
    '""': {"fr": "cette valeur manque", "en": "this value is missing"},
    "": {"fr": "cette valeur manque", "en": "this value is missing"},
}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("named", WRONG)
def test_a_wrong_server_in_the_case_file_is_one_sentence_in_its_language_and_no_step_runs(
    named: str, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft that a first run writes, with ``remoting`` and a name that cannot be."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("RUNBOOK_POWERSHELL", str(tmp_path / "never-started"))
    folder = tmp_path / "cases" / "c1"
    folder.mkdir(parents=True)
    text = case_template.render("c1", lang, NAME, (), "remoting").replace(f"name: {NAME}", f"name: {named}")
    text = text.replace("\npacks:\n", "\npacks: [{count: 20}]\n").replace("\ncompany:", "\ncompany: Example #")
    (folder / "case.yml").write_text(text, encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("  name: " + named))
    with pytest.raises(BadInput) as refused:
        open_run("migrate", {}, Invocation("engine", tmp_path / "c1.ipynb", tmp_path))
    _, *faults = str(refused.value).splitlines()
    assert len(faults) == 1, refused.value
    assert WRONG[named][lang] in faults[0]
    assert "license_server" in faults[0]
    assert f" {line} " in faults[0]
    assert [path.name for path in folder.iterdir()] == ["case.yml"]


def test_the_case_file_stands_over_the_command_line() -> None:
    known = LicenseServer(name=NAME, reached="remoting")
    workstation.agree(None, known, "", "en")
    workstation.agree(LicenseServer(name=NAME.lower(), reached="remoting"), known, NAME.lower(), "en")
    for other in (
        LicenseServer(name="RDLIC09.corp.example", reached="remoting"),
        LicenseServer(name=NAME, reached="here"),
    ):
        with pytest.raises(BadInput, match=NAME):
            workstation.agree(other, known, other.name, "en")


@pytest.mark.parametrize("policy", ["AllSigned", "Restricted"])
def test_a_policy_of_the_server_stops_before_any_step(policy: str) -> None:
    there = {"IsElevated": True, "Policies": [policy, "Undefined"]}
    session = Line.model_validate({"Server": NAME, "Here": {}, "There": there})
    with pytest.raises(BadInput):
        workstation.refuse(session, "en")


def test_a_real_case_is_refused_off_windows_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.delenv("RUNBOOK_POWERSHELL", raising=False)
    monkeypatch.setattr("runbook.host.windows.sys.platform", "linux")
    with pytest.raises(BadInput, match="Windows workstation"):
        open_run("migrate", {"server": NAME, "lang": "en"}, Invocation("engine", tmp_path / "c.ipynb", tmp_path))
    assert not (tmp_path / "cases").exists()


def test_the_draft_explains_both_ways_in_both_languages() -> None:
    text = case_template.render("case-1", "fr", NAME, (), "remoting")
    assert f"  name: {NAME}\n  reached: remoting " in text
    for word in ("here | remoting", "par PowerShell distant", "over PowerShell remoting", "-p server"):
        assert word in text


def test_hosts_are_asked_from_here_and_everything_else_over_the_line(tmp_path: Path) -> None:
    host = RemotingHost(WindowsHost(Path("powershell.exe")), NAME, encoding_there="cp850")
    script = tmp_path / "script.ps1"
    script.write_text("'x'", encoding="utf-8")

    def call(step: str, inputs: dict[str, Any] | None = None) -> Call:
        return Call(step, script, tmp_path, inputs or {}, 60, 1)

    for step in ("hosts-policy", "hosts-verify", "gpupdate"):
        assert str(script) in host.command(call(step))
        assert host.limit(call(step)) == 60
        assert host.encoding(call(step)) == "utf-8"
        assert not (tmp_path / GIVEN).exists()
    over = host.command(call("preflight"))
    assert str(script) not in over, "nothing of the step stands among the arguments"
    assert str(tmp_path / "remoting.ps1") in over
    assert host.limit(call("preflight")) == 60 + LINE_LIMIT
    assert host.encoding(call("preflight")) == "cp850"


def test_the_wrapper_knows_no_password_and_no_credssp() -> None:
    text = (Path(workstation.WRAPPER)).read_text(encoding="utf-8")
    code = "\n".join(line.split("#")[0] for line in text.splitlines())
    for word in ("Credential", "CredSSP", "Password", "SecureString", "Bypass", "Invoke-Expression"):
        assert word.lower() not in code.lower(), word
    assert code.count("New-PSSession ") == 2


@pytest.mark.parametrize(("named", "looks"), [("RDLIC02", True), ("RDLIC09.corp.example", False)])
def test_a_change_is_settled_only_on_the_server_where_it_began(named: str, looks: bool, tmp_path: Path) -> None:
    opened = {"n": 1, "event": "open", "run": "r01", "through": {"server": NAME}}
    begun = {"n": 2, "event": "begin", "run": "r01", "step": "backup", "attempt": 1}
    asked: list[str] = []

    def fetch(step: str, *_: Any) -> None:
        asked.append(step)

    run = SimpleNamespace(
        path=tmp_path,
        number=2,
        through={"server": named},
        host=SimpleNamespace(fetch=fetch),
        folder=SimpleNamespace(run=tmp_path.joinpath),
        history=lambda: History([opened, begun]),
    )
    made: Any = run
    assert settling.bring_back(made, reference.step("backup"), begun, made) is looks
    assert asked == (["backup"] if looks else [])
