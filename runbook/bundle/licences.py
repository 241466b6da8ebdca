"""The terms of what a bundle carries: each wheel's own texts, and those of the theme that the site is made with."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from runbook.words.sentences import LANGS, say

_TEXT = re.compile(r"(un)?licen[cs]e|copying|notice|authors|third.?party", re.IGNORECASE)
_NO_TEXT = {".py", ".pyc", ".svg", ".json", ".js", ".css", ".html", ".yml", ".h", ".pyi"}
_SHOWN = 60  # characters of a licence's name in the list; some packages put the whole text there


@dataclass(frozen=True)
class Terms:
    """What one package declares, and its texts by the path at which the bundle keeps them."""

    name: str
    version: str
    declared: str
    texts: dict[str, bytes]

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


def of_wheel(wheel: Path) -> Terms:
    """The terms inside a wheel. Source: the core metadata specification (License-Expression, License-File)."""
    with zipfile.ZipFile(wheel) as opened:
        names = sorted(opened.namelist())
        about = next(n for n in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        metadata = Parser().parsestr(opened.read(about).decode("utf-8"))
        texts = _unique((name, opened.read(name)) for name in names if _is_text(name))
    return Terms(metadata["Name"], metadata["Version"], declared(metadata), texts)


def of_installed(distribution: Distribution) -> Terms:
    """The terms of an installed package: the site's theme is inside the site, not inside the wheelhouse."""
    metadata = distribution.metadata
    parsed = Parser().parsestr("".join(f"{key}: {' '.join(metadata[key].split())}\n" for key in ("Name", "Version")))
    for key in ("License-Expression", "License"):
        if key in metadata:
            parsed[key] = " ".join(metadata[key].split())
    for classifier in metadata.get_all("Classifier") or ():
        parsed["Classifier"] = classifier
    files = sorted((file.as_posix(), file) for file in distribution.files or ())
    texts = _unique((name, Path(str(file.locate())).read_bytes()) for name, file in files if _is_text(name))
    return Terms(parsed["Name"], parsed["Version"], declared(parsed), texts)


def declared(metadata: Message) -> str:
    """The licence in one line: the expression, else the short field, else the classifiers; "?" where none is told."""
    field = " ".join((metadata["License"] or "").split())
    classes = [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier", ()) if text.startswith("License")]
    for said in (metadata["License-Expression"], field if len(field) <= _SHOWN else "", ", ".join(classes)):
        if said:
            return str(said)
    return field[: _SHOWN - 1] + "…" if field else "?"


def write(found: list[Terms], folder: Path) -> None:
    """Write every text and one list in both languages into ``folder``."""
    lines: list[str] = []
    for lang in LANGS:
        lines += [say("bundle.licences", lang).rstrip(), ""]
    for terms in sorted(found, key=lambda terms: terms.name.lower()):
        mark = "" if terms.texts else "  *"
        lines.append(f"{terms.name} {terms.version}: {terms.declared}{mark}")
        for path, text in terms.texts.items():
            target = folder / terms.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "LICENCES.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    # A name that ends in "/" is a folder: some wheels list those too.
    return not name.endswith("/") and bool(_TEXT.search(path.name)) and path.suffix.lower() not in _NO_TEXT


def _unique(found: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    """Each text once, at a short path: Windows allows some 250 characters for all of it."""
    texts: dict[str, bytes] = {}
    for name, text in found:
        if text in texts.values():
            continue
        parts = [part for part in name.split("/")[:-1] if not part.endswith((".dist-info", ".data"))]
        kept = [part for part in parts if part.lower() not in ("licenses", "licences", "license_files", "..", ".")]
        short = "/".join([*kept[-2:], name.rpartition("/")[2]])
        while short in texts:
            short = f"more/{short}"
        texts[short] = text
    return texts
