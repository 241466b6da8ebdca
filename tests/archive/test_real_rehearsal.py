"""Everything again on a case that the runbook really executed: the nominal rehearsal, both its runs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
from made_case import digest, files_of

from runbook.archive.diff import diff
from runbook.archive.register import register
from runbook.archive.seal import seal
from runbook.archive.verify import verify
from runbook.journal.story import read_story
from runbook.redaction.redact import redact

logging.getLogger("bagit").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rehearsal")
    call = [sys.executable, "-m", "runbook.cli", "--lang", "fr", "rehearse", "nominal"]
    done = subprocess.run(
        call, cwd=root, env={**os.environ, "RUNBOOK_HOME": str(root)}, capture_output=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return root


def test_it_is_sealed_verified_and_shown(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    sealed = seal(case, workspace / "archive")
    assert sealed.bag.name == "rehearsal-nominal-REHEARSAL"
    report = verify(sealed.bag, sealed.seal)
    assert report.ok, report.text("en")
    bagit.Bag(str(sealed.bag)).validate()
    for lang in ("fr", "en"):
        page = (sealed.bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        assert "REHEARSAL" in page and "<script" not in page
        for step in read_story(case).runs[-1].steps:
            assert f'id="r02-{step}"' in page
        assert "steps." not in page.replace("steps.json", ""), "a sentence has no words in this language"
    assert not (sealed.bag / "data" / "run.holder.json").exists()


def test_its_redacted_copy_verifies_and_names_nobody(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    copy = redact(case, workspace / "archive")
    assert verify(copy.bag, copy.seal).origin == "proven"
    bagit.Bag(str(copy.bag)).validate()
    for file in files_of(copy.bag):
        raw = file.read_bytes().lower()
        for value in (b"corp.example", b"rdlic01", b"rdlic-old1", b"rehea-rsal", b"192.0.2.10"):
            assert value not in raw, f"{value!r} in {file.name}"
    assert any("gpresult" in path for path in copy.withheld)
    out = {digest(file) for file in files_of(copy.bag)}
    inside = {digest(file) for file in files_of(case)} - out
    texts = [file.read_bytes().decode("utf-8", "replace").lower() for file in files_of(copy.bag)]
    assert len(inside) > 30 and not [plain for plain in inside if any(plain in text for text in texts)]


def test_its_runs_compare_and_the_register_has_it(workspace: Path) -> None:
    case = workspace / "cases" / "rehearsal-nominal"
    found = {step.step: (step.left, step.right) for step in diff(case / "r01", case / "r02").steps if not step.same}
    assert found["clearinghouse"] == ("waiting", "succeeded")
    assert any(row.case == "rehearsal-nominal" and row.cals == 40 for row in register(workspace).rows)
