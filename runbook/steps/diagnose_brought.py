"""The files to read: what each is, by its content; its hash; a copy in the case where it is small.

Names are shown relative to the folder that was given, with "/". Links are not followed, so a folder cannot lead
out of itself.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook.files import leads_elsewhere, safe_name, sha256_of
from runbook.formats.decode import decode

#: Bytes of one file, and of all files together, up to which evidence is copied into the case. What is larger is
#: named with its hash and stays where it is.
COPIED_FILE, COPIED_ALL = 16 << 20, 128 << 20
_HEAD = 4096
#: How JSON begins; "[SRV1] Connecting to …" and "[PS] C:\\>" are texts.
_JSON = re.compile(r"\[\s*(?:[\[{\"\]]|-?\d[\d.]*\s*[,\]]|(?:true|false|null)\b)|\{\s*[\"}]")
_TEXTS = frozenset({".txt", ".log", ".clixml", ".err"})


#: What a file can be ("events" is XML text, "gpresult" HTML, "other" is not read), and how a table says it.
KINDS = {
    "evtx": "diagnose.kind_evtx",
    "events": "diagnose.kind_events",
    "rsop": "diagnose.kind_rsop",
    "gpresult": "diagnose.kind_gpresult",
    "json": "diagnose.kind_json",
    "text": "diagnose.kind_text",
    "empty": "diagnose.kind_empty",
    "other": "diagnose.kind_other",
}


@dataclass(frozen=True)
class Brought:
    """One file. ``kind`` is a word of ``KINDS``. ``sha256`` in hex, ``size`` in bytes; ``copied`` is its name in the
    case, "" where it is too large to be copied. ``fault`` is why it could not be opened, "" where it could."""

    name: str
    path: Path
    kind: str
    size: int
    sha256: str
    copied: str = ""
    fault: str = ""


def listed(place: Path) -> list[Path]:
    """The files of a folder and its folders in the order of their names; a file stands for itself."""
    if place.is_file():
        return [place]
    found = []
    for folder, inner, names in os.walk(place):
        for of in (inner, names):
            of[:] = sorted(n for n in of if not n.startswith(".") and not leads_elsewhere(Path(folder, n).lstat()))
        found += [Path(folder, n) for n in names]
    return found


def bring(place: Path, paths: list[Path], copies: Path | None, largest: int = COPIED_FILE) -> Iterator[Brought]:
    """Look at each of ``paths``; copy those of at most ``largest`` bytes into ``copies`` (None: nothing is copied)."""
    root = place if place.is_dir() else place.parent
    left = COPIED_ALL
    for number, path in enumerate(paths, 1):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        try:
            size = path.stat().st_size
            digest = sha256_of(path)
            kind = kind_of(path)
        except OSError as error:
            yield Brought(name, path, "other", 0, "", fault=error.strerror or str(error))
            continue
        copied = ""
        if copies is not None and kind != "other" and 0 < size <= min(largest, left):
            copies.mkdir(parents=True, exist_ok=True)
            copied = f"{number:03d}-{safe_name(path.name)}"
            shutil.copyfile(path, copies / copied)
            left -= size
        yield Brought(name, path, kind, size, digest, copied)


def kind_of(path: Path) -> str:
    """What a file is, by its first bytes; its name decides only between kinds of text."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = path.suffix.lower()
    if not head:
        return "empty"
    if head.startswith(b"ElfFile\0") or suffix == ".evtx":
        return "evtx"
    # Two bytes for each sign without a mark: the declared UTF-16 of some tools.
    text = decode(head, "utf-16" if head[1:2] == b"\0" else "utf-8").text.lstrip("\ufeff \t\r\n")
    if re.search(r"<Event[\s>]", text):
        return "events"
    if re.search(r"<Rsop[\s>]", text, re.IGNORECASE):
        return "rsop"
    if re.match(r"(<!doctype html|<html)", text, re.IGNORECASE) or suffix in (".htm", ".html"):
        return "gpresult"
    if text.startswith("#< CLIXML") or text.startswith("<Objs"):
        return "text"
    if _JSON.match(text) and suffix in (".json", ".txt", ""):
        return "json"
    if suffix == ".xml":
        return "events"  # the reader says what is wrong with it
    return "json" if suffix == ".json" else "text" if suffix in _TEXTS else "other"
