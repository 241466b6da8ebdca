"""The journal held to what lies around it: its head kept in a second place, run folders, evidence, private answers.

A chain of hashes shows a line that was changed, not lines that are gone from its end, nor a journal that was put in
another's place. What a run leaves elsewhere shows that: nothing of it may be there without a line that tells of it.
Somebody who owns the machine and changes all of it alike is not stopped by this (the seal on paper is for that).
"""

from __future__ import annotations

import datetime as dt
import hmac
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from runbook.case.case_file import text_of
from runbook.errors import BadInput, RunbookError
from runbook.files import leads_elsewhere, listed
from runbook.journal.lines import CLOCK_TOLERANCE, Entry, Journal, check_chain
from runbook.words.sentences import keyed, say

_RUN_FOLDER = re.compile(r"r[0-9]{2,}")
_PRIVATE_OF_RUN = re.compile(r".+-(r[0-9]{2,})\.json")
_PRIVATE_ANSWER = re.compile(r"(.+)-([0-9]{2,})\.json")
#: What only a script that was started leaves in its step's folder.
_STARTED = frozenset({"guard.json", "out.json", "stdout.bin"})
#: The key of the case's answers, 32 random bytes.
ANSWERS_KEY = "private/answers.key"
#: Folders of a run that hold no step.
_OF_RUN = frozenset({"cells", "pictures"})
#: How many contradictions a refusal lists.
_SHOWN = 10
WHY = keyed(
    "archive.why_",
    "archive.why_no_journal", "archive.why_head", "archive.why_chain_unreadable", "archive.why_chain_number",
    "archive.why_chain_chain", "archive.why_chain_torn", "archive.why_chain_backwards", "archive.why_clock",
    "archive.why_shorter",
    "archive.why_replaced", "archive.why_head_gone", "archive.why_other_case", "archive.why_run_untold",
    "archive.why_untold", "archive.why_private_untold", "archive.why_private_missing", "archive.why_private_changed",
    "archive.why_case_changed", "archive.why_odd_file", "archive.why_closed_without_notebook",
    "archive.why_notebook_missing", "archive.why_notebook_hash", "archive.why_notebook_unreadable",
    "archive.why_run_without_close", "archive.why_completed_without_end", "archive.why_pending_with_end",
    "archive.why_step_without_cell", "archive.why_closed_well_but_failed", "archive.why_notebook_untold",
    "archive.why_evidence_missing", "archive.why_evidence_changed",
)  # fmt: skip
#: What a person may take upon themselves, with a reason (``runbook accept CASE journal``): the journal itself holds.
ACCEPTABLE = frozenset({"chain_backwards", "clock", "shorter", "head_gone", "untold", "run_untold", "private_untold"})


@dataclass(frozen=True)
class Contradiction:
    """``path`` is relative to the case folder, ``word`` one of ``WHY``, ``fields`` what its sentence needs."""

    path: str
    word: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        return say(WHY[self.word], lang, path=self.path, **self.fields)


def unheld(folder: Path, journal: Journal) -> list[Contradiction]:
    """Everything that keeps the case in ``folder`` from going on: the journal's chain, its head, its clock, its case,
    and what lies in the folder without a line. A torn end is none: the next line tells of it."""
    raw = journal.path.read_bytes() if journal.path.exists() else b""
    broken = [each for each in check_chain(raw) if each.fault != "torn"]
    found = [Contradiction("journal.jsonl", f"chain_{each.fault}", {"line": each.line}) for each in broken]
    if any(each.fault == "unreadable" for each in broken):
        return found
    entries = journal.entries()
    found += _head(journal, raw, entries)
    found += _clock(journal.now(), entries)
    found += _other_case(folder, entries)
    found += untold(folder, entries, lambda path: folder / path)
    found += answers(entries, lambda path: folder / path)
    return unaccepted(found, entries)


def refuse_unheld(folder: Path, journal: Journal, lang: str) -> None:
    """Raise RunbookError that names what keeps the case from going on, and the way on."""
    found = unheld(folder, journal)
    if found and all(each.word == "other_case" for each in found):
        refuse_renamed(folder, journal.entries(), lang)
    if told := refusal(folder, journal, lang, found):
        raise RunbookError(told)


def refusal(folder: Path, journal: Journal, lang: str, found: list[Contradiction] | None = None) -> str:
    """What keeps the case from going on, and the way on; "" where nothing does."""
    if found := unheld(folder, journal) if found is None else found:
        lines = [each.text(lang) for each in found]
        way = "run.unheld_way" if all(each.word in ACCEPTABLE for each in found) else "run.unheld_no_way"
        kept = sealed(folder) if way == "run.unheld_no_way" else []
        bags = ", ".join(str(bag) for bag in kept)
        way_back = [say("archive.kept", lang, bags=bags, case=folder.name)] if kept else []
        more = [say("run.unheld_more", lang, count=len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
        told = [say("run.unheld", lang, case=folder.name), *(f"  - {line}" for line in lines[:_SHOWN]), *more]
        return "\n".join([*told, say(way, lang, case=folder.name), *way_back])
    return ""


def sealed(folder: Path) -> list[Path]:
    """The archives of the case in ``folder``, the newest first, whether the folder is still there or not."""
    own = re.compile(rf"{re.escape(folder.name)}(?:-REHEARSAL)?(?:-s(\d+))?")
    bags = (mark.parent for mark in folder.parent.parent.glob("archive/*/bagit.txt"))
    numbered = ((int(mine[1] or 1), bag) for bag in bags if (mine := own.fullmatch(bag.name)))
    return [bag for _, bag in sorted(numbered, reverse=True)]


def renamed(folder: Path, entries: list[Entry], lang: str) -> str:
    """What is told of a case whose folder is not called as it was when the case was begun, and the one way on; "" for
    any other. Its case file may carry the old name or the new one."""
    begun = next((str(e["case"]) for e in entries if e["event"] == "open" and e.get("case")), folder.name)
    if begun == folder.name:
        return ""
    fields = {"name": folder.name, "case": begun}
    other = folder.with_name(begun)
    if other.exists() and not other.samefile(folder):  # Windows finds a folder by either case
        return say("run.renamed_copy", lang, **fields)
    said = text_of(folder / "case.yml", "case")
    more = [say("run.renamed_file", lang, **fields)] if said and said != begun else []
    return " ".join([say("run.renamed", lang, **fields), *more])


def refuse_renamed(folder: Path, entries: list[Entry], lang: str) -> None:
    """Raise BadInput where the folder of a case was given another name."""
    if told := renamed(folder, entries, lang):
        raise BadInput(told)


def unaccepted(found: Iterable[Contradiction], entries: list[Entry]) -> list[Contradiction]:
    """``found`` without what a person has accepted, each by its path, word and line."""
    accepted = {
        (str(fault.get("path")), str(fault.get("word")), fault.get("line"))
        for entry in entries
        if entry["event"] == "accept" and entry.get("what") == "journal"
        for fault in entry.get("faults") or []
        if isinstance(fault, dict)
    }
    # Whoever accepts that the clock went back does so in a line that is itself dated before the one above it.
    accepted |= {
        ("journal.jsonl", "chain_backwards", entry["n"])
        for entry in entries
        if entry["event"] == "accept" and any(f.get("word") == "clock" for f in entry.get("faults") or [])
    }
    return [
        each
        for each in found
        if each.word not in ACCEPTABLE or (each.path, each.word, each.fields.get("line")) not in accepted
    ]


def untold(folder: Path, entries: list[Entry], file_of: Callable[[str], Path]) -> Iterator[Contradiction]:
    """Files of runs, private answers and attachments in ``folder`` that no line tells of, and everything in it that
    is neither a file nor a folder. ``file_of`` is where a path of the case lies."""
    paths = {str(file["path"]) for entry in entries for file in _files(entry) if file.get("path")}
    paths |= {entry["kept_as"] for entry in entries if entry["event"] == "torn"}
    told = {file_of(path).as_posix() for path in paths}
    root = folder.as_posix()
    of_run: dict[str, list[Entry]] = {}
    for entry in entries:
        of_run.setdefault(str(entry.get("run")), []).append(entry)
    runs = {e["run"]: _RunLines(of_run[e["run"]]) for e in entries if e["event"] == "open"}
    confirms = [e["step"] for e in entries if e["event"] == "confirm"]
    for path, kind in walk(folder):
        if not stat.S_ISREG(kind):
            yield Contradiction(path, "odd_file")
            continue
        top, _, rest = path.partition("/")
        if any(part.startswith(".") for part in path.split("/")) or path.endswith((".part", ".lock", ".ipynb")):
            continue  # unfinished, or looked at by its own rule
        if _RUN_FOLDER.fullmatch(top) and rest:
            if top not in runs:
                yield Contradiction(path, "run_untold", {"run": top})
            elif f"{root}/{path}" not in told and not runs[top].allows(rest):
                yield Contradiction(path, "untold")
        elif top == "private":
            if (run := _PRIVATE_OF_RUN.fullmatch(rest)) and run[1] not in runs:
                yield Contradiction(path, "run_untold", {"run": run[1]})
            elif (answer := _PRIVATE_ANSWER.fullmatch(rest)) and int(answer[2]) > confirms.count(answer[1]):
                yield Contradiction(path, "private_untold")
        elif top == "attachments" and f"{root}/{path}" not in told:
            yield Contradiction(path, "untold")


def answers(entries: list[Entry], file_of: Callable[[str], Path]) -> Iterator[Contradiction]:
    """Private answers that are gone or no longer what was confirmed (those of earlier versions have no HMAC)."""
    for entry in entries:
        private = entry.get("private") if entry["event"] == "confirm" else None
        if not isinstance(private, dict):
            continue
        path = str(private.get("path"))
        places = [file_of(path), file_of(pending(path))]  # a kill may have come between the line and the file's name
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            yield Contradiction(path, "private_missing", {"line": entry["n"]})
        elif answer_hmac(found.read_bytes(), file_of(ANSWERS_KEY)) != private.get("hmac_sha256"):
            yield Contradiction(path, "private_changed", {"line": entry["n"]})


def pending(path: str) -> str:
    """The name under which a file of the case lies until the line that tells of it is written."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.pending"


def answer_hmac(content: bytes, key: Path) -> str:
    """HMAC-SHA-256 (hex) of a private answer under the case's own key, which stays in its private folder: the journal
    can be shown, and what it says of an answer cannot be guessed from it. "" where the key is gone."""
    return hmac.new(key.read_bytes(), content, "sha256").hexdigest() if key.is_file() else ""


def rest_of_run(folder: Path, run: str, entries: list[Entry]) -> list[dict[str, Any]]:
    """The files of a run that no line tells of yet and that nobody writes any more (path, SHA-256, size): what its
    cells showed, its pictures, what a killed step left. They are told with its notebook."""
    lines = _RunLines([e for e in entries if e.get("run") == run])
    told = {str(file.get("path")) for entry in entries for file in _files(entry)}
    found = []
    for inner, kind in walk(folder / run) if (folder / run).is_dir() else ():
        path = f"{run}/{inner}"
        unfinished = inner.startswith(".") or "/." in inner or inner.endswith((".part", ".ipynb"))
        if stat.S_ISREG(kind) and not unfinished and path not in told and not lines.is_open(inner.split("/")[0]):
            found.append(listed(folder / path, folder))
    return found


def walk(folder: Path) -> Iterator[tuple[str, int]]:
    """Every entry under ``folder`` that is no folder: its path there with "/" and its mode. Links are not followed."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        links = [name for name in folders if leads_elsewhere((here / name).lstat())]
        folders[:] = [name for name in folders if name not in links]
        inner = "" if here == folder else f"{here.relative_to(folder).as_posix()}/"
        for name in sorted(files + links):
            yield inner + name, os.lstat(f"{root}{os.sep}{name}").st_mode


class _RunLines:
    """What the journal tells of one run, whose lines are ``mine``."""

    def __init__(self, mine: list[Entry]) -> None:
        self._judged_by_file = any(e["event"] == "open" and e.get("case_sha256") for e in mine)
        self._begun = {e["step"] for e in mine if e["event"] == "begin"}
        self._ended = {e["step"] for e in mine if e["event"] == "end"}
        self._listed = {e["step"] for e in mine if e["event"] == "end" and e.get("evidence")}
        unknown = [e for e in mine if e["event"] == "end" and e["status"] == "unknown"]
        self._unjudged = {e["step"] for e in unknown}
        self._notebook = next((e for e in mine if e["event"] == "notebook"), None)
        self._close = next((e for e in mine if e["event"] == "close"), None)

    def is_open(self, step: str) -> bool:
        """Whether the step has begun in this run and nobody has yet told what it left."""
        return step in self._begun and (step not in self._ended or step in self._unjudged)

    def allows(self, path: str) -> bool:
        """Whether a file of the run that no line lists may be there all the same."""
        top, inside, _ = path.partition("/")
        if self.is_open(top):
            return True
        if self._notebook is not None and "evidence" in self._notebook:
            return False  # everything that the run left was told with its notebook
        # A run under way, one that was killed, or one of a version that did not list all it left.
        if not inside:
            return path == "case.yml" and self._judged_by_file
        if top in _OF_RUN:
            return True
        if top in self._listed:
            return False
        killed = self._close is None or self._close["outcome"] == "interrupted"
        return top in self._begun | self._ended or (killed and path.rsplit("/", 1)[-1] not in _STARTED)


def _files(entry: Entry) -> Iterator[Mapping[str, Any]]:
    yield from entry.get("evidence") or []
    yield from entry.get("attachments") or []


def _head(journal: Journal, raw: bytes, entries: list[Entry]) -> Iterator[Contradiction]:
    """The journal has at least the lines that its head knew, and the last of those is the same."""
    head = journal.read_head()
    if head is None:
        if any(entry.get("headed") for entry in entries):
            yield Contradiction("journal.jsonl", "head_gone")
        return
    (n, digest), lines = head, raw.split(b"\n")[:-1]
    if not 0 < n <= len(lines):
        yield Contradiction("journal.jsonl", "shorter", {"lines": len(lines), "line": n})
    elif sha256(lines[n - 1]).hexdigest() != digest:
        yield Contradiction("journal.jsonl", "replaced", {"line": n})


def _clock(now: dt.datetime, entries: list[Entry]) -> Iterator[Contradiction]:
    if entries and now < dt.datetime.fromisoformat(entries[-1]["t"]) - CLOCK_TOLERANCE:
        fields = {"line": entries[-1]["n"], "then": entries[-1]["t"], "now": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        yield Contradiction("journal.jsonl", "clock", fields)


def _other_case(folder: Path, entries: list[Entry]) -> Iterator[Contradiction]:
    for entry in entries:
        if entry["event"] == "open" and entry.get("case") not in (None, folder.name):
            yield Contradiction("journal.jsonl", "other_case", {"line": entry["n"], "case": entry["case"]})
            return
