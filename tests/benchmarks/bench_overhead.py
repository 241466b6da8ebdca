"""What the runbook costs over papermill on a bare notebook with as many cells, in one interleaved run.

    python tests/benchmarks/bench_overhead.py [--rounds 7]

Prints medians and the ratio. One run of the nominal rehearsal (its first: up to the waiting call, and the second
one, which goes to the end, measured as a whole), each beside a bare notebook executed as often; the picture
library's import is measured apart. Aim: at most 1.4 times, and below 1 s over it for one run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "notebooks" / "migrate.ipynb"


def bare_notebook(folder: Path) -> Path:
    """A notebook with as many cells of each kind as migrate executes, each doing next to nothing."""
    source = nbformat.read(SOURCE, as_version=4)
    cells = []
    for cell in source.cells:
        if "en" in cell.metadata.get("tags", []):
            continue  # the other language is taken out before execution
        make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        cells.append(make("print(1)" if cell.cell_type == "code" else cell.source))
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "bare.ipynb"
    nbformat.write(nb, path)
    return path


def one_run_recording(folder: Path) -> Path:
    """The nominal recording cut to one run, so that one kernel is compared with one kernel."""
    nominal = ROOT / "notebooks" / "rehearsals" / "nominal" / "rehearsal.yml"
    head = nominal.read_text(encoding="utf-8").split("answers:")[0].replace("runs: 2", "base: nominal\nruns: 1")
    recording = folder / "one-run"
    recording.mkdir()
    text = head + "expect: [{run: 1, outcome: waiting}]\n"
    (recording / "rehearsal.yml").write_text(text, encoding="utf-8", newline="\n")
    return recording


def timed(command: list[str], folder: Path) -> float:
    """Wall seconds of one papermill command; raises where it fails."""
    # compiled modules are kept, as on a user's machine: without them most of the time would be Python's compiler
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ = {**kept, "RUNBOOK_HOME": str(folder), "LANG": "fr_FR.UTF-8"}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bare, recording = bare_notebook(folder), one_run_recording(folder)
        papermill = [sys.executable, "-m", "papermill", "--no-progress-bar"]
        figures: dict[str, list[float]] = {"bare": [], "one run": [], "two runs": []}
        for number in range(rounds + 1):  # the first round warms up
            took = {
                "bare": timed([*papermill, str(bare), str(folder / "out.ipynb")], folder),
                "one run": timed(
                    [*papermill, str(SOURCE), f"case-a{number}.ipynb", "-p", "rehearsal", str(recording)], folder
                ),
                "two runs": timed([*papermill, str(SOURCE), f"case-b{number}.ipynb"], folder),
            }
            if number:
                for name, seconds in took.items():
                    figures[name].append(seconds)
            shutil.rmtree(folder / "cases", ignore_errors=True)
    median = {name: statistics.median(values) for name, values in figures.items()}
    print(f"{rounds} rounds, interleaved; median seconds")
    for name, value in median.items():
        low, high = min(figures[name]), max(figures[name])
        print(f"  {name:<18} {value:6.2f}   ({low:.2f} to {high:.2f})")
    for name, kernels in (("one run", 1), ("two runs", 2)):
        over = median[name] - kernels * median["bare"]
        print(f"{name}: {median[name] / (kernels * median['bare']):.2f} times {kernels} bare, {over:+.2f} s")


if __name__ == "__main__":
    main()
