"""One way to fill in a page: Jinja with every text escaped, no hole left empty, no character that repaints a screen;
or, where the page is no HTML, as it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runbook.words.sentences import printed, say


@cache
def environment(room: str, trimmed: bool = False, plain: bool = False) -> Environment:
    """What renders the templates beside the module whose ``__file__`` is ``room``. ``trimmed``: a line that holds
    only a tag leaves no line behind. ``plain``: what is filled in is no HTML. Templates ask for their
    words by ``say(KEY, lang)``."""
    made = Environment(
        loader=FileSystemLoader(Path(room).parent / "templates"),
        autoescape=not plain,
        finalize=None if plain else printed,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=trimmed,
        lstrip_blocks=trimmed,
    )
    made.globals["say"] = say
    return made
