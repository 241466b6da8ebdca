"""What a notebook shows at its very end, beside the summary that all of them show: by the notebook's name."""

from __future__ import annotations

from collections.abc import Callable

from runbook.endings import audit, diagnose, hosts
from runbook.run import Run
from runbook.show import Bundle

#: Notebook -> its last bundles, in their order. Each keeps its pictures in the run's folder itself.
ENDINGS: dict[str, Callable[[Run], list[Bundle]]] = {
    "audit": audit.ending,
    "diagnose": diagnose.ending,
    "hosts": hosts.ending,
}

__all__ = ["ENDINGS"]
