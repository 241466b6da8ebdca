"""Which PowerShell the simulated server runs on, and how a process of it is started. Standard library only."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

MACHINE = Path(__file__).resolve().parent / "machine"
#: The stand-in for powershell.exe (RUNBOOK_POWERSHELL): the same command line, one script, a server that stays.
STAND_IN = Path(__file__).resolve().parent / "powershell"
#: Where .ci/run unpacks the PowerShell that lies beside the project.
UNPACKED = Path.home() / ".cache" / "rds-cal-runbook"


def find() -> Path | None:
    """pwsh: what RUNBOOK_PWSH names, else the one on PATH, else the one that .ci/run unpacked. None: there is none."""
    if named := os.environ.get("RUNBOOK_PWSH"):
        return Path(named)
    if on_path := shutil.which("pwsh"):
        return Path(on_path)
    return next(iter(sorted(UNPACKED.glob("pwsh-*/pwsh"), reverse=True)), None)


def asked() -> Path | None:
    """On Windows: the PowerShell that RUNBOOK_SIMULATED names ("powershell" is 5.1, "pwsh" 7). None: nobody asked.

    Raises FileNotFoundError where there is none of that name.
    """
    named = os.environ.get("RUNBOOK_SIMULATED")
    if not named:
        return None
    if found := shutil.which(named):
        return Path(found)
    raise FileNotFoundError(f"RUNBOOK_SIMULATED={named}: there is no such program")


def missing() -> bool:
    """Whether a test of PowerShell texts is skipped here: never in CI, where ``.ci/run`` unpacks one."""
    return find() is None and (not os.environ.get("CI") or sys.platform == "win32")


def environ() -> dict[str, str]:
    """The environment of a pwsh that pretends to be a server, without SIM_SERVER (the server's folder)."""
    source = (MACHINE / "Windows.cs").read_bytes()
    place = Path(tempfile.gettempdir()) / f"simulated-windows-{os.getuid() if hasattr(os, 'getuid') else 0}"
    place.mkdir(mode=0o700, exist_ok=True)
    return {
        **os.environ,
        "SIM_PYTHON": sys.executable,
        "SIM_LIBRARY": str(place / f"Windows-{hashlib.sha256(source).hexdigest()[:16]}"),
        # For a process that lives half a minute, compiling again by what was counted, and looking for garbage often,
        # cost more than they give.
        "DOTNET_TieredPGO": "0",
        "DOTNET_GCgen0size": "0x4000000",
        "POWERSHELL_TELEMETRY_OPTOUT": "1",
        "POWERSHELL_UPDATECHECK": "Off",
    }


def command(pwsh: Path, *arguments: str) -> list[str]:
    """The command line of Run.ps1 with ``arguments``."""
    return [*start(pwsh), str(MACHINE / "Run.ps1"), *arguments]


def start(pwsh: Path) -> list[str]:
    """The command line that runs the script named after it (5.1 runs none unless it is told to)."""
    return [str(pwsh), "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"]


def stand_in(server: Path) -> dict[str, str]:
    """What papermill and runbook need in their environment to run their steps on the simulated server in ``server``."""
    return {
        "RUNBOOK_POWERSHELL": str(STAND_IN),
        "RUNBOOK_POWERSHELL_ENCODING": "cp850",  # what a console of the simulated server writes
        "SIM_SERVER": str(server),
        "RUNBOOK_PWSH": str(find()),
    }
