"""The lines that runbook schedule writes, checked like every other PowerShell text."""

from __future__ import annotations

import datetime as dt

import pytest

from pscheck.checker import check
from pscheck.collect import Text
from runbook.commands.scheduled_task import Plan, register_lines


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("account", ["CORP\\svc-rds", "CORP\\gmsa-rds$", "SYSTEM"])
def test_the_lines_that_register_the_task_have_no_fault(account: str, lang: str) -> None:
    plan = Plan(
        notebook="backup",
        of="case-2024-07",
        account=account,
        at="02:00",
        day="sunday",
        apply="backup-folder",
        python="C:\\Python\\python.exe",
        notebook_path="C:\\RDS\\notebooks\\backup.ipynb",
        workspace="C:\\RDS",
        launcher="C:\\RDS\\schedule\\scheduled.ps1",
        first=dt.date(2025, 1, 5),
    )
    faults = check(Text("script", "", "", register_lines(plan, "rds-cal-backup.xml", lang)))
    assert not faults, "\n" + "\n".join(map(str, faults))
