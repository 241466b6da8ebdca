"""The journal: append-only, hash-chained JSON lines. The only truth about what happened.

A line is one JSON object in UTF-8, keys sorted, ended by ``\\n``. ``prev`` is the SHA-256 of the bytes of the line
before it (without its line end), ``GENESIS`` for the first; ``n`` counts from 1. A line is flushed to disk
before ``append`` returns: what was written is there after a kill or a power cut. A last line that was torn in
the middle is set aside on the next ``append`` (kept as ``journal.torn-N``) and told by a ``torn`` line.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from runbook.errors import RunbookError

GENESIS = "0" * 64
Entry = dict[str, Any]


def utc_now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def stamp(moment: dt.datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-01-31T08:15:00.123Z``."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the line's number (from 1) and what is wrong with it (a word of
    ``knowledge/words/journal.yml``: unreadable, number, chain, torn)."""

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
        """Write one line and flush it to disk; returns it as written. Thread- and process-safe."""
        with self.alone():
            n, prev = self._mend_and_find_end()
            entry = {"n": n + 1, "t": stamp(self._clock()), "prev": prev, "event": event, **fields}
            self._write(entry)
        return entry

    def entries(self) -> list[Entry]:
        """All whole lines, oldest first; a torn or unreadable end is left out, as ``append`` will set it aside.

        Raises RunbookError that names the line where one further up cannot be read.
        """
        found = []
        for number, line in enumerate(_split_torn(self._raw())[0].split(b"\n")[:-1], 1):
            try:
                found.append(json.loads(line))
            except ValueError:
                raise _damaged(self.path, number) from None
        return found

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
        return self.path.read_bytes() if self.path.exists() else b""

    def _mend_and_find_end(self) -> tuple[int, str]:
        """Number and hash of the last whole line, after setting a torn one aside."""
        raw = self._raw()
        whole, torn = _split_torn(raw)
        n, prev = _end_of(whole)
        if torn:
            kept = self._set_aside(torn)
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
            entry = {"n": n + 1, "t": stamp(self._clock()), "prev": prev, "event": "torn"}
            entry |= {"kept_as": kept.name, "sha256": hashlib.sha256(torn).hexdigest(), "size": len(torn)}
            self._write(entry)
            n, prev = _end_of(self._raw())
        return n, prev

    def _set_aside(self, torn: bytes) -> Path:
        digest = hashlib.sha256(torn).hexdigest()[:12]
        kept = self.path.with_name(f"journal.torn-{digest}")
        with kept.open("wb") as file:
            file.write(torn)
            file.flush()
            os.fsync(file.fileno())
        return kept

    def _write(self, entry: Entry) -> None:
        with self.path.open("ab") as file:
            file.write(encode(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def encode(entry: Entry) -> bytes:
    """The bytes of one line, without its line end: the same entry always gives the same bytes."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check_chain(raw: bytes) -> list[Break]:
    """Check the bytes of a journal: numbering, hashes, JSON, last line end."""
    breaks: list[Break] = []
    whole, torn = _split_torn(raw)
    prev = GENESIS
    lines = whole.split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            breaks.append(Break(number, "unreadable"))
        else:
            if entry.get("n") != number:
                breaks.append(Break(number, "number"))
            if entry.get("prev") != prev:
                breaks.append(Break(number, "chain"))
        prev = hashlib.sha256(line).hexdigest()
    if torn:
        breaks.append(Break(len(lines) + 1, "torn"))
    return breaks


def _damaged(path: Path, line: int) -> RunbookError:
    # Late: the guard starts without sentences, and meets no such journal.
    from runbook.language import choose
    from runbook.sentences import say

    return RunbookError(say("run.journal_damaged", choose(), path=path, line=line))


def _split_torn(raw: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and what stands behind the last whole one: a line without its end, or one whose
    bytes never reached the disk (after a power cut a file can end in zeros)."""
    cut = raw.rfind(b"\n") + 1
    while cut:
        start = raw.rfind(b"\n", 0, cut - 1) + 1
        try:
            json.loads(raw[start : cut - 1])
        except ValueError:
            cut = start
        else:
            break
    return raw[:cut], raw[cut:]


def _end_of(whole: bytes) -> tuple[int, str]:
    if not whole:
        return 0, GENESIS
    last = whole[whole.rfind(b"\n", 0, len(whole) - 1) + 1 : -1]
    return int(json.loads(last)["n"]), hashlib.sha256(last).hexdigest()
