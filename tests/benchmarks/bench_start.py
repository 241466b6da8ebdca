"""What a command costs before it says anything: process time, beside Python itself and beside click.

    python tests/benchmarks/bench_start.py [--rounds 9]

Prints the least of some interleaved rounds, in seconds of process time (user and system, children counted), for a
small made case and its sealed bag. Aims on a quiet machine: --version and --help within 0.15 s, status within 0.3 s,
verify within 0.4 s.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))

from made_case import make_case

from runbook.archive.seal import seal

AIMS = {"--version": 0.15, "--help": 0.15, "status": 0.3, "verify": 0.4}


def process_time(words: list[str], environ: dict[str, str]) -> float:
    """Seconds of user and system time of one command; raises where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], env=environ, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure every command in turn, round after round; exit 0 whatever the figures (a busy machine is no fault)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        case = make_case(place / "cases")
        sealed = seal(case, place / "archive")
        commands = {
            "python -c pass": ["-c", "pass"],
            "import click": ["-c", "import click"],
            "--version": ["-m", "runbook", "--version"],
            "--help": ["-m", "runbook", "--help"],
            "status": ["-m", "runbook", "status", case.name],
            "verify": ["-m", "runbook", "verify", str(sealed.bag)],
        }
        # compiled modules are kept, as on a user's machine
        environ = {**os.environ, "RUNBOOK_HOME": str(place), "LANG": "fr_FR.UTF-8"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, words in commands.items():
                times[name].append(process_time(words, environ))
    for name, found in times.items():
        aim = f"  (aim {AIMS[name]} s)" if name in AIMS else ""
        sys.stdout.write(f"{name:15} {min(found):6.3f} s{aim}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
