"""What the record shows of a case, in one language: plain values for the page template, nothing computed there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from runbook.formats.decode import decode
from runbook.journal.lines import Entry
from runbook.journal.outcome import Status
from runbook.journal.story import Attempt, Run, Story
from runbook.knowledge import reference
from runbook.knowledge.records import Ask
from runbook.record.clean import clean_svg
from runbook.record.labels import answer, in_order, sentences_of, step_title
from runbook.record.licences import is_recovery, redrawn
from runbook.record.told import told
from runbook.steps import attestation
from runbook.steps.proofs import Proofs
from runbook.words.forms import (
    HMAC,
    code_marks,
    duration,
    flatten,
    hash_text,
    heading,
    moment,
    number,
    outcome_word,
    phrase,
    semicolons,
    status_word,
    value,
)
from runbook.words.sentences import say

_HASH = re.compile(r"[0-9A-F]{64}")
#: A text block longer than this is folded, in lines.
FOLD_LINES = 25
#: The words of the journal, and how the record says each.
_KIND = {
    "check": "record.kind_check",
    "change": "record.kind_change",
    "manual": "record.kind_manual",
    "local": "record.kind_local",
}
_BY = {"kernel": "record.by_kernel", "guard": "record.by_guard"}
_HOST = {
    "windows": "record.host_windows",
    "remoting": "record.host_remoting",
    "rehearsal": "record.host_rehearsal",
    "files": "record.host_files",
    "substitute": "record.host_substitute",
}
_VERIFIED = {
    "engine": "record.verified_engine",
    "command line": "record.verified_command_line",
    "unverified": "record.verified_unverified",
}
_DECIDED = {
    "done": "record.decided_done",
    "not done": "record.decided_not_done",
    "in part": "record.decided_in_part",
    "script": "record.decided_script",
    "journal": "record.decided_journal",
    "renamed": "record.decided_renamed",
    "reading": "record.decided_reading",
}


@dataclass(frozen=True)
class Output:
    """One text that came back, decoded for reading: ``replaced`` where some bytes were no UTF-8."""

    label: str
    text: str
    lines: int
    replaced: bool


@dataclass(frozen=True)
class Evidence:
    path: str
    size: str
    sha256: str
    fault: str  # "" where the file still is what the journal says
    link: str = ""  # where it lies, seen from the page; "" where it does not
    name: str = ""  # the file's own name, where the case keeps it under another one


@dataclass(frozen=True)
class AttemptView:
    started: str
    ended: str
    took: str
    status: str
    status_text: str
    exit_code: str
    edited: bool
    by: str
    script_hash: str  # with its kind; "" where no script ran
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    evidence: tuple[Evidence, ...]
    faults: tuple[tuple[str, int], ...]  # what is wrong with some of the evidence, and with how many files
    redacted: bool  # the script that ran is not in this copy as it ran


@dataclass(frozen=True)
class StepView:
    """One step in one run."""

    id: str
    anchor: str
    title: str
    kind: str
    change: bool  # what it did is shown in full, on paper too
    status: str
    status_text: str
    attempts: tuple[AttemptView, ...]
    command: str
    command_lines: int
    command_before: str  # the anchor of an earlier run's step that ran the same text, "" where this is the first
    outputs: tuple[Output, ...]
    hints: tuple[tuple[str, Markup, Markup], ...]  # id, symptom, fix


@dataclass(frozen=True)
class ConfirmView:
    who: str
    account: str
    at: str
    entered: str
    rehearsal: bool
    number: int
    undone: str  # what became of the entry: "" where it stands, else a sentence
    fields: tuple[tuple[str, str], ...]
    corrected: int  # the number of the entry that this one replaces, 0 where it replaces none
    differing: tuple[tuple[str, str, str], ...]  # what differs from that one: question, answer then, answer now
    attachments: tuple[Evidence, ...]
    faults: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class RunView:
    name: str
    anchor: str
    rows: tuple[tuple[str, str], ...]
    outcome: str
    outcome_text: str
    unverified: bool
    rebuilt: bool
    notebook: Path | None
    steps: dict[str, StepView] = field(default_factory=dict)
    pictures: tuple[tuple[str, str], ...] = ()  # caption, SVG


#: How many bytes of one output the record shows: a flood is kept whole, and shown by its beginning.
MOST_SHOWN = 1_000_000


def step_view(story: Story, run: Run, step: str, lang: str) -> StepView:
    attempts = run.steps[step]
    last = attempts[-1]
    folder = story.folder / run.name / step
    command = _read_text(folder / "script.ps1")[0]
    # The journal says in which encoding the host's streams were declared to be; out.json is UTF-8 everywhere.
    console = next((str(a.begin["encoding"]) for a in attempts if a.begin and a.begin.get("encoding")), "utf-8")
    outputs = []
    for name, key in (("stdout.bin", "record.stdout"), ("stderr.bin", "record.stderr"), ("out.json", "record.out")):
        text, replaced = _read_text(folder / name, "utf-8" if name.endswith(".json") else console)
        if text.strip():
            if (size := (folder / name).stat().st_size) > MOST_SHOWN:
                text += "\n" + say("record.cut_short", lang, size=size, path=f"{run.name}/{step}/{name}")
            outputs.append(Output(say(key, lang), text, len(text.splitlines()), replaced))
    kind = next((str(a.begin["kind"]) for a in attempts if a.begin and a.begin.get("kind")), "")
    return StepView(
        id=step,
        anchor=f"{run.name}-{step}",
        title=step_title(step, lang),
        kind=_worded(_KIND, kind, lang),
        change=kind == "change",
        status=last.status.value,
        status_text=status_word(last.status.value, lang),
        attempts=tuple(attempt_view(story, step, attempt, lang) for attempt in attempts),
        command=command,
        command_lines=len(command.splitlines()),
        command_before=_same_command(story, run, step),
        outputs=tuple(outputs),
        hints=tuple(_hints(last, lang)),
    )


def _worded(words: dict[str, str], word: Any, lang: str) -> str:
    """A word of the journal in ``lang``; as it is where no edition knows it, "" where there is none."""
    return phrase(words.get(str(word), str(word)), lang) if word else ""


def _same_command(story: Story, run: Run, step: str) -> str:
    """Where the same text has been shown already: a case of three runs need not print its scripts three times."""
    own = _script_sha256(run, step)
    for earlier in story.runs:
        if earlier.name == run.name or not own:
            return ""
        if step in earlier.steps and _script_sha256(earlier, step) == own:
            return f"{earlier.name}-{step}"
    return ""


def _script_sha256(run: Run, step: str) -> str:
    begin = run.steps[step][-1].begin
    return str(begin.get("script_sha256") or "") if begin else ""


def attempt_view(story: Story, step: str, attempt: Attempt, lang: str) -> AttemptView:
    begin, end = attempt.begin or {}, attempt.end or {}
    files = [item for item in end.get("evidence") or [] if isinstance(item, dict)]
    table: list[dict[str, Any]] = [row for row in end.get("table") or [] if isinstance(row, dict)]
    columns = _columns(story, step, table)
    evidence = tuple(evidence_views(story, end.get("evidence") or [], lang))
    return AttemptView(
        started=moment(attempt.started, lang),
        ended=moment(attempt.ended, lang),
        took=_took(story, attempt.seconds, lang),
        status=attempt.status.value,
        status_text=status_word(attempt.status.value, lang),
        exit_code=value(end.get("exit_code"), lang),
        edited=bool(begin.get("edited")),
        by=_worded(_BY, end.get("by"), lang),
        script_hash=hash_text(str(begin["script_sha256"])) if begin.get("script_sha256") else "",
        lines=sentences_of(attempt, lang),
        facts=tuple((key, value(item, lang)) for key, item in flatten(end.get("facts") or {}).items()),
        columns=tuple(heading(column, lang) for column in columns),
        rows=tuple(tuple(_cell(row.get(column), lang) for column in columns) for row in table),
        evidence=evidence,
        faults=_faults(evidence),
        redacted=any(str(item.get("path")).endswith("/script.ps1") and item.get("redacted") for item in files),
    )


def _took(story: Story, seconds: float | None, lang: str) -> str:
    """How long it took; of a rehearsal, how long it was played: what the server says of its own time is the
    recording's, and need not fit into that."""
    told = duration(seconds, lang)
    return say("record.took_played", lang, took=told) if story.rehearsal and seconds is not None else told


def _cell(thing: Any, lang: str) -> str:
    """A cell of a step's table; a hash in small letters, as the record and the archive's lists have it elsewhere."""
    text = value(thing, lang)
    return text.lower() if _HASH.fullmatch(text) else text


def _columns(story: Story, step: str, table: list[dict[str, Any]]) -> tuple[str, ...]:
    """The columns in the verdict's order: the journal sorts the keys of its lines, and keeps the order apart."""
    keys = dict.fromkeys(key for row in table for key in row)
    for run in story.runs:
        for attempt in run.steps.get(step, []):
            told = (attempt.end or {}).get("columns") or []
            if set(told) == set(keys):
                return tuple(told)
    return in_order(keys)


def _faults(files: tuple[Evidence, ...]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(file.fault for file in files if file.fault).items())


#: What of a step's files the report names; the others stand in the archive's list.
_NAMED_FILES = ("script.ps1", "out.json", "stdout.bin", "stderr.bin")


def named_files(story: Story, step: StepView, lang: str) -> list[Evidence]:
    """The script and what came back, and whatever is not as it was; of a step that was done before, those of then."""
    evidence = step.attempts[-1].evidence
    if not evidence and step.status == Status.ALREADY_DONE and (before := _done_before(story, step.id)):
        evidence = tuple(evidence_views(story, before.get("evidence") or [], lang))
    return [f for f in evidence if f.fault or (f.path.endswith(_NAMED_FILES) and f.size != "0")]


def _done_before(story: Story, step: str) -> Entry | None:
    """The judgement that the latest "already done" of ``step`` goes back to."""
    ends = story.history.ends(step)
    of = next((e["of"].get("n") for e in reversed(ends) if e.get("of") and e["status"] == Status.ALREADY_DONE), None)
    return next((e for e in ends if e["n"] == of), story.history.first_success(step))


def papers(story: Story, lang: str) -> list[tuple[str, Evidence]]:
    """Each paper of the case, with what it is for: proofs of purchase, then what persons attached."""
    proofs = told(story, Proofs)
    listed = [file.model_dump() for file in proofs.facts.files] if proofs else []
    found = [(step_title(Proofs.step, lang), file) for file in evidence_views(story, listed, lang)]
    for step, entries in story.history.confirmed().items():
        for entry in entries:
            attached = evidence_views(story, entry.get("attachments") or [], lang)
            found += [(f"{step_title(step, lang)} ({entry.get('who') or '–'})", file) for file in attached]
    return found


def runs_table(story: Story, lang: str) -> list[tuple[str, ...]]:
    """A row for each run: name, opened, how long, by which account, what it was allowed to change, outcome, and the
    steps that it brought further."""
    rows: list[tuple[str, ...]] = []
    settled: dict[str, Status] = {}
    for run in story.runs:
        news = []
        for step, attempts in run.steps.items():
            status = attempts[-1].status
            if status not in (Status.NOT_REACHED, Status.SKIPPED, settled.get(step)):
                if status is not Status.ALREADY_DONE:
                    news.append(f"{step_title(step, lang)} ({status_word(status.value, lang)})")
                settled[step] = status
        opened = run.opened
        rows.append(
            (
                run.name,
                moment(opened.get("t"), lang),
                _took(story, (run.closed or {}).get("seconds"), lang),
                str(opened.get("operator") or "–"),
                value(opened.get("apply") or [], lang),
                outcome_word(run.outcome, lang),
                _news(news, lang),
            )
        )
    return rows


def _news(news: list[str], lang: str) -> str:
    if not news:
        return say("record.runs_nothing", lang)
    return semicolons(news, lang) if len(news) <= 8 else say("record.runs_steps", lang, count=len(news))


def evidence_views(story: Story, listed: list[Entry], lang: str) -> Iterator[Evidence]:
    """The files a journal line lists, each compared with what now lies in the case folder."""
    for item in listed:
        path, sha256 = str(item.get("path")), str(item.get("sha256"))
        fault = ""
        if sha256.startswith(HMAC):  # a redacted copy's, in a list that says no more of the file
            item = {**item, "withheld": True, "hmac_sha256": sha256.removeprefix(HMAC)}
        if item.get("withheld"):
            fault = say("record.withheld", lang)
        else:
            digest = story.digest_of(path)
            if digest is None:
                fault = say("record.evidence_missing", lang)
            elif digest != sha256:
                fault = say("record.evidence_changed", lang)
            elif item.get("redacted"):
                fault = say("record.redacted_file", lang)
        size = number(int(item["size"]), lang) if isinstance(item.get("size"), int) else ""
        if item.get("hmac_sha256"):
            sha256 = f"HMAC-SHA256 {item['hmac_sha256']}"
        elif not item.get("sha256"):
            sha256 = ""
        name = str(item.get("name") or "")
        other = "" if path.endswith(name) else name
        yield Evidence(path, size, sha256, fault, link_to(story, path), other)


def link_to(story: Story, path: str) -> str:
    """The way from the record to a file of the case that lies where the journal says, "" where none does."""
    return story.base + quote(path) if (story.folder / path).is_file() else ""


def confirm_view(story: Story, entry: Entry, lang: str) -> ConfirmView:
    fields = _answers(entry, lang)
    before = next((e for e in story.entries if entry.get("replaces") and e.get("n") == entry["replaces"]), None)
    was, now = dict(_answers(before, lang) if before else ()), dict(fields)
    files = tuple(evidence_views(story, entry.get("attachments") or [], lang))
    return ConfirmView(
        who=str(entry.get("who") or ""),
        account=str(entry.get("account") or ""),
        at=moment(entry.get("at"), lang),
        entered=moment(entry.get("t"), lang),
        rehearsal=bool(entry.get("rehearsal")),
        number=int(entry.get("entry") or 0),
        undone=undone(story, entry, lang),
        fields=fields,
        corrected=int(before.get("entry") or 0) if before else 0,
        differing=tuple(
            (asked, was.get(asked, ""), now.get(asked, ""))
            for asked in ({**was, **now} if before else ())
            if was.get(asked) != now.get(asked)
        ),
        attachments=files,
        faults=_faults(files),
    )


def _answers(entry: Entry, lang: str) -> tuple[tuple[str, str], ...]:
    """What was asked and what was answered, in the order of the questions."""
    asks = _asked(str(entry.get("step")))
    fields = flatten(entry.get("fields") or {})
    return tuple(answer(asks.get(key), key, item, lang) for key, item in in_asked_order(asks, fields))


def undone(story: Story, entry: Entry, lang: str) -> str:
    """Who took an entry or a decision back, when and why; "" where it stands."""
    by = story.history.undone(entry)
    if by is None:
        return ""
    key = "record.entry_replaced" if by.get("event") == "confirm" else "record.entry_withdrawn"
    fields = {"who": by.get("who") or "–", "at": moment(by.get("t"), lang), "why": by.get("why") or "–"}
    return say(key, lang, number=by.get("entry") or "", **fields)


def decisions(story: Story, lang: str) -> list[tuple[str, str, str]]:
    """What persons decided where nobody saw: step, decision in a sentence with its reason, what became of it."""
    found = []
    for step, entries in story.history.decided_steps().items():
        for entry in entries:
            what = str(entry.get("what"))
            word = what if what in _DECIDED else str(entry.get("outcome"))
            fields = {"who": entry.get("who") or "–", "at": moment(entry.get("t"), lang)}
            fields |= {
                "reason": entry.get("reason") or "–",
                "which": ", ".join(entry.get("which") or entry.get("names") or []),
            }
            told = phrase(_DECIDED.get(word, word), lang, fields)
            title = say("record.journal", lang) if what == "journal" else step_title(step, lang)
            found.append((entry.get("n") or 0, title, told, undone(story, entry, lang)))
    return [(title, told, gone) for _, title, told, gone in sorted(found)]


def through(opened: Entry, lang: str) -> str:
    """Over which way a run's answers came, where that is a line from a workstation; "" elsewhere."""
    way = opened.get("through")
    return phrase("remoting.through", lang, way) if isinstance(way, dict) else ""


def run_view(story: Story, run: Run, lang: str) -> RunView:
    opened, closed = run.opened, run.closed or {}
    versions = opened.get("versions") or {}
    rows = [
        ("record.run_opened", moment(opened.get("t"), lang)),
        ("record.run_closed", moment(closed.get("t"), lang)),
        ("record.run_took", _took(story, closed.get("seconds"), lang)),
        ("record.run_operator", str(opened.get("operator") or "–")),
        ("record.run_notebook", str(opened.get("notebook") or "–")),
        ("record.run_apply", value(opened.get("apply") or [], lang)),
        ("record.run_host", _worded(_HOST, opened.get("host"), lang)),
        *([("record.run_through", through(opened, lang))] if opened.get("through") else []),
        ("record.run_platform", str(opened.get("platform") or "–")),
        ("record.run_versions", ", ".join(f"{k} {v}" for k, v in versions.items()) or "–"),
        ("record.run_verified", _worded(_VERIFIED, opened.get("verified"), lang)),
        ("record.run_case_sha256", value(opened.get("case_sha256"), lang)),
        ("record.run_script", value(opened.get("script"), lang)),
    ]
    if run.notebook is not None:
        # of a redacted copy the notebook is not, byte for byte, the one that was executed
        key = "record.run_notebook_redacted_sha256" if story.redacted else "record.run_notebook_sha256"
        rows.append((key, value(run.notebook.get("sha256"), lang)))
    return RunView(
        name=run.name,
        anchor=run.name,
        rows=tuple((say(key, lang), text) for key, text in rows),
        outcome=run.outcome,
        outcome_text=outcome_word(run.outcome, lang),
        unverified=opened.get("verified") == "unverified",
        rebuilt=bool((run.notebook or {}).get("rebuilt")),
        notebook=notebook_of(story, run),
        steps={step: step_view(story, run, step, lang) for step in run.steps},
        pictures=tuple(_pictures(story, run, lang)),
    )


def notebook_of(story: Story, run: Run) -> Path | None:
    """The executed notebook of a run, None where it is not there."""
    if run.notebook is not None:
        told = story.folder / str(run.notebook.get("path"))
        if told.is_file():
            return told
    found = sorted((story.folder / run.name).glob("*.ipynb"))
    return found[0] if found else None


def checklist(story: Story, lang: str) -> list[tuple[int, str, bool | None, str]]:
    """The article's checklist, judged as the notebook's summary judges it: number, text, ticked (None: no place in the
    case), why.

    Empty for a case in which no recovery was run: a backup or a drill has nothing to tick on it.
    """
    if not is_recovery(story):
        return []
    stand = {step: attempt for step, (_, attempt) in story.latest().items() if story.stands(attempt)}
    told = {step: (attempt.status, (attempt.end or {}).get("facts")) for step, attempt in stand.items()}
    latest = {step: attestation.for_checklist(status, facts) for step, (status, facts) in told.items()}
    ways = [attestation.way_gone(step, facts) for step, (_, facts) in told.items()]
    found = attestation.checklist(latest, lang, ways=ways, said=[s for s in latest if story.history.standing(s)])
    return [(tick.item.number, tick.text, tick.ticked, tick.why) for tick in found]


def _hints(attempt: Attempt, lang: str) -> Iterator[tuple[str, Markup, Markup]]:
    for hint in (attempt.end or {}).get("hints") or []:
        try:
            problem = reference.problem(str(hint))
        except (KeyError, FileNotFoundError):
            yield str(hint), Markup(""), Markup("")
        else:
            yield problem.id, code_marks(problem.symptom.of(lang)), code_marks(problem.fix.of(lang))


def _asked(step: str) -> dict[str, Ask]:
    try:
        return {ask.id: ask for ask in reference.step(step).asks}
    except (KeyError, FileNotFoundError):
        return {}


def in_asked_order(asks: dict[str, Ask], fields: dict[str, Any]) -> list[tuple[str, Any]]:
    """The answers in the order in which they were asked for."""
    order = list(asks)
    return sorted(fields.items(), key=lambda field: order.index(field[0]) if field[0] in order else len(order))


def _pictures(story: Story, run: Run, lang: str) -> Iterator[tuple[str, str]]:
    """The run's pictures, in a record of another language drawn again from the journal where it is enough."""
    again = redrawn(run, lang) if run.opened.get("lang", lang) != lang else {}
    for count, file in enumerate(sorted((story.folder / run.name / "pictures").glob("*.svg")), 1):
        text = again.get(file.name) or file.read_text(encoding="utf-8", errors="replace")
        if picture := clean_svg(text, f"{run.name}-picture{count}"):
            note = say("record.redrawn", lang) if file.name in again else ""
            yield f"{run.name}/pictures/{file.name}{note}", picture


def _read_text(file: Path, declared: str = "utf-8") -> tuple[str, bool]:
    """A file's text for reading: by its byte order mark, else as declared; True where bytes did not fit."""
    if not file.is_file():
        return "", False
    with file.open("rb") as opened:
        raw = opened.read(MOST_SHOWN + 1)
    if len(raw) > MOST_SHOWN:  # whole lines, and no half character
        raw = raw[: raw.rfind(b"\n", 0, MOST_SHOWN) if b"\n" in raw else MOST_SHOWN]
    read = decode(raw, declared)
    return read.text.replace("\r\n", "\n"), read.damaged
