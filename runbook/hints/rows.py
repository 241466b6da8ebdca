"""What a hint is, and how a code or one event leads to rows of knowledge/.

An event is recognised by provider, channel and id together. A return, HRESULT, Win32 or ESE code is recognised in
each way that PowerShell and people write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from runbook.journal.outcome import Line
from runbook.knowledge import reference
from runbook.knowledge.reference import Event, Problem, Text
from runbook.words.sentences import say

#: Scores of what is not words. A row found twice over gains a little.
BY_EVENT, BY_CODE, BY_SMALL_CODE, BY_NUMBER, BY_NOISE, _AGAIN = 96.0, 90.0, 70.0, 60.0, 50.0, 4.0
_MOST = 5
_CLOSE = 0.85  # a row that scores less than this share of the best one is left out

BARE_HEX = re.compile(r"(?<![0-9a-z-])((?:8004|8007|c001)[0-9a-f]{4})(?![0-9a-z-])", re.IGNORECASE)


@dataclass(frozen=True)
class Sighting:
    """How often one known event was seen: ``key`` of events.yml, UTC times, the first record numbers, machines."""

    key: str
    count: int
    first: datetime | None
    last: datetime | None
    records: tuple[int, ...]
    computers: tuple[str, ...]


@dataclass(frozen=True)
class Hint:
    """One row that explains what was asked about.

    ``id`` is an id of errors.yml ("E07"), a key of events.yml ("LS-22") or a return code ("0x8004100F");
    ``page`` the link below the site's language folder; ``score`` 0 to 100; ``why`` the reasons, best first.
    ``candidate``: only a bare number led here. ``noise``: known to mean nothing here. The row itself is
    ``problem`` or ``event``; ``seen`` is what was found of it in event logs.
    """

    id: str
    page: str
    score: float
    why: tuple[Line, ...]
    problem: Problem | None = None
    event: Event | None = None
    candidate: bool = False
    noise: bool = False
    seen: tuple[Sighting, ...] = ()

    def title(self, lang: str) -> str:
        """The row's heading in ``lang``."""
        if self.problem:
            return self.problem.heading(lang)
        if self.event:
            row = self.event
            return say("hints.event_title", lang, number=row.id, provider=row.provider, channel=row.channel)
        return self.id


@dataclass
class Collected:
    """Hints by row while they are gathered."""

    hints: dict[str, Hint] = field(default_factory=dict)

    def add(self, hint: Hint) -> None:
        old = self.hints.get(hint.id)
        if old is None:
            self.hints[hint.id] = hint
            return
        better, other = (hint, old) if hint.score > old.score else (old, hint)
        if better.why == other.why:
            return
        self.hints[hint.id] = replace(
            better,
            score=min(100.0, better.score + _AGAIN),
            why=better.why + tuple(line for line in other.why if line not in better.why),
            candidate=better.candidate and other.candidate,
        )

    def ranked(self) -> list[Hint]:
        order = sorted(self.hints.values(), key=lambda hint: (-hint.score, hint.id))
        return [hint for hint in order if hint.score >= _CLOSE * order[0].score][:_MOST]


@cache
def _errors_of(key: str) -> tuple[Problem, ...]:
    """The errors that name the event ``key``; none for an event that only informs."""
    if reference.event(key).level == "Information":
        return ()
    return tuple(row for row in reference.errors() if key in row.events)


def rows_of(event: Event, text: str = "") -> tuple[Problem, ...]:
    """The errors that ``event`` points to. ``text``: its message or strings, which tell ESE -1316 from the rest."""
    rows = _errors_of(event.key)
    if event.noise and event.noise.rule == "ese-1316-and-service-runs" and text:
        numbers = {number_of(found) for found in re.findall(r"[-\u2212\u2013]\s?\d{3,4}\b", text)}
        told = tuple(row for row in reference.errors() if _ese_of(row) & numbers)
        return told or tuple(row for row in rows if not _ese_of(row))
    return rows


def _ese_of(row: Problem) -> set[int | None]:
    return {number_of(code.value) for code in row.codes if code.kind == "ese"}


def is_1316(text: str) -> bool:
    """``text`` carries ESE error -1316, whatever sign stands for the minus."""
    return re.search(r"[-\u2212\u2013]\s?1316\b", text) is not None


def hints_of(event: Event, score: float, why: Line, text: str = "", candidate: bool = False) -> list[Hint]:
    rows = rows_of(event, text)
    if not rows:
        return [Hint(event.key, event.page, score, (why,), event=event, candidate=candidate)]
    return [Hint(row.id, row.page, score, (why,), problem=row, candidate=candidate) for row in rows]


def event_line(key: str, event: Event) -> Line:
    return Line(key, {"number": event.id, "provider": event.provider, "channel": event.channel})


def hint_for_event(provider: str, channel: str, event_id: int, text: str = "") -> list[Hint]:
    """The rows for one event: nothing unless provider, channel and id all agree."""
    event = known_event(provider, channel, event_id)
    return hints_of(event, BY_EVENT, event_line("hints.why_event", event), text) if event else []


@cache
def _events_by_mark() -> dict[tuple[str, str, int], Event]:
    return {
        (name.casefold(), channel.casefold(), row.id): row
        for row in reference.events()
        for name in (row.provider, *row.aliases)
        for channel in (row.channel, *row.also_in)
    }


@cache
def _kinds() -> frozenset[tuple[str, int]]:
    return frozenset((provider, number) for provider, _, number in _events_by_mark())


def known_kind(provider: str, event_id: int) -> bool:
    """Whether events.yml has this id of this provider, in whatever channel: others need not be kept."""
    return (provider.casefold(), event_id) in _kinds()


def known_event(provider: str, channel: str, event_id: int) -> Event | None:
    """The row of events.yml for this event; provider and channel in any case, older provider names included."""
    return _events_by_mark().get((provider.casefold(), channel.casefold(), event_id))


def hint_for_code(code: int | str, kind: str | None = None) -> list[Hint]:
    """The rows for a return, HRESULT, Win32, ESE or exit code.

    ``code``: 0x80041008, 80041008, 2147749896 and -2147217400 are the same. ``kind`` (see ``reference.Code``) is
    needed for small numbers that mean something only with it: a connectivity status, a mode, an exit code.
    robocopy's exit code counts from 8 on.
    """
    value = number_of(code)
    if value is None:
        return []
    collected = Collected()
    for row in reference.errors():
        for known in row.codes:
            stands = number_of(known.value)
            small = known.kind in ("status", "mode", "activation", "exit")
            if kind == "exit" and known.kind == "exit" and stands is not None:
                hit = value >= stands
            elif kind is not None:
                hit = known.kind == kind and stands == value
            else:
                hit = not small and stands is not None and stands in (value, _win32_of(value))
            if hit:
                why = _code_line(known.value, known.meaning)
                collected.add(Hint(row.id, row.page, BY_CODE, (why,), problem=row))
    if not collected.hints and kind in (None, "wmi"):
        return _documented_code(value)
    return collected.ranked()


def _code_line(code: str, meaning: Text) -> Line:
    return Line("hints.why_code", {"code": code, "meaning_fr": meaning.fr, "meaning_en": meaning.en})


def _documented_code(value: int) -> list[Hint]:
    """The line of the table of return codes, for a code that no error row explains."""
    for row in reference.cim():
        for known in row.values:
            if number_of(known.number) == value:
                why = _code_line(known.number, known.meaning)
                return [Hint(known.number, f"reference/cim.html#{row.id.lower()}", BY_CODE, (why,))]
    return []


def number_of(code: int | str) -> int | None:
    """``code`` as an unsigned 32-bit number, except that small negative ones (ESE) stay negative."""
    if isinstance(code, str):
        text = re.sub(r"[\u2212\u2013]\s?", "-", code.strip()).lower()
        if BARE_HEX.fullmatch(text):
            text = "0x" + text
        try:
            code = int(text, 0)
        except ValueError:
            return None
    return code + 2**32 if code < -(2**16) else code


def _win32_of(value: int) -> int | None:
    """The Win32 error inside an HRESULT 0x8007nnnn."""
    return value & 0xFFFF if value >> 16 == 0x8007 else None
