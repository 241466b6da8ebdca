"""The real host: Windows PowerShell 5.1 on this server, called with an argument list and files, never a string."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from runbook.errors import BadInput
from runbook.host import Call
from runbook.knowledge import say

#: Standing at the end of a script that Set-AuthenticodeSignature has signed.
SIGNATURE = "# SIG # Begin signature block"


class WindowsHost:
    """Runs scripts through powershell.exe. ``executable`` defaults to the system's own Windows PowerShell."""

    def __init__(self, executable: Path, kind: str = "windows") -> None:
        self.executable = executable
        self.kind = kind

    def command(self, call: Call) -> list[str]:
        """``powershell.exe -File SCRIPT -InputPath in.json -OutputPath out.json``, policy RemoteSigned, no profile.

        Never Bypass: where a policy asks for signatures, the scripts are signed instead (see ``must_be_signed``).
        """
        return [
            str(self.executable),
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-ExecutionPolicy",
            "RemoteSigned",
            "-File",
            str(call.script),
            "-InputPath",
            str(call.folder / "in.json"),
            "-OutputPath",
            str(call.folder / "out.json"),
        ]

    def limit(self, call: Call) -> float:
        """The step's own limit."""
        return call.limit


def find_powershell(environ: Mapping[str, str], bits: int = struct.calcsize("P") * 8) -> Path | None:
    """Windows PowerShell 5.1 of a Windows system, None where there is none.

    A 32-bit process sees System32 through a redirector and must ask for Sysnative to get the 64-bit tools
    (Microsoft, "File System Redirector").
    """
    root = environ.get("SystemRoot")
    if not root:
        return None
    redirected = bits == 32 and "PROCESSOR_ARCHITEW6432" in environ
    path = Path(root) / ("Sysnative" if redirected else "System32") / "WindowsPowerShell" / "v1.0" / "powershell.exe"
    return path if path.is_file() else None


def open_host(lang: str, environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> WindowsHost:
    """The host that a real case runs on. Raises BadInput on another system, or without powershell.exe.

    ``RUNBOOK_POWERSHELL`` names a stand-in for tests of the calling contract: the run is then stamped as one on
    a substitute host and can never be sealed as a real case.
    """
    environ = os.environ if environ is None else environ
    if substitute := environ.get("RUNBOOK_POWERSHELL"):
        return WindowsHost(Path(substitute), kind="substitute")
    if platform != "win32":
        raise BadInput(say("run.not_windows", lang))
    executable = find_powershell(environ)
    if executable is None:
        raise BadInput(say("run.no_powershell", lang))
    return WindowsHost(executable)


def must_be_signed(scripts: Iterable[Path], policies: Callable[[], Iterable[str]] | None = None) -> list[Path]:
    """The scripts that a group policy (AllSigned) will refuse here because they carry no signature."""
    if not any(policy.lower() == "allsigned" for policy in (policies or group_policies)()):
        return []
    return [script for script in scripts if SIGNATURE not in script.read_text(encoding="utf-8-sig")]


def group_policies() -> list[str]:
    """The execution policies that Group Policy sets here (they beat ``-ExecutionPolicy``); none off Windows.

    Registry: Software\\Policies\\Microsoft\\Windows\\PowerShell, value ExecutionPolicy, machine and user
    (PowerShellExecutionPolicy.admx).
    """
    if sys.platform != "win32":
        return []
    import winreg

    found = []
    for hive in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
        try:
            with winreg.OpenKey(hive, r"Software\Policies\Microsoft\Windows\PowerShell") as key:
                found.append(str(winreg.QueryValueEx(key, "ExecutionPolicy")[0]))
        except FileNotFoundError:
            continue
    return found
