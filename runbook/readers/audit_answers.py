"""What audit-report.ps1 writes to out.json: a usage report of the license server, counted; no user is named.

Source: Win32_TSLicenseReport and its entry classes, MicrosoftDocs/win32 ``desktop-src/TermServ``.
"""

from __future__ import annotations

from pydantic import AwareDatetime

from runbook.readers.answer_shape import Answered, Fault, Flag, Int

#: What a Fetch method answers where there is nothing (more) to fetch.
NO_MORE_DATA = 0x4001


class ReportSummary(Answered):
    """One Win32_TSLicenseReportSummaryEntry. CalType and Availability are display text: never matched."""

    product_version: str | None
    product_version_id: Int
    cal_type: str | None
    installed_licenses: Int
    issued_licenses: Int
    availability: str | None


class ReportUsers(Answered):
    """How many users the report lists for one version and kind of CAL."""

    product_version_id: Int
    cal_type: str | None
    count: Int


class AuditReportAnswer(Answered):
    """audit-report: one report, made and deleted again. ``deleted`` False with a file name: it is still there."""

    collected_at: AwareDatetime
    generate_return_value: Int | None
    file_name: str | None
    summary: list[ReportSummary]
    summary_return_value: Int | None
    users: list[ReportUsers]
    users_return_value: Int | None
    failed_count: Int | None
    failed_return_value: Int | None
    deleted: Flag
    delete_return_value: Int | None
    fault: Fault | None
