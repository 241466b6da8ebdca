"""The events that a pasted text names, whatever tool printed them.

The event viewer's title ("Event 4105, TerminalServices-Licensing"), its details and its XML view, ``Get-WinEvent`` as
table or list, ``wevtutil`` as text or XML, and what a person types ("4105 Licensing"). A number is an event's only
where it stands as one; the provider beside it decides whose. Labels are known in eight languages: they are matched, the
text of the message is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from runbook.hints.rows import known_kind
from runbook.knowledge import reference

_PROVIDER = (
    r"provider\s?name|source\s?name|provider|source|fournisseur|quelle|anbieter(?:name)?|origen|origine|proveedor|"
    r"ソース|プロバイダー(?:名)?|来源|來源|提供程序|提供者"
)
_CHANNEL = (
    r"log\s?name|channel|nom\sdu\sjournal|journal|protokollname|protokoll|nombre\sde\sregistro|nome\sregistro|ログの名前|"
    r"日志名称|記錄檔名稱|logname"
)
_ID = (
    r"event\s?id|instance\s?id|ereignis-?\s?id|ereigniskennung|id\s(?:de\s)?l\W?[ée]v[ée]nement|"
    r"id\.?\s(?:de|del)?\s?evento|id\sevento|イベント\s?id|事件\s?id|事件识别码|事件識別碼"
)
_LABEL = re.compile(
    rf"(?<![\w-])(?:(?P<provider>{_PROVIDER})|(?P<channel>{_CHANNEL})|(?P<id>{_ID})|(?<=\n)[ \t]*(?P<short>id))"
    r"[\s\u00a0]*[:=：][ \t\u00a0]*",
    re.IGNORECASE,
)
#: A number that a word in front makes an event's.
_SAID = re.compile(
    r"(?<![\w-])(?:event\s?id|[ée]v[ée]nements?|events?|ereignis(?:-?\s?id)?|eventos?|id\sde\sl\W?[ée]v[ée]nement|"
    r"イベント|事件|id)[\s\u00a0]*(?:n[°ºo]\s?|id\s?|#|[:=])?[\s\u00a0]*(\d{1,5})(?![\w.]*\d)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    rf"(?<![\w-])(?:event|[ée]v[ée]nement|ereignis|evento)\s(\d{{1,5}}),\s*(?:(?:{_PROVIDER})\s+)?([A-Za-z][\w .-]*)",
    re.IGNORECASE,
)
_XML = re.compile(r"<Event[\s>].*?(?:</Event>|(?=<Event[\s>])|\Z)", re.DOTALL)
_XML_PROVIDER = re.compile(r"<Provider\s[^>]*?Name\s*=\s*['\"]([^'\"]+)")
_XML_ID = re.compile(r"<EventID[^>]*>\s*(\d+)")
_XML_CHANNEL = re.compile(r"<Channel>\s*([^<]+)")
_ROW = re.compile(
    r"^[ \t]*\d[\d./-]*[ \t]+[\d:.]+(?:[ \t]+[AP]\.?M\.?)?[ \t]+(\d{1,5})[ \t]+\S", re.IGNORECASE | re.MULTILINE
)
#: An event's number right behind its provider's name, and right before it.
_BEHIND = re.compile(r"(?:[\s,;:·()\[\]]|event|id){1,6}(\d{1,5})(?![\w.:/-]*\d)")
_BEFORE = re.compile(r"(?<![\w.:/-])(\d{1,5})[\s,;:·()\[\]]{1,3}$")
_ONLY_NUMBER = re.compile(r"^\s*#?(\d{1,5})\s*[.?]?\s*$")
_NAMED = re.compile(r"microsoft-windows-[\w-]+|terminalservices-\w+", re.IGNORECASE)
_CHANNEL_NAME = re.compile(r"([A-Za-z][\w-]*)/(operational|admin|debug|analytic)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.:/-])\d{1,5}(?![\w.:/-]*\d)")
_DIGITS = re.compile(r"\d+")
_KEPT = re.compile(r"[:=<：]|0x|-\d", re.IGNORECASE)
#: Signs before a provider's name in which its event's number may stand.
_NEAR = 12
#: A text of so many signs that names a provider speaks of its events with every number in it.
_SHORT = 200


@dataclass(frozen=True)
class Mention:
    """An event that a text names. ``provider`` and ``channel`` as written, None where the text does not say."""

    id: int
    provider: str | None = None
    channel: str | None = None


@cache
def _names() -> dict[str, str]:
    """Each way to name a provider, folded, and the provider: its name, an older one, the name's telling part."""
    names = {}
    for row in reference.events():
        for name in (row.provider, *row.aliases):
            short = name.removeprefix("Microsoft-Windows-")
            for way in (name, short, short.removeprefix("TerminalServices-") if "Connection" in short else short):
                names[way.casefold()] = row.provider
    return names


@cache
def _ours() -> re.Pattern[str]:
    names = sorted(_names(), key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9-])(?:microsoft-windows-)?({'|'.join(map(re.escape, names))})(?![a-z0-9])")


@cache
def _tails() -> dict[str, str]:
    """The last part of a provider's name, which a person types beside a number: "4105 Licensing"."""
    return {name.rpartition("-")[2]: provider for name, provider in _names().items()}


@cache
def _keys() -> re.Pattern[str]:
    names = sorted({row.key.rpartition("-")[0] for row in reference.events()})
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})[- ](\d{{1,5}})(?![\w.:/-]*\d)")


def provider_of(name: str) -> str | None:
    """The provider of events.yml that ``name`` stands for, however written; None for another's."""
    found = _ours().match(name.strip().casefold())
    return _names()[found[1]] if found else None


def providers_in(text: str) -> set[str]:
    """The providers of events.yml that ``text`` names, however."""
    return {_names()[found[1]] for found in _ours().finditer(text.casefold())}


def foreign_in(text: str) -> bool:
    """A provider or channel is named that events.yml does not have."""
    return any(provider_of(name) is None for name in _NAMED.findall(text)) or any(
        provider_of(found[1]) is None and found[1].casefold() not in _tails() for found in _CHANNEL_NAME.finditer(text)
    )


def channel_in(text: str) -> str | None:
    """The kind of channel that a text names ("Operational", "Admin"), None where it names none or several."""
    kinds = {found[2].casefold() for found in _CHANNEL_NAME.finditer(text)}
    return kinds.pop() if len(kinds) == 1 else None


def condensed(text: str) -> str:
    """``text`` without lines that only repeat an earlier one with other numbers. A line that may label something, or
    has a number of an event or a code, stays."""
    seen: set[str] = set()
    kept = []
    for line in text.splitlines():
        shape = _DIGITS.sub("0", line)
        if shape in seen and not _KEPT.search(line) and not _event_numbers().intersection(_DIGITS.findall(line)):
            continue
        seen.add(shape)
        kept.append(line)
    return "\n".join(kept)


@cache
def _event_numbers() -> frozenset[str]:
    return frozenset(str(row.id) for row in reference.events())


def is_typed(text: str) -> bool:
    """Whether ``text`` is an event's number, alone or with its provider, and nothing else."""
    return _typed(text) is not None


def mentions(text: str) -> list[Mention]:
    """The events that ``text`` names, each once, in its order."""
    return list(dict.fromkeys(_mentions(text)))


def _mentions(text: str) -> Iterator[Mention]:
    typed = _typed(text)
    if typed is not None:
        yield typed
        return
    if "<Event" in text:
        for block in _XML.findall(text) or [text]:  # or a piece of one, without its ends
            found, name, place = _XML_ID.search(block), _XML_PROVIDER.search(block), _XML_CHANNEL.search(block)
            if found and name:
                yield Mention(int(found[1]), name[1], place[1].strip() if place else None)
        return
    told = [*_labelled(text), *(Mention(int(n), name) for n, name in _TITLE.findall(text) if name[0].isupper())]
    told += [one for one in (*_beside(text), *_by_key(text)) if one.id not in {each.id for each in told}]
    yield from told
    numbers = {one.id for one in told}
    named, channel = providers_in(text), channel_in(text)
    said = {int(digits) for digits in _SAID.findall(text)} - numbers
    if len(named) == 1 and not said and not told and len(text) < _SHORT:
        said = {int(digits) for digits in _NUMBER.findall(text)}
    for number in sorted(said):
        if len(named) == 1:
            yield Mention(number, next(iter(named)), channel)
        elif not named:
            yield Mention(number, None, channel)


def _beside(text: str) -> Iterator[Mention]:
    """A number of one of its events right beside a provider's name."""
    shape = text.casefold()
    for name in _ours().finditer(shape):
        number = _BEHIND.match(shape, name.end()) or _BEFORE.search(shape, max(0, name.start() - _NEAR), name.start())
        if number and known_kind(_names()[name[1]], int(number[1])):
            yield Mention(int(number[1]), name[1])


def _by_key(text: str) -> Iterator[Mention]:
    """Events called as the pages call them: "RCM-50215", "RCM 50215"."""
    for name, number in _keys().findall(text):
        for row in reference.events():
            if row.key == f"{name}-{number}":
                yield Mention(row.id, row.provider)


def _typed(text: str) -> Mention | None:
    """What a person types: a number alone, or with the telling part of a provider: "4105 · Licensing"."""
    only = _ONLY_NUMBER.match(text)
    if only:
        return Mention(int(only[1]))
    words = re.findall(r"[^\s·,;:|()]+", text)
    if len(words) == 2:
        numbers = [word for word in words if re.fullmatch(r"\d{1,5}", word)]
        names = [_tails()[word.casefold()] for word in words if word.casefold() in _tails()]
        if numbers and names:
            return Mention(int(numbers[0]), names[0])
    return None


def _labelled(text: str) -> Iterator[Mention]:
    """Records of labels: a label that comes again begins the next record. A table's rows are of the provider above."""
    text = "\n" + text
    marks = list(_LABEL.finditer(text))
    record: dict[str, str] = {}
    for place, mark in enumerate(marks):
        stop = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        value = text[mark.end() : stop]
        kind = str(mark.lastgroup).replace("short", "id")
        line = re.split(r"[\n\r;|]", value, maxsplit=1)[0].strip().strip("\"'«»,")
        if kind in record:
            yield from _closed(record)
            record = {}
        if line:
            record[kind] = line
        if kind == "provider":
            for number in _ROW.findall(value):
                yield Mention(int(number), line, None)
    yield from _closed(record)


def _closed(record: dict[str, str]) -> Iterable[Mention]:
    number = re.match(r"\d{1,10}", record.get("id", ""))
    if number:
        # an instance id carries flags above the event's own 16 bits
        yield Mention(int(number[0]) & 0xFFFF, record.get("provider"), record.get("channel"))
