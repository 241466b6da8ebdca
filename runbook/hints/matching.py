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

from runbook.hints import pastes
from runbook.hints.ideas import Meant, meant_by, sentences_of
from runbook.hints.likeness import SILENCE, complains, shares_of
from runbook.hints.rows import (
    BARE_HEX,
    BY_EVENT,
    BY_NOISE,
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
from runbook.hints.wordings import Phrase, Wordings
from runbook.hints.words import (
    fields_in,
    flat,
    is_of_the_trade,
    is_own,
    names_foreign,
    speaks_of_our_matter,
    telling_lines,
    words_of,
)
from runbook.journal.outcome import Line
from runbook.knowledge import reference
from runbook.knowledge.reference import Event
from runbook.words import sentences

__all__ = [
    "Hint",
    "Sighting",
    "hint_for_code",
    "hint_for_event",
    "hints_for_events",
    "hints_for_text",
    "known_event",
]

#: Words of a text that is hardly more than a code.
_FEW = 4
#: Words of a question that may leave unsaid whose license server it is about.
_SHORT_ASKED = 10
#: Words that a piece of a message needs to stand for it.
_LONG_PIECE = 7
#: Where a message falls into pieces: where its source cuts it, and after a sentence.
_PIECES = re.compile(r'…|(?<=[\w"%!]\.) (?=[A-Z])')
#: A guess scores this and its evidence; another row is guessed beside the best where it has this part of its share.
_GUESSED, _BESIDE = 71.0, 0.3
#: What speaks for a guess: the share of the text that the row's sayings explain, how far that is above the next row's
#: and above that of silence, that the row's ideas stand there, that licences are named; against it: another product, no
#: word of the row's field. A logistic regression on ten sets of messages, each with the table as it was before it.
_SHARE, _ABOVE_ROWS, _ABOVE_SILENCE, _MEANT, _MATTER, _FOREIGN, _UNNAMED = 3.8, 1.65, 2.8, 1.8, 0.8, 0.9, 1.2
#: With less evidence nothing is said: one wrong row among the guesses of 65 messages.
_ENOUGH = 3.4
#: A wording that is hit less exactly may lack just the word that says what is wrong: with a text that complains of
#: nothing it says nothing.
_WHOLE_ENOUGH = 80.0
#: Fields whose words any database has: nothing is guessed of them where none of the licensing database's stands.
_ANYBODY_S = frozenset({"database", "lserver"})
#: Signs of a text that is one paste; a longer one is a log, of which lines count.
_PASTE = 20_000
_HEX = re.compile(r"(?<![0-9a-z])0x([0-9a-f]{1,8})(?![0-9a-z])", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.-])([-\u2212]?\d{3,10})(?![\w.-]\d|\w)")
_ROW_ID = re.compile(r"^\W*(e\d\d|[a-z]+-\d{1,5})\W*$", re.IGNORECASE)


@cache
def _wordings() -> Wordings:
    return Wordings(_phrases())


def _phrases() -> Iterable[Phrase]:
    for row in reference.errors():
        for lang, text in (("fr", row.message.fr), ("en", row.message.en)):
            if text:
                yield from _with_pieces(Phrase(row.id, text, lang, row.field, official=True))
        for lang in sentences.LANGS:
            yield Phrase(row.id, row.symptom.of(lang), lang, row.field)
            for text in row.matches.of(lang):
                yield Phrase(row.id, text, lang, row.field)
        for text in row.matches.other:
            yield Phrase(row.id, text, "other", row.field)
    for event in reference.events():
        field = "database" if event.provider == "ESENT" else "rds"
        for text in filter(None, (event.text.en, event.older)):
            yield from _with_pieces(Phrase(event.key, text, "en", field, official=True))
        for lang in sentences.LANGS:
            for text in event.matches.of(lang):
                yield Phrase(event.key, text, lang, field)
        if event.symbol:
            yield Phrase(event.key, event.symbol, "en", field)


def hints_for_text(text: str, lang: str | None = None) -> list[Hint]:
    """At most five rows for what a person pasted or a program printed, best first; empty where nothing is known.

    Either language, whole or in part; in other languages codes and events count, and a few official messages. Of rows
    that score the same, one recognised in ``lang`` comes first. ``candidate`` marks a guess.
    """
    if len(text) > _PASTE:
        text = pastes.condensed(text)
    row = _row_called(text)
    if row is not None:
        return [row]
    collected = Collected()
    if pastes.is_typed(text):  # nothing but an event: no words to be read
        _from_events(text, collected)
        _from_codes(text, collected)
        return collected.ranked()
    _from_words(text, lang, collected)
    _from_events(text, collected)
    _from_codes(text, collected)
    if any(not hint.candidate for hint in collected.hints.values()):
        _from_ideas(text, collected)
    else:
        _from_likeness(text, collected)
    return _by_their_words(text, collected.ranked())


def _row_called(text: str) -> Hint | None:
    """The row whose own name was typed: "E05", "LS-4105"."""
    asked = _ROW_ID.match(text)
    name = asked[1].upper() if asked else ""
    why = (Line("hints.why_name", {"name": name}),)
    for problem in reference.errors():
        if problem.id == name:
            return Hint(name, problem.page, 100.0, why, problem=problem)
    for event in reference.events():
        if event.key == name:
            return Hint(name, event.page, 100.0, why, event=event)
    return None


def _from_words(text: str, lang: str | None, collected: Collected) -> None:
    errors = {row.id for row in reference.errors()}
    given: set[tuple[str, str]] = set()
    owned = _rows_of_ese(text)
    told = _wordings().find(text)
    calm = bool(told) and _is_calm(text)
    for found in told:
        phrase = found.phrase
        if calm and found.score < _WHOLE_ENOUGH and complains(phrase.text):
            continue
        why = Line("hints.why_words", {"text": phrase.text.rstrip(" .…")})
        score = found.score - (0.5 if lang and phrase.lang != lang else 0.0)
        if phrase.owner in errors:
            row = reference.problem(phrase.owner)
            if owned and row.field == "database" and row.id not in owned:
                continue  # the database's code says more than the words around it
            hints = [Hint(row.id, row.page, score, (why,), problem=row)]
        else:
            hints = hints_of(reference.event(phrase.owner), score, why, text)
        for hint in hints:
            if (hint.id, phrase.owner) not in given:  # several wordings of one row are one reason
                given.add((hint.id, phrase.owner))
                collected.add(hint)


def _from_ideas(text: str, collected: Collected) -> None:
    """What the text speaks of beside what was recognised: a guess."""
    for meant in _spoken_of(text):
        row = reference.problem(meant.row)
        why = (Line("hints.why_ideas"),)
        collected.add(Hint(row.id, row.page, meant.score, why, problem=row, candidate=True))


def _spoken_of(text: str) -> list[Meant]:
    """The rows that the text speaks of, best first, where their field is named and no other product is."""
    if _is_anothers(text):
        return []
    shape = flat(text)
    fields = fields_in(shape)
    if not is_of_the_trade(shape) and len(shape.split()) > _SHORT_ASKED:
        fields -= {"rds"}
    calm = _is_calm(text)
    return [
        meant
        for meant in meant_by(text)
        if (meant.happened or not calm) and not fields.isdisjoint((reference.problem(meant.row).field, "rds"))
    ]


def _is_calm(text: str) -> bool:
    """Whether ``text`` is one message none of whose sentences says that something is wrong."""
    return len(text) <= _PASTE and not any(map(complains, sentences_of(text)))


def _is_anothers(text: str) -> bool:
    """Whether ``text`` is too long to be one message, or speaks of another product."""
    shape = flat(text[:_PASTE])
    return len(text) > _PASTE or pastes.foreign_in(text) or (names_foreign(shape) and not is_own(shape))


def _from_likeness(text: str, collected: Collected) -> None:
    """What a text of our matter speaks of and is most like, where nothing was recognised for sure: a guess, where
    enough speaks for it."""
    shape = flat(text[:_PASTE])
    if _is_anothers(text):
        return
    meant = [one.row for one in _spoken_of(text)]
    said = shares_of(text)
    silence, shares = said.get(SILENCE, 0.0), {row: share for row, share in said.items() if row != SILENCE}
    fields = fields_in(shape)
    first = _MATTER * speaks_of_our_matter(text) - _FOREIGN * names_foreign(shape)
    evidence = {}
    for row, share in shares.items():
        field = reference.problem(row).field
        if field in _ANYBODY_S and "lserver" not in fields:
            continue
        above = share - max((other for name, other in shares.items() if name != row), default=0.0)
        spoken = _MEANT * (meant[:1] == [row])
        unnamed = _UNNAMED * fields.isdisjoint((field, "rds"))
        likely = _SHARE * share + _ABOVE_ROWS * above + _ABOVE_SILENCE * (share - silence)
        evidence[row] = first + spoken + likely - unnamed
    best = max(evidence, key=evidence.__getitem__, default=None)
    if best is None or evidence[best] < _ENOUGH:
        return
    for row, much in evidence.items():
        if row == best or shares[row] >= _BESIDE * shares[best]:
            problem = reference.problem(row)
            why = (Line("hints.why_ideas" if row in meant else "hints.why_like"),)
            score = _GUESSED + max(0.0, much)
            collected.add(Hint(row, problem.page, score, why, problem=problem, candidate=True))


def _by_their_words(text: str, hints: list[Hint]) -> list[Hint]:
    """``hints``, of which those that lead by one and the same code stand as ``text`` is like them."""
    tied = [hint for hint in hints if hint.score == hints[0].score and hint.why[0].key == "hints.why_code"]
    if len(tied) < 2 or tied != hints[: len(tied)] or len(text.split()) <= _FEW or len(text) > _PASTE:
        return hints
    shares = shares_of(text)
    return sorted(tied, key=lambda hint: -shares.get(hint.id, 0.0)) + hints[len(tied) :]


def _rows_of_ese(text: str) -> set[str]:
    """The rows whose ESE code stands in ``text``, where it speaks of a database."""
    codes = {number_of(number) for number in set(_DECIMAL.findall(text))}
    return {
        row.id
        for row in reference.errors()
        for code in row.codes
        if code.kind == "ese" and number_of(code.value) in codes
    }


def _from_codes(text: str, collected: Collected) -> None:
    """Codes written in hexadecimal or as long decimals. What any program may give (an HRESULT of Windows, of WMI, a
    number of ESE) counts alone, as a guess, or beside words of its row's field; a small number only with its row."""
    known = set(collected.hints)
    if len(text) > _PASTE:
        lines = text.splitlines()
        text = "\n".join(lines[place] for place in telling_lines(lines))
    shape = flat(text)
    if names_foreign(shape) and not is_own(shape):
        return
    alone = len(shape.split()) <= _FEW
    fields = fields_in(shape)
    codes = [f"0x{digits}" for digits in _HEX.findall(text)] + BARE_HEX.findall(text)
    codes += [number for number in dict.fromkeys(_DECIMAL.findall(text)) if _telling(number)]
    for code in dict.fromkeys(codes):
        value = number_of(code)
        if value is None:
            continue
        for hint in hint_for_code(code):
            field = hint.problem.field if hint.problem else "classes"
            beside = field in fields or (field == "rds" and "classes" in fields and value >> 16 == 0x8004)
            beside |= value >> 16 == 0xC001  # the licensing service's own
            if 0 <= value < 1000:
                if hint.id not in known:
                    continue
                hint = replace(hint, score=BY_SMALL_CODE)
            elif not alone and not beside and hint.id not in known:
                continue
            everyday = value >> 16 == 0x8007 and number_of(hint.why[0].fields["code"]) == value
            if everyday and hint.id not in known:
                if known and not alone:
                    continue  # the words say more than "access denied" does
                hint = replace(hint, score=BY_SMALL_CODE, candidate=True)
            collected.add(hint)


def _telling(number: str) -> bool:
    value = number_of(number)
    return value is not None and (value < 0 or value >= 2**31 or value == 15007)


def _from_events(text: str, collected: Collected) -> None:
    named = pastes.mentions(text)
    sure = not pastes.foreign_in(text)
    for mention in named:
        for row in reference.events():
            if row.id != mention.id:
                continue
            if mention.provider is None:
                if sure and mention.channel is None and _speaks_of_events_only(text):
                    line = event_line("hints.why_number", row)
                    for hint in hints_of(row, BY_NUMBER, line, candidate=True):
                        collected.add(hint)
            elif (
                row.provider == pastes.provider_of(mention.provider)
                and any(_is_channel(mention.channel, channel) for channel in (row.channel, *row.also_in))
                and not _of_another_database(row, text)
            ):
                for hint in hints_of(row, _weight_of(row), event_line("hints.why_event", row), text):
                    collected.add(hint)


def _of_another_database(event: Event, text: str) -> bool:
    """Whether ``text`` is an event that any program with a database writes, and names another's."""
    if event.provider != "ESENT":
        return False
    shape = flat(text[:_PASTE])
    return names_foreign(shape) and "lserver" not in fields_in(shape)


def known_event_of(seen: SeenEvent) -> Event | None:
    """The row of events.yml for an event that a log gave; none for one that another program's database wrote."""
    event = known_event(seen.provider, seen.channel, seen.id)
    return None if event is None or _of_another_database(event, _text_of(seen)) else event


def _text_of(seen: SeenEvent) -> str:
    return " ".join((seen.message or "", *seen.data.values()))


def _weight_of(row: Event) -> float:
    """Of several events the one that only informs stands behind, and what is always noise behind all."""
    if row.noise and row.noise.rule == "always":
        return BY_NOISE
    return BY_EVENT - (1.0 if row.level == "Information" else 0.0)


def _is_channel(named: str | None, channel: str) -> bool:
    """Whether a channel as written may be ``channel``: none said, the same, or the same kind of it."""
    return named is None or named.rpartition("/")[2].strip().casefold() == channel.rpartition("/")[2].casefold()


def _speaks_of_events_only(text: str) -> bool:
    """A number without its provider: all of the text, or beside words of RDS and of no other product."""
    shape = flat(text)
    return not names_foreign(shape) and (len(shape.split()) <= _FEW or "rds" in fields_in(shape))


def _with_pieces(phrase: Phrase) -> Iterator[Phrase]:
    """``phrase`` and each of its sentences, or pieces between "…", that is long enough: people paste the first one."""
    yield phrase
    pieces = _PIECES.split(phrase.text)
    for piece in pieces if len(pieces) > 1 else ():
        if len(words_of(piece).words) >= _LONG_PIECE:
            yield Phrase(phrase.owner, piece.strip(), phrase.lang, phrase.field, official=True)


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
        event = known_event_of(seen)
        if event is None:
            continue
        text = _text_of(seen) if event.key == "LS-44" else ""
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
