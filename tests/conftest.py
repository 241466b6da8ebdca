"""What tests need of the machine beside Python."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.record.pdf import find_browser


@pytest.fixture(scope="session")
def need() -> Callable[..., str]:
    """``need("firefox-esr", "firefox")``: where the first of these programs lies.

    Missing: the test is skipped; in CI on Linux it fails, because ``.ci/run`` installs them all.
    """

    def program(*names: str) -> str:
        found = next((path for name in names if (path := shutil.which(name))), None)
        if found is None:
            reason = f"{names[0]} is not installed"
            if os.environ.get("CI") and sys.platform == "linux":
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return program


@pytest.fixture(scope="session")
def need_browser() -> Callable[[], Path]:
    """The installed Chromium, Chrome or Edge. Missing: the test is skipped; in CI it fails."""

    def browser() -> Path:
        found = find_browser()
        if found is None:
            reason = "no Chromium, Chrome or Edge is installed"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return browser
