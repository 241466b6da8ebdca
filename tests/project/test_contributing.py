"""CONTRIBUTING.md: every worked example is carried out, on a copy of the project.

An HTML comment before a block says what is done with it: ``<!-- EXAMPLE: create PATH -->``, ``append PATH``,
``after PATH: LINE`` or ``before PATH: LINE`` (the block is inserted beside the one line that reads LINE), and
``run, shows TEXT``: each line is a command that must exit with 0 (a rehearsal's own exit code 1 is in its test), and
TEXT must be in what they print.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbook.knowledge.reference import errors

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"^<!-- (?P<example>[a-z-]+): (?P<what>.+?) -->\n(?P<fence>`{3,})\w*\n(?P<body>.*?)^(?P=fence)$", re.M | re.S
)
_LEFT_OUT = (".git", "site", "cases", "archive", "dist", "build", "node_modules", ".venv*", "*.egg-info")
_CACHES = ("__pycache__", ".*_cache", ".hypothesis", ".ipynb_checkpoints")


@dataclass(frozen=True)
class Block:
    """One block and what is done with it."""

    example: str
    what: str
    body: str


#: The example's row takes the next free number, as its text asks for.
FREE = f"E{len(errors()) + 1:02d}"
BLOCKS = [
    Block(*(found[part].replace("E99", FREE) for part in ("example", "what", "body")))
    for found in _BLOCK.finditer(TEXT)
]
EXAMPLES = list(dict.fromkeys(block.example for block in BLOCKS))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it lies there, without what running it leaves behind."""
    target = tmp_path / "project"

    def ignore(folder: str, names: list[str]) -> set[str]:
        return shutil.ignore_patterns(*_CACHES, *(_LEFT_OUT if Path(folder) == ROOT else ()))(folder, names)

    shutil.copytree(ROOT, target, ignore=ignore)
    return target


def carry_out(block: Block, root: Path) -> str:
    """Do with ``block`` what its comment says; returns what was printed."""
    verb, _, rest = block.what.partition(" ")
    if verb == "run,":
        return "".join(run(line, root) for line in block.body.splitlines())
    path, _, anchor = rest.partition(": ")
    target = root / path
    if verb == "create":
        assert not target.exists(), path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.body, encoding="utf-8", newline="\n")
        return ""
    lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
    if verb == "append":
        lines.append(block.body)
    else:
        (place,) = [number for number, line in enumerate(lines) if line.rstrip() == anchor or line.startswith(anchor)]
        lines.insert(place + {"before": 0, "after": 1}[verb], block.body)
    target.write_text("".join(lines), encoding="utf-8", newline="\n")
    return ""


def run(line: str, root: Path) -> str:
    """Run one command of an example in ``root``; it must succeed."""
    words = shlex.split(line)
    assert words[0] == "python", line
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "PYTEST_", "DOC_LANG"))}
    # The copy, not the project that is installed: also in the kernels that papermill starts.
    env = kept | {"PYTHONPATH": str(root), "RUNBOOK_HOME": str(root), "PYTHONUTF8": "1", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=root, env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_each_kind_of_contribution_has_its_example() -> None:
    assert EXAMPLES == ["error-row", "step", "page", "rehearsal", "sentence"]


def test_no_block_is_left_without_its_comment() -> None:
    """A block that nothing carries out would rot; only how to install stands alone."""
    fences = re.findall(r"^`{3,}\w+$", _BLOCK.sub("", TEXT), re.M)
    assert fences == ["```console"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_works(copy: Path, example: str) -> None:
    shown = None
    for block in BLOCKS:
        if block.example == example:
            printed = carry_out(block, copy)
            if block.what.startswith("run, shows "):
                shown = block.what.removeprefix("run, shows ")
                assert shown in printed
    assert shown is not None
