"""Do both languages say the same? Same pages, same shape, and no English page older than its French text.

French is the source: each page of docs/en carries ``french:`` in its front matter, a hash of the French text it
says. ``python -m macros.parity`` lists what differs (exit code 1); ``python -m macros.parity --stamp [PAGE ...]``
writes the hash once a person has looked (into all pages, or into those named, such as runbook/install.md). The
build runs the same check. Needs no git history, so it also holds in an archive of the project.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_STAMP = re.compile(r"^french: *['\"]?([0-9a-f]{12})['\"]?[ \t]*$", re.MULTILINE)
_BLOCK = re.compile(r"^([ \t]*)(```+|~~~+)([^\n]*)\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.*)$", re.MULTILINE)
_ID = re.compile(r"\{:[^}]*?#([\w-]+)")
_ADMONITION = re.compile(r"^[ \t]*(?:!!!|\?\?\?\+?) (\w+)", re.MULTILINE)
_LINK = re.compile(r"\]\(<?([^)\s>]+)")
_ROW = re.compile(r"^[ \t]*(\|.*)$", re.MULTILINE)
_IN_CELL = re.compile(r"\\\||`[^`\n]*`|\{\{.*?\}\}")  # what may hold a bar that ends no cell
_MACRO = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_TAB = re.compile(r"^[ \t]*===", re.MULTILINE)
_NUMBER = re.compile(r"(\d+)\. ")
_LIST = re.compile(r"^[ \t]*(?:[-*]|\d+\.) ", re.MULTILINE)
_COMMENT = re.compile(r"#.*")


@dataclass(frozen=True)
class Difference:
    """One thing that differs on ``page`` (path below docs/LANG)."""

    page: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.what}"


def body(text: str) -> str:
    """The page without its front matter, with LF line ends."""
    return _FRONT.sub("", text.replace("\r\n", "\n"))


def digest(french: str) -> str:
    """12 hex digits that stand for the French text; trailing blanks and front matter do not count."""
    lines = "\n".join(line.rstrip() for line in body(french).strip().split("\n"))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()[:12]


def stamp_of(english: str) -> str | None:
    """The hash in the English page's front matter, None where there is none."""
    front = _FRONT.match(english.replace("\r\n", "\n"))
    found = front and _STAMP.search(front[1])
    return found[1] if found else None


def stamped(english: str, french: str) -> str:
    """The English page with the French text's hash in its front matter."""
    english = english.replace("\r\n", "\n")
    line = f"french: '{digest(french)}'"
    front = _FRONT.match(english)
    if not front:
        return f"---\n{line}\n---\n\n{english.lstrip()}"
    kept = [old for old in front[1].split("\n") if not old.startswith("french:")]
    return "---\n" + "\n".join([line, *kept]).rstrip() + "\n---\n" + english[front.end() :]


def shape(text: str) -> dict[str, object]:
    """What must be the same in both languages, by name."""
    text = body(text)
    blocks = _BLOCK.findall(text)
    prose = _BLOCK.sub("", text)
    return {
        "headings": [(len(m[1]), (_ID.search(m[2]) or [None, None])[1]) for m in _HEADING.finditer(prose)],
        "code blocks": [(info.split("title=")[0].strip(), _COMMENT.sub("", code)) for _, _, info, code in blocks],
        "admonitions": _ADMONITION.findall(prose),
        "link targets": sorted(_LINK.findall(prose)),
        "table rows": [row.strip().count("|") - 1 for row in _ROW.findall(_IN_CELL.sub("", prose))],
        "macros": _MACRO.findall(prose),
        "tabs": len(_TAB.findall(prose)),
        "list items": len(_LIST.findall(prose)),
    }


def pages(folder: Path) -> set[str]:
    """Paths of all pages below ``folder``, with forward slashes."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}


def differences(docs: Path) -> list[Difference]:
    """Everything in which docs/fr and docs/en differ."""
    french, english = docs / "fr", docs / "en"
    ours, theirs = pages(french), pages(english)
    found = [Difference(page, f"missing in {'en' if page in ours else 'fr'}") for page in sorted(ours ^ theirs)]
    for page in sorted(ours & theirs):
        found += _compare(page, *((folder / page).read_text(encoding="utf-8") for folder in (french, english)))
    return found


def _compare(page: str, french: str, english: str) -> list[Difference]:
    one, two = shape(french), shape(english)
    found = [
        Difference(page, f"{name} differ: fr {_short(one[name], two[name])}, en {_short(two[name], one[name])}")
        for name in one
        if one[name] != two[name]
    ]
    found += [Difference(page, f"a heading without an id: {title!r}") for title in _nameless(french)]
    found += [Difference(page, f"shown as 1: {item!r}") for text in (french, english) for item in _restarted(text)]
    stamp = stamp_of(english)
    if stamp != digest(french):
        found.append(Difference(page, f"the French text is {digest(french)}, the English page says {stamp}"))
    return found


def _nameless(text: str) -> list[str]:
    """Headings without an id of their own: theirs would differ between the languages."""
    prose = _BLOCK.sub("", body(text))
    return [m[2] for m in _HEADING.finditer(prose) if not _ID.search(m[2])]


def _restarted(text: str) -> list[str]:
    """Numbered lines that go on with a list which something at the margin has ended: Markdown numbers them from 1."""
    found, counting = [], False
    for line in _BLOCK.sub(r"\1-", body(text)).split("\n"):
        number = _NUMBER.match(line)
        if number and number[1] != "1" and not counting:
            found.append(line)
        if line.strip() and not line.startswith(" "):
            counting = bool(number)
    return found


def _short(value: object, other: object) -> str:
    """``value``, or of lists only what the other one does not hold."""
    if isinstance(value, list) and isinstance(other, list):
        value = [entry for entry in value if entry not in other] or f"{len(value)} in this order"
    return str(value)[:160]


def stamp(docs: Path, chosen: set[str]) -> list[str]:
    """Write the stamp into the English pages ``chosen`` (all where empty). Returns those that changed."""
    changed = []
    for page in sorted(pages(docs / "fr") & pages(docs / "en")):
        if chosen and page not in chosen:
            continue
        path = docs / "en" / page
        old = path.read_text(encoding="utf-8")
        new = stamped(old, (docs / "fr" / page).read_text(encoding="utf-8"))
        if new != old:
            path.write_text(new, encoding="utf-8", newline="\n")
            changed.append(page)
    return changed


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m macros.parity", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stamp", nargs="*", metavar="PAGE", help="write the French text's hash into English pages")
    parser.add_argument("--docs", type=Path, default=Path(__file__).resolve().parent.parent / "docs")
    options = parser.parse_args(arguments)
    if options.stamp is not None:
        sys.stdout.writelines(f"stamped {page}\n" for page in stamp(options.docs, set(options.stamp)))
        return 0
    found = differences(options.docs)
    sys.stdout.writelines(f"{difference}\n" for difference in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
