"""Files of Windows and PowerShell: event logs, policy reports, CLIXML, the scripts' JSON."""
