"""A bag that came as one ZIP file, unpacked aside to be verified."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from runbook.errors import BadInput
from runbook.words.sentences import say


@contextlib.contextmanager
def unzipped(packed: Path, lang: str) -> Iterator[Path]:
    """The bag in a ZIP file, unpacked into a folder that is gone afterwards.

    Raises BadInput where the file is damaged or locked, holds no single folder, a name twice or one that leads out of
    it, or more than the disk has room for (a ZIP file of a few kilobytes can announce terabytes).
    """
    with tempfile.TemporaryDirectory(prefix="runbook-verify-", ignore_cleanup_errors=True) as scratch:
        try:
            with zipfile.ZipFile(packed) as file:
                members = file.infolist()
                names = [PurePosixPath(member.filename) for member in members]
                tops = {name.parts[0] for name in names if name.parts}
                outside = any(name.is_absolute() or {"..", ":", "\\"} & {*name.parts, *str(name)} for name in names)
                room = sum(member.file_size for member in members) < shutil.disk_usage(scratch).free
                if len(tops) != 1 or outside or not room or len(set(names)) != len(names):
                    raise BadInput(say("archive.zip_odd", lang, zip=packed))
                file.extractall(scratch)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
            raise BadInput(say("archive.zip_unread", lang, zip=packed, why=error)) from error
        yield Path(scratch) / tops.pop()
