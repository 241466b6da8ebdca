"""Every step script, unchanged, on simulated servers: what it answers, what it leaves, what the product makes of it."""

from __future__ import annotations

import sys

import pytest

from . import product
from .conftest import Played
from .scenario import ZONE, Scenario, all_scenarios, judge

#: The first test waits for all of them: half a minute on two idle cores, much more where others work there too.
pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("scenario", tuple(all_scenarios()), ids=lambda scenario: scenario.id)
def test_scenario(scenario: Scenario, played: Played) -> None:
    if sys.platform == "win32" and any(path.endswith(ZONE) for path in scenario.said["server"]):
        pytest.skip("a time zone of its own, and Windows knows no TZ")
    wrong = judge(scenario, played.homes[scenario.id], played.ran.get(scenario.id))
    assert not wrong, "; ".join(wrong)


def test_every_script_has_scenarios() -> None:
    assert {scenario.script for scenario in all_scenarios()} == set(product.NAMES)
