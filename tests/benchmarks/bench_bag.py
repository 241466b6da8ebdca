"""Mutate a sealed case by seeded draws: who sees it, ``runbook verify`` with and without the paper's seal, bagit?

    python tests/benchmarks/bench_bag.py [--mutations 2000] [--seed 1]

Prints one line for each mutation that went unseen, unnamed, or that bagit alone saw, and the counts. Exit 1 if any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))

from bag_mutations import draw
from made_case import clock, make_case

from runbook.archive.seal import seal


def main() -> int:
    """Mutate as often as asked, print what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        sealed = seal(make_case(root / "cases"), root / "archive", clock=clock())
        tried, faults = draw(sealed.bag, sealed.seal, given.mutations, given.seed)
    for fault in faults:
        print(fault)
    print(", ".join(f"{way} {count}" for way, count in sorted(tried.items())))
    print(f"{tried.total()} mutations, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
