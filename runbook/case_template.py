"""The case file that a first run on the server writes: what the server said, and questions for the rest."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from runbook.run import Run


def write(run: Run) -> Path:
    """Write ``cases/NAME/case.yml`` for a case that has none; returns its path. Never over an existing file."""
    text = render(run.folder.name, run.lang, run.case.license_server.name)
    with run.folder.case_file.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return run.folder.case_file


def render(name: str, lang: str, server: str) -> str:
    """The text of a new case file, commented in both languages."""
    env = Environment(
        loader=PackageLoader("runbook", "templates"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return env.get_template("case.yml.j2").render(name=name, lang=lang, server=server)
