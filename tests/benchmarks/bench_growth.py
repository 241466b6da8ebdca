"""How much a run grows with each run before it, as a share of the first: ``python tests/benchmarks/bench_growth.py``.

Within one process, without kernel and scripts (a model of a server, tests/made), so that what grows is seen; processor
time, the quickest of three runs at either end. Aim: 5 % for each earlier run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "made"))
from model_server import Bent, ModelServer, plug

AIM = 0.05


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=24)
    runs = options.parse_args().runs
    os.environ |= {"RUNBOOK_POWERSHELL": "model"}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", folder)
        server = ModelServer()
        plug(patch, server)
        bent = Bent(Path(folder), server)
        bent.case()
        took = []
        for _ in range(runs):
            begun = time.process_time()
            bent.run("none")
            took.append(time.process_time() - begun)
    first, last = min(took[1:4]), min(took[-3:])
    share = (last / first - 1) / (runs - 4)
    print(f"first {first:.2f} s, last of {runs} {last:.2f} s: {share:.1%} for each earlier run (aim {AIM:.0%})")
    return share > AIM


if __name__ == "__main__":
    sys.exit(main())
