"""Executable runbook: recover lost RDS CALs through the Microsoft Clearinghouse, with a record that never lies."""

__version__ = "0.2.0"
