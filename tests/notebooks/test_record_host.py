"""A real case made into a rehearsal: it plays as the case went, and nobody is in it any more.

The "real" case is one against the fake powershell.exe, whose answers carry made-up names.
"""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_host import NOMINAL, FakePowerShell

from runbook.case.folder import CaseFolder
from runbook.errors import BadInput
from runbook.host import rehearsal
from runbook.journal import confirm
from runbook.knowledge import reference
from runbook.redaction import recording

#: The nominal recording's names, and others that no token looks like.
NAMES = {
    "corp.example": "ardoise-quimper.example",
    "RDLIC01": "KESTREL",
    "RDLIC-OLD1": "OLDOWL",
    "RDLIC-OLD2": "OLDKITE",
    "RDSH01": "FALCON",
    "RDSH02": "MERLIN",
    "RDSH03": "BUZZARD",
    "REHEARSAL SA": "Ardoise Quimpéroise SARL",
    "name: REHEARSAL,": "name: Hélène Kerguelen,",
    "CHG-REHEARSAL-1": "CHG-774411",
    "REHEARSAL-AGREEMENT": "01234567",  # without quotes: YAML would take it for 342391, written in base eight
}
GONE = (
    "ardoise", "quimper", "kestrel", "oldowl", "oldkite", "falcon", "merlin", "buzzard", "kerguelen", "774411",
    "01234567", "342391",
)  # fmt: skip


def renamed(text: str) -> str:
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def real_case(workspace: Any, fake: FakePowerShell, name: str) -> CaseFolder:
    """A case with other names, its answers in the fake, everything confirmed."""
    answers = fake.home / "answers"
    fake.nominal()
    for told in sorted(fake.home.glob("*.json")):
        said = json.loads(told.read_text(encoding="utf-8"))
        out = answers / told.stem / "out.json"
        out.parent.mkdir(parents=True)
        out.write_text(renamed(Path(said["out_from"]).read_text(encoding="utf-8-sig")), encoding="utf-8")
        said["out_from"] = str(out)
        told.write_text(json.dumps(said), encoding="utf-8")
    folder = CaseFolder(workspace.path / "cases" / name)
    folder.path.mkdir(parents=True)
    case = renamed((NOMINAL.parent / "case.yml").read_text(encoding="utf-8")).replace("case: nominal", f"case: {name}")
    folder.case_file.write_text(case, encoding="utf-8", newline="\n")
    recording = rehearsal.load("nominal")
    papers = recording.find("papers")
    assert papers is not None
    shutil.copytree(papers, folder.path / "papers")
    for answer in recording.answers:
        fields = json.loads(renamed(json.dumps(dict(answer.fields))))
        files = [papers / each for each in answer.attach]
        confirm.enter(folder, reference.step(answer.step), fields, who="Hélène Kerguelen", attach=files)
    return folder


def test_a_recording_plays_as_the_case_went_and_names_nobody(workspace: Any, tmp_path: Path) -> None:
    fake = FakePowerShell.make(tmp_path)
    folder = real_case(workspace, fake, "case-real")
    stdout = "Hôte : FALCON.ardoise-quimper.example – Kerguelen".replace("–", "-").encode("cp850")
    said = json.loads((fake.home / "service.json").read_text(encoding="utf-8"))
    fake.tell("service", out_from=said["out_from"], stdout=stdout)
    real = workspace.papermill("case-real", "-p", "apply", "backup,gpupdate", **fake.environ(encoding="cp850"))
    assert real.exit_code == 0, real.stderr
    target = tmp_path / "recorded, été"
    done = workspace.runbook("record-host", str(target), "--of", "case-real", "--lang", "en")
    assert done.returncode == 0, done.stderr
    line = done.stdout.strip().rpartition(": ")[2]
    assert shlex.split(line) == ["runbook", "run", "rehearsal-case-real", "--rehearsal", str(target)], "to be pasted"

    for path in (p for p in target.rglob("*") if p.is_file()):
        for text in (path.as_posix().removeprefix(str(target)), path.read_bytes().decode("latin-1")):
            assert not [word for word in GONE if word in text.lower()], path
    original = json.loads((folder.path / "private" / "clearinghouse-01.json").read_text(encoding="utf-8"))
    plot = yaml.safe_load((target / "rehearsal.yml").read_text(encoding="utf-8"))
    played_ids = [p["id"] for a in plot["answers"] if a["step"] == "clearinghouse" for p in a["fields"]["packs"]]
    real_ids = [pack["id"] for pack in original["packs"]]
    assert not set(played_ids) & set(real_ids)
    assert [each[-5:] for each in played_ids] == [each[-5:] for each in real_ids]
    assert (
        rehearsal.Answered.model_validate(
            yaml.safe_load((target / "steps" / "service" / "answer.yml").read_text(encoding="utf-8"))
        ).encoding
        == "cp850"
    )

    played = workspace.papermill("case-played", "-p", "rehearsal", str(target))
    assert played.exit_code == 0, played.stderr
    last = {name: each.history.runs()[-1] for name, each in (("real", real), ("played", played))}
    steps = [e["step"] for e in real.history.entries if e["event"] == "end"]
    for step in dict.fromkeys(steps):
        then, now = real.history.end_in(step, last["real"]), played.history.end_in(step, last["played"])
        assert then is not None and now is not None, step
        assert now["status"] == then["status"], (step, now["lines"])


def test_what_is_no_real_case_is_refused(workspace: Any, tmp_path: Path) -> None:
    workspace.papermill("case-rehearsed")
    folder = workspace.path / "cases" / "case-rehearsed"
    with pytest.raises(BadInput, match="does not come from a server"):
        recording.record_host(folder, tmp_path / "out", "en")
    assert not (tmp_path / "out").exists()
    nothing = workspace.path / "cases" / "case-new"
    nothing.mkdir()
    with pytest.raises(BadInput, match="never run"):
        recording.record_host(nothing, tmp_path / "out", "en")
    done = workspace.runbook("record-host", str(tmp_path / "out"), "--of", "case-missing")
    assert done.returncode == 2
