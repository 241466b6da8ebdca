"""The project as it goes into a bundle: what a commit holds, whatever lies beside it in the working folder."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import BadInput
from runbook.words.sentences import say

#: What the site, the notebooks and the wheel are made from (the site shows the tree of the tests). Of a commit all is
#: copied; where there is no git, only these.
PARTS = ("LICENSE", "README.md", "docs", "knowledge", "macros", "mkdocs.yml", "notebooks", "overrides",
         "pyproject.toml", "requirements.txt", "runbook", "tests")  # fmt: skip
_NOT_OURS = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")


@dataclass(frozen=True)
class Source:
    """The copy in ``folder``; ``commit`` is the commit's hash, None for a project without git. ``changed``: the
    working folder holds changes that the copy does not."""

    folder: Path
    commit: str | None
    changed: bool


def export(root: Path, folder: Path, lang: str) -> Source:
    """Copy the project in ``root`` into the empty ``folder``: of a git repository its newest commit, else the files.

    Raises BadInput where ``root`` is no checkout (the installed package has neither pages nor build settings).
    """
    missing = [part for part in PARTS if not (root / part).exists()]
    if missing:
        raise BadInput(say("bundle.no_checkout", lang, missing=", ".join(missing)))
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else None
    if commit is None:
        for part in PARTS:
            _copy(root / part, folder / part)
        return Source(folder, None, False)
    # The line ends are those of .gitattributes, whatever this machine prefers.
    packed = _git(root, "-c", "core.autocrlf=false", "archive", "--format=tar", "HEAD")
    if packed is None:
        raise BadInput(say("bundle.not_committed", lang))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    changed = bool(_git(root, "status", "--porcelain"))
    return Source(folder, commit.decode("ascii").strip(), changed)


def _git(root: Path, *words: str) -> bytes | None:
    """What git answers, None where there is no git or it refuses."""
    try:
        run = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return None if run.returncode else run.stdout


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_NOT_OURS))
    else:
        shutil.copyfile(source, target)
