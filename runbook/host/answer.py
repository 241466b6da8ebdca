"""From the files that a script left to an ``Answer``: JSON read, error records decoded, nothing interpreted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.host.process import Ended
from runbook.outcome import Answer
from runbook.readers.clixml import read_stderr
from runbook.readers.out_json import read_out_json


def read_answer(folder: Path, ended: Ended) -> Answer:
    """The answer that lies in a step's evidence folder. An out.json that is no JSON counts as none."""
    stdout, stderr = _bytes(folder / "stdout.bin"), _bytes(folder / "stderr.bin")
    out: list[dict[str, Any]] | None = None
    path = folder / "out.json"
    if path.is_file():
        read = read_out_json(path.read_bytes())
        out = read.rows
    return Answer(
        exit_code=ended.exit_code,
        out=out,
        stdout=stdout,
        stderr=stderr,
        seconds=ended.seconds,
        folder=folder,
        timed_out=ended.timed_out,
        errors=tuple(error_texts(stderr)),
    )


def error_texts(stderr: bytes) -> list[str]:
    """The error messages on powershell.exe's standard error (CLIXML, or plain text in the console's encoding)."""
    return [piece.text.strip() for piece in read_stderr(stderr).pieces if piece.text.strip()]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
