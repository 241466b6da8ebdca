"""What a notebook shows, made harmless: no script, no handler, no address that a browser would load.

HTML goes through bleach (which nbconvert already brings) with a short list of tags; pictures stay as SVG with
real text, so that they can be read, searched and redacted.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import bleach
import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

_TAGS = frozenset(
    re.findall(
        r"\w+",
        """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5
        h6 hr i img ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr
        u ul var""",
    )
)
_ATTRIBUTES = frozenset(["class", "colspan", "rowspan", "scope", "title", "lang", "alt", "open", "start"])
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SHAPES = frozenset(
    re.findall(
        r"\w+",
        """svg g path rect circle ellipse line polyline polygon text tspan textPath defs clipPath mask marker symbol use
        title desc linearGradient radialGradient stop pattern""",
    )
)
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_ANY_URL = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)


def clean_html(text: str) -> str:
    """HTML without anything that runs or loads. Links stay (nothing is loaded before a click)."""
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.IGNORECASE | re.DOTALL)
    return bleach.clean(
        text,
        tags=_TAGS,
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        strip=True,
        strip_comments=True,
    )


def _allowed(tag: str, name: str, content: str) -> bool:
    if tag == "a" and name == "href":
        return content.startswith(("#", "http://", "https://", "mailto:"))
    if tag == "img" and name == "src":
        return content.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
    return name in _ATTRIBUTES


def clean_svg(text: str, scope: str) -> str | None:
    """An SVG picture to stand inside an HTML page, None when it is no well-formed SVG. Its ids get ``scope`` in
    front: two pictures on a page must not share one."""
    try:
        root = defusedxml.ElementTree.fromstring(text.encode())
    except (ElementTree.ParseError, DefusedXmlException):
        return None
    if _local(root.tag) != "svg":
        return None
    _clean_element(root, f"{scope}-")
    root.attrib.setdefault("role", "img")
    # matplotlib says this in a style sheet, which inside a page would reach beyond the picture
    root.attrib.setdefault("stroke-linejoin", "round")
    root.attrib.setdefault("stroke-linecap", "butt")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


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
