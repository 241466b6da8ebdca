"""The restore drill: is the newest copy whole, is this the same server and system, what would have to be done.

It reads and it restores nothing. Microsoft, KB 953918: on the original server with its own operating system the
unissued licences come back; where the system was replaced they have to be asked for by telephone. A license
server's identity lies in secrets of the system; nothing here reads or exports them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from pydantic import Field

from runbook.journal.context import Context
from runbook.journal.facts import Facts, Plain
from runbook.journal.outcome import Line, Status, Verdict
from runbook.steps import dated_copies
from runbook.steps.backup_copies import copies_made
from runbook.steps.dated_copies import REPLAY, CopiesAnswer, Judged, Manifest, SystemStateVersion
from runbook.steps.registry import CASE_LINE, local, script

#: What a restore from the copy would be: on the same system, on a replaced one, on another server.
SAME, SYSTEM, SERVER = "same", "system", "server"
#: A drill says so when the newest copy is older than this (weekly backups, and one that was missed).
OLD_DAYS = 15
_CLOCK = dt.timedelta(hours=2)


class System(Plain):
    """A computer, the version of its system, and the day on which that was installed (ISO 8601)."""

    computer: str
    system: str | None = None
    installed: str | None = None


class Origin(System):
    """Where a copy was made; ``source`` is the database's folder there."""

    source: str = ""


class RestoreCopies(Facts):
    """The newest copy and the newest usable one, this system and the one the copy is from."""

    step: ClassVar[str] = "restore-copies"
    destination: str = ""
    newest: str | None = None
    usable: str | None = None
    states: dict[str, str] = Field(default_factory=dict)
    database_path: str | None = None
    versions: tuple[str, ...] = ()
    here: System | None = None
    there: Origin | None = None


class RestoreServer(Facts):
    """``match``: SAME, SYSTEM or SERVER; None where nobody can say."""

    step: ClassVar[str] = "restore-server"
    match: str | None = None


class RestoreSteps(Facts):
    """Whether only the telephone leads back, and from which copy."""

    step: ClassVar[str] = "restore-steps"
    telephone: bool = True
    usable: str | None = Field(default=None, alias="copy")
    match: str | None = None


def place(context: Context) -> str:
    """Where the copies are: the notebook's parameter, else the case's destination."""
    return context.parameters.get("destination") or context.case.backup.destination or ""


@script(
    "restore-copies",
    CopiesAnswer,
    given=lambda context: {"Destination": place(context)},
    wants={"Destination": (CASE_LINE, "backup.destination")},
)
def copies(context: Context, seen: CopiesAnswer) -> Verdict:
    """The newest copy has to be whole. Where it is not, the newest one that is whole is named."""
    found = dated_copies.newest_first(seen.copies, seen.collected_at, copies_made(context.history))
    future = dated_copies.from_the_future(seen.copies, seen.collected_at)
    told = [Line("backup.copies_future", {"copies": ", ".join(future)})] if future else []
    facts = _facts(seen, found)
    table = tuple(
        {
            "copy": copy.name,
            "state": dated_copies.STATES[copy.state],
            "files": copy.files,
            "size": copy.size,
            "age_days": copy.age_days(seen.collected_at),
        }
        for copy in found
    )
    if not seen.answers:
        return Verdict(Status.FAILED, (Line("restore.unreachable", {"place": seen.destination or "—"}),), facts)
    if not found:
        return Verdict(Status.FAILED, (Line("restore.none", {"place": seen.destination}), *told), facts)
    newest, usable = found[0], [copy for copy in found if copy.whole]
    if newest not in usable:
        fields: dict[str, Any] = {
            "copy": newest.name,
            "state": dated_copies.STATES[newest.state],
            "files": ", ".join(newest.wrong) or "—",
        }
        lines = [Line("restore.newest_bad", fields)]
        lines += [Line("restore.older_good", {"copy": usable[0].name})] if usable else [Line("restore.no_good")]
        lines += [Line("restore.replay")] if usable and usable[0].state == REPLAY else []
        lines += told
        return Verdict(Status.FAILED, tuple(lines), facts, table)
    fields = {"copy": newest.name, "files": newest.files, "bytes": newest.size}
    lines = [Line("restore.newest_good", fields)]
    age = newest.age_days(seen.collected_at)
    if newest.state == REPLAY:
        lines.append(Line("restore.replay"))
    if age > OLD_DAYS:
        lines.append(Line("restore.old", {"days": age}))
    if not seen.versions:
        lines.append(Line("restore.no_state"))
    lines += told
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def _facts(seen: CopiesAnswer, found: list[Judged]) -> RestoreCopies:
    usable = next((copy for copy in found if copy.whole), None)
    manifest = usable.manifest if usable else None
    return RestoreCopies(
        destination=seen.destination,
        newest=found[0].name if found else None,
        usable=usable.name if usable else None,
        states={copy.name: copy.state for copy in found},
        database_path=seen.database_path,
        versions=tuple(version.version_id for version in sorted(seen.versions, key=_when)),
        here=System(computer=seen.computer_name, system=seen.os_version, installed=_iso(seen.os_installed_at)),
        there=_origin(manifest),
    )


def _when(version: SystemStateVersion) -> str:
    return version.backup_at.isoformat() if version.backup_at else ""


def _iso(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None


def _origin(manifest: Manifest | None) -> Origin | None:
    if manifest is None:
        return None
    installed = _iso(manifest.os_installed_at)
    return Origin(
        computer=manifest.computer_name, system=manifest.os_version, source=manifest.source, installed=installed
    )


@local("restore-server")
def server(context: Context) -> Verdict:
    """The copy's server and system against this one: name, then version and day of installation."""
    seen = context.known(RestoreCopies)
    here, there = seen.here, seen.there
    if not here or not there:
        return Verdict(Status.NOT_JUDGED, (Line("restore.server_unknown"),), RestoreServer(match=None))
    fields: dict[str, Any] = {"here": here.computer, "there": there.computer}
    if here.computer.lower() != there.computer.lower():
        return Verdict(Status.FINDING, (Line("restore.other_server", fields),), RestoreServer(match=SERVER))
    if None in (here.system, there.system):
        return Verdict(Status.NOT_JUDGED, (Line("restore.system_unknown", fields),), RestoreServer(match=None))
    if here.system != there.system or not _same_moment(here.installed, there.installed):
        fields |= {"now": here.system, "then": there.system, "day": str(here.installed)[:10]}
        return Verdict(Status.FINDING, (Line("restore.other_system", fields),), RestoreServer(match=SYSTEM))
    return Verdict(Status.SUCCEEDED, (Line("restore.same", fields),), RestoreServer(match=SAME))


def _same_moment(one: str | None, other: str | None) -> bool:
    """Whether two days of installation are one and the same. WMI counts it in local time, so that it can move by
    an hour with daylight saving time (inferred): two hours apart is still the same."""
    if one is None or other is None:
        return False
    return abs(dt.datetime.fromisoformat(one) - dt.datetime.fromisoformat(other)) <= _CLOCK


#: The steps of a restore, in their order; each is a sentence of words/restore.yml.
_FIRST = ("restore.do_note", "restore.do_owner")
_STATE = ("restore.do_state_version", "restore.do_state_start")
_FOLDER = (
    "restore.do_stop",
    "restore.do_aside",
    "restore.do_copy",
    "restore.do_start",
    "restore.do_compare",
    "restore.do_events",
)


@local("restore-steps")
def steps(context: Context) -> Verdict:
    """The way back, step by step, or that only the telephone leads there."""
    seen = context.known(RestoreCopies)
    usable, match = seen.usable, context.known(RestoreServer).match
    telephone = not usable or match != SAME
    facts = RestoreSteps(telephone=telephone, usable=usable, match=match)
    if not usable:
        return Verdict(Status.FINDING, (Line("restore.telephone_no_copy"),), facts)
    if match == SERVER:
        return Verdict(Status.FINDING, (Line("restore.telephone_server"),), facts)
    fields = {
        "copy": f"{seen.destination.rstrip(chr(92))}\\{usable}",
        "database": seen.database_path or (seen.there.source if seen.there else "") or "—",
        "version": seen.versions[-1] if seen.versions else "—",
    }
    names = [*_FIRST, *(_STATE if seen.versions else ()), *_FOLDER]
    lines = [Line("restore.step", {"number": n, "what": key}) for n, key in enumerate(names, 1)]
    lines.append(Line("restore.values", fields))
    if match == SYSTEM:
        lines.append(Line("restore.telephone_system"))
    elif match is None:
        lines.append(Line("restore.telephone_unknown"))
    else:
        lines.append(Line("restore.no_telephone"))
    return Verdict(Status.FINDING if telephone else Status.SUCCEEDED, tuple(lines), facts)
