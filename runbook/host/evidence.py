"""What a script leaves in its evidence folder: secrets moved out of it, the rest hashed.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from runbook.files import write_whole
from runbook.identifiers import mask_all


def put_secrets_away(folder: Path, private: Path, name: str) -> None:
    """After a script has run: move ``private.json`` to ``private/NAME.json`` and mask what in.json carried."""
    secret = folder / "private.json"
    if secret.exists():
        secret.replace(private / f"{name}.json")
    given = folder / "in.json"
    if given.exists():
        write_json(given, mask_all(json.loads(given.read_text(encoding="utf-8"))))


def write_json(path: Path, data: Any) -> None:
    """Write ``data`` as UTF-8 JSON, whole or not at all."""
    write_whole(path, json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n")


def listing(folder: Path, root: Path) -> list[dict[str, Any]]:
    """Every file under ``folder``: path relative to ``root`` with "/", SHA-256 in hex, size in bytes."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append({"path": path.relative_to(root).as_posix(), "sha256": digest, "size": path.stat().st_size})
    return found
