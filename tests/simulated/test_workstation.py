"""A license server asked from a workstation: the real wrapper on real PowerShell, over a line that can be cut.

The session is a process of PowerShell's own (machine/Remoting.ps1): objects are serialised, and the line breaks as it
breaks where that process is killed. WinRM, Kerberos, the folder's rights and the profile are Windows' own.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from runbook.errors import BadInput
from runbook.host import process
from runbook.host.call import Call
from runbook.host.remoting import RemotingHost, as_there, read_line
from runbook.host.windows import WindowsHost
from runbook.journal.outcome import Status
from runbook.record import report
from runbook.redaction import recording
from runbook.run import case_template, life, selftest
from runbook.run.invocation import Invocation
from runbook.run.opening import Run, open_run

from . import product, pwsh, server
from .conftest import posix

NAME = "RDLIC01.corp.example"
UNREACHED = f"/unreachable/{NAME}"
CASE = """case: {case}
lang: en
company: Example
license_server: {{name: {server}, reached: remoting}}
packs: [{{count: 20, version: 2022, type: user, no_proof_reason: lost}}]
session_hosts: {{names: [RDSH01.corp.example]}}
backup: {{destination: 'D:\\Backups', second_copy: '\\\\FILES01\\Backups'}}
"""
pytestmark = [pytest.mark.timeout(900), posix]


class Site:
    """A workstation WS01 and a license server, two folders; ``home`` is where the cases lie."""

    def __init__(self, home: Path, near: dict[str, Any] | None = None) -> None:
        self.home = home
        self.there = server.make(home / "there", {"/computer/user": "CORP\\u1"})
        ends = {"/computer/name": "WS01", "/computer/user": "CORP\\u1", f"/servers/{NAME}": str(self.there)}
        self.here = server.make(home / "here", {**ends, **(near or {})})

    def case(self, name: str) -> None:
        folder = self.home / "cases" / name
        folder.mkdir(parents=True)
        (folder / "case.yml").write_text(CASE.format(case=name, server=NAME), encoding="utf-8")

    def run(self, name: str, **parameters: str) -> Run:
        return open_run("migrate", parameters, Invocation("engine", self.home / f"{name}.ipynb", self.home))

    def let_it_end(self) -> None:
        """Wait for scripts that go on at the server with nobody on the line."""
        end = time.monotonic() + 90
        while any(str(self.there) in " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])):
            assert time.monotonic() < end
            time.sleep(0.2)

    def left_there(self) -> list[str]:
        """Temporary folders on the server."""
        return [path.name for path in (self.there / "drives/C/Windows/Temp").iterdir()]


@pytest.fixture(scope="module")
def site(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Makes a site and points RUNBOOK_POWERSHELL at its workstation."""
    with pytest.MonkeyPatch.context() as patch:

        def make(**near: Any) -> Site:
            made = Site(tmp_path_factory.mktemp("site"), {key.replace("__", "/"): value for key, value in near.items()})
            patch.setenv("RUNBOOK_HOME", str(made.home))
            for name, value in pwsh.stand_in(made.here).items():
                patch.setenv(name, value)
            return made

        yield make


def keys(end: dict[str, Any]) -> list[str]:
    return [line["key"] for line in end["lines"]]


def test_a_case_is_run_from_the_workstation(site: Callable[..., Site]) -> None:
    made = site()
    run = made.run("first", server=NAME)
    try:
        assert run.case.draft
        assert run.case.license_server.reached == "remoting"
        assert run.through["machine"] == "WS01"
        assert run.through["account"] == "CORP\\u1"

        end = life.live(run, "preflight")
        assert end["facts"]["computer_name"] == "RDLIC01", "the server answers, not the workstation"
        assert "remoting.both_ends" in keys(end)
        files = {Path(row["path"]).name: row for row in end["evidence"]}
        assert {"script.ps1", "remoting.ps1", "out.json", "stdout.bin", "stderr.bin"} <= set(files)
        said = read_line(run.path / "preflight")
        assert said is not None
        assert said.removed is True
        # The text is the step's own, byte for byte, and the raw streams are the script's.
        begun = next(e for e in run.history().entries if e["event"] == "begin")
        assert begun["script_sha256"] == files["script.ps1"]["sha256"]
        assert begun["encoding"] == "cp850"
        assert b"RDLIC01" in (run.path / "preflight" / "stdout.bin").read_bytes()
        run.status |= {"roles": Status.SUCCEEDED, "service": Status.SUCCEEDED}
        assert life.live(run, "license-server")["status"] in ("succeeded", "finding")
        assert (run.folder.private() / f"license-server-{run.name}.json").is_file(), "the private part"
        logs = life.live(run, "export-logs")
        assert logs["status"] in ("succeeded", "finding")
        exported = json.loads((run.path / "export-logs" / "out.json").read_text(encoding="utf-8-sig"))[0]["Exports"]
        there = [row for row in exported if not row["Missing"]]
        assert there
        for row in there:
            assert (run.path / "export-logs" / "files" / row["File"]).stat().st_size == row["Size"]
        assert made.left_there() == []
        assert not (made.here / "drives/C/Windows/Temp").exists() or not list(
            (made.here / "drives/C/Windows/Temp").iterdir()
        )
    finally:
        run.close("waiting")
    opened = run.history().opening(run.name)
    assert opened is not None
    assert opened["through"]["machine"] == "WS01"
    draft = case_template.write(run).read_text(encoding="utf-8")
    assert f"name: {NAME}\n  reached: remoting " in draft
    run.folder.case_file.write_text(CASE.format(case="first", server=NAME), encoding="utf-8")
    # A recording of this case plays the server's answers, and says nothing of who was asked from where.
    target = made.home / "recording"
    recorded = recording.record_host(run.folder.path, target, "en")
    assert {"preflight", "license-server", "export-logs"} <= {path.name for path in (target / "steps").iterdir()}
    assert recorded.steps == 3
    kept = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    for name in (b"WS01", b"CORP\\u1", NAME.encode()):
        assert name not in kept, name
    page = report.write(run.folder.path, lang="en")[0].read_text(encoding="utf-8")
    assert page.count("from WS01 as CORP\\u1") > 3


def test_the_self_test_asks_the_server(site: Callable[..., Site]) -> None:
    made = site()
    host = RemotingHost(WindowsHost(pwsh.STAND_IN, "substitute"), NAME)
    report = selftest.run(host, NAME, dt.datetime(2026, 1, 5, tzinfo=dt.UTC), only=["service"])
    assert {each.script: each.result for each in report.tried} == {"preflight": "ok", "service": "ok"}, report
    assert "WS01" not in report.to_json()
    assert made.left_there() == []


#: What refuses the line: what is so on the workstation, what on the server, and the act that the one sentence names.
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "WinRM is off": ({UNREACHED: "CannotConnect,PSSessionOpenFailed"}, {}, r"Enable-PSRemoting.*\(E41\)"),
    "the name": ({UNREACHED: "ComputerNotFound,PSSessionOpenFailed"}, {}, r"Resolve-DnsName.*\(E51\)"),
    "an account without rights": ({UNREACHED: "AccessDenied,PSSessionOpenFailed"}, {}, r"CORP\\u1.*\(E47\)"),
    "no administrator there": ({}, {"/computer/elevated": False}, r"CORP\\u1.*Administrators.*\(E47\)"),
    "TrustedHosts": ({UNREACHED: "ServerNotTrusted,PSSessionOpenFailed"}, {}, r"do not widen TrustedHosts \(E49\)"),
    "the clocks": (
        {UNREACHED: "PSSessionOpenFailed", "/lineSays": "The error with errorcode 0x80090324 occurred."},
        {},
        r"w32tm /resync.*\(E48\)",
    ),
    "a constrained endpoint": (
        {},
        {"/languageMode": "ConstrainedLanguage"},
        r"\(ConstrainedLanguage\).*ordinary endpoint",
    ),
}


def test_a_refusal_of_the_line_is_one_sentence_before_any_step(site: Callable[..., Site], draw: int) -> None:
    """Two, drawn, which each failure names; ``RUNBOOK_REFUSALS``: those whose names hold it ("" for all of them)."""
    named = os.environ.get("RUNBOOK_REFUSALS")
    drawn = random.Random(draw).sample(list(REFUSALS), 2) if named is None else [w for w in REFUSALS if named in w]
    made = site()
    for what in drawn:
        near, there, act = REFUSALS[what]
        server.change(made.here, **near)
        server.change(made.there, **there)
        with pytest.raises(BadInput) as refused:
            made.run("off", server=NAME, lang="en")
        told = str(refused.value)
        assert re.search(act, told), f"{what}: {told}"
        assert len(told.splitlines()) == 1, what
        assert told.endswith("No step was run."), what
        assert not (made.home / "cases" / "off" / "journal.jsonl").exists(), what
        assert made.left_there() == [], what
        server.change(made.here, **dict.fromkeys(near, server.MISSING))
        server.change(made.there, **dict.fromkeys(there, server.MISSING))
        server.change(made.there, **{"/computer/elevated": True})
    with pytest.raises(BadInput, match="reached: here"):
        made.run("off", server="WS01.corp.example", lang="en")
    made.run("off", server=NAME).close("waiting")


#: Where the line is cut during the backup, and by what the next run settles it: the answer that came back later (with
#: its exit code, or without), or the copies that lie on the server.
CUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "before the folder": ("seen", {"/paths": [{"on": "New-Item", "path": "rds-cal-runbook", "cut": "dies"}]}),
    "as the script starts": ("unseen", {"/paths": [{"on": "Set-Content", "path": "process.txt", "cut": "lives"}]}),
    "before the safety task": ("seen", {"/calls/Register-ScheduledTask": {"cut": "dies"}}),
    "as the service is stopped": ("seen", {"/calls/Stop-Service": {"cut": "dies"}}),
    "while it is copied": ("seen", {"/calls/robocopy.exe": {"cut": "dies"}}),
    "while it is copied, the script goes on": ("unseen", {"/calls/robocopy.exe": {"cut": "lives"}}),
    "before the service starts": ("seen", {"/calls/Start-Service": {"cut": "dies"}}),
    "while the files come back": (
        "brought",
        {"/paths": [{"on": "Get-ChildItem", "path": "rds-cal-runbook", "cut": "dies"}]},
    ),
}


@pytest.mark.parametrize("said", ["en: at eight points", "fr: en huit points"])
def test_the_page_says_at_how_many_points_the_line_was_cut(said: str) -> None:
    lang, words = said.split(": ")
    page = product.SCRIPTS.parents[1] / "docs" / lang / "runbook" / "workstation.md"
    assert words in page.read_text(encoding="utf-8")
    assert len(CUTS) == 8


def test_the_next_run_settles_a_backup_whose_line_was_cut_anywhere(site: Callable[..., Site], draw: int) -> None:
    """One point, drawn, which each failure names; ``RUNBOOK_CUTS``: those whose names hold it ("" for all of them)."""
    named = os.environ.get("RUNBOOK_CUTS")
    cuts = (
        [random.Random(draw).choice(list(CUTS.items()))]
        if named is None
        else [c for c in CUTS.items() if named in c[0]]
    )
    made = site()
    for number, (where, (by, fault)) in enumerate(cuts):
        name = f"cut-{number}"
        made.case(name)
        run = made.run(name, apply="backup")
        try:
            life.live(run, "preflight")  # no change is made on a server that nobody has seen
            run.status |= {"license-server": Status.SUCCEEDED, "key-packs-after": Status.SUCCEEDED}
            server.change(made.there, **fault)
            end = life.live(run, "backup")
            made.let_it_end()
            assert end["status"] == "unknown", f"{where}: {end['lines']}"
            assert "remoting.unknown_cut" in keys(end), where
            state = server.read(made.there)
            if state["service"]["state"] != "Running":
                assert state["task"] == "RdsCalRunbook-StartTermServLicensing", f"{where}: the net is on the server"
            assert "task" not in server.read(made.here), where
            # Nothing is tried again by itself: the same run says so again, and no second change begins.
            assert life.live(run, "backup")["status"] == "unknown"
        finally:
            run.close("failed")
        clean = dict.fromkeys((*fault, "/task", "/taskIs"), server.MISSING)
        server.change(made.there, **clean, **{"/service/state": "Running"})
        case = made.home / "cases" / name / "case.yml"  # another place by now: the change is settled where it was made
        case.write_text(case.read_text(encoding="utf-8").replace("D:\\Backups", "E:\\Backups"), encoding="utf-8")
        later = made.run(name)
        try:
            end = life.live(later, "backup")
            events = [e for e in later.history().entries if e["event"] in ("brought", "verified")]
        finally:
            later.close("waiting")
        told, files = keys(end), {row["path"] for row in end["evidence"]}
        assert len(later.history().begins("backup")) == 1, where
        assert end["of"]["run"] == run.name, where
        place = server.local(made.there, "D:\\Backups")
        copies = sorted(place.glob("*.json"))
        if by == "seen":
            assert end["status"] == "failed", f"{where}: {told}"
            assert told[:2] == ["remoting.verified", "backup.seen_not_made"], where
            assert end["lines"][1]["fields"]["place"] == "D:\\Backups", where
            assert events[-1]["event"] == "verified", where
            assert f"{later.name}/backup/verification/out.json" in files, where
            assert copies == [], where
        else:
            assert end["status"] in ("succeeded", "finding"), f"{where}: {told}"
            assert told[0] == ("remoting.brought" if by == "brought" else "remoting.brought_unseen"), where
            assert end.get("exit_code") == (0 if by == "brought" else None), where
            assert [e["event"] for e in events] == ["brought"], where
            assert f"{later.name}/backup/out.json" in files, where
            assert len(copies) == 1, where
        assert made.left_there() == [], where
        page = report.write(later.folder.path, lang="en")[0].read_text(encoding="utf-8")
        assert f"settled in {later.name}" in page, where
        shutil.rmtree(place, ignore_errors=True)  # a first copy that never began made no place


@pytest.mark.parametrize(("days", "left"), [(1, 1), (8, 0)])
def test_what_a_broken_line_left_goes_after_a_week(site: Callable[..., Site], days: int, left: int) -> None:
    made = site()
    ticks = int((time.time() - days * 86400) * 10_000_000) + 621_355_968_000_000_000  # .NET counts from the year 1
    for kind, number in (("change", 0), ("check", 1)):
        folder = made.there / f"drives/C/Windows/Temp/rds-cal-runbook-{kind}-1-{ticks}-{number:032x}"
        folder.mkdir(parents=True)
        (folder / "in.json").write_text("{}", encoding="utf-8")
        (folder / "out.json").write_text("[]", encoding="utf-8")
    made.run("week", server=NAME).close("waiting")
    assert len(made.left_there()) == left
    for name in made.left_there():
        kept = made.there / "drives/C/Windows/Temp" / name
        assert [path.name for path in kept.iterdir()] == ["out.json"], "what it was given is gone"


def test_no_step_is_run_beside_a_script_that_nobody_wrote_down(site: Callable[..., Site]) -> None:
    """The line was cut between the start of a change and the note of which process it is: its command line says so."""
    made = site()
    folder = made.there / f"drives/C/Windows/Temp/rds-cal-runbook-change-1-1-{0:032x}"
    folder.mkdir(parents=True)
    script = str(folder / "script.ps1")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", script]) as going:
        try:
            with pytest.raises(BadInput, match="still at work"):
                made.run("beside", server=NAME, lang="en")
            assert made.left_there() == [folder.name]
        finally:
            going.kill()
    made.run("beside", server=NAME).close("waiting")
    assert made.left_there() == []


def test_a_slow_script_is_ended_on_the_server_at_its_own_limit(site: Callable[..., Site], tmp_path: Path) -> None:
    made = site()
    server.change(made.there, **{"/calls/w32tm.exe": {"sleep": 60}})
    script = tmp_path / "script.ps1"
    script.write_bytes((product.SCRIPTS / "preflight.ps1").read_bytes())
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    call = Call("preflight", script, tmp_path, {}, 6, 1)
    host = RemotingHost(WindowsHost(pwsh.STAND_IN, "substitute"), NAME)
    ended = as_there(tmp_path, process.run(host.command(call), tmp_path, host.limit(call)))
    said = read_line(tmp_path)
    assert said is not None
    assert said.timed_out, said
    assert ended.timed_out
    assert said.removed is True
    assert made.left_there() == []


def test_a_text_that_changed_on_the_way_is_not_run(site: Callable[..., Site], tmp_path: Path) -> None:
    made = site()
    script = tmp_path / "script.ps1"
    script.write_bytes(b"throw 'it ran'\n")
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    host = RemotingHost(WindowsHost(pwsh.STAND_IN, "substitute"), NAME)
    command = host.command(Call("preflight", script, tmp_path, {}, 60, 1))
    script.write_bytes(b"'other'\n")
    process.run(command, tmp_path, 120)
    said = read_line(tmp_path)
    assert said is not None
    assert said.fault is not None
    assert "SHA-256" in said.fault.message
    assert not said.started
    assert made.left_there() == []


def test_a_script_that_fails_there_is_that_failure_here(site: Callable[..., Site], tmp_path: Path) -> None:
    made = site()
    script = tmp_path / "script.ps1"
    script.write_bytes(b"throw 'it failed over there'\n")
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    call = Call("preflight", script, tmp_path, {}, 60, 1)
    host = RemotingHost(WindowsHost(pwsh.STAND_IN, "substitute"), NAME)
    ended = as_there(tmp_path, process.run(host.command(call), tmp_path, host.limit(call)))
    said = read_line(tmp_path)
    assert said is not None
    assert (said.ended, said.whole, said.fault) == (True, True, None)
    assert ended.exit_code == said.exit_code == 1
    assert b"it failed over there" in (tmp_path / "stderr.bin").read_bytes()
    assert made.left_there() == []


def test_two_hundred_hosts_are_asked_from_the_workstation(site: Callable[..., Site]) -> None:
    made = site()
    state = server.read(made.here)
    names = [f"RDSH{number:03d}.corp.example" for number in range(200)]
    one = {**state["hosts"]["RDSH01.corp.example"], "calls": {"gpresult.exe": {"missing": True}}}  # a process each
    state["hosts"] = dict.fromkeys(names, one)
    (made.here / "server.json").write_text(json.dumps(state), encoding="utf-8")
    made.case("many")
    file = made.home / "cases" / "many" / "case.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[RDSH01.corp.example]", f"[{', '.join(names)}]"), encoding="utf-8")
    run = made.run("many")
    try:
        assert life.live(run, "preflight")["status"] == "succeeded"
        assert read_line(run.path / "preflight") is not None, "the one server, over the line"
        end = life.live(run, "hosts-policy")
        assert len(end["table"]) == 200
        assert read_line(run.path / "hosts-policy") is None, "no session on the license server"
    finally:
        run.close("waiting")
