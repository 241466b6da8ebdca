"""The tables: each entry names its source, nothing is said twice, every reference leads somewhere."""

from __future__ import annotations

from pscheck import tables
from pscheck.values import full_name


def test_the_catalog_says_where_it_comes_from() -> None:
    assert "MicrosoftDocs/PowerShell-Docs" in tables.catalog()["about"]
    assert len(tables.catalog()["commands"]) == 749
    assert len(tables.catalog()["cim"]) == 16


def test_every_addition_has_a_source() -> None:
    additions = tables.additions()
    sections = [additions[name] for name in ("commands", "parameters", "cim", "values")]
    entries = {name: entry for section in sections for name, entry in section.items()}
    entries |= {f"native {name}": entry for name, entry in tables.natives()["tools"].items()}
    entries |= {f"type {name}": entry for name, entry in tables.types()["types"].items()}
    entries |= {f"launcher {name}": entry for name, entry in tables.programs()["launchers"].items()}
    entries |= {f"module {name}": entry for name, entry in tables.programs()["modules"].items()}
    for name in ("environments", "shell", "scripts", "made_by_the_reader"):
        entries[name] = tables.programs()[name]
    for name in ("automatic_variables", "preference_variables", "environment", "localised_properties"):
        entries[name] = additions[name]
    assert [name for name, entry in entries.items() if not entry.get("source")] == []


def test_no_addition_repeats_the_catalog() -> None:
    known = tables.catalog()["commands"]
    assert [name for name in tables.additions()["commands"] if name in known] == []
    for name, entry in tables.additions()["cim"].items():
        methods = tables.catalog()["cim"].get(name, {}).get("methods", {})
        assert not set(entry.get("methods", {})) & set(methods)


def test_aliases_and_outputs_lead_to_what_is_known() -> None:
    known = tables.commands()
    elsewhere = {"Clear-Host", "help", "Invoke-Expression"}  # functions, and what is refused anyway
    lost = [to for to in tables.additions()["aliases"].values() if to.lower() not in known and to not in elsewhere]
    assert lost == []
    assert [name for name in tables.types()["outputs"] if name.lower() not in known] == []


def test_every_type_that_is_named_exists() -> None:
    named = set(tables.types()["accelerators"].values()) | set(tables.types()["automatic"].values())
    for output in tables.types()["outputs"].values():
        named |= set(output.split(" or ")) - {"nothing"}
    for entry in tables.types()["types"].values():
        for word in [*entry.get("members", []), *entry.get("static", [])]:
            _, _, result = str(word).partition(" -> ")
            named |= {result} - {"", "ELEMENT"}
    assert [name for name in sorted(named) if full_name(name) is None] == []
