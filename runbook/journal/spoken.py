"""The language that a case speaks, whatever the machine that it is looked at on speaks."""

from __future__ import annotations

import contextlib
import json

from runbook.case import case_file
from runbook.case.folder import CaseFolder


def language(folder: CaseFolder) -> str | None:
    """What its case file asks for, else what its last run spoke; None where neither says, or nothing is there."""
    return case_file.language(folder.case_file) or _of_last_run(folder)


def _of_last_run(folder: CaseFolder) -> str | None:
    """From the journal's end, and without a look at its chain: before anything is said, that is not yet asked."""
    try:
        lines = folder.journal.read_bytes().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        if b'"event":"open"' in line:
            with contextlib.suppress(ValueError, AttributeError):
                said = json.loads(line).get("lang")
                return said if isinstance(said, str) else None
    return None
