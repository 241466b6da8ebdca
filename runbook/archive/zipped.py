"""A bag as one ZIP file: the same bag always gives the same bytes."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path

from runbook.archive.digest import BLOCK

# The earliest moment a ZIP can tell: the files' own times are no part of the seal.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def zip_bag(bag: Path) -> Path:
    """Write ``BAG.zip`` beside the bag, with the bag's folder in it; it appears whole or not at all."""
    target = bag.with_name(bag.name + ".zip")
    partial = target.with_name(f".{target.name}.part")
    files = sorted(path for path in bag.rglob("*") if path.is_file())
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for file in files:
            info = zipfile.ZipInfo(file.relative_to(bag.parent).as_posix(), _MOMENT)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with file.open("rb") as read, packed.open(info, "w", force_zip64=file.stat().st_size >= 1 << 31) as write:
                shutil.copyfileobj(read, write, BLOCK)
    with partial.open("rb+") as done:
        os.fsync(done.fileno())
    partial.replace(target)
    return target
