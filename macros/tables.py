"""``table(NAME)``: the records of one file of knowledge/ as a table in the page's language."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from macros import opening
from macros.commands import place
from macros.dates import written
from macros.marks import cell, code, mark, proof, rows, source
from macros.sections import name
from macros.words import Here
from runbook.knowledge import reference
from runbook.knowledge.reference import CimClass, Open, Policy, Step, Text


def table(here: Here, name: str) -> str:
    """The table ``name``; KeyError where there is none."""
    return TABLES[name](here)


#: How the site says what a row of knowledge/ is.
_MACHINE = {
    "license server": "site.machine_license_server",
    "session host": "site.machine_session_host",
    "client": "site.machine_client",
    "any": "site.machine_any",
}
_KIND = {
    "Microsoft": "site.kind_microsoft",
    "Microsoft, third-party copy": "site.kind_microsoft_third_party_copy",
    "third party": "site.kind_third_party",
    "reasoning": "site.kind_reasoning",
    "article": "site.kind_article",
}
_STEP = {
    "check": "site.step_check",
    "change": "site.step_change",
    "manual": "site.step_manual",
    "local": "site.step_local",
}
_SECRET = {
    "secret": "site.secret_secret",
    "confidential": "site.secret_confidential",
    "personal": "site.secret_personal",
    "internal": "site.secret_internal",
}
_MEMBER = {"property": "site.member_property", "method": "site.member_method"}


def _head(here: Here, *keys: str) -> list[str]:
    return [here.word(key) for key in keys]


def ports(here: Here) -> str:
    """Who talks to whom, on which port, what for."""
    lang = here.lang
    return rows(
        _head(here, "site.col_from", "site.col_to", "site.col_ports", "site.col_purpose", "site.col_needed"),
        (
            (
                cell(row.origin.of(lang)) + f" {{: #port-{row.id} }}",
                cell(row.target.of(lang)),
                cell(f"{row.protocol} {row.ports}"),
                cell(row.purpose.of(lang)),
                cell(row.needed.of(lang), proof(here, row)),
            )
            for row in reference.ports()
        ),
    )


def policies(here: Here) -> str:
    """Group Policy settings, one heading for each: official name, path, values and registry values."""
    lang = here.lang
    stored = {row.id: row for row in reference.registry()}
    parts = []
    for row in reference.policies():
        values = [code(f"{stored[i].key}\\{stored[i].value}") for i in row.registry]
        facts = {
            "site.policy_path": row.path.of(lang),
            "site.policy_field": row.field.of(lang) if row.field else "",
            "site.policy_values": ", ".join(_choices(row, lang)),
            "site.policy_group": f"{row.group.name.of(lang)} ({row.group.sid})" if row.group else "",
            "site.policy_registry": "<br>".join(values),
            "site.policy_machine": here.word(_MACHINE[row.applies_to]),
            "site.term_also": ", ".join(row.synonyms.of(lang)),
        }
        parts.append(
            f"\n### {row.name.of(lang)} {{: #policy-{row.id} }}\n\n{row.purpose.of(lang)} {proof(here, row)}\n\n"
        )
        parts += [f"- **{here.word(key)}** {text}\n" for key, text in facts.items() if text]
    return "".join(parts)


def _choices(row: Policy, lang: str) -> list[str]:
    numbers = (f" = {value.number}" if value.number is not None else "" for value in row.values)
    return [value.label.of(lang) + number for value, number in zip(row.values, numbers, strict=True)]


def registry(here: Here) -> str:
    """Registry values: where, what they mean, what to beware of."""
    lang = here.lang
    return rows(
        _head(here, "site.col_value", "site.col_machine", "site.col_meaning"),
        (
            (
                cell(code(row.key), code(row.value) + (f" ({row.type})" if row.type else ""))
                + f" {{: #registry-{row.id} }}",
                here.word(_MACHINE[row.machine]),
                cell(row.meaning.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in reference.registry()
        ),
    )


def _warn(here: Here, caution: Text | None) -> str | None:
    return f"**{here.word('site.caution')}** {caution.of(here.lang)}" if caution else None


def services(here: Here) -> str:
    """Services, features and tools by the name that programs use."""
    lang = here.lang
    return rows(
        _head(here, "site.col_name", "site.col_display", "site.col_machine", "site.col_purpose"),
        (
            (
                cell(code(row.id)) + f" {{: #service-{row.id.lower()} }}",
                cell(row.display.of(lang) or here.word("site.not_found_name")),
                here.word(_MACHINE[row.machine]),
                cell(row.purpose.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in reference.services()
        ),
    )


def paths(here: Here) -> str:
    """Files and folders and what they hold."""
    lang = here.lang
    return rows(
        _head(here, "site.col_path", "site.col_machine", "site.col_holds"),
        (
            (
                cell(code(row.path)) + f" {{: #path-{row.id} }}",
                here.word(_MACHINE[row.machine]),
                cell(row.holds.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in reference.paths()
        ),
    )


def contacts(here: Here) -> str:
    """Whom to turn to, and how."""
    lang = here.lang
    return rows(
        _head(here, "site.col_contact", "site.col_reach", "site.col_use"),
        (
            (
                cell(f"**{row.name.of(lang)}**") + f" {{: #contact-{row.id} }}",
                cell(
                    *(row.phone.of(lang).splitlines() if row.phone else ()),
                    _address(row.address),
                    *(row.hours.of(lang).splitlines() if row.hours else ()),
                )
                or "—",
                cell(row.use.of(lang), row.note.of(lang) if row.note else None, proof(here, row)),
            )
            for row in reference.contacts()
        ),
    )


def _address(address: str | None) -> str | None:
    """A link that shows where it leads: the whole address, or of a long one its host; paper shows all of it."""
    if not address or len(address) <= 50:
        return address and f"<{address}>"
    return f"[{urlsplit(address).netloc}]({address}){{: .address }}"


def sources(here: Here) -> str:
    """Where facts come from; each row is what the small source links point to."""
    lang = here.lang
    return rows(
        _head(here, "site.col_id", "site.col_title", "site.col_kind", "site.col_read"),
        (
            (
                f"**{row.id}** {{: #{row.id.lower()} }}",
                cell(row.title.of(lang), f"<{row.address}>" if row.address else None),
                here.word(_KIND[row.kind]),
                cell(row.read or here.word("site.not_noted")),
            )
            for row in reference.sources()
        ),
    )


def pages(here: Here) -> str:
    """The pages that facts cite inside a source: own title, address, date of the version that was read."""
    return rows(
        _head(here, "site.col_id", "site.col_title", "site.col_read"),
        (
            (
                f"{cell(row.id)} {{: #{row.anchor} }}",
                cell(row.title or here.word("site.not_noted"), f"<{row.address}>" if row.address else None),
                cell(row.read or here.word("site.not_noted")),
            )
            for row in reference.pages()
        ),
    )


def article(here: Here) -> str:
    """The points in which the source article is wrong or silent."""
    lang = here.lang
    return rows(
        _head(here, "site.col_number", "site.col_says", "site.col_right"),
        (
            (
                f"{row.number} {{: #point-{row.number} }}",
                cell(row.says.of(lang) if row.says else here.word("site.says_nothing")),
                cell(row.right.of(lang), f"[{here.word('site.see')}]({here.link(row.page)}) {proof(here, row)}"),
            )
            for row in reference.article()
        ),
    )


def _open(here: Here, entries: tuple[Open, ...]) -> str:
    return rows(
        _head(here, "site.col_what", "site.col_then"),
        (
            (
                cell(row.what.of(here.lang)) + f" {{: #{row.id} }}",
                cell(
                    row.then.of(here.lang),
                    f"*{here.word('site.settles')}* {row.settles.of(here.lang)}" if row.settles else None,
                    source(here, *row.source),
                ),
            )
            for row in entries
        ),
    )


def unconfirmed(here: Here) -> str:
    """What was looked for and not found."""
    return _open(here, reference.unconfirmed())


def unproven(here: Here) -> str:
    """What nobody has tried on a real server yet."""
    return _open(here, reference.unproven())


def versions(here: Here) -> str:
    """The versions of Windows Server: what their CALs serve, where these are kept, until when each is supported."""
    names = {row.id: row.name for row in reference.versions()}
    return rows(
        _head(
            here,
            "site.col_version",
            "site.col_build",
            "site.col_serves",
            "site.col_kept_on",
            "site.col_mainstream",
            "site.col_extended",
        ),
        (
            (
                cell(f"**{row.name}**", proof(here, row)) + f" {{: #version-{row.id.lower()} }}",
                code(str(row.build)),
                cell(here.word("site.up_to", name=names[row.serves])),
                cell(here.word("site.from_on", name=names[row.kept_on])),
                cell(written(here, reference.day(f"{row.id}.mainstream"))),
                cell(written(here, reference.day(f"{row.id}.extended"))),
            )
            for row in reversed(reference.versions())
        ),
    )


def steps(here: Here) -> str:
    """The steps of the notebooks: what each is; opened, what it does, what it needs and its way back."""
    listed = "".join(_step(here, row) for row in reference.steps())
    box, head = (
        opening.filter_box(here, here.word("site.filter_steps")),
        opening.head(here, "site.col_step", "site.col_title", "site.col_runs"),
    )
    return f'\n<div class="steps" markdown="1">\n{box}{head}{listed}\n</div>\n'


def _step(here: Here, row: Step) -> str:
    lang = here.lang
    runs = f"{here.word(_STEP[row.kind])} · {here.word('site.step_limit', limit=_duration(here, row.time_limit))}"
    after = here.word("site.step_after", steps=", ".join(code(need) for need in row.needs)) if row.needs else ""
    undo = f"**{here.word('site.col_undo')}** · {row.undo.of(lang)}" if row.undo else ""
    target = place(row) if row.script else row.page
    body = [row.description.of(lang), after, undo, f"→ [{name(here, target.partition('#')[0])}]({here.link(target)})"]
    return opening.row(f"step-{row.id}", (code(row.id), f"**{row.title.of(lang)}**", runs), body)


def _duration(here: Here, seconds: int) -> str:
    """A time limit as people say it: seconds up to two minutes, minutes up to two hours, hours beyond."""
    minutes, rest = divmod(seconds, 60)
    if rest or seconds <= 120:
        return here.word("site.seconds", count=seconds)
    if minutes <= 120:
        return here.word("site.minutes", count=minutes)
    return here.word("site.hours", hours=minutes // 60, minutes=minutes % 60)


def asks(here: Here) -> str:
    """What the manual steps ask a person."""
    lang = here.lang
    return rows(
        _head(here, "site.col_step", "site.col_field", "site.col_asks", "site.col_required"),
        (
            (
                code(step.id),
                code(ask.id),
                cell(
                    ask.title.of(lang),
                    ", ".join(_named(c.id, c.title.of(lang)) for c in ask.choices) or None,
                    here.word("site.private_field") if ask.private else None,
                ),
                here.word("site.yes" if ask.required else "site.no"),
            )
            for step in reference.steps()
            for ask in step.asks
        ),
    )


def _named(word: str, title: str) -> str:
    """A word of the command line with what it says, where it does not say so itself."""
    return code(word) if title == word.replace("_", " ") else f"{code(word)} ({title})"


def terms(here: Here) -> str:
    """The glossary, one heading for each term, in alphabetical order of the language."""
    lang = here.lang
    parts = []
    for row in sorted(reference.terms(), key=lambda t: t.term.of(lang).casefold()):
        parts.append(f"\n## {row.term.of(lang)} {{: #{row.id} }}\n\n{row.definition.of(lang)} {proof(here, row)}\n")
        for key, text in (("site.term_where", row.where), ("site.term_format", row.format)):
            if text:
                parts.append(f"\n**{here.word(key)}** {text.of(lang)}\n")
        if row.sensitivity:
            parts.append(f"\n**{here.word('site.term_secret')}** {here.word(_SECRET[row.sensitivity])}\n")
        if row.synonyms.of(lang):
            parts.append(f"\n**{here.word('site.term_also')}** {', '.join(row.synonyms.of(lang))}\n")
    return "".join(parts)


def cim(here: Here) -> str:
    """The CIM classes: one heading for each class, its members and their values as a table."""
    lang = here.lang
    parts = []
    for row in reference.cim():
        title = row.title.of(lang) if row.title else row.id
        parts.append(f"\n## {title} {{: #{row.id.lower().replace('_', '-')} }}\n\n")
        if row.namespace:
            machine = here.word(_MACHINE[row.machine])
            parts.append(f"**{here.word('site.col_namespace')}** `{row.namespace}` ({machine})\n\n")
        parts.append(f"{row.about.of(lang)} {proof(here, row)}\n")
        if row.caution:
            parts.append(f"\n!!! warning\n    {row.caution.of(lang)}\n")
        if row.members:
            parts.append(_members(here, row))
        if row.values:
            numbers = ((code(v.number), cell(v.meaning.of(lang))) for v in row.values)
            parts.append(rows(_head(here, "site.col_number_value", "site.col_meaning"), numbers))
    return "".join(parts)


def _members(here: Here, row: CimClass) -> str:
    lang = here.lang
    return rows(
        _head(here, "site.col_name", "site.col_takes", "site.col_gives", "site.col_does"),
        (
            (
                cell(code(m.name), here.word(_MEMBER[m.kind])),
                cell(*(code(text) for text in m.takes)),
                cell(*(code(text) for text in m.gives)),
                cell(
                    m.does.of(lang),
                    m.needs.of(lang) if m.needs else None,
                    here.word("site.semicolon").join(f"{code(v.number)} {v.meaning.of(lang)}" for v in m.values)
                    or None,
                    mark(here, "unproven") if m.unproven else None,
                ),
            )
            for m in row.members
        ),
    )


def wheels(here: Here) -> str:
    """What the offline bundle carries: each package, its version, who asks for it, what it is for."""
    purposes = {row.id: row.of(here.lang) for row in reference.wheels()}
    carried = {pin.name for pin in reference.bundled()}
    return rows(
        _head(here, "bundle.col_package", "bundle.col_version", "bundle.col_asker", "bundle.col_purpose"),
        (
            (
                code(pin.name) + f" {{: #wheel-{pin.name} }}",
                cell(pin.version),
                cell(", ".join([*(["**runbook**"] if pin.direct else []), *(v for v in pin.via if v in carried)])),
                cell(purposes[pin.name]),
            )
            for pin in reference.bundled()
        ),
    )


TABLES: dict[str, Callable[[Here], str]] = {
    "ports": ports,
    "policies": policies,
    "registry": registry,
    "services": services,
    "paths": paths,
    "contacts": contacts,
    "sources": sources,
    "pages": pages,
    "article": article,
    "unconfirmed": unconfirmed,
    "unproven": unproven,
    "steps": steps,
    "versions": versions,
    "asks": asks,
    "terms": terms,
    "cim": cim,
    "wheels": wheels,
}
