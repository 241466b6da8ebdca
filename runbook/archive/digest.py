"""Hashing files: constant memory, several at a time.

Threads, not processes: hashlib lets go of the interpreter lock while it hashes a block, and starting a process
pool costs more than a usual case takes (measured in tests/benchmarks/bench_archive.py).
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

#: Bytes read at a time: memory is workers x BLOCK, whatever the size of the files.
BLOCK = 1 << 20
#: Files that may wait for one that takes longer: with few, one large file would leave the other threads idle.
_IN_FLIGHT = 1024
_T = TypeVar("_T")
_R = TypeVar("_R")


def default_workers() -> int:
    """As many hashing threads as the machine has processors, eight at most."""
    return min(8, os.cpu_count() or 1)


def hash_file(path: Path, algorithms: Iterable[str] = ("sha256",)) -> dict[str, str]:
    """The file's digests in hex, read once. Raises OSError where it cannot be read."""
    hashers = {name: hashlib.new(name) for name in algorithms}
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(_block(file.fileno()))
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            for hasher in hashers.values():
                hasher.update(view[:count])
    return {name: hasher.hexdigest() for name, hasher in hashers.items()}


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """Copy and hash in one reading; the copy is not flushed yet. Gives SHA-256 in hex and size in bytes."""
    hasher = hashlib.sha256()
    size = 0
    with source.open("rb", buffering=0) as read, target.open("xb", buffering=0) as write:
        buffer = bytearray(_block(read.fileno()))
        view = memoryview(buffer)
        while count := read.readinto(buffer):
            block = view[:count]
            hasher.update(block)
            while block:
                block = block[write.write(block) :]
            size += count
    return hasher.hexdigest(), size


class Flushing:
    """Flushes files to disk in the background, while others are still copied and hashed. Leaving it waits for all,
    and raises what went wrong."""

    def __init__(self, workers: int = 4) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers)
        self._waiting: list[Future[None]] = []

    def add(self, path: Path) -> None:
        self._waiting.append(self._pool.submit(_flush, path))

    def wait(self) -> None:
        """Return when everything added is on the disk."""
        for future in self._waiting:
            future.result()
        self._waiting.clear()

    def __enter__(self) -> Flushing:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _flush(path: Path) -> None:
    with path.open("r+b", buffering=0) as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def _block(handle: int) -> int:
    """A buffer no larger than the file needs: most evidence is a few kilobytes."""
    return max(1, min(BLOCK, os.fstat(handle).st_size + 1))


def in_threads(work: Callable[[_T], _R], items: Iterable[_T], workers: int | None = None) -> Iterator[_R]:
    """``work`` on each item, results in order; never more than ``_IN_FLIGHT`` items in flight."""
    workers = workers or default_workers()
    if workers == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= _IN_FLIGHT:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
