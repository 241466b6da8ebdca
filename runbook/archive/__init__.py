"""The audit file: seal a case, verify a sealed one, make the copy for outside, keep the register, compare runs."""

from __future__ import annotations

from runbook.archive.redact import Redacted, redact
from runbook.archive.seal import Sealed, seal
from runbook.archive.verify import Fault, Report, verify

__all__ = ["Fault", "Redacted", "Report", "Sealed", "redact", "seal", "verify"]
