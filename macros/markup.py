"""Small repairs of text: admonition titles in Markdown, names that the theme leaves out of its HTML, tidying."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook.words.sentences import typeset

_ADMONITION = re.compile(r"^([ \t]*(?:!{3}|\?{3}\+?) ?)([\w-]+)((?: +[\w-]+)*)[ \t]*$")
#: What stands above an admonition that has no title of its own.
ADMONITIONS = {
    "note": "site.admonition_note",
    "abstract": "site.admonition_abstract",
    "info": "site.admonition_info",
    "tip": "site.admonition_tip",
    "success": "site.admonition_success",
    "question": "site.admonition_question",
    "warning": "site.admonition_warning",
    "failure": "site.admonition_failure",
    "danger": "site.admonition_danger",
    "bug": "site.admonition_bug",
    "example": "site.admonition_example",
    "script": "site.admonition_script",
    "quote": "site.admonition_quote",
}
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)")
_BUTTON = re.compile(r'<label class="md-header__button md-icon" for="__(drawer|search)"')
_SITE = re.compile(r'(<div class="md-header__topic">\s*<span class="md-ellipsis">)\s*([^<]+?)\s*(?=</span>)')
_SWITCH = re.compile(r'hreflang="(\w+)" class="md-select__link"')
_NAV = re.compile(
    r'(<nav class="md-nav" data-md-level="\d+") aria-labelledby="[^"]*"( aria-expanded="[^"]*">\s*'
    r'<label class="md-nav__title"[^>]*>\s*<span class="md-nav__icon md-icon"></span>\s*)([^<]+?)(\s*</label>)'
)
_SPAN = re.compile(r'</?span[^>]*>|<wbr>|<a id="__codelineno[^>]*></a>')
_PLAIN = re.compile(r'<span class="[np]">([^<]*)</span>')
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_CELL = re.compile(r"<td[^>]*>.*?</td>", re.DOTALL)
_CODE = re.compile(r"(?<=<code>).*?(?=</code>)", re.DOTALL)
_PARTS = re.compile(r"(<[^>]+>|&[#\w]+;)")
_BREAK = re.compile(r"(?<=[a-z][a-z0-9)])(?=[A-Z])|(?<=\w[._\\/-])(?=\w)")  # never behind the s of sServerName
_ADDRESS = re.compile(r'(<a [^>]*href="https?:[^>]*>)([^<\s]+)(?=</a>)')
_BETWEEN = re.compile(r"(?<=[./?=_-])(?=\w)|(?<=[a-z]{3})(?=[A-Z])")
#: A whole script, which is left alone (it wraps on paper only), or one piece of code.
_CODES = re.compile(r'<div class="[^"]*\bscript-[^"]*">.*?</pre>|(?<=<code>).*?(?=</code>)', re.DOTALL)
_OPTION = r"(?<![\w-])--?[A-Za-z][\w-]*"
_HYPHENED = re.compile(rf"{_OPTION}|(?<![\w\\/.:-])\w+(?:-\w+)+(?![\w\\/:-])(?!\.\w)")
_HELD = 24  # characters: with more of them a word has no room on a telephone
#: Numbers written with hyphens that a reader copies: of a flaw, a group, a telephone; ranges and dates.
_FIGURES = re.compile(r"(?<![\w-])(?:CVE-\d+-\d+|S-1(?:-\d+)+|\d+(?:-\d+)+|X-ray)(?![\w-])")
_NO_PROSE = re.compile(r"(<(pre|code|script|style|svg|textarea|select)\b.*?</\2>|<[^>]+>)", re.DOTALL)
_MARKED = re.compile(r'<em class="unconfirmed">[^<]*</em>(?:[.,)”]|[ \u00a0\u202f]?[:;?!])+')
_TAG = re.compile(r"<[^>]+>")
_VERBATIM = re.compile(
    r"(<(?:pre|code|q|script|style|textarea)\b.*?</(?:pre|code|q|script|style|textarea)>|<[^>]+>)", re.DOTALL
)
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?=[\s.,;:)])|^'(?=s\b)")
_QUOTED = re.compile(r'"([^"]+)"')
_OPENING = re.compile(r'(?<=[\s(])"(?=[^\s"])')  # its end was cut, or stands behind a tag
_STRAIGHT = {"&quot;": '"', "&#34;": '"', "&#39;": "'", "&#x27;": "'"}
_ESCAPED = re.compile("|".join(_STRAIGHT))
_SAID = re.compile(r'(\s(?:title|alt|aria-label|data-label)=")([^"]*)')
#: What the theme writes before a colon of its own, in its templates ("Suivant: ") and its script ("Non trouvé: ").
_GLUED = re.compile(r'aria-label="[^":]*\w(?=: )|"search\.result\.term\.missing": "[^"]*')
_KEPT = re.compile(r"(<pre[ >].*?</pre>|<textarea[ >].*?</textarea>)", re.DOTALL)
_BLANKS = re.compile(r"[ \t]*\n\s*")
STACKED_FROM = 3  # columns
_SOURCE_MAP = re.compile(r"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")


def title_admonitions(markdown: str, titles: Mapping[str, str]) -> tuple[str, list[str]]:
    """Give every untitled admonition outside code its title. Returns the text and the kinds without a title."""
    lines: list[str] = []
    unknown: list[str] = []
    fence: str | None = None
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark:
            fence = None if fence and mark[1].startswith(fence) else fence or mark[1]
        found = None if fence else _ADMONITION.match(line)
        if found and found[2] in titles:
            line = f'{found[1]}{found[2]}{found[3]} "{titles[found[2]]}"'
        elif found:
            unknown.append(found[2])
        lines.append(line)
    return "\n".join(lines), unknown


def prose(html: str) -> list[str]:
    """The texts of ``html`` that are neither code nor an official message."""
    return _VERBATIM.split(html)[::2]


def dressed(html: str, lang: str) -> str:
    """``html`` in the typography of ``lang``: its prose, and what its tags say; code and official messages keep theirs.

    English gets curly quotes and apostrophes, French its no-break spaces. The pages are written so; knowledge/ and the
    helps are typed on any keyboard, and a page's contents and title lose the spaces on their way.
    """
    dress = typeset if lang == "fr" else curled
    parts = _VERBATIM.split(html)
    parts[::2] = [part if part.isspace() else dress(part) for part in parts[::2]]
    for at in range(1, len(parts), 2):
        if "title=" in parts[at] or "label=" in parts[at] or "alt=" in parts[at]:  # few tags say something
            parts[at] = _SAID.sub(lambda said: f"{said[1]}{dress(said[2])}", parts[at])
    made = "".join(parts)
    return _GLUED.sub("\\g<0>\u00a0", made) if lang == "fr" else made


def curled(text: str) -> str:
    """English ``text`` with curly quotes and apostrophes, whether it is typed or escaped."""
    typed = _ESCAPED.sub(lambda sign: _STRAIGHT[sign[0]], text)
    return _OPENING.sub("“", _QUOTED.sub(r"“\1”", _APOSTROPHE.sub("’", typed)))


def without_spans(html: str) -> str:
    """``html`` without spans and the anchors of code lines; its text stays as it is."""
    return _SPAN.sub("", html)


def plain_code(html: str) -> str:
    """``html`` without the spans of names and punctuation in code, a third of a page of scripts.

    Both have the colour of the code block itself; keywords, variables, strings and the like keep theirs.
    """
    return _PLAIN.sub(r"\1", html)


def breakable(html: str) -> str:
    """Let long names in a table's code break where a reader would break them: after . _ \\ / - and before a capital;
    and addresses after their signs."""
    return _CELL.sub(lambda cell: _address(_CODE.sub(lambda code: _breaks(code[0]), cell[0])), html)


def _address(cell: str) -> str:
    return _ADDRESS.sub(lambda link: link[1] + _BETWEEN.sub("<wbr>", link[2]), cell)


def unbroken(html: str) -> str:
    """Hold together what no line may part: options and short names in code, numbers with hyphens, a mark and the
    sign behind it. A browser breaks after every hyphen: "-" at the end of a line, "-at 02:00" on the next."""
    html = _CODES.sub(lambda code: code[0] if code[0].startswith("<div") else _holds(code[0]), html)
    parts = _NO_PROSE.split(html)  # prose, what is none, the name of its tag
    parts[::3] = [_FIGURES.sub(_held, part) for part in parts[::3]]
    del parts[2::3]
    return _MARKED.sub(_held, "".join(parts))


def _holds(code: str) -> str:
    parts = _PARTS.split(code)
    parts[::2] = [_HYPHENED.sub(lambda word: _held(word) if len(word[0]) <= _HELD else word[0], p) for p in parts[::2]]
    return "".join(parts)


def _held(found: re.Match[str]) -> str:
    return f'<span class="held">{found[0]}</span>'


def _breaks(code: str) -> str:
    return "".join(part if part.startswith(("<", "&")) else _BREAK.sub("<wbr>", part) for part in _PARTS.split(code))


def stackable(html: str) -> str:
    """Tables of three columns and more: each cell knows its column, so that a telephone can show a row as a card.

    The roles keep the table a table for screen readers where the style sheet makes blocks of it.
    """
    return _TABLE.sub(lambda table: _labelled(table[0]), html)


def _labelled(table: str) -> str:
    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", table.split("</thead>")[0])
    heads = [_TAG.sub("", head).strip().replace('"', "&quot;") for head in found]
    if len(heads) < STACKED_FROM:
        return table
    head, _, body = table.partition("</thead>")
    head = head.replace("<table", '<table data-stack role="table"').replace("<thead", '<thead role="rowgroup"')
    head = head.replace("<th>", '<th role="columnheader">')
    body = "<tr>".join(_cells(row, heads) for row in body.split("<tr>")).replace("<tbody", '<tbody role="rowgroup"')
    return f"{head}</thead>{body}".replace("<tr>", '<tr role="row">')


def _cells(row: str, heads: Sequence[str]) -> str:
    labels = iter(heads)
    return re.sub("<td", lambda _: f'<td role="cell" data-label="{next(labels)}"', row)


def empty_headers(html: str) -> str:
    """A table's header cell without text heads nothing: make it an ordinary cell."""
    return html.replace("<th></th>", "<td></td>")


def name_controls(html: str, search: str, drawer: str, brief: str) -> str:
    """Name what Material 9.8.1 leaves unnamed, and let the keyboard reach the two buttons of narrow screens.

    ``brief``: the site's name where a telephone has no room for the whole one.

    Checked by axe and by the keyboard tests in tests/site; the patterns hold for the pinned version only.
    """
    names = {"search": search, "drawer": drawer}
    html = html.replace('role="dialog"', f'role="dialog" aria-label="{search}"', 1)
    html = _BUTTON.sub(lambda m: f'{m[0]} tabindex="0" title="{names[m[1]]}"', html)
    html = _SITE.sub(rf'\1<span class="whole">\2</span><span class="brief">{brief}</span>', html, count=1)
    html = _SWITCH.sub(r'hreflang="\1" lang="\1" class="md-select__link"', html)
    return _NAV.sub(lambda m: f'{m[1]} aria-label="{m[3].strip()}"{m[2]}{m[3]}{m[4]}', html)


def squeeze(html: str) -> str:
    """``html`` without the indents and empty lines of the theme's templates: a tenth of a page's weight.

    What stands in <pre> and <textarea> keeps every blank.
    """
    parts = _KEPT.split(html.replace("<pre><span></span><code>", "<pre><code>"))
    parts[::2] = [_BLANKS.sub("\n", part) for part in parts[::2]]
    return "".join(parts)


def tidy(site: Path) -> None:
    """Remove what an offline copy cannot use: source maps, the sitemap (it dates the build), the theme's own search."""
    scripts = site / "assets" / "javascripts"
    for path in [*site.rglob("*.map"), site / "sitemap.xml", site / "sitemap.xml.gz", site / "404.html"]:
        path.unlink(missing_ok=True)
    for folder in (scripts / "lunr", scripts / "workers"):
        shutil.rmtree(folder, ignore_errors=True)
    for path in site.rglob("*"):
        if path.suffix in (".js", ".css"):
            _cut_source_map(path)


def _cut_source_map(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    cut = _SOURCE_MAP.sub("\n", text)
    if cut != text:
        path.write_bytes(cut.encode("utf-8"))
