"""Each rehearsal, walked through step by step without a notebook: the verdicts come out as the recording expects.

What a step's life adds (limits, kills, the guard) is tested with the notebooks; here a step that hangs or dies in
the recording takes the status that the recording states.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.case.folder import CaseFolder
from runbook.case.model import load_case
from runbook.host import rehearsal, remoting
from runbook.journal import confirm
from runbook.journal.context import Context
from runbook.journal.lines import Journal
from runbook.journal.outcome import SATISFIED, Answer, Status, Verdict
from runbook.knowledge import catalogue, reference
from runbook.knowledge.catalogue import notebook_steps
from runbook.steps.attestation import checklist
from runbook.steps.registry import doing
from runbook.words.sentences import say

_FIRM = (Status.SUCCEEDED, Status.FINDING)


class Walk:
    """One recording in one case folder, run after run."""

    def __init__(self, name: str, lang: str, root: Path) -> None:
        self.recording = rehearsal.load(name)
        self.lang, self.folder = lang, root / "cases" / "walk"
        self.folder.mkdir(parents=True)
        source = self.recording.find("case.yml")
        assert source is not None
        text = re.sub(r"(?m)^case: .*$", "case: walk", source.read_text(encoding="utf-8"))
        (self.folder / "case.yml").write_text(text, encoding="utf-8", newline="\n")
        papers = self.recording.find("papers")
        if papers:
            shutil.copytree(papers, self.folder / "papers")
        self.case = load_case(self.folder / "case.yml", "walk")
        changes = [s.id for s in reference.steps() if s.kind == "change"]
        self.applied = frozenset(changes if self.recording.apply is None else self.recording.apply)
        self.facts: dict[str, dict[str, Any]] = {}
        self.done: dict[str, Verdict] = {}
        self.unknown: set[str] = set()
        self.confirms: dict[str, list[dict[str, Any]]] = {}
        self.journal = Journal(self.folder / "journal.jsonl")

    def run(self, number: int, expected: dict[str, str]) -> dict[str, Verdict]:
        found: dict[str, Verdict] = {}
        self.journal.append("open", run=f"r{number:02d}", notebook=self.recording.plot.notebook, case="walk")
        steps = [reference.step(step) for step in notebook_steps(self.recording.plot.notebook)]
        status: dict[str, Status] = {}
        for step in steps:
            if any(status.get(need, Status.PENDING) not in SATISFIED for need in step.needs):
                verdict = Verdict(Status.NOT_REACHED)
            else:
                verdict = self._step(step, number, status, expected)
            found[step.id], status[step.id] = verdict, verdict.status
            if verdict.told:
                self.facts[step.id] = verdict.told
        return found

    def _step(self, step: Any, number: int, status: dict[str, Status], expected: dict[str, str]) -> Verdict:
        run_folder = self.folder / f"r{number:02d}"
        step_folder = run_folder / step.id
        step_folder.mkdir(parents=True, exist_ok=True)
        self.journal.append("begin", run=run_folder.name, step=step.id)  # what lies in the folder is under way
        for answer in self.recording.answers:
            if (answer.run, answer.step) == (number, step.id):
                files = [p for name in answer.attach if (p := self.recording.find(f"papers/{name}"))]
                made = confirm.enter(CaseFolder(self.folder), step, answer.fields, who="rehearsal", attach=files)
                self.confirms.setdefault(step.id, []).append(made)
        context = Context(
            self.case, self.lang, self.folder, run_folder, step_folder, self.facts, status, self.confirms,
            self.applied, True,
        )  # fmt: skip
        change = step.kind == "change" or (step.script and step.kind == "manual" and step.id in self.applied)
        if (change or step.frozen) and step.id in self.done:
            done = self.done[step.id]
            return Verdict(Status.ALREADY_DONE, done.lines, done.facts)
        if needless := doing(step.id).needless(context):
            return needless
        if step.kind == "local":
            return doing(step.id).local(context)
        if step.kind == "manual" and not change:
            return doing(step.id).manual(context, self.confirms.get(step.id, []))
        if step.kind == "change" and not change:
            return Verdict(Status.WAITING)
        if expected.get(step.id) in ("timed_out", "unknown"):
            if expected[step.id] == "unknown":
                self.unknown.add(step.id)
            return Verdict(Status(expected[step.id]))
        json.dumps(doing(step.id).given(context))
        verdict = doing(step.id).judge(context, self._answer(step.id, number, step_folder))
        if verdict.status in _FIRM:
            self.done[step.id] = verdict
        return verdict

    def _answer(self, step: str, number: int, folder: Path) -> Answer:
        home = self.recording.step_folder(step, number)
        assert home is not None, f"no recording of {step}"
        if step in self.unknown and (home / "brought").is_dir():
            return self._brought(home / "brought", folder)
        for part in ("files", "private.json"):
            if (home / part).is_dir():
                shutil.copytree(home / part, folder / part, dirs_exist_ok=True)
            elif (home / part).is_file():
                CaseFolder(self.folder).private()
                shutil.copyfile(home / part, self.folder / "private" / f"{step}-r{number:02d}.json")
        out = home / "out.json"
        said = home / "answer.yml"
        plot = yaml.safe_load(said.read_text(encoding="utf-8")) if said.is_file() else {}
        data = json.loads(out.read_text(encoding="utf-8-sig")) if out.is_file() else None
        return Answer(plot.get("exit_code", 0), data, b"", b"", 0.1, folder)

    def _brought(self, home: Path, folder: Path) -> Answer:
        """What an unknown step had left on the server, with the exit code that the line brought with it."""
        session = remoting.read_line(home)
        assert session is not None and session.whole and session.exit_code is not None, home
        data = json.loads((home / "out.json").read_text(encoding="utf-8-sig"))
        return Answer(session.exit_code, data, b"", b"", 0.1, folder)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", catalogue.rehearsals())
def test_a_rehearsal_comes_out_as_it_says(name: str, lang: str, tmp_path: Path) -> None:
    walk = Walk(name, lang, tmp_path)
    for number in range(1, walk.recording.runs + 1):
        expected = next((e.steps for e in walk.recording.plot.expect if e.run == number), {})
        found = walk.run(number, {step: str(status) for step, status in expected.items()})
        wrong = {
            step: (str(found[step].status), [line.key for line in found[step].lines])
            for step, status in expected.items()
            if found[step].status != status
        }
        assert not wrong, f"{name}, run {number}"
        for step, verdict in found.items():
            _can_be_shown(step, verdict, lang)


def _can_be_shown(step: str, verdict: Verdict, lang: str) -> None:
    """Every sentence and table word exists, every hint too, and what goes into the journal is JSON without a
    whole identifier."""
    for line in verdict.lines:
        assert say(line.key, lang, **line.fields)
    for row in verdict.table:
        assert row.keys() == verdict.table[0].keys(), step
        for value in row.values():
            if isinstance(value, str) and value.startswith("steps."):
                assert say(value, lang)
    for column in verdict.table[0] if verdict.table else ():
        assert say(f"steps.column_{column}", lang)
    for hint in verdict.hints:
        assert reference.problem(hint)
    text = json.dumps([verdict.told, list(verdict.table), [line.fields for line in verdict.lines]])
    assert "NLYKE" not in text and "NLYLI" not in text, step


def test_the_rehearsed_lock_names_the_file(tmp_path: Path) -> None:
    walk = Walk("backup-locked", "en", tmp_path)
    walk.run(1, {})
    lines = walk.run(2, {})["backup"].lines
    assert [line.key for line in lines] == ["steps.backup_locked", "steps.backup_service_back"]
    assert lines[0].fields["file"] == "TLSLic.edb"


@pytest.mark.parametrize(
    ("name", "open_lines"), [("nominal", set()), ("host-status-8", {8}), ("only-20-of-40", {6, 8, 9})]
)
def test_the_checklist_at_the_end(name: str, open_lines: set[int], tmp_path: Path) -> None:
    """By the article's number of the line: what the last run of a rehearsal leaves open."""
    walk = Walk(name, "en", tmp_path)
    found: dict[str, Verdict] = {}
    for number in range(1, walk.recording.runs + 1):
        found = walk.run(number, {})
    ticked = checklist({step: verdict.status for step, verdict in found.items()}, "en")
    assert {tick.item.number for tick in ticked if not tick.ticked} == open_lines
