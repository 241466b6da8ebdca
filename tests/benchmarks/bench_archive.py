"""Seal and verify beside bagit.py and openssl; the register; kills by the fifty.

    python tests/benchmarks/bench_archive.py [--megabytes 2048] [--processes 2] [--cases 10000] [--kills 50]

Our seal copies, hashes, makes the record, checks against the journal and flushes to disk; bagit works in place (so
it is given a copy made inside the measured time) and flushes nothing. "The bag alone" and "flushed" do the same
work on both sides. Rounds are interleaved, medians are shown.
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bagit
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "made"))
from killing import how_long, moments, run_and_kill
from made_case import make_case

from runbook.archive.register import register
from runbook.archive.seal import Contents, seal, write_bag
from runbook.archive.verify import verify
from runbook.journal.lines import Journal

logging.getLogger("bagit").setLevel(logging.CRITICAL)


def evidence(megabytes: int) -> Callable[[Path], list[Path]]:
    """Evidence of that size: one file of half of it, the rest in files of 1 MB."""

    def make(step: Path) -> list[Path]:
        block = os.urandom(1 << 20)
        files = []
        for number in range(megabytes - megabytes // 2):
            path = step / f"part-{number:05d}.bin"
            path.write_bytes(block[number % 4096 :] + block[: number % 4096])
            files.append(path)
        big = step / "big.bin"
        with big.open("wb") as file:
            for _ in range(megabytes // 2):
                file.write(block)
        return [*files, big]

    return make


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def peak_of(code: str, *arguments: str) -> float:
    """The highest resident size in MB of a process that runs ``code``."""
    peak = 0
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL) as child:
        watched = psutil.Process(child.pid)
        while child.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.01)
    return peak / (1 << 20)


def bags(root: Path, megabytes: int, processes: int, rounds: int) -> None:
    case = make_case(root / "cases", extra=evidence(megabytes))
    seal(case, root / "warm", workers=processes)
    openssl = shutil.which("openssl")
    times: dict[str, list[float]] = {}

    def note(name: str, work: Callable[[], object]) -> None:
        times.setdefault(name, []).append(timed(work))

    def by_bagit(target: Path) -> None:
        shutil.copytree(case, target)
        bagit.make_bag(str(target), processes=processes, checksums=["sha256"])

    def by_bagit_flushed(target: Path) -> None:
        by_bagit(target)
        for path in target.rglob("*"):
            if path.is_file():
                with path.open("r+b") as file:
                    os.fsync(file.fileno())

    def bag_alone(target: Path) -> None:
        target.parent.mkdir()
        files = {path.relative_to(case).as_posix(): path for path in case.rglob("*") if path.is_file()}
        write_bag(Contents(dict(files)), target, lambda copy, digests, names: None, processes)

    for _ in range(rounds):
        for name in ("alone", "flushed"):
            shutil.rmtree(root / name, ignore_errors=True)
        shutil.rmtree(root / "ours", ignore_errors=True)
        shutil.rmtree(root / "theirs", ignore_errors=True)
        note("seal, ours (record, checks)", lambda: seal(case, root / "ours", workers=processes))
        note("seal, bagit on a copy", lambda: by_bagit(root / "theirs"))
        note("the bag alone, ours, flushed", lambda: bag_alone(root / "alone" / "bag"))
        note("bagit on a copy, flushed", lambda: by_bagit_flushed(root / "flushed"))
        bag = root / "ours" / "case-2024-01"
        note("verify, ours", lambda bag=bag: verify(bag, workers=processes))
        note("verify, bagit", lambda bag=bag: bagit.Bag(str(bag)).validate(processes=processes))
        if openssl:
            files = [str(path) for path in bag.rglob("*") if path.is_file()]
            call = [openssl, "dgst", "-sha256", *files]
            note(
                "hash, openssl (1 process)",
                lambda call=call: subprocess.run(call, stdout=subprocess.DEVNULL, check=True),
            )
    print(f"{megabytes} MB of evidence, {processes} processes or threads, {rounds} interleaved rounds, median:")
    for name, each in times.items():
        print(f"  {name:30} {statistics.median(each):7.2f} s   {megabytes / statistics.median(each):7.0f} MB/s")
    code = "import sys; from pathlib import Path; from runbook.archive.verify import verify\nverify(Path(sys.argv[1]))"
    print(f"  peak memory of verify        {peak_of(code, str(root / 'ours' / 'case-2024-01')):7.0f} MB")
    small = seal(make_case(root / "small"), root / "small-archive").bag
    print(f"  the same on a 0.1 MB case    {peak_of(code, str(small)):7.0f} MB")


def registers(root: Path, counts: list[int]) -> None:
    print("register:    cases   first run   per case   again   one changed")
    for count in counts:
        workspace = root / f"register-{count}"
        many_cases(workspace, count)
        first = timed(functools.partial(register, workspace))
        again = timed(functools.partial(register, workspace))
        Journal(workspace / "cases" / "case-00001" / "journal.jsonl").append("accept", step="x", who="y")
        one = timed(functools.partial(register, workspace))
        print(f"          {count:8}   {first:7.2f} s   {1000 * first / count:5.2f} ms   {again:5.2f} s   {one:5.2f} s")
        shutil.rmtree(workspace)


def many_cases(workspace: Path, count: int) -> None:
    """``count`` small cases in the workspace, all alike."""
    model = make_case(workspace / "model")
    text = (model / "journal.jsonl").read_text(encoding="utf-8")
    for number in range(count):
        folder = workspace / "cases" / f"case-{number:05d}"
        folder.mkdir(parents=True)
        shutil.copyfile(model / "case.yml", folder / "case.yml")
        changed = text.replace("case-2024-01", folder.name)
        (folder / "journal.jsonl").write_text(changed, encoding="utf-8", newline="\n")


def kills(root: Path, count: int) -> None:
    for work in ("seal", "record", "register"):
        workspace = root / f"kill-{work}"
        case = make_case(workspace / "cases")
        if work == "register":
            many_cases(workspace, 300)  # of one case the register is made too fast to be caught
        span = how_long(work, workspace, case)
        halfway = 0
        for number, moment in enumerate(moments(count, span, seed=number_of(work))):
            Journal(case / "journal.jsonl").append("accept", step="key-packs", who="x", reason=str(number))
            halfway += not run_and_kill(work, workspace, case, moment)
            for bag in (workspace / "archive").glob("case-*"):
                if bag.is_dir():
                    assert verify(bag).ok, f"{work} killed after {moment:.3f} s left half a bag"
            json.loads((case / "journal.jsonl").read_bytes().splitlines()[-1])
            assert run_and_kill(work, workspace, case, None), f"{work} does not finish after a kill"
            shutil.rmtree(workspace / "archive", ignore_errors=True)
        print(
            f"kill -9 during {work}: {count} times, {halfway} before its end; nothing lost, each finished by the next"
        )


def number_of(work: str) -> int:
    return sum(work.encode())


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--megabytes", type=int, default=2048)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--only", choices=["bags", "register", "kills"])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as name:
        root = Path(name)
        if chosen.only in (None, "bags"):
            bags(root / "bags", chosen.megabytes, chosen.processes, chosen.rounds)
        if chosen.only in (None, "register"):
            registers(root, [chosen.cases // 10, chosen.cases])
        if chosen.only in (None, "kills"):
            kills(root, chosen.kills)


if __name__ == "__main__":
    main()
