"""What may be said of a text that does not go out as it was: its HMAC, neither its plain hash nor, withheld, its size.

With a plain SHA-256 anyone can try out texts until one fits: a redacted script differs from the one that ran by the
name of a server. A hash may stay where it tells nothing that the copy or the project's public text does not tell by
itself: of a file that goes out byte for byte, of one of the project's own scripts and notebooks, of nothing at all.
In place of any other stands an HMAC under the salt that stays inside: of the content where the case still holds it,
else (an earlier state of case.yml, a file that was never copied into the case) of the hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from runbook.host.script import hash_of_run
from runbook.journal.lines import GENESIS
from runbook.words.forms import HMAC, HMAC_OF_HASH
from runbook.words.sentences import data_root

EMPTY = hashlib.sha256(b"").hexdigest()
#: From this length on the first characters of a hash are taken for it: tables show some of them.
SHORTEST = 12
HEX_RUN = re.compile(rf"(?<![0-9A-Fa-f])[0-9A-Fa-f]{{{SHORTEST},}}(?![0-9A-Fa-f])")
_SIZE_KEYS = frozenset({"size", "length", "bytes", "octets"})
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_TAG = re.compile(r"(<[^>]*>)")
_BLANK_LINE = re.compile(r"(\r?\n[ \t]*\r?\n)")
#: A file's name as it stands in a text: up to a folder, a blank, a quote, a tag.
_NAME = re.compile(r"[^\s\"'<>|:*?/\\,;()]+")
_NO_SIZE = "–"


@cache
def public_hashes() -> frozenset[str]:
    """SHA-256 of the scripts (as they lie and as they run) and the notebooks that the project publishes."""
    root = data_root() / "notebooks"
    scripts = [file.read_bytes() for file in sorted((root / "steps").glob("*.ps1"))]
    notebooks = [file.read_bytes() for file in sorted([*root.glob("*.ipynb"), *root.glob("*.md")])]
    plain = (hashlib.sha256(raw).hexdigest() for raw in (*scripts, *notebooks))
    return frozenset([*plain, *(hash_of_run(raw) for raw in scripts)])


class Withheld:
    """Takes plain hashes and sizes out of texts in which the tokens stand already.

    ``mark`` is the HMAC-SHA256 (hex) of some bytes under the case's salt.
    """

    def __init__(self, mark: Callable[[bytes], str]) -> None:
        self._mark = mark
        self._marks: dict[str, str] = {}  # a plain hash -> what stands in its place
        self._begun: dict[str, str] = {}  # the first characters of a plain hash -> the hash
        self._free = {EMPTY, GENESIS, *public_hashes()}
        self._sizes: dict[str, set[int]] = {}  # a withheld file's name or HMAC -> its size, or those of its namesakes
        self._odd: set[str] = set()  # names among these that hold a blank or the like

    def hide(self, digest: str, mark: str) -> None:
        """The content with this SHA-256 and HMAC does not go out as it was."""
        self._free.discard(digest)
        self._put(digest, HMAC + mark)
        self._free.add(mark)

    def hide_size(self, path: str, mark: str, size: int) -> None:
        """The file that would go out as ``path`` stays inside."""
        name = path.rsplit("/", 1)[-1].casefold()
        for each in (name, HMAC + mark):
            self._sizes.setdefault(each, set()).add(size)
        if not _NAME.fullmatch(name):
            self._odd.add(name)

    def free(self, digests: Iterable[str]) -> None:
        """Hashes that may stay as they are."""
        self._free.update(digests)

    def meet(self, text: str) -> None:
        """Learn the whole hashes in ``text``, so that the first characters of one are known elsewhere."""
        for match in HEX_RUN.finditer(text):
            digest = match[0].lower()
            if len(digest) == 64 and digest not in self._free and digest not in self._marks:
                self._put(digest, self._of_hash(digest))

    def text(self, text: str) -> str:
        """``text`` without plain hashes, and without the size of a withheld file where one is named."""
        text = HEX_RUN.sub(self._in_place, text)
        if not self._sizes:
            return text
        if "<tr" in text:
            return _ROW.sub(lambda match: self._without_sizes(match[0]), text)
        return "".join(self._without_sizes(block) for block in _BLANK_LINE.split(text))

    def name(self, part: str) -> str:
        """The same for a part of a path, where no label can stand."""
        return HEX_RUN.sub(lambda match: self._in_place(match).rpartition(":")[2], part)

    def data(self, data: Any) -> Any:
        """The same for JSON data; a property that says how large a withheld file is becomes null."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, list):
            return [self.data(item) for item in data]
        if not isinstance(data, dict):
            return data
        fresh = {self.text(str(key)): self.data(item) for key, item in data.items()}
        named = {size for item in fresh.values() if isinstance(item, str) for size in self._sizes_in(item)}
        if not named:
            return fresh
        return {key: None if _tells_size(key, item, named) else item for key, item in fresh.items()}

    def _put(self, digest: str, instead: str) -> None:
        self._marks[digest] = instead
        self._begun[digest[:SHORTEST]] = digest

    def _of_hash(self, digest: str) -> str:
        mark = self._mark(digest.encode())
        self._free.add(mark)
        return HMAC_OF_HASH + mark

    def _in_place(self, match: re.Match[str]) -> str:
        digits = match[0].lower()
        if digits in self._free:
            return match[0]
        if len(digits) == 64:
            return self._marks.get(digits) or self._of_hash(digits)
        whole = self._begun.get(digits[:SHORTEST], "")
        if len(digits) < 64 and whole.startswith(digits):
            label, colon, mark = self._marks[whole].partition(":")
            return label + colon + mark[: len(digits)]
        if any(digest in digits for digest in self._inside(digits)):
            return HMAC + self._mark(digits.encode())
        return match[0]

    def _inside(self, digits: str) -> Iterator[str]:
        """Hashes that may stand somewhere in a longer run of digits."""
        for at in range(len(digits) - 63):
            if digest := self._begun.get(digits[at : at + SHORTEST]):
                yield digest

    def _sizes_in(self, text: str) -> set[int]:
        """Sizes of the withheld files that ``text`` names, by name or by HMAC."""
        names = [match[0].rstrip(".") for match in _NAME.finditer(text)]
        names += [name for name in self._odd if name in text.casefold()]
        names += re.findall(HMAC + "[0-9a-f]{64}", text) if HMAC in text else []
        return {size for name in names for size in self._sizes.get(name.casefold(), ())}

    def _without_sizes(self, row: str) -> str:
        """A row of a table, or a paragraph, in which a withheld file may be named."""
        for size in sorted(self._sizes_in(row), reverse=True):
            # digits grouped by thousands are the same number; those of a name, a date, a time are another
            groups = r"[ \u00a0\u202f,.']?".join(f"{size:,}".split(","))
            number = re.compile(rf"(?<![\w.,/\\#-])(?<!\d:){groups}(?![\w%-]|[.,:]\w)")
            row = "".join(part if part.startswith("<") else number.sub(_NO_SIZE, part) for part in _TAG.split(row))
        return row


def _tells_size(key: str, item: Any, sizes: set[int]) -> bool:
    if isinstance(item, bool) or not (isinstance(item, int) or (isinstance(item, str) and item.isdigit())):
        return False
    return key.lower() in _SIZE_KEYS or int(item) in sizes
