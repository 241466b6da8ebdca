"""Commands of runbook that get Ctrl+C, or lose their console, while they open their N-th file. Windows only.

    python at_a_moment.py press ASKED.json      one process presses Ctrl+C in each command at each moment
    python at_a_moment.py close MOMENT WORDS…   this command's console is closed at that moment

The moments are the files that a command opens, makes, moves or removes (Python's audit events), its own code and the
libraries' apart, so that they are the same on a fast machine and a slow one. ASKED.json: a list of command lines and of
moments; what came of each is written to standard output as JSON, one line each.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from wine import on_wine

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "builtins.input")
CODE = (".py", ".pyc", ".pyd", ".dll", ".exe", ".pth")


class Moment:
    """Acts once, at the N-th event."""

    def __init__(self) -> None:
        self.seen = self.wanted = 0
        self.act: Any = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, words: tuple[Any, ...]) -> None:
        if not self.act or event not in EVENTS or threading.current_thread() is not threading.main_thread():
            return
        if event == "open" and (not isinstance(words[0], str | os.PathLike) or str(words[0]).endswith(CODE)):
            return
        self.seen += 1
        if self.seen == self.wanted:
            self.act()
            time.sleep(15)  # the console tells us by a thread of its own; that ends this sleep


def press() -> None:
    """Ctrl+C in this process' console, for all that are attached to it."""
    ctypes.WinDLL("kernel32").GenerateConsoleCtrlEvent(0, 0)


def close() -> None:
    """The console is closed. Wine's has no window: there its own routine is called as Windows calls it, by a thread."""
    kernel = ctypes.WinDLL("kernel32")
    if not on_wine():
        ctypes.WinDLL("user32").PostMessageW(ctypes.c_void_p(kernel.GetConsoleWindow()), 0x10, 0, 0)  # WM_CLOSE
        return
    kernel.GetModuleHandleW.restype = kernel.GetProcAddress.restype = ctypes.c_void_p
    kernel.GetProcAddress.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    routine = kernel.GetProcAddress(kernel.GetModuleHandleW("kernelbase.dll"), b"CtrlRoutine")
    kernel.CreateThread(None, ctypes.c_size_t(0), ctypes.c_void_p(routine), ctypes.c_void_p(2), 0, None)


def pressed(moment: Moment, words: list[str], wanted: int) -> dict[str, Any]:
    """One command with Ctrl+C at that moment: what it said, how it ended, whether the moment came."""
    from runbook import cli

    told, code = io.StringIO(), None
    moment.seen, moment.wanted, moment.act = 0, wanted, press
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            cli.main(["--lang", "en", *words])
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException as fault:  # told as the fault it is
            code = repr(fault)
        finally:
            moment.act = None
    return {"words": words, "at": wanted, "came": moment.seen >= wanted, "code": code, "told": told.getvalue()}


if __name__ == "__main__":
    here = Moment()
    if sys.argv[1] == "press":
        ctypes.WinDLL("kernel32").SetConsoleCtrlHandler(None, False)
        for line, moments in json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")):
            for each in moments:
                end = pressed(here, line, each)
                sys.stdout.write(json.dumps(end) + "\n")
                if not end["came"]:  # it was over before: later moments come no more
                    break
    else:
        from runbook import cli

        def closed() -> None:
            sys.stdout.write("closing\n")
            sys.stdout.flush()
            close()

        here.wanted, here.act = int(sys.argv[2]), closed
        cli.main(sys.argv[3:])
