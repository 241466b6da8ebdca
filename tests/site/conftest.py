"""One strict build of the site for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from runbook.words.sentences import LANGS

ROOT = Path(__file__).resolve().parents[2]


def build(root: Path, out: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """``mkdocs build --strict`` of the project in ``root`` into ``out``."""
    env = {k: v for k, v in os.environ.items() if k not in ("DOC_LANG", "SITE_PART")}
    env |= {"NO_MKDOCS_2_WARNING": "1", **settings}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(root / "mkdocs.yml"), "-d", str(out)]
    return subprocess.run(
        [*command, *arguments], cwd=root, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


@pytest.fixture(scope="session")
def strict_build() -> Callable[..., subprocess.CompletedProcess[str]]:
    """:func:`build`, for tests that build a changed copy."""
    return build


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The built site: fr/, en/ and index.html. Built once, also with several workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    out = shared / "site"
    with FileLock(shared / "site.lock"):
        if not (out / "index.html").is_file():
            run = build(ROOT, out)
            assert run.returncode == 0, run.stderr[-4000:]
    return out


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, list[str]]:
    """For each language, the paths of its pages below its folder."""
    return {
        lang: sorted(path.relative_to(site / lang).as_posix() for path in (site / lang).rglob("*.html"))
        for lang in LANGS
    }
