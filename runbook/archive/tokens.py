"""Which token stands for which value: the same value always gets the same one, in every file and every redaction.

The table lies in ``private/redaction.json`` of the case and never leaves it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runbook.archive.sensitive import COMPACT, TAIL, Found, Kind, compact, initials

TOKEN = re.compile(rf"(?:{'|'.join(Kind)})\d{{2,}}(?:-[A-Z0-9]+)?")


@dataclass
class Tokens:
    """The values found in a case, by kind, with their tokens."""

    known: dict[tuple[Kind, str], tuple[str, str]] = field(default_factory=dict)  # (kind, key) -> (token, value)

    @classmethod
    def load(cls, path: Path) -> Tokens:
        """The table of an earlier redaction, empty where there is none."""
        tokens = cls()
        if path.is_file():
            for row in json.loads(path.read_text(encoding="utf-8")):
                tokens.known[(Kind(row["kind"]), _key(Kind(row["kind"]), row["value"]))] = (row["token"], row["value"])
        return tokens

    def save(self, path: Path) -> None:
        """Write the table, readable by its owner alone, whole or not at all."""
        rows = [{"kind": kind, "token": token, "value": value} for (kind, _), (token, value) in self.known.items()]
        partial = path.with_name(f".{path.name}.part")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            json.dump(rows, file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def add(self, found: Iterable[Found]) -> None:
        """Give each value that has none yet a token: longest-known kinds first, so that a session host that is
        also met as plain host keeps its kind. No token is ever a value of the case."""
        wanted = [each for each in found if _key(each.kind, each.value)]
        taken = {compact(each.value) for each in wanted} | {compact(value) for _, value in self.known.values()}
        for each in wanted:
            if not self._has(each):
                token = self._next(each, taken)
                self.known[(each.kind, _key(each.kind, each.value))] = (token, each.value)

    def _has(self, found: Found) -> bool:
        key = _key(found.kind, found.value)
        return any((kind, key) in self.known for kind in _family(found.kind))

    def _next(self, found: Found, taken: set[str]) -> str:
        number = sum(1 for kind, _ in self.known if kind is found.kind) + 1
        while True:
            token = f"{found.kind}{number:02d}"
            if compact(token) not in taken and all(token != t.partition("-")[0] for t, _ in self.known.values()):
                break
            number += 1
        if found.kind in TAIL:
            return f"{token}-{compact(found.value)[-TAIL[found.kind] :]}"
        if found.kind is Kind.PERSON:
            return f"{token}-{initials(found.value) or 'X'}"
        return token

    def __iter__(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, value, token."""
        for (kind, _), (token, value) in self.known.items():
            yield kind, value, token


def _family(kind: Kind) -> tuple[Kind, ...]:
    """Kinds that name the same thing: a value known under one of them is not given a second token."""
    for family in (
        (Kind.SESSION_HOST, Kind.LICENSE_SERVER, Kind.HOST, Kind.USER),
        (Kind.KEY_PACK, Kind.SERVER_ID, Kind.CODE),
    ):
        if kind in family:
            return family
    return (kind,)


def _key(kind: Kind, value: str) -> str:
    return compact(value) if kind in COMPACT else " ".join(value.split()).casefold()
