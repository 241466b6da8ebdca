"""The identifiers of RDS licensing as text: how they are compared, read out, masked, and recognised.

Standard library only: the guard imports it, and must start fast.
"""

from __future__ import annotations

import re
from typing import Any

_BETWEEN = r"[\s\-\u00a0\u2010-\u2015\u2212\u202f]"
_SEPARATORS = re.compile(_BETWEEN)
_ID35 = re.compile(r"[A-Z0-9]{35}")
# A licence code is 25 characters, a License Server ID or License Key Pack ID 35: groups of five, joined or parted by
# what word processors and people put between them ("A - B", a dash for a hyphen, two spaces).
_SECRET = re.compile(rf"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{{5}}{_BETWEEN}{{0,3}}){{4,6}}[A-Za-z0-9]{{5}}(?![A-Za-z0-9])")
_SECRET_LENGTHS = (25, 35)


def normalise_id35(text: str) -> str | None:
    """A License Server ID or License Key Pack ID as Microsoft's WMI methods take it: 35 characters, no
    separators, upper case; None where it is not one.

    Letters and digits: Microsoft's pages contradict each other ("35-digit number", "35-character
    alphanumeric string"), so none is refused (win32 InstallLicenseKeyPack, migrate-rds-cals).
    """
    compact = compact_id(text).upper()
    return compact if _ID35.fullmatch(compact) else None


def compact_id(text: str) -> str:
    """``text`` without the spaces, no-break spaces and hyphens of every kind that people put in."""
    return _SEPARATORS.sub("", text)


def groups_of_five(compact: str) -> str:
    """``ABCDE-FGHIJ-...``: how an identifier is read out and typed."""
    return "-".join(compact[i : i + 5] for i in range(0, len(compact), 5))


def mask(value: str) -> str:
    """What may be shown of a secret: its last five characters."""
    compact = compact_id(value)
    return "…" + compact[-5:] if len(compact) > 5 else "…"


def mask_agreement(number: str) -> str:
    """What may be shown of an agreement's number: its last two characters. It is confidential outside the company."""
    return "…" + number[-2:] if len(number) > 2 else number


def mask_all(value: Any) -> Any:
    """``value`` (JSON-able) with everything in it that looks like a licence code or identifier masked."""
    if isinstance(value, str):
        return _SECRET.sub(lambda m: mask(m[0]) if len(compact_id(m[0])) in _SECRET_LENGTHS else m[0], value)
    if isinstance(value, dict):
        return {key: mask_all(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_all(item) for item in value]
    return value
