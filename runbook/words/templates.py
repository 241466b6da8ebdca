"""One way to fill in a page: Jinja with every text escaped, no hole left empty, no character that repaints a screen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runbook.words.sentences import printed, say


@cache
def environment(room: str, trimmed: bool = False) -> Environment:
    """What renders the templates beside the module whose ``__file__`` is ``room``. ``trimmed``: a line that holds
    only a tag leaves no line behind. Templates ask for their words by ``say(KEY, lang)``."""
    made = Environment(
        loader=FileSystemLoader(Path(room).parent / "templates"),
        autoescape=True,
        finalize=printed,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=trimmed,
        lstrip_blocks=trimmed,
    )
    made.globals["say"] = say
    return made
