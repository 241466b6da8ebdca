"""The journal: append-only, hash-chained JSON lines. The only truth about what happened.

A line is one JSON object in UTF-8, keys sorted, ended by ``\\n``. ``prev`` is the SHA-256 of the bytes of the line
before it (without its line end), ``GENESIS`` for the first; ``n`` counts from 1. A line is flushed to disk
before ``append`` returns: what was written is there after a kill or a power cut. What stands behind the last line
end was torn in the middle: the next ``append`` sets it aside (as ``journal.torn-HASH``) and tells it in a ``torn``
line. A whole line that cannot be read was damaged by somebody or something else: nobody writes behind it.

Number and hash of the last line are kept a second time in ``.journal.head`` beside the journal, so that a journal
that is shorter than it was shows (``runbook.journal.held`` compares).

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from runbook.errors import RunbookError
from runbook.files import patiently, write_whole

GENESIS = "0" * 64
Entry = dict[str, Any]

#: A line of this runbook is some kilobytes long and four levels deep; what is far beyond was not written by it.
MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 60
#: How far a server's clock may be set back between two lines: what Kerberos lets two machines differ by.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
_LONG_AGO = dt.datetime.fromtimestamp(0, dt.UTC)
_RUN = re.compile(r"r[0-9]{2,6}")
_HASH = re.compile(r"[0-9a-f]{64}")
_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")


def utc_now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def stamp(moment: dt.datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-01-31T08:15:00.123Z``."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the line's number (from 1) and what is wrong with it (a word of
    ``archive.why_chain_WORD``: unreadable, number, chain, backwards, torn)."""

    line: int
    fault: str


class Journal:
    """The journal of one case. ``path`` is ``cases/NAME/journal.jsonl``; it need not exist yet."""

    def __init__(self, path: Path, clock: Callable[[], dt.datetime] = utc_now) -> None:
        self.path = path
        self._clock = clock
        # Kernel, guard and `runbook confirm` append to the same file.
        self._lock = FileLock(path.with_suffix(".lock"))

    def append(self, event: str, **fields: Any) -> Entry:
        """Write one line and flush it to disk; returns it as written. Thread- and process-safe.

        Raises RunbookError where the last line cannot be read, or lines are gone.
        """
        with self.alone():
            self._not_shorter()
            return self.append_anyway(event, **fields)

    def append_anyway(self, event: str, **fields: Any) -> Entry:
        """``append`` also where the journal has lost lines: for the line by which a person takes that upon them."""
        with self.alone():
            n, prev = self._mend_and_find_end()
            entry = {"n": n + 1, "t": stamp(self._clock()), "prev": prev, "event": event, **fields}
            self._write(entry)
        return entry

    def entries(self) -> list[Entry]:
        """All whole lines, oldest first; a torn end is left out, as ``append`` will set it aside.

        Raises RunbookError that names the line where one cannot be read. What is handed out is shared with every
        other reader in this process, and nobody changes it.
        """
        found: list[Entry] = []
        for number, entry in enumerate(_taken(_split_torn(self._raw())[0]).lines, 1):
            if entry is None:
                raise _damaged(self.path, number)
            found.append(entry)
        return found

    def now(self) -> dt.datetime:
        """The moment that the next line would carry."""
        return self._clock()

    @property
    def head(self) -> Path:
        """Where number and hash of the last line are kept a second time."""
        return self.path.with_name(".journal.head")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the journal: nobody else appends to it meanwhile."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            yield

    def check(self) -> list[Break]:
        """Every place where the chain does not hold; empty when the journal is sound."""
        return check_chain(self.path.read_bytes()) if self.path.exists() else []

    # -- the file itself

    def _raw(self) -> bytes:
        return patiently(self.path.read_bytes) if self.path.exists() else b""

    def _mend_and_find_end(self) -> tuple[int, str]:
        """Number and hash of the last whole line, after setting a torn one aside."""
        raw = self._raw()
        whole, torn = _split_torn(raw)
        n, prev = self._end_of(whole)
        if torn:
            kept = self._set_aside(torn)
            with patiently(lambda: self.path.open("r+b")) as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
            entry = {"n": n + 1, "t": stamp(self._clock()), "prev": prev, "event": "torn"}
            entry |= {"kept_as": kept.name, "sha256": hashlib.sha256(torn).hexdigest(), "size": len(torn)}
            self._write(entry)
            n, prev = self._end_of(self._raw())
        return n, prev

    def read_head(self) -> tuple[int, str] | None:
        """Number and hash of the last line as they were kept a second time; None where nothing readable is."""
        try:
            kept = json.loads(self.head.read_bytes())
            return int(kept["n"]), str(kept["sha256"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def _not_shorter(self) -> None:
        head, lines = self.read_head(), _split_torn(self._raw())[0].count(b"\n")
        if head is not None and head[0] > lines:
            raise _damaged(self.path, head[0], "run.journal_shorter")

    def _set_aside(self, torn: bytes) -> Path:
        digest = hashlib.sha256(torn).hexdigest()[:12]
        # The same bytes under the same name: writing them again after a kill changes nothing.
        return write_whole(self.path.with_name(f"journal.torn-{digest}"), torn)

    def _write(self, entry: Entry) -> None:
        line = encode(entry)
        with patiently(lambda: self.path.open("ab")) as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A head that lags behind (a full disk, a virus scanner that holds it) is true all the same.
        with contextlib.suppress(OSError):
            write_whole(self.head, encode({"n": entry["n"], "sha256": hashlib.sha256(line).hexdigest()}) + b"\n")

    def _end_of(self, whole: bytes) -> tuple[int, str]:
        if not whole:
            return 0, GENESIS
        last = whole[whole.rfind(b"\n", 0, len(whole) - 1) + 1 : -1]
        entry = read_line(last)
        if entry is None:
            raise _damaged(self.path, whole.count(b"\n"))
        return entry["n"], hashlib.sha256(last).hexdigest()


def encode(entry: Entry) -> bytes:
    """The bytes of one line, without its line end: the same entry always gives the same bytes."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


#: What a field is, in whatever line it stands; it may be absent or null.
_FIELDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("case", "company", "notebook", "step", "status", "outcome", "path", "kept_as"), str),
    **dict.fromkeys(("sha256", "who", "why"), str),
    **dict.fromkeys(("reason", "what", "kind", "encoding", "host", "operator", "lang", "by", "at"), str),
    **dict.fromkeys(("case_sha256", "script_sha256", "token", "not_started", "account"), str),
    **dict.fromkeys(("attempt", "entry", "size", "pid", "exit_code", "line", "replaces"), int),
    **dict.fromkeys(("seconds", "time_limit", "created"), (int, float)),
    **dict.fromkeys(("facts", "fields", "counts", "versions", "private", "through"), dict),
    **dict.fromkeys(("lines", "table"), list),
    **dict.fromkeys(("columns", "hints", "apply", "waiting", "failed", "parts", "which"), list),
    "rehearsal": (str, bool),
    "of": (dict, str),
    **dict.fromkeys(("timed_out", "edited", "rebuilt"), bool),
}
#: What a line of each kind cannot do without.
_NEEDED: dict[str, tuple[str, ...]] = {
    "open": ("run", "notebook"),
    "close": ("run", "outcome"),
    "begin": ("run", "step"),
    "started": ("run", "step", "pid", "created"),
    "ran": ("run", "step"),
    "brought": ("run", "step", "of"),
    "verified": ("run", "step", "of"),
    "end": ("run", "step", "status"),
    "notebook": ("run", "path", "sha256"),
    "confirm": ("step", "fields"),
    "accept": ("step", "what", "who", "reason"),
    "withdraw": ("step", "line", "who", "why"),
    "torn": ("kept_as", "sha256"),
}


def read_line(raw: bytes) -> Entry | None:
    """The entry that one line holds; None for what is no line of a journal: no JSON object, too long or too deep, no
    number, time or hash, a field of another type than it has, a path that leads out of the case."""
    if len(raw) > MAX_BYTES:
        return None
    try:
        entry = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
        if not isinstance(entry, dict) or not _is_shallow(entry):
            return None
        if b"\\u" in raw:
            encode(entry)  # half a surrogate pair is JSON, but no text
    except (ValueError, RecursionError):
        return None
    return entry if _fits(entry) else None


def _no_number(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity are not JSON


def _is_shallow(entry: Entry) -> bool:
    """Whether the entry is nested no deeper than ``MAX_DEPTH``, and all its numbers are."""
    level: list[Any] = [entry]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            inner += item.values() if isinstance(item, dict) else item
        if any(isinstance(item, float) and not math.isfinite(item) for item in inner):
            return False
        level = [item for item in inner if isinstance(item, dict | list)]
        if not level:
            return True
    return False


def _fits(entry: Entry) -> bool:
    n, moment, prev, event, run = (entry.get(name) for name in ("n", "t", "prev", "event", "run"))
    if type(n) is not int or n < 1 or not isinstance(event, str) or _moment(moment) is None:
        return False
    if not isinstance(prev, str) or not _HASH.fullmatch(prev):
        return False
    if run is not None and not (isinstance(run, str) and _RUN.fullmatch(run)):
        return False
    files = [entry.get(name) or [] for name in ("evidence", "attachments")]
    if not all(isinstance(listed, list) and all(isinstance(file, dict) for file in listed) for listed in files):
        return False
    paths = [entry.get("path"), *(file.get("path") for listed in files for file in listed)]
    if any(isinstance(path, str) and _OUTSIDE.search(path) for path in paths):
        return False
    return event not in _NEEDED or _is_known(entry, _NEEDED[event])


def _is_known(entry: Entry, needed: Iterable[str]) -> bool:
    """Whether a line of a kind that is read has what it needs, each field of its type."""
    for name, value in entry.items():
        kind = _FIELDS.get(name)
        if kind and value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            return False
    lines, rows = entry.get("lines") or [], entry.get("table") or []
    if not all(isinstance(row, dict) for row in (*lines, *rows)):
        return False
    told = all(isinstance(line.get("key"), str) and isinstance(line.get("fields"), dict) for line in lines)
    return told and all(entry.get(name) is not None for name in needed)


def _moment(text: object) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def set_back(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Each place where the clock stood further back than it may: the line before, and the line that is dated earlier.
    A journal goes on behind one only where a person took that upon themselves."""
    before: Entry | None = None
    for entry in entries:
        if entry["event"] == "redaction":  # the copy's first line is its youngest
            continue
        if before and dt.datetime.fromisoformat(entry["t"]) < dt.datetime.fromisoformat(before["t"]) - CLOCK_TOLERANCE:
            yield before, entry
        before = entry


@dataclass(frozen=True)
class _Taken:
    """Whole lines of a journal, taken apart: None for one that cannot be read, and where the chain does not hold.
    ``prev`` and ``latest`` are what the next line is held to."""

    whole: bytes = b""
    lines: tuple[Entry | None, ...] = ()
    breaks: tuple[Break, ...] = ()
    prev: str = GENESIS
    latest: dt.datetime = _LONG_AGO


#: A journal only grows, and a run with its checks reads it some eighty times: what was taken apart and still stands
#: there is not taken apart again, whoever reads. The journals read last; the same bytes always give the same.
_KNOWN: list[_Taken] = []


def _taken(whole: bytes) -> _Taken:
    known = max((t for t in _KNOWN if whole.startswith(t.whole)), key=lambda t: len(t.whole), default=_Taken())
    if len(known.whole) == len(whole):
        return known
    lines, breaks, prev, latest = list(known.lines), list(known.breaks), known.prev, known.latest
    for number, line in enumerate(whole[len(known.whole) :].split(b"\n")[:-1], len(lines) + 1):
        entry = read_line(line)
        lines.append(entry)
        if entry is None:
            breaks.append(Break(number, "unreadable"))
        else:
            if entry["n"] != number:
                breaks.append(Break(number, "number"))
            if entry["prev"] != prev:
                breaks.append(Break(number, "chain"))
            moment = dt.datetime.fromisoformat(entry["t"])
            if moment < latest - CLOCK_TOLERANCE:
                breaks.append(Break(number, "backwards"))
            if entry["event"] != "redaction":  # the copy's first line is its youngest
                latest = moment
        prev = hashlib.sha256(line).hexdigest()
    taken = _Taken(whole, tuple(lines), tuple(breaks), prev, latest)
    _KNOWN[:] = [taken, *(t for t in _KNOWN if t is not known)][:4]
    return taken


def check_chain(raw: bytes) -> list[Break]:
    """Check the bytes of a journal: each line's shape, numbering, hashes, times, last line end."""
    whole, torn = _split_torn(raw)
    taken = _taken(whole)
    return [*taken.breaks, *([Break(len(taken.lines) + 1, "torn")] if torn else [])]


def _damaged(path: Path, line: int, key: str = "run.journal_damaged") -> RunbookError:
    # Late: the guard starts without sentences, and meets no such journal.
    from runbook.words.language import choose
    from runbook.words.sentences import say

    return RunbookError(say(key, choose(), path=path, line=line))


def _split_torn(raw: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and what stands behind the last line end (after a power cut a file can end in zeros)."""
    cut = raw.rfind(b"\n") + 1
    return raw[:cut], raw[cut:]
