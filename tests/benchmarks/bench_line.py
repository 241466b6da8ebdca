"""What the line from a workstation costs: what has to be installed on which side, and what it adds to a step.

Installed: the wheels of requirements.txt for Windows, fetched by pip with their hashes (``--wheels``: from a folder,
without network), and the runbook's own; counted packed and unpacked, without Python itself and what it compiles. On
the server: the files that are there after the steps and were not before.
A step: the same script on the same simulated server, asked here and over a session. Both start real PowerShell
processes; over the line there are three (wrapper, session, script) where here there is one. What WinRM itself takes
on a network is not in it.

    python tests/benchmarks/bench_line.py [--tries 3] [--wheels FOLDER]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from runbook.bundle import lock, wheels
from runbook.host import process
from runbook.host.call import Call, Host
from runbook.host.remoting import RemotingHost, read_line
from runbook.host.script import as_run
from runbook.host.windows import WindowsHost
from runbook.words.sentences import data_root
from tests.simulated import pwsh, server

NAME = "RDLIC01.corp.example"
STEPS = {"preflight": "preflight", "license-server": "license-server", "key-packs": "key-packs-before"}


def took(host: Host, script: str, step: str, folder: Path) -> tuple[float, float]:
    """Seconds that one step takes on ``host``, by the clock and of the processor."""
    folder.mkdir(parents=True)
    text = folder / "script.ps1"
    text.write_bytes(as_run((data_root() / "notebooks" / "steps" / f"{script}.ps1").read_bytes()))
    (folder / "in.json").write_text("{}", encoding="utf-8")
    call = Call(step, text, folder, {}, 120, 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = process.run(host.command(call), folder, host.limit(call))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.exit_code == 0, (folder / "stderr.bin").read_bytes()
    return ended.seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def to_install(folder: Path, given: Path | None) -> str:
    """What a workstation gets, in one line."""
    project = data_root()
    house = folder / "wheels"
    house.mkdir()
    pins = lock.parse((project / "requirements.txt").read_text(encoding="utf-8"))
    wheels.fetch(pins, lock.WINDOWS, house, "en", given)
    wheels.build(project, house, "en")
    found = sorted(house.glob("*.whl"))
    packed = sum(path.stat().st_size for path in found)
    unpacked = sum(info.file_size for path in found for info in zipfile.ZipFile(path).infolist())
    return f"{len(found)} packages, {packed / 1e6:.1f} MB of wheels, {unpacked / 1e6:.1f} MB unpacked, and Python"


def files(folder: Path) -> set[Path]:
    """Every file of the simulated server's drives."""
    return {path for path in (folder / "drives").rglob("*") if path.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--wheels", type=Path)
    given = parser.parse_args()
    tries = given.tries
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        print(f"to install on the workstation: {to_install(root, given.wheels)}; on the server: nothing", flush=True)
        there = server.make(root / "there")
        before = files(there)
        near = server.make(root / "near", {"/computer/name": "WS01", f"/servers/{NAME}": str(there)})
        own = WindowsHost(pwsh.STAND_IN, "substitute")
        for script, step in STEPS.items():
            names = ("here", "here_cpu", "line", "line_cpu", "open")
            figures: dict[str, list[float]] = {name: [] for name in names}

            def note(name: str, clock: float, cpu: float, into: dict[str, list[float]] = figures) -> None:
                into[name].append(clock)
                into[f"{name}_cpu"].append(cpu)

            for number in range(tries):
                os.environ.update(pwsh.stand_in(there))
                note("here", *took(own, script, step, root / script / f"here{number}"))
                os.environ.update(pwsh.stand_in(near))
                folder = root / script / f"line{number}"
                note("line", *took(RemotingHost(own, NAME), script, step, folder))
                said = read_line(folder)
                figures["open"].append((said.seconds_to_open if said else 0) or 0)
            here, here_cpu, line, line_cpu, opened = (statistics.median(figures[name]) for name in names)
            more = f"+{line - here:.1f} s ({opened:.1f} s opening), {line / here:.1f} times"
            more += f"; processor {here_cpu:.1f} s and {line_cpu:.1f} s"
            print(f"{script}: here {here:.1f} s, over the line {line:.1f} s, {more}", flush=True)
        left = sorted(str(path.relative_to(there)) for path in files(there) - before)
        print(f"left on the server by {tries * len(STEPS)} steps over the line: {left or 'nothing'}")


if __name__ == "__main__":
    main()
