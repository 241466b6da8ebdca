"""How fast the .evtx reader is beside the bare ``evtx`` package, and whether its memory grows with the file.

    python tests/benchmarks/bench_readers.py [--size MB] [--rounds N] [--kinds bare,diagnosis,...]

The largest real sample is repeated to ``--size`` megabytes: its chunks are copied one after the other behind a
file header whose chunk count and checksum are corrected (each chunk of 64 KiB stands alone, so this is a valid
log; record numbers repeat). Every measurement is a child process of its own; the kinds take turns, medians are
shown. Seconds are those of the processor (all loops run on one thread), so that a busy machine does not count.
Peak memory is the child's ``ru_maxrss`` (left out on Windows, which has none).

- bare: ``for record in PyEvtxParser(path).records_json(): ...``, which gives each record as one JSON text
- diagnosis: what ``diagnose`` does: provider, channel and id of every record against knowledge/events.yml
- stream: every record given out, nothing of it asked for
- identity: every record given out, its provider, channel and id read
- everything: every record given out, all of its fields read
"""

from __future__ import annotations

import argparse
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "made"))

from samples import samples

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = samples() / "evtx"
HEADER, CHUNK = 4096, 1 << 16
AIM = 1.3


def repeated(sample: Path, target: Path, megabytes: int) -> int:
    """Write ``sample``'s chunks again and again until ``target`` has the size; how many chunks it holds."""
    data = sample.read_bytes()
    count = struct.unpack_from("<H", data, 42)[0]
    chunks = data[HEADER : HEADER + count * CHUNK]
    times = max(1, min(megabytes * (1 << 20) // len(chunks), 0xFFFF // count))
    header = bytearray(data[:HEADER])
    struct.pack_into("<QQ", header, 8, 0, times * count - 1)  # first and last chunk
    struct.pack_into("<H", header, 42, times * count)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    with target.open("wb") as file:
        file.write(header)
        for _ in range(times):
            file.write(chunks)
    return times * count


def bare(path: Path) -> int:
    from evtx import PyEvtxParser

    count = 0
    for _ in PyEvtxParser(str(path)).records_json():
        count += 1
    return count


def diagnosis(path: Path) -> int:
    from runbook.formats.evtx import read_evtx
    from runbook.hints.rows import known_kind
    from runbook.knowledge import reference

    keys = {(name, row.channel, row.id) for row in reference.events() for name in (row.provider, *row.aliases)}
    stream = read_evtx(path, known_kind)
    found = sum(record.key in keys for record in stream)
    assert found, "the sample holds events of the table"
    return stream.good + stream.skipped


def stream(path: Path) -> int:
    from runbook.formats.evtx import read_evtx

    return sum(1 for _ in read_evtx(path))


def identity(path: Path) -> int:
    from runbook.formats.evtx import read_evtx

    return sum(bool(record.key) for record in read_evtx(path))


def everything(path: Path) -> int:
    from runbook.formats.evtx import read_evtx

    count = 0
    for record in read_evtx(path):
        _ = record.key, record.level, record.time, record.record_number, record.computer, record.data
        count += 1
    return count


def python_evtx(path: Path) -> int:
    from Evtx.Evtx import Evtx

    with Evtx(str(path)) as log:
        return sum(1 for record in log.records() if record.xml())


KINDS: dict[str, Callable[[Path], int]] = {
    function.__name__: function for function in (bare, diagnosis, stream, identity, everything, python_evtx)
}


REPEATED = ["bare", "diagnosis", "stream", "identity", "everything"]


def child(kind: str, path: Path) -> None:
    """Measure once and print the result as one line of JSON."""
    import evtx  # loading modules and knowledge/ is not what is measured

    from runbook.formats import evtx as reader
    from runbook.knowledge import reference

    assert evtx and reader and reference.events()
    begin = time.process_time()
    count = KINDS[kind](path)
    seconds = time.process_time() - begin
    print(json.dumps({"records": count, "seconds": seconds, "peak": peak_megabytes()}))


def peak_megabytes() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20) if sys.platform == "darwin" else used / (1 << 10)


def measure(kind: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", __file__, "--child", kind, "--file", str(path)]
    result = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    values: dict[str, float] = json.loads(result.stdout)
    return values


def table(kinds: list[str], path: Path, rounds: int) -> dict[str, dict[str, float]]:
    taken: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            taken[kind].append(measure(kind, path))
    return {
        kind: {name: statistics.median(run[name] or 0 for run in runs) for name in ("records", "seconds", "peak")}
        for kind, runs in taken.items()
    }


def show(rows: dict[str, dict[str, float]]) -> None:
    base = next(iter(rows.values()))
    print(f"{'':14}{'records':>12}{'CPU s':>10}{'records/s':>12}{'ratio':>8}{'peak MB':>9}")
    for kind, row in rows.items():
        ratio = (row["seconds"] / row["records"]) / (base["seconds"] / base["records"])
        speed = row["records"] / row["seconds"]
        print(f"{kind:14}{row['records']:12,.0f}{row['seconds']:10.3f}{speed:12,.0f}{ratio:8.2f}{row['peak']:9.1f}")


def main() -> int:
    options = argparse.ArgumentParser(description="Readers beside the bare evtx package and python-evtx")
    options.add_argument("--size", type=int, default=1024, help="megabytes of the repeated file (default 1024)")
    options.add_argument("--rounds", type=int, default=3, help="measurements of each kind (default 3)")
    options.add_argument(
        "--kinds", default=",".join(REPEATED), help="which of them (default: all; bare and diagnosis always)"
    )
    options.add_argument("--child", choices=sorted(KINDS), help=argparse.SUPPRESS)
    options.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        child(given.child, given.file)
        return 0
    sample = max(SAMPLES.glob("*.evtx"), key=lambda path: path.stat().st_size)
    kinds = ["bare", "diagnosis"] + [kind for kind in REPEATED[2:] if kind in given.kinds.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.evtx", Path(folder) / "small.evtx"
        chunks = repeated(sample, large, given.size)
        repeated(sample, small, max(1, given.size // 8))
        print(f"{sample.name} repeated to {large.stat().st_size / (1 << 20):.0f} MB ({chunks} chunks), medians")
        rows = table(kinds, large, given.rounds)
        show(rows)
        less = table(["diagnosis"], small, 1)["diagnosis"]
    ratio = rows["diagnosis"]["seconds"] / rows["bare"]["seconds"]
    print(f"diagnosis is {ratio:.2f} times the bare loop (aim: at most {AIM})")
    print(f"peak memory at an eighth of the size: {less['peak']:.1f} MB, at the full size: ", end="")
    print(f"{rows['diagnosis']['peak']:.1f} MB")
    print(f"\n{sample.name} once")
    show(table(["python_evtx", "everything"], sample, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
