"""Is this the right machine, with the right rights, and can what it says be believed?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import ClassVar

from pydantic import AwareDatetime, Field

from runbook.case.consistency import names_machine
from runbook.hints.ids import hints_for
from runbook.journal.beside import histories
from runbook.journal.context import Context
from runbook.journal.facts import Facts
from runbook.journal.history import History, played
from runbook.journal.lines import set_back
from runbook.journal.outcome import Line, Status, Verdict
from runbook.knowledge import reference
from runbook.knowledge.catalogue import plain_steps
from runbook.steps.answer_shape import Answered, Fault, Flag, Int, NativeRun
from runbook.steps.reading import failed
from runbook.steps.registry import script

#: CVE-2024-38077 was closed by the updates of July 2024 (Microsoft's own CVE record; on 2022 build 20348.2582).
PATCHED_SINCE = dt.date(2024, 7, 9)


RECOVERY = "migrate"
#: The notebooks whose changes are made on the machine that they run on.
CHANGES_THIS_SERVER = frozenset({RECOVERY, "backup"})
#: The notebooks whose readings are those of the server that the case names, and go down as such: an audit's sheet too.
OF_THIS_SERVER = CHANGES_THIS_SERVER | {"audit"}
#: The notebooks that only look: a state that is a fault for a recovery keeps none of them from reading on.
LOOKS = frozenset({"diagnose", "audit", "hosts"})
#: The checks that read session hosts, from whatever machine.
HOSTS_READ = frozenset({"hosts-policy", "hosts-verify", "hosts-state"})


class ExecutionPolicy(Answered):
    """One row of Get-ExecutionPolicy -List; both words are enum names, the same in every language."""

    scope: str
    policy: str


class Update(Answered):
    """One row of Get-HotFix."""

    hot_fix_id: str
    installed_at: AwareDatetime | None


class PreflightAnswer(Answered):
    """preflight: the process, the person's rights, the system, its time and its domain."""

    collected_at: AwareDatetime
    computer_name: str
    dns_name: str
    user_name: str
    is_64_bit_operating_system: Flag
    is_64_bit_process: Flag
    is_elevated: Flag
    power_shell_version: str
    power_shell_edition: str
    language_mode: str  # FullLanguage, ConstrainedLanguage, …
    execution_policies: list[ExecutionPolicy]
    culture: str  # "fr-FR"
    ui_culture: str = Field(alias="UICulture")
    time_zone: str
    os_build: Int  # 20348 = Windows Server 2022
    update_revision: Int | None  # UBR
    display_version: str | None  # "21H2"
    installation_type: str | None  # "Server", "Server Core", "Client"
    product_type: Int  # Win32_OperatingSystem.ProductType: 1 work station, 2 domain controller, 3 server
    last_boot_at: AwareDatetime | None
    updates: list[Update]  # newest first, ten at most
    updates_fault: Fault | None
    time_source: NativeRun | None  # w32tm /query /source
    part_of_domain: Flag
    domain: str  # the domain, or the workgroup
    domain_role: Int  # Win32_ComputerSystem.DomainRole: 0, 2 stand-alone; 1, 3 member; 4, 5 domain controller


class Preflight(Facts):
    """The machine that answered, who asked it, and what may be run there. ``os`` is build and revision."""

    step: ClassVar[str] = "preflight"
    elevated: bool = False
    computer_name: str = ""
    dns_name: str = ""
    user_name: str = ""
    os: str = ""
    os_build: int = 0
    installation_type: str | None = None
    power_shell: str = ""
    language_mode: str = ""
    execution_policy_imposed: str = ""
    culture: str = ""
    time_zone: str = ""
    time_source: str = ""
    part_of_domain: bool | None = None
    domain: str = ""
    last_update: str = ""  # ISO day, "" where no update is known

    @property
    def name(self) -> str:
        """The machine by its own word."""
        return self.dns_name or self.computer_name


def apart(history: History, here: Callable[[str, str], bool]) -> frozenset[str]:
    """The runs in which another machine answered. ``here`` says whether the DNS name and the computer's name are those
    of the machine in question; one that was renamed on a person's word is the same."""
    names = {}
    for end in history.ends(Preflight.step):
        facts = end.get("facts") or {}
        told = str(facts.get("dns_name") or ""), str(facts.get("computer_name") or "")
        if any(told):
            names[str(end["run"])] = told
    own = [dns or computer for dns, computer in names.values() if here(dns, computer)]
    return frozenset(
        run
        for run, (dns, computer) in names.items()
        if not here(dns, computer) and not any(history.one_machine(dns or computer, each) for each in own)
    )


def reads_the_machine(step: str) -> bool:
    """Whether ``step`` reads the machine that the notebook runs on: what it says of another one says nothing here."""
    if step == Preflight.step or step not in plain_steps():
        return False
    return plain_steps()[step]["kind"] == "check" and step not in HOSTS_READ


def without_readings(history: History, runs: frozenset[str]) -> History:
    """``history`` without what ``runs`` have read of the machine; what was changed, said and decided in them stays."""
    if not runs:
        return history
    return History(
        e for e in history.entries if not (e["event"] == "end" and e["run"] in runs and reads_the_machine(e["step"]))
    )


def on_another_machine(history: History, run: str) -> frozenset[str]:
    """The runs in which another machine answered than in ``run``: a case that was begun on another one, a diagnosis of
    a session host. One with the same License Server ID may be this one, renamed."""
    here = history.facts_in(Preflight, run)
    if here is None or not here.name:
        return frozenset()
    other = apart(history, lambda dns, computer: names_machine(dns or computer, here.dns_name, here.computer_name))
    own = _license_server_id(history, run) if other else ""
    return frozenset(each for each in other if not own or _license_server_id(history, each) != own)


def _license_server_id(history: History, run: str) -> str:
    read = (history.end_in("license-server", run) or {}).get("facts") or {}
    return str(read.get("license_server_id") or "")


def server_of(context: Context) -> str:
    """The license server by its own word, where it was asked for its name; else as the case names it."""
    seen = context.facts(Preflight)
    return (seen.dns_name if seen else "") or context.case.license_server.name


@script("preflight", PreflightAnswer)
def preflight(context: Context, seen: PreflightAnswer) -> Verdict:
    """Stops at the first thing that makes every later fact worthless: without elevation the licensing classes
    answer with blanks and no error, so then not a single fact is recorded."""
    if not seen.is_elevated:
        return failed("steps.preflight_not_elevated", user=seen.user_name)
    if seen.language_mode != "FullLanguage":
        return failed("steps.preflight_language_mode", mode=seen.language_mode)
    facts = _preflight_facts(seen)
    faults = _preflight_faults(context, seen)
    hints = hints_for("workgroup") if _users_in_workgroup(context, seen) else ()
    if faults:
        return Verdict(Status.FAILED, faults, facts, hints=hints)
    concerns = _preflight_concerns(context, seen)
    fields = {"server": seen.dns_name, "build": facts.os, "user": seen.user_name, "domain": seen.domain}
    status = Status.FINDING if concerns else Status.SUCCEEDED
    return Verdict(status, (Line("steps.preflight_ok", fields), *concerns), facts, hints=hints)


def _preflight_facts(seen: PreflightAnswer) -> Preflight:
    build = f"{seen.os_build}.{seen.update_revision}" if seen.update_revision is not None else str(seen.os_build)
    return Preflight(
        elevated=True,
        computer_name=seen.computer_name,
        dns_name=seen.dns_name,
        user_name=seen.user_name,
        os=build,
        os_build=seen.os_build,
        installation_type=seen.installation_type,
        power_shell=f"{seen.power_shell_version} {seen.power_shell_edition}",
        language_mode=seen.language_mode,
        execution_policy_imposed=_policy(seen),
        culture=seen.culture,
        time_zone=seen.time_zone,
        time_source=_first_line(seen),
        part_of_domain=seen.part_of_domain,
        domain=seen.domain,
        last_update=_last_update(seen),
    )


def _preflight_faults(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    lines = []
    if not (seen.is_64_bit_operating_system and seen.is_64_bit_process):
        lines.append(Line("steps.preflight_32_bit"))
    if _version(seen.power_shell_version) < (5, 1):
        lines.append(Line("steps.preflight_power_shell", {"version": seen.power_shell_version}))
    if seen.product_type == 1:
        lines.append(Line("steps.preflight_client", {"build": seen.os_build}))
    needed = {pack.version: reference.oldest_server_for(pack.version) for pack in context.case.packs}
    for version, build in sorted(needed.items()):
        if seen.os_build < build:
            fields = {"version": version, "needed": build, "build": seen.os_build}
            lines.append(Line("steps.preflight_too_old", fields))
    if _users_in_workgroup(context, seen) and context.notebook not in LOOKS:
        lines.append(Line("steps.preflight_workgroup", {"workgroup": seen.domain}))
    if context.notebook in OF_THIS_SERVER:
        lines += _other_server(context, seen)
    return tuple(lines)


def _users_in_workgroup(context: Context, seen: PreflightAnswer) -> bool:
    return not seen.part_of_domain and any(pack.type == "user" for pack in context.case.packs)


def _other_server(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    """Told where the machine is not the one that the case names. Whatever would be read here would go down in the
    record of another server: a fault, but a remark in the notebooks that look at any machine."""
    named = context.case.license_server.name
    if context.case.draft or names_machine(named, seen.dns_name, seen.computer_name):
        return ()
    return (Line("steps.preflight_other_server", {"server": seen.dns_name, "named": named}),)


def _elsewhere(context: Context) -> tuple[Line, ...]:
    """Told by the first run on another machine than the run before: two copies of one case know nothing of each other,
    and each would make the same change."""
    opened = [(str(e["run"]), str(e.get("operator") or "").rpartition("@")[2]) for e in context.history.openings()]
    (run, then), (_, now) = opened[-2:] if len(opened) > 1 else (("", ""), ("", ""))
    if not then or not now or then.lower() == now.lower():
        return ()
    return (Line("steps.preflight_elsewhere", {"run": run, "then": then, "now": now}),)


def _another_case(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    """Told by the first run of a recovery: another one of this server is not done, and this may be the same under
    another name, or a second person's."""
    opened = context.history.openings()
    if context.notebook != RECOVERY or len(opened) > 1:
        return ()
    found = [
        case
        for case, history in histories(context.case_folder.parent)
        if history is not None and case != context.case_folder.name
        if (runs := [e for e in history.openings() if e["notebook"] == RECOVERY])
        and played(runs[-1]) == played(opened[0])
        if (history.closing(runs[-1]["run"]) or {}).get("outcome") != "done"
        if (there := history.facts(Preflight)) and names_machine(there.name, seen.dns_name, seen.computer_name)
    ]
    return (
        (Line("steps.preflight_another_case", {"server": seen.dns_name, "cases": ", ".join(found)}),) if found else ()
    )


def _minute(stamp: str) -> str:
    return f"{stamp[:16].replace('T', ' ')} UTC"


def _preflight_concerns(context: Context, seen: PreflightAnswer) -> tuple[Line, ...]:
    lines = []
    since = [entry["n"] for entry in context.history.entries if entry["event"] == "open"][-2:]
    for before, entry in set_back(context.history.entries):
        if entry["n"] > since[0]:  # since the run before this one was opened
            fields = {"then": _minute(before["t"]), "now": _minute(entry["t"])}
            lines.append(Line("steps.preflight_clock_back", fields))
    if context.notebook in CHANGES_THIS_SERVER:
        lines += _elsewhere(context)
    lines += _another_case(context, seen)
    if _users_in_workgroup(context, seen):
        lines.append(Line("steps.preflight_workgroup", {"workgroup": seen.domain}))
    elif not seen.part_of_domain:
        lines.append(Line("steps.preflight_workgroup_device", {"workgroup": seen.domain}))
    if _policy(seen) == "AllSigned":
        lines.append(Line("steps.preflight_all_signed"))
    if context.notebook not in OF_THIS_SERVER:
        lines += _other_server(context, seen)
    last = _last_update(seen)
    if last and last < PATCHED_SINCE.isoformat():
        lines.append(Line("steps.preflight_unpatched", {"last": last}))
    if seen.time_source is not None and seen.time_source.exit_code != 0:
        lines.append(Line("steps.preflight_time", {"code": seen.time_source.exit_code}))
    return tuple(lines)


def _policy(seen: PreflightAnswer) -> str:
    """The execution policy that Group Policy sets (machine before user); "" where it sets none."""
    set_by = {row.scope: row.policy for row in seen.execution_policies if row.policy != "Undefined"}
    return set_by.get("MachinePolicy") or set_by.get("UserPolicy") or ""


def _last_update(seen: PreflightAnswer) -> str:
    dates = [row.installed_at.date().isoformat() for row in seen.updates if row.installed_at]
    return max(dates, default="")


def _first_line(seen: PreflightAnswer) -> str:
    return next((line.strip() for line in (seen.time_source.text if seen.time_source else []) if line.strip()), "")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
