"""The real samples (SAMPLES.md says whence each is): unpacked once for a process, removed when it ends."""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def samples() -> Path:
    """The folder of the samples, each as its publisher has it. Raises AssertionError where one is another."""
    place = Path(tempfile.mkdtemp(prefix="runbook-samples-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    with zipfile.ZipFile(HERE / "samples.zip") as packed:
        packed.extractall(place)
    said = re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (HERE / "SAMPLES.md").read_text(encoding="utf-8"), re.M)
    there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    assert there.keys() == dict(said).keys(), "SAMPLES.md names every file"
    for name, digest in said:
        assert hashlib.sha256(there[name].read_bytes()).hexdigest() == digest, name
    return place
