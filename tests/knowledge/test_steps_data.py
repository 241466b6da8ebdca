"""steps.yml: the steps hang together, say everything twice, and each script has its step and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from runbook.knowledge import reference
from runbook.knowledge.records import Ask, Step, Text
from runbook.steps.registry import answers
from runbook.words import sentences

STEPS = reference.steps()
IDS = [step.id for step in STEPS]
SCRIPTS = sorted((sentences.data_root() / "notebooks" / "steps").glob("*.ps1"))
by_id = pytest.mark.parametrize("step", STEPS, ids=IDS)


def texts(step: Step) -> Iterator[Text]:
    yield from (step.title, step.description)
    if step.undo:
        yield step.undo
    yield from asked(step.asks)


def asked(asks: tuple[Ask, ...]) -> Iterator[Text]:
    for ask in asks:
        yield ask.title
        yield from (choice.title for choice in ask.choices)
        yield from asked(ask.items)


def test_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


@by_id
def test_a_step_needs_only_what_comes_before_it(step: Step) -> None:
    assert set(step.needs) <= set(IDS[: IDS.index(step.id)])


@by_id
def test_what_changes_something_says_how_to_take_it_back(step: Step) -> None:
    if step.kind == "change" or (step.kind == "manual" and step.script is not None):
        assert step.undo is not None
    assert step.undo is None or step.kind in ("change", "manual")  # what only reads has nothing to take back


@by_id
def test_kinds_and_parts_fit(step: Step) -> None:
    assert bool(step.asks) == (step.kind == "manual")
    assert not (step.script is None and step.kind in ("check", "change"))
    assert not (step.script is not None and step.kind == "local")
    assert not step.frozen or step.kind == "check"
    assert not step.transient or step.kind == "check"  # a change is never tried again on a guess


def test_one_dead_host_never_blocks_the_backup() -> None:
    assert not {need for need in needed("backup") if need.startswith("hosts-")}


def test_a_closed_automatic_way_leaves_the_telephone_open() -> None:
    assert "network" not in needed("clearinghouse")


def needed(step_id: str) -> set[str]:
    """Everything that a step needs, directly or not."""
    found: set[str] = set()
    for need in reference.step(step_id).needs:
        found |= {need} | needed(need)
    return found


def test_what_is_bearer_value_is_private() -> None:
    def walk(asks: tuple[Ask, ...]) -> Iterator[Ask]:
        for ask in asks:
            yield ask
            yield from walk(ask.items)

    secret = [ask for step in STEPS for ask in walk(step.asks) if ask.type in ("id35", "code")]
    assert secret
    assert all(ask.private for ask in secret)


@by_id
def test_french_is_typeset_as_french(step: Step) -> None:
    for text in texts(step):
        assert text.fr.strip() and text.en.strip()
        assert "'" not in text.fr, text.fr
        assert not re.search(r"(?<![\u00a0A-Z:])[:;?!»](?=\s|$)|«(?!\u00a0)", text.fr), text.fr
        assert "\u00a0" not in text.en, text.en


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_belongs_to_a_step_and_has_an_answer(path: object) -> None:
    stem = getattr(path, "stem", "")
    assert stem in {step.script for step in STEPS}
    assert stem in answers()


def test_every_answer_has_a_script() -> None:
    assert set(answers()) == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_has_the_shape_that_serves_runner_and_person(path: object) -> None:
    raw = path.read_bytes()  # type: ignore[attr-defined]
    assert raw.isascii()  # so that a copy without its byte order mark means the same to Windows PowerShell 5.1
    assert b"\r" not in raw
    text = raw.decode("ascii")
    head = "#region runbook\nparam([string] $InputPath, [string] $OutputPath)\n#endregion runbook\n"
    assert text.startswith(head + "Set-StrictMode -Version Latest\n$ErrorActionPreference = 'Stop'\n")
    assert text.endswith("#endregion runbook\n$result\n")
    pasted = reference.pasted(text)
    assert "$OutputPath" not in pasted and "$given" not in pasted and "param([string] $InputPath" not in pasted
    assert not re.search(r"^\s*(exit|Restart-Service)\b", text, re.MULTILINE | re.IGNORECASE)
