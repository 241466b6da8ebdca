"""Files that other programs read: pre-commit, citation, tasks. Each names what exists and says the same as the rest."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from runbook import __version__

ROOT = Path(__file__).resolve().parents[2]
TABLE: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "runbook-tasks"
]
(LOCAL,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
HOOKS = {hook["id"]: hook for hook in LOCAL["hooks"]}
COMMANDS = [command for commands in TABLE.values() for command in commands] + [h["entry"] for h in HOOKS.values()]


def test_hooks_are_local_and_download_nothing() -> None:
    assert LOCAL["repo"] == "local"
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}
    assert set(HOOKS) >= {"ruff", "pairing", "schemas", "parity"}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=list(HOOKS))
def test_a_hook_looks_at_files_that_exist(hook: dict[str, str]) -> None:
    if "files" in hook:
        names = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
        assert any(re.search(hook["files"], name) for name in names)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_modules_and_files_that_exist(command: str) -> None:
    words = shlex.split(command)
    assert words[0] == "python" or shutil.which(words[0], path=str(Path(sys.executable).parent))
    if words[1] == "-m":
        assert importlib.util.find_spec(words[2]) is not None
    for word in words[1:]:
        if word.startswith("tests/") or word.endswith((".py", ".in", ".lock", ".toml")):
            assert (ROOT / word).exists(), word


def test_the_tasks_that_contributors_need_are_there() -> None:
    assert set(TABLE) >= {"lint", "types", "tests", "site", "bench"}


def tasks(*names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tasks.py"), *names]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_tasks_are_listed() -> None:
    done = tasks()
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(TABLE)


def test_an_unknown_task_runs_nothing() -> None:
    done = tasks("lint", "nothing-of-the-kind")
    assert done.returncode == 2
    assert done.stdout.startswith("lint ")


def test_a_task_that_fails_says_so_and_stops(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_bytes((ROOT / "tasks.py").read_bytes())
    table = "[tool.runbook-tasks]\nbad = [\"python -c 'raise SystemExit(3)'\", \"python -c 'print(1)'\"]\n"
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "tasks.py", "bad"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 3
    assert done.stdout == ""


def test_the_citation_says_what_the_project_says() -> None:
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (said["title"], str(said["version"]), said["license"]) == (project["name"], __version__, project["license"])
    assert {"cff-version", "message", "authors"} <= set(said)
    assert project["version"] == __version__


def test_the_versions_of_python_that_are_named_are_those_that_are_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    named = [name.rpartition(" :: ")[2] for name in project["classifiers"] if " :: Python :: 3." in name]
    assert named == workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={named[0]}"


def test_the_face_of_a_package_holds_a_docstring_only() -> None:
    """But for the version, and for what the macros plugin of MkDocs looks for by the package's name."""
    faces = {path for room in ("runbook", "macros", "pscheck") for path in (ROOT / room).rglob("__init__.py")}
    for face in faces - {ROOT / "runbook" / "__init__.py", ROOT / "macros" / "__init__.py"}:
        body = ast.parse(face.read_text(encoding="utf-8")).body
        assert all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body), face


def test_no_module_of_the_runbook_lies_loose() -> None:
    loose = {path.stem for path in (ROOT / "runbook").glob("*.py")}
    assert loose == {"__init__", "__main__", "cli", "errors", "files", "magics"}
