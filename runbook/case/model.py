"""The case: who, what, where. Read with a strict schema; on a bad one nothing runs."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from runbook.case import case_file
from runbook.case.case_file import Fault
from runbook.case.consistency import contradictions
from runbook.case.folder import is_case_name
from runbook.case.identifiers import compact_id, normalise_id35
from runbook.errors import BadInput
from runbook.knowledge import reference
from runbook.words.language import choose
from runbook.words.sentences import say

HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def _id35(value: str) -> str:
    compact = normalise_id35(value)
    if compact is None:
        raise PydanticCustomError("id35", "35 characters expected", {"length": len(compact_id(value))})
    return compact


def _host(value: str) -> str:
    if re.fullmatch(r"[0-9.]+", value):  # neither Kerberos nor Group Policy knows a machine by its address
        raise PydanticCustomError("host_address", "host name expected, no address")
    if not HOST_NAME.fullmatch(value):
        raise PydanticCustomError("host", "host name expected")
    return value


def _cal_version(value: str) -> str:
    known = reference.cal_versions()
    if value not in known:
        raise PydanticCustomError("cal_version", "one of {expected}", {"expected": ", ".join(f"'{v}'" for v in known)})
    return value


#: The versions of which RDS CALs are sold: versions.yml.
CalVersion = Annotated[str, AfterValidator(_cal_version)]


def _case_name(value: str) -> str:
    if not is_case_name(value):
        raise PydanticCustomError("case_name", "case name expected")
    return value


def _empty_list(value: object) -> object:
    return [] if value is None else value


def _empty_map(value: object) -> object:
    return {} if value is None else value


Id35 = Annotated[str, AfterValidator(_id35)]
HostName = Annotated[str, AfterValidator(_host)]
ListOf = BeforeValidator(_empty_list)
MapOf = BeforeValidator(_empty_map)


class Part(BaseModel):
    """Base of every part of a case file: unknown keys are faults, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Person(Part):
    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None


class Approval(Part):
    """Who approved the recovery, in which role, under which change ticket."""

    name: str | None = None
    role: str | None = None
    ticket: str | None = None
    date: dt.date | None = None


class Incident(Part):
    date: dt.date | None = None
    description: str | None = None


class LicenseServer(Part):
    """The new license server. ``reached``: the runbook runs on it (``here``), or on a workstation from which it is
    asked over PowerShell remoting, by Kerberos or HTTPS."""

    name: HostName
    reached: Literal["here", "remoting", "remoting-https"] = "here"


class LostServer(Part):
    """A license server that no longer exists; ``server_id`` where an old note still gives it."""

    name: str
    os: str | None = None
    server_id: Id35 | None = None
    note: str | None = None


class Contract(Part):
    """How the licences were bought. Programs: Microsoft's license program list."""

    program: Literal["retail", "open", "select", "enterprise", "campus", "school", "spla", "other"] | None = None
    agreement: str | None = None
    reseller: str | None = None
    purchase_date: dt.date | None = None


#: The most CALs of one pack, written or dictated.
MOST_CALS = 100_000


class Pack(Part):
    """One pack as bought: ``count`` CALs. ``proofs`` are files, relative to the case's folder or absolute."""

    count: Annotated[int, Field(ge=1, le=MOST_CALS)]
    version: CalVersion = "2022"
    type: Literal["user", "device"] = "user"
    proofs: Annotated[list[str], ListOf] = []
    no_proof_reason: str | None = None


class Clearinghouse(Part):
    method: Literal["telephone", "automatic", "web"] = "telephone"
    country: str | None = None
    wizard: Literal["migrate", "install"] = "migrate"


class SessionHosts(Part):
    """The session hosts that ask the license server for CALs; ``throttle`` is Invoke-Command's own limit."""

    names: Annotated[list[HostName], ListOf] = []
    managed_by: Literal["gpo", "broker"] = "gpo"
    broker: HostName | None = None
    throttle: Annotated[int, Field(ge=1, le=256)] = 32
    pilot: HostName | None = None


class Backup(Part):
    """Where copies go. ``destination`` is a local folder, ``second_copy`` a folder or share for a second one.

    ``keep`` is how many good copies stay, ``keep_days`` how old one may become; the newest good one always stays.
    ``system_state`` is wbadmin's target ("E:" or a share), ``system_state_minutes`` its time limit.
    """

    destination: str | None = None
    keep: Annotated[int, Field(ge=1, le=365)] = 5
    keep_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    second_copy: str | None = None
    system_state: str | None = None
    system_state_minutes: Annotated[int, Field(ge=5, le=1440)] = 120


class Case(Part):
    """A whole case file."""

    name: Annotated[str, Field(alias="case"), AfterValidator(_case_name)]
    company: str
    lang: Literal["fr", "en"] | None = None
    rehearsal: str | None = None
    operator: Annotated[Person, MapOf] = Person()
    approval: Annotated[Approval, MapOf] = Approval()
    incident: Annotated[Incident, MapOf] = Incident()
    license_server: LicenseServer
    lost_servers: Annotated[list[LostServer], ListOf] = []
    contract: Annotated[Contract, MapOf] = Contract()
    packs: Annotated[list[Pack], Field(min_length=1)]
    clearinghouse: Annotated[Clearinghouse, MapOf] = Clearinghouse()
    session_hosts: Annotated[SessionHosts, MapOf] = SessionHosts()
    backup: Annotated[Backup, MapOf] = Backup()

    @property
    def draft(self) -> bool:
        """True where no case file was written yet: checks run, everything else waits."""
        return False

    def expected_cals(self) -> int:
        """The number of CALs that the packs of the case add up to."""
        return sum(pack.count for pack in self.packs)


class DraftCase(Case):
    """The case before anyone wrote its file: only what the machine knows."""

    packs: Annotated[list[Pack], ListOf] = []

    @property
    def draft(self) -> bool:
        return True


def draft_case(name: str, lang: Literal["fr", "en"], server: str, reached: str = "here") -> Case:
    """A case with nothing in it but its name and its license server."""
    known = {"name": server, "reached": reached}
    return DraftCase.model_validate({"case": name, "company": "-", "lang": lang, "license_server": known})


def load_case(path: Path, name: str, lang: str | None = None, *, agreeing: bool = True) -> Case:
    """Read and check the case file ``path`` of the case ``name``; with ``agreeing`` False also one that contradicts
    itself, for the record of what was done under it.

    Raises BadInput that lists every fault with its line, in the file's own language where it says one.
    """
    document = case_file.read(path)
    data = document.data if isinstance(document.data, dict) else {}
    speak = choose(lang, data.get("lang") if isinstance(data.get("lang"), str) else None)
    faults = list(document.faults)
    if not faults and not isinstance(document.data, dict):
        faults.append(Fault(1, "", "case.empty", {}))
    case: Case | None = None
    if not any(f.key in _UNREAD for f in faults):
        try:
            case = Case.model_validate(_without_empty(data))
        except ValidationError as error:
            faults += [_fault(detail, document) for detail in error.errors()]
        else:
            if case.name != name:
                faults.append(
                    Fault(document.line_of(("case",)), "case", "case.other_name", {"found": case.name, "name": name})
                )
            faults += [
                Fault(document.line_of(place), case_file.where(place), key, fields)
                for place, key, fields in (contradictions(case) if agreeing else ())
            ]
    if faults or case is None:
        raise BadInput(tell(path, faults, speak))
    return case


def tell(path: Path, faults: list[Fault], lang: str) -> str:
    """All faults in one text: a sentence for the file, a line for each fault."""
    lines = [say("case.faults", lang, path=path, count=len(faults))]
    for fault in sorted(faults, key=lambda f: f.line):
        what = say(fault.key, lang, **fault.fields)
        lines.append(
            say(
                "case.fault_line" if fault.where else "case.fault_line_only",
                lang,
                line=fault.line,
                where=fault.where,
                what=what,
            )
        )
    return "\n".join(lines)


def _without_empty(data: Any) -> Any:
    """An empty value says nothing: leave it to the schema's default, or to its "missing"."""
    if isinstance(data, dict):
        return {k: _without_empty(v) for k, v in data.items() if v is not None}
    if isinstance(data, list):
        return [_without_empty(v) for v in data if v is not None]
    return data


#: With one of these nothing more can be said of the file.
_UNREAD = frozenset(
    {"case.syntax", "case.not_utf8", "case.character", "case.empty", "case.alias", "case.too_long", "case.too_deep"}
)
#: What pydantic calls a fault, and how a person is told of it.
_SAID = {
    "missing": "case.missing",
    "extra_forbidden": "case.unknown_key",
    "int_parsing": "case.number",
    "int_type": "case.number",
    "literal_error": "case.choice",
    "cal_version": "case.choice",
    "id35": "case.id35",
    "host": "case.host",
    "host_address": "case.host_address",
    "case_name": "case.case_name",
    "list_type": "case.list",
    "too_short": "case.at_least_one",
    "string_type": "case.text",
    "model_type": "case.mapping",
    "model_attributes_type": "case.mapping",
    "greater_than_equal": "case.too_small",
    "less_than_equal": "case.too_large",
}


def _fault(detail: ErrorDetails, document: case_file.Document) -> Fault:
    place = detail["loc"]
    kind = detail["type"]
    key = "case.date" if kind.startswith("date") else _SAID.get(kind, "case.wrong")
    context = detail.get("ctx", {})
    fields: dict[str, Any] = {"key": place[-1] if place else "", "value": detail.get("input")}
    choices = ", ".join(re.findall(r"'([^']*)'", context.get("expected", "")))
    fields |= {
        "expected": choices,
        "length": context.get("length", ""),
        "limit": context.get("ge", context.get("le", "")),
    }
    return Fault(document.line_of(place), case_file.where(place), key, fields)
