"""``runbook run | confirm | withdraw | accept``: a case from its first run to its last confirmation."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import click

from runbook.case.consistency import same_machine
from runbook.case.folder import CaseFolder
from runbook.case.identifiers import mask_all
from runbook.case.model import Case, load_case
from runbook.commands.asking import ask_all, forget_draft
from runbook.commands.execute import execute
from runbook.commands.existing import (
    complete_cases,
    complete_changes,
    complete_manual,
    complete_rehearsals,
    complete_steps,
    existing,
    manual_steps,
    valid_name,
)
from runbook.commands.standing import standing
from runbook.errors import BadInput
from runbook.files import listing
from runbook.host import at_work
from runbook.host.script import hash_of_run
from runbook.journal import confirm
from runbook.journal.held import ACCEPTABLE, refuse_unheld, unheld
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.journal.parts import UNKNOWN, parts_of
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebooks, plain_steps
from runbook.knowledge.reference import Step
from runbook.run.opening import operator
from runbook.steps import host_import
from runbook.steps.guards import changed_on
from runbook.steps.key_packs import put_in
from runbook.steps.preflight import Preflight
from runbook.words import sentences
from runbook.words.near import did_you_mean
from runbook.words.sentences import say

#: What ``--at`` begins with, in these hundred years.
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")


def add(group: click.Group, lang: str) -> None:
    """Add the commands of a case to ``group``."""

    @group.command("run", help=say("cli.run", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.option(
        "--notebook",
        default="migrate",
        show_default=True,
        type=click.Choice(notebooks()),
        help=say("cli.run_notebook", lang),
    )
    @click.option("--apply", "changes", default="", help=say("cli.run_apply", lang), shell_complete=complete_changes)
    @click.option("--server", default="", metavar=say("selftest.server_value", lang), help=say("cli.run_server", lang))
    @click.option("--rehearsal", default="", help=say("cli.run_rehearsal", lang), shell_complete=complete_rehearsals)
    @click.option("-q", "--quiet", is_flag=True, help=say("cli.quiet", lang))
    def run(name: str, notebook: str, changes: str, server: str, rehearsal: str, quiet: bool) -> int:
        valid_name(name, lang)
        given = {"apply": changes, "server": server, "rehearsal": rehearsal}
        parameters = {**given, "lang": click.get_current_context().obj or ""}
        return execute(notebook, name, parameters, progress=not quiet)

    @group.command("confirm", help=say("cli.confirm", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.argument("step", metavar=say("cli.step", lang), shell_complete=complete_manual)
    @click.option("--set", "given", multiple=True, metavar=say("cli.pair", lang), help=say("cli.confirm_set", lang))
    @click.option("--attach", multiple=True, type=click.Path(path_type=Path), help=say("cli.confirm_attach", lang))
    @click.option("--who", default="", help=say("cli.confirm_who", lang))
    @click.option("--at", default=None, help=say("cli.confirm_at", lang))
    @click.option("--replaces", type=click.IntRange(1), metavar="N", help=say("cli.confirm_replaces", lang))
    @click.option("--why", default="", help=say("cli.why", lang))
    def confirm_step(
        name: str,
        step: str,
        given: tuple[str, ...],
        attach: tuple[Path, ...],
        who: str,
        at: str | None,
        replaces: int | None,
        why: str,
    ) -> int:
        folder = existing(name, lang)
        again = standing(folder).again
        if host_import.can_import(step):
            case = load_case(folder.case_file, folder.name, lang)
            entry = host_import.enter(folder, case, step, attach, who=who or operator(), lang=lang, account=operator())
            hosts = ", ".join(each["host"] for each in entry["imported"])
            click.echo(say("remoting.import_written", lang, step=step, hosts=hosts, command=again))
            return 0
        found = manual_step(step, lang)
        when = _at(at, lang)
        confirm.check_files(attach, lang)
        confirm.check_replaced(folder, found, replaces, why, lang)
        fields = ask_all(found, folder, _case_of(folder, lang), _given(found, given, lang), lang, replaces)
        entry = confirm.enter(
            folder,
            found,
            fields,
            who=who or operator(),
            at=when,
            attach=attach,
            lang=lang,
            account=operator(),
            replaces=replaces,
            why=why,
        )
        forget_draft(folder, found)
        click.echo(say("confirm.written", lang, entry=entry["entry"], step=step, command=again))
        return 0

    @group.command("withdraw", help=say("cli.withdraw", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.argument("step", metavar=say("cli.step", lang), shell_complete=complete_steps)
    @click.option("--entry", type=click.IntRange(1), metavar="N", help=say("cli.withdraw_entry", lang))
    @click.option("--decision", is_flag=True, help=say("cli.withdraw_decision", lang))
    @click.option("--why", required=True, help=say("cli.why", lang))
    @click.option("--who", default="", help=say("cli.confirm_who", lang))
    def withdraw_entry(name: str, step: str, entry: int | None, decision: bool, why: str, who: str) -> int:
        if decision == (entry is not None):
            raise BadInput(say("cli.withdraw_which", lang))
        folder = existing(name, lang)
        confirm.withdraw(folder, step, entry, who=who or operator(), why=why, lang=lang, account=operator())
        click.echo(say("confirm.accepted", lang, command=standing(folder).again))
        return 0

    @group.command("accept", help=say("cli.accept", lang))
    @click.argument("name", metavar=say("cli.name", lang), shell_complete=complete_cases)
    @click.argument("step", metavar=say("cli.step", lang), shell_complete=complete_steps)
    @click.option("--done", is_flag=True, help=say("cli.accept_done", lang))
    @click.option("--not-done", is_flag=True, help=say("cli.accept_not_done", lang))
    @click.option("--part", "which", multiple=True, metavar=say("cli.part", lang), help=say("cli.accept_part", lang))
    @click.option("--script", is_flag=True, help=say("cli.accept_script", lang))
    @click.option("--renamed", is_flag=True, help=say("cli.accept_renamed", lang))
    @click.option("--again", is_flag=True, help=say("cli.accept_again", lang))
    @click.option("--reason", required=True, help=say("cli.accept_reason", lang))
    @click.option("--who", default="", help=say("cli.confirm_who", lang))
    def accept(name: str, step: str, which: tuple[str, ...], reason: str, who: str, **flags: bool) -> int:
        folder = existing(name, lang)
        given = [flag for flag, said in flags.items() if said]
        if len(given) + bool(which) > 1:  # two statements: neither is taken for the other
            named = ", ".join(f"--{flag.replace('_', '-')}" for flag in (*given, *(["part"] if which else [])))
            raise BadInput(say("cli.accept_one", lang, given=named))
        decision = given[0].replace("_", " ") if given else None
        accept_step(folder, step, decision, reason, who or operator(), lang, which)
        click.echo(say("confirm.accepted", lang, command=standing(folder).again))
        return 0


def _case_of(folder: CaseFolder, lang: str) -> Case | None:
    """The case whose file gives the defaults of the questions; None where it is not there or cannot be read now."""
    try:
        return load_case(folder.case_file, folder.name, lang)
    except (BadInput, OSError):
        return None


def manual_step(step_id: str, lang: str) -> Step:
    """The manual step of that id. Raises BadInput that lists them."""
    known = manual_steps()
    if step_id not in known:
        near = did_you_mean(step_id, known, lang)
        raise BadInput(say("confirm.not_manual", lang, step=step_id, known=", ".join(known), near=near))
    return reference.step(step_id)


def accept_step(
    folder: CaseFolder, step: str, decision: str | None, reason: str, who: str, lang: str, which: tuple[str, ...] = ()
) -> None:
    """Write a person's decision about a step: what an unknown end was (done, not done, or done for the parts that
    ``which`` names), that a changed script is right, that a reading that was kept is to be taken anew, or that the
    server was renamed. An identifier in ``reason`` or ``who`` is masked."""
    journal = Journal(folder.journal)
    reason, who = mask_all(reason), mask_all(who)
    if step == "journal":
        if not reason.strip():
            raise BadInput(say("cli.accept_why", lang))
        _accept_journal(folder, journal, reason, who, lang)
        return
    refuse_unheld(folder.path, journal, lang)
    history = History(journal.entries())
    if step not in plain_steps():
        raise BadInput(say("cli.no_step", lang, step=step, near=did_you_mean(step, plain_steps(), lang)))
    if decision is None and not which:
        raise BadInput(say("cli.accept_which", lang))
    if not reason.strip():
        raise BadInput(say("cli.accept_why", lang))
    if decision == "script":
        if history.first_success(step) is None or not reference.step(step).script:
            raise BadInput(say("confirm.nothing_to_accept", lang, step=step))
        own = sentences.data_root() / "notebooks" / "steps" / f"{reference.step(step).script}.ps1"
        digest = hash_of_run(own.read_bytes())
        journal.append("accept", step=step, what="script", script_sha256=digest, who=who, reason=reason)
        return
    if decision == "renamed":
        names = _renamed(history) if step == Preflight.step else []
        if not names:
            raise BadInput(say("confirm.nothing_to_accept", lang, step=step))
        journal.append("accept", step=step, what="renamed", names=names, who=who, account=operator(), reason=reason)
        return
    if decision == "again":
        if not reference.step(step).frozen or history.first_success(step) is None:
            raise BadInput(say("confirm.nothing_to_accept", lang, step=step))
        if put_in(history):
            raise BadInput(say("confirm.reading_used", lang, step=step))
        journal.append("accept", step=step, what="reading", who=who, account=operator(), reason=reason)
        return
    begun = history.open_begin(step)
    if begun is None:
        decided = "confirm.already_decided" if history.decided(step) else "confirm.nothing_to_accept"
        raise BadInput(say(decided, lang, step=step, case=folder.name))
    at_work.refuse(folder.path, history, lang)
    parts = _parts_in_doubt(history, step, which, lang) if which else ()
    fields: dict[str, Any] = {"outcome": "in part", "which": list(parts)} if which else {"outcome": decision}
    fields |= {"who": who, "account": operator(), "reason": reason}
    left = listing(folder.run(begun["run"]) / step, folder.path)
    journal.append("accept", step=step, what="unknown", evidence=left, **fields)


def _renamed(history: History) -> list[str]:
    """The names under which one machine has answered: where the case has changed it, and where it answered last; none
    where these are the same, or a person has said already that they are."""
    seen = history.facts(Preflight)
    then = [name for _, name in changed_on(history)]
    if not seen or not seen.name or not then or same_machine(then[-1], seen.name):
        return []
    return [] if history.one_machine(then[-1], seen.name) else [then[-1], seen.name]


def _parts_in_doubt(history: History, step: str, which: tuple[str, ...], lang: str) -> tuple[str, ...]:
    """The parts that ``which`` names (a key pack's last five characters, a host), as they are shown."""
    doubt = [part.of.shown for part in parts_of(history, step) if part.state == UNKNOWN]
    found = []
    for name in which:
        shown = next((s for s in doubt if s.lstrip("…").lower() == name.lstrip("…").lower()), None)
        if shown is None:
            raise BadInput(say("confirm.no_part", lang, part=name, known=", ".join(doubt) or "—"))
        found.append(shown)
    return tuple(found)


def _accept_journal(folder: CaseFolder, journal: Journal, reason: str, who: str, lang: str) -> None:
    """Write down that a person takes upon themselves what the journal does not tell of."""
    found = unheld(folder.path, journal)
    if not found or not all(each.word in ACCEPTABLE for each in found):
        refuse_unheld(folder.path, journal, lang)
        raise BadInput(say("confirm.nothing_to_accept", lang, step="journal"))
    faults = [{"path": each.path, "word": each.word, **each.fields} for each in found]
    journal.append_anyway("accept", step="journal", what="journal", faults=faults, who=who, reason=reason)


def _given(step: Step, pairs: tuple[str, ...], lang: str) -> dict[str, object]:
    """``--set FIELD=VALUE``; never for a private field, since arguments are seen by every process."""
    private = {ask.id for ask in step.asks if ask.private or any(item.private for item in ask.items)}
    given: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadInput(say("cli.confirm_pair", lang, pair=pair))
        if name in private:
            raise BadInput(say("cli.confirm_private", lang, field=name))
        given[name] = value
    return given


def _at(text: str | None, lang: str) -> dt.datetime | None:
    if text is None:
        return None
    try:
        # A day alone would be its midnight, and no clock can turn the year 1 into UTC.
        moment = dt.datetime.fromisoformat(text if _MOMENT.match(text) else "")
    except ValueError:
        raise BadInput(say("confirm.no_moment", lang, at=text)) from None
    if moment.tzinfo is None:
        first, second = moment.astimezone(), moment.replace(fold=1).astimezone()
        if first.utcoffset() != second.utcoffset():  # the clocks were changed in that hour
            there = first.replace(tzinfo=None) == moment
            ways = " / ".join(f'"{each.replace(tzinfo=None, fold=0)}{each:%z}"' for each in (first, second))
            raise BadInput(say("confirm.hour_twice" if there else "confirm.no_hour", lang, at=text, ways=ways))
        moment = first
    if moment > dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5):
        raise BadInput(say("confirm.future", lang, at=text))
    return moment
