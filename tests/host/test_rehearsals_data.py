"""The recordings: every one has the shape of what a script would write, and none could be taken for a real server."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.case.model import load_case
from runbook.host import rehearsal
from runbook.journal import confirm
from runbook.journal.outcome import Status
from runbook.knowledge import catalogue, reference
from runbook.knowledge.catalogue import notebook_steps
from runbook.steps.host_state import HostsAnswer
from runbook.steps.opening import LicenseServerPrivate
from runbook.steps.registry import read_answer
from runbook.words import sentences

ROOT = sentences.data_root() / "notebooks" / "rehearsals"
NAMES = catalogue.rehearsals()
FILES = sorted(p for p in ROOT.rglob("*") if p.is_file())
OUTS = [p for p in FILES if p.name == "out.json"]
OUTCOMES = {"done", "waiting", "failed"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def step_of(path: Path) -> str:
    """The step whose answer ``path`` is a part of: ``NAME/steps/STEP/...``."""
    return path.relative_to(ROOT).parts[2]


def text_of(path: Path) -> str:
    raw = path.read_bytes()
    return raw.decode("utf-16") if raw.startswith(b"\xff\xfe") else raw.decode("utf-8")


def read_out(path: Path) -> Any:
    script = reference.step(step_of(path)).script
    assert script is not None, f"{relative(path)}: this step runs no script"
    return read_answer(script, json.loads(path.read_text(encoding="utf-8")))


def test_every_way_it_can_go_wrong_has_its_recording() -> None:
    assert NAMES[0] == "nominal"
    assert set(NAMES) >= {
        "not-elevated", "role-missing", "not-activated", "no-route-443", "packs-not-found", "one-pack-of-40",
        "only-20-of-40", "wrong-cal-version", "key-pack-refused", "host-per-device", "host-old-server",
        "host-unreachable", "host-status-8", "backup-locked", "channel-missing", "step-hangs", "killed-in-backup",
        "line-nominal", "line-winrm-off", "line-no-rights", "line-cut-in-backup", "line-cut-settled",
        "line-slow",
    }  # fmt: skip


@pytest.mark.parametrize("path", OUTS, ids=relative)
def test_an_answer_has_its_scripts_shape(path: Path) -> None:
    read_out(path)


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "private.json"], ids=relative)
def test_private_identifiers_end_as_the_answer_shows_them(path: Path) -> None:
    private = LicenseServerPrivate.model_validate_json(path.read_text(encoding="utf-8"))
    shown = read_out(path.with_name("out.json"))
    assert (private.license_server_id or "")[-5:] == (shown.license_server_id_tail or "")


@pytest.mark.parametrize("notebook", sorted({rehearsal.load(name).plot.notebook for name in NAMES}))
def test_the_nominal_recording_answers_every_script(notebook: str) -> None:
    recording = rehearsal.load(rehearsal.nominal(notebook))
    asked = {step for step in notebook_steps(notebook) if reference.step(step).script}
    assert {step for step in asked if recording.find(f"steps/{step}/out.json")} == asked


@pytest.mark.parametrize("path", [p for p in OUTS if step_of(p).startswith("hosts-")], ids=relative)
def test_reports_that_an_answer_names_lie_beside_it(path: Path) -> None:
    answer = read_out(path)
    assert isinstance(answer, HostsAnswer)
    for host in answer.hosts:
        if host.reading and host.reading.gp_result:
            for name in (host.reading.gp_result.xml_file, host.reading.gp_result.html_file):
                assert name is None or (path.parent / "files" / host.name / name).is_file()


@pytest.mark.parametrize("path", [p for p in OUTS if step_of(p) == "export-logs"], ids=relative)
def test_exported_logs_lie_beside_their_answer(path: Path) -> None:
    for row in read_out(path).exports:
        log = path.parent / "files" / row.file
        assert log.is_file() != row.missing
        assert row.missing or log.stat().st_size == row.size


@pytest.mark.parametrize("name", NAMES)
def test_what_is_expected_speaks_of_known_steps_and_statuses(name: str) -> None:
    recording = rehearsal.load(name)
    steps = {step.id for step in reference.steps()}
    expected = recording.plot.expect
    assert [run.run for run in expected] == list(range(1, recording.runs + 1))
    for run in expected:
        assert run.outcome in OUTCOMES
        assert run.steps
        assert set(run.steps) <= steps
        assert set(run.steps.values()) <= {status.value for status in Status}
    assert {a.step for a in recording.plot.accepts} | set(recording.plot.limits) | set(recording.apply or ()) <= steps


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", sentences.LANGS)
def test_what_the_recorded_operator_says_answers_what_is_asked(name: str, lang: str) -> None:
    recording = rehearsal.load(name)
    for answer in recording.answers:
        assert 1 <= answer.run <= recording.runs
        confirm.check(reference.step(answer.step), answer.fields, lang)
        assert all(recording.find(f"papers/{paper}") for paper in answer.attach)


@pytest.mark.parametrize("name", NAMES)
def test_the_case_of_a_recording_is_good_and_its_proofs_exist(name: str) -> None:
    recording = rehearsal.load(name)
    source = recording.find("case.yml")
    assert source is not None
    case = load_case(source, source.parent.name, "en")
    assert case.expected_cals() == 40
    assert all(recording.find(proof) for pack in case.packs for proof in pack.proofs)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_variant_holds_only_what_differs(name: str) -> None:
    base = rehearsal.load(rehearsal.load(name).plot.base or "")
    for path in sorted((ROOT / name / "steps").glob("*/out.json")):
        same = base.find(f"steps/{path.parent.name}/out.json")
        later = list(path.parent.glob("run*/out.json"))
        played = (path.parent / "answer.yml").is_file()
        if same is None and name == rehearsal.nominal(rehearsal.load(name).plot.notebook):
            continue  # another notebook's own steps
        assert same is not None
        assert later or played or same.read_bytes() != path.read_bytes(), f"{relative(path)} repeats its base"


@pytest.mark.parametrize("name", NAMES)
def test_titles_stand_in_both_languages_with_french_typography(name: str) -> None:
    plot = rehearsal.load(name).plot
    for text in (plot.title, plot.description):
        assert text.fr and text.en and text.fr != text.en
        assert "'" not in text.fr
        assert not re.search(r"(?<!\u00a0)[:;?!»](?=\s|$)|«(?!\u00a0)", text.fr), text.fr


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_could_be_taken_for_a_real_server(path: Path) -> None:
    text = text_of(path)
    for found in re.findall(r"(?<![A-Z0-9-])(?:[A-Z0-9]{5}-){6}[A-Z0-9]{5}(?![A-Z0-9-])|\b[A-Z0-9]{35}\b", text):
        assert found.replace("-", "").startswith("REHEARSAL"), found
    for found in re.findall(r"\b(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}\b(?!-)", text):
        assert "REHEA" in text[max(0, text.find(found) - 12) : text.find(found) + 35], found
    for address in re.findall(r"[\w.+-]+@[\w.-]+", text):
        assert address.endswith("@corp.example")
    for number in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text):
        assert ipaddress.ip_address(number) in ipaddress.ip_network("192.0.2.0/24")
    for domain in re.findall(r"\b[\w-]+\.(?:com|net|org|local|fr)\b", text.replace("schemas.microsoft.com", "")):
        assert domain == "microsoft.com", domain


@pytest.mark.parametrize(
    "path", [p for p in FILES if "files" in p.parts or "papers" in p.parts or p.name == "case.yml"], ids=relative
)
def test_made_up_papers_say_so(path: Path) -> None:
    assert "REHEARSAL" in text_of(path)


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".yml"], ids=relative)
def test_yaml_is_plain(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)
