"""``picture(NAME)``: a drawing as inline SVG, one drawing for both languages, in a form for wide pages and one for
telephones.

Inline, so that the text can be selected and found, follows the page's colours in light and dark, and prints. The
words come from ``knowledge/words/site.yml`` (pic_NAME_...), the ports from ``knowledge/ports.yml``.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from macros.pictures import scenes
from macros.pictures.drawing import Drawing
from macros.words import Here

SCENES: dict[str, Callable[[Here, bool], Drawing]] = {
    "tonight": scenes.tonight,
    "two-exchanges": scenes.two_exchanges,
    "decision": scenes.decision,
    "who-talks-to-whom": scenes.who_talks_to_whom,
    "life-of-a-case": scenes.life_of_a_case,
    "how-it-runs": scenes.how_it_runs,
}


def picture(here: Here, name: str) -> str:
    """The drawing ``name`` with its description below; KeyError where there is none."""
    key = name.replace("-", "_")
    title, text = (html.escape(here.word(f"pic_{key}_{part}")) for part in ("title", "caption"))
    forms = "\n".join(
        f'<div class="picture-box {form}">{drawing.svg(f"picture-{name}-{form}", title)}</div>'
        for form, drawing in (("wide", SCENES[name](here, True)), ("narrow", SCENES[name](here, False)))
    )
    return f'\n<figure class="picture" data-search-exclude>\n{forms}\n<figcaption>{text}</figcaption>\n</figure>\n'
