"""How a step, the opening and the summary look in a notebook: HTML for people, plain text for terminals."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from runbook.journal.lines import Entry
from runbook.journal.outcome import NOTHING_DONE
from runbook.knowledge import reference
from runbook.knowledge.reference import Step
from runbook.words import forms, sentences
from runbook.words.templates import environment

Bundle = dict[str, str]


def step_bundle(step: Step, end: Entry, number: int, count: int, lang: str, undo: bool) -> Bundle:
    """What a step's cell shows."""
    word = forms.status_word(end["status"], lang)
    lines = forms.in_words(end["lines"], lang)
    duration = took(end, lang)
    table = [{column: sentences.worded(value, lang) for column, value in row.items()} for row in end["table"]]
    columns = list(table[0]) if table else []
    hints = [_hint(hint, lang) for hint in end["hints"]]
    html = (
        environment(__file__)
        .get_template("step.html.j2")
        .render(
            step=step,
            end=end,
            number=number,
            count=count,
            lang=lang,
            word=word,
            seconds=duration,
            lines=lines,
            table=table,
            columns=columns,
            heads={column: forms.heading(column, lang) for column in columns},
            hints=hints,
            edited=end.get("edited", False),
            undo=step.undo.of(lang) if undo and step.undo else "",
        )
    )
    plain = [f"{number}/{count} {step.title.of(lang)}: {word} ({duration})", *("  - " + line for line in lines)]
    plain += [f"  -> {hint['id']} {hint['title']} ({hint['act']}, {hint['page']})" for hint in hints]
    return {"text/html": html, "text/plain": "\n".join(plain)}


def took(end: Entry, lang: str) -> str:
    """How long a step took; a dash where nothing was run."""
    return forms.duration(None if end["status"] in NOTHING_DONE else end["seconds"], lang)


def _hint(problem_id: str, lang: str) -> dict[str, str]:
    problem = reference.problem(problem_id)
    act, page = (f"site/{lang}/{place}" for place in (problem.act, problem.page))
    return {"id": problem_id, "title": problem.symptom.of(lang), "act": act, "page": page}


def summary_bundle(**fields: Any) -> Bundle:
    """What the last cell shows; ``fields`` are those of summary.html.j2."""
    html = environment(__file__).get_template("summary.html.j2").render(coded=coded, **fields)
    steps = [f"{row['title']}: {row['word']}" for row in fields["steps"]] + [fields["idle"]] * bool(fields["idle"])
    plain = [fields["banner"], *(f"  {line}" for line in steps), fields["next"]]
    return {"text/html": html, "text/plain": "\n".join(plain)}


def template_bundle(template: str, plain: list[str], **fields: Any) -> Bundle:
    """A template of runbook/run/templates, filled; ``plain`` is the same for a terminal."""
    html = environment(__file__).get_template(template).render(coded=coded, **fields)
    return {"text/html": html, "text/plain": "\n".join(plain)}


def coded(text: str) -> Markup:
    """A sentence that ends with the command to type, which is shown as one."""
    begun = re.search(r"runbook [a-z]+ \S+$", text)
    return Markup("{}<code>{}</code>").format(text[: begun.start()], begun[0]) if begun else escape(text)


def stamp_bundle(text: str, colour: str = "#8a1c12") -> Bundle:
    """A line that nobody can overlook: that this is a rehearsal, that a record is unverified."""
    html = environment(__file__).from_string(
        '<p class="stamp" style="border:3px solid {{ colour }};color:{{ colour }};'
        'padding:.4em .8em;font-weight:bold">{{ text }}</p>'
    )
    return {"text/html": html.render(text=text, colour=colour), "text/plain": text}


def text_bundle(*paragraphs: str) -> Bundle:
    """Plain paragraphs."""
    html = environment(__file__).from_string("{% for p in paragraphs %}<p>{{ p }}</p>{% endfor %}")
    return {"text/html": html.render(paragraphs=paragraphs), "text/plain": "\n".join(paragraphs)}
