"""How a step, the opening and the summary look in a notebook: HTML for people, plain text for terminals."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from runbook import knowledge, sentences
from runbook.journal import Entry
from runbook.knowledge import Step
from runbook.sentences import say

Bundle = dict[str, str]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("runbook", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def seconds(value: float, lang: str) -> str:
    """A duration for a person: ``0,4 s`` in French, ``0.4 s`` in English."""
    text = f"{value:.1f}"
    return say("show.seconds", lang, value=text.replace(".", ",") if lang == "fr" else text)


def in_words(lines: Iterable[dict[str, Any]], lang: str) -> list[str]:
    """The sentences of journal lines ``[{key, fields}]`` in ``lang``."""
    return [sentences.sentence(line["key"], lang, line["fields"]) for line in lines]


def step_bundle(step: Step, end: Entry, number: int, count: int, lang: str, undo: bool) -> Bundle:
    """What a step's cell shows."""
    word = say(f"status.{end['status']}", lang)
    lines = in_words(end["lines"], lang)
    duration = seconds(end["seconds"], lang)
    table = [{column: sentences.worded(value, lang) for column, value in row.items()} for row in end["table"]]
    columns = list(table[0]) if table else []
    hints = [_hint(hint, lang) for hint in end["hints"]]
    html = (
        _templates()
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
            heads={column: column_title(column, lang) for column in columns},
            hints=hints,
            edited=end.get("edited", False),
            undo=step.undo.of(lang) if undo and step.undo else "",
            say=say,
        )
    )
    plain = [f"{number}/{count} {step.title.of(lang)}: {word} ({duration})", *("  - " + line for line in lines)]
    plain += [f"  -> {hint['id']} {hint['title']} ({hint['page']})" for hint in hints]
    return {"text/html": html, "text/plain": "\n".join(plain)}


def column_title(column: str, lang: str) -> str:
    """The heading of a table column, in words where there are some."""
    try:
        return say(f"steps.column_{column}", lang)
    except KeyError:
        return column


def _hint(problem_id: str, lang: str) -> dict[str, str]:
    problem = knowledge.problem(problem_id)
    return {"id": problem_id, "title": problem.symptom.of(lang), "page": f"site/{lang}/{problem.page}"}


def summary_bundle(**fields: Any) -> Bundle:
    """What the last cell shows; ``fields`` are those of summary.html.j2."""
    html = _templates().get_template("summary.html.j2").render(say=say, **fields)
    plain = [fields["banner"], *(f"  {row['title']}: {row['word']}" for row in fields["steps"]), fields["next"]]
    return {"text/html": html, "text/plain": "\n".join(plain)}


def template_bundle(template: str, plain: list[str], **fields: Any) -> Bundle:
    """A template of runbook/templates, filled; ``plain`` is the same for a terminal."""
    html = _templates().get_template(template).render(say=say, **fields)
    return {"text/html": html, "text/plain": "\n".join(plain)}


def code_marks(text: str) -> Markup:
    """``text`` of knowledge/ as HTML: what stands between backticks becomes code, all else is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its pair
        return escape(text)
    pieces = [Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)]
    return Markup("").join(pieces)


def stamp_bundle(text: str, colour: str = "#a3161a") -> Bundle:
    """A line that nobody can overlook: that this is a rehearsal, that a record is unverified."""
    html = _templates().from_string(
        '<p class="stamp" style="border:3px solid {{ colour }};color:{{ colour }};'
        'padding:.4em .8em;font-weight:bold">{{ text }}</p>'
    )
    return {"text/html": html.render(text=text, colour=colour), "text/plain": text}


def text_bundle(*paragraphs: str) -> Bundle:
    """Plain paragraphs."""
    html = _templates().from_string("{% for p in paragraphs %}<p>{{ p }}</p>{% endfor %}")
    return {"text/html": html.render(paragraphs=paragraphs), "text/plain": "\n".join(paragraphs)}
