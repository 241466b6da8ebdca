"""Dated copies of the license database: which of them are good, and which may go.

A copy is good when its manifest lies beside it, every file is there with the same hash and none was added, and
esentutl says that the database was shut down cleanly; one out of a shadow copy is whole without that. Only whole
copies are ever removed, and never the newest: one that is not may be the last trace of something, and is left to a
person.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError

from runbook.steps.answer_shape import Answered, Fault, Flag, Int

_NAME = re.compile(r"\d{8}T\d{6}Z")
GOOD = "good"
#: What a shadow copy gives: whole, but its logs have to be replayed before the database opens.
REPLAY = "replay"
#: What a copy can be, and how a table says it.
STATES = {
    GOOD: "backup.copy_good",
    REPLAY: "backup.copy_replay",
    "no_manifest": "backup.copy_no_manifest",
    "manifest_unreadable": "backup.copy_manifest_unreadable",
    "unread": "backup.copy_unread",
    "changed": "backup.copy_changed",
    "no_database": "backup.copy_no_database",
    "dirty": "backup.copy_dirty",
    "unjudged": "backup.copy_unjudged",
}
#: With these a copy can be restored from.
WHOLE = frozenset({GOOD, REPLAY})
#: A copy dated later than this after "now" was made under a clock that was wrong: it is told, and never the newest.
_CLOCK = dt.timedelta(hours=1)


class CopiedFile(Answered):
    """One file of the copy, read back from the destination."""

    name: str  # path below the folder, "/" or "\\" as Windows gives it
    size: Int
    #: Get-FileHash writes capitals; small letters are what sha256sum, certutil and the archive's lists write.
    sha256: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$"), AfterValidator(str.lower)]


class Manifest(Answered):
    """What lies beside a dated copy as ``DATED.json``: which server it was, which system, which files.

    ``way``: "stop" (the service stood still) or "vss". ``os_installed_at`` is Win32_OperatingSystem.InstallDate:
    it changes when the system is replaced (in-place upgrade included), which is what a restore asks about.
    """

    format: Int
    made_at: AwareDatetime
    way: str
    computer_name: str
    os_version: str | None
    os_installed_at: AwareDatetime | None
    source: str
    files: list[CopiedFile]


class DatedCopy(Answered):
    """One dated folder of the destination as it lies there now, hashed again."""

    name: str
    manifest_text: str | None  # DATED.json as written, None where there is none
    files: list[CopiedFile]
    esentutl_exit_code: Int | None  # None: no .edb file
    esentutl_text: list[str]
    fault: Fault | None


class SystemStateVersion(Answered):
    """One backup that Windows Server Backup knows. Whether it holds the system state is not told here."""

    version_id: str
    backup_at: AwareDatetime | None


class CopiesAnswer(Answered):
    """backup-copies: every dated copy of the destination, and which server and system this is."""

    collected_at: AwareDatetime
    computer_name: str
    os_version: str | None  # None, as the day of installation: the system could not be asked
    os_installed_at: AwareDatetime | None
    database_path: str | None  # None where the role cannot be asked
    destination: str
    reachable: Flag
    reach_fault: Fault | None = None  # the place refused to be looked at
    free_bytes: Int | None  # of the place's drive; None: a share, or no drive answers
    copies: list[DatedCopy]
    versions: list[SystemStateVersion]
    versions_fault: Fault | None

    @property
    def answers(self) -> bool:
        """Whether what lies at the place is known: it was listed, or it is not there on a drive that answers."""
        return self.reachable or (self.reach_fault is None and self.free_bytes is not None)


@dataclass(frozen=True)
class Judged:
    """One copy. ``state`` is a word of ``STATES``; ``wrong`` names the files that are missing, changed or added."""

    name: str
    at: dt.datetime
    state: str
    files: int
    size: int
    way: str = ""
    wrong: tuple[str, ...] = ()
    manifest: Manifest | None = None

    @property
    def whole(self) -> bool:
        """Whether it can be restored from: the one notion of a usable copy, for every step and notebook."""
        return self.state in WHOLE

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


def newest_first(copies: Iterable[DatedCopy], now: dt.datetime | None = None, made: Sequence[str] = ()) -> list[Judged]:
    """All copies judged, the newest first; those from the future of ``now`` are left out (``from_the_future``).

    ``made``: the names of those that the case itself has made, in the order of its journal. Of these a later one is
    newer, though its name says an earlier hour: the clock was put back between them."""
    judged = (judge(copy) for copy in copies)
    found = [copy for copy in judged if now is None or copy.at <= now + _CLOCK]
    ages = {copy.name: (copy.at, -1) for copy in found}
    latest = dt.datetime.min.replace(tzinfo=dt.UTC)
    for place, name in enumerate(name for name in made if name in ages):
        latest = max(latest, ages[name][0])
        ages[name] = latest, place
    return sorted(found, key=lambda copy: ages[copy.name], reverse=True)


def dated_later(newest: list[Judged]) -> list[str]:
    """The whole copies of ``newest`` (newest first) that are older than the first one and say a later hour."""
    whole = [copy for copy in newest if copy.whole]
    return sorted(copy.name for copy in whole[1:] if copy.at > whole[0].at)


def from_the_future(copies: Iterable[DatedCopy], now: dt.datetime) -> list[str]:
    """The names of the copies that say they were made after ``now``."""
    return sorted(copy.name for copy in copies if dated(copy.name) > now + _CLOCK)


def to_remove(copies: list[Judged], keep: int, keep_days: int | None, now: dt.datetime) -> list[str]:
    """The names of whole copies beyond the ``keep`` newest of ``copies`` (newest first), or older than ``keep_days``,
    by whatever way they were made.

    The newest whole copy and the newest one that needs no logs replayed are never among them, whatever the numbers
    and the clock say, nor is one that says a later hour than the newest: backup-retention.ps1 goes by the names.
    """
    whole = [copy for copy in copies if copy.whole]
    clean = next((copy for copy in whole if copy.good), None)
    later = dated_later(copies)
    return [
        copy.name
        for place, copy in enumerate(whole)
        if place > 0
        and copy is not clean
        and copy.name not in later
        and (place >= keep or (keep_days is not None and copy.age_days(now) > keep_days))
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
