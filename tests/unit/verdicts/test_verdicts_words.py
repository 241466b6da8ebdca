"""The words of the verdicts and sheets: all there, none left over, the same fields in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from runbook import case, knowledge, sentences, verdicts
from runbook.verdicts import JUDGES, LOCAL, MANUAL

SOURCES = "\n".join(p.read_text(encoding="utf-8") for p in Path(verdicts.__file__).parent.glob("*.py"))
AREAS = {area: sentences.read_yaml(f"words/{area}") for area in ("steps", "sheets")}
ALL = [(area, key) for area, words in AREAS.items() for key in words]

#: Keys that are put together in the code: the part that is fixed. The other part stands in it as a word.
BUILT = {
    "steps": (
        "activate_", "attestation_lacks_", "backup_", "backup_refused_", "channel_", "clearinghouse_",
        "clearinghouse_call_", "column_", "configure_which_", "configured_", "connectivity_", "event_", "hosts_",
        "install_waiting_", "install_way_", "judged_", "mode_", "product_", "result_", "set_by_", "source_missing_",
        "state_", "trouble_",
    ),
    "sheets": (
        "call_open_2_", "call_open_3_", "call_open_4_", "call_title_", "inventory_activated_", "inventory_from_",
        "program_", "type_", "way_",
    ),
}  # fmt: skip
#: What the case file's choices are, beside the words of the code.
WORDS = SOURCES + Path(case.__file__).read_text(encoding="utf-8")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("area", "key"), ALL)
def test_both_languages_say_it_with_the_same_fields(area: str, key: str) -> None:
    entry = AREAS[area][key]
    assert set(entry) == {"fr", "en"} and _fields(entry["fr"]) == _fields(entry["en"])
    assert "'" not in entry["fr"] and not re.search(r" [:;?!»]|« ", entry["fr"]), "French typography"
    assert "'" not in entry["en"]


@pytest.mark.parametrize(("area", "key"), ALL)
def test_no_word_is_left_over(area: str, key: str) -> None:
    if re.search(rf'"(?:steps\.)?{key}"', SOURCES):
        return
    rests = [key.removeprefix(start) for start in BUILT[area] if key.startswith(start)]
    assert any(rest.isdigit() or f'"{rest}"' in WORDS or f'"{rest.replace("_", "-")}"' in WORDS for rest in rests)


def test_every_sentence_in_the_code_exists() -> None:
    for key in re.findall(r'Line\(\s*"steps\.(\w+)"', SOURCES):
        assert key in AREAS["steps"], key
    for key in re.findall(r'(?<!_)word\("(\w+)"', SOURCES):
        assert key in AREAS["sheets"], key


def test_every_step_has_its_verdict() -> None:
    for step in knowledge.steps():
        if step.page.startswith("migrate") or step.phase in ("open", "source", "install", "secure", "hosts", "close"):
            registry = {"manual": MANUAL, "local": LOCAL}.get(step.kind, JUDGES)
            assert step.id in registry, step.id
        if step.script and step.kind == "manual":
            assert step.id in JUDGES, step.id
