"""The runbook's cells in a kernel in which its first cell has not been run (``runbook/run/ipython``): a sentence."""

from __future__ import annotations

from typing import Any

_CELLS = {"powershell": "cell", "manual": "line", "local": "line"}


def load_ipython_extension(shell: Any) -> None:
    """Let IPython know our notebooks' cells; ``start`` in the first one then puts the real ones in their place."""
    for name, kind in _CELLS.items():
        if shell.find_magic(name, kind) is None:
            shell.register_magic_function(_forgotten, kind, name)


def _forgotten(line: str, cell: str | None = None) -> None:
    from runbook.errors import BadInput
    from runbook.words.language import choose
    from runbook.words.sentences import say

    raise BadInput(say("run.forgotten", choose()))
