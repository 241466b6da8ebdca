"""Whole notebooks from a workstation, through papermill: each step over the line or asked from here, the record says
which. The real wrapper on real PowerShell; what stands in for WinRM, test_workstation.py says."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from runbook.knowledge import reference
from runbook.record import report

from . import server, whole_case

OWN = "line-0"
NAME = "RDLIC01.corp.example"
#: One that asks mostly hosts, from here, and one that asks the server nearly everything.
NOTEBOOKS = ("hosts", "diagnose")
pytestmark = pytest.mark.timeout(900)


def drawn() -> list[str]:
    """One of them, which each failure names; ``RUNBOOK_NOTEBOOKS``: those whose names hold it ("" for both)."""
    named = os.environ.get("RUNBOOK_NOTEBOOKS")
    if named is not None:
        return [name for name in NOTEBOOKS if named in name]
    return [random.choice(NOTEBOOKS)]


def test_notebooks_are_run_from_a_workstation(program: Path, tmp_path: Path) -> None:
    there = server.make(tmp_path / "there", {"/computer/user": "CORP\\u1", "/activation": 0})
    ends = {"/computer/name": "WS01", "/computer/user": "CORP\\u1", f"/servers/{NAME}": str(there)}
    at = whole_case.Place(tmp_path, server.make(tmp_path / "here", ends))
    whole_case.case_file(at, OWN, (f"{{name: {NAME}}}", f"{{name: {NAME}, reached: remoting}}"))
    for notebook in drawn():
        name = f"line-{notebook}"
        run = at.papermill(notebook, name, "-p", "of", OWN)
        assert run.code == 0, f"{notebook}: {run.said[-600:]}"
        assert "failed" not in run.states.values(), f"{notebook}: {run.states}"
        journal = at.journal(name)
        opened = next(row for row in journal if row["event"] == "open")
        assert opened["through"]["machine"] == "WS01", notebook
        begun = [row["step"] for row in journal if row["event"] == "begin"]
        assert begun, notebook
        for step in begun:
            over = (at.case(name) / "r01" / step / "remoting-out.json").is_file()
            assert over != (reference.step(step).script in ("hosts", "gpupdate")), f"{notebook}: {step}"
        made = (at.home / f"{name}.ipynb").read_text(encoding="utf-8")
        assert re.search(r"WS01, en tant que CORP", made), notebook
        pages = report.write(at.case(name), lang="en")
        assert pages
        for page in pages:
            assert "from WS01 as CORP\\u1" in page.read_text(encoding="utf-8"), f"{notebook}: {page.name}"
        assert not list((there / "drives/C/Windows/Temp").iterdir()), notebook
