"""What we write on the screen or into a pipe is what is read there.

In a window Python writes Unicode. Into a pipe or a file it writes in Windows' ANSI code page (1252), while Windows
PowerShell 5.1 reads what a program gives it (``| Select-String``, ``> file``, a scheduled task's log) in the code page
of the console: 850 on a French system, 437 on an American one (about_Character_Encoding; [Console]::OutputEncoding).
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

#: How a sign is written where the code page has none for it.
_PLAIN = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "•": "-",
    "œ": "oe", "Œ": "OE", "æ": "ae", "€": "EUR", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "×": "x",
    "\u00a0": " ", "\u202f": " ", "\u2011": "-",
}  # fmt: skip


def open_streams() -> None:
    """Make stdout and stderr fit for our sentences; to be called once, before anything is written.

    Without one (a service, pythonw.exe, a closed handle) what is written goes nowhere, instead of ending the command or
    the kernel that it starts. So does what is written into a pipe whose reader has left (``| head``, ``| more`` and Q):
    the command ends as its work did, and a run goes on to its end.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            _to_nowhere(number)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - as Python
            continue
        if number == 0:
            continue
        if (pipe := _pipe(stream)) is not None:
            setattr(sys, name, stream := pipe)
        reconfigure: Callable[..., Any] | None = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding=pipe_encoding() if not stream.isatty() else None, errors="runbook.plain")


def _to_nowhere(number: int) -> None:
    """Give the descriptor something to be, also for the programs that are started: nobody is there to hear or speak."""
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
        else:
            os.set_inheritable(number, True)


class _Pipe(io.FileIO):
    """The way into a pipe whose reader may leave before us."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # Windows says "invalid argument" where the other end is closed
            if not isinstance(error, BrokenPipeError) and (sys.platform != "win32" or error.errno != errno.EINVAL):
                raise
            return memoryview(data).nbytes


def _pipe(stream: Any) -> io.TextIOWrapper | None:
    """``stream`` once more as one whose reader may leave; None where it leads into no pipe."""
    try:
        number = stream.fileno()
        if isinstance(getattr(getattr(stream, "buffer", None), "raw", None), _Pipe):
            return None
        if not stat.S_ISFIFO(os.fstat(number).st_mode):
            return None
    except (OSError, ValueError, AttributeError):  # a stand-in for a stream, or closed
        return None
    stream.flush()
    pipe = io.BufferedWriter(_Pipe(number, "wb", closefd=False))
    return io.TextIOWrapper(pipe, stream.encoding, stream.errors, line_buffering=stream.line_buffering)


def pipe_encoding(
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
    code_page: Callable[[], int] | None = None,
) -> str | None:
    """The encoding of what goes into a pipe: the console's code page on Windows; None leaves it as Python chose it
    (other systems, or PYTHONIOENCODING and PYTHONUTF8, by which somebody has said what they want)."""
    if environ is None:
        environ = {} if sys.flags.ignore_environment else os.environ  # -I: Python did not listen to them either
    if platform != "win32" or environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return None
    number = (code_page or console_code_page)()
    try:
        return codecs.lookup("utf-8" if number == 65001 else f"cp{number}").name
    except LookupError:
        return None


def console_code_page() -> int:
    """The code page of the console of this process; of this system's consoles where it has none (kernel32
    GetConsoleOutputCP, GetOEMCP). Windows only."""
    if sys.platform != "win32":
        raise OSError("code pages are Windows'")
    import ctypes

    kernel = ctypes.windll.kernel32
    return int(kernel.GetConsoleOutputCP() or kernel.GetOEMCP())


def literal(text: str) -> str:
    """``text`` as a PowerShell string in which nothing is expanded. A typographic apostrophe ends one too
    (about_Quoting_Rules), so it is doubled like the plain one."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"


def plain(text: str) -> str:
    """``text`` in signs that every code page has."""
    return "".join(
        _PLAIN.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode("ascii") or "?"
        for sign in text
    )


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


codecs.register_error("runbook.plain", _plain)
