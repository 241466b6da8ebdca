"""One self-contained HTML file per language from a case's journal, evidence and executed notebooks."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import html
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from runbook import __version__
from runbook.identifiers import mask_agreement
from runbook.journal import Journal, encode, stamp
from runbook.record import views
from runbook.record.cells import cells_to_html
from runbook.record.changes import changes
from runbook.record.doubts import doubts
from runbook.record.licences import licence_sheet
from runbook.record.story import Run, Story
from runbook.record.wording import (
    day,
    duration,
    hash_text,
    moment,
    number,
    outcome_word,
    phrase,
    status_word,
    step_title,
    value,
)
from runbook.sentences import say

_TEMPLATES = Path(__file__).parent / "templates"
_MARK = "<!--what the cell produced-->"


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(_TEMPLATES)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(story: Story, lang: str, *, made: dt.datetime, full: bool = False, edition: str = "") -> str:
    """The record of ``story`` in ``lang``. ``full`` unfolds everything, so that a print leaves nothing out;
    ``edition`` is the archive's that the page is made for ("full", "redacted"), "" for a case not yet sealed."""
    words = functools.partial(_say, lang)
    shared: dict[str, Any] = {"say": words, "full": full, "lang": lang, "fold": views.FOLD_LINES}
    shared["evidence"] = functools.partial(_evidence, shared)
    runs = [
        (view, _run_body(story, view, run, shared))
        for run in story.runs
        for view in (views.run_view(story, run, lang),)
    ]
    title = words("title", name=story.name)
    if story.rehearsal:
        title = f"{words('rehearsal_stamp')} – {title}"
    operator = str(_at(story.case, "operator", "name") or "")
    folded = _css_text(words("folded"))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            **shared,
            version=__version__,
            title=title,
            css=(_TEMPLATES / "record.css").read_text(encoding="utf-8") + f':root {{ --folded: "{folded}"; }}',
            running_head=Markup(_css_text(title)),
            running_stamp=Markup(_css_text(str(story.case.get("company") or ""))),
            running_foot=Markup(_css_text(words("made_on", when=moment(stamp(made), lang)))),
            rehearsal=story.rehearsal,
            warnings=_warnings(story, lang),
            name=story.name,
            yes=say("status.yes", lang),
            no=say("status.no", lang),
            outcome=story.outcome.replace(" ", "_"),
            outcome_text=outcome_word(story.outcome, lang),
            made=moment(stamp(made), lang),
            about=_about(story, lang),
            overview=_overview(story, lang),
            changes=changes(story, lang),
            checklist=views.checklist(story, lang),
            licences=licence_sheet(story, lang),
            doubts=doubts(story, lang),
            edition=edition,
            confirms=[
                (step_title(step, lang), [views.confirm_view(story, entry, lang) for entry in entries])
                for step, entries in story.confirms.items()
            ],
            runs=runs,
            operator=operator,
            journal_lines=number(len(story.entries), lang),
            journal_head=hashlib.sha256(encode(story.entries[-1])).hexdigest() if story.entries else "–",
        )
    )


def _say(lang: str, key: str, /, **fields: object) -> str:
    return say(f"record.{key}", lang, **fields)


def _evidence(
    shared: dict[str, Any],
    files: tuple[views.Evidence, ...],
    faults: tuple[tuple[str, int], ...],
    title: str,
    unfold: bool = False,
) -> Any:
    page = _environment().get_template("evidence.html.j2")
    rendered = page.render(**shared, files=files, faults=faults, title=title, unfold=unfold)
    return Markup(rendered)


def _run_body(story: Story, view: views.RunView, run: Run, shared: dict[str, Any]) -> str:
    """The notebook's cells with each step's section around its cell; then the steps that have no cell."""
    lang = shared["lang"]
    shown: set[str] = set()

    def around(step: str) -> tuple[str, str]:
        if step not in view.steps or step in shown:
            return "", ""
        shown.add(step)
        before, _, after = _section(view.steps[step], run, shared).partition(_MARK)
        return before, after

    body = ""
    if view.notebook is not None:
        words = {
            "produced": say("record.produced", lang),
            "long_output": say("record.long_output", lang, lines="{lines}"),
        }
        try:
            spoken = str(run.opened.get("lang", lang))
            body = cells_to_html(
                view.notebook, around, words, run.name, lang, spoken == lang,
                kept=_pictures_kept(story, run), summed_up=run.opened.get("notebook", "migrate") == "migrate",
            )  # fmt: skip
        except ValueError:
            shown.clear()
            body = f'<p class="banner bad">{html.escape(say("record.unreadable_notebook", lang))}</p>'
        if shared["full"]:
            body = body.replace('<details class="produced">', '<details class="produced" open>')
            body = body.replace('<details class="long">', '<details class="long" open>')
    return body + "".join(_section(step, run, shared) for name, step in view.steps.items() if name not in shown)


def _pictures_kept(story: Story, run: Run) -> frozenset[str]:
    """The pictures in the run's folder, without white space: the record shows each of them once, from there."""
    files = (story.folder / run.name / "pictures").glob("*.svg")
    return frozenset("".join(file.read_text(encoding="utf-8", errors="replace").split()) for file in files)


def _section(step: views.StepView, run: Run, shared: dict[str, Any]) -> str:
    who = phrase("record.ran_by", shared["lang"], {"who": run.opened.get("operator") or "–"})
    return _environment().get_template("step.html.j2").render(**shared, step=step, who=who, marker=_MARK)


def _warnings(story: Story, lang: str) -> list[str]:
    """What a reader must know before anything else: a broken chain, a case that is not closed, edited steps."""
    warnings = []
    if story.redacted:
        warnings.append(say("record.redacted_copy", lang, of=hash_text(str(story.entries[0].get("of")))))
    breaks = Journal(story.folder / "journal.jsonl").check()
    if breaks:
        warnings.append(say("record.chain_broken", lang, lines=", ".join(str(b.line) for b in breaks)))
    edited = {
        step for run in story.runs for step, tries in run.steps.items() for a in tries if (a.begin or {}).get("edited")
    }
    if edited:
        warnings.append(say("record.edited_steps", lang, steps=", ".join(sorted(edited))))
    return warnings


def _about(story: Story, lang: str) -> list[tuple[str, str]]:
    case = story.case
    lost = [item.get("name") for item in case.get("lost_servers") or [] if isinstance(item, dict)]
    packs = [
        phrase(
            f"record.pack_{p.get('type') or 'user'}",
            lang,
            {"count": p.get("count"), "version": p.get("version") or "2022"},
        )
        for p in case.get("packs") or []
        if isinstance(p, dict)
    ]
    approval = [
        _at(case, "approval", "name"),
        _at(case, "approval", "ticket"),
        day(_at(case, "approval", "date"), lang),
    ]
    program = _at(case, "contract", "program")
    contract = [
        program and phrase(f"sheets.program_{program}", lang),
        mask_agreement(str(_at(case, "contract", "agreement") or "")),
        _at(case, "contract", "reseller"),
    ]
    incident = [day(_at(case, "incident", "date"), lang), _at(case, "incident", "description")]
    rows = [
        ("company", case.get("company")),
        ("operator", _at(case, "operator", "name")),
        ("approval", " – ".join(str(item) for item in approval if item)),
        ("incident", " – ".join(str(item) for item in incident if item)),
        ("license_server", _at(case, "license_server", "name")),
        ("lost_servers", lost),
        ("contract", " – ".join(str(item) for item in contract if item)),
        ("packs", packs),
        ("session_hosts", _at(case, "session_hosts", "names")),
        ("opened", moment(story.runs[0].opened.get("t"), lang) if story.runs else None),
        ("closed", moment((story.runs[-1].closed or {}).get("t"), lang) if story.runs else None),
        ("runs", len(story.runs)),
    ]
    return [(say(f"record.about_{key}", lang), value(text, lang)) for key, text in rows]


def _overview(story: Story, lang: str) -> list[dict[str, str]]:
    return [
        {
            "id": step,
            "anchor": f"{run.name}-{step}",
            "title": step_title(step, lang),
            "status": attempt.status.value,
            "status_text": status_word(attempt.status.value, lang),
            "run": run.name,
            "when": moment(attempt.ended or attempt.started, lang),
            "took": duration(attempt.seconds, lang),
            "who": str(run.opened.get("operator") or "–"),
        }
        for step, (run, attempt) in story.latest().items()
    ]


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _css_text(text: str) -> str:
    """Text inside a CSS string that stands in a style element: nothing in it can end either."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._,()") else f"\\{ord(c):06x}" for c in text)
