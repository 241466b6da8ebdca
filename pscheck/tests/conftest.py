"""The texts are parsed by PowerShell itself: without one the tests are skipped by name, in CI they fail."""

from __future__ import annotations

import os

import pytest

from tests.simulated import pwsh


@pytest.fixture(autouse=True, scope="session")
def _parser() -> None:
    if pwsh.find() is None:
        reason = "no pwsh: tests/simulated/README.md says where it is looked for"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
