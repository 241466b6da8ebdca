"""One list of dependencies: pyproject.toml, what is worked out of it, and what the code imports agree."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from runbook.bundle.lock import HERE, WINDOWS, Locked, Target, parse
from runbook.knowledge import reference

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, BUILD_SYSTEM = PYPROJECT["project"], PYPROJECT["build-system"]
RUN_TIME = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRA = [Requirement(text) for extra in ("site", "dev") for text in PROJECT["optional-dependencies"][extra]]


def pins(name: str) -> tuple[Locked, ...]:
    return parse((ROOT / name).read_text(encoding="utf-8"))


def versions(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pin in pins(name):
        found.setdefault(canonicalize_name(pin.name), set()).add(pin.version)
    return found


@pytest.mark.parametrize("wanted", RUN_TIME + EXTRA, ids=lambda wanted: wanted.name)
def test_every_dependency_is_pinned_and_stands_in_requirements(wanted: Requirement) -> None:
    assert [spec.operator for spec in wanted.specifier] == ["=="]
    version = next(iter(wanted.specifier)).version
    assert versions("requirements-dev.txt")[canonicalize_name(wanted.name)] == {version}


@pytest.mark.parametrize("wanted", RUN_TIME, ids=lambda wanted: wanted.name)
def test_every_dependency_of_the_runbook_stands_in_the_lock(wanted: Requirement) -> None:
    version = next(iter(wanted.specifier)).version
    assert versions("requirements.txt")[canonicalize_name(wanted.name)] == {version}


def test_the_lock_asks_for_nothing_that_the_project_does_not() -> None:
    direct = {canonicalize_name(pin.name) for pin in pins("requirements.txt") if pin.direct}
    assert direct == {canonicalize_name(wanted.name) for wanted in RUN_TIME}


def test_both_lists_hold_the_same_versions() -> None:
    everything = versions("requirements-dev.txt")
    assert {name: found for name, found in versions("requirements.txt").items() if not found <= everything[name]} == {}


def test_every_file_of_the_lock_has_its_hash() -> None:
    assert [pin.name for pin in pins("requirements.txt") if not pin.hashes] == []


def test_requirements_install_the_project_itself() -> None:
    assert "-e ." in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("target", [WINDOWS, HERE], ids=lambda target: target.name)
def test_a_target_gets_each_package_once_and_fewer_than_sixty(target: Target) -> None:
    names = [pin.name for pin in pins("requirements.txt") if pin.wanted(target)]
    assert {canonicalize_name(wanted.name) for wanted in RUN_TIME} <= set(names)
    assert len(names) == len(set(names))
    alone = sum("python_full_version == '3.12.*'" in (pin.marker or "") for pin in pins("requirements.txt"))
    assert alone == 7  # papermill wants aiohttp on 3.12 alone
    assert 50 < len(names) < 60 + (alone if target.python == (3, 12) else 0)


def test_installing_the_checkout_needs_no_build_system() -> None:
    assert BUILD_SYSTEM["requires"] == []


def test_markers_are_asked_about_the_server_and_not_about_this_machine() -> None:
    windows = {pin.name for pin in pins("requirements.txt") if pin.wanted(WINDOWS)}
    assert "colorama" in windows
    assert not {"pexpect", "ptyprocess", "appnope"} & windows


def test_every_package_of_the_bundle_has_its_purpose_and_no_other() -> None:
    assert {row.id for row in reference.wheels()} == {pin.name for pin in reference.bundled()}
    assert [row.id for row in reference.wheels()] == sorted(row.id for row in reference.wheels())


def test_every_package_of_the_bundle_is_asked_for_by_another_one() -> None:
    carried = {pin.name for pin in reference.bundled()}
    assert [pin.name for pin in reference.bundled() if not pin.direct and not carried & set(pin.via)] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_no_two_packages_own_paths_that_differ_by_case_only(lock: str) -> None:
    """On Windows such paths are one folder, and the package installed last wins: here evtx and Evtx once did.

    Looked for in the RECORD of each package that a Windows machine gets and that is installed: here those of this
    system's wheels, in .ci/windows those of Windows' wheels, and none may be missing there.
    """
    names = {canonicalize_name(pin.name) for pin in pins(lock) if pin.wanted(WINDOWS)}
    assert {"evtx", "papermill"} <= names
    spelled: dict[str, set[str]] = defaultdict(set)
    recorded = set()
    for installed in distributions():
        if (name := canonicalize_name(installed.name)) in names and installed.files:
            recorded.add(name)
            for file in installed.files:
                for path in (file, *file.parents):
                    spelled[path.as_posix().lower()].add(path.as_posix())
    missing = names - recorded
    if sys.platform == "win32":
        assert missing == set()
    only_there = {canonicalize_name(pin.name) for pin in pins(lock) if pin.wanted(WINDOWS) and not pin.wanted(HERE)}
    assert missing <= only_there
    assert len(spelled) > 1000
    assert {lower: paths for lower, paths in spelled.items() if len(paths) > 1} == {}


def test_a_line_that_is_no_pin_is_refused() -> None:
    with pytest.raises(ValueError, match="not a pin"):
        parse("papermill>=2\n")


@pytest.mark.skipif(sys.platform != "linux", reason="python-evtx is installed on Linux only (pyproject.toml says why)")
def test_every_import_is_declared() -> None:
    """A package that only comes along with another one may stop coming along."""
    owners = packages_distributions()
    run_time = {canonicalize_name(wanted.name) for wanted in RUN_TIME}
    everything = run_time | {canonicalize_name(wanted.name) for wanted in EXTRA}
    missing = []
    for folder, allowed in (
        ("runbook", run_time),
        ("macros", everything),
        ("pscheck", everything),
        ("tests", everything),
    ):
        ours = {"runbook", "macros", "pscheck", "tests", "tasks"} | {
            path.stem for path in (ROOT / folder).rglob("*.py")
        }
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in imports(path) - ours - set(sys.stdlib_module_names):
                here = everything if path.name == "materials.py" else allowed  # asks first whether its library is there
                if not {canonicalize_name(owner) for owner in owners.get(name, [])} & here:
                    missing.append(f"{path.relative_to(ROOT).as_posix()}: {name}")
    assert missing == []


def imports(path: Path) -> set[str]:
    """The top-level names that the module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found
