"""How a case comes by its file: read, laid out for a rehearsal, taken over from an earlier case, or a draft."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

from runbook.case.folder import CaseFolder, case_folder, is_case_name
from runbook.case.model import Case, LicenseServer, draft_case, load_case
from runbook.errors import BadInput
from runbook.files import write_whole
from runbook.host import rehearsal
from runbook.journal.lines import Entry
from runbook.run import asked
from runbook.words.language import choose
from runbook.words.sentences import say


def read(
    folder: CaseFolder,
    name: str,
    lang: str,
    recording: rehearsal.Recording | None,
    server: LicenseServer | None = None,
) -> Case:
    """The case as its file says it, laid out first for a rehearsal; where there is none a draft, of ``server`` or of
    this machine. Raises BadInput."""
    if recording:
        lay_out(folder, recording, name)
    if folder.case_file.is_file():
        case = load_case(folder.case_file, name, lang)
        if (case.rehearsal is None) != (recording is None):
            key = "run.rehearsal_in_real_case" if recording else "run.real_in_rehearsal"
            raise BadInput(say(key, lang, case=name))
        return case
    if server:
        return draft_case(name, choose(lang), server.name, server.reached)
    return draft_case(name, choose(lang), socket.getfqdn() or "localhost")


def refuse_gone(folder: CaseFolder, entries: list[Entry], lang: str) -> None:
    """Raise BadInput where the case file is gone by which earlier runs were judged: it is put back from the last of
    them, never made anew over what was done."""
    if folder.case_file.exists():
        return
    read = [str(e["run"]) for e in entries if e["event"] == "open" and e.get("case_sha256")]
    kept = next((run for run in reversed(read) if (folder.run(run) / "case.yml").is_file()), "")
    if kept:
        raise BadInput(say("run.case_file_gone", lang, path=folder.case_file, kept=folder.run(kept) / "case.yml"))


def earlier(of: str, workspace: Path, lang: str) -> Case | None:
    """The case whose file a new one takes over (``-p of NAME``), None where none is named or there is no such file."""
    folder = case_folder(of, workspace) if is_case_name(of) else None
    return load_case(folder.case_file, folder.name, lang) if folder and folder.case_file.is_file() else None


def take_over(of: str, folder: CaseFolder, recording: rehearsal.Recording | None, workspace: Path, lang: str) -> None:
    """Give a new case the case file of an earlier one (``-p of NAME``): an audit, a backup, a drill of that case."""
    if not of or recording or folder.case_file.exists():
        return
    earlier_folder = case_folder(of, workspace)
    source = earlier_folder.case_file
    asked.earlier_case(of, workspace, lang)
    if load_case(source, earlier_folder.name, lang).rehearsal is not None:
        raise BadInput(say("run.of_rehearsal", lang, name=of))
    lines = [x for x in source.read_text(encoding="utf-8-sig").splitlines() if not x.startswith("case:")]
    folder.path.mkdir(parents=True, exist_ok=True)
    write_whole(folder.case_file, "\n".join([f"case: {folder.name}", *lines, ""]))


def lay_out(folder: CaseFolder, recording: rehearsal.Recording, name: str) -> None:
    """Give a new rehearsal its case file and the papers that go with it; an existing case is left alone."""
    source = recording.find("case.yml")
    if source is None or folder.case_file.exists() or folder.journal.exists():
        return
    papers = recording.find("papers")
    if papers:
        shutil.copytree(papers, folder.path / "papers", dirs_exist_ok=True)
    # The recording's own name stands in its case file; the case that is laid out carries the new one and the mark.
    lines = [x for x in source.read_text(encoding="utf-8").splitlines() if not re.match(r"(case|rehearsal):", x)]
    text = "\n".join([f"case: {name}", f"rehearsal: {recording.name}", *lines, ""])
    folder.path.mkdir(parents=True, exist_ok=True)
    write_whole(folder.case_file, text)
