"""Writes a file whole or not at all: a kill or a full disk leaves the old file, or none. Moves and removes what another
program may hold.

Windows refuses to replace, move or remove what another program has open (an antivirus that looks at a new file, Excel,
a backup): most let go within moments, so that is waited for, and what still holds it then is told by the file's name.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import re
import shutil
import stat
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")
#: Error codes of Windows for "somebody has it open": ERROR_ACCESS_DENIED (what a rename over an open file gets),
#: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_DIR_NOT_EMPTY (a removed file that is open keeps its name).
_HELD = frozenset({5, 32, 33, 145})
_PATIENCE = 3.0  # seconds
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "’": "_"})


def is_held(error: OSError) -> bool:
    """Whether Windows refused because another program has the file open, or because it is write-protected.

    ``open`` tells no code of Windows: there its C library has turned each of these into "permission denied".
    """
    code = getattr(error, "winerror", None)
    return code in _HELD if code is not None else sys.platform == "win32" and isinstance(error, PermissionError)


def patiently(act: Callable[[], _T], patience: float = _PATIENCE) -> _T:
    """What ``act`` gives; for as long as ``patience`` (seconds) tried again where another program holds a file."""
    end = time.monotonic() + patience
    while True:
        try:
            return act()
        except OSError as error:
            if not is_held(error) or time.monotonic() >= end:
                raise
        time.sleep(0.05)


def move(source: Path, target: Path, *, over: bool = True) -> Path:
    """Give ``source`` the name ``target``, over a file of that name; returns ``target``, which an OSError names.

    ``over`` False: raises FileExistsError where there is something of that name already.
    """
    if not over and target.exists():
        raise FileExistsError(f"{target} is there already")
    try:
        return patiently(lambda: source.replace(target))
    except OSError as error:
        error.filename, error.filename2 = str(target), None  # not the half of it that nobody knows
        raise


def remove_tree(folder: Path) -> None:
    """Remove a folder and what lies in it; nothing where there is none."""
    if folder.exists():
        patiently(lambda: shutil.rmtree(folder))


def write_whole(path: Path, content: str | bytes, *, private: bool = False, over: bool = True) -> Path:
    """Write ``content`` (text as UTF-8, its line ends as they are) to ``path`` and flush it to disk; returns ``path``.

    ``private``: readable by its owner alone from its first byte on. ``over`` False: raises FileExistsError where
    there is a file already.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # Two processes that write the same file must not take each other's half-written one away.
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(part, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        move(part, path, over=over)
    except BaseException as error:
        with contextlib.suppress(OSError):  # held too: what is told is what went wrong
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(part)):
            error.filename = str(path)  # not the half of it that nobody knows
        raise
    return path


def write_json(path: Path, data: Any, *, private: bool = False) -> None:
    """Write ``data`` as UTF-8 JSON, whole or not at all; ``private`` as in ``write_whole``."""
    write_whole(path, json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n", private=private)


_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def safe_name(name: str) -> str:
    """``name`` as a file can be called on every disk and in every archive, its accents folded; "file" where nothing of
    it is left."""
    name = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    name = "".join(sign for sign in name if not unicodedata.combining(sign))
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, suffix) if stem else (suffix, "")
    kept = _UNSAFE.sub("_", stem).strip("._") or "file"
    return f"{kept}{dot}{_UNSAFE.sub('_', suffix)}" if suffix else kept


def free_place(folder: Path, name: str, taken: Callable[[Path], bool] = Path.exists) -> Path:
    """Where ``name`` can lie in ``folder``: as it is called, where that is ``taken`` with -2, -3 … behind its stem."""
    stem, suffix = Path(name).stem, Path(name).suffix
    target, number = folder / name, 2
    while taken(target):
        target, number = folder / f"{stem}-{number}{suffix}", number + 1
    return target


#: What a spreadsheet takes for a formula, at the head of a cell and, whatever separator it splits the line at, inside.
_FORMULA = re.compile(r"(\A|[;,\t\r\n])([ \u00a0\"']*)(?=[=+@\t\r\uff0b\uff0d\uff1d\uff20-])")


def write_table(path: Path, head: Iterable[str], rows: Iterable[Iterable[object]], lang: str) -> Path:
    """Write a table for a spreadsheet, whole or not at all: UTF-8 with its mark, so that accents are read, and the
    separator that Excel expects in that language. No text of a cell is a formula there: an apostrophe stands before."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if lang == "fr" else ",", lineterminator="\r\n")
    for row in ([*head], *rows):
        writer.writerow(_FORMULA.sub(r"\1\2'", cell) if isinstance(cell, str) else cell for cell in row)
    return write_whole(path, text.getvalue().encode("utf-8-sig"))


def leads_elsewhere(about: os.stat_result) -> bool:
    """Whether what ``lstat`` tells is a name that stands for another: a link or, on Windows, a junction, which Python
    before 3.12 takes for a folder. A file that deduplication or a cloud folder keeps elsewhere reads as a file."""
    return stat.S_ISLNK(about.st_mode) or bool(getattr(about, "st_reparse_tag", 0) & 0x20000000)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


#: The earliest moment a ZIP can tell: when a file was made is no part of what is packed.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 20


def write_zip(folder: Path, target: Path, stored: frozenset[str] = frozenset()) -> Path:
    """Pack ``folder``, under its own name, into ``target``, which appears whole or not at all; returns ``target``.
    ``stored``: suffixes of what is compressed already.

    The same files give the same bytes with the same zlib; order, times and modes of the disk do not count.
    """
    import zipfile  # late: the guard packs nothing

    partial = target.with_name(f".{target.name}.part")
    found = ((path.relative_to(folder.parent).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(partial, "w", compresslevel=6) as packed:
        for name, path in sorted(found, key=lambda named: named[0].encode()):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if path.suffix in stored else zipfile.ZIP_DEFLATED
            with path.open("rb") as read, packed.open(info, "w", force_zip64=path.stat().st_size >= 1 << 31) as write:
                shutil.copyfileobj(read, write, _BLOCK)
    with partial.open("rb+") as done:
        os.fsync(done.fileno())
    return move(partial, target)


def listing(folder: Path, root: Path) -> list[dict[str, Any]]:
    """Every file under ``folder``, as ``listed`` tells it. Links, pipes and devices are none."""
    return [listed(path, root) for path in sorted(folder.rglob("*")) if stat.S_ISREG(path.lstat().st_mode)]


def listed(path: Path, root: Path) -> dict[str, Any]:
    """One file as the journal tells it: path relative to ``root`` with "/", SHA-256 in hex, size in bytes."""
    return {"path": path.relative_to(root).as_posix(), "sha256": sha256_of(path), "size": path.stat().st_size}
