"""What every record read from out.json has in common: its names, its strictness, the errors it carries."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, ValidationError
from pydantic.alias_generators import to_pascal

#: How many places a sentence names.
_PLACES = 3
Int = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Number = Annotated[float, Field(strict=False)]


class Answered(BaseModel):
    """Base of every record read from out.json: PascalCase outside, no unknown name, frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_pascal, populate_by_name=True, defer_build=True
    )


class Fault(Answered):
    """One error record of PowerShell. ``message`` is localised: shown, never matched.

    ``fully_qualified_error_id`` and ``category`` are program text, the same in every language; for CIM the first
    reads ``HRESULT 0x80041010,Microsoft.Management…``, for remoting ``CannotConnect,PSSessionStateBroken``
    (AccessDenied, ComputerNotFound, NetworkPathNotFound, CannotConnect, WinRMOperationTimeout, LogonFailure:
    the table in PowerShell's WSManTransportManager.cs).
    """

    fully_qualified_error_id: str
    category: str
    h_result: str  # "0x80131500"
    message: str

    @property
    def code(self) -> str:
        """The HRESULT that says most, as ``0x`` and eight upper-case digits."""
        found = re.search(r"0x([0-9A-Fa-f]{8})", self.fully_qualified_error_id)
        return "0x" + (found[1] if found else self.h_result.removeprefix("0x")).upper()

    @property
    def kind(self) -> str:
        """The first part of the error id, before the comma: ``CannotConnect``, ``NoMatchingEventsFound`` …"""
        return self.fully_qualified_error_id.partition(",")[0]


class NativeRun(Answered):
    """A native tool's exit code and its console lines (localised: evidence only)."""

    exit_code: Int
    text: list[str]


class LoggedEvent(Answered):
    """One event. An ID alone is ambiguous: match on provider, channel and ID. Message is localised."""

    id: Int
    provider: str
    channel: str
    record_id: Int | None
    at: AwareDatetime | None  # None: the event says none
    level: Int | None
    properties: list[str]
    message: str | None


A = TypeVar("A", bound=Answered)


def one(model: type[A], out: list[Any]) -> A:
    """The one record that ``out``, a parsed out.json, has to hold. Raises ValueError (pydantic.ValidationError is
    one) where it holds another number of them, or one of another shape."""
    if len(out) != 1:
        raise ValueError(f"out.json: {len(out)} ≠ 1")
    return model.model_validate(out[0])


def misfit(error: ValueError) -> str:
    """Where an answer that ``one`` refused departs from its shape, in the script's own names and the same in every
    language: pydantic's sentences are English, and repeat the value."""
    if not isinstance(error, ValidationError):
        return str(error)
    return ", ".join(".".join(str(part) for part in fault["loc"]) for fault in error.errors()[:_PLACES])
