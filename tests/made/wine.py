"""Whether Windows' Python runs on Wine (``.ci/windows``): what Wine has no more than a stub of is skipped by name."""

from __future__ import annotations

import sys


def on_wine() -> bool:
    """Wine's ntdll tells its version; Windows' has no such function."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")
