"""Sums and archive: SHA256SUMS over a folder, and the folder as one ZIP file whose bytes depend on nothing else."""

from __future__ import annotations

from pathlib import Path

from runbook.files import sha256_of

SUMS = "SHA256SUMS"


def files(folder: Path) -> list[tuple[str, Path]]:
    """Every file below ``folder`` by its path with "/", sorted by that path's bytes."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda named: named[0].encode())


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS into ``folder``: each other file, as ``sha256sum -c`` reads it."""
    lines = [f"{sha256_of(path)}  {name}\n" for name, path in files(folder) if name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
