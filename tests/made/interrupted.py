"""Ctrl+C as a person presses it: on Windows in the console of the command, where it reaches all that is attached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

#: Given to Popen, a console without a window of the command's own: pressing Ctrl+C there does not stop the tests.
OWN_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)
#: A console's control event is sent by a process that is attached to it (Microsoft, "GenerateConsoleCtrlEvent").
_PRESS = """
import ctypes, sys, time
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.FreeConsole()
if not kernel.AttachConsole(int(sys.argv[1])):
    sys.exit(f"no console: {ctypes.get_last_error()}")
kernel.SetConsoleCtrlHandler(None, True)
if not kernel.GenerateConsoleCtrlEvent(0, 0):
    sys.exit(f"not pressed: {ctypes.get_last_error()}")
time.sleep(0.5)
"""


def press_ctrl_c(pid: int) -> None:
    """Interrupt a process that was started with ``creationflags=OWN_CONSOLE``, and what shares its console."""
    if sys.platform == "win32":
        subprocess.run(
            [sys.executable, "-I", "-c", _PRESS, str(pid)],
            stdin=subprocess.DEVNULL, creationflags=OWN_CONSOLE, check=True, timeout=60,
        )  # fmt: skip
    else:
        os.kill(pid, signal.SIGINT)
