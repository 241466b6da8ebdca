"""The checker's knowledge: catalog.json and the tables in YAML, each with its sources."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml


@cache
def _read(name: str) -> Any:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


#: Names read from Microsoft's reference pages, as they were given.
catalog = partial(_read, "catalog.json")
#: What the catalog lacks, with the source of each.
additions = partial(_read, "additions.yml")
#: Native tools: their switches, verbs and sources; keyed by lower-case name without ``.exe``.
natives = partial(_read, "natives.yml")
#: Launchers, modules and names around the project's own programs, with their sources.
programs = partial(_read, "programs.yml")
#: .NET types, accelerators and what commands give: members and sources.
types = partial(_read, "types.yml")


@cache
def commands() -> dict[str, tuple[str, frozenset[str]]]:
    """lower-case command -> (right spelling, its own and the common parameters)."""
    extra = {name: entry["names"] for name, entry in additions()["parameters"].items()}
    return {
        name.lower(): (
            name, frozenset([*entry["parameters"], *catalog()["commonParameters"], *extra.get(name, [])]),
        )
        for name, entry in {**catalog()["commands"], **additions()["commands"]}.items()
    }  # fmt: skip


@cache
def cim_classes() -> dict[str, dict[str, Any]]:
    """lower-case class -> {name, namespace, properties: [..], methods: {name: {in: [..], out: [..]}}}."""
    out: dict[str, dict[str, Any]] = {}
    for name, entry in [*catalog()["cim"].items(), *additions()["cim"].items()]:
        known = out.setdefault(name.lower(), {"name": name, "properties": [], "methods": {}})
        known["namespace"] = entry.get("namespace") or known.get("namespace")
        known["properties"] = [*known["properties"], *entry.get("properties", [])]
        for method, shape in entry.get("methods", {}).items():
            known["methods"][method] = {side: [arg.removesuffix("[]") for arg in shape[side]] for side in ("in", "out")}
    return out
