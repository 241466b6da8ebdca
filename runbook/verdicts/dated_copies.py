"""Dated copies of the license database: which of them are good, and which may go.

A copy is good when its manifest lies beside it, every file is there with the same hash and none was added, and
esentutl says that the database was shut down cleanly. Only good copies are ever removed, and never the newest of
them: a copy that is not good may be the last trace of something, and is left to a person.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from runbook.readers.answers import DatedCopy, Manifest

_NAME = re.compile(r"\d{8}T\d{6}Z")
GOOD = "good"
#: What a shadow copy gives: whole, but its logs have to be replayed before the database opens.
REPLAY = "replay"
#: With these a copy can be restored from.
WHOLE = frozenset({GOOD, REPLAY})


@dataclass(frozen=True)
class Judged:
    """One copy. ``state``: "good", "replay", "no_manifest", "manifest_unreadable", "unread", "changed",
    "no_database", "dirty" or "unjudged"; ``wrong`` names the files that are missing, changed or added."""

    name: str
    at: dt.datetime
    state: str
    files: int
    size: int
    way: str = ""
    wrong: tuple[str, ...] = ()
    manifest: Manifest | None = None

    @property
    def good(self) -> bool:
        return self.state == GOOD

    def age_days(self, now: dt.datetime) -> int:
        """Whole days between the copy and ``now`` (aware)."""
        return (now - self.at).days


def dated(name: str) -> dt.datetime:
    """The moment (UTC) that a folder's name says. Raises ValueError for another name."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return dt.datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def judge(copy: DatedCopy) -> Judged:
    """What ``copy`` is worth as it lies there."""
    size = sum(file.size for file in copy.files)
    found = Judged(copy.name, dated(copy.name), GOOD, len(copy.files), size)
    if copy.fault is not None:
        return _as(found, "unread")
    if copy.manifest_text is None:
        return _as(found, "no_manifest")
    try:
        manifest = Manifest.model_validate_json(copy.manifest_text.lstrip("\ufeff"))
    except ValidationError:
        return _as(found, "manifest_unreadable")
    found = _as(found, GOOD, way=manifest.way, manifest=manifest)
    wrong = differing(copy, manifest)
    if wrong:
        return _as(found, "changed", wrong=wrong)
    if copy.esentutl_exit_code is None:
        return _as(found, "no_database")
    text = "\n".join(copy.esentutl_text)
    if "Clean Shutdown" in text:
        return found
    if "Dirty Shutdown" in text:
        return _as(found, REPLAY if manifest.way == "vss" else "dirty")
    return _as(found, "unjudged")


def differing(copy: DatedCopy, manifest: Manifest) -> tuple[str, ...]:
    """The files that are not as the manifest says: missing, changed, or added since."""
    said = {_slashes(file.name): (file.size, file.sha256) for file in manifest.files}
    there = {_slashes(file.name): (file.size, file.sha256) for file in copy.files}
    return tuple(sorted(name for name in said.keys() | there.keys() if said.get(name) != there.get(name)))


def newest_first(copies: Iterable[DatedCopy]) -> list[Judged]:
    """All copies judged, the newest first."""
    return sorted((judge(copy) for copy in copies), key=lambda copy: copy.at, reverse=True)


def to_remove(copies: list[Judged], keep: int, keep_days: int | None, now: dt.datetime) -> list[str]:
    """The names of good copies beyond the ``keep`` newest good ones, or older than ``keep_days``.

    The newest good copy is never among them, whatever the numbers and the clock say.
    """
    good = sorted((copy for copy in copies if copy.good), key=lambda copy: copy.at, reverse=True)
    return [
        copy.name
        for place, copy in enumerate(good)
        if place > 0 and (place >= keep or (keep_days is not None and copy.age_days(now) > keep_days))
    ]


def _slashes(name: str) -> str:
    return name.replace("\\", "/").lower()


def _as(
    found: Judged,
    state: str,
    *,
    way: str | None = None,
    wrong: tuple[str, ...] = (),
    manifest: Manifest | None = None,
) -> Judged:
    return Judged(
        found.name,
        found.at,
        state,
        found.files,
        found.size,
        found.way if way is None else way,
        wrong,
        manifest or found.manifest,
    )
