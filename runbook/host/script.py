"""A step's script in the bytes in which it runs.

Windows PowerShell 5.1 reads a file without a byte order mark in the system's ANSI code page, so what runs gets
one. A signed file runs itself, byte for byte: a signature covers the bytes, and Microsoft's about_Signing says that
a signed script in another encoding than ASCII or UTF-8 without a mark does not run. That is why the files of
notebooks/steps are pure ASCII, which every ANSI code page reads alike (tests/knowledge/test_step_files.py).
"""

from __future__ import annotations

import hashlib

from runbook.knowledge.catalogue import SIGNATURE

#: What Windows PowerShell 5.1 knows UTF-8 by.
BOM = b"\xef\xbb\xbf"


def is_signed(raw: bytes) -> bool:
    """Whether a script file carries a signature block."""
    return SIGNATURE.encode("ascii") in raw


def as_run(raw: bytes) -> bytes:
    """The bytes of a script file as they run: with a byte order mark, unless the file is signed."""
    return raw if raw.startswith(BOM) or is_signed(raw) else BOM + raw


def hash_of_run(raw: bytes) -> str:
    """The SHA-256 (hex) by which the journal knows a script file: of the bytes that run."""
    return hashlib.sha256(as_run(raw)).hexdigest()
