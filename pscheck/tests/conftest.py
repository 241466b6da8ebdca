"""The texts are parsed by PowerShell itself: without one the tests are skipped by name, in CI they fail."""

from __future__ import annotations

import pytest

from tests.simulated import pwsh


@pytest.fixture(autouse=True, scope="session")
def _parser() -> None:
    if pwsh.find() is None:
        ended = pytest.skip if pwsh.missing() else pytest.fail
        ended("no pwsh: tests/simulated/README.md says where it is looked for")
