"""Typed facts and the journal's plain ones are the same thing: what an earlier edition wrote is read whole, and what is
written now has the same form."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.journal.context import Context
from runbook.journal.facts import Decided, Facts, Retold
from runbook.knowledge import reference
from runbook.steps import registry
from runbook.steps.backup_copies import Copies
from runbook.steps.key_packs import Counted, HeldBefore, Inventory
from runbook.steps.reading import Refused

BEFORE = Path(__file__).parents[1] / "journal" / "fixtures" / "case-of-version-before.zip"


def kinds(base: type[Facts] = Facts) -> Iterator[type[Facts]]:
    """Every class of facts that a step's module defines."""
    registry.doing("preflight")  # loads them all
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def of_step(step: str) -> list[type[Facts]]:
    return [kind for kind in kinds() if kind.step == step]


def ends_before() -> list[dict[str, Any]]:
    """The ``end`` lines with facts of a case that the version of commit 06b4fcb played."""
    with zipfile.ZipFile(BEFORE) as packed:
        lines = packed.read("case-old/journal.jsonl").decode().splitlines()
    return [e for line in lines if (e := json.loads(line))["event"] == "end" and e["facts"]]


def test_every_step_of_a_class_exists() -> None:
    known = {step.id for step in reference.steps()}
    assert {kind.step for kind in kinds()} - known == {""}, "a base, or facts that any step may leave"


@pytest.mark.parametrize("end", ends_before(), ids=lambda end: f"{end['run']}-{end['step']}")
def test_what_the_version_before_wrote_is_read_and_written_alike(end: dict[str, Any]) -> None:
    found = [kind.of(end["facts"]) for kind in of_step(end["step"])]
    assert end["facts"] in [facts.plain() for facts in found if facts]
    assert Retold(**end["facts"]).plain() == end["facts"]


def test_facts_of_another_kind_are_none() -> None:
    assert Counted.of(None) is None and Counted.of({}) is None
    assert Counted.of(Refused(code="0x80041010").plain()) is None, "a step that failed says its code alone"
    decided = Decided(decided=True, who="someone", reason="seen", at="2024-01-09")
    assert HeldBefore.of(decided.plain()) is None
    with pytest.raises(ValueError, match="counted_after"):
        Counted.of({"counted_after": "forty"})


def test_only_what_was_given_is_written_under_its_name_in_the_journal() -> None:
    assert Copies(destination="D:\\").plain() == {"destination": "D:\\"}
    assert Inventory(rows=(), total=0).plain() == {"packs": [], "total": 0}
    assert Inventory.of({"packs": [], "later": "a newer edition's"}) == Inventory(rows=())


def test_a_later_step_asks_for_the_class(make_context: Any) -> None:
    context: Context = make_context(told={Counted.step: Counted(counted_after=40).plain()})
    assert context.known(Counted).counted_after == 40
    assert context.facts(HeldBefore) is None and context.known(HeldBefore).count == 0
