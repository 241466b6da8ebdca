"""One list of dependencies: pyproject.toml, what is worked out of it, and what the code imports agree."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from runbook import knowledge
from runbook.knowledge_lock import HERE, WINDOWS, Locked, parse

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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
    assert versions("requirements.txt")[canonicalize_name(wanted.name)] == {version}


@pytest.mark.parametrize("wanted", RUN_TIME, ids=lambda wanted: wanted.name)
def test_every_dependency_of_the_runbook_stands_in_the_lock(wanted: Requirement) -> None:
    version = next(iter(wanted.specifier)).version
    assert versions("bundle.lock")[canonicalize_name(wanted.name)] == {version}


def test_the_lock_asks_for_nothing_that_the_project_does_not() -> None:
    direct = {canonicalize_name(pin.name) for pin in pins("bundle.lock") if pin.direct}
    assert direct == {canonicalize_name(wanted.name) for wanted in RUN_TIME}


def test_both_lists_hold_the_same_versions() -> None:
    everything = versions("requirements.txt")
    assert {name: found for name, found in versions("bundle.lock").items() if not found <= everything[name]} == {}


def test_every_file_of_the_lock_has_its_hash() -> None:
    assert [pin.name for pin in pins("bundle.lock") if not pin.hashes] == []


def test_requirements_install_the_project_itself() -> None:
    assert "-e ." in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("target", [WINDOWS, HERE], ids=lambda target: target.name)
def test_a_target_gets_each_package_once(target: object) -> None:
    names = [pin.name for pin in pins("bundle.lock") if pin.wanted(target)]  # type: ignore[arg-type]
    assert len(names) == len(set(names))
    assert len(names) > 50


def test_markers_are_asked_about_the_server_and_not_about_this_machine() -> None:
    windows = {pin.name for pin in pins("bundle.lock") if pin.wanted(WINDOWS)}
    assert "colorama" in windows
    assert not {"pexpect", "ptyprocess", "appnope"} & windows


def test_every_package_of_the_bundle_has_its_purpose_and_no_other() -> None:
    assert {row.id for row in knowledge.wheels()} == {pin.name for pin in knowledge.bundled()}
    assert [row.id for row in knowledge.wheels()] == sorted(row.id for row in knowledge.wheels())


def test_every_package_of_the_bundle_is_asked_for_by_another_one() -> None:
    carried = {pin.name for pin in knowledge.bundled()}
    assert [pin.name for pin in knowledge.bundled() if not pin.direct and not carried & set(pin.via)] == []


def test_a_line_that_is_no_pin_is_refused() -> None:
    with pytest.raises(ValueError, match="not a pin"):
        parse("papermill>=2\n")


def test_every_import_is_declared() -> None:
    """A package that only comes along with another one may stop coming along."""
    owners = packages_distributions()
    run_time = {canonicalize_name(wanted.name) for wanted in RUN_TIME}
    everything = run_time | {canonicalize_name(wanted.name) for wanted in EXTRA}
    missing = []
    for folder, allowed in (("runbook", run_time), ("macros", everything), ("tests", everything)):
        ours = {"runbook", "macros", "tests", "tasks"} | {path.stem for path in (ROOT / folder).rglob("*.py")}
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in imports(path) - ours - set(sys.stdlib_module_names):
                if not {canonicalize_name(owner) for owner in owners.get(name, [])} & allowed:
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
