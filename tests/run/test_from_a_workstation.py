"""Which license server is meant, and what stops before a line is opened or a step is run; no PowerShell here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.case.model import LicenseServer
from runbook.errors import BadInput
from runbook.host.call import Call
from runbook.host.remoting import GIVEN, LINE_LIMIT, Line, RemotingHost
from runbook.host.windows import WindowsHost
from runbook.run import case_template, workstation
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run
from runbook.words.sentences import LANGS

NAME = "RDLIC02.corp.example"


@pytest.mark.parametrize(
    ("given", "reached"), [(NAME, "remoting"), (f"https://{NAME}", "remoting-https"), ("RDLIC02", "remoting")]
)
def test_a_first_run_names_the_server_and_the_way(given: str, reached: str) -> None:
    server = workstation.asked(given, "en")
    assert server is not None
    assert (server.name, server.reached) == (given.removeprefix("https://"), reached)
    assert workstation.asked("", "en") is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("given", ["-ComputerName", "RDLIC02; Restart-Computer", "http://RDLIC02", "https://", "a b"])
def test_what_is_no_name_is_refused(given: str, lang: str) -> None:
    with pytest.raises(BadInput):
        workstation.asked(given, lang)


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
