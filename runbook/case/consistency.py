"""What contradicts itself in a case file: two lines that cannot both be true, each told at the line to correct."""

from __future__ import annotations

import datetime as dt
import ntpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from runbook.case.model import Case


class Contradiction(NamedTuple):
    """``place`` is the way to the line in the file, ``key`` a sentence's, with its fields."""

    place: tuple[str | int, ...]
    key: str
    fields: dict[str, Any]


def same_machine(one: str, other: str) -> bool:
    """Whether two names are one machine's: compared in full where both have a domain, else by the first label."""
    first, second = one.strip().rstrip(".").lower(), other.strip().rstrip(".").lower()
    if "." in first and "." in second:
        return first == second
    return first.partition(".")[0] == second.partition(".")[0]


def names_machine(name: str, dns_name: str | None, computer_name: str | None) -> bool:
    """Whether ``name`` means the machine that calls itself ``dns_name`` (with its domain, where it has one)."""
    if dns_name and "." in dns_name:
        return same_machine(name, dns_name)
    return any(seen and same_machine(name, seen) for seen in (dns_name, computer_name))


def contradictions(case: Case, today: dt.date | None = None) -> list[Contradiction]:
    """Every pair of lines of ``case`` that cannot both be so; empty for a file that agrees with itself."""
    # A day's grace: the clock of the machine that reads the file may still stand in yesterday.
    latest = (today or dt.datetime.now(dt.UTC).date()) + dt.timedelta(days=1)
    return [*_servers(case), *_hosts(case), *_packs(case), *_dates(case, latest), *_places(case)]


def _servers(case: Case) -> Iterator[Contradiction]:
    new = case.license_server.name
    for number, lost in enumerate(case.lost_servers):
        place = ("lost_servers", number, "name")
        if same_machine(lost.name, new):
            yield Contradiction(place, "case.lost_is_new", {"server": lost.name})
        if any(same_machine(lost.name, earlier.name) for earlier in case.lost_servers[:number]):
            yield Contradiction(place, "case.twice", {"value": lost.name})


def _hosts(case: Case) -> Iterator[Contradiction]:
    names = case.session_hosts.names
    for number, name in enumerate(names):
        place = ("session_hosts", "names", number)
        if any(same_machine(name, earlier) for earlier in names[:number]):
            yield Contradiction(place, "case.twice", {"value": name})
        if any(same_machine(name, lost.name) for lost in case.lost_servers):
            yield Contradiction(place, "case.host_is_lost", {"host": name})
    pilot = case.session_hosts.pilot
    if pilot and not any(same_machine(pilot, name) for name in names):
        yield Contradiction(("session_hosts", "pilot"), "case.pilot_unlisted", {"host": pilot})


def _packs(case: Case) -> Iterator[Contradiction]:
    """A pack bought once that stands twice would be asked for, and owned, twice: told by its proofs."""
    seen: list[tuple[Any, ...]] = []
    for number, pack in enumerate(case.packs):
        papers = sorted(ntpath.normcase(ntpath.normpath(path)) for path in pack.proofs)
        key = (pack.count, pack.version, pack.type, papers)
        if papers and key in seen:
            yield Contradiction(("packs", number), "case.pack_twice", {"first": seen.index(key) + 1})
        seen.append(key)


def _dates(case: Case, latest: dt.date) -> Iterator[Contradiction]:
    bought, lost, approved = case.contract.purchase_date, case.incident.date, case.approval.date
    places = {("contract", "purchase_date"): bought, ("incident", "date"): lost, ("approval", "date"): approved}
    for place, day in places.items():
        if day and day > latest:
            yield Contradiction(place, "case.future", {"day": day.isoformat()})
    if bought and lost and bought > lost:
        yield Contradiction(("contract", "purchase_date"), "case.bought_after", {"day": str(bought), "lost": str(lost)})
    if approved and lost and approved < lost:
        yield Contradiction(("approval", "date"), "case.approved_before", {"day": str(approved), "lost": str(lost)})


def _places(case: Case) -> Iterator[Contradiction]:
    first, second = case.backup.destination, case.backup.second_copy
    if first and second and _folder(second).startswith(_folder(first)):
        yield Contradiction(("backup", "second_copy"), "case.second_is_first", {"place": first})


def _folder(path: str) -> str:
    return ntpath.normcase(ntpath.normpath(path)).rstrip("\\") + "\\"
