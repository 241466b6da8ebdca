"""A policy's names and the group that it admits are those of the template it cites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.knowledge import reference
from runbook.knowledge.reference import Policy

FIXTURE = Path(__file__).parent / "fixtures" / "terminal-server-adml.yml"
TEMPLATE: dict[str, dict[str, Any]] = yaml.safe_load(FIXTURE.read_text(encoding="utf-8"))
#: The group of Windows Server 2008 and 2008 R2, which the template of this Windows does not name any more.
OLD_GROUP = "Terminal Server Computers"


def plain(text: str) -> str:
    """``text`` with the template's straight apostrophes and blanks."""
    return text.replace("’", "'").replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("row", reference.policies(), ids=lambda row: row.id)
def test_a_policy_is_called_what_the_template_calls_it(row: Policy) -> None:
    named = TEMPLATE[row.id]
    assert (plain(row.name.fr), row.name.en) == (named["fr"], named["en"])
    group = {"fr": plain(row.group.name.fr), "en": row.group.name.en} if row.group else None
    assert group == named.get("group")


def test_the_label_that_the_template_calls_deprecated_is_called_so() -> None:
    mode = next(row for row in reference.policies() if row.id == "mode")
    assert TEMPLATE["mode"]["deprecated"] in {plain(value.label.fr) for value in mode.values}
    assert "déconseillé" in mode.purpose.fr and "deprecated" in mode.purpose.en


def test_nobody_is_sent_to_the_group_of_2008() -> None:
    """What is to be done names the template's group; the old name stands only in messages and explanations."""
    rows = [*reference.errors(), *reference.events()]
    assert [row for row in rows if OLD_GROUP in row.fix.en + row.fix.fr] == []
    group = next(row.group for row in reference.policies() if row.id == "security-group")
    assert group is not None
    for key in ("E12", "E31"):
        fix = reference.problem(key).fix
        assert group.sid in fix.en and group.sid in fix.fr
        assert group.name.en in fix.en and group.name.fr in fix.fr
    for key in ("LS-4140", "LS-4141"):
        assert group.sid in reference.event(key).fix.en
