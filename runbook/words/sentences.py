"""The product's own sentences, in either language, and the plain data of knowledge/ from which they come.

Apart from ``runbook.knowledge``, whose typed records cost a quarter of a second to import: papermill's side of a run,
the guard and the command line's first words need sentences only.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal
from unicodedata import category

import yaml

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")

# The C loader reads the same YAML some ten times faster; it is missing on a few platforms only.
#: The parser in C, where PyYAML was built with it: ten times as fast.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORD = re.compile(r"[a-z_]+\.[a-z0-9_-]+")
#: A day or a moment as verdicts write it, in one form for the journal, whoever reads it.
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)((?: \d\d:\d\d(?::\d\d)?)?(?: UTC)?)")


_CODE = re.compile(r"(`[^`]*`)")
_SPACE_BEFORE = re.compile(r"[ \u202f](?=[:;?!»])|(?<=\d)[ \u202f](?=%(?!\w))")
_SPACE_AFTER = re.compile(r"«[ \u00a0\u202f]?")


def typeset(text: str) -> str:
    """French ``text`` with the no-break space (U+00A0) that French puts before ``: ; ? ! » %`` and after ``«``.

    So knowledge/ may be written with ordinary spaces, and no line ever begins with a colon. Code between
    backticks stays as it is.
    """
    parts = _CODE.split(text)
    parts[::2] = [_SPACE_AFTER.sub("«\u00a0", _SPACE_BEFORE.sub("\u00a0", part)) for part in parts[::2]]
    return "".join(parts)


_UNITS = ("B", "KB", "MB", "GB", "TB")
_OCTETS = str.maketrans("B", "o")


class Choosing(string.Formatter):
    """``str.format`` in one language, with choices: ``{count:host|hosts}`` is one of the two words, by that number;
    ``{free:size}`` is a number of bytes as Windows shows it (1 GB is 1024³), ``{size:,}`` its digits grouped.

    French has its singular below two (0 hôte, 1,5 hôte), English for one only. Digits may be grouped as the language
    groups them; whatever is no number takes the plural.
    """

    def __init__(self, lang: str) -> None:
        self._french = lang == "fr"
        self._digits = str.maketrans(",", ".", "\u00a0\u202f") if self._french else str.maketrans("", "", ",")

    def format_field(self, value: Any, format_spec: str) -> str:
        """``value`` by ``format_spec``, or the word that it chooses there."""
        if format_spec in ("size", ","):
            return self._number(value, format_spec) if isinstance(value, int | float) else str(value)
        one, choice, more = format_spec.partition("|")
        return (one if self._is_one(value) else more) if choice else str(super().format_field(value, format_spec))

    def _number(self, value: float, format_spec: str) -> str:
        power = 0
        while format_spec == "size" and value >= 1024 and power < len(_UNITS) - 1:
            value, power = value / 1024, power + 1
        digits = f"{value:,.1f}".removesuffix(".0")
        shown = digits.translate(str.maketrans(",.", "\u00a0,")) if self._french else digits
        return (
            shown if format_spec == "," else f"{shown}\u00a0{_UNITS[power].translate(_OCTETS if self._french else {})}"
        )

    def _is_one(self, value: object) -> bool:
        try:
            number = float(str(value).translate(self._digits))
        except ValueError:
            return False
        return abs(number) < 2 if self._french else number == 1


def _filler(text: str, lang: str) -> Callable[..., str]:
    """What fills in the fields of ``text``: ``str.format``, much the faster, where there is nothing to choose."""
    fill = partial(Choosing(lang).format, text) if re.search(r"\||:size}|:,}", text) else text.format
    return partial(fill, title_of=_titles(lang)) if "{title_of[" in text else fill


@cache
def data_root() -> Path:
    """The folder that holds ``knowledge/`` and ``notebooks/``: the checkout, or what the wheel carries."""
    package = Path(__file__).resolve().parents[1]
    for root in (package.parent, package / "_data"):
        if (root / "knowledge").is_dir():
            return root
    raise FileNotFoundError(f"knowledge/ is neither beside nor inside {package}")


@cache
def read_yaml(name: str) -> Any:
    """The plain data of ``knowledge/NAME.yml``."""
    return yaml.load((data_root() / "knowledge" / f"{name}.yml").read_text(encoding="utf-8"), Loader=Loader)


@cache
def _titled() -> dict[str, dict[str, str]]:
    return {step["id"]: step["title"] for step in read_yaml("steps")}


@cache
def _titles(lang: str) -> dict[str, str]:
    """The titles of the steps by their id: a sentence names a step as people do, ``{title_of[license-server]}``."""
    return {step: title[lang] for step, title in _titled().items()}


@cache
def _words(area: str) -> dict[str, dict[str, Callable[..., str]]]:
    data: dict[str, dict[str, str]] = _titled() if area == "title" else read_yaml(f"words/{area}")
    return {
        key: {lang: _filler(typeset(text) if lang == "fr" else text, lang) for lang, text in both.items()}
        for key, both in data.items()
    }


def say(key: str, lang: str, /, **fields: object) -> str:
    """The sentence ``AREA.KEY`` of ``knowledge/words/AREA.yml`` in ``lang``, its ``{fields}`` filled in and its
    ``{field:singular|plural}`` chosen (see ``Choosing``); ``title.STEP`` is the title of a step.

    Raises KeyError for an unknown key or a field that the sentence needs and was not given.
    """
    area, _, name = key.partition(".")
    shown = {name: printable(str(v)) if isinstance(v, str | Path) else v for name, v in fields.items()}
    return _words(area)[name][lang](**shown)


def keyed(prefix: str, *keys: str) -> dict[str, str]:
    """A closed list of keys, each by its word: ``keyed("status.", "status.done")["done"]`` is "status.done". Written
    out, so that a search for a key finds who says it."""
    return {key.removeprefix(prefix): key for key in keys}


def printable(text: str) -> str:
    """``text`` that cannot repaint a terminal or turn a line around: what is no character to look at (C0, C1, bidi and
    zero-width marks, half a surrogate of a name that is no UTF-8) as ``\\u{1b}``; ends of lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(f"\\u{{{ord(c):x}}}" if category(c)[0] == "C" and c not in "\n\t" else c for c in text)


def printed(value: Any) -> Any:
    """What a template shows of ``value``: texts ``printable``, markup of our own and all else as they are."""
    return printable(value) if type(value) is str else value


def worded(value: object, lang: str) -> object:
    """``value`` as a person reads it: a key of knowledge/words/ becomes its sentence, a list its items,
    ``{key, fields}`` the sentence that it is, and in French 2026-01-31 10:20 UTC is 31/01/2026 10:20 UTC.

    Verdicts keep words as keys ("steps.mode_4"), so that one journal is read in both languages.
    """
    if isinstance(value, list | tuple):
        return ", ".join(str(worded(item, lang)) for item in value)
    if isinstance(value, dict) and value.keys() == {"key", "fields"}:
        return sentence(value["key"], lang, value["fields"])
    if isinstance(value, bool):
        return say("status.yes" if value else "status.no", lang)
    if isinstance(value, str) and _WORD.fullmatch(value):
        try:
            return say(value, lang)
        except (KeyError, FileNotFoundError):
            return value
    if lang == "fr" and isinstance(value, str) and (moment := _MOMENT.fullmatch(value)):
        year, month, day, time = moment.groups()
        return f"{day}/{month}/{year}{time}".replace(" ", "\u00a0")
    return value


def sentence(key: str, lang: str, fields: Mapping[str, object]) -> str:
    """``say`` for a line of the journal: fields that are words themselves are said too."""
    return say(key, lang, **{name: worded(value, lang) for name, value in fields.items()})
