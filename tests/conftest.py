"""What tests need of the machine beside Python."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# What a test sees in words does not depend on the machine that runs it; children of the tests inherit it.
os.environ.pop("LC_ALL", None)
os.environ.pop("LC_MESSAGES", None)
os.environ["LANG"] = "fr_FR.UTF-8"
# Nor does what they read from a pipe, but for tests/words, which asks what a console of Windows reads.
os.environ["PYTHONIOENCODING"] = "utf-8"
# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl+C, which some press.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, str(Path(__file__).parent / "made"))  # cases and stand-ins that the tests of several rooms build on

if os.environ.get("RUNBOOK_COVERAGE"):  # before anything of the package is imported
    from measured import pytest_runtest_setup, pytest_sessionfinish

    __all__ = ["pytest_runtest_setup", "pytest_sessionfinish"]

from wine import on_wine

from runbook.papers.browser import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


#: By which a test draws what it tries: another number each time, printed at the head of the report. Workers inherit it.
os.environ.setdefault("RUNBOOK_DRAW", str(random.SystemRandom().randrange(1_000_000)))


def pytest_report_header() -> str:
    """The draw, to draw the same again."""
    return f"drawn by RUNBOOK_DRAW={os.environ['RUNBOOK_DRAW']}"


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """This process loses no power, so it waits for no disk to have written: half the time of a case that is played in
    it. What a cut takes away is tried by the tests that kill processes of their own, which do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def draw() -> int:
    """The number by which this run of the tests draws."""
    return int(os.environ["RUNBOOK_DRAW"])


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
            if on_wine():
                pytest.skip("Wine has no browser")
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return browser


@pytest.fixture(scope="session")
def chromium(need_browser: Callable[[], Path]) -> Iterator[Browser]:
    """The browser of all tests of this process (a second driver beside it refuses to start), no name resolvable."""
    from playwright.sync_api import sync_playwright  # the tests on Windows' Python have none

    path = need_browser()  # first: on a system without one its driver may not start either
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(path),
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()
