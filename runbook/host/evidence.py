"""What a script leaves in its evidence folder: secrets moved out of it, or masked where they were repeated.

Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from runbook.case.identifiers import mask_all, mask_known, secrets_in
from runbook.files import patiently, write_json, write_whole

#: What a script or PowerShell itself may repeat an identifier in that it was given.
_SAID = ("out.json", "stdout.bin", "stderr.bin", "remoting-out.json")


def secret_input(folder: Path, private: Path) -> Path:
    """Where the input of a script lies that carries secrets: ``private/rNN/STEP/in.json`` for ``rNN/STEP``."""
    return private / folder.parent.name / folder.name / "in.json"


def put_secrets_away(folder: Path, private: Path, name: str) -> None:
    """After a script has run in ``folder``: move its ``private.json`` to ``private/NAME.json``, remove the input
    that carried secrets, mask what of it was repeated in the answer or in an error."""
    secret = folder / "private.json"
    if secret.exists():
        # Written anew and not moved: a file that is moved on Windows keeps the rights of the folder it was made in.
        write_whole(private / f"{name}.json", secret.read_bytes(), private=True)
        patiently(secret.unlink)
    own, shown = secret_input(folder, private), folder / "in.json"
    known = secrets_in(_read(own)) | secrets_in(_read(shown))
    if known:
        for said in _SAID:
            _mask_file(folder / said, known)
    if (given := _read(shown)) is not None and (masked := mask_all(given)) != given:
        write_json(shown, masked)  # a version that gave identifiers here, and was killed
    patiently(lambda: own.unlink(missing_ok=True))
    for emptied in (own.parent, own.parent.parent):
        with contextlib.suppress(OSError):  # not there, or not empty
            emptied.rmdir()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _mask_file(path: Path, known: set[str]) -> None:
    """Byte for byte, whatever the encoding: identifiers are ASCII, and Latin-1 gives every byte back as it was."""
    if path.is_file():
        said = path.read_bytes().decode("latin-1")
        masked = mask_known(said, known)
        if masked != said:
            write_whole(path, masked.encode("latin-1"))
