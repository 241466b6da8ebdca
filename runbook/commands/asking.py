"""The questions of a manual step at the prompt: one by one, and all is shown before it is written.

An identifier is read back in its groups, and a wrong group is asked for again alone. Ctrl+C loses nothing: what was
answered lies in the case's private folder until the same command goes on with it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import click

from runbook.case.folder import CaseFolder
from runbook.case.identifiers import compact_id, groups_of_five, mask, normalise_id35
from runbook.case.model import Case
from runbook.commands.screen import fitted
from runbook.errors import RunbookError
from runbook.files import write_json
from runbook.journal import confirm
from runbook.journal.confirm import NO, YES
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.knowledge.records import Ask
from runbook.knowledge.reference import Step
from runbook.words.sentences import say

Fields = dict[str, object]
#: What takes away a default: an empty answer takes it.
_NONE = "-"
_GROUPS, _SIZE = 7, 5


def ask_all(
    step: Step, folder: CaseFolder, case: Case | None, given: Fields, lang: str, replaces: int | None = None
) -> Fields:
    """Ask for everything that was not given; with no terminal, nothing is asked where something was given.

    ``case`` gives the defaults (None: no case file that can be read). ``replaces`` is the entry whose identifiers may
    be entered again. Raises RunbookError where the person does not want it written, click.Abort at Ctrl+C.
    """
    open_questions = [ask for ask in step.asks if ask.id not in given and ask.type != "file"]
    if not open_questions or (given and not sys.stdin.isatty()):
        return dict(given)
    click.echo("\n".join(fitted([say("confirm.intro", lang, title=step.title.of(lang), case=folder.name)])))
    draft = folder.path / "private" / f".{step.id}.draft"
    interview = Interview(step, lang, case, _taken(folder, step, replaces), {**_read(draft), **given})
    if left := interview.told():
        click.echo("\n".join([say("confirm.draft", lang), *left]))
    try:
        interview.ask(open_questions)
        interview.show_and_mend(open_questions)
    except click.Abort:
        click.echo(err=True)  # the cursor stands behind the question
        if interview.fields != given:
            folder.private()
            write_json(draft, {k: v for k, v in interview.fields.items() if k not in given}, private=True)
            click.echo(say("confirm.draft_kept", lang), err=True)
        raise
    except RunbookError:
        draft.unlink(missing_ok=True)
        raise
    return interview.fields


def forget_draft(folder: CaseFolder, step: Step) -> None:
    """Take away what an interrupted entry had left: it has been written now."""
    (folder.path / "private" / f".{step.id}.draft").unlink(missing_ok=True)


class Interview:
    """Questions to one person about one step. ``fields`` are the answers so far, as typed."""

    def __init__(self, step: Step, lang: str, case: Case | None, taken: set[str], fields: Fields) -> None:
        self.step, self.lang, self.case, self.taken, self.fields = step, lang, case, taken, fields

    def ask(self, questions: list[Ask]) -> None:
        """Ask what has no answer yet, in order."""
        for ask in questions:
            if ask.type == "list":
                self._ask_list(ask)
            elif ask.id not in self.fields and (answer := self._ask_one(ask)) is not None:
                self.fields[ask.id] = answer

    def told(self) -> list[str]:
        """The answers as they would be written, numbered by their question; identifiers masked."""
        lines = []
        for number, ask in enumerate(self.step.asks, 1):
            if ask.id in self.fields:
                lines.append(f"  {number}  {ask.title.of(self.lang)}: {self._shown(ask, self.fields[ask.id])}")
        return [line.replace(": ", "\u00a0: ", 1) for line in lines] if self.lang == "fr" else lines

    def show_and_mend(self, questions: list[Ask]) -> None:
        """Show what will be written, and let the person correct it. Raises RunbookError where it is not wanted."""
        shown: Fields = {}
        while True:
            if shown != self.fields:
                click.echo("\n".join([say("confirm.will_write", self.lang), *self.told()]))
                shown = dict(self.fields)
            answer = self._prompt(say("confirm.write", self.lang)).lower()
            if answer in YES:
                return
            if answer in NO:
                raise RunbookError(say("confirm.not_wanted", self.lang))
            chosen = dict(enumerate(self.step.asks, 1)).get(int(answer) if answer.isdecimal() else 0)
            if chosen in questions and chosen is not None:
                shown = {}
                self.fields.pop(chosen.id, None)
                self.ask([chosen])
            else:
                click.echo(f"  {say('confirm.write_how', self.lang)}")

    def _shown(self, ask: Ask, value: Any) -> str:
        if ask.type == "list":
            parts = (", ".join(self._shown(i, entry[i.id]) for i in ask.items if i.id in entry) for entry in value)
            return "; ".join(parts)
        if ask.private or ask.type == "id35":
            return mask(str(value))
        if ask.type == "choice":
            kept = confirm.parse(ask, value, self.lang)
            return next(choice.title.of(self.lang) for choice in ask.choices if choice.id == kept)
        return str(value)

    def _default(self, ask: Ask) -> str:
        """What the case file says to this question; "" where it says nothing."""
        if not ask.default or self.case is None:
            return ""
        text = ask.default.format(case=self.case)
        return "" if "None" in text.split("-") else text

    def _prompt(self, text: str, default: str = "") -> str:
        shown = f"{text} [{default}]" if default else text
        colon = "\u00a0: " if self.lang == "fr" else ": "
        typed = str(click.prompt(shown, default="", show_default=False, prompt_suffix=colon)).strip()
        return "" if typed == _NONE else typed or default

    def _ask_one(self, ask: Ask, may_leave: bool = False) -> object:
        """One question, asked again until the answer fits; None where it is left without one."""
        needed = confirm.is_needed(ask, self.fields)
        text = self._question(ask, needed)
        while True:
            answer = self._prompt(text, self._default(ask))
            if answer == "":
                if not needed or may_leave:
                    return None
                click.echo(f"  {say('confirm.needed', self.lang)}")
                continue
            try:
                if ask.type == "id35":
                    return self._identifier(answer)
                kept = confirm.parse(ask, answer, self.lang)
                return str(kept) if ask.type == "choice" else answer
            except confirm.Refused as refused:
                if ask.type == "choice":  # its choices stand above, by their numbers
                    click.echo(f"  {say('confirm.choice_number', self.lang, count=len(ask.choices))}")
                    text = "  " + say("confirm.which", self.lang, count=len(ask.choices))
                else:
                    click.echo(f"  {refused}")

    def _question(self, ask: Ask, needed: bool) -> str:
        text = ask.title.of(self.lang)
        if not needed:
            text += f" ({say('confirm.optional', self.lang)})"
        if ask.type == "bool":
            text += f" ({say('confirm.yes_or_no', self.lang)})"
        if ask.type == "choice":
            listed = (f"    {number}  {c.title.of(self.lang)} [{c.id}]" for number, c in enumerate(ask.choices, 1))
            text += "\n" + "\n".join(listed) + "\n  " + say("confirm.which", self.lang, count=len(ask.choices))
        return text

    def _identifier(self, typed: str) -> str:
        """An identifier, read back; a group that is wrong or has not five characters is asked for alone.

        Raises confirm.Refused for one that cannot be mended so, that was refused whole, or that was entered already.
        """
        groups = [group for group in re.split(r"[\s\-\u00a0\u2010-\u2015\u2212\u202f]+", typed.upper()) if group]
        if len(groups) != _GROUPS:
            compact = normalise_id35(typed)
            if compact is None:
                raise confirm.Refused(say("confirm.id35", self.lang, count=len(compact_id(typed))))
            groups = groups_of_five(compact).split("-")
        wrong = [n for n, group in enumerate(groups) if not _is_group(group)]
        while True:
            for n in wrong:
                groups[n] = self._group(n, groups[n])
            read = "-".join(groups)
            answer = self._prompt(say("confirm.again", self.lang, groups=read)).lower()
            if answer in YES:
                if told := confirm.entered(read, self._entered(), self.lang):
                    raise confirm.Refused(told)
                return read
            if answer in NO:
                raise confirm.Refused(say("confirm.whole_again", self.lang))
            wrong = [int(n) - 1 for n in re.findall(r"\d", answer) if 1 <= int(n) <= _GROUPS]
            if not wrong:
                click.echo(f"  {say('confirm.again_how', self.lang)}")

    def _group(self, n: int, wrong: str) -> str:
        """The group number ``n`` (from 0) typed anew."""
        while True:
            typed = compact_id(self._prompt("  " + say("confirm.group", self.lang, number=n + 1, group=wrong))).upper()
            if _is_group(typed):
                return typed
            click.echo(f"  {say('confirm.group_size', self.lang, count=len(typed))}")

    def _entered(self) -> set[str]:
        """The identifiers that this entry or one that stands holds already, without what separates their groups."""
        own = (entry for ask in self.step.asks if ask.type == "list" for entry in _entries(self.fields.get(ask.id)))
        return {compact_id(str(value)).upper() for entry in own for value in entry.values()} | self.taken

    def _ask_list(self, ask: Ask) -> None:
        """Entries one after the other: the first is asked for at once where one is needed. What is complete is kept at
        once, so that nothing takes it away."""
        needed = confirm.is_needed(ask, self.fields)
        click.echo(ask.title.of(self.lang))
        while (needed and not self.fields.get(ask.id)) or self._another(ask):
            first, *rest = ask.items
            # a yes by mistake: an empty answer leaves again, with nothing of the others lost
            leave = bool(self.fields.get(ask.id)) or not needed
            if leave:
                click.echo(f"  {say('confirm.leave', self.lang)}")
            given = self._ask_one(first, may_leave=leave)
            if given is None:
                break
            entry = {first.id: given}
            for item in rest:
                if (answer := self._ask_one(item)) is not None:
                    entry[item.id] = answer
            self.fields[ask.id] = [*_entries(self.fields.get(ask.id)), entry]

    def _another(self, ask: Ask) -> bool:
        key = "confirm.another" if self.fields.get(ask.id) else "confirm.first"
        while True:
            answer = self._prompt(say(key, self.lang)).lower()
            if answer in YES | NO:
                return answer in YES
            click.echo(f"  {say('confirm.yes_no', self.lang)}")


def _is_group(text: str) -> bool:
    return bool(re.fullmatch(rf"[A-Z0-9]{{{_SIZE}}}", text))


def _entries(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _read(draft: Path) -> Fields:
    """What an interrupted entry left; nothing where there is none or it cannot be read."""
    try:
        found = json.loads(draft.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _taken(folder: CaseFolder, step: Step, replaces: int | None) -> set[str]:
    """The identifiers of the entries that stand; not those of the one to be replaced."""
    lists = {ask.id for ask in step.asks if ask.type == "list"}
    taken: set[str] = set()
    for entry in History(Journal(folder.journal).entries()).standing(step.id):
        path = (entry.get("private") or {}).get("path")
        if path and entry.get("entry") != replaces:
            for name, values in _read(folder.path / path).items():
                for value in _entries(values) if name in lists else []:
                    taken.add(compact_id(str(value.get("id"))).upper())
    return taken
