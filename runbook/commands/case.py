"""``runbook run | status | confirm | accept``: a case from its first run to its last confirmation."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from runbook import confirm, host_import, knowledge, sentences, show
from runbook.case import load_case
from runbook.commands.execute import execute
from runbook.confirm import NO, YES
from runbook.errors import BadInput
from runbook.history import History, played
from runbook.host.script import hash_of_run
from runbook.identifiers import groups_of_five, normalise_id35
from runbook.journal import Journal
from runbook.knowledge import Step
from runbook.knowledge_records import Ask
from runbook.outcome import BAD, Status
from runbook.run import notebook_steps, notebooks, operator
from runbook.sentences import say
from runbook.workspace import CaseFolder, case_folder


def add(group: click.Group, lang: str) -> None:
    """Add the commands of a case to ``group``."""

    @group.command("run", help=say("cli.run", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    @click.option(
        "--notebook",
        default="migrate",
        show_default=True,
        type=click.Choice(notebooks()),
        help=say("cli.run_notebook", lang),
    )
    @click.option("--apply", "changes", default="", help=say("cli.run_apply", lang))
    @click.option("--rehearsal", default="", help=say("cli.run_rehearsal", lang))
    def run(name: str, notebook: str, changes: str, rehearsal: str) -> int:
        return execute(notebook, name, {"apply": changes, "rehearsal": rehearsal})

    @group.command("status", help=say("cli.status", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    def status(name: str) -> int:
        click.echo("\n".join(status_lines(existing(name, lang), lang)))
        return 0

    @group.command("confirm", help=say("cli.confirm", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    @click.argument("step", metavar=say("cli.step", lang))
    @click.option("--set", "given", multiple=True, metavar=say("cli.pair", lang), help=say("cli.confirm_set", lang))
    @click.option("--attach", multiple=True, type=click.Path(path_type=Path), help=say("cli.confirm_attach", lang))
    @click.option("--who", default="", help=say("cli.confirm_who", lang))
    @click.option("--at", default="", help=say("cli.confirm_at", lang))
    def confirm_step(name: str, step: str, given: tuple[str, ...], attach: tuple[Path, ...], who: str, at: str) -> int:
        folder = existing(name, lang)
        again = f"papermill notebooks/migrate.ipynb {name}.ipynb"
        if host_import.can_import(step):
            case = load_case(folder.case_file, name, lang)
            entry = host_import.enter(folder, case, step, attach, who=who or operator(), lang=lang, account=operator())
            hosts = ", ".join(each["host"] for each in entry["imported"])
            click.echo(say("remoting.import_written", lang, step=step, hosts=hosts, command=again))
            return 0
        found = manual_step(step, lang)
        when = _at(at, lang)
        confirm.check_files(attach, lang)
        fields = ask_all(found, name, _given(found, given, lang), lang)
        entry = confirm.enter(
            folder,
            found,
            fields,
            who=who or operator(),
            at=when,
            attach=attach,
            lang=lang,
            account=operator(),
        )
        click.echo(say("confirm.written", lang, entry=entry["entry"], step=step, command=again))
        return 0

    @group.command("accept", help=say("cli.accept", lang))
    @click.argument("name", metavar=say("cli.name", lang))
    @click.argument("step", metavar=say("cli.step", lang))
    @click.option("--done", "decision", flag_value="done", help=say("cli.accept_done", lang))
    @click.option("--not-done", "decision", flag_value="not done", help=say("cli.accept_not_done", lang))
    @click.option("--script", "decision", flag_value="script", help=say("cli.accept_script", lang))
    @click.option("--reason", required=True, help=say("cli.accept_reason", lang))
    @click.option("--who", default="", help=say("cli.confirm_who", lang))
    def accept(name: str, step: str, decision: str | None, reason: str, who: str) -> int:
        accept_step(existing(name, lang), step, decision, reason, who or operator(), lang)
        click.echo(say("confirm.accepted", lang, command=f"papermill notebooks/migrate.ipynb {name}.ipynb"))
        return 0


def existing(name: str, lang: str) -> CaseFolder:
    """The folder of a case that has a journal. Raises BadInput where there is none."""
    folder = case_folder(name)
    if not folder.journal.is_file():
        key = "confirm.never_run" if folder.case_file.is_file() else "confirm.no_case"
        raise BadInput(say(key, lang, case=name, place=folder.path.parent))
    return folder


def manual_step(step_id: str, lang: str) -> Step:
    """The manual step of that id. Raises BadInput that lists them."""
    manual = {step.id: step for step in knowledge.steps() if step.kind == "manual"}
    if step_id not in manual:
        raise BadInput(say("confirm.not_manual", lang, step=step_id, known=", ".join(manual)))
    return manual[step_id]


_STATUS_LINES = 10


def status_lines(folder: CaseFolder, lang: str) -> list[str]:
    """Where the case stands, in ten lines at most: its last run, what failed, what waits and the command for it."""
    lines = _status_lines(folder, lang)
    more = len(lines) - _STATUS_LINES
    if more <= 0:
        return lines
    return [*lines[: _STATUS_LINES - 1], say("cli.status_more", lang, count=more + 1, case=folder.name)]


def _status_lines(folder: CaseFolder, lang: str) -> list[str]:
    history = History(Journal(folder.journal).entries())
    runs = history.runs()
    if not runs:
        return [say("cli.status_none", lang, case=folder.name)]
    opened, closed = history.opening(runs[-1]), history.closing(runs[-1])
    assert opened is not None
    outcome = closed["outcome"] if closed else "open"
    lines = [say(f"cli.status_{outcome.replace(' ', '_')}", lang, case=folder.name, run=runs[-1], at=opened["t"][:16])]
    if stand_in := played(opened):
        lines.append(say("cli.status_rehearsal", lang, name=stand_in))
    counts: dict[str, int] = {}
    waiting: list[tuple[str, Any]] = []
    for step in notebook_steps(opened["notebook"]):
        end = history.end_in(step, runs[-1])
        word = end["status"] if end else Status.PENDING
        counts[word] = counts.get(word, 0) + 1
        if end and (word == Status.WAITING or word in BAD):
            waiting.append((step, end))
    found = [s for s in notebook_steps(opened["notebook"]) if _ended(history, s, runs[-1]) == Status.FINDING]
    lines.append("  " + ", ".join(f"{say(f'status.{word}', lang)} {count}" for word, count in counts.items()))
    if found:
        titles = ", ".join(knowledge.step(s).title.of(lang) for s in found)
        lines.append(say("cli.status_finding", lang, titles=titles))
    for step, end in waiting:
        title = knowledge.step(step).title.of(lang)
        told = show.in_words(end["lines"], lang)
        lines.append(f"  - {title} ({say('status.' + end['status'], lang)}): {told[0] if told else ''}")
        answered = [e for e in history.confirms(step) if e["n"] > end["n"]]
        if answered:
            lines.append("      " + say("cli.status_answered", lang))
        elif knowledge.step(step).kind == "manual" and end["status"] == Status.WAITING:
            lines.append(f"      runbook confirm {folder.name} {step}")
    return lines


def _ended(history: History, step: str, run: str) -> str | None:
    end = history.end_in(step, run)
    return end["status"] if end else None


def accept_step(folder: CaseFolder, step: str, decision: str | None, reason: str, who: str, lang: str) -> None:
    """Write a person's decision about a step: what an unknown end was, or that a changed script is right."""
    journal = Journal(folder.journal)
    history = History(journal.entries())
    known = {s.id for s in knowledge.steps()}
    if step not in known or decision is None:
        raise BadInput(say("cli.accept_which", lang))
    if decision == "script":
        if history.first_success(step) is None or not knowledge.step(step).script:
            raise BadInput(say("confirm.nothing_to_accept", lang, step=step))
        own = sentences.data_root() / "notebooks" / "steps" / f"{knowledge.step(step).script}.ps1"
        digest = hash_of_run(own.read_bytes())
        journal.append("accept", step=step, what="script", script_sha256=digest, who=who, reason=reason)
        return
    if history.open_begin(step) is None:
        raise BadInput(say("confirm.nothing_to_accept", lang, step=step))
    journal.append("accept", step=step, what="unknown", outcome=decision, who=who, reason=reason)


def ask_all(step: Step, case: str, given: dict[str, object], lang: str) -> dict[str, object]:
    """Ask at the prompt for everything that was not given. With no terminal, nothing is asked."""
    fields = dict(given)
    open_questions = [ask for ask in step.asks if ask.id not in fields and ask.type != "file"]
    if not open_questions or (given and not sys.stdin.isatty()):
        return fields
    click.echo(say("confirm.intro", lang, title=step.title.of(lang), case=case))
    for ask in open_questions:
        needed = confirm.is_needed(ask, fields)
        answer = _ask_list(ask, needed, lang) if ask.type == "list" else _ask_one(ask, lang)
        if answer not in (None, "", []):
            fields[ask.id] = answer
    return fields


def _ask_one(ask: Ask, lang: str) -> object:
    """One question, asked again until the answer fits; identifiers are read back in groups of five."""
    text = ask.title.of(lang)
    if ask.type == "choice":
        listed = (f"    {number}  {c.title.of(lang)} [{c.id}]" for number, c in enumerate(ask.choices, 1))
        text += "\n" + "\n".join(listed) + "\n "
    if not ask.required:
        text += f" ({say('confirm.optional', lang)})"
    while True:
        answer = click.prompt(text, default="", show_default=False)
        if answer == "":
            if not ask.required:
                return None
            continue
        try:
            kept = confirm.parse(ask, answer, lang)
        except confirm.Refused as refused:
            click.echo(f"  {refused}")
            continue
        if ask.type == "id35":
            groups = groups_of_five(normalise_id35(answer) or "")
            if not _yes(say("confirm.again", lang, groups=groups), lang):
                continue
        return str(kept) if ask.type == "choice" else str(answer)


def _ask_list(ask: Ask, needed: bool, lang: str) -> list[dict[str, object]]:
    """Entries one after the other: the first is asked for at once where one is needed."""
    entries: list[dict[str, object]] = []
    click.echo(ask.title.of(lang))
    while (needed and not entries) or _yes(say("confirm.another" if entries else "confirm.first", lang), lang):
        entries.append({item.id: _ask_one(item, lang) for item in ask.items})
    return entries


def _yes(question: str, lang: str) -> bool:
    """A yes or a no, asked until it is one of them: anything else typed here was meant for another question."""
    while True:
        answer = str(click.prompt(question, default="", show_default=False)).strip().lower()
        if answer in YES | NO:
            return answer in YES
        click.echo(f"  {say('confirm.yes_no', lang)}")


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


def _at(text: str, lang: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(say("confirm.datetime", lang)) from None
    moment = moment if moment.tzinfo else moment.astimezone()
    if moment > dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5):
        raise BadInput(say("confirm.future", lang, at=text))
    return moment
