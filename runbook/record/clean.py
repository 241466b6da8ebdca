"""What a notebook shows, made harmless: no script, no handler, no address that a browser would load.

HTML goes through nh3 (ammonia) with a short list of tags; pictures stay as SVG with real text, so that they can be
read, searched and redacted.
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

import nh3

from runbook.formats.xml_tree import fromstring

_TAGS = set(
    re.findall(
        r"\w+",
        """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5
        h6 hr i img ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr
        u ul var""",
    )
)
_ATTRIBUTES = {"class", "colspan", "rowspan", "scope", "title", "lang", "alt", "open", "start"}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SHAPES = frozenset(
    re.findall(
        r"\w+",
        """svg g path rect circle ellipse line polyline polygon text tspan textPath defs clipPath mask marker symbol use
        title desc linearGradient radialGradient stop pattern""",
    )
)
_CODE = re.compile(r"<(script|style)\b", re.IGNORECASE)
_OPENS = re.compile(r"<(/?)(?!(?:br|hr|img|col|input|meta|link)\b)[a-z]", re.IGNORECASE)
#: Beyond these HTML is shown as its text: a parser's time grows with the square of what stands open. A table of a
#: thousand hosts with ten columns has 22,000 tags, four of them open at once.
_MOST_TAGS, _MOST_OPEN = 100_000, 500
#: A document type that defines nothing: matplotlib writes one.
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]*>")
#: The deepest picture; ours have four.
_DEEPEST = 100
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_ANY_URL = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)


def clean_html(text: str) -> str:
    """HTML without anything that runs or loads. Links stay (nothing is loaded before a click)."""
    if text.count("<") > _MOST_TAGS or _nested(text) > _MOST_OPEN:
        return html.escape(text)
    cleaned = nh3.clean(
        _without_code(text),
        tags=_TAGS,
        clean_content_tags=set(),  # _without_code took it; a script without an end is shown as its text
        attributes={"*": _ATTRIBUTES, "a": {"href"}, "img": {"src"}},
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    return cleaned.replace("&nbsp;", "\N{NO-BREAK SPACE}")  # as it was written: who searches the page finds it


def _without_code(text: str) -> str:
    """``text`` without scripts and styles. An end that is not there is looked for once, not at each beginning."""
    kept, at, ended = [], 0, {"script": True, "style": True}
    for begin in _CODE.finditer(text):
        name = begin[1].lower()
        if begin.start() < at or not ended[name]:
            continue
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, begin.end())
        ended[name] = end is not None
        if end:
            kept.append(text[at : begin.start()])
            at = end.end()
    return "".join([*kept, text[at:]])


def _kept(tag: str, name: str, content: str) -> str | None:
    """What stays of an attribute that is allowed: a link that waits for a click, a picture that loads nothing."""
    if name == "href" and not content.startswith(("#", "http://", "https://", "mailto:")):
        return None
    if name == "src" and not content.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
        return None
    return content


def clean_svg(text: str, scope: str) -> str | None:
    """An SVG picture to stand inside an HTML page, None when it is no well-formed SVG. Its ids get ``scope`` in
    front: two pictures on a page must not share one."""
    try:
        root = fromstring(_DOCTYPE.sub("", text, count=1))
    except (ElementTree.ParseError, ValueError):
        return None
    if _local(root.tag) != "svg" or _depth(root) > _DEEPEST:
        return None
    _clean_element(root, f"{scope}-")
    root.attrib.setdefault("role", "img")
    # Cases of before drew with matplotlib, which says this in a style sheet: inside a page that would reach beyond it
    root.attrib.setdefault("stroke-linejoin", "round")
    root.attrib.setdefault("stroke-linecap", "butt")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _nested(text: str) -> int:
    """How many tags stand open at once, at most."""
    now = most = 0
    for tag in _OPENS.finditer(text):
        now = max(0, now + (-1 if tag[1] else 1))
        most = max(most, now)
    return most


def _depth(root: Any) -> int:
    level, depth = [root], 0
    while level and depth <= _DEEPEST:
        level, depth = [child for element in level for child in element], depth + 1
    return depth


def _clean_element(element: Any, prefix: str) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or _local(child.tag) not in _SHAPES:
            element.remove(child)
        else:
            _clean_element(child, prefix)
    for name, content in list(element.attrib.items()):
        local = _local(name).lower()
        if local.startswith("on") or _ANY_URL.search(content):
            del element.attrib[name]
        elif local == "href":
            if content.startswith("#"):
                element.attrib[name] = f"#{prefix}{content[1:]}"
            else:
                del element.attrib[name]
        elif local == "id":
            element.attrib[name] = prefix + content
        else:
            element.attrib[name] = _REFERENCE.sub(rf"url(#{prefix}\1)", content)


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
