"""A person's word about a manual step: checked, its secrets put away, its files kept, written into the journal."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runbook.case.folder import CaseFolder
from runbook.case.identifiers import compact_id, groups_of_five, mask, mask_all, normalise_id35, read_alike
from runbook.case.model import MOST_CALS
from runbook.errors import BadInput
from runbook.files import free_place, listed, move, patiently, safe_name, write_json, write_whole
from runbook.journal.held import ANSWERS_KEY, answer_hmac, pending, refuse_unheld
from runbook.journal.history import History
from runbook.journal.lines import Entry, Journal, stamp, utc_now
from runbook.knowledge.records import Ask
from runbook.knowledge.reference import Step
from runbook.words.near import did_you_mean
from runbook.words.sentences import say

YES = frozenset({"yes", "y", "oui", "o", "true", "1"})
NO = frozenset({"no", "n", "non", "false", "0"})


class Refused(ValueError):
    """An answer does not fit its question; the message is the sentence for the person."""


def parse(ask: Ask, value: object, lang: str) -> Any:
    """One answer in the form it is kept in: text, bool, number, or a list of mappings. Raises Refused."""
    if ask.type == "list":
        if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
            raise Refused(say("confirm.list", lang))
        return [
            {
                item.id: parse(item, entry.get(item.id), lang)
                for item in ask.items
                if entry.get(item.id) not in (None, "")
            }
            for entry in value
        ]
    text = str(value).strip()
    match ask.type:
        case "id35":
            compact = normalise_id35(text)
            if compact is None:
                raise Refused(say("confirm.id35", lang, count=len(compact_id(text))))
            return groups_of_five(compact)
        case "bool":
            if text.lower() not in YES | NO:
                raise Refused(say("confirm.yes_no", lang))
            return text.lower() in YES
        case "number":
            if not text.isdecimal() or not 1 <= int(text) <= MOST_CALS:
                raise Refused(say("confirm.number", lang, most=MOST_CALS))
            return int(text)
        case "choice":
            for number, choice in enumerate(ask.choices, 1):
                names = {choice.id, str(number), choice.title.fr, choice.title.en}
                if text.casefold() in {name.casefold() for name in names}:
                    return choice.id
            raise Refused(say("confirm.choice", lang, choices=", ".join(c.id for c in ask.choices)))
        case "date":
            return _moment(text, dt.date.fromisoformat, "confirm.date", lang)
        case "datetime":
            return _moment(text, dt.datetime.fromisoformat, "confirm.datetime", lang)
        case _:
            return text


def check(step: Step, fields: Mapping[str, object], lang: str) -> dict[str, Any]:
    """All answers of one entry, each in its kept form. Raises BadInput with every fault at once."""
    kept: dict[str, Any] = {}
    faults: list[str] = []
    known = {ask.id: ask for ask in step.asks}
    for name in fields:
        if name not in known:
            near = did_you_mean(name, known, lang)
            faults.append(say("confirm.unknown_field", lang, field=name, known=", ".join(known), near=near))
    for ask in step.asks:
        value = fields.get(ask.id)
        if value in (None, "", []) or ask.type == "file":
            if is_needed(ask, {**fields, **kept}) and ask.type != "file":
                faults.append(say("confirm.missing", lang, field=ask.id, title=ask.title.of(lang)))
            continue
        try:
            kept[ask.id] = parse(ask, value, lang)
        except Refused as refused:
            faults.append(say("confirm.fault", lang, field=ask.id, what=refused))
        else:
            twice = _twice(ask, kept[ask.id], lang)
            faults += [say("confirm.fault", lang, field=ask.id, what=what) for what in twice]
    if faults:
        raise BadInput("\n".join([say("confirm.faults", lang, step=step.id), *("  " + f for f in faults)]))
    return kept


def _twice(ask: Ask, entries: Any, lang: str) -> list[str]:
    """What is said of the identifiers that a list of answers names more than once."""
    found = [str(entry[i.id]) for i in ask.items if i.type == "id35" for entry in entries if i.id in entry]
    return list(dict.fromkeys(told for n, each in enumerate(found) if (told := entered(each, found[:n], lang))))


def entered(identifier: str, before: Iterable[str], lang: str) -> str:
    """What is said of an identifier that stands ``before`` already, as it is or with a letter taken for a digit; ""
    where it does not."""
    there = {compact_id(each).upper() for each in before}
    if compact_id(identifier).upper() in there:
        return say("confirm.twice", lang, shown=mask(identifier))
    alike = read_alike(identifier) in {read_alike(each) for each in there}
    return say("confirm.alike", lang, shown=mask(identifier)) if alike else ""


def check_files(files: Iterable[Path], lang: str) -> None:
    """Raise BadInput that names the attachments that are not there."""
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise BadInput(say("confirm.no_file", lang, files=", ".join(missing)))


def check_replaced(folder: CaseFolder, step: Step, replaces: int | None, why: str, lang: str) -> None:
    """Raise BadInput, before anything is asked, where the entry to be replaced does not stand, or one of the two, its
    number and the reason, is given alone."""
    if replaces is not None:
        _standing(History(Journal(folder.journal).entries()), step.id, replaces, why, lang)
    elif why.strip():
        raise BadInput(say("confirm.why_alone", lang))


def is_needed(ask: Ask, fields: Mapping[str, object]) -> bool:
    """Whether a question has to be answered, given the other answers (``needed_when``)."""
    if ask.needed_when:
        return all(str(fields.get(name, "")) in values for name, values in ask.needed_when.items())
    return ask.required


def enter(
    folder: CaseFolder,
    step: Step,
    fields: Mapping[str, object],
    *,
    who: str,
    at: dt.datetime | None = None,
    attach: Iterable[Path] = (),
    lang: str = "fr",
    run: str | None = None,
    rehearsal: bool = False,
    more: Mapping[str, Any] | None = None,
    account: str = "",
    replaces: int | None = None,
    why: str = "",
) -> Entry:
    """Write a ``confirm`` line for ``step``. Private answers go to ``private/STEP-NN.json``, masked in the line.
    ``more`` are further fields of the line itself; ``account`` is the session that enters it, as user@machine: ``who``
    is only what was typed. ``replaces`` is the number of an earlier entry that this one stands in for, ``why`` the
    reason: both stay in the journal, the earlier one counts no more. An identifier in any of these is masked.

    Raises BadInput where an answer or an attachment does not fit; nothing is written then.
    """
    who, why = mask_all(who), mask_all(why)
    files = list(attach)
    check_files(files, lang)
    kept = check(step, fields, lang)
    journal = Journal(folder.journal)
    moment = at or utc_now()
    with journal.alone():  # from the entry's number to its line: two windows must not both become number 1
        refuse_unheld(folder.path, journal, lang)
        settle(folder, journal.entries())
        history = History(journal.entries())
        number = len(history.confirms(step.id)) + 1
        instead = _standing(history, step.id, replaces, why, lang) if replaces is not None else None
        private = {ask.id: kept[ask.id] for ask in step.asks if ask.id in kept and _has_private(ask)}
        answer = _put_away(folder, f"private/{step.id}-{number:02d}.json", private) if private else {}
        attached = [_keep(path, folder, step.id, number) for path in files]
        entry = journal.append(
            "confirm",
            run=run,
            step=step.id,
            entry=number,
            who=who,
            account=account,
            at=stamp(moment),
            fields=masked(step.asks, kept),
            attachments=attached,
            rehearsal=rehearsal,
            **answer,
            **({"replaces": instead["n"], "replaces_entry": replaces, "why": why} if instead else {}),
            **(more or {}),
        )
        settle(folder, [entry])
    return entry


def settle(folder: CaseFolder, entries: Iterable[Entry]) -> None:
    """Give the files of ``confirm`` lines their names: they wait for the line under another one, so that a kill leaves
    neither a file without its line nor a line without its file. What waits for a line that was never written goes."""
    for entry in entries:
        if entry["event"] == "confirm":
            for file in (*(entry.get("attachments") or []), entry.get("private") or {}):
                waiting = folder.path / pending(str(file.get("path")))
                if waiting.is_file():
                    move(waiting, folder.path / file["path"])
    for waiting in (*folder.path.glob("private/.*.pending"), *folder.path.glob("attachments/*/.*.pending")):
        patiently(waiting.unlink)


def _put_away(folder: CaseFolder, path: str, private: Mapping[str, Any]) -> dict[str, Any]:
    """Write the private answers of an entry; gives what its line says of them. Never over an earlier one."""
    key = folder.private() / Path(ANSWERS_KEY).name
    if not key.exists():
        write_whole(key, secrets.token_bytes(32), private=True)
    if (folder.path / path).exists():
        raise FileExistsError(f"{path} is there already")
    waiting = folder.path / pending(path)
    write_json(waiting, private, private=True)
    return {"private": {"path": path, "hmac_sha256": answer_hmac(waiting.read_bytes(), key)}}


def withdraw(
    folder: CaseFolder, step: str, entry: int | None, *, who: str, why: str, lang: str = "fr", account: str = ""
) -> Entry:
    """Take back an entry of ``step`` by its number, or (None) the decision about its unknown end, with a reason.

    Raises BadInput where there is none that stands; nothing is written then.
    """
    journal = Journal(folder.journal)
    who, why = mask_all(who), mask_all(why)
    with journal.alone():
        refuse_unheld(folder.path, journal, lang)
        history = History(journal.entries())
        if entry is None:
            taken = history.decided(step)
            if taken is None:
                raise BadInput(say("confirm.no_decision", lang, step=step))
        else:
            taken = _standing(history, step, entry, why, lang)
        return journal.append(
            "withdraw", step=step, line=taken["n"], what=taken["event"], entry=entry, who=who, account=account, why=why
        )


def _standing(history: History, step: str, entry: int, why: str, lang: str) -> Entry:
    """The entry of that number, where it still stands. Raises BadInput where it does not, or no reason is given."""
    standing = {int(e.get("entry", 0)): e for e in history.standing(step)}
    if entry not in standing:
        known = ", ".join(str(number) for number in standing) or "—"
        raise BadInput(say("confirm.no_entry", lang, step=step, entry=entry, known=known))
    if not why.strip():
        raise BadInput(say("confirm.no_why", lang))
    return standing[entry]


def masked(asks: Iterable[Ask], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the journal may show them: private ones, and whatever looks like a secret in free text,
    down to the last five characters."""
    shown: dict[str, Any] = {}
    for ask in asks:
        if ask.id not in kept:
            continue
        value = kept[ask.id]
        if ask.type == "list":
            shown[ask.id] = [masked(ask.items, item) for item in value]
        elif ask.private:
            shown[ask.id] = mask(str(value))
        else:
            shown[ask.id] = mask_all(value)
    return shown


def _has_private(ask: Ask) -> bool:
    return ask.private or any(_has_private(item) for item in ask.items)


def _keep(path: Path, folder: CaseFolder, step: str, number: int) -> dict[str, Any]:
    """Copy an attachment into the case under a name that holds on every disk; never over an earlier one."""
    shown = mask_all(path.name)  # a person may have named the file by the identifier in it
    place = folder.path / "attachments" / step
    place.mkdir(parents=True, exist_ok=True)

    def taken(target: Path) -> bool:  # by an earlier entry, or by a file of this one that waits for its line
        return target.exists() or target.with_name(pending(target.name)).exists()

    target = free_place(place, f"{number:02d}-{safe_name(shown)}", taken)
    relative = target.relative_to(folder.path).as_posix()
    waiting = folder.path / pending(relative)
    shutil.copy2(path, waiting)
    return {**listed(waiting, folder.path), "path": relative, "name": shown}


def _moment(text: str, read: Any, key: str, lang: str) -> str:
    try:
        read(text)
    except ValueError:
        raise Refused(say(key, lang)) from None
    return text
