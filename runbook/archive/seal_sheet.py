"""What goes beside a bag: the seal sheet to print and sign.

It comes from the bag alone, so that a sheet that was lost can be made again and never says anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.archive.bag import TAG_MANIFEST, read_manifest, read_tags
from runbook.archive.digest import hash_file
from runbook.files import move, write_whole
from runbook.words.forms import moment
from runbook.words.sentences import LANGS, say

if TYPE_CHECKING:
    from runbook.papers.paper import Sheet


def seal_of(bag: Path) -> str:
    """The seal of a bag: the SHA-256 of its tag manifest, in lower-case hex."""
    return hash_file(bag / TAG_MANIFEST)["sha256"]


def spelled(seal: str) -> str:
    """The seal in groups of four, two lines of eight: how it is printed, read out and typed."""
    groups = [seal[i : i + 4] for i in range(0, len(seal), 4)]
    return "\n".join(" ".join(groups[i : i + 8]) for i in range(0, len(groups), 8))


def typed_seal(text: str) -> str:
    """The seal as typed from paper, without what people put between the groups."""
    return re.sub(r"[\s\-–—.:_]", "", text).lower()


def sheets_of(bag: Path) -> tuple[Path, Path]:
    """Where the sheets of a bag lie: ``NAME.seal.txt`` and ``NAME.seal.html`` beside it."""
    return bag.with_name(bag.name + ".seal.txt"), bag.with_name(bag.name + ".seal.html")


def states(sheet: Path, seal: str) -> bool:
    """Whether a sheet, as text or as a page, gives this seal."""
    return seal in typed_seal(sheet.read_text(encoding="utf-8", errors="replace"))


def complete_sheets(bag: Path) -> tuple[Path, Path]:
    """The sheets beside a sealed bag, made where they are missing. What is there may be signed, and stays as it is.

    A sheet that states another seal (of a bag of that name that somebody took away) is kept as
    ``NAME.seal.before-1.txt``.
    """
    seal = seal_of(bag)
    missing = []
    for sheet in sheets_of(bag):
        if sheet.exists() and not states(sheet, seal):
            number = 1
            while (kept := sheet.with_name(f"{sheet.stem}.before-{number}{sheet.suffix}")).exists():
                number += 1
            move(sheet, kept)
        if not sheet.exists():
            missing.append(sheet)
    return write_sheets(bag, missing)


def write_sheets(bag: Path, wanted: Iterable[Path] | None = None) -> tuple[Path, Path]:
    """Write both sheets, or those ``wanted``, over what is there: the text as Notepad on any Windows reads it (byte
    order mark, CR LF), and the page."""
    from runbook.papers.paper import to_html, to_text  # late: who verifies writes no sheet

    text, page = sheets_of(bag)
    chosen = (text, page) if wanted is None else tuple(wanted)
    if text in chosen:
        write_whole(text, to_text(_sheet(bag)).replace("\n", "\r\n").encode("utf-8-sig"))
    if page in chosen:
        write_whole(page, to_html(_sheet(bag)))
    return text, page


def info_of(bag: Path) -> dict[str, str]:
    """bag-info.txt as a mapping (the last value of a label that stands there twice)."""
    return dict(read_tags((bag / "bag-info.txt").read_bytes(), "bag-info.txt"))


def _both(key: str, **fields: object) -> str:
    """A sentence in both languages, once where they agree: one sheet is signed, whatever its readers speak."""
    return " / ".join(dict.fromkeys(say(key, lang, **fields) for lang in LANGS))


_EDITION = {"full": "archive.edition_full", "redacted": "archive.edition_redacted"}


def _rows(bag: Path, info: Mapping[str, str]) -> list[tuple[str, str]]:
    size, _, files = info.get("Payload-Oxum", "0.0").partition(".")
    tags = read_manifest((bag / TAG_MANIFEST).read_bytes(), TAG_MANIFEST)
    content = {"files": files, "size": int(size), "beside": len(tags.digests) + 1}  # and that list itself
    edition = info.get("Runbook-Edition", "full")
    rows = [
        ("archive.sheet_bag", bag.name),
        ("archive.sheet_case", info.get("External-Identifier", "")),
        ("archive.sheet_company", info.get("Source-Organization", "")),
        ("archive.sheet_operator", info.get("Contact-Name", "")),
        ("archive.sheet_sealed", " / ".join(moment(info.get("Runbook-Sealed"), lang) for lang in LANGS)),
        ("archive.sheet_edition", _both(_EDITION[edition])),
        ("archive.sheet_content", _both("archive.sheet_files", **content)),
        ("archive.sheet_journal", _both("archive.sheet_lines", count=info.get("Runbook-Journal-Lines", ""))),
        ("archive.sheet_software", info.get("Bag-Software-Agent", "")),
    ]
    if "Runbook-Sealed-As-Is" in info:
        rows.append(("archive.sheet_as_is", info["Runbook-Sealed-As-Is"]))
    if (verifier := bag / "VERIFIER.txt").is_file():  # it lies in what it checks: the paper vouches for it
        rows.append(("archive.sheet_verifier", hash_file(verifier)["sha256"]))
    return [(_both(key), text) for key, text in rows if text]


def commands_for(name: str) -> list[str]:
    """One line each of certutil, PowerShell and sha256sum that computes the seal of the bag ``name`` again."""
    return say("archive.sheet_commands", "en", name=name).strip().splitlines()


def _sheet(bag: Path) -> Sheet:
    """The seal sheet: one side of paper, both languages, signed once."""
    from runbook.papers import paper

    info = info_of(bag)
    lines = ("record.sign_name", "record.sign_date", "record.sign_signature")
    to_sign = [
        paper.Pairs(
            tuple((f"{_both(who)} – {_both(line)}" if n == 0 else _both(line), "") for n, line in enumerate(lines))
        )
        for who in ("record.sign_operator", "record.sign_second")
    ]
    told = (
        paper.Prose(say(key, lang, name=bag.name), lang=lang)
        for key in ("archive.sheet_how", "archive.sheet_alone")
        for lang in LANGS
    )
    return paper.Sheet(
        lang="fr",
        title=_both("archive.sheet_title", name=bag.name),
        subtitle="",
        stamp=say("archive.rehearsal_stamp", "fr") if "Runbook-Rehearsal" in info else "",
        sections=(
            paper.Section("", (paper.Pairs(tuple(_rows(bag, info))),)),
            paper.Section(_both("archive.sheet_seal"), (paper.Command(spelled(seal_of(bag)), large=True),)),
            paper.Section("", tuple(told), columns=2),
            paper.Section("", (paper.Command("\n".join(commands_for(bag.name))),)),
            paper.Section("", tuple(to_sign), columns=2),
        ),
        form="one side",
    )
