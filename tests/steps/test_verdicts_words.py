"""The words of the verdicts and sheets: all there, none left over, the same fields in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from runbook.knowledge import reference
from runbook.papers import paper
from runbook.steps import registry
from runbook.steps.registry import Doing, doing
from runbook.words import sentences

ROOMS = (Path(registry.__file__).parent, Path(paper.__file__).parent)
SOURCES = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in room.glob("*.py"))
AREAS = {area: sentences.read_yaml(f"words/{area}") for area in ("steps", "sheets")}
ALL = [(area, key) for area, words in AREAS.items() for key in words]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("area", "key"), ALL)
def test_both_languages_say_it_with_the_same_fields(area: str, key: str) -> None:
    entry = AREAS[area][key]
    assert set(entry) == {"fr", "en"} and _fields(entry["fr"]) == _fields(entry["en"])
    assert "'" not in entry["fr"] and not re.search(r" [:;?!»]|« ", entry["fr"]), "French typography"
    assert "'" not in entry["en"]


def test_every_sentence_in_the_code_exists() -> None:
    for key in re.findall(r'Line\(\s*"steps\.(\w+)"', SOURCES):
        assert key in AREAS["steps"], key
    for key in re.findall(r'(?<!_)word\("(\w+)"', SOURCES):
        assert key in AREAS["sheets"], key


def test_every_step_has_its_verdict() -> None:
    for step in reference.steps():
        if step.page.startswith("migrate") or step.phase in ("open", "source", "install", "secure", "hosts", "close"):
            how = {"manual": "manual", "local": "local"}.get(step.kind, "judge")
            assert getattr(doing(step.id), how) is not getattr(Doing(), how), step.id
        if step.script and step.kind == "manual":
            assert doing(step.id).answer, step.id
