"""``command(STEP)`` and ``short(ID)``: what a person pastes. The page never repeats a script's text.

One line where one line answers, the step's full script folded below it.
"""

from __future__ import annotations

import re

from macros.marks import code, mark, plain
from macros.words import Here
from runbook.knowledge import reference
from runbook.knowledge.reference import Short, Step

_INPUTS = "# Inputs"
_ENDS_INPUTS = re.compile(r"#region|\$[a-z]")
_ON = {
    "license server": "site.on_license_server",
    "session host": "site.on_session_host",
    "client": "site.on_client",
    "admin workstation": "site.on_admin_workstation",
    "connection broker": "site.on_connection_broker",
    "any": "site.on_any",
}
_EFFECT = {
    "check": "site.effect_check",
    "change": "site.effect_change",
    "manual": "site.effect_manual",
    "local": "site.effect_local",
}


def short(here: Here, *ids: str, colour: bool = True) -> str:
    """The short commands ``ids``, each with the machine it runs on above and how to read its answer below.

    Without ``colour`` for a page of many: the spans of coloured code weigh five times its text. Raises KeyError for
    an unknown id.
    """
    return "".join(_short(here, reference.short(one), "powershell" if colour else "text") for one in ids)


def _short(here: Here, row: Short, lexer: str = "powershell") -> str:
    place = here.word(_ON[row.machine])
    effect = here.word(_EFFECT[row.kind]).replace("**", "")
    kind = " .changes" if row.kind == "change" else ""
    return (
        f'\n``` {{ .{lexer} .short{kind} title="{place} · {effect}" }}\n{row.text}\n```\n\n'
        f"{row.answer.of(here.lang)}\n{{: .how }}\n"
    )


def command(here: Here, step_id: str) -> str:
    """The step's script in its pasted form, folded below the short command that answers the same.

    Raises KeyError for an unknown step, FileNotFoundError for a step that runs no script.
    """
    step = reference.step(step_id)
    shorts = "".join(_short(here, row) for row in reference.shorts() if row.step and _same(row.step, step))
    text = reference.paste(step_id).rstrip("\n")
    fold = here.word("site.script_folded", title=plain(step.title.of(here.lang)), count=text.count("\n") + 1)
    body = f"{script(here, step)}\n{_how(here, step)}\n{{: .how }}\n"
    indented = "\n".join("    " + line if line else "" for line in body.strip("\n").split("\n"))
    return f'{shorts}\n??? script "{fold}"\n{indented}\n'


def _same(step_id: str, step: Step) -> bool:
    """Several steps may run one script: before and after, for instance."""
    return step_id == step.id or reference.step(step_id).script == step.script


def script(here: Here, step: Step) -> str:
    """The step's script as a titled block; the lines whose values a person changes are marked."""
    text = reference.paste(step.id).rstrip("\n")
    title = plain(step.title.of(here.lang))
    lines = _inputs(step.id, text)
    marked = f' hl_lines="{" ".join(map(str, lines))}"' if lines else ""
    return f'\n``` {{ .powershell .script-{step.id} title="{title}"{marked} }}\n{text}\n```\n'


def _inputs(step_id: str, pasted: str) -> list[int]:
    """The numbers of the lines of ``pasted`` that a person changes: what stands below "# Inputs" in the script.

    There a blank line, the runner's block or a variable of the script's own (a small letter) ends them; in the pasted
    form no line is blank.
    """
    source = reference.script(step_id).splitlines()
    if _INPUTS not in source:
        return []
    below = source[source.index(_INPUTS) + 1 :]
    count = next(number for number, line in enumerate(below) if not line.strip() or _ENDS_INPUTS.match(line))
    first = pasted.split("\n").index(_INPUTS) + 1
    return [*range(first, first + count + 1)]


def _how(here: Here, step: Step) -> str:
    facts = [
        here.word("site.runs_elevated"),
        here.word(_EFFECT[step.kind]),
        here.word("site.step_link", step=f"[{code(step.id)}]({here.link(f'reference/steps.html#step-{step.id}')})"),
    ]
    if reference.is_unproven(step.id):
        facts.append(mark(here, "unproven"))
    return " · ".join(facts)


#: The pages that show whole scripts, each with the phases of its steps.
PAGES = {
    "reference/commands.html": ("open", "activate", "install"),
    "reference/commands-hosts.html": ("hosts", "watch"),
    "reference/commands-backup.html": ("secure", "backup", "restore"),
}


def place(step: Step) -> str:
    """Where the step's script is shown: "reference/commands.html#key-packs-before", the first step that runs it."""
    first = next(row for row in reference.steps() if row.script == step.script)
    page = next(page for page, phases in PAGES.items() if first.phase in phases)
    return f"{page}#{first.id}"


def commands(here: Here) -> str:
    """The scripts of this page's phases: one heading for each, its description, and the steps that run it too."""
    own = here.page.removesuffix(".md") + ".html"
    parts, seen = [], set()
    for step in reference.steps():
        if step.script and step.script not in seen:
            seen.add(step.script)
            if place(step).startswith(f"{own}#"):
                parts.append(_whole(here, step))
    return "".join(parts)


def _whole(here: Here, step: Step) -> str:
    others = [row for row in reference.steps() if row.script == step.script and row.id != step.id]
    also = ", ".join(f"[{code(row.id)}]({here.link(f'reference/steps.html#step-{row.id}')})" for row in others)
    texts = [
        f"\n## {step.title.of(here.lang)} {{: #{step.id} }}\n",
        f"{step.description.of(here.lang)}\n{script(here, step)}",
        f"{_how(here, step)}\n{{: .how }}\n",
        f"{here.word('site.script_also', steps=also)}\n{{: .how }}\n" if also else "",
    ]
    return "\n".join(texts)
