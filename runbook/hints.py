"""From an output, a code or an event to the rows of knowledge/ that explain it, with the page to open.

What comes in was written by people and machines in either language; what comes out are rows of errors.yml, or of
events.yml where no error speaks of the event, each with the reasons why it was found. An event is recognised by
provider, channel and id; a bare number that a person typed gives candidates, and the reason says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Protocol

from runbook import knowledge, sentences
from runbook.hint_rows import (
    BARE_HEX,
    BY_EVENT,
    BY_NUMBER,
    BY_SMALL_CODE,
    Collected,
    Hint,
    Sighting,
    event_line,
    hint_for_code,
    hint_for_event,
    hints_of,
    is_1316,
    known_event,
    number_of,
)
from runbook.knowledge import Event, Problem
from runbook.outcome import Line
from runbook.sentences import say
from runbook.wording import Phrase, Wordings, within_reach, words_of

__all__ = [
    "Hint",
    "Sighting",
    "hint_for_code",
    "hint_for_event",
    "hints_for_events",
    "hints_for_text",
    "known_event",
    "report",
]

#: Words of a text that is hardly more than a code.
_FEW = 4
#: Words that a piece of a cut message needs to stand for it.
_LONG_PIECE = 7
_HEX = re.compile(r"(?<![0-9a-z])0x([0-9a-f]{1,8})(?![0-9a-z])", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.-])([-\u2212]?\d{3,10})(?![\w.-]\d|\w)")
_EVENT_WORD = r"(?:event\s*id|eventid|event|id\s+de\s+l.?[ée]v[ée]nement|[ée]v[ée]nements?|id)"
_EVENT_ID = re.compile(rf"{_EVENT_WORD}[\s\u00a0]*(?:n[°o]|#|[:=])?[\s\u00a0]*(\d{{1,5}})(?!\d)", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"^\s*#?(\d{1,5})\s*[.?]?\s*$")
_FOREIGN_SOURCE = re.compile(
    r"(?:source|provider\s*name|provider|fournisseur)[\s\u00a0]*[:=][\s\u00a0]*([^\n,;|]+)", re.IGNORECASE
)


@cache
def _wordings() -> Wordings:
    return Wordings(_phrases())


def _phrases() -> Iterable[Phrase]:
    for row in knowledge.errors():
        for lang, text in (("fr", row.message.fr), ("en", row.message.en)):
            if text:
                yield from _with_pieces(Phrase(row.id, text, lang))
        for lang in sentences.LANGS:
            yield Phrase(row.id, row.symptom.of(lang), lang)
            for text in row.matches.of(lang):
                yield Phrase(row.id, text, lang)
    for event in knowledge.events():
        if event.text.en:
            yield from _with_pieces(Phrase(event.key, event.text.en, "en"))
        if event.symbol:
            yield Phrase(event.key, event.symbol.replace("_", ""), "en")


def hints_for_text(text: str, lang: str | None = None) -> list[Hint]:
    """At most five rows for what a person pasted or a program printed, best first; empty where nothing is known.

    Either language, whole or in part. Of rows that score the same, one recognised in ``lang`` comes first. Of a
    text longer than 20,000 characters the beginning and the end are read.
    """
    text = within_reach(text)
    collected = Collected()
    _from_words(text, lang, collected)
    known = set(collected.hints)
    _from_codes(text, known, collected)
    _from_events(text, collected)
    return collected.ranked()


def _from_words(text: str, lang: str | None, collected: Collected) -> None:
    errors = {row.id for row in knowledge.errors()}
    given: set[tuple[str, str]] = set()
    for found in _wordings().find(text):
        phrase = found.phrase
        why = Line("hints.why_words", {"text": phrase.text.rstrip(" .…")})
        score = found.score - (0.5 if lang and phrase.lang != lang else 0.0)
        if phrase.owner in errors:
            row = knowledge.problem(phrase.owner)
            hints = [Hint(row.id, row.page, score, (why,), problem=row)]
        else:
            hints = hints_of(knowledge.event(phrase.owner), score, why, text)
        for hint in hints:
            if (hint.id, phrase.owner) not in given:  # several wordings of one row are one reason
                given.add((hint.id, phrase.owner))
                collected.add(hint)


def _from_codes(text: str, known: set[str], collected: Collected) -> None:
    """Codes written in hexadecimal or as long decimals count; a small Win32 number only beside known words."""
    codes = [f"0x{digits}" for digits in _HEX.findall(text)] + BARE_HEX.findall(text)
    codes += [number for number in _DECIMAL.findall(text) if _telling(number)]
    for code in dict.fromkeys(codes):
        value = number_of(code)
        everyday = value is not None and value >> 16 == 0x8007 and len(words_of(text)) > _FEW
        for hint in hint_for_code(code):
            if everyday and hint.id not in known and number_of(hint.why[0].fields["code"]) == value:
                continue  # any program may fail with "access denied": more than the code must agree
            if value is not None and 0 <= value < 1000:
                if hint.id not in known:
                    continue
                hint = replace(hint, score=BY_SMALL_CODE)
            collected.add(hint)


def _telling(number: str) -> bool:
    value = number_of(number)
    return value is not None and (value < 0 or value >= 2**31 or value == 15007)


def _from_events(text: str, collected: Collected) -> None:
    only = _ONLY_NUMBER.match(text)
    numbers = {int(only[1])} if only else {int(digits) for digits in _EVENT_ID.findall(text)}
    named = _providers_in(text)
    if named and not numbers and len(text) < 200:
        numbers = {int(digits) for digits in re.findall(r"(?<![\w.])\d{1,5}(?![\w.]*\d)", text)}
    channels = {
        tail.casefold() for tail in re.findall(r"[A-Za-z]-?[A-Za-z]*/(Operational|Admin)\b", text, re.IGNORECASE)
    }
    foreign = not named and _FOREIGN_SOURCE.search(text) is not None
    for row in knowledge.events():
        if row.id not in numbers or foreign:
            continue
        if not named:
            line = event_line("hints.why_number", row)
            for hint in hints_of(row, BY_NUMBER, line, candidate=True):
                collected.add(hint)
        elif row.provider in named and (not channels or row.channel.rpartition("/")[2].casefold() in channels):
            for hint in hints_of(row, BY_EVENT, event_line("hints.why_event", row), text):
                collected.add(hint)


@cache
def _provider_names() -> dict[str, str]:
    """Each way to name a provider, folded, and the provider: its name, an older one, the name's telling part."""
    names = {}
    for row in knowledge.events():
        for name in (row.provider, *row.aliases):
            short = name.removeprefix("Microsoft-Windows-")
            for way in (name, short, short.removeprefix("TerminalServices-") if "Connection" in short else short):
                names[way.casefold()] = row.provider
    return names


@cache
def _provider_pattern() -> re.Pattern[str]:
    names = sorted(_provider_names(), key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, names))})(?![a-z0-9])")


def _providers_in(text: str) -> set[str]:
    """The providers of events.yml that ``text`` names, however."""
    return {_provider_names()[name] for name in _provider_pattern().findall(text.casefold())}


def _with_pieces(phrase: Phrase) -> Iterator[Phrase]:
    """``phrase`` and, where its source cuts it with "…", each piece that is long enough to be told apart."""
    yield phrase
    pieces = phrase.text.split("…")
    for piece in pieces if len(pieces) > 1 else ():
        if len(words_of(piece)) >= _LONG_PIECE:
            yield Phrase(phrase.owner, piece.strip(), phrase.lang)


class SeenEvent(Protocol):
    """What is asked of an event that a log gave (``readers.events.EventRecord``)."""

    @property
    def provider(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def time(self) -> datetime | None: ...
    @property
    def record_number(self) -> int: ...
    @property
    def computer(self) -> str: ...
    @property
    def data(self) -> Mapping[str, str]: ...
    @property
    def message(self) -> str | None: ...


class _Tally:
    """One known event, counted while the logs go by; what it holds does not grow with them."""

    _KEPT = 20

    def __init__(self, event: Event, text: str) -> None:
        self.event, self.text = event, text
        self.count = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.records: list[int] = []
        self.computers: dict[str, None] = {}

    def add(self, seen: SeenEvent) -> None:
        self.count += 1
        if seen.time:
            self.first = min(self.first or seen.time, seen.time)
            self.last = max(self.last or seen.time, seen.time)
        if len(self.records) < self._KEPT:
            self.records.append(seen.record_number)
        if len(self.computers) < self._KEPT:
            self.computers[seen.computer] = None

    @property
    def sighting(self) -> Sighting:
        return Sighting(self.event.key, self.count, self.first, self.last, tuple(self.records), tuple(self.computers))


def hints_for_events(
    events: Iterable[SeenEvent], session_host: bool | None = None, service_runs: bool | None = None
) -> list[Hint]:
    """The rows that the events of one or more logs point to, worst first, noise last; read once, in a stream.

    ``session_host``: is the machine meant to be a session host (None: not known)? ``service_runs``: does
    TermServLicensing run? Both decide what is noise: 1136 counts only on a session host, ESE -1316 is noise only
    where the service is known to run.
    """
    tallies: dict[tuple[str, bool], _Tally] = {}
    for seen in events:
        event = known_event(seen.provider, seen.channel, seen.id)
        if event is None:
            continue
        text = " ".join((seen.message or "", *seen.data.values())) if event.key == "LS-44" else ""
        known = is_1316(text)
        tally = tallies.setdefault((event.key, known), _Tally(event, text))
        tally.add(seen)
    found: dict[tuple[str, bool], Hint] = {}
    for tally in tallies.values():
        noise = _is_noise(tally.event, tally.text, session_host, service_runs)
        why = event_line("hints.why_event", tally.event)
        for hint in hints_of(tally.event, 0.0 if noise else _GRAVITY[tally.event.level], why, tally.text):
            old = found.get((hint.id, noise), replace(hint, why=(), noise=noise))
            found[hint.id, noise] = replace(
                old,
                score=max(old.score, hint.score),
                why=(*old.why, why),
                seen=(*old.seen, tally.sighting),
            )
    return sorted(found.values(), key=lambda hint: (-hint.score, -sum(s.count for s in hint.seen), hint.id))


#: How high an event's level puts its row. An unknown level is taken for a warning.
_GRAVITY = {"Error": 90.0, "Warning": 70.0, None: 70.0, "Information": 30.0}


def _is_noise(event: Event, text: str, session_host: bool | None, service_runs: bool | None) -> bool:
    rule = event.noise.rule if event.noise else None
    if rule == "not-a-session-host":
        return session_host is not True
    if rule == "ese-1316-and-service-runs":
        return service_runs is True and is_1316(text)
    return rule == "always"


def report(text: str, lang: str) -> str:
    """What is known about ``text``, as plain text ready to print: each row with its reason, cause, fix and page."""
    if not text.strip():
        return say("hints.empty", lang)
    hints = hints_for_text(text, lang) or _hints_for_meaning(text)
    if not hints:
        return say("hints.nothing", lang, asked=" ".join(text.split())[:80])
    return "\n\n".join(_paragraph(hint, lang) for hint in hints)


def _hints_for_meaning(text: str) -> list[Hint]:
    """Rows for a few words that say what a code means ("access denied"): only for a person who asks, as candidates."""
    words = set(words_of(text))
    collected = Collected()
    for row in knowledge.errors() if len(words) <= _FEW else ():
        for known in row.codes:
            if any((said := set(words_of(known.meaning.of(lang)))) and said <= words for lang in sentences.LANGS):
                for hint in hint_for_code(known.value, known.kind):
                    collected.add(replace(hint, score=BY_SMALL_CODE, candidate=True))
    return collected.ranked()


def _paragraph(hint: Hint, lang: str) -> str:
    lines = [say("hints.line", lang, id=hint.id, title=hint.title(lang))]
    lines += [say(why.key, lang, **why.fields) for why in hint.why]
    row = hint.problem or hint.event
    if isinstance(row, Problem):
        lines += [say("hints.cause", lang, text=row.cause.of(lang)), say("hints.fix", lang, text=row.fix.of(lang))]
        if row.do_not:
            lines.append(say("hints.do_not", lang, text=row.do_not.of(lang)))
    elif row:
        lines += [say("hints.cause", lang, text=row.meaning.of(lang)), say("hints.fix", lang, text=row.fix.of(lang))]
        if row.noise:
            lines.append(say("hints.noise", lang, text=row.noise.when.of(lang)))
    if row and row.note:
        lines.append(say("hints.note", lang, text=row.note.of(lang)))
    if row and not row.confirmed:
        kind = say(f"hints.confidence_{row.confidence.replace(' ', '_')}", lang)
        lines.append(say("hints.unconfirmed", lang, confidence=kind))
    lines.append(say("hints.page", lang, page=hint.page))
    return "\n  ".join(lines)
