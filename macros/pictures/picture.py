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

#: Each drawing, its title and its caption.
SCENES: dict[str, tuple[Callable[[Here, bool], Drawing], str, str]] = {
    "tonight": (scenes.tonight, "site.pic_tonight_title", "site.pic_tonight_caption"),
    "two-exchanges": (scenes.two_exchanges, "site.pic_two_exchanges_title", "site.pic_two_exchanges_caption"),
    "decision": (scenes.decision, "site.pic_decision_title", "site.pic_decision_caption"),
    "who-talks-to-whom": (
        scenes.who_talks_to_whom,
        "site.pic_who_talks_to_whom_title",
        "site.pic_who_talks_to_whom_caption",
    ),
    "life-of-a-case": (scenes.life_of_a_case, "site.pic_life_of_a_case_title", "site.pic_life_of_a_case_caption"),
    "how-it-runs": (scenes.how_it_runs, "site.pic_how_it_runs_title", "site.pic_how_it_runs_caption"),
}


def picture(here: Here, name: str) -> str:
    """The drawing ``name`` with its description below; KeyError where there is none."""
    scene, title_key, caption_key = SCENES[name]
    title, text = html.escape(here.word(title_key)), html.escape(here.word(caption_key))
    forms = "\n".join(
        f'<div class="picture-box {form}">{drawing.svg(f"picture-{name}-{form}", title)}</div>'
        for form, drawing in (("wide", scene(here, True)), ("narrow", scene(here, False)))
    )
    return f'\n<figure class="picture" data-search-exclude>\n{forms}\n<figcaption>{text}</figcaption>\n</figure>\n'
