"""One self-contained HTML file per language from a case's journal, evidence and executed notebooks."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import html
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from runbook import __version__
from runbook.journal.lines import Journal, encode, stamp
from runbook.journal.outcome import Status
from runbook.journal.story import Run, Story
from runbook.record import course, views
from runbook.record.answer import answer, questions
from runbook.record.case_changes import case_changes
from runbook.record.cells import cells_to_html
from runbook.record.changes import changes, summed
from runbook.record.conflicts import conflicts
from runbook.record.contents import contents
from runbook.record.findings import findings
from runbook.record.labels import sentences_of, step_title
from runbook.record.licences import licence_sheet
from runbook.record.limitations import doubts
from runbook.record.views import papers
from runbook.words.forms import day, hash_text, moment, number, outcome_word, phrase, status_word, value
from runbook.words.sentences import printed, say
from runbook.words.templates import environment

_TEMPLATES = Path(__file__).parent / "templates"
#: Rows of a table of the report; what is beyond them stands in the annex.
_ROWS = 20
#: How many lines the answer has where nothing is left out.
_LINES = 5
#: What a browser would break at a hyphen or after an ellipsis, and nobody can then read as one: 2026-01-31, RDLIC-OLD1,
#: Start-Service, …PACK1. Longer ones must break somewhere.
_WHOLE = re.compile(r"(?<![\w.…-])(?=[\w.…-]{1,40}(?![\w.…-]))(?:…\w|-\w|[\w.]*\w-\w)[\w.-]*")
_MARK = "<!--what the cell produced-->"


def _whole(text: str) -> Markup:
    """``text`` with its dates, names and shortened identifiers kept on one line."""
    return Markup(_WHOLE.sub(r'<span class="whole">\g<0></span>', str(escape(printed(text)))))


def render(
    story: Story, lang: str, *, made: dt.datetime, full: bool = False, edition: str = "", paper: str = "A4"
) -> str:
    """The record of ``story`` in ``lang``: the report, its annex, and, folded and not printed, every run whole.

    ``full`` unfolds and prints everything; ``edition`` is the archive's that the page is made for ("full",
    "redacted"), "" for a case not yet sealed; ``paper`` is a size that CSS knows ("A4", "letter").
    """
    shared: dict[str, Any] = {"full": full, "lang": lang, "fold": views.FOLD_LINES}
    shared["whole"] = _whole
    shared["evidence"] = functools.partial(_evidence, shared)
    runs = {run.name: views.run_view(story, run, lang) for run in story.runs}
    title = say("record.title", lang, name=story.name)
    if story.rehearsal:
        title = f"{say('record.rehearsal_stamp', lang)} – {title}"
    # Once each, in the foot of every page: a case may have been run here today and over a line tomorrow.
    ways = list(dict.fromkeys(way for run in story.runs if (way := views.through(run.opened, lang))))
    made_on = say("record.made_on", lang, when=moment(stamp(made), lang))
    changed = summed(changes(story, lang))
    found = papers(story, lang)
    lines = answer(story, lang)
    return (
        environment(__file__, trimmed=True)
        .get_template("page.html.j2")
        .render(
            **shared,
            version=__version__,
            title=title,
            css=(_TEMPLATES / "record.css").read_text(encoding="utf-8"),
            paper=paper,
            running_head=Markup(_css_text(title)),
            running_stamp=Markup(_css_text(str(story.case.get("company") or ""))),
            running_foot=Markup(_css_text(" – ".join([made_on, *ways]))),
            ways=ways,
            rehearsal=story.rehearsal,
            warnings=_warnings(story, lang),
            name=story.name,
            yes=say("status.yes", lang),
            no=say("status.no", lang),
            outcome=story.outcome.replace(" ", "_"),
            outcome_text=outcome_word(story.outcome, lang),
            made_on=made_on,
            about=_about(story, lang),
            answer=lines,
            answer_title=say("record.answer" if len(lines) == _LINES else "record.answer_few", lang),
            questions=questions(story, lang),
            course=course.course(story, lang),
            cals=course.licences(story, lang),
            findings=findings(story, lang),
            overview=_overview(story, lang),
            changes=changed[:_ROWS],
            changes_more=max(len(changed) - _ROWS, 0),
            case_changes=case_changes(story, lang),
            checklist=views.checklist(story, lang),
            papers=found[:_ROWS],
            papers_more=max(len(found) - _ROWS, 0),
            licences=licence_sheet(story, lang),
            holds=contents(story, edition, lang),
            doubts=doubts(story, lang),
            edition=edition,
            unreached=(Status.NOT_REACHED, Status.SKIPPED),
            counted=[runs[run.name].steps[step] for step, (run, _) in story.latest().items()],
            named_files=lambda step: views.named_files(story, step, lang),
            confirms=[
                (step_title(step, lang), [views.confirm_view(story, entry, lang) for entry in entries])
                for step, entries in story.history.confirmed().items()
            ],
            decisions=views.decisions(story, lang),
            runs_table=views.runs_table(story, lang),
            runs=[(runs[run.name], _run_body(story, runs[run.name], run, shared)) for run in story.runs],
            journal_lines=number(len(story.entries), lang),
            journal_head=hashlib.sha256(encode(story.entries[-1])).hexdigest() if story.entries else "–",
        )
    )


def _evidence(
    shared: dict[str, Any],
    files: tuple[views.Evidence, ...],
    faults: tuple[tuple[str, int], ...],
    title: str,
    unfold: bool = False,
) -> Any:
    page = environment(__file__, trimmed=True).get_template("evidence.html.j2")
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
    who = " – ".join([who, *filter(None, [views.through(run.opened, shared["lang"])])])
    return (
        environment(__file__, trimmed=True)
        .get_template("step.html.j2")
        .render(**shared, step=step, who=who, marker=_MARK)
    )


def _warnings(story: Story, lang: str) -> list[str]:
    """What a reader must know before anything else: a broken chain, a case that is not closed, edited steps."""
    warnings = []
    if story.redacted:
        warnings.append(say("record.redacted_copy", lang, of=hash_text(str(story.entries[0].get("of")))))
    breaks = Journal(story.folder / "journal.jsonl").check()
    if breaks:
        lines = ", ".join(str(b.line) for b in breaks)
        warnings.append(say("record.chain_broken", lang, lines=lines, count=len(breaks)))
    edited = {
        step for run in story.runs for step, tries in run.steps.items() for a in tries if (a.begin or {}).get("edited")
    }
    if edited:
        titles = ", ".join(step_title(step, lang) for step in sorted(edited))
        warnings.append(say("record.edited_steps", lang, steps=titles))
    warnings += [each.text(lang) for each in conflicts(story, lang)]
    for run in story.runs:
        unsure = {
            "record.unverified_banner": run.opened.get("verified") == "unverified",
            "record.rebuilt_banner": (run.notebook or {}).get("rebuilt"),
        }
        warnings += [f"{run.name} – {say(key, lang)}" for key, so in unsure.items() if so]
    return warnings


def _about(story: Story, lang: str) -> list[tuple[str, str]]:
    case = story.case
    lost = [item.get("name") for item in case.get("lost_servers") or [] if isinstance(item, dict)]
    incident = [day(_at(case, "incident", "date"), lang), _at(case, "incident", "description")]
    last = story.runs[-1]
    rows = [
        ("record.about_company", case.get("company")),
        ("record.about_license_server", _at(case, "license_server", "name")),
        ("record.about_lost_servers", lost),
        ("record.about_session_hosts", _some(_at(case, "session_hosts", "names"), lang)),
        ("record.about_incident", " – ".join(str(item) for item in incident if item)),
        ("record.about_opened", moment(story.runs[0].opened.get("t"), lang)),
        ("record.about_closed", moment((last.closed or {}).get("t"), lang)),
        ("record.about_runs", len(story.runs)),
    ]
    return [(say(key, lang), value(text, lang)) for key, text in rows]


def _some(names: Any, lang: str) -> Any:
    """A list as the cover has room for: the first names, and how many there are."""
    if not isinstance(names, list) or len(names) <= 6:
        return names
    return phrase("record.names_more", lang, {"names": ", ".join(map(str, names[:6])), "count": len(names) - 6})


def _overview(story: Story, lang: str) -> list[dict[str, str]]:
    return [
        {
            "id": step,
            "title": step_title(step, lang),
            "status": attempt.status.value,
            "status_text": status_word(attempt.status.value, lang),
            "run": run.name,
            "when": moment(attempt.ended or attempt.started, lang),
            "found": _short(" ".join(sentences_of(attempt, lang)), 260),
        }
        for step, (run, attempt) in story.latest().items()
    ]


def _short(text: str, limit: int) -> str:
    """``text`` whole, or as many of its sentences as fit (of its words, where half of the room would stay empty), and
    that there are more: all of it stands in the annex."""
    if len(text) <= limit:
        return text
    words = text[: text.rindex(" ", 0, limit)]
    end = words.rfind(". ") + 1
    return f"{words[:end] if end > limit // 2 else words} […]"


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _css_text(text: str) -> str:
    """Text inside a CSS string that stands in a style element: nothing in it can end either."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._,()") else f"\\{ord(c):06x}" for c in text)
