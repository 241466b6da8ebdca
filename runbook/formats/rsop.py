"""Reads the Group Policy results of a machine: the XML of ``gpresult /x`` (Resultant Set of Policy).

The report holds the localised display text of a policy, never the number that the registry holds: it is
evidence, and it names the winning GPO. It is UTF-16 with a byte order mark; reports that declare UTF-16 and are
written in single bytes exist. It is read element by element: what is not wanted is dropped at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO
from xml.etree.ElementTree import ParseError

from runbook.formats.decode import xml_text
from runbook.formats.unread import Faults, Unread, unread
from runbook.formats.xml_tree import iterparse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Scope = Literal["computer", "user"]

#: Bytes. A large real report has some ten millions; the real sample has 283,352.
_LONGEST = 1 << 26
_DEEPEST = 100
_LONGEST_TAG = 1 << 20
#: Objects, policies and settings of one report; real ones have some hundreds.
_MOST = 20_000
#: Elements inside one policy; the longest real ones are lists of some hundred entries.
_WIDEST = 20_000
_VALUES = {"DropDownList", "EditText", "Numeric", "CheckBox", "ListBox", "MultiText"}
_SCOPES: dict[str, Scope] = {"ComputerResults": "computer", "UserResults": "user"}


@dataclass(frozen=True)
class Gpo:
    """A Group Policy object that was looked at: ``identifier`` is its GUID in braces, or "LocalGPO"."""

    name: str
    identifier: str
    scope: Scope


@dataclass(frozen=True)
class PolicyValue:
    """One field of a policy: its ``kind`` ("DropDownList", "EditText", …), label and value as displayed."""

    kind: str
    name: str
    value: str
    state: str = ""


@dataclass(frozen=True)
class Policy:
    """One setting of an administrative template.

    ``category`` is the path joined by "/", ``state`` "Enabled" or "Disabled". ``precedence`` 1 wins. ``gpo``
    is the name of the GPO that set it, "" where the report does not say.
    """

    name: str
    category: str
    state: str
    values: tuple[PolicyValue, ...]
    gpo: str
    gpo_id: str
    precedence: int
    scope: Scope


@dataclass(frozen=True)
class RegistrySetting:
    """One registry value that no template explains. ``value_name`` and ``value`` are "" where absent."""

    key_path: str
    value_name: str
    value: str
    adm_setting: bool
    gpo: str
    gpo_id: str
    precedence: int
    scope: Scope

    @property
    def about_terminal_services(self) -> bool:
        """Whether its key ends in "Terminal Services"; the case of the path varies between reports."""
        return self.key_path.rstrip("\\").rpartition("\\")[2].strip().casefold() == "terminal services"


@dataclass(frozen=True)
class Rsop:
    """What a report holds. ``computer`` is "DOMAIN\\NAME$", ``read_time`` as written (UTC)."""

    computer: str = ""
    read_time: str = ""
    gpos: tuple[Gpo, ...] = ()
    policies: tuple[Policy, ...] = ()
    registry: tuple[RegistrySetting, ...] = ()
    unread: tuple[Unread, ...] = ()


def read_rsop(source: Path | bytes, where: str | None = None) -> Rsop:
    """The policies of a ``gpresult /x`` report, a file or its bytes.

    Never raises for what is in it: a report that is damaged or cut off gives what stands before the fault, and
    ``unread`` says so; anything else than a report gives nothing and says what it is.
    """
    named = where or (source.name if isinstance(source, Path) else "RSoP")
    try:
        file: BinaryIO = source.open("rb") if isinstance(source, Path) else BytesIO(source)
    except OSError as error:
        return Rsop(unread=(unread(named, "readers.no_file", detail=error.strerror or error),))
    with file:
        if file.seek(0, 2) > _LONGEST:
            return Rsop(unread=(unread(named, "readers.too_long", limit=_LONGEST),))
        report = _Report(named)
        with xml_text(file) as text:
            try:
                report.take(iterparse(_Bounded(text)))
            except _NotRsopError:
                pass
            except (ParseError, ValueError, OSError) as error:
                report.faults.add(unread(named, "readers.damaged_report", detail=error))
    return report.result()


class _Bounded:
    """A text whose tags have an end: expat begins an unfinished one anew with every piece that it is given."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._open = text, 0

    def read(self, size: int = -1, /) -> str:
        piece = self._text.read(size)
        end = piece.rfind(">")
        self._open = len(piece) - end - 1 if end >= 0 else self._open + len(piece)
        if self._open > _LONGEST_TAG:
            raise ValueError(f"more than {_LONGEST_TAG} characters without the end of a tag")
        return piece


class _NotRsopError(Exception):
    pass


class _Report:
    """Gathers the wanted elements while the parser runs."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults = Faults()
        self.computer = ""
        self.read_time = ""
        self.gpos: list[Gpo] = []
        self.policies: list[Policy] = []
        self.registry: list[RegistrySetting] = []

    def take(self, events: Iterator[tuple[str, Element]]) -> None:
        open_: list[Element] = []
        kept_from, size = 0, 0  # the depth at which a wanted element is open (0: none), its elements so far
        for event, element in events:
            if event == "start":
                if not open_ and local(element).casefold() != "rsop":
                    self.faults.add(unread(self.where, "readers.not_rsop", root=local(element)))
                    raise _NotRsopError
                open_.append(element)
                if kept_from:
                    size += 1
                elif _wanted(open_):
                    kept_from, size = len(open_), 0
                if len(open_) > _DEEPEST or size > _WIDEST:
                    raise ValueError(f"nested deeper than {_DEEPEST} or wider than {_WIDEST} elements")
                continue
            if kept_from in (0, len(open_)):
                self._element([local(item) for item in open_], element)
                kept_from = 0
                if len(open_) > 1:
                    open_[-2].remove(element)  # it is the only child left: memory stays constant
            open_.pop()

    def _element(self, path: list[str], element: Element) -> None:
        scope = _SCOPES.get(path[1]) if len(path) > 1 else None
        if len(self.gpos) + len(self.policies) + len(self.registry) > _MOST:
            raise ValueError(f"more than {_MOST} objects, policies and settings")
        if path[1:] == ["ReadTime"]:
            self.read_time = text_of(element)
        elif path[1:] == ["ComputerResults", "Name"]:
            self.computer = text_of(element)
        elif scope is None:
            return
        elif path[2:] == ["GPO"]:
            path_ = find(element, "Path")
            identifier = text_of(find(path_ if path_ is not None else element, "Identifier"))
            self.gpos.append(Gpo(text_of(find(element, "Name")), identifier, scope))
        elif path[-1] == "Policy":
            self.policies.append(_policy(element, scope))
        elif path[-1] == "RegistrySetting":
            self.registry.append(_registry(element, scope))

    def result(self) -> Rsop:
        names = {gpo.identifier.casefold(): gpo.name for gpo in self.gpos}

        def name(gpo_id: str) -> str:
            return names.get(gpo_id.casefold(), "")

        return Rsop(
            self.computer,
            self.read_time,
            tuple(self.gpos),
            tuple(replace(policy, gpo=name(policy.gpo_id)) for policy in self.policies),
            tuple(replace(setting, gpo=name(setting.gpo_id)) for setting in self.registry),
            tuple(self.faults.listed),
        )


def _wanted(open_: list[Element]) -> bool:
    """Whether the innermost open element is one that is read as a whole."""
    if len(open_) < 3:
        return False
    name, parent = local(open_[-1]), local(open_[-2])
    return (parent == "Extension" and name in ("Policy", "RegistrySetting")) or (parent in _SCOPES and name == "GPO")


def _policy(element: Element, scope: Scope) -> Policy:
    return Policy(
        name=text_of(find(element, "Name")),
        category=text_of(find(element, "Category")),
        state=text_of(find(element, "State")),
        values=tuple(_value(child) for child in element if local(child) in _VALUES),
        gpo="",
        gpo_id=text_of(find(find(element, "GPO"), "Identifier")),
        precedence=_precedence(element),
        scope=scope,
    )


def _value(field: Element) -> PolicyValue:
    value = find(field, "Value")
    # A drop-down list holds Value/Name, a text Value, a list one Value/Element (with Name and Data) per line.
    texts = [text_of(leaf) for leaf in value.iter() if not len(leaf)] if value is not None else []
    return PolicyValue(
        kind=local(field),
        name=text_of(find(field, "Name")),
        value="\n".join(text for text in texts if text),
        state=text_of(find(field, "State")),
    )


def _registry(element: Element, scope: Scope) -> RegistrySetting:
    value = find(element, "Value")
    content = [text_of(leaf) for leaf in value.iter() if not len(leaf)] if value is not None else []
    name = text_of(find(value, "Name"))
    return RegistrySetting(
        key_path=text_of(find(element, "KeyPath")),
        value_name=name,
        value="\n".join(content[1:] if name else content),
        adm_setting=text_of(find(element, "AdmSetting")).casefold() == "true",
        gpo="",
        gpo_id=text_of(find(find(element, "GPO"), "Identifier")),
        precedence=_precedence(element),
        scope=scope,
    )


def _precedence(element: Element) -> int:
    text = text_of(find(element, "Precedence"))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def local(element: Element) -> str:
    """The tag without its namespace, which differs between the sections of a report."""
    return element.tag.rpartition("}")[2]


def find(element: Element | None, name: str) -> Element | None:
    """The first child of that name, whatever its namespace."""
    return next((child for child in element if local(child) == name), None) if element is not None else None


def text_of(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""
