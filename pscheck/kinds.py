"""What an expression holds, as far as the text shows it: the members that may be asked of it.

A Kind is the union of what every assignment can give. ``members`` is None where nothing can be seen; a name
asked of such a value is then checked against the vocabulary of the whole text (see members.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from . import tables

ALWAYS = frozenset(["psobject", "gettype", "tostring", "where", "foreach", "equals"])


@dataclass(frozen=True)
class Kind:
    """``name`` for messages; ``members``: lower-case name -> (spelling, type of the value or "")."""

    name: str
    members: dict[str, tuple[str, str]] | None = None
    element: Kind | None = None

    def member(self, name: str) -> tuple[str, str] | None:
        """The member of that name, whatever its case."""
        return (self.members or {}).get(name.lower())


UNKNOWN = Kind("unknown")
JSON = Kind("json")  # a value somewhere inside a JSON document
JSON_ROOT = Kind("input")  # what ConvertFrom-Json gives: its names are those of the variables it fills
NOTHING = Kind("nothing", {})


def join(kinds: Iterable[Kind]) -> Kind:
    """One kind for "this or that": all members of all; unknown as soon as one of them is."""
    real = [kind for kind in kinds if kind is not NOTHING]
    if not real:
        return NOTHING
    # An input replaces a default of the same kind: the default tells what it is.
    real = [kind for kind in real if kind not in (JSON, JSON_ROOT)] or real
    if any(kind.members is None for kind in real):
        return next(kind for kind in real if kind.members is None)
    members: dict[str, tuple[str, str]] = {}
    for kind in real:
        members |= kind.members or {}
    names = dict.fromkeys(kind.name for kind in real)
    element = next((kind.element for kind in real if kind.element is not None), None)
    return Kind(" or ".join(names), members, element)


def fields(name: str, keys: Iterable[str]) -> Kind:
    """A record with the given property names."""
    return Kind(name, {key.lower(): (key, "") for key in keys})


def with_base(kind: Kind, base: str) -> Kind:
    """``kind`` with the members of the .NET type ``base`` beside its own."""
    extra = net_type(base).members or {}
    return Kind(kind.name, {**extra, **(kind.members or {})}, kind.element)


@cache
def full_name(name: str) -> str | None:
    """The full name of a .NET type, a PowerShell accelerator resolved; None if the table lacks it."""
    lower = name.lower().split("[")[0].split("`")[0]
    accelerators = {key.lower(): value for key, value in tables.types()["accelerators"].items()}
    if lower in accelerators:
        return str(accelerators[lower])
    for full in tables.types()["types"]:
        if lower in {full.lower(), full.lower().removeprefix("system.")}:
            return str(full)
    return None


@cache
def net_type(name: str, static: bool = False) -> Kind:
    """The members of a .NET type of types.yml ("Name -> Type" gives the type of the value)."""
    full = full_name(name)
    if full is None:
        return UNKNOWN
    entry = tables.types()["types"][full]
    if full == "System.Void":
        return NOTHING
    members = {}
    for word in [*entry.get("static", [])] if static else [*entry.get("members", [])]:
        spelled, _, result = str(word).partition(" -> ")
        members[spelled.lower()] = (spelled, result)
    if entry.get("open"):
        return Kind("open", None)
    if static:
        members["new"] = ("new", full)
    return Kind(full, members)


@cache
def cim_class(name: str) -> Kind:
    """A CIM instance: the properties of its class and of CimInstance itself."""
    entry = tables.cim_classes().get(name.lower())
    if entry is None:
        return UNKNOWN
    return with_base(fields(entry["name"], entry["properties"]), "Microsoft.Management.Infrastructure.CimInstance")


def cim_result(classes: Iterable[str], methods: Iterable[str]) -> Kind:
    """What Invoke-CimMethod gives: ReturnValue and the out parameters."""
    out = []
    for name in classes:
        entry = tables.cim_classes().get(name.lower())
        if entry is None:
            return UNKNOWN
        known = {method.lower(): shape for method, shape in entry["methods"].items()}
        for method in methods:
            if method.lower() not in known:
                return UNKNOWN
            keys = ["ReturnValue", "PSComputerName", *known[method.lower()]["out"]]
            out.append(fields(f"result of {name}.{method}", keys))
    return join(out) if out else UNKNOWN
