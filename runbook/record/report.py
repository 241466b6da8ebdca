"""The record: one self-contained HTML file per language, and a PDF of it where a browser is installed."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from runbook.errors import RunbookError
from runbook.files import write_whole
from runbook.journal.history import History
from runbook.journal.lines import utc_now
from runbook.journal.story import Story, read_story
from runbook.papers.browser import print_pdf
from runbook.record.page import render
from runbook.words.sentences import LANGS, say

__all__ = ["write"]


def write(
    case_folder: Path,
    lang: str | None = None,
    pdf: bool = False,
    full: bool = False,
    out: Path | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    digests: Mapping[str, str] | None = None,
    edition: str = "",
    paper: str = "A4",
) -> list[Path]:
    """Write ``record.LANG.html`` (and ``record.LANG.pdf``) into the case folder, or into ``out``.

    ``lang`` None means both languages. ``full`` unfolds everything, so that a print leaves nothing out. Each file
    appears whole or not at all, so a kill leaves the one before. Raises RunbookError where nothing was run yet
    or, for a PDF, where no browser is found (the HTML files are written by then). ``digests`` are the SHA-256 of
    the case's files by path, where they are known already; ``edition`` is the archive's that the page goes into;
    ``paper`` is the size that it prints on ("A4", "letter").
    """
    story = read_story(case_folder)
    story.digests = digests if digests is not None else _Remembered(story)
    if not story.runs:
        raise RunbookError(say("record.nothing_run", lang or story.lang, folder=case_folder))
    out = out or case_folder
    base = Path(os.path.relpath(case_folder, out)).as_posix()
    story.base = "" if base == "." else quote(base) + "/"
    languages: Sequence[str] = LANGS if lang is None else [lang]
    made = clock()
    written: list[Path] = []
    for each in languages:
        page = render(story, each, made=made, full=full, edition=edition, paper=paper)
        written.append(write_whole(out / f"record.{each}.html", page))
    for each in languages if pdf else ():
        written.append(print_pdf(out / f"record.{each}.html", out / f"record.{each}.pdf", each))
    return written


class _Remembered(dict[str, str]):
    """Digests that are worked out once for both languages."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self._look = Story(story.folder, {}, History([])).digest_of

    def get(self, path: str, default: str | None = None) -> str | None:  # type: ignore[override]
        if path not in self:
            found = self._look(path)
            if found is None:
                return default
            self[path] = found
        return self[path]
