"""The checker's knowledge: catalog.json and the tables in YAML, each with its sources."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def _yaml(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


@cache
def catalog() -> dict[str, Any]:
    """The catalog as it was given: names read from Microsoft's reference pages."""
    data: dict[str, Any] = json.loads((HERE / "catalog.json").read_text(encoding="utf-8"))
    return data


@cache
def additions() -> dict[str, Any]:
    """What the catalog lacks, with the source of each."""
    data: dict[str, Any] = _yaml("additions.yml")
    return data


@cache
def natives() -> dict[str, Any]:
    """Native tools: their switches, verbs and sources; keyed by lower-case name without ``.exe``."""
    data: dict[str, Any] = _yaml("natives.yml")
    return data


@cache
def programs() -> dict[str, Any]:
    """Launchers, modules and names around the project's own programs, with their sources."""
    data: dict[str, Any] = _yaml("programs.yml")
    return data


@cache
def commands() -> dict[str, tuple[str, frozenset[str]]]:
    """lower-case command -> (right spelling, its own and the common parameters in lower case)."""
    common = [str(name) for name in catalog()["commonParameters"]]
    out = {}
    for name, entry in {**catalog()["commands"], **additions()["commands"]}.items():
        out[name.lower()] = (name, frozenset([*entry["parameters"], *common]))
    for name, extra in additions()["parameters"].items():
        spelled, known = out[name.lower()]
        out[name.lower()] = (spelled, known | frozenset(extra["names"]))
    return out


@cache
def cim_classes() -> dict[str, dict[str, Any]]:
    """lower-case class -> {name, namespace, properties: [..], methods: {name: {in: [..], out: [..]}}}."""
    out: dict[str, dict[str, Any]] = {}
    for source in (catalog()["cim"], additions()["cim"]):
        for name, entry in source.items():
            known = out.setdefault(
                name.lower(), {"name": name, "namespace": entry.get("namespace"), "properties": [], "methods": {}}
            )
            known["namespace"] = entry.get("namespace") or known["namespace"]
            known["properties"] = [*known["properties"], *entry.get("properties", [])]
            for method, shape in entry.get("methods", {}).items():
                known["methods"][method] = {
                    side: [arg.removesuffix("[]") for arg in shape[side]] for side in ("in", "out")
                }
    return out


@cache
def types() -> dict[str, Any]:
    """.NET types, accelerators and what commands give: members and sources."""
    data: dict[str, Any] = _yaml("types.yml")
    return data
