"""What the line from a workstation adds to a step: the same script on the same simulated server, asked here and over a
session. Both start real PowerShell processes; over the line there are three (wrapper, session, script) where here
there is one. What WinRM itself takes on a network is not in it.

    python tests/benchmarks/bench_line.py [--tries 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from runbook.host import process
from runbook.host.call import Call, Host
from runbook.host.remoting import RemotingHost, read_line
from runbook.host.script import as_run
from runbook.host.windows import WindowsHost
from runbook.words.sentences import data_root
from tests.simulated import pwsh, server

NAME = "RDLIC01.corp.example"
STEPS = {"preflight": "preflight", "license-server": "license-server", "key-packs": "key-packs-before"}


def took(host: Host, script: str, step: str, folder: Path) -> float:
    """Seconds that one step takes on ``host``."""
    folder.mkdir(parents=True)
    text = folder / "script.ps1"
    text.write_bytes(as_run((data_root() / "notebooks" / "steps" / f"{script}.ps1").read_bytes()))
    (folder / "in.json").write_text("{}", encoding="utf-8")
    call = Call(step, text, folder, {}, 120, 1)
    ended = process.run(host.command(call), folder, host.limit(call))
    assert ended.exit_code == 0, (folder / "stderr.bin").read_bytes()
    return ended.seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=3)
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        there = server.make(root / "there")
        near = server.make(root / "near", {"/computer/name": "WS01", f"/servers/{NAME}": str(there)})
        own = WindowsHost(pwsh.STAND_IN, "substitute")
        for script, step in STEPS.items():
            figures: dict[str, list[float]] = {"here": [], "line": [], "open": []}
            for number in range(tries):
                os.environ.update(pwsh.stand_in(there))
                figures["here"].append(took(own, script, step, root / script / f"here{number}"))
                os.environ.update(pwsh.stand_in(near))
                folder = root / script / f"line{number}"
                figures["line"].append(took(RemotingHost(own, NAME), script, step, folder))
                said = read_line(folder)
                figures["open"].append((said.seconds_to_open if said else 0) or 0)
            here, line, opened = (statistics.median(figures[name]) for name in ("here", "line", "open"))
            more = f"+{line - here:.1f} s ({opened:.1f} s opening), {line / here:.1f} times"
            print(f"{script}: here {here:.1f} s, over the line {line:.1f} s, {more}", flush=True)


if __name__ == "__main__":
    main()
