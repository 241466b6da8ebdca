"""Runs step scripts on simulated servers, many in one process of PowerShell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import pwsh

PROCESSES = 2  # the machines this runs on have two cores


@dataclass(frozen=True)
class Job:
    """One script on one server. ``given``: in.json, None where the script is run without it, as by hand."""

    id: str
    script: Path
    given: Path | None
    out: Path
    server: Path


@dataclass(frozen=True)
class Ran:
    """What came back beside out.json: its errors ("" = none), what it showed, how long it took, did an error end it."""

    error: str
    shown: str
    milliseconds: int
    ended: bool


def run(
    jobs: Sequence[Job], folder: Path, program: Path, processes: int = PROCESSES, limit: float = 800
) -> dict[str, Ran]:
    """Run ``jobs``; of a process that ends early, or past ``limit`` seconds, the rest of its jobs has no answer."""
    running = []
    for number in range(processes):
        share = jobs[number::processes]
        if not share:
            continue
        listed = folder / f"jobs{number}.json"
        rows = [
            {
                "Id": j.id,
                "Script": str(j.script),
                "InputPath": str(j.given or ""),
                "OutputPath": str(j.out),
                "Server": str(j.server),
            }
            for j in share
        ]
        listed.write_text(json.dumps(rows), encoding="utf-8")
        out, err = (folder / f"{stream}{number}.txt" for stream in ("stdout", "stderr"))
        with out.open("wb") as stdout, err.open("wb") as stderr:
            argv = pwsh.command(program, "-List", str(listed))
            running.append(
                (
                    out,
                    subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=pwsh.environ()),
                )
            )
    found: dict[str, Ran] = {}
    for out, process in running:
        try:
            process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for line in out.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("{"):
                said = json.loads(line)
                found[said["Id"]] = Ran(said["Error"], said["Shown"], said["Milliseconds"], said["Ended"])
    return found
