"""A real case made into a rehearsal recording: what the server answered, played back by anyone, with nobody in it.

Values are found and replaced as for the archive's redacted copy (``runbook.archive``), by pseudonyms that fit where
they stand: a host stays a host name, an identifier of 35 characters keeps its form and its last five (which the
answers show by themselves) and says REHEARSAL. Free text of people is not carried over. The second pass of the
redaction then searches the recording; with anything found, nothing is written.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from runbook.errors import BadInput
from runbook.files import remove_tree
from runbook.host.again import FIRST_TRY
from runbook.journal.lines import Entry
from runbook.journal.story import Run, Story, read_story
from runbook.knowledge import reference
from runbook.knowledge.records import Ask
from runbook.redaction.leaks import Leak, Search
from runbook.redaction.redact import harvest, hosts_of_domains
from runbook.redaction.rewrite import Rewriter
from runbook.redaction.sensitive import Found, Kind, compact
from runbook.redaction.tokens import Tokens
from runbook.words import sentences
from runbook.words.sentences import say

_IDENTIFIERS = (Kind.KEY_PACK, Kind.SERVER_ID)
_FAKE_ID = re.compile(rb"REHEA-?RSALO-?NLYID-?NUMBE-?R0000-?\d{5}-?[A-Z0-9]{5}")
#: Evidence that only says how it was called, or that is kept elsewhere.
_NOT_AN_ANSWER = {"script.ps1", "script-original.ps1", "in.json", "guard.json", "guard.log", "plan.json"}
_TEXT = (".txt", ".log", ".json", ".csv")
#: Named by people, or so long that nobody can look through it.
_WITHHELD = re.compile(r"(?i)gpresult|rsop")
#: How long a recorded time-out takes when it is played, and how long its script would go on (seconds).
_SHORT_LIMIT, _HANGS = 2.0, 60.0


@dataclass
class Recorded:
    """What was made: the folder, how many steps and runs, how many values were replaced, the files left out; the case
    that it is of, and the notebook that its last run was of."""

    folder: Path
    steps: int = 0
    runs: int = 0
    values: int = 0
    withheld: list[str] = field(default_factory=list)
    case: str = ""
    notebook: str = "migrate"

    def text(self, lang: str) -> str:
        return say(
            "record_host.done", lang, folder=self.folder, steps=self.steps, runs=self.runs, values=self.values,
            withheld=len(self.withheld), command=self.command,
        )  # fmt: skip

    @property
    def command(self) -> str:
        """What plays it, to be pasted: the folder may have spaces in its name."""
        own = "" if self.notebook == "migrate" else f" --notebook {self.notebook}"
        return f'runbook run rehearsal-{self.case[:50]}{own} --rehearsal "{self.folder}"'


class Pseudonyms:
    """The tokens of a case, with identifiers that keep the form of identifiers."""

    def __init__(self, tokens: Tokens) -> None:
        self.rows = [
            (kind, value, _fake_id(value, number) if kind in _IDENTIFIERS else token)
            for number, (kind, value, token) in enumerate(tokens, 1)
        ]

    def __iter__(self) -> Iterator[tuple[Kind, str, str]]:
        return iter(self.rows)


def _fake_id(value: str, number: int) -> str:
    return f"REHEA-RSALO-NLYID-NUMBE-R0000-{number:05d}-{compact(value)[-5:]}"


def record_host(case_folder: Path, target: Path, lang: str) -> Recorded:
    """Write the recording of ``case_folder`` into the new folder ``target``.

    Raises BadInput where the case is a rehearsal itself, has no run, or ``target`` is there; RunbookError that names
    file and kind of each value the second pass still finds, and leaves nothing behind.
    """
    story = read_story(case_folder)
    if not story.runs:
        raise BadInput(say("record_host.no_run", lang, case=case_folder.name))
    if any(run.opened.get("host") in ("rehearsal", "files") for run in story.runs):
        raise BadInput(say("record_host.no_server", lang, case=case_folder.name))
    if target.exists():
        raise BadInput(say("record_host.exists", lang, folder=target))
    tokens = Tokens()
    tokens.add(harvest(case_folder, story))
    tokens.add(hosts_of_domains(case_folder, story, tokens))
    tokens.add(Found(Kind.KEY_PACK, value) for value in _private_identifiers(case_folder))
    pseudonyms = Pseudonyms(tokens)
    maker = _Maker(story, Rewriter(pseudonyms), target, values=len(pseudonyms.rows))  # type: ignore[arg-type]
    try:
        made = maker.make()
        leaks = list(_leaks(Search(pseudonyms), target))  # type: ignore[arg-type]
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    if leaks:
        remove_tree(target)
        told = [f"  - {leak.path}: {leak.what} ({leak.form})" for leak in leaks]
        raise BadInput("\n".join([say("record_host.leaks", lang, count=len(leaks)), *told]))
    return made


def _private_identifiers(case_folder: Path) -> Iterator[str]:
    for path in sorted((case_folder / "private").glob("*.json")):
        text = path.read_text(encoding="utf-8-sig")
        for match in re.finditer(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{5}-?){6}[A-Za-z0-9]{5}(?![A-Za-z0-9])", text):
            yield match[0]


def _leaks(search: Search, folder: Path) -> Iterator[Leak]:
    """What the redaction's second pass finds, the made-up identifiers aside."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        relative = path.relative_to(folder).as_posix()
        yield from search.text(relative, relative, "name")
        yield from search.file(relative, _FAKE_ID.sub(b"", path.read_bytes()))


class _Maker:
    def __init__(self, story: Story, rewriter: Rewriter, target: Path, values: int) -> None:
        self.story, self.rewriter, self.target = story, rewriter, target
        self.made = Recorded(target, values=values)
        self.limits: dict[str, float] = {}
        # A run that was interrupted is played to its end: its steps count, it is not one of the recording's runs.
        last = next((run for run in story.runs if run.outcome == "done"), story.runs[-1])
        self.runs = story.runs[: story.runs.index(last) + 1]
        self.made.case, self.made.notebook = story.name, str(last.opened.get("notebook", "migrate"))

    def make(self) -> Recorded:
        for run in self.runs:
            for step in run.steps:
                self._step(run, step)
        self.made.runs = len(self.runs)
        self._case()
        self._plot()
        return self.made

    def _step(self, run: Run, step: str) -> None:
        attempt = next((each for each in reversed(run.steps[step]) if each.begin is not None), None)
        if attempt is None or attempt.begin is None:
            return
        home = self.target / "steps" / step
        if home.exists():
            home = home / f"run{_number(run)}"
        home.mkdir(parents=True)
        self.made.steps += 1
        evidence = self.story.folder / run.name / step
        for path in sorted(p for p in evidence.rglob("*") if p.is_file()):
            relative = path.relative_to(evidence)
            if relative.parts[0] != FIRST_TRY and relative.as_posix() not in _NOT_AN_ANSWER:
                self._file(path, relative.as_posix(), home)
        private = self.story.folder / "private" / f"{step}-{run.name}.json"
        if private.is_file():
            self._write(home / "private.json", self.rewriter.data(json.loads(private.read_text(encoding="utf-8"))))
        ran = next((e for e in self.story.entries if e["event"] == "ran" and _same(e, attempt.begin)), None)
        end = ran or attempt.end or {}
        answer: dict[str, Any] = {"exit_code": end.get("exit_code") or 0}
        if attempt.end is None and ran is None:
            answer["dies"] = True
        elif end.get("timed_out") or end.get("status") == "timed_out":
            answer["seconds"] = _HANGS
            self.limits[step] = _SHORT_LIMIT
        if attempt.begin.get("encoding", "utf-8") != "utf-8":
            answer["encoding"] = attempt.begin["encoding"]
        self._yaml(home / "answer.yml", answer)

    def _file(self, path: Path, relative: str, home: Path) -> None:
        """One file of the evidence, rewritten; what cannot be read as text, or names accounts, stays out."""
        if relative in ("out.json", "stdout.bin", "stderr.bin"):
            target = relative
        elif relative.startswith("files/") and path.suffix in _TEXT and not _WITHHELD.search(path.name):
            target = "/".join(self.rewriter.text(part) for part in relative.split("/"))
        else:
            self.made.withheld.append(self.rewriter.text(f"{home.name}/{relative}"))
            return
        raw = path.read_bytes()
        if not raw:
            return
        fresh = self.rewriter.file(path.name, raw)
        if fresh is None:
            self.made.withheld.append(self.rewriter.text(f"{home.name}/{relative}"))
            return
        place = home / target
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(fresh)

    def _case(self) -> None:
        # As text, as the case reads itself: YAML would make a number of another base of an agreement's 0123.
        data = self.rewriter.data({key: text for key, text in self.story.case.items() if key != "rehearsal"})
        data["case"] = "recorded"
        if isinstance(data.get("incident"), dict) and data["incident"].get("description"):
            data["incident"]["description"] = "REHEARSAL"
        for server in data.get("lost_servers") or []:
            if server.get("note"):
                server["note"] = "REHEARSAL"
        proofs = 0
        for pack in data.get("packs") or []:
            if pack.get("no_proof_reason"):
                pack["no_proof_reason"] = "REHEARSAL"
            names = []
            for _ in pack.get("proofs") or []:
                proofs += 1
                names.append(self._paper(f"REHEARSAL-proof-{proofs}.txt"))
            if names:
                pack["proofs"] = [f"papers/{name}" for name in names]
        self._yaml(self.target / "case.yml", data)

    def _paper(self, name: str) -> str:
        """A paper of the case, without what stood on it."""
        path = self.target / "papers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("REHEARSAL\n", encoding="utf-8", newline="\n")
        return name

    def _plot(self) -> None:
        opened = self.runs[-1].opened
        applied = sorted({step for run in self.runs for step in run.opened.get("apply") or []})
        plot: dict[str, Any] = {
            "title": {lang: say("record_host.title", lang) for lang in sentences.LANGS},
            "description": {
                lang: say("record_host.description", lang, date=str(opened["t"])[:10], runs=len(self.runs))
                for lang in sentences.LANGS
            },
            "notebook": opened.get("notebook", "migrate"),
            "runs": len(self.runs),
            "apply": applied,
            "answers": list(self._answers()),
            "accepts": list(self._accepts()),
            "expect": [{"run": len(self.runs), "outcome": self.runs[-1].outcome}],
        }
        if self.limits:
            plot["limits"] = self.limits
        self._yaml(self.target / "rehearsal.yml", plot)

    def _answers(self) -> Iterator[dict[str, Any]]:
        for step_id, entries in self.story.history.confirmed().items():
            step = reference.step(step_id)
            if step.kind != "manual":
                continue
            for entry in entries:
                run = self._next_run(entry)
                if run is None:
                    continue
                private = self.story.folder / "private" / f"{step_id}-{int(entry['entry']):02d}.json"
                whole = dict(entry.get("fields") or {})
                if private.is_file():
                    whole |= json.loads(private.read_text(encoding="utf-8"))
                attach = [
                    self._paper(f"REHEARSAL-{step_id}-{entry['entry']}-{number}.txt")
                    for number, _ in enumerate(entry.get("attachments") or [], 1)
                ]
                fields = self._fields(step.asks, whole)
                yield {"run": run, "step": step_id, "fields": fields, **({"attach": attach} if attach else {})}

    def _fields(self, asks: tuple[Ask, ...], given: dict[str, Any]) -> dict[str, Any]:
        """What was confirmed, without people's own words: choices, dates, numbers and made-up identifiers."""
        kept: dict[str, Any] = {}
        for ask in asks:
            value = given.get(ask.id)
            if value is None or ask.type == "file":
                continue
            if ask.type == "list":
                kept[ask.id] = [self._fields(ask.items, item) for item in value]
            elif ask.type == "text":
                kept[ask.id] = "REHEARSAL"
            else:
                kept[ask.id] = self.rewriter.data(value)
        return kept

    def _accepts(self) -> Iterator[dict[str, Any]]:
        for step, entries in self.story.history.decided_steps().items():
            for entry in entries:
                run = self._next_run(entry)
                if run is not None and entry.get("what") == "unknown":
                    yield {"run": run, "step": step, "outcome": entry["outcome"], "reason": "REHEARSAL"}

    def _next_run(self, entry: Entry) -> int | None:
        """The run that was the first to know of a line that stands between runs (or in one)."""
        later = (run for run in self.runs if run.opened["n"] > entry["n"])
        return next((_number(run) for run in later), None)

    def _yaml(self, path: Path, data: Any) -> None:
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=False)
        path.write_text(text, encoding="utf-8", newline="\n")

    def _write(self, path: Path, data: Any) -> None:
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _number(run: Run) -> int:
    return int(run.name[1:])


def _same(ran: Entry, begin: Entry) -> bool:
    return all(ran.get(key) == begin.get(key) for key in ("run", "step", "attempt"))
