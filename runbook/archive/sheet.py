"""What goes with a bag on paper and beside it: VERIFIER.txt, and the seal sheet to print and sign.

Both come from the bag alone, so that a sheet that was lost can be made again and never says anything else.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from runbook.archive.bag import TAG_MANIFEST, read_tags
from runbook.archive.digest import hash_file
from runbook.files import write_whole
from runbook.record.wording import moment
from runbook.sentences import LANGS, say

#: What an auditor pastes, by its place in the words ``archive.verifier_commands``.
_SCRIPTS = {"script": "verifier.ps1", "shell": "verifier.sh", "chain": "chain.ps1", "shell_chain": "chain.sh"}
#: The name that stands in the commands where they are shown for no bag in particular.
_ANY = "case-2024-01"
_STYLE = Path(__file__).with_name("sheet.css")


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
            sheet.rename(kept)
        if not sheet.exists():
            missing.append(sheet)
    return write_sheets(bag, missing)


def write_sheets(bag: Path, wanted: Iterable[Path] | None = None) -> tuple[Path, Path]:
    """Write both sheets, or those ``wanted``, over what is there: the text as Notepad on any Windows reads it (byte
    order mark, CR LF), and the page."""
    text, page = sheets_of(bag)
    chosen = (text, page) if wanted is None else tuple(wanted)
    if text in chosen:
        write_whole(text, sheet_text(bag).replace("\n", "\r\n").encode("utf-8-sig"))
    if page in chosen:
        write_whole(page, sheet_html(bag))
    return text, page


def verifier_text(name: str = _ANY) -> str:
    """VERIFIER.txt: how to check the bag with Windows PowerShell 5.1, certutil or sha256sum, in both languages.

    Says nothing of the case but the ``name`` of its bag, which stands in the commands.
    """
    parts = [say("archive.verifier", lang).strip() for lang in LANGS]
    rule = "=" * 78
    return f"\n{rule}\n\n".join(part + "\n" for part in [*parts, verifier_commands().replace(_ANY, name)])


def verifier_commands() -> str:
    """The ways A to G to check a bag without this software, for the bag ``case-2024-01``; two blank lines part them."""
    folder = Path(__file__).parent
    scripts = {key: (folder / name).read_text(encoding="utf-8").rstrip() for key, name in _SCRIPTS.items()}
    return say("archive.verifier_commands", "en", **scripts).strip()


def info_of(bag: Path) -> dict[str, str]:
    """bag-info.txt as a mapping (the last value of a label that stands there twice)."""
    return dict(read_tags((bag / "bag-info.txt").read_bytes(), "bag-info.txt"))


def _rows(info: Mapping[str, str], seal: str, name: str, lang: str) -> list[tuple[str, str]]:
    size, _, count = info.get("Payload-Oxum", "0.0").partition(".")
    edition = info.get("Runbook-Edition", "full")
    rows = [
        ("sheet_bag", name),
        ("sheet_case", info.get("External-Identifier", "")),
        ("sheet_company", info.get("Source-Organization", "")),
        ("sheet_operator", info.get("Contact-Name", "")),
        ("sheet_sealed", moment(info.get("Runbook-Sealed"), lang)),
        ("sheet_edition", say(f"archive.edition_{edition}", lang)),
        ("sheet_content", say("archive.sheet_files", lang, count=count, size=size)),
        ("sheet_journal", say("archive.sheet_lines", lang, count=info.get("Runbook-Journal-Lines", ""))),
        ("sheet_software", info.get("Bag-Software-Agent", "")),
    ]
    if "Runbook-Sealed-As-Is" in info:
        rows.append(("sheet_as_is", info["Runbook-Sealed-As-Is"]))
    return [(say(f"archive.{key}", lang), text) for key, text in rows if text]


def commands_for(name: str) -> list[str]:
    """One line each of certutil, PowerShell and sha256sum that computes the seal of the bag ``name`` again."""
    return say("archive.sheet_commands", "en", name=name).strip().splitlines()


def sheet_text(bag: Path) -> str:
    """The seal sheet as plain text, French then English."""
    info, seal = info_of(bag), seal_of(bag)
    parts = []
    for lang in LANGS:
        stamp = [say("archive.rehearsal_stamp", lang), ""] if "Runbook-Rehearsal" in info else []
        rows = _rows(info, seal, bag.name, lang)
        width = max(len(label) for label, _ in rows)
        signatures = [
            line
            for who in ("sign_operator", "sign_second")
            for line in (
                say(f"record.{who}", lang),
                f"  {say('record.sign_name', lang)} _____________________  {say('record.sign_date', lang)} __________",
                f"  {say('record.sign_signature', lang)} ____________________________________",
                "",
            )
        ]
        parts.append(
            "\n".join(
                [
                    say("archive.sheet_title", lang, name=bag.name),
                    "",
                    *stamp,
                    *(f"{label.ljust(width)}  {text}" for label, text in rows),
                    "",
                    say("archive.sheet_seal", lang),
                    "",
                    *("    " + line for line in spelled(seal).splitlines()),
                    "",
                    textwrap.fill(say("archive.sheet_how", lang, name=bag.name), 78, break_on_hyphens=False),
                    "",
                    textwrap.fill(say("archive.sheet_alone", lang), 78, break_on_hyphens=False),
                    "",
                    *("    " + command for command in commands_for(bag.name)),
                    "",
                    *signatures,
                ]
            )
        )
    return ("=" * 78 + "\n\n").join(parts)


def sheet_html(bag: Path) -> str:
    """The seal sheet as one self-contained page: one A4 side for each language."""
    info, seal = info_of(bag), seal_of(bag)
    rehearsal = "Runbook-Rehearsal" in info
    pages = []
    for lang in LANGS:
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>"
            for label, text in _rows(info, seal, bag.name, lang)
        )
        signs = "".join(
            f"<tr><th scope='row'>{html.escape(say(f'record.{who}', lang))}</th>"
            + "".join(
                f"<td>{html.escape(say(f'record.{field}', lang))}</td>"
                for field in ("sign_name", "sign_date", "sign_signature")
            )
            + "</tr>"
            for who in ("sign_operator", "sign_second")
        )
        how = html.escape(say("archive.sheet_how", lang, name=bag.name))
        alone = html.escape(say("archive.sheet_alone", lang))
        lines = html.escape("\n".join(commands_for(bag.name)))
        stamp = f"<p class='stamp'>{html.escape(say('archive.rehearsal_stamp', lang))}</p>" if rehearsal else ""
        pages.append(
            f"<section lang='{lang}'><h1>{html.escape(say('archive.sheet_title', lang, name=bag.name))}</h1>{stamp}"
            f"<table class='facts'>{rows}</table><h2>{html.escape(say('archive.sheet_seal', lang))}</h2>"
            f"<pre class='seal'>{spelled(seal)}</pre><p>{how}</p>"
            f"<p>{alone}</p><pre class='commands'>{lines}</pre>"
            f"<table class='sign'>{signs}</table></section>"
        )
    title = html.escape(f"{'REHEARSAL – ' if rehearsal else ''}{bag.name}")
    style = _STYLE.read_text(encoding="utf-8")
    head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
    return f"<!DOCTYPE html>\n<html lang='fr'>\n<head>{head}</head>\n<body>{''.join(pages)}</body>\n</html>\n"
