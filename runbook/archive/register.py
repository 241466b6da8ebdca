"""The register: every case under cases/ and archive/ on one page per language, and as CSV.

A case costs one look at its files' sizes and times; only what changed since the last time is read. What was read is
kept in ``.register-cache.json``, which may be deleted at any time.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from runbook.archive.bag import TAG_MANIFEST
from runbook.archive.contradictions import journal_head
from runbook.archive.seal_sheet import info_of, seal_of
from runbook.files import write_table, write_whole
from runbook.journal.story import Story, read_story
from runbook.words.forms import duration, moment, outcome_word
from runbook.words.sentences import LANGS, say
from runbook.words.templates import environment

_CACHE = ".register-cache.json"
#: Changes whenever a row is made otherwise: an older cache is then read no more.
_FORM = 4
#: The status of a case that could not be read.
_UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Row:
    """One case or one archive of a case. Dates are ISO 8601 in UTC, ``seconds`` from the first opening to the last
    close, ``cals`` the CALs of its packs; ``folder`` is relative to the workspace. ``full_seal``: of a redacted copy,
    the seal of the archive it was made from; ``redacted``: of an archive, the folder of its redacted copy."""

    case: str
    company: str
    rehearsal: str
    server: str
    lost: str
    cals: int
    status: str
    runs: int
    opened: str
    closed: str
    seconds: float
    operator: str
    edition: str
    seal: str
    head: str
    folder: str
    full_seal: str = ""
    redacted: str = ""


@dataclass(frozen=True)
class Registered:
    """The files written, the rows in them, how many cases had to be read and how many rehearsals were left out."""

    pages: tuple[Path, ...]
    table: Path
    rows: tuple[Row, ...]
    read: int
    left_out: int = 0

    def text(self, lang: str) -> str:
        """What the operator is told."""
        files = ", ".join(map(str, (*self.pages, self.table)))
        told = say("archive.registered", lang, files=files, count=len(self.rows))
        return f"{told} {say('archive.register_left_out', lang, count=self.left_out)}" if self.left_out else told


def register(workspace: Path, out: Path | None = None, lang: str = "en", rehearsals: bool = True) -> Registered:
    """Write ``register.fr.html``, ``register.en.html`` and ``register.csv`` into ``out`` (default: archive/); ``lang``
    is that of the spreadsheet which is to open the table; ``rehearsals``: whether they are shown among the cases.

    A case that was sealed in its present state stands there once, as its archive, with a link to its redacted copy.
    A case that cannot be read is left out of nothing: it stands there with the status "unreadable".
    """
    out = out or workspace / "archive"
    out.mkdir(parents=True, exist_ok=True)
    known = _load(out / _CACHE)
    fresh: dict[str, Any] = {}
    rows: list[Row] = []
    read = 0
    for folder, payload in _folders(workspace):
        key = folder.relative_to(workspace).as_posix()
        mark = _mark(folder, payload)
        entry = known.get(key)
        if entry is None or entry["mark"] != mark:
            entry = {"mark": mark, "row": asdict(_row(folder, payload, workspace))}
            read += 1
        if entry["row"]["status"] != _UNREADABLE:  # the next time it may be readable, though no file time tells so
            fresh[key] = entry
        rows.append(Row(**entry["row"]))
    every = _each_once(rows)
    shown = [row for row in every if rehearsals or not row.rehearsal]
    shown.sort(key=lambda row: (row.opened, row.folder), reverse=True)
    write_whole(out / _CACHE, json.dumps({"form": _FORM, "entries": fresh}, separators=(",", ":")))
    names = [field.name for field in fields(Row) if field.name not in ("head", "full_seal")]
    cells = ([getattr(row, name) for name in names] for row in shown)
    table = write_table(out / "register.csv", names, cells, lang)
    pages = tuple(write_whole(out / f"register.{lang}.html", _page(shown, lang, workspace, out)) for lang in LANGS)
    return Registered(pages, table, tuple(shown), read, len(every) - len(shown))


def _each_once(rows: list[Row]) -> list[Row]:
    """A case sealed in its present state as its archive only; a redacted copy as a link from the archive it is of."""
    heads = {row.head for row in rows if row.edition == "full"}
    seals = {row.seal for row in rows if row.edition == "full"}
    copies = {row.full_seal: row.folder for row in rows if row.full_seal}
    return [
        replace(row, redacted=copies.get(row.seal, "")) if row.edition == "full" else row
        for row in rows
        if not (not row.edition and row.head in heads) and not (row.full_seal and row.full_seal in seals)
    ]


def _folders(workspace: Path) -> Iterator[tuple[Path, Path]]:
    """Every case folder and every bag, with the folder that holds its journal."""
    for root, inner in (("cases", ""), ("archive", "data")):
        if (workspace / root).is_dir():
            with os.scandir(workspace / root) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
            for name in names:
                folder = workspace / root / name
                payload = folder / inner if inner else folder
                if (payload / "journal.jsonl").is_file():
                    yield folder, payload


def _mark(folder: Path, payload: Path) -> list[int]:
    """What changes when a case changes: size and time of its journal, its case file, its bag's tags."""
    mark: list[int] = []
    for file in (payload / "journal.jsonl", payload / "case.yml", folder / TAG_MANIFEST, folder / "bag-info.txt"):
        try:
            about = file.stat()
        except OSError:
            mark += [0, 0]
        else:
            mark += [about.st_size, about.st_mtime_ns]
    return mark


def _row(folder: Path, payload: Path, workspace: Path) -> Row:
    place = folder.relative_to(workspace).as_posix()
    bagged = folder != payload
    try:
        story = read_story(payload)
        info = info_of(folder) if bagged else {}
        edition = info.get("Runbook-Edition", "full") if bagged else ""
        row = _row_of(story, edition, seal_of(folder) if bagged else "", place)
        return replace(row, full_seal=info.get("Runbook-Full-Edition-Seal", "") if edition == "redacted" else "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Row(folder.name, "", "", "", "", 0, _UNREADABLE, 0, "", "", 0.0, "", "", "", "", place)


def _row_of(story: Story, edition: str, seal: str, place: str) -> Row:
    case = story.case
    packs = [pack for pack in case.get("packs") or [] if isinstance(pack, dict)]
    lost = [str(server.get("name")) for server in case.get("lost_servers") or [] if isinstance(server, dict)]
    server = case.get("license_server") or {}
    operator = case.get("operator") or {}
    last = story.runs[-1] if story.runs else None
    return Row(
        case=story.name,
        company=str(case.get("company") or ""),
        rehearsal=story.rehearsal or "",
        server=str(server.get("name") or "") if isinstance(server, dict) else "",
        lost=", ".join(lost),
        cals=sum(int(pack["count"]) for pack in packs if str(pack.get("count", "")).isdigit()),
        status=story.outcome,
        runs=len(story.runs),
        opened=str(story.runs[0].opened.get("t") or "") if story.runs else "",
        closed=str((last.closed or {}).get("t") or "") if last else "",
        seconds=_lasted(story),
        operator=str((operator.get("name") if isinstance(operator, dict) else "") or ""),
        edition=edition,
        seal=seal,
        head=journal_head(story),
        folder=place,
    )


def _lasted(story: Story) -> float:
    """From the first run's opening to the last run's close; 0 for a case whose last run is not closed."""
    try:
        first, last = story.runs[0].opened["t"], (story.runs[-1].closed or {})["t"]
        return round((dt.datetime.fromisoformat(last) - dt.datetime.fromisoformat(first)).total_seconds(), 1)
    except (IndexError, KeyError, ValueError, TypeError):
        return 0.0


def _page(rows: list[Row], lang: str, workspace: Path, out: Path) -> str:
    base = Path(os.path.relpath(workspace, out)).as_posix()
    shown = [
        {
            "row": row,
            "status": say("archive.unreadable", lang) if row.status == _UNREADABLE else outcome_word(row.status, lang),
            "opened": moment(row.opened, lang)[:10] if row.opened else "–",
            "closed": moment(row.closed, lang)[:10] if row.closed else "–",
            "took": duration(row.seconds or None, lang),
            "link": f"{base}/{row.folder}/{'data/' if row.edition else ''}record.{lang}.html",
            "sheet": f"{base}/{row.folder}.seal.html" if row.edition else "",
            "redacted": f"{base}/{row.redacted}/data/record.{lang}.html" if row.redacted else "",
        }
        for row in rows
    ]
    return environment(__file__).get_template("register.html.j2").render(lang=lang, rows=shown)


def _load(path: Path) -> dict[str, Any]:
    try:
        cache = json.loads(path.read_text(encoding="utf-8"))
        entries = cache["entries"] if cache["form"] == _FORM else {}
        wanted = {field.name for field in fields(Row)}
        whole = all(set(entry["row"]) == wanted and "mark" in entry for entry in entries.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return entries if whole else {}
