"""What lies in a case's folder and in its archive: each kind of file that is there, and what it is.

The lists of the archive name every file and explain none; who opens one years later has only this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.journal.story import Story
from runbook.words.sentences import keyed, say

_WHAT = keyed(
    "record.holds_",
    "record.holds_case", "record.holds_journal", "record.holds_notebook", "record.holds_case_then",
    "record.holds_cells", "record.holds_pictures", "record.holds_script", "record.holds_in", "record.holds_out",
    "record.holds_streams", "record.holds_guard", "record.holds_plan", "record.holds_files", "record.holds_step",
    "record.holds_proofs", "record.holds_papers", "record.holds_attachments", "record.holds_private",
    "record.holds_effects", "record.holds_record", "record.holds_other", "record.holds_bagit", "record.holds_info",
    "record.holds_verifier", "record.holds_manifests", "record.holds_names", "record.holds_redacted",
    "record.holds_withheld",
)  # fmt: skip
#: By which path a file is known, how its kind is named, and the word for it; the first that fits.
KINDS = tuple(
    (re.compile(path), name, word)
    for path, name, word in (
        (r"case\.yml", "case.yml", "case"),
        (r"journal\.jsonl", "journal.jsonl", "journal"),
        (r"record\.(?:fr|en)\.(?:html|pdf)", "record.fr.html, record.en.html", "record"),
        (r"r\d+/[^/]+\.ipynb", "rNN/*.ipynb", "notebook"),
        (r"r\d+/case\.yml", "rNN/case.yml", "case_then"),
        (r"r\d+/cells/.+", "rNN/cells/", "cells"),
        (r"r\d+/pictures/.+", "rNN/pictures/", "pictures"),
        (r"r\d+/[^/]+/files/.+", "rNN/*/files/", "files"),
        (r"r\d+/.+/script\.ps1", "rNN/*/script.ps1", "script"),
        (r"r\d+/.+/in\.json", "rNN/*/in.json", "in"),
        (r"r\d+/.+/out\.json", "rNN/*/out.json", "out"),
        (r"r\d+/.+/std(?:out|err)\.bin", "rNN/*/stdout.bin, stderr.bin", "streams"),
        (r"r\d+/.+/guard\.(?:json|log)", "rNN/*/guard.json, guard.log", "guard"),
        (r"r\d+/.+/plan\.json", "rNN/*/plan.json", "plan"),
        (r"r\d+/[^/]+/.+", "rNN/*/", "step"),
        (r"proofs/.+", "proofs/", "proofs"),
        (r"papers/.+", "papers/", "papers"),
        (r"attachments/.+", "attachments/", "attachments"),
        (r"private/.+", "private/", "private"),
        (r"rehearsal-effects\.txt", "rehearsal-effects.txt", "effects"),
    )
)
#: What is never sealed: locks, unfinished files, who holds the case at the moment.
_PASSING = re.compile(r"(?:.*/)?(?:\.[^/]*(?:/.*)?|[^/]*\.(?:lock|part)|run\.holder\.json)")
_BESIDE = (
    ("bagit.txt", "bagit"),
    ("bag-info.txt", "info"),
    ("VERIFIER.txt", "verifier"),
    ("manifest-sha256.txt, tagmanifest-sha256.txt", "manifests"),
    ("original-names.tsv", "names"),
)
_OUTSIDE = (("REDACTED.txt", "redacted"), ("withheld.tsv", "withheld"))


def kind_of(path: str) -> str | None:
    """The word of a file's kind by its path in the case, None where it is of no kind that the runbook makes."""
    return next((word for pattern, _, word in KINDS if pattern.fullmatch(path)), None)


def contents(story: Story, edition: str | None, lang: str) -> list[tuple[str, str]]:
    """Name and meaning of each kind of file that is there; in an archive those beside ``data`` too."""
    return [(name, say(_WHAT[word], lang)) for name, word in _kinds(story, edition)]


def _kinds(story: Story, edition: str | None) -> Iterator[tuple[str, str]]:
    paths = [file.relative_to(story.folder).as_posix() for file in story.folder.rglob("*") if file.is_file()]
    there = {path: kind_of(path) for path in paths if not _PASSING.fullmatch(path)}
    found = {*there.values(), "record"}  # which is being written
    yield from ((name, word) for _, name, word in KINDS if word in found)
    for path in sorted({path.split("/")[0] + "/" * ("/" in path) for path, word in there.items() if word is None}):
        yield path, "other"
    if edition:
        yield from _BESIDE
        yield from _OUTSIDE if edition == "redacted" else ()
