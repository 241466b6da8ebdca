"""What every fact in knowledge/ is built from: texts in both languages, their typography, sources, confidence.

Every claim carries ``source``: entries such as ``"W32 win32-tslicenseserver.md"``, whose first word is an id of
``knowledge/sources.yml`` and whose rest is the place inside that source.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from runbook.words.sentences import typeset

#: "MS": read in a text of Microsoft; "third party": only there; "inferred": follows from sources, said by
#: none; "not confirmed": looked for and not found. All but "MS" are shown to the reader.
Confidence = Literal["MS", "third party", "inferred", "not confirmed"]

Filled = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Record(BaseModel):
    """Base of everything in knowledge/: no unknown key, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


French = Annotated[str, AfterValidator(typeset)]


class Text(Record):
    """One text in both languages."""

    fr: French
    en: str

    def of(self, lang: str) -> str:
        """The text in ``lang`` ("fr" or "en")."""
        return self.fr if lang == "fr" else self.en


class Official(Record):
    """An official wording: None in a language means that it was looked for and not found."""

    fr: Annotated[Filled, AfterValidator(typeset)] | None
    en: Filled | None

    def of(self, lang: str) -> str | None:
        """The wording in ``lang`` ("fr" or "en"), None where it is not confirmed."""
        return self.fr if lang == "fr" else self.en


class Synonyms(Record):
    """Other words that people search for, per language."""

    fr: tuple[Filled, ...] = ()
    en: tuple[Filled, ...] = ()

    def of(self, lang: str) -> tuple[str, ...]:
        return self.fr if lang == "fr" else self.en


class Cite(Record):
    """A place in a source: ``source`` is an id of sources.yml, ``place`` a page, a section or nothing."""

    source: str
    place: str = ""


class Fact(Record):
    """Base of every claim: where it comes from and how sure it is."""

    source: tuple[Filled, ...] = Field(min_length=1)
    confidence: Confidence = "MS"

    @property
    def cites(self) -> tuple[Cite, ...]:
        """``source`` split into source id and place."""
        parts = (entry.partition(" ") for entry in self.source)
        return tuple(Cite(source=head, place=rest) for head, _, rest in parts)

    @property
    def confirmed(self) -> bool:
        """True where Microsoft says so itself; anything else is shown as unconfirmed."""
        return self.confidence == "MS"
