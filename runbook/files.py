"""Writes a file whole or not at all: a kill or a full disk leaves the old file, or none.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes, *, private: bool = False, over: bool = True) -> Path:
    """Write ``content`` (text as UTF-8, its line ends as they are) to ``path`` and flush it to disk; returns ``path``.

    ``private``: readable by its owner alone from its first byte on. ``over`` False: raises FileExistsError where
    there is a file already.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(path.name + ".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(part, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not over and path.exists():
            raise FileExistsError(f"{path} is there already")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path
