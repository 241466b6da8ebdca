"""What of the simulated server needs no PowerShell, on each system: whose a path is, its tools, the list of jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import product, pwsh, server
from .runner import Job, Worker
from .scenario import scenarios


def tool(made: Path, *words: str) -> int:
    """The exit code of one of the server's native tools."""
    argv = [sys.executable, "-S", "-E", str(pwsh.MACHINE / "natives.py"), *words]
    subprocess.run(argv, env={**os.environ, "SIM_SERVER": str(made)}, stdin=subprocess.DEVNULL, check=False, timeout=60)
    left = made / "exit"
    return int(left.read_text(encoding="ascii")) if left.is_file() else 0


def test_a_path_beside_the_servers_folder_is_the_machines_own(tmp_path: Path) -> None:
    """On Windows both have a drive letter."""
    made = server.make(tmp_path / "server", files={"D:\\from\\a.txt": "text"})
    own = tmp_path / "job"
    tool(made, "robocopy", "D:\\from", str(own), "/E")
    assert (own / "a.txt").read_text(encoding="utf-8") == "text"
    tool(made, "robocopy", str(own).upper() if os.name == "nt" else str(own), "e:\\TO", "/E")
    assert server.local(made, "E:\\TO\\a.txt").read_text(encoding="utf-8") == "text"


def test_an_exit_code_of_more_than_eight_bits_arrives(tmp_path: Path) -> None:
    assert tool(server.make(tmp_path / "server"), "esentutl", "/mh", "D:\\none.edb") == -1811


def test_a_server_and_its_job_are_laid_for_each_script(tmp_path: Path) -> None:
    for name in product.NAMES:
        job = scenarios(name)[0].prepare(tmp_path / name)
        assert server.read(job.server)["computer"]["name"] == "RDLIC01", name
        server.change(job.server, **{"/computer/name": "OTHER"})
        assert server.read(job.server)["computer"]["name"] == "OTHER", name


ANSWERS = """import json, pathlib, sys, time
jobs = pathlib.Path(sys.argv[sys.argv.index("-List") + 1])
number, last = 0, time.monotonic()
while time.monotonic() < last + 10:  # one whose starter is ended on Windows stays behind
    rows = jobs.read_text(encoding="utf-8").splitlines()
    if len(rows) == number:
        time.sleep(0.01)
        continue
    number, last = number + 1, time.monotonic()
    if number == 3:
        sys.exit(1)
    shown = json.loads(rows[-1])["Script"]
    print(json.dumps({"Error": "", "Shown": f"{number} {shown}", "Milliseconds": 1, "Ended": False}), flush=True)
"""


def test_jobs_go_to_one_process_and_one_that_ended_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "answers.py").write_text(ANSWERS, encoding="utf-8")
    line = f'"{sys.executable}" "{tmp_path / "answers.py"}"'
    program = tmp_path / ("program.cmd" if os.name == "nt" else "program")
    program.write_text(f"@{line} %*\n" if os.name == "nt" else f'#!/bin/sh\nexec {line} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    script = Path("dossier d'été.ps1")
    with Worker(program, tmp_path / "worker") as worker:
        told = [worker.ask(Job("id", script, None, tmp_path, tmp_path), 60) for _ in range(4)]
    assert [ran and ran.shown for ran in told] == [f"1 {script}", f"2 {script}", None, f"1 {script}"]
