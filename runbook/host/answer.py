"""From the files that a script left to an ``Answer``: JSON read, error records decoded, nothing interpreted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.formats.clixml import read_stderr
from runbook.formats.decode import decode
from runbook.formats.out_json import read_out_json
from runbook.host.process import Ended
from runbook.journal.outcome import Answer


def read_answer(folder: Path, ended: Ended, encoding: str = "utf-8") -> Answer:
    """The answer that lies in a step's evidence folder. An out.json that is no JSON counts as none.

    ``encoding`` is the declared encoding of the two streams; ``damaged`` says that some of their bytes did not fit
    it (the raw bytes stay in stdout.bin and stderr.bin).
    """
    stdout, stderr = _bytes(folder / "stdout.bin"), _bytes(folder / "stderr.bin")
    out: list[dict[str, Any]] | None = None
    path = folder / "out.json"
    if path.is_file():
        out = read_out_json(path.read_bytes()).rows
    said = decode(stdout, encoding)
    return Answer(
        exit_code=ended.exit_code,
        out=out,
        stdout=stdout,
        stderr=stderr,
        seconds=ended.seconds,
        folder=folder,
        timed_out=ended.timed_out,
        errors=tuple(error_texts(stderr, encoding)),
        text=said.text,
        damaged=said.damaged or decode(stderr, encoding).damaged,
    )


def error_texts(stderr: bytes, encoding: str) -> list[str]:
    """The error messages on powershell.exe's standard error: CLIXML records, or plain text.

    Warnings and what else is serialised there are no errors and stay in stderr.bin.
    """
    pieces = read_stderr(stderr, encoding).pieces
    return [piece.text.strip() for piece in pieces if piece.stream in ("error", "plain") and piece.text.strip()]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
