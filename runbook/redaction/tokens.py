"""Which token stands for which value: the same value always gets the same one, in every file and every redaction.

The table lies in ``private/redaction.json`` of the case and never leaves it.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runbook.case.private import make_private
from runbook.files import write_whole
from runbook.redaction.sensitive import TABLE, Found, Kind, compact, key_of

TOKEN = re.compile(
    rf"(?:{'|'.join(Kind)})X*\d{{2,}}(?:-[A-Z0-9]{{1,5}}(?![A-Z0-9]))?|<(?:workspace|python|program)\d*>"
)


def put(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    """``text`` with a word in place of each place (start, end, word); of places that overlap, one word for all."""
    apart: list[tuple[int, int, str]] = []
    for start, end, word in sorted(places):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]), apart[-1][2])
        else:
            apart.append((start, end, word))
    for start, end, word in reversed(apart):
        text = text[:start] + word + text[end:]
    return text


@dataclass
class Tokens:
    """The values found in a case, by kind, with their tokens."""

    known: dict[tuple[Kind, str], tuple[str, str]] = field(default_factory=dict)  # (kind, key) -> (token, value)
    #: With it a withheld file can be recognised by who has the file and the salt, and by nobody who guesses.
    salt: str = field(default_factory=lambda: secrets.token_hex(32))

    @classmethod
    def load(cls, path: Path) -> Tokens:
        """The table of an earlier redaction, empty where there is none."""
        tokens = cls()
        if path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(kept, dict):
                tokens.salt = str(kept["salt"])
            for row in kept["tokens"] if isinstance(kept, dict) else kept:
                tokens.known[(Kind(row["kind"]), key_of(Kind(row["kind"]), row["value"]))] = (
                    row["token"],
                    row["value"],
                )
        return tokens

    def save(self, path: Path) -> None:
        """Write the table, readable by its owner alone, whole or not at all. Makes its folder, should it be missing.

        Raises RunbookError where that folder cannot be made private.
        """
        if not path.parent.is_dir():
            make_private(path.parent)
        rows = [{"kind": kind, "token": token, "value": value} for (kind, _), (token, value) in self.known.items()]
        text = json.dumps({"salt": self.salt, "tokens": rows}, ensure_ascii=False, indent=1)
        write_whole(path, text + "\n", private=True)

    def add(self, found: Iterable[Found]) -> None:
        """Give each value that has none yet a token: longest-known kinds first, so that a session host that is
        also met as plain host keeps its kind. No token is ever a value of the case."""
        wanted = [each for each in found if key_of(each.kind, each.value)]
        taken = {compact(each.value) for each in wanted} | {compact(value) for _, value in self.known.values()}
        for each in wanted:
            if not self._has(each):
                token = self._named(each.token) if each.token else self._next(each, taken)
                self.known[(each.kind, key_of(each.kind, each.value))] = (token, each.value)

    def _has(self, found: Found) -> bool:
        key = key_of(found.kind, found.value)
        family = TABLE[found.kind].family
        same = (kind for kind in Kind if kind is found.kind or (family and TABLE[kind].family == family))
        return any((kind, key) in self.known for kind in same)

    def mark(self, raw: bytes) -> str:
        """HMAC-SHA256 of a file under the salt, in hex."""
        return hmac.new(bytes.fromhex(self.salt), raw, "sha256").hexdigest()

    def _named(self, token: str) -> str:
        """The name asked for, numbered where another value has it."""
        used = {token for token, _ in self.known.values()}
        number = 1
        numbered = token
        while numbered in used:
            number += 1
            numbered = f"{token[:-1]}{number}{token[-1]}"
        return numbered

    def _stem(self, kind: Kind, taken: set[str]) -> str:
        """RDSH, or RDSHX where the case itself has a name like RDSH01: the numbers still begin at 01, so that they
        count what there is."""
        for known, (token, _) in self.known.items():
            if known[0] is kind and not token.startswith("<"):
                return token.rstrip("0123456789") if "-" not in token else re.split(r"\d", token)[0]
        stem = str(kind)
        while any(re.fullmatch(rf"{stem}\d+", value) for value in taken):
            stem += "X"
        return stem

    def _next(self, found: Found, taken: set[str]) -> str:
        number = sum(1 for kind, _ in self.known if kind is found.kind) + 1
        stem = self._stem(found.kind, taken)
        while True:
            token = f"{stem}{number:02d}"
            if compact(token) not in taken and all(token != t.partition("-")[0] for t, _ in self.known.values()):
                break
            number += 1
        shown = TABLE[found.kind].shown(found.value)
        return f"{token}-{shown}" if shown else token

    def __iter__(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, value, token."""
        for (kind, _), (token, value) in self.known.items():
            yield kind, value, token
