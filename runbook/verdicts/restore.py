"""The restore drill: is the newest copy whole, is this the same server and system, what would have to be done.

It reads and it restores nothing. Microsoft, KB 953918: on the original server with its own operating system the
unissued licences come back; where the system was replaced they have to be asked for by telephone. A license
server's identity lies in secrets of the system; nothing here reads or exports them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from runbook.outcome import SATISFIED, Line, Status, Verdict
from runbook.readers.answers import CopiesAnswer, Manifest, SystemStateVersion
from runbook.verdicts import dated_copies
from runbook.verdicts.context import Context
from runbook.verdicts.dated_copies import REPLAY, WHOLE, Judged
from runbook.verdicts.reading import reading

#: What a restore from the copy would be: on the same system, on a replaced one, on another server.
SAME, SYSTEM, SERVER = "same", "system", "server"
#: A drill says so when the newest copy is older than this (weekly backups, and one that was missed).
OLD_DAYS = 15
_CLOCK = dt.timedelta(hours=2)


def place(context: Context) -> str:
    """Where the copies are: the notebook's parameter, else the case's destination."""
    return context.parameters.get("destination") or context.case.backup.destination or ""


def copies(context: Context, seen: CopiesAnswer) -> Verdict:
    """The newest copy has to be whole. Where it is not, the newest one that is whole is named."""
    found = dated_copies.newest_first(seen.copies)
    facts = _facts(seen, found)
    table = tuple(
        {
            "copy": copy.name,
            "state": f"backup.copy_{copy.state}",
            "files": copy.files,
            "size": copy.size,
            "age_days": copy.age_days(seen.collected_at),
        }
        for copy in found
    )
    if not seen.reachable:
        return Verdict(Status.FAILED, (Line("restore.unreachable", {"place": seen.destination or "—"}),), facts)
    if not found:
        return Verdict(Status.FAILED, (Line("restore.none", {"place": seen.destination}),), facts)
    newest, usable = found[0], [copy for copy in found if copy.state in WHOLE]
    if newest not in usable:
        fields: dict[str, Any] = {
            "copy": newest.name,
            "state": f"backup.copy_{newest.state}",
            "files": ", ".join(newest.wrong) or "—",
        }
        lines = [Line("restore.newest_bad", fields)]
        lines += [Line("restore.older_good", {"copy": usable[0].name})] if usable else [Line("restore.no_good")]
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
    return Verdict(Status.SUCCEEDED if len(lines) == 1 else Status.FINDING, tuple(lines), facts, table)


def _facts(seen: CopiesAnswer, found: list[Judged]) -> dict[str, Any]:
    usable = next((copy for copy in found if copy.state in WHOLE), None)
    manifest = usable.manifest if usable else None
    return {
        "destination": seen.destination,
        "newest": found[0].name if found else None,
        "usable": usable.name if usable else None,
        "states": {copy.name: copy.state for copy in found},
        "database_path": seen.database_path,
        "versions": [version.version_id for version in sorted(seen.versions, key=_when)],
        "here": {
            "computer": seen.computer_name,
            "system": seen.os_version,
            "installed": seen.os_installed_at.isoformat() if seen.os_installed_at else None,
        },
        "there": _origin(manifest),
    }


def _when(version: SystemStateVersion) -> str:
    return version.backup_at.isoformat() if version.backup_at else ""


def _origin(manifest: Manifest | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        "computer": manifest.computer_name,
        "system": manifest.os_version,
        "installed": manifest.os_installed_at.isoformat() if manifest.os_installed_at else None,
        "source": manifest.source,
    }


def server(context: Context) -> Verdict:
    """The copy's server and system against this one: name, then version and day of installation."""
    here = context.fact("restore-copies", "here")
    there = context.fact("restore-copies", "there")
    if not here or not there:
        return Verdict(Status.NOT_JUDGED, (Line("restore.server_unknown"),), {"match": None})
    fields = {"here": here["computer"], "there": there["computer"]}
    if here["computer"].lower() != there["computer"].lower():
        return Verdict(Status.FINDING, (Line("restore.other_server", fields),), {"match": SERVER})
    if here["system"] != there["system"] or not _same_moment(here["installed"], there["installed"]):
        fields |= {"now": here["system"], "then": there["system"], "day": str(here["installed"])[:10]}
        return Verdict(Status.FINDING, (Line("restore.other_system", fields),), {"match": SYSTEM})
    return Verdict(Status.SUCCEEDED, (Line("restore.same", fields),), {"match": SAME})


def _same_moment(one: str | None, other: str | None) -> bool:
    """Whether two days of installation are one and the same. WMI counts it in local time, so that it can move by
    an hour with daylight saving time (inferred): two hours apart is still the same."""
    if one is None or other is None:
        return False
    return abs(dt.datetime.fromisoformat(one) - dt.datetime.fromisoformat(other)) <= _CLOCK


#: The steps of a restore, in their order; each is a sentence of words/restore.yml.
_FIRST = ("note", "owner")
_STATE = ("state_version", "state_start")
_FOLDER = ("stop", "aside", "copy", "start", "compare", "events")


def steps(context: Context) -> Verdict:
    """The way back, step by step, or that only the telephone leads there."""
    usable = context.fact("restore-copies", "usable")
    match = context.fact("restore-server", "match")
    seen = context.status.get("restore-copies") in SATISFIED or bool(usable)
    telephone = not seen or not usable or match != SAME
    facts = {"telephone": telephone, "copy": usable, "match": match}
    if not usable:
        return Verdict(Status.FINDING, (Line("restore.telephone_no_copy"),), facts)
    if match == SERVER:
        return Verdict(Status.FINDING, (Line("restore.telephone_server"),), facts)
    fields = {
        "copy": f"{str(context.fact('restore-copies', 'destination')).rstrip(chr(92))}\\{usable}",
        "database": context.fact("restore-copies", "database_path")
        or (context.fact("restore-copies", "there") or {}).get("source")
        or "—",
        "version": (context.fact("restore-copies", "versions") or ["—"])[-1],
    }
    versions = context.fact("restore-copies", "versions")
    names = [*_FIRST, *(_STATE if versions else ()), *_FOLDER]
    lines = [Line("restore.step", {"number": n, "what": f"restore.do_{name}"}) for n, name in enumerate(names, 1)]
    lines.append(Line("restore.values", fields))
    if match == SYSTEM:
        lines.append(Line("restore.telephone_system"))
    elif match is None:
        lines.append(Line("restore.telephone_unknown"))
    else:
        lines.append(Line("restore.no_telephone"))
    return Verdict(Status.FINDING if telephone else Status.SUCCEEDED, tuple(lines), facts)


JUDGES = {"restore-copies": reading("backup-copies", copies)}
LOCAL = {"restore-server": server, "restore-steps": steps}
INPUTS = {"restore-copies": lambda context: {"Destination": place(context)}}
