"""The record types of knowledge/: what one fact looks like, in each of its files.

Frozen pydantic models that refuse unknown keys; ``runbook.knowledge`` loads them.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from runbook.knowledge.text import Fact, Filled, Official, Record, Synonyms, Text

#: The commands of short.yml inside their Markdown: a fence, or a line of inline code.
_COMMANDS = re.compile(r"^```powershell\n(.*?)\n```$|^`([^`\n]+)`$", re.MULTILINE | re.DOTALL)


class Noise(Record):
    """When an event means nothing: ``rule`` for the program, ``when`` for the reader.

    ``not-a-session-host``: the machine is not meant to be a session host. ``ese-1316-and-service-runs``: the
    text carries ESE error -1316 and the licensing service works. ``always``: never a sign of trouble.
    """

    rule: Literal["not-a-session-host", "ese-1316-and-service-runs", "always"]
    when: Text


class Event(Fact):
    """One event of a log (events.yml). An id says nothing without ``provider`` and ``channel``.

    ``key`` is this project's short name ("LS-22": license server, "RCM-1069": session host). ``aliases`` are
    older names of the provider; ``also_in`` are other channels in which it may stand. ``text`` is the wording with
    ``%1`` for parameters; ``text.fr`` is None in every row: no French event text was found in any source. ``whole``
    is False where the wording is cut.
    ``older`` is how Microsoft's page on the first 2008 R2 words it, where Windows' own manifest says it otherwise.
    ``matches`` are people's own words for an event that no error row explains.
    ``noise`` is None for an event that always counts. ``act``: see Problem; None where there is nothing to do.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[A-Z]+-\d+$")]
    provider: Filled
    aliases: tuple[Filled, ...] = ()
    channel: Filled
    also_in: tuple[Filled, ...] = ()
    id: int
    level: Literal["Information", "Warning", "Error"] | None
    machine: Literal["license server", "session host"]
    symbol: str | None = None
    text: Official
    whole: bool = True
    older: Filled | None = None
    matches: Synonyms = Synonyms()
    meaning: Text
    fix: Text
    noise: Noise | None = None
    legacy: bool = False
    proof: bool = False  # to be exported and kept: it documents what was done
    note: Text | None = None
    act: Filled | None = None

    @property
    def anchor(self) -> str:
        return self.key.lower()

    @property
    def page(self) -> str:
        """The link to its row: "events.html#ls-22"."""
        return f"events.html#{self.anchor}"


class Match(Synonyms):
    """What points to an error beside its message: fragments as people paste them, per language. ``other``: official
    messages in languages that this project does not speak."""

    other: tuple[Filled, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The fragments of both languages."""
        return self.fr + self.en


class Code(Record):
    """A number that goes with an error: ``value`` as written in the tables ("0x80041008", "6", "15007").

    ``kind``: "status" is GetTStoLSConnectivityStatus, "mode" a licensing mode, "activation" GetActivationStatus,
    "exit" robocopy's exit code, "client" what a window shows; such small numbers mean nothing without it.
    """

    kind: Literal["wmi", "win32", "ese", "status", "mode", "exit", "activation", "client"]
    value: Filled
    meaning: Text


class Problem(Fact):
    """One row of errors.yml. ``id`` is stable ("E01"): it is never reused for something else.

    ``heading`` is what the page puts above the row: the official message where one exists, else the symptom.
    ``events`` are keys of events.yml. ``article`` is the row (1 to 5) of the source article's table. ``act`` is the
    section of the site that does what ``fix`` says ("session-hosts.html#gpo"); ``run`` names short commands for it.
    ``field`` names the words of lexicon.yml of which one has to stand beside its wordings. ``says``: what a text may
    speak of to mean this row, however worded: "database locked", things and states of lexicon.yml.
    """

    id: Annotated[str, StringConstraints(pattern=r"^E\d\d$")]
    field: Literal["rds", "database", "lserver", "remoting", "logs", "classes", "report"] = "rds"
    symptom: Text
    message: Official
    article: int | None = Field(default=None, ge=1, le=5)
    events: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    matches: Match = Match()
    says: tuple[Filled, ...] = ()
    cause: Text
    fix: Text
    do_not: Text | None = None
    note: Text | None = None
    act: Filled
    run: tuple[Filled, ...] = ()

    @property
    def anchor(self) -> str:
        return self.id.lower()

    @property
    def page(self) -> str:
        """The link to its row: "errors.html#e07"."""
        return f"errors.html#{self.anchor}"

    def heading(self, lang: str) -> str:
        return self.message.of(lang) or (self.symptom.fr if lang == "fr" else self.symptom.en)


class Lexicon(Record):
    """lexicon.yml: the words that decide what a message means beside its wording; folded (no accents, no capitals),
    but for ``same``: groups of ways to say one thing, of which the first has its accents. ``things`` and ``states``:
    what a text speaks of, by name; a state may be denied by what stands before it."""

    negations: tuple[Filled, ...]
    possibilities: tuple[Filled, ...]
    compounds: tuple[Filled, ...]
    same: tuple[tuple[Filled, ...], ...]
    subjects: tuple[Filled, ...]
    fields: dict[str, tuple[Filled, ...]]
    foreign: tuple[Filled, ...]
    own: tuple[Filled, ...]
    trade: tuple[Filled, ...]
    things: dict[str, tuple[Filled, ...]]
    states: dict[str, tuple[Filled, ...]]
    fillers: tuple[Filled, ...]
    matters: tuple[Filled, ...]
    askers: tuple[Filled, ...]
    asks: tuple[Filled, ...]
    reasons: tuple[Filled, ...]
    troubles: tuple[Filled, ...]
    rules: tuple[Filled, ...]
    harmless: tuple[Filled, ...]
    needs: tuple[Filled, ...]
    template_roots: tuple[Filled, ...]
    computer_titles: tuple[Filled, ...]
    user_titles: tuple[Filled, ...]


class Heard(NamedTuple):
    """A saying of said.tsv or a message of heard/: ``rows`` are ids of errors.yml or keys of events.yml, any of which
    answers it. NONE, alone or among them (healthy, a rule, another product): to answer nothing is right."""

    text: str
    rows: tuple[str, ...]


class Short(Record):
    """One row of short.yml: a command of one to four lines, and how to read its answer.

    ``run`` is Markdown: each command a fence or a line of inline code, so that the checker finds them. ``step``: the
    step whose script does the same in full.
    """

    id: Filled
    machine: Literal["license server", "session host", "client", "admin workstation", "connection broker", "any"]
    kind: Literal["check", "change"]
    step: Filled | None = None
    run: Filled
    answer: Text

    @property
    def text(self) -> str:
        """The commands as they are pasted, a line each."""
        return "\n".join(fence or line for fence, line in _COMMANDS.findall(self.run))


class Term(Fact):
    """One word of the glossary. ``article`` is True for the four terms of the source article's table."""

    id: Filled
    term: Text
    definition: Text
    where: Text | None = None
    format: Text | None = None
    sensitivity: Literal["secret", "confidential", "personal", "internal"] | None = None
    article: bool = False
    synonyms: Synonyms = Synonyms()


class Port(Fact):
    """One permitted flow. ``origin`` and ``target`` name machines; ``ports`` is text ("49152-65535")."""

    id: Filled
    origin: Text
    target: Text
    direction: Literal[
        "server to Microsoft",
        "host to server",
        "server to directory",
        "administration",
        "workstation to server",
        "none",
    ]
    protocol: Literal["TCP", "UDP"]
    ports: Filled
    purpose: Text
    needed: Text


class Policy(Fact):
    """One Group Policy setting with its official names; ``synonyms`` are other words, for search only."""

    id: Filled
    name: Text
    path: Text
    field: Text | None = None
    values: tuple[PolicyValue, ...] = ()
    group: PolicyGroup | None = None
    registry: tuple[Filled, ...] = ()  # ids of registry.yml
    applies_to: Literal["license server", "session host"]
    purpose: Text
    article_wrote: str | None = None
    synonyms: Synonyms = Synonyms()


class PolicyValue(Record):
    """One choice of a policy's list: its label and the number that the registry then holds."""

    label: Text
    number: int | None = None


class PolicyGroup(Record):
    """The group whose members a policy admits: its names, and the SID by which it is found on any system."""

    name: Text
    sid: Annotated[str, StringConstraints(pattern=r"^S-1-5-32-\d+$")]


class RegistryValue(Fact):
    """One registry value. ``key`` begins with the hive; ``type`` is None where not documented."""

    id: Filled
    machine: Literal["license server", "session host", "client"]
    key: Filled
    value: Filled
    type: str | None = None
    meaning: Text
    caution: Text | None = None


class Service(Fact):
    """One Windows service or role. ``display`` is what the console shows; it is never matched."""

    id: Filled  # the service's or the feature's own name: what programs use
    kind: Literal["service", "feature", "tool"]
    machine: Literal["license server", "session host", "any"]
    display: Official
    purpose: Text
    caution: Text | None = None


class Location(Fact):
    """One path on disk."""

    id: Filled
    path: Filled
    machine: Literal["license server", "session host"]
    holds: Text
    caution: Text | None = None


class CimValue(Record):
    """One number that a property or a method answers, and its meaning."""

    number: Filled
    meaning: Text


class CimMember(Record):
    """One property or method. ``takes`` and ``gives``: parameters with their types, in the API's order."""

    name: Filled
    kind: Literal["property", "method"]
    takes: tuple[Filled, ...] = ()
    gives: tuple[Filled, ...] = ()
    does: Text
    values: tuple[CimValue, ...] = ()
    needs: Text | None = None
    unproven: bool = False


class CimClass(Fact):
    """One CIM class, or (``namespace`` empty) what stands beside them: then ``title`` is its heading."""

    id: Filled
    title: Text | None = None
    namespace: str
    machine: Literal["license server", "session host"]
    about: Text
    caution: Text | None = None
    members: tuple[CimMember, ...] = ()
    values: tuple[CimValue, ...] = ()


class Contact(Fact):
    """Whom to turn to. ``phone`` is None where no number is confirmed: then the wizard shows it."""

    id: Filled
    name: Text
    use: Text
    phone: Text | None = None
    address: str | None = None
    hours: Text | None = None
    note: Text | None = None


class Source(Record):
    """Where facts come from. ``read`` is a date or a commit; ``address`` is None for what has no page."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]*$")]
    title: Text
    address: str | None
    read: str | None
    kind: Literal["Microsoft", "Microsoft, third-party copy", "third party", "reasoning", "article"]


class Page(Record):
    """A page inside a source, cited by facts under ``id`` ("SUP ports-used-by-rds.md").

    ``title`` is the page's own, ``read`` the date it bears (or the day it was read); None: not kept.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]+ .+$")]
    title: str | None
    address: str | None
    read: str | None

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.id.lower()).strip("-")


class Ticked(Record):
    """What a tick of the checklist stands for (``seen``), and what no step looks at (``unseen``)."""

    seen: Text
    unseen: Text | None = None


class ChecklistLine(Fact):
    """One line of the checklist, by the article's ``number``; it is ticked when all its ``steps`` are.

    ``text`` is what there is to do, ``seen`` what a tick stands for, ``unseen`` what no step looks at; ``ways`` says
    the two of a way of its own, by the word that the step's facts have for it: ``skipped`` and ``partly`` where all or
    some of the steps have no place in the case."""

    id: Filled
    number: int = Field(ge=1, le=9)
    text: Text
    seen: Text
    unseen: Text | None = None
    ways: dict[Filled, Ticked] = Field(default_factory=dict)
    steps: tuple[Filled, ...] = Field(min_length=1)
    correction: Text


class Correction(Fact):
    """One of the 34 points in which the source article is wrong or silent. ``says`` None: it says nothing."""

    number: int = Field(ge=1, le=34)
    says: Text | None
    right: Text
    page: Filled


class Place(Record):
    """Where a part of the source article is found on the site: ``page`` is "file.html" or "file.html#id".

    ``address`` is that of the page to which the article refers its reader, None for all else.
    """

    id: Filled
    kind: Literal["chapter", "table", "command", "faq", "checklist", "letter", "reference"]
    title: Filled  # as the article writes it, French
    page: Filled
    address: str | None = None


class Open(Fact):
    """Something that is not known: looked for and not found, or never tried on a real server."""

    id: Filled
    what: Text
    then: Text  # what the product does about it
    settles: Text | None = None  # what would settle it
    asked: bool = False  # by the report of ``runbook selftest``: its first user may be able to say
    kind: Literal["not confirmed", "not to be had", "not proven"]


class Proven(Record):
    """A script of notebooks/steps that answered on a real server as its model says (proven.yml).

    ``sha256`` is that of its text (``knowledge.script_sha256``): a script that has changed since is unproven again.
    ``os_build`` is the server's ("20348"), ``at`` the day, ``by`` how it is known: a report of ``runbook selftest``,
    or for a change, which a self-test never makes, who saw it.
    """

    script: Filled
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    os_build: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]
    by: Filled


class Version(Fact):
    """One version of Windows Server (versions.yml), its RDS CALs and its life cycle.

    ``build`` is its first build. ``cal`` is the ProductVersionID of its CALs, None where it takes an earlier
    version's. ``serves``: the newest hosts that these CALs give access to; ``kept_on``: the oldest license server
    that holds them (both ids of versions). ``mainstream`` and ``extended`` are the last days of support.
    """

    id: Annotated[str, StringConstraints(pattern=r"^20\d\d(R2)?$")]
    name: Filled
    build: int
    cal: int | None
    serves: Filled
    kept_on: Filled
    mainstream: dt.date
    extended: dt.date


class Day(Fact):
    """One more day that a page speaks of (versions.yml). ``exact`` False: only its month is known."""

    id: Filled
    day: dt.date
    exact: bool = True
    what: Text
    note: Text | None = None


class Ask(Record):
    """One thing that a manual step asks a person. ``private``: kept only in the case's private folder. ``default`` is
    what the case file says to it: a text with fields of ``case`` (``{case.approval.name}``)."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    type: Literal["text", "date", "datetime", "choice", "bool", "id35", "code", "number", "file", "list"]
    title: Text
    required: bool = False
    private: bool = False
    default: str = ""
    choices: tuple[Choice, ...] = ()
    items: tuple[Ask, ...] = ()  # what each entry of a list holds
    needed_when: dict[str, tuple[str, ...]] = Field(
        default_factory=dict
    )  # required where each named answer is one of these

    @model_validator(mode="after")
    def _parts_fit_the_type(self) -> Ask:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(f"{self.id}: choices are given for type choice, and only there")
        if (self.type == "list") != bool(self.items):
            raise ValueError(f"{self.id}: items are given for type list, and only there")
        return self


class Choice(Record):
    """One answer of a choice: ``id`` is stored, ``title`` is shown."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: Text


class Step(Record):
    """One step of a notebook (steps.yml).

    ``needs`` are ids of earlier steps. ``time_limit`` is in seconds. ``undo`` is what takes a change back (a
    change without one says why in its text). ``page`` is "file.html#id". ``script`` is the stem of its file in
    ``notebooks/steps/`` (two steps may share one; None: the step runs no PowerShell). ``frozen``: the first
    success is kept, later runs do not look again. ``transient`` (checks only): ids or HRESULTs of errors that pass
    by themselves; a check that meets one is made once more.
    ``asks`` is for kind manual.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    phase: Filled
    kind: Literal["check", "change", "manual", "local"]
    needs: tuple[str, ...] = ()
    title: Text
    description: Text
    time_limit: int = Field(default=60, gt=0)
    undo: Text | None = None
    page: Filled
    script: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")] | None = None
    frozen: bool = False
    transient: tuple[Filled, ...] = ()
    asks: tuple[Ask, ...] = ()


class Wheel(Text):
    """What a package of the offline bundle is for (wheels.yml); ``id`` is its name, normalised."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]


for _model in (Policy, Ask, Step):
    _model.model_rebuild()
