"""Sums and archive: SHA256SUMS over a folder, and the folder as one ZIP file whose bytes depend on nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from pathlib import Path

SUMS = "SHA256SUMS"
_BLOCK = 1 << 20
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can tell: when a file was made is no part of a bundle
_PACKED = {".whl", ".png", ".woff2", ".gz"}  # already compressed: stored as they are


def sha256(path: Path) -> str:
    """The SHA-256 of a file, 64 lower-case hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as read:
        while block := read.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def files(folder: Path) -> list[tuple[str, Path]]:
    """Every file below ``folder`` by its path with "/", sorted by that path's bytes."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda named: named[0].encode())


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS into ``folder``: each other file, as ``sha256sum -c`` reads it."""
    lines = [f"{sha256(path)}  {name}\n" for name, path in files(folder) if name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def write_zip(folder: Path, target: Path) -> None:
    """Pack ``folder`` (under its own name) into ``target``, which appears whole or not at all.

    The same files give the same bytes with the same zlib; order, times and modes of the disk do not count.
    """
    partial = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(partial, "w") as packed:
        for name, path in files(folder):
            info = zipfile.ZipInfo(f"{folder.name}/{name}", _MOMENT)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            with path.open("rb") as read, packed.open(info, "w") as write:
                shutil.copyfileobj(read, write, _BLOCK)
    with partial.open("rb+") as done:
        os.fsync(done.fileno())
    partial.replace(target)
