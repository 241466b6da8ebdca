"""What an answer means: one function per step turns what came back (or what was confirmed) into a verdict.

``JUDGES`` reads the answer of a script, ``MANUAL`` the ``confirm`` entries of a manual step (none yet:
waiting), ``LOCAL`` runs no PowerShell at all, ``INPUTS`` gives what goes into a script's in.json. ``SKIPS`` says
before a script is started why it need not be (None: it is needed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.outcome import Answer, Verdict
from runbook.verdicts import (
    activation,
    all_hosts,
    audit,
    audit_compare,
    audit_sheet,
    backup,
    call_sheet,
    clearinghouse,
    close,
    diagnose_files,
    diagnosis,
    hosts,
    inputs,
    install,
    opening,
    proofs,
    restore,
    secure,
    source,
)
from runbook.verdicts.context import Context

Judge = Callable[[Context, Answer], Verdict]
Manual = Callable[[Context, list[dict[str, Any]]], Verdict]
Local = Callable[[Context], Verdict]
Input = Callable[[Context], dict[str, Any]]
Skip = Callable[[Context], Verdict | None]

JUDGES: dict[str, Judge] = {
    **opening.JUDGES,
    **activation.JUDGES,
    **install.JUDGES,
    **secure.JUDGES,
    **hosts.JUDGES,
    **all_hosts.JUDGES,
    **audit.JUDGES,
    **backup.JUDGES,
    **restore.JUDGES,
}
MANUAL: dict[str, Manual] = {
    **source.MANUAL,
    **activation.MANUAL,
    **clearinghouse.MANUAL,
    **install.MANUAL,
    **hosts.MANUAL,
    **close.MANUAL,
}
LOCAL: dict[str, Local] = {
    **diagnosis.LOCAL,
    **proofs.LOCAL,
    **call_sheet.LOCAL,
    **backup.LOCAL,
    **restore.LOCAL,
    **diagnose_files.LOCAL,
    **audit.LOCAL,
    **audit_compare.LOCAL,
    **audit_sheet.LOCAL,
}
INPUTS: dict[str, Input] = {**inputs.INPUTS, **audit.INPUTS, **backup.INPUTS, **restore.INPUTS}
SKIPS: dict[str, Skip] = {**hosts.SKIPS, **all_hosts.SKIPS, **backup.SKIPS}

__all__ = ["INPUTS", "JUDGES", "LOCAL", "MANUAL", "SKIPS", "Context", "Input", "Judge", "Local", "Manual", "Skip"]
