"""How Windows PowerShell is called (DESIGN: "PowerShell 5.1, called from Python"), proved on this machine by a fake
powershell.exe that takes exactly the right arguments, notes what it was given and counts the changes.

What the fake cannot prove is proved on a server by tests/windows.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from fake_host import NOMINAL, FakePowerShell
from samples import samples

from runbook.case.folder import CaseFolder
from runbook.files import write_json
from runbook.host import process, rehearsal
from runbook.host.answer import read_answer
from runbook.host.call import Call
from runbook.host.evidence import put_secrets_away
from runbook.host.guard import DONE
from runbook.host.guard import start as start_guard
from runbook.host.windows import WindowsHost
from runbook.journal import confirm
from runbook.journal.lines import Journal
from runbook.journal.outcome import Answer
from runbook.knowledge import reference

SAMPLES = samples() / "clixml"
#: Everything that would go wrong if a value were ever pasted into a command line or a script.
NASTY = 'D:\\Sauvegardes d\'été\\"$(Get-Date)" `n; & | %PATH% €\n-File x.ps1 '


@pytest.fixture
def fake(tmp_path: Path) -> FakePowerShell:
    return FakePowerShell.make(tmp_path)


class OneStep:
    """One call of the host, as steps.py makes it, without a notebook around it."""

    def __init__(self, fake: FakePowerShell, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fake, self.folder, self.private = fake, folder / "r01" / "service", folder / "private"
        self.folder.mkdir(parents=True)
        self.private.mkdir()
        monkeypatch.setenv("FAKE_POWERSHELL", str(fake.home))

    def run(self, inputs: dict[str, Any] | None = None, encoding: str = "utf-8", limit: float = 30) -> Answer:
        host = WindowsHost(self.fake.executable, "substitute", encoding)
        script = self.folder / "script.ps1"
        script.write_bytes(b"\xef\xbb\xbf# \xc3\xa9\xc3\xa8\n")
        write_json(self.folder / "in.json", inputs or {})
        call = Call("service", script, self.folder, inputs or {}, limit, 1)
        ended = process.run(host.command(call), self.folder, host.limit(call))
        put_secrets_away(self.folder, self.private, "service-r01")
        return read_answer(self.folder, ended, host.encoding(call))


@pytest.fixture
def one(fake: FakePowerShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OneStep:
    return OneStep(fake, tmp_path / "case", monkeypatch)


# -- one call


def test_the_arguments_are_a_list_and_carry_no_value(one: OneStep) -> None:
    one.fake.tell("service", out=[])
    assert one.run({"Destination": NASTY}).exit_code == 0
    (call,) = one.fake.calls()
    fixed = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File"]
    folder = one.folder
    files = [folder / "script.ps1", "-InputPath", folder / "in.json", "-OutputPath", folder / "out.json"]
    assert call["words"] == [*fixed, *map(str, files)]
    assert call["stdin"] == 0, "nothing can be asked at a prompt"
    assert call["given"] == {"Destination": NASTY}
    assert call["bom"]
    assert call["script"] == "# éè\n", "accents of a script arrive"


def test_any_other_argument_list_is_refused_by_the_fake(one: OneStep) -> None:
    """The fake is no rubber stamp."""
    wrong = [str(one.fake.executable), "-NoProfile", "-ExecutionPolicy", "Bypass", "-File", "x", "-Y", "z"]
    assert process.run(wrong, one.folder, 30).exit_code == 64


@pytest.mark.parametrize(("code", "ok"), [(0, True), (1, False), (8, False), (255, False)])
def test_exit_codes(code: int, ok: bool, one: OneStep) -> None:
    one.fake.tell("service", out=[], exit_code=code)
    answer = one.run()
    assert (answer.exit_code, answer.ok) == (code, ok)


def test_exit_0_without_out_json_is_no_success(one: OneStep) -> None:
    one.fake.tell("service", stdout=b"all is well")
    answer = one.run()
    assert (answer.exit_code, answer.out, answer.ok, answer.text) == (0, None, False, "all is well")


TEXT = "Accès refusé : « côté » – 5 %"


@pytest.mark.parametrize(
    ("declared", "raw", "text", "damaged"),
    [
        ("cp850", "Accès refusé".encode("cp850"), "Accès refusé", False),
        ("cp1252", TEXT.encode("cp1252"), TEXT, False),
        ("utf-8", TEXT.encode(), TEXT, False),
        ("cp850", b"\xff\xfe" + TEXT.encode("utf-16-le"), TEXT, False),
        ("cp850", b"\xef\xbb\xbf" + TEXT.encode(), TEXT, False),
        ("utf-8", "Accès".encode("cp850"), "Acc\ufffds", True),
        ("cp1252", b"a\x81b", "a\ufffdb", True),
        ("utf-16", b"a\x00b", "a\ufffd", True),
    ],
)
def test_output_is_decoded_as_declared_and_damage_is_flagged(
    declared: str, raw: bytes, text: str, damaged: bool, one: OneStep
) -> None:
    one.fake.tell("service", out=[], stdout=raw, stderr=raw)
    answer = one.run(encoding=declared)
    assert (answer.text, answer.damaged) == (text, damaged)
    assert answer.errors == (text,)
    assert (one.folder / "stdout.bin").read_bytes() == raw
    assert (one.folder / "stderr.bin").read_bytes() == raw


def test_clixml_on_stderr(one: OneStep) -> None:
    one.fake.tell("service", stderr=(SAMPLES / "pypsrp_sanitise_clixml_with_error.xml").read_bytes(), exit_code=1)
    with_error = one.run()
    one.fake.tell("service", stderr=(SAMPLES / "pypsrp_sanitise_clixml_with_no_errors.xml").read_bytes(), out=[])
    without = one.run()
    told = "\n".join(with_error.errors)
    assert with_error.errors
    assert "_x000D_" not in told
    assert "<" not in told
    assert "Preparing modules" not in told, "progress records are dropped"
    assert without.errors == ()


def test_the_limit_ends_the_tree(one: OneStep) -> None:
    one.fake.tell("service", child=True, seconds=600)
    answer = one.run(limit=2)
    assert (answer.timed_out, answer.exit_code) == (True, None)
    numbers = [int(word) for word in answer.text.split()]
    assert len(numbers) == 2
    end = time.monotonic() + 10
    while any(psutil.pid_exists(n) and psutil.Process(n).status() != psutil.STATUS_ZOMBIE for n in numbers):
        assert time.monotonic() < end, "a child of the script is still there"
        time.sleep(0.05)


def test_what_was_secret_leaves_the_evidence(one: OneStep) -> None:
    secret = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"
    one.fake.tell("service", out=[], files={"private.json": json.dumps({"LicenseServerId": secret})})
    one.run({"Ids": [secret]})
    assert one.fake.calls()[0]["given"] == {"Ids": [secret]}, "the script was given the whole"
    assert secret not in (one.folder / "in.json").read_text(encoding="utf-8")
    assert secret[-5:] in (one.folder / "in.json").read_text(encoding="utf-8")
    assert not (one.folder / "private.json").exists()
    assert json.loads((one.private / "service-r01.json").read_text(encoding="utf-8")) == {"LicenseServerId": secret}


def test_the_guard_makes_the_same_call(one: OneStep) -> None:
    """A change: same arguments, same putting away, from the process that outlives the kernel."""
    one.fake.tell("service", out=[], exit_code=3, files={"private.json": "{}"})
    write_json(one.folder / "in.json", {"Destination": NASTY})
    script = one.folder / "script.ps1"
    script.write_bytes(b"\xef\xbb\xbf# x\n")
    call = Call("service", script, one.folder, {}, 30, 1)
    argv = WindowsHost(one.fake.executable).command(call)
    case = one.private.parent
    spec = {
        "case": str(case), "run": "r01", "step": "service", "attempt": 1, "argv": argv, "limit": 30,
        "folder": str(one.folder), "private": str(one.private),
    }  # fmt: skip
    assert start_guard(spec, one.folder).wait(60) == DONE
    assert one.fake.calls()[0]["given"] == {"Destination": NASTY}
    assert (one.private / "service-r01.json").exists()
    assert Journal(case / "journal.jsonl").entries()[-1]["exit_code"] == 3


# -- a whole case against the fake


CASE = (NOMINAL.parent / "case.yml").read_text(encoding="utf-8")


def laid_out(workspace: Any, name: str, unsaid: str = "", **changed: str) -> CaseFolder:
    """A case that is no rehearsal, everything a person has to say already said, but of the step ``unsaid``."""
    folder = CaseFolder(workspace.path / "cases" / name)
    folder.path.mkdir(parents=True)
    text = CASE.replace("case: nominal", f"case: {name}")
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    folder.case_file.write_text(text, encoding="utf-8", newline="\n")
    recording = rehearsal.load("nominal")
    papers = recording.find("papers")
    assert papers is not None
    for paper in papers.iterdir():
        target = folder.path / "papers" / paper.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(paper.read_bytes())
    for answer in (answer for answer in recording.answers if answer.step != unsaid):
        files = [papers / name for name in answer.attach]
        confirm.enter(folder, reference.step(answer.step), answer.fields, who="test", attach=files)
    return folder


def test_a_case_from_end_to_end_and_again(workspace: Any, fake: FakePowerShell) -> None:
    destination = json.dumps('D:\\Été d\'"ici"\\$(Get-Date) `x; €', ensure_ascii=False)
    # nobody says that the packs are in: a change that a person has made is not made again
    folder = laid_out(workspace, "case-fake", "install-packs", **{"'D:\\Backups\\RDS-Licensing'": destination})
    fake.nominal()
    passing = b"Get-CimInstance : HRESULT 0x800706ba,Microsoft.Management.Infrastructure.CimCmdlets\n"
    fake.tell("license-server", call=1, stderr=passing, exit_code=1)
    fake.tell("preflight", out_from=str(NOMINAL / "preflight" / "out.json"), stdout="Démarré".encode("cp850"))
    fake.tell("roles", out_from=str(NOMINAL / "roles" / "out.json"), stdout="Démarré".encode())
    fake.tell("network", out_from=str(NOMINAL / "network" / "out.json"), stdout=b"\x81\x8d")
    environ = fake.environ(encoding="cp1252")
    apply = ("-p", "apply", "install-packs,backup,gpupdate", "-p", "lang", "fr")
    first = workspace.papermill("case-fake", *apply, **environ)
    ends = {e["step"]: e for e in first.history.entries if e["event"] == "end"}
    assert first.exit_code == 0, first.stderr + json.dumps(ends.get("backup"))
    assert Journal(folder.journal).check() == []

    # Each script ran with its mark, as what lies in the evidence, with the hash that the journal gives.
    begun = {e["step"]: e for e in first.history.entries if e["event"] == "begin"}
    for call in fake.calls():
        step = call["step"]
        assert call["bom"], step
        kept = (folder.path / "r01" / step / "script.ps1").read_bytes()
        assert call["script"] == kept.decode("utf-8-sig")
        assert call["sha256"] == begun[step]["script_sha256"], step
        assert begun[step]["encoding"] == "cp1252"
    assert fake.calls("preflight")[0]["script"] == reference.script("preflight")
    assert not begun["preflight"]["edited"]

    # No value in any argument; what a person wrote arrives untouched; identifiers arrive whole and do not stay.
    assert fake.calls("backup")[0]["given"]["Destination"] == json.loads(destination)
    assert not any("Get-Date" in word for call in fake.calls() for word in call["words"])
    whole = "".join(fake.calls("install-packs")[0]["given"]["LicenseKeyPackIds"])
    assert len(whole) == 70
    for path in folder.path.rglob("*"):
        if path.is_file() and "private" not in path.parts:
            assert whole[:35].encode() not in path.read_bytes(), path
            assert b"REHEA-RSALO-NLYKE" not in path.read_bytes(), path
    assert list(folder.path.glob("private/license-server-r01.json"))

    # What did not fit the console's declared page is told, and only that.
    damaged = [s for s, e in ends.items() if any(line["key"] == "host.damaged" for line in e["lines"])]
    assert damaged == ["network"]

    # No script has been seen on a real server yet, and every step that ran one says so.
    marked = {s for s, e in ends.items() if any(line["key"] == "host.unproven" for line in e["lines"])}
    assert {step for step in begun if reference.is_unproven(step)} <= marked
    assert "Pas encore prouvé sur un serveur" in first.output.read_text(encoding="utf-8")

    # A passing error of a check: once more, told, both answers kept. Everything else was called once.
    count = {step: len(fake.calls(step)) for step in begun}
    assert {step: n for step, n in count.items() if n != 1} == {"license-server": 2}
    assert ends["license-server"]["lines"][0]["key"] == "host.tried_again"
    assert (folder.path / "r01" / "license-server" / "first-try" / "stderr.bin").read_bytes() == passing
    assert sorted(fake.effects()) == ["backup", "gpupdate", "install-packs"]

    # Again: nothing is done twice, counted where it happens.
    second = workspace.papermill("case-fake", *apply, **environ)
    assert second.exit_code == 0, second.stderr
    assert sorted(fake.effects()) == ["backup", "gpupdate", "install-packs"]
    assert "HÔTE DE SUBSTITUTION" in second.output.read_text(encoding="utf-8")

    # What a stand-in answered is never sealed as a real case.
    sealed = workspace.runbook("seal", "case-fake", "--as-is", "essai")
    assert sealed.returncode == 0, sealed.stderr
    bag = workspace.path / "archive" / "case-fake-REHEARSAL"
    assert "Runbook-Rehearsal: substitute" in (bag / "bag-info.txt").read_text(encoding="utf-8")
    assert "RÉPÉTITION" in (bag / "data" / "record.fr.html").read_text(encoding="utf-8")
    assert "REHEARSAL" in workspace.runbook("--lang", "en", "status", "case-fake").stdout


def test_a_first_run_with_no_case_file_reads_prepares_the_file_and_waits(workspace: Any, fake: FakePowerShell) -> None:
    fake.nominal()
    first = workspace.papermill("case-new", "-p", "apply", "backup,gpupdate", "-p", "lang", "fr", **fake.environ())
    assert first.exit_code == 0, first.stderr
    assert fake.effects() == []
    assert first.history.closing("r01")["outcome"] == "waiting"
    text = first.folder.case_file.read_text(encoding="utf-8")
    assert "\n  name: RDLIC01.corp.example\n" in text
    assert "# Relevé sur ce serveur" in text
    assert "Pas encore prouvé" not in text  # only what helps to fill it in
    assert "localhost" not in text
    # Half filled in, the next run says what is missing, with lines, and runs nothing.
    again = workspace.papermill("case-new", **fake.environ())
    assert again.exit_code == 2
    assert "company" in again.stderr
    assert "packs" in again.stderr
    assert len(again.history.runs()) == 1


def test_without_elevation_nothing_else_is_asked(workspace: Any, fake: FakePowerShell) -> None:
    laid_out(workspace, "case-weak")
    fake.nominal()
    out = json.loads((NOMINAL / "preflight" / "out.json").read_text(encoding="utf-8-sig"))
    out[0]["IsElevated"] = False
    fake.tell("preflight", out=out)
    played = workspace.papermill("case-weak", "-p", "apply", "backup", **fake.environ())
    assert played.exit_code == 1
    assert [call["step"] for call in fake.calls()] == ["preflight"]
    assert fake.effects() == []


def test_a_change_that_fails_is_not_tried_again(workspace: Any, fake: FakePowerShell) -> None:
    laid_out(workspace, "case-change")
    fake.nominal()
    fake.tell("backup", stderr=b"HRESULT 0x800706BA,Stop-Service", exit_code=1)
    played = workspace.papermill("case-change", "-p", "apply", "backup", **fake.environ())
    assert played.exit_code == 1
    assert fake.effects() == ["backup"]


def test_a_reading_from_a_host_without_winrm_is_brought_in_by_one_command(
    workspace: Any, fake: FakePowerShell, tmp_path: Path
) -> None:
    folder = laid_out(workspace, "case-import")
    out = json.loads((NOMINAL / "hosts-verify" / "out.json").read_text(encoding="utf-8-sig"))
    row = out[0]["Hosts"][0]
    row["Local"], row["Reading"]["ComputerName"] = True, row["Name"].partition(".")[0]
    out[0]["Hosts"] = [row]
    (tmp_path / "host.json").write_text(json.dumps(out), encoding="utf-8-sig")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    refused = workspace.runbook("confirm", "case-import", "hosts-policy", "--attach", str(tmp_path / "bad.json"))
    assert refused.returncode == 2
    assert "bad.json" in refused.stderr
    done = workspace.runbook("confirm", "case-import", "hosts-policy", "--attach", str(tmp_path / "host.json"))
    assert done.returncode == 0, done.stderr
    assert row["Name"] in done.stdout
    assert [p.name for p in (folder.path / "attachments" / "hosts-policy").iterdir()] == ["01-host.json"]


@pytest.mark.parametrize("step", [s for s in reference.steps() if s.script], ids=lambda s: s.id)
def test_every_script_comes_after_the_test_of_elevation(step: reference.Step) -> None:
    reached, todo = set(), [step.id]
    while todo:
        here = todo.pop()
        reached.add(here)
        todo += [need for need in reference.step(here).needs if need not in reached]
    assert "preflight" in reached
