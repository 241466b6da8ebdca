"""``command(STEP)``: the script of a step as a person can paste it; the page never repeats its text."""

from __future__ import annotations

from macros.marks import code, mark, plain
from macros.words import Here
from runbook import knowledge
from runbook.knowledge import Step


def command(here: Here, step_id: str) -> str:
    """The step's script in its pasted form, titled, with a line that says where and how it runs.

    Raises KeyError for an unknown step, FileNotFoundError for a step that runs no script.
    """
    step = knowledge.step(step_id)
    script = knowledge.paste(step_id).rstrip("\n")
    title = plain(step.title.of(here.lang))
    return (
        f'\n``` {{ .powershell .script-{step_id} title="{title}" }}\n{script}\n```\n\n{_how(here, step)}\n{{: .how }}\n'
    )


def _how(here: Here, step: Step) -> str:
    facts = [
        here.word("runs_elevated"),
        here.word(f"effect_{step.kind}"),
        here.word("step_link", step=f"[{code(step.id)}]({here.link(f'reference/steps.html#step-{step.id}')})"),
    ]
    if knowledge.is_unproven(step.id):
        facts.append(mark(here, "unproven"))
    return " · ".join(facts)


def commands(here: Here) -> str:
    """Every step that runs a script: one heading for each, its description and its script."""
    parts = []
    for step in knowledge.steps():
        if step.script:
            heading = f"\n## {step.title.of(here.lang)} {{: #{step.id} }}\n\n"
            parts.append(f"{heading}{step.description.of(here.lang)}\n{command(here, step.id)}")
    return "".join(parts)
