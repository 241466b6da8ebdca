"""The notebook that a run finds under the name of its output: kept, unless the case has it already."""

from __future__ import annotations

from pathlib import Path

import papermill  # noqa: F401 - it loads the engine, which cannot be the first of the two
import pytest

from runbook.run.engine import _keep_earlier


@pytest.mark.parametrize(
    ("there", "kept"),
    [(b"the notebook of run 1", []), (b"edited since", ["case-a.before-01.ipynb"]), (b"", [])],
)
def test_only_what_no_run_holds_is_put_aside(tmp_path: Path, there: bytes, kept: list[str]) -> None:
    case = tmp_path / "cases" / "case-a"
    (case / "r01").mkdir(parents=True)
    (case / "r01" / "migrate.ipynb").write_bytes(b"the notebook of run 1")
    output = tmp_path / "case-a.ipynb"
    output.write_bytes(there)
    _keep_earlier(output, case)
    assert [path.name for path in sorted(tmp_path.glob("*.before-*"))] == kept


def test_what_no_case_is_known_for_is_put_aside(tmp_path: Path) -> None:
    output = tmp_path / "case-a.ipynb"
    output.write_bytes(b"mine")
    _keep_earlier(output, None)
    assert (tmp_path / "case-a.before-01.ipynb").read_bytes() == b"mine"
