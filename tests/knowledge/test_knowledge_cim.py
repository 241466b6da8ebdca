"""The CIM page promises the exact names: it is held against the catalogue read from Microsoft's reference pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pscheck import tables
from runbook.knowledge import reference
from runbook.knowledge.reference import CimClass, CimMember

CLASSES = [row for row in reference.cim() if row.namespace]


def names(parameters: tuple[str, ...]) -> list[str]:
    """The names in entries such as "uint32 Count" and "string SpecifiedLSList[]"."""
    return [text.rpartition(" ")[2].removesuffix("[]") for text in parameters]


def faults(row: CimClass) -> Iterator[str]:
    """What ``row`` says otherwise than the catalogue."""
    known = tables.cim_classes().get(row.id.lower())
    if known is None or known["name"] != row.id:
        yield f"{row.id}: no such class"
        return
    if row.namespace.replace("\\", "/").lower() != known["namespace"].lower():
        yield f"{row.id}: it is in {known['namespace']}, not in {row.namespace}"
    for member in row.members:
        for name in member.name.split(", "):
            yield from (f"{row.id}.{name}: {what}" for what in _of(member, name, known))


def _of(member: CimMember, name: str, known: dict[str, object]) -> Iterator[str]:
    kind = known["properties" if member.kind == "property" else "methods"]
    if name not in kind:  # type: ignore[operator]
        yield f"no such {member.kind}"
    elif member.kind == "method":
        shape = kind[name]  # type: ignore[index]
        if names(member.takes) != shape["in"]:
            yield f"takes {shape['in']}, not {names(member.takes)}"
        wrong = [gives for gives in names(member.gives) if gives not in (*shape["out"], *shape["in"])]
        if wrong or set(shape["out"]) - set(names(member.gives)):
            yield f"gives {shape['out']}, not {names(member.gives)}"


@pytest.mark.parametrize("row", CLASSES, ids=lambda row: row.id)
def test_class_namespace_members_and_arguments_are_those_of_the_reference(row: CimClass) -> None:
    assert list(faults(row)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"namespace": r"root\cimv2"}, "it is in"),
        ({"id": "Win32_TerminalServiceSettings"}, "no such class"),
    ],
)
def test_a_wrong_class_is_seen(change: dict[str, str], says: str) -> None:
    row = next(row for row in CLASSES if row.id == "Win32_TerminalServiceSetting").model_copy(update=change)
    assert says in " ".join(faults(row))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("ChangeMode", {"takes": ("uint32 Mode",)}, "takes"),
        ("GetGracePeriodDays", {"gives": ("uint32 Days",)}, "gives"),
        ("FindLicenseServers", {"gives": ()}, "gives"),
        ("PossibleLicensingTypes", {"name": "PossibleLicensingType"}, "no such property"),
    ],
)
def test_a_wrong_member_is_seen(name: str, change: dict[str, object], says: str) -> None:
    row = next(row for row in CLASSES if row.id == "Win32_TerminalServiceSetting")
    members = tuple(m.model_copy(update=change) if m.name == name else m for m in row.members)
    assert says in " ".join(faults(row.model_copy(update={"members": members})))
