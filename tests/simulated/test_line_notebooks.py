"""Whole notebooks from a workstation, through papermill: each step over the line or asked from here, the record says
which. The real wrapper on real PowerShell; what stands in for WinRM, test_workstation.py says."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from runbook.host.remoting import ASKED_FROM_HERE
from runbook.knowledge import reference
from runbook.record import report

from . import server, whole_case
from .conftest import posix

OWN = "line-0"
NAME = "RDLIC01.corp.example"
PLACE = "D:\\Backups\\RDS-Licensing"
#: The notebooks around ``migrate`` and what is named in ``apply``: copies over the line, and a report.
NOTEBOOKS = {
    "hosts": "",
    "diagnose": "",
    "backup": "backup-folder,backup-vss,backup-second-copy,backup-retention",
    "restore": "",
    "audit": "audit-report",
}
pytestmark = [pytest.mark.timeout(900), posix]


def old_copy(dated: str) -> dict[str, Any]:
    """A finished copy of the database on the server, as ``server.make`` lays it, with its list of files."""
    folder, sizes = f"{PLACE}\\{dated}", {"TLSLic.edb": 65536, "edb.log": 4096}
    rows = [
        {"Name": name, "Size": n, "Sha256": hashlib.sha256(bytes(n)).hexdigest().upper()} for name, n in sizes.items()
    ]
    os_of = server.healthy()["os"]
    manifest = {
        "Format": 1,
        "MadeAt": dt.datetime.strptime(dated, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).isoformat(),
        "Way": "stop",
        "ComputerName": "RDLIC01",
        "OsVersion": os_of["Version"],
        "OsInstalledAt": os_of["InstallDate"],
        "Source": server.DATABASE,
        "Files": rows,
    }
    return {f"{folder}\\{name}": n for name, n in sizes.items()} | {f"{folder}.json": json.dumps(manifest)}


def drawn(draw: int) -> list[str]:
    """One of them, which each failure names; ``RUNBOOK_NOTEBOOKS``: those whose names hold it ("" for all five)."""
    named = os.environ.get("RUNBOOK_NOTEBOOKS")
    if named is not None:
        return [name for name in NOTEBOOKS if named in name]
    return [random.Random(draw).choice(list(NOTEBOOKS))]


def test_notebooks_are_run_from_a_workstation(program: Path, tmp_path: Path, draw: int) -> None:
    earlier = old_copy("20260101T020000Z") | old_copy("20260102T020000Z")
    there = server.make(tmp_path / "there", {"/computer/user": "CORP\\u1", "/activation": 0}, earlier)
    ends = {"/computer/name": "WS01", "/computer/user": "CORP\\u1", f"/servers/{NAME}": str(there)}
    at = whole_case.Place(tmp_path, server.make(tmp_path / "here", ends))
    kept = ("keep: 5}", "keep: 2, second_copy: '\\\\FILES01\\Backups'}")
    whole_case.case_file(at, OWN, (f"{{name: {NAME}}}", f"{{name: {NAME}, reached: remoting}}"), kept)
    for notebook in drawn(draw):
        name = f"line-{notebook}"
        applied = ["-p", "apply", NOTEBOOKS[notebook]] if NOTEBOOKS[notebook] else []
        run = at.papermill(notebook, name, "-p", "of", OWN, *applied)
        assert run.code == 0, f"{notebook}: {run.said[-600:]}"
        assert "failed" not in run.states.values(), f"{notebook}: {run.states}"
        for change in filter(None, NOTEBOOKS[notebook].split(",")):
            assert run.states[change] in ("succeeded", "finding"), f"{notebook}: {change} {run.states[change]}"
        journal = at.journal(name)
        opened = next(row for row in journal if row["event"] == "open")
        assert opened["through"]["machine"] == "WS01", notebook
        begun = [row["step"] for row in journal if row["event"] == "begin"]
        assert begun, notebook
        for step in begun:
            over = (at.case(name) / "r01" / step / "remoting-out.json").is_file()
            assert over != (reference.step(step).script in ASKED_FROM_HERE), f"{notebook}: {step}"
        made = (at.home / f"{name}.ipynb").read_text(encoding="utf-8")
        assert re.search(r"WS01, en tant que CORP", made), notebook
        pages = report.write(at.case(name), lang="en")
        assert pages
        for page in pages:
            assert "from WS01 as CORP\\u1" in page.read_text(encoding="utf-8"), f"{notebook}: {page.name}"
        assert not list((there / "drives/C/Windows/Temp").iterdir()), notebook
