"""A disk that says no, in words: full, read-only, or a share that dropped out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from runbook.errors import RunbookError
from runbook.files import is_held
from runbook.words.sentences import say


@contextlib.contextmanager
def disk_told(lang: str, place: object = "?") -> Iterator[None]:
    """A full disk, a read-only folder or a share that dropped out becomes a sentence that says where and why.

    ``place`` is named where the system does not say which file it was.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or place
        key = "run.held" if is_held(error) else "run.disk"
        raise RunbookError(say(key, lang, where=where, why=error.strerror or error)) from error
