"""Facts: what a later step, the record or the audit may read of a step, as a class in that step's own module.

The journal keeps them as plain JSON in the step's ``end`` line. A journal that an earlier edition wrote is read as
well as one of today: whatever it does not say has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict


class Plain(BaseModel):
    """Base of what stands inside facts: one row, one thing."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


class Facts(Plain):
    """Base of a step's facts. ``step`` is the step that leaves them; no secret is among them in full.

    Only what was given when they were made goes into the journal (``plain``).
    """

    step: ClassVar[str] = ""

    @classmethod
    def of(cls, told: Mapping[str, Any] | None) -> Self | None:
        """The facts that an ``end`` line tells; None where it tells nothing of the kind: a step that failed leaves a
        code, one that a person decided says who and why."""
        names = {field.alias or name for name, field in cls.model_fields.items()}
        known = {name: value for name, value in (told or {}).items() if name in names}
        return cls.model_validate(known) if known else None

    def plain(self) -> dict[str, Any]:
        """As the journal keeps them."""
        return self.model_dump(mode="json", exclude_unset=True, by_alias=True)


F = TypeVar("F", bound=Facts)


class Told:
    """Base of what is asked for steps' facts: ``told`` maps a step to them as the journal keeps them."""

    told: Mapping[str, dict[str, Any]]

    def facts(self, kind: type[F]) -> F | None:
        """The facts of a step, as their class; None where it has none of that kind yet."""
        return kind.of(self.told.get(kind.step))

    def known(self, kind: type[F]) -> F:
        """The facts of a step; nothing but defaults where it has none of that kind yet."""
        return self.facts(kind) or kind()


class Decided(Facts):
    """Of any change whose end nobody saw: a person said that it was done. Nobody has seen it."""

    decided: bool = False
    who: str = ""
    reason: str = ""
    at: str = ""


class Retold(Facts, extra="allow"):
    """Facts as an earlier run has left them, of whatever kind."""
