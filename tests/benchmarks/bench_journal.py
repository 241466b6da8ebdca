"""Attack the journal of a finished rehearsal, and what lies around it, by seeded draws.

    python tests/benchmarks/bench_journal.py [--attacks 150] [--seed 1] [--case FOLDER]

Each draw takes a copy, makes one attack (tests/made/journal_attacks.py), then asks for a seal and for the opening of
a run, both in this process: an opening that is not refused would go on to make changes. Prints one line for each
that did not hold, and the counts. Exit 1 if any did not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))

from conftest import Workspace
from journal_attacks import ON_RUN, ON_SEAL, attack


def main() -> int:
    """Attack as often as asked, print what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=Path, help="a finished rehearsal; without it one is played")
    given = parser.parse_args()
    kinds = [*ON_RUN, *ON_SEAL]
    held = 0
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        original = given.case or Workspace(place).papermill("case-attacked").folder.path
        workspace = place / "attacked"
        os.environ["RUNBOOK_HOME"] = str(workspace)
        for number in range(given.seed, given.seed + given.attacks):
            kind = kinds[number % len(kinds)]
            faults = attack(original, workspace, kind, number)
            held += not faults
            for fault in faults:
                print(f"seed {number}, {kind}: {fault}", flush=True)
    print(f"{held} of {given.attacks} attacks held, {len(kinds)} kinds")
    return 0 if held == given.attacks else 1


if __name__ == "__main__":
    sys.exit(main())
