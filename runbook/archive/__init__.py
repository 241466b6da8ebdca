"""The audit file: seal a case, verify a sealed one, make the copy for outside, keep the register, compare runs."""

from __future__ import annotations

from runbook.archive.diff import Diff, diff
from runbook.archive.redact import Redacted, redact
from runbook.archive.register import Registered, register
from runbook.archive.seal import Sealed, seal
from runbook.archive.verify import Fault, Report, verify

__all__ = [
    "Diff",
    "Fault",
    "Redacted",
    "Registered",
    "Report",
    "Sealed",
    "diff",
    "redact",
    "register",
    "seal",
    "verify",
]
