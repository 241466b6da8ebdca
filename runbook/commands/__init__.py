"""The subcommands of ``runbook``, by what they are about. Each module has ``add(group, lang)``."""

from __future__ import annotations

from collections.abc import Callable

import click

from runbook.commands import archive, bundle, case, hint, record_host, rehearse, schedule, selftest

#: In the order in which ``runbook --help`` lists them.
ALL: tuple[Callable[[click.Group, str], None], ...] = (
    case.add,
    archive.add,
    rehearse.add,
    hint.add,
    schedule.add,
    bundle.add,
    selftest.add,
    record_host.add,
)
