"""Branch coverage of ``runbook`` by the tests of its own rooms, measured while the suite runs (``RUNBOOK_COVERAGE``).

Tracing is off wherever a test starts kernels, browsers or PowerShell, or draws thousands of inputs: it would cost much
there and see little of it. So the figure says what the rooms' tests reach, not what the whole suite does. Each process
leaves a file; ``python tasks.py coverage`` puts them together and prints the table.
"""

from __future__ import annotations

from pathlib import Path

import coverage
import pytest

#: The rooms whose tests call the code itself, and not for long: traced code takes 1.9 times its time (Python 3.11).
ROOMS = frozenset({"case", "commands", "journal", "papers", "steps", "words"})
_TESTS = Path(__file__).resolve().parents[1]

_measured = coverage.Coverage(data_suffix=True)
_measured.start()  # now, so that what a module does when it is imported counts
_tracing = True


def _trace(wanted: bool) -> None:
    global _tracing
    if wanted is not _tracing:
        (_measured.start if wanted else _measured.stop)()
        _tracing = wanted


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Trace this test, or do not."""
    _trace(item.path.is_relative_to(_TESTS) and item.path.relative_to(_TESTS).parts[0] in ROOMS)


def pytest_sessionfinish() -> None:
    """Leave what was seen beside the project's settings."""
    _trace(False)
    _measured.save()
