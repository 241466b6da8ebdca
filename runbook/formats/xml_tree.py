"""XML from elsewhere, read by Python's own parser: a document type, where entities would be defined, is refused.

An entity of entities that grows to gigabytes, or one that names a file, can be told only there. None of the files
that are read here has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser

if TYPE_CHECKING:

    class Text(Protocol):
        """What is read piece by piece."""

        def read(self, size: int, /) -> str: ...


_BLOCK = 1 << 12  # what it makes is in memory before the first event of it is seen


class NoDoctype:
    """For the target of a parser, which hears of the document type before anything in it is read."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        """Raises ValueError."""
        raise ValueError(f"document type {name!r}")


class _Tree(NoDoctype, TreeBuilder):
    pass


class _Events(_Tree):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, Element]] = []

    def start(self, tag: Any, attrs: Any, /) -> Element:
        element = super().start(tag, attrs)
        self.seen.append(("start", element))
        return element

    def end(self, tag: Any, /) -> Element:
        element = super().end(tag)
        self.seen.append(("end", element))
        return element


def fromstring(text: str) -> Element:
    """The root of ``text``. Raises ParseError for what is no XML, ValueError for a document type."""
    parser = XMLParser(target=_Tree())
    parser.feed(text)
    return parser.close()


def iterparse(source: Text) -> Iterator[tuple[str, Element]]:
    """("start", element) and ("end", element) while ``source`` is read; at its start an element is empty."""
    target = _Events()
    parser = XMLParser(target=target)
    while piece := source.read(_BLOCK):
        parser.feed(piece)
        seen, target.seen = target.seen, []
        yield from seen
    parser.close()
    yield from target.seen
