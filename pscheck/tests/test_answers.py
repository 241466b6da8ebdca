"""A script and the reader of its answer name the same things: every object that out.json can hold is written
somewhere in the script with exactly the keys of its model."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from pscheck.tree import entries, parse
from runbook.steps.opening import LicenseServerPrivate
from runbook.steps.registry import answers

STEPS = Path(__file__).resolve().parents[2] / "notebooks" / "steps"
#: What the scripts write to private.json (PascalCase, as in out.json).
PRIVATE = {"license-server": {"ProductId", "LicenseServerId"}, "activate": {"LicenseServerId"}}


def parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """``model`` and every model that one of its fields can hold."""
    yield model
    for info in model.model_fields.values():
        yield from inside(info.annotation)


def inside(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from parts(annotation)
    for argument in typing.get_args(annotation):
        yield from inside(argument)


def names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in model.model_fields.items())


def written(script: str) -> set[frozenset[str]]:
    """The key sets of all hashtable literals of a script."""
    root, _ = parse((STEPS / f"{script}.ps1").read_text(encoding="utf-8"))
    assert root is not None
    return {frozenset(key.text for key, _, _ in entries(literal)) for literal in root.find("Hashtable")}


@pytest.mark.parametrize("script", sorted(answers()))
def test_every_object_of_an_answer_is_written_with_its_models_names(script: str) -> None:
    found = written(script)
    for model in dict.fromkeys(parts(answers()[script])):
        assert names(model) in found, f"{script}.ps1 writes no object like {model.__name__}"


@pytest.mark.parametrize(("script", "keys"), sorted(PRIVATE.items()))
def test_identifiers_in_full_have_a_reader(script: str, keys: set[str]) -> None:
    assert keys <= names(LicenseServerPrivate)
    # Put together as text: no cmdlet is given an identifier (module logging writes parameters down in full).
    text = (STEPS / f"{script}.ps1").read_text(encoding="utf-8")
    assert all(f'"{key}": "\' + $' in text for key in keys)
