"""A disk that says no, in words: full, read-only, or a share that dropped out."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from runbook.errors import RunbookError
from runbook.files import is_held
from runbook.words.sentences import keyed, say

#: The system's own words are in its language, Python's in English: what is met most is said in the reader's.
_WHY = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "full",  # a quota; Windows has no such code
    errno.EROFS: "read_only",
    errno.EACCES: "rights",
    errno.EPERM: "rights",
    errno.ENAMETOOLONG: "too_long",
}
_SAID = keyed("run.why_", "run.why_full", "run.why_read_only", "run.why_rights", "run.why_too_long")
_WRITE_PROTECT = 19  # ERROR_WRITE_PROTECT, which Python's errno calls a want of rights


@contextlib.contextmanager
def disk_told(lang: str, place: object = "?") -> Iterator[None]:
    """A full disk, a read-only folder or a share that dropped out becomes a sentence that says where and why.

    ``place`` is named where the system does not say which file it was. A pipe whose reader has left is no disk.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        key = "run.held" if is_held(error) else "run.gone" if isinstance(error, FileNotFoundError) else "run.disk"
        raise RunbookError(say(key, lang, where=error.filename or place, why=_why(error, lang))) from error


def _why(error: OSError, lang: str) -> str:
    """Why, in the reader's language where we have the words."""
    word = "read_only" if getattr(error, "winerror", None) == _WRITE_PROTECT else _WHY.get(error.errno or 0)
    return say(_SAID[word], lang) if word else str(error.strerror or error)
