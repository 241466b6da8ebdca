"""A person's word about a manual step: checked, its secrets put away, its files kept, written into the journal."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runbook.errors import BadInput
from runbook.history import History
from runbook.host.evidence import write_json
from runbook.identifiers import compact_id, groups_of_five, mask, mask_all, normalise_id35
from runbook.journal import Entry, Journal, stamp, utc_now
from runbook.knowledge import Step
from runbook.knowledge_records import Ask
from runbook.sentences import say
from runbook.workspace import CaseFolder

YES = frozenset({"yes", "y", "oui", "o", "true", "1"})
NO = frozenset({"no", "n", "non", "false", "0"})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Refused(ValueError):
    """An answer does not fit its question; the message is the sentence for the person."""


def parse(ask: Ask, value: object, lang: str) -> Any:
    """One answer in the form it is kept in: text, bool, number, or a list of mappings. Raises Refused."""
    if ask.type == "list":
        items = value if isinstance(value, list) else []
        return [
            {
                item.id: parse(item, entry.get(item.id), lang)
                for item in ask.items
                if entry.get(item.id) not in (None, "")
            }
            for entry in items
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
            if not text.isdecimal():
                raise Refused(say("confirm.number", lang))
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
            faults.append(say("confirm.unknown_field", lang, field=name, known=", ".join(known)))
    for ask in step.asks:
        value = fields.get(ask.id)
        if value in (None, "", []) or ask.type == "file":
            if is_needed(ask, {**fields, **kept}) and ask.type != "file":
                faults.append(say("confirm.missing", lang, field=ask.id, title=ask.title.of(lang)))
            continue
        try:
            kept[ask.id] = parse(ask, value, lang)
        except Refused as refused:
            faults.append(f"{ask.id}: {refused}")
    if faults:
        raise BadInput("\n".join([say("confirm.faults", lang, step=step.id), *("  " + f for f in faults)]))
    return kept


def check_files(files: Iterable[Path], lang: str) -> None:
    """Raise BadInput that names the attachments that are not there."""
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise BadInput(say("confirm.no_file", lang, files=", ".join(missing)))


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
) -> Entry:
    """Write a ``confirm`` line for ``step``. Private answers go to ``private/STEP-NN.json``, masked in the line.
    ``more`` are further fields of the line itself; ``account`` is the session that enters it, as user@machine: ``who``
    is only what was typed.

    Raises BadInput where an answer or an attachment does not fit; nothing is written then.
    """
    files = list(attach)
    check_files(files, lang)
    kept = check(step, fields, lang)
    journal = Journal(folder.journal)
    moment = at or utc_now()
    with journal.alone():  # from the entry's number to its line: two windows must not both become number 1
        number = len(History(journal.entries()).confirms(step.id)) + 1
        private = {ask.id: kept[ask.id] for ask in step.asks if ask.id in kept and _has_private(ask)}
        if private:
            write_json(folder.private() / f"{step.id}-{number:02d}.json", private)
        attached = [_keep(path, folder, step.id, number) for path in files]
        return journal.append(
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
            **(more or {}),
        )


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
    name = _UNSAFE.sub("_", path.name).strip("._") or "file"
    target = folder.path / "attachments" / step / f"{number:02d}-{name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 2
    while target.exists():
        target = target.with_name(f"{number:02d}-{count}-{name}")
        count += 1
    shutil.copy2(path, target)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    relative = target.relative_to(folder.path).as_posix()
    return {"path": relative, "name": path.name, "sha256": digest, "size": target.stat().st_size}


def _moment(text: str, read: Any, key: str, lang: str) -> str:
    try:
        read(text)
    except ValueError:
        raise Refused(say(key, lang)) from None
    return text
