"""What a notebook shows at its very end, beside the summary that all of them show: by the notebook's name."""

from __future__ import annotations

from collections.abc import Callable

from runbook.run import ending_audit, ending_diagnose, ending_hosts
from runbook.run.opening import Run
from runbook.run.show import Bundle

#: Notebook -> its last bundles, in their order. Each keeps its pictures in the run's folder itself.
ENDINGS: dict[str, Callable[[Run], list[Bundle]]] = {
    "audit": ending_audit.ending,
    "diagnose": ending_diagnose.ending,
    "hosts": ending_hosts.ending,
}

__all__ = ["ENDINGS"]
