"""``errors()`` and ``events()``: what an administrator looks up. First one line a row, then what it takes to act."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from macros import opening
from macros.commands import short
from macros.marks import code, literal, proof
from macros.sections import lead
from macros.words import OTHER, Here
from runbook.knowledge import reference
from runbook.knowledge.reference import Event, Problem
from runbook.words.sentences import say

#: The end of a sentence: what follows it is detail. Not after an abbreviation or inside code.
_SENTENCE = re.compile(r"(?<=[^\s.A-Z][.!?])\s+(?=[A-ZÀÉÊ`«])")
_CODE = re.compile("`([^`]*)`")
#: Logs with long names, as the events' table writes them; the page tells what they stand for.
LOGS = {
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager": "RCM",
    "Microsoft-Windows-TerminalServices-Licensing": "Licensing",
}


#: Wordings of a row that its section shows, of the page's language and of the other: `runbook hint` knows them all.
_OWN, _OTHERS = 3, 1
_ALSO_SEEN = {"fr": "site.fault_also_seen_fr", "en": "site.fault_also_seen_en"}
_LEVEL = {
    "Information": "site.level_information",
    "Warning": "site.level_warning",
    "Error": "site.level_error",
}
#: The machines whose events the page tells, each below its heading.
_EVENTS = {"license server": "site.events_license_server", "session host": "site.events_session_host"}


def errors(here: Here) -> str:
    """errors.yml as one table whose rows open: what is seen and what to do first, then all it takes to act."""
    listed = "".join(_problem(here, row) for row in reference.errors())
    box = opening.filter_box(here, here.word("site.filter_errors"))
    return f"{box}{opening.head(here, 'site.col_error', 'site.col_seen', 'site.col_fix')}{listed}"


def _split(text: str) -> tuple[str, str]:
    """What ``text`` says first, which stands on the line, and the rest, which opens below it."""
    text = text.strip(" ")
    first = first_sentence(text)
    return first, text[len(first) :].strip()


def _leads(here: Here, rest: str, act: str | None) -> str:
    return f"{rest} → {lead(here, act)}" if act else rest


def _quotes(here: Here, row: Problem) -> list[str]:
    """The official messages, the page's language first, each marked as what it is."""
    found = ((lang, row.message.of(lang)) for lang in (here.lang, OTHER[here.lang]))
    return [_quote(lang, text) for lang, text in found if text]


def _quote(lang: str, text: str, more: str = "") -> str:
    return f'<q lang="{lang}">{literal(text)}{more}</q>'


def first_sentence(text: str) -> str:
    """What ``text`` says first: the table's line; the section below says the rest."""
    return _SENTENCE.split(" ".join(text.split(" ")).strip(), maxsplit=1)[0]


def _problem(here: Here, row: Problem) -> str:
    """One row: its line, and what opens below it in the order in which it is needed."""
    lang = here.lang
    first, rest = _split(row.fix.of(lang))
    seen = "<br>".join([f"**{row.symptom.of(lang)}**", *_quotes(here, row)])
    note = f" {row.note.of(lang)}" if row.note else ""
    body = [
        short(here, *row.run, colour=False),
        _leads(here, rest, row.act),
        f'!!! danger "{here.word("site.do_not")}"\n    {_indented(row.do_not.of(lang))}' if row.do_not else "",
        f"{_label(here, 'site.fault_cause')} {row.cause.of(lang)}{note}",
        "\n    ".join([f'??? quote "{here.word("site.fault_more")}"', *_more(here, row)]),
    ]
    return opening.row(row.anchor, (row.id, seen, first), body)


def _more(here: Here, row: Problem) -> Iterator[str]:
    """What a reader wants only sometimes: other wordings, codes, events, sources."""
    for lang, texts in _wordings(here.lang, row):
        told = " · ".join(literal(text) for text in texts)
        yield f'{_label(here, _ALSO_SEEN[lang])} <span lang="{lang}">{told}</span>'
        yield ""
    if row.codes:
        marked = here.word("site.semicolon").join(f"{code(c.value)} {c.meaning.of(here.lang)}" for c in row.codes)
        yield f"{_label(here, 'site.fault_codes')} {marked}"
        yield ""
    if row.events:
        links = ", ".join(f"[{key}]({here.link(reference.event(key).page)})" for key in row.events)
        yield f"{_label(here, 'site.fault_events')} {links}"
        yield ""
    yield f"{_label(here, 'site.fault_sources')} {proof(here, row, titled=False)}"


def _wordings(lang: str, row: Problem) -> Iterator[tuple[str, Sequence[str]]]:
    """The wordings that the page shows, of its language and of the other."""
    for of, most in ((lang, _OWN), (OTHER[lang], _OTHERS)):
        if row.matches.of(of):
            yield of, row.matches.of(of)[:most]


def _found_errors(lang: str) -> list[dict[str, str]]:
    """One search entry for each error."""
    return [
        {
            "location": row.page,
            "table": "errors.html",
            "title": f"{row.id} · {row.heading(lang)}",
            "text": "".join(_told(lang, row)),
        }
        for row in reference.errors()
    ]


def _told(lang: str, row: Problem) -> Iterator[str]:
    yield _prose(row.symptom.of(lang))
    yield _prose(row.fix.of(lang))
    yield from (_prose(f"`{reference.short(one).text}`") for one in row.run)
    yield from (_prose(text.of(lang)) for text in (row.do_not, row.cause, row.note) if text)
    yield _official(row.message.of(OTHER[lang]))
    yield from (_official(" · ".join(texts)) for _, texts in _wordings(lang, row))
    yield _prose("; ".join(f"{code.value} {code.meaning.of(lang)}" for code in row.codes))
    yield _prose(", ".join(row.events))


def _prose(text: str | None) -> str:
    """``text`` as a search result shows it, its code between backticks as code; nothing for no text."""
    return _CODE.sub(r"<code>\1</code>", f"<p>{html.escape(text, quote=False)}</p>") if text else ""


def _official(text: str | None) -> str:
    """A message as it was read, likewise: its quotes and apostrophes stay."""
    return f"<p><q>{html.escape(text, quote=False)}</q></p>" if text else ""


def _label(here: Here, key: str) -> str:
    return f"**{here.word(key)}**"


def _indented(text: str) -> str:
    return "\n    ".join(text.strip().splitlines())


def events(here: Here) -> str:
    """One table of events for each machine, its rows opening; a filter above them."""
    levels = [here.word(_LEVEL[level]) for level in ("Error", "Warning")]
    parts = [opening.filter_box(here, here.word("site.filter_events"), levels)]
    for machine, heading in _EVENTS.items():
        chosen = [row for row in reference.events() if row.machine == machine]
        if chosen:
            name = machine.replace(" ", "-")
            parts.append(f"\n## {here.word(heading)} {{: #{name} }}\n")
            parts.append(opening.head(here, "site.col_event", "site.col_meaning", "site.col_fix"))
            groups: dict[tuple[object, ...], list[Event]] = {}
            for row in chosen:
                groups.setdefault(_alike(row), []).append(row)
            parts += [_event(here, group) for group in groups.values()]
    return f'\n<div class="events" markdown="1">\n{"".join(parts)}\n</div>\n'


def found(lang: str) -> list[dict[str, str]]:
    """The search entries of both pages: a page of fifty rows is one text, and leads to its top."""
    return [*_found_errors(lang), *_found_events(lang)]


def _found_events(lang: str) -> list[dict[str, str]]:
    """One search entry for each event."""
    return [
        {
            "location": row.page,
            "table": f"events.html#{row.machine.replace(' ', '-')}",
            "title": say(
                "hints.event_title", lang, number=row.id, provider=_short(row.provider), channel=_short(row.channel)
            ),
            "text": _official(row.text.en)
            + "".join(map(_prose, (row.symbol, row.meaning.of(lang), row.fix.of(lang), row.provider))),
        }
        for row in reference.events()
    ]


def _short(name: str) -> str:
    return name.removeprefix("Microsoft-Windows-").removeprefix("TerminalServices-")


def _alike(row: Event) -> tuple[object, ...]:
    """Events that one row can tell: they say, mean and ask for the same."""
    return (
        row.channel,
        row.provider,
        row.meaning,
        row.fix,
        row.act,
        row.noise,
        row.note,
        row.legacy,
        row.proof,
        tuple(row.source),
    )


def _event(here: Here, group: Sequence[Event]) -> str:
    row, lang = group[0], here.lang
    levels = dict.fromkeys(here.word(_LEVEL[r.level]) for r in group if r.level)
    spans = "".join(f'<span id="{r.anchor}"></span>' for r in group[1:])
    numbers = ", ".join(str(r.id) for r in group)  # each one written out: it is looked for
    said = (
        _quote("en", r.text.en, "" if r.whole or r.text.en.endswith("…") else " …") if r.text.en else None
        for r in group
    )
    quoted = list(dict.fromkeys(text for text in said if text)) or [here.word("site.no_text")]
    symbols = dict.fromkeys(code(r.symbol) for r in group if r.symbol)
    told = [here.word(key) for key, so in (("site.legacy", row.legacy), ("site.level_unknown", not levels)) if so]
    meaning, more = _split(row.meaning.of(lang))
    first, rest = _split(row.fix.of(lang))
    body = [
        "<br>".join(quoted),
        more,
        f"**{here.word('site.noise')}** {row.noise.when.of(lang)}" if row.noise else "",
        row.note.of(lang) if row.note else "",
        _leads(here, rest, row.act),
        here.word("site.event_proof") if row.proof else "",
        " · ".join([log_name(row.channel), *told, *symbols, proof(here, row)]) + "\n{: .proof }",
    ]
    small = f" <small>{', '.join(levels)}</small>" if levels else ""
    return opening.row(row.anchor, (f"{numbers}{spans}{small}", meaning, first), body)


def log_name(channel: str) -> str:
    """A log's name in the table: the page's legend tells what RCM stands for."""
    for long, brief in LOGS.items():
        channel = channel.replace(long, brief)
    return literal(channel)
