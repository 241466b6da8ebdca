"""A pwsh to run on, and the scenarios that this session asks for, run together once."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from . import pwsh
from .runner import Ran, run
from .scenario import Scenario

#: For what stands in for powershell.exe by a script of POSIX, or is held to what 7 says there.
posix = pytest.mark.skipif(sys.platform == "win32", reason="on Windows the scenarios alone: tests/simulated/README.md")


@pytest.fixture(scope="session")
def program() -> Path:
    """The pwsh. Missing: the test is skipped by name; in CI it fails."""
    if sys.platform == "win32":
        if named := pwsh.asked():
            return named
        pytest.skip("on Windows by name, RUNBOOK_SIMULATED=powershell or =pwsh: tests/simulated/README.md")
    found = pwsh.find()
    if found is None:
        reason = "no pwsh: tests/simulated/README.md says where it is looked for"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(frozen=True)
class Played:
    """The scenarios of this session as they went: by id its folder and what came back."""

    homes: dict[str, Path]
    ran: dict[str, Ran]


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Every scenario that is a test of this session (``-k`` leaves the others out), in two processes.

    With pytest-xdist the first worker that asks runs them, the others wait and read what came back.
    """
    asked: list[Scenario] = []
    for item in request.session.items:
        call = getattr(item, "callspec", None)
        if call is not None and isinstance(found := call.params.get("scenario"), Scenario):
            asked.append(found)
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "simulated"
    homes = {scenario.id: folder / str(number) for number, scenario in enumerate(asked)}
    told = folder / "told.json"
    with FileLock(f"{folder}.lock"):
        if not told.is_file():
            folder.mkdir()
            jobs = [scenario.prepare(homes[scenario.id]) for scenario in asked]
            ran = run(jobs, folder, program)
            told.write_text(json.dumps({name: asdict(one) for name, one in ran.items()}), encoding="utf-8")
    ran = {name: Ran(**one) for name, one in json.loads(told.read_text(encoding="utf-8")).items()}
    if asked and not ran:
        said = [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("stderr.txt")]
        pytest.fail(f"{program} gave no answer at all: {said}")
    return Played(homes, ran)
