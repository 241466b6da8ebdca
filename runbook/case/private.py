"""Who may read a case's private folder: the operator, Administrators and SYSTEM, and nobody by inheritance.

On Windows through icacls (Microsoft, "icacls": ``*SID``, ``/inheritance:r``, ``/grant:r``, ``(OI)(CI)F``), by SID,
because the group's name is translated. Elsewhere by the mode 0700.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from runbook.errors import RunbookError
from runbook.files import move

ADMINISTRATORS, SYSTEM = "S-1-5-32-544", "S-1-5-18"
_SID = re.compile(rb"S-1-[0-9]+(?:-[0-9]+)+")

#: Runs an argument list to its end: exit code and what it wrote to stdout.
Runner = Callable[[list[str]], tuple[int, bytes]]


def run_tool(argv: list[str]) -> tuple[int, bytes]:
    """Run a native tool with no standard input; nothing of it reaches the console."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout


def make_private(
    folder: Path,
    platform: str = sys.platform,
    run: Runner = run_tool,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Make ``folder`` for the operator, Administrators and SYSTEM alone.

    Raises RunbookError, and leaves no folder behind, where the rights could not be narrowed: what would lie in it
    is worth more than the run.
    """
    if platform != "win32":
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
        return
    # Under another name until its rights are narrow: after a kill, nobody takes an open folder for a private one.
    making = folder.with_name(f".{folder.name}.making")
    making.mkdir(parents=True, exist_ok=True)
    try:
        protect(making, run, environ)
        move(making, folder)
    except (RunbookError, OSError, subprocess.SubprocessError) as error:
        with contextlib.suppress(OSError):  # the next run makes it anew
            making.rmdir()
        raise RunbookError(_sentence(folder, error)) from error


def protect(folder: Path, run: Runner = run_tool, environ: Mapping[str, str] = os.environ) -> None:
    """Narrow the rights of an existing folder on Windows. Raises RunbookError where a tool says no."""
    tools = Path(environ.get("SystemRoot", r"C:\Windows")) / "System32"
    code, told = run([str(tools / "whoami.exe"), "/user", "/fo", "csv", "/nh"])
    found = _SID.search(told)
    if code != 0 or found is None:
        raise RunbookError(f"whoami: {code}")
    code, _ = run(icacls(tools / "icacls.exe", folder, found[0].decode("ascii")))
    if code != 0:
        raise RunbookError(f"icacls: {code}")


def icacls(tool: Path, folder: Path, operator: str) -> list[str]:
    """The argument list: inherited rights removed, full control for three SIDs, passed on to what is made inside."""
    allowed = dict.fromkeys((operator, ADMINISTRATORS, SYSTEM))
    grants = [f"*{sid}:(OI)(CI)F" for sid in allowed]
    return [str(tool), str(folder), "/inheritance:r", "/grant:r", *grants, "/q"]


def _sentence(folder: Path, error: Exception) -> str:
    # Late: this module is loaded wherever a case's folders are named.
    from runbook.words.language import choose
    from runbook.words.sentences import say

    return say("host.not_private", choose(), folder=folder, error=error)
