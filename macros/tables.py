"""``table(NAME)``: the records of one file of knowledge/ as a table in the page's language."""

from __future__ import annotations

from collections.abc import Callable

from macros.marks import cell, code, mark, proof, rows, source
from macros.words import Here
from runbook import knowledge
from runbook.knowledge import CimClass, Open, Policy, Step, Text
from runbook.sentences import say


def table(here: Here, name: str) -> str:
    """The table ``name``; KeyError where there is none."""
    return TABLES[name](here)


def _head(here: Here, *keys: str) -> list[str]:
    return [here.word(f"col_{key}") for key in keys]


def ports(here: Here) -> str:
    """Who talks to whom, on which port, what for."""
    lang = here.lang
    return rows(
        _head(here, "from", "to", "ports", "purpose", "needed"),
        (
            (
                cell(row.origin.of(lang)) + f" {{: #port-{row.id} }}",
                cell(row.target.of(lang)),
                cell(f"{row.protocol} {row.ports}"),
                cell(row.purpose.of(lang)),
                cell(row.needed.of(lang), proof(here, row)),
            )
            for row in knowledge.ports()
        ),
    )


def policies(here: Here) -> str:
    """Group Policy settings, one heading for each: official name, path, values and registry values."""
    lang = here.lang
    stored = {row.id: row for row in knowledge.registry()}
    parts = []
    for row in knowledge.policies():
        values = [code(f"{stored[i].key}\\{stored[i].value}") for i in row.registry]
        facts = {
            "policy_path": row.path.of(lang),
            "policy_field": row.field.of(lang) if row.field else "",
            "policy_values": ", ".join(_choices(row, lang)),
            "policy_registry": "<br>".join(values),
            "policy_machine": here.word("machine_" + row.applies_to.replace(" ", "_")),
            "term_also": ", ".join(row.synonyms.of(lang)),
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
        _head(here, "value", "machine", "meaning"),
        (
            (
                cell(code(row.key), code(row.value) + (f" ({row.type})" if row.type else ""))
                + f" {{: #registry-{row.id} }}",
                here.word("machine_" + row.machine.replace(" ", "_")),
                cell(row.meaning.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in knowledge.registry()
        ),
    )


def _warn(here: Here, caution: Text | None) -> str | None:
    return f"**{here.word('caution')}** {caution.of(here.lang)}" if caution else None


def services(here: Here) -> str:
    """Services, features and tools by the name that programs use."""
    lang = here.lang
    return rows(
        _head(here, "name", "display", "machine", "purpose"),
        (
            (
                cell(code(row.id)) + f" {{: #service-{row.id.lower()} }}",
                cell(row.display.of(lang) or here.word("not_found_name")),
                here.word("machine_" + row.machine.replace(" ", "_")),
                cell(row.purpose.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in knowledge.services()
        ),
    )


def paths(here: Here) -> str:
    """Files and folders and what they hold."""
    lang = here.lang
    return rows(
        _head(here, "path", "machine", "holds"),
        (
            (
                cell(code(row.path)) + f" {{: #path-{row.id} }}",
                here.word("machine_" + row.machine.replace(" ", "_")),
                cell(row.holds.of(lang), _warn(here, row.caution), proof(here, row)),
            )
            for row in knowledge.paths()
        ),
    )


def contacts(here: Here) -> str:
    """Whom to turn to, and how."""
    lang = here.lang
    return rows(
        _head(here, "contact", "reach", "use"),
        (
            (
                cell(f"**{row.name.of(lang)}**") + f" {{: #contact-{row.id} }}",
                cell(
                    row.phone.of(lang) if row.phone else None,
                    f"<{row.address}>" if row.address else None,
                    row.hours.of(lang) if row.hours else None,
                )
                or "—",
                cell(row.use.of(lang), row.note.of(lang) if row.note else None, proof(here, row)),
            )
            for row in knowledge.contacts()
        ),
    )


def sources(here: Here) -> str:
    """Where facts come from; each row is what the small source links point to."""
    lang = here.lang
    return rows(
        _head(here, "id", "title", "kind", "read"),
        (
            (
                f"**{row.id}** {{: #{row.id.lower()} }}",
                cell(row.title.of(lang), f"<{row.address}>" if row.address else None),
                here.word("kind_" + row.kind.lower().replace(", ", "_").replace(" ", "_").replace("-", "_")),
                cell(row.read or here.word("not_noted")),
            )
            for row in knowledge.sources()
        ),
    )


def article(here: Here) -> str:
    """The points in which the source article is wrong or silent."""
    lang = here.lang
    return rows(
        _head(here, "number", "says", "right"),
        (
            (
                f"{row.number} {{: #point-{row.number} }}",
                cell(row.says.of(lang) if row.says else here.word("says_nothing")),
                cell(row.right.of(lang), f"[{here.word('see')}]({here.link(row.page)}) {proof(here, row)}"),
            )
            for row in knowledge.article()
        ),
    )


def _open(here: Here, entries: tuple[Open, ...]) -> str:
    return rows(
        _head(here, "what", "then"),
        (
            (
                cell(row.what.of(here.lang)) + f" {{: #{row.id} }}",
                cell(row.then.of(here.lang), source(here, *row.source)),
            )
            for row in entries
        ),
    )


def unconfirmed(here: Here) -> str:
    """What was looked for and not found."""
    return _open(here, knowledge.unconfirmed())


def unproven(here: Here) -> str:
    """What nobody has tried on a real server yet."""
    return _open(here, knowledge.unproven())


def steps(here: Here) -> str:
    """The steps of the notebooks: what each is, what it needs, its time limit and its way back."""
    lang = here.lang
    return rows(
        _head(here, "step", "kind", "needs", "limit", "undo"),
        (
            (
                cell(_step_name(here, row), row.description.of(lang)) + f" {{: #step-{row.id} }}",
                here.word(f"step_{row.kind}"),
                cell(", ".join(code(need) for need in row.needs)),
                here.word("seconds", count=row.time_limit),
                cell(row.undo.of(lang) if row.undo else None),
            )
            for row in knowledge.steps()
        ),
    )


def _step_name(here: Here, row: Step) -> str:
    target = here.link(f"reference/commands.html#{row.id}" if row.script else row.page)
    return f"[{code(row.id)}]({target}) **{row.title.of(here.lang)}**"


def asks(here: Here) -> str:
    """What the manual steps ask a person."""
    lang = here.lang
    return rows(
        _head(here, "step", "field", "asks", "required"),
        (
            (
                code(step.id),
                code(ask.id),
                cell(
                    ask.title.of(lang),
                    ", ".join(f"{code(c.id)} ({c.title.of(lang)})" for c in ask.choices) or None,
                    here.word("private_field") if ask.private else None,
                ),
                here.word("yes" if ask.required else "no"),
            )
            for step in knowledge.steps()
            for ask in step.asks
        ),
    )


def terms(here: Here) -> str:
    """The glossary, one heading for each term, in alphabetical order of the language."""
    lang = here.lang
    parts = []
    for row in sorted(knowledge.terms(), key=lambda t: t.term.of(lang).casefold()):
        parts.append(f"\n## {row.term.of(lang)} {{: #{row.id} }}\n\n{row.definition.of(lang)} {proof(here, row)}\n")
        for key, text in (("term_where", row.where), ("term_format", row.format)):
            if text:
                parts.append(f"\n**{here.word(key)}** {text.of(lang)}\n")
        if row.sensitivity:
            parts.append(f"\n**{here.word('term_secret')}** {here.word('secret_' + row.sensitivity)}\n")
        if row.synonyms.of(lang):
            parts.append(f"\n**{here.word('term_also')}** {', '.join(row.synonyms.of(lang))}\n")
    return "".join(parts)


def cim(here: Here) -> str:
    """The CIM classes: one heading for each class, its members and their values as a table."""
    lang = here.lang
    parts = []
    for row in knowledge.cim():
        parts.append(f"\n## {row.id} {{: #{row.id.lower().replace('_', '-')} }}\n\n")
        if row.namespace:
            machine = here.word("machine_" + row.machine.replace(" ", "_"))
            parts.append(f"**{here.word('col_namespace')}** `{row.namespace}` ({machine})\n\n")
        parts.append(f"{row.about.of(lang)} {proof(here, row)}\n")
        if row.caution:
            parts.append(f"\n!!! warning\n    {row.caution.of(lang)}\n")
        if row.members:
            parts.append(_members(here, row))
        if row.values:
            numbers = ((code(v.number), cell(v.meaning.of(lang))) for v in row.values)
            parts.append(rows(_head(here, "number_value", "meaning"), numbers))
    return "".join(parts)


def _members(here: Here, row: CimClass) -> str:
    lang = here.lang
    return rows(
        _head(here, "name", "takes", "gives", "does"),
        (
            (
                cell(code(m.name), here.word(f"member_{m.kind}")),
                cell(*(code(text) for text in m.takes)),
                cell(*(code(text) for text in m.gives)),
                cell(
                    m.does.of(lang),
                    m.needs.of(lang) if m.needs else None,
                    here.word("semicolon").join(f"{code(v.number)} {v.meaning.of(lang)}" for v in m.values) or None,
                    mark(here, "unproven") if m.unproven else None,
                ),
            )
            for m in row.members
        ),
    )


def wheels(here: Here) -> str:
    """What the offline bundle carries: each package, its version, who asks for it, what it is for."""
    purposes = {row.id: row.of(here.lang) for row in knowledge.wheels()}
    carried = {pin.name for pin in knowledge.bundled()}
    return rows(
        [say(f"bundle.col_{key}", here.lang) for key in ("package", "version", "asker", "purpose")],
        (
            (
                code(pin.name) + f" {{: #wheel-{pin.name} }}",
                cell(pin.version),
                cell(", ".join([*(["**runbook**"] if pin.direct else []), *(v for v in pin.via if v in carried)])),
                cell(purposes[pin.name]),
            )
            for pin in knowledge.bundled()
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
    "article": article,
    "unconfirmed": unconfirmed,
    "unproven": unproven,
    "steps": steps,
    "asks": asks,
    "terms": terms,
    "cim": cim,
    "wheels": wheels,
}
