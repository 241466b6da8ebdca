"""The subcommands of ``runbook``, by what they are about. Each module has ``add(group, lang)``."""

from __future__ import annotations

from collections.abc import Callable

import click

from runbook.commands import bundle, case, hint, rehearse

#: In the order in which ``runbook --help`` lists them.
ALL: tuple[Callable[[click.Group, str], None], ...] = (case.add, rehearse.add, hint.add, bundle.add)
