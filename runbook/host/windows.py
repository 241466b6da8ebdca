"""The real host: Windows PowerShell 5.1 on this server, called with an argument list and files, never a string."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from runbook.errors import BadInput
from runbook.host.call import Call
from runbook.host.script import is_signed
from runbook.words.sentences import say


class WindowsHost:
    """Runs scripts through powershell.exe. ``console`` is the encoding in which it writes to its streams."""

    def __init__(self, executable: Path, kind: str = "windows", console: str = "utf-8") -> None:
        self.executable = executable
        self.kind = kind
        self.console = console

    def command(self, call: Call) -> list[str]:
        """``powershell.exe -File SCRIPT -InputPath in.json -OutputPath out.json``, policy RemoteSigned, no profile.

        Never Bypass: where a policy asks for signatures, the scripts are signed instead (see ``must_be_signed``).
        """
        return self.arguments(call.script, call.input, call.folder / "out.json")

    def arguments(self, script: Path, given: Path, out: Path) -> list[str]:
        """The argument list that runs ``script`` with the input ``given`` and the output ``out``."""
        return [
            str(self.executable),
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-ExecutionPolicy",
            "RemoteSigned",
            "-File",
            str(script),
            "-InputPath",
            str(given),
            "-OutputPath",
            str(out),
        ]

    def limit(self, call: Call) -> float:
        """The step's own limit."""
        return call.limit

    def encoding(self, call: Call) -> str:
        """The console's code page: powershell.exe and the native tools it calls write in it."""
        return self.console

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        """None: what a script left lies in its folder already."""
        return None


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

    ``RUNBOOK_POWERSHELL`` names a stand-in for tests of the calling contract (``RUNBOOK_POWERSHELL_ENCODING``: in
    which encoding it writes): the run is then stamped as one on a substitute host and can never be sealed as a
    real case.
    """
    environ = os.environ if environ is None else environ
    if substitute := environ.get("RUNBOOK_POWERSHELL"):
        return WindowsHost(Path(substitute), "substitute", environ.get("RUNBOOK_POWERSHELL_ENCODING", "utf-8"))
    if platform != "win32":
        raise BadInput(say("run.not_windows", lang))
    executable = find_powershell(environ)
    if executable is None:
        raise BadInput(say("run.no_powershell", lang))
    return WindowsHost(executable, console=oem_code_page())


def oem_code_page() -> str:
    """The encoding of a console without a window on this system ("cp850" on a French or British one, "cp437"
    on an American one).

    A child that is started without a console of its own gets the system's OEM code page (Microsoft, "Console Code
    Pages"; kernel32 GetOEMCP). UTF-8 elsewhere.
    """
    if sys.platform != "win32":
        return "utf-8"
    import ctypes

    number = ctypes.windll.kernel32.GetOEMCP()
    return "utf-8" if number == 65001 else f"cp{number}"


def must_be_signed(scripts: Iterable[Path], policies: Callable[[], Iterable[str]] | None = None) -> list[Path]:
    """The scripts that a group policy (AllSigned) will refuse because they carry no signature; ``policies``: those
    of the machine they run on, None: this one."""
    if not any(policy.lower() == "allsigned" for policy in (policies or group_policies)()):
        return []
    return [script for script in scripts if not is_signed(script.read_bytes())]


def no_script_runs(policies: Callable[[], Iterable[str]] | None = None) -> bool:
    """Whether Group Policy lets no script run at all here, signed or not ("Turn on Script Execution": Disabled)."""
    found = list((policies or (lambda: group_policies("EnableScripts")))())
    return found[:1] == ["0"]


def group_policies(value: str = "ExecutionPolicy") -> list[str]:
    """What Group Policy sets here for PowerShell (it beats ``-ExecutionPolicy``), machine first; none off Windows.

    Registry: Software\\Policies\\Microsoft\\Windows\\PowerShell, values ExecutionPolicy and EnableScripts (0: no script
    runs), machine and user; the machine's own policy beats the user's (PowerShellExecutionPolicy.admx).
    """
    if sys.platform != "win32":
        return []
    import winreg

    found = []
    for hive in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
        try:
            with winreg.OpenKey(hive, r"Software\Policies\Microsoft\Windows\PowerShell") as key:
                found.append(str(winreg.QueryValueEx(key, value)[0]))
        except FileNotFoundError:
            continue
    return found
