"""The case file that a first run on the server writes: what the server said, and questions for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runbook.files import write_whole
from runbook.run.opening import Run
from runbook.steps.preflight import Preflight
from runbook.words.forms import in_words
from runbook.words.templates import environment

#: The checks whose sentences go into the file's head.
_TOLD = ("preflight", "roles", "network", "license-server", "ad-group")


def write(run: Run) -> Path:
    """Write ``cases/NAME/case.yml`` for a case that has none; returns its path. Never over an existing file."""
    server = run.case.license_server
    name = server.name if server.reached != "here" else server_name(run)
    text = render(run.folder.name, run.lang, name, learned(run), server.reached)
    return write_whole(run.folder.case_file, text, over=False)


def server_name(run: Run) -> str:
    """The server's own DNS name as the check read it, else the name that Python knows."""
    seen = run.history().facts(Preflight)
    return (seen.dns_name if seen else "") or run.case.license_server.name


def learned(run: Run) -> list[str]:
    """What this run's checks said about the server, a sentence each; identifiers are masked there already."""
    history = run.history()
    ends = [end for step in _TOLD if (end := history.end_in(step, run.name))]
    lines = [line for end in ends for line in end["lines"] if line["key"] != "host.unproven"]
    return in_words(lines, run.lang)


def render(name: str, lang: str, server: str, told: Sequence[str] = (), reached: str = "here") -> str:
    """The text of a new case file, commented in both languages; ``told`` stands as comments at its head, ``reached``
    says from where the server is asked."""
    lines = [line for sentence in told for line in sentence.splitlines()]
    page = environment(__file__, plain=True).get_template("case.yml.j2")
    return page.render(name=name, lang=lang, server=server, told=lines, reached=reached)
