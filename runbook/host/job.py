"""A Windows job object: a process and all that it starts, ended as one, also when whoever holds it is killed.

Microsoft, "Job Objects": what a process in a job starts is in the job as well, and with
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE the system ends all of it when the last handle is closed. So no change runs on
without its guard, and no check without its kernel. Windows only; through ctypes, because the one package that wraps
these calls (pywin32) is 10 MB for five of them. Imports nothing heavy: the guard runs on it.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Any

_EXTENDED_LIMITS = 9  # JOBOBJECTINFOCLASS: JobObjectExtendedLimitInformation
_KILL_ON_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE


class _Basic(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION (winnt.h)."""

    _fields_ = (
        ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
        ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _Extended(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION (winnt.h); of its parts only the flags are set."""

    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", ctypes.c_ulonglong * 6),
        ("Memory", ctypes.c_size_t * 4),
    )


class Job:
    """The job of one process that was just started. Where the system gives none, ``end`` does nothing."""

    def __init__(self, process_handle: int) -> None:
        """``process_handle``: of the process, as ``subprocess.Popen`` holds it."""
        self._kernel: Any = None
        self._handle: Any = None
        if sys.platform != "win32":
            return
        self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        self._kernel.CreateJobObjectW.restype = wintypes.HANDLE
        self._kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
        self._kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        self._kernel.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
        self._kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        limits = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
        self._kernel.SetInformationJobObject.argtypes = limits
        self._handle = self._kernel.CreateJobObjectW(None, None)
        self._limit(_KILL_ON_CLOSE)
        if not self._kernel.AssignProcessToJobObject(self._handle, process_handle):
            self.release()

    def end(self) -> None:
        """Ask the system to end everything in the job."""
        if self._handle:
            self._kernel.TerminateJobObject(self._handle, 1)

    def release(self) -> None:
        """Let go of what is in the job: a process that a step left behind on purpose lives on."""
        if self._handle:
            self._limit(0)
            self._kernel.CloseHandle(self._handle)
            self._handle = None

    def _limit(self, flags: int) -> None:
        wanted = _Extended()
        wanted.BasicLimitInformation.LimitFlags = flags
        size = ctypes.sizeof(wanted)
        self._kernel.SetInformationJobObject(self._handle, _EXTENDED_LIMITS, ctypes.byref(wanted), size)
