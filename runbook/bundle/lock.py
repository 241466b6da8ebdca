"""The packages that this project is pinned to, read from what ``python tasks.py lock`` writes.

``requirements.txt``: what the runbook needs to run, for every system, with the hashes of every file.
``requirements-dev.txt``: the same and what building the site and testing need, without hashes (pip takes none beside
``-e .``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.markers import Marker, default_environment

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?")
_HASH = re.compile(r"\s+--hash=(?P<hash>sha256:[0-9a-f]{64})\s*\\?")
_VIA = re.compile(r"\s+#(?:\s+via)?\s+(?P<via>.+?)\s*")


@dataclass(frozen=True)
class Target:
    """What a wheelhouse is made for: a Python version and the platforms whose wheels it takes, as pip names them.

    No platform means the machine that asks, with the interpreter that asks.
    """

    name: str
    python: tuple[int, int]
    platforms: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """What the markers of a requirement are asked about (PEP 508)."""
        here = {name: str(value) for name, value in default_environment().items()}
        if not self.platforms:
            return here
        version = ".".join(map(str, self.python))
        return here | {
            "os_name": "nt",
            "sys_platform": "win32",
            "platform_system": "Windows",
            "platform_machine": "AMD64",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "python_version": version,
            # The newest of the series; a marker that tells bug fix releases apart wants a recent one.
            "python_full_version": f"{version}.99",
        }


#: Why 3.13: python.org makes Windows installers for a series only while it gets bug fixes (PEP 693, PEP 719), so
#: 3.13 has newer ones than 3.12; and papermill wants aiohttp with its six packages on 3.12 alone.
WINDOWS = Target("windows", (3, 13), ("win_amd64",))
HERE = Target("here", (sys.version_info.major, sys.version_info.minor))


@dataclass(frozen=True)
class Locked:
    """One package at one version. ``via`` are the packages that ask for it, ``hashes`` those of its files."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]
    via: tuple[str, ...]

    @property
    def direct(self) -> bool:
        """Whether the project itself asks for it."""
        return any(asker.startswith("rds-cal-runbook") for asker in self.via)

    def wanted(self, target: Target) -> bool:
        """Whether ``target`` needs it."""
        return self.marker is None or Marker(self.marker).evaluate(target.environment())


def parse(text: str) -> tuple[Locked, ...]:
    """The pins of ``text``, in its order. Raises ValueError for a line that is none of what uv writes."""
    found: list[tuple[re.Match[str], list[str], list[str]]] = []
    for line in _after_header(text):
        if pin := _PIN.fullmatch(line):
            found.append((pin, [], []))
        elif found and (hashed := _HASH.fullmatch(line)):
            found[-1][1].append(hashed["hash"])
        elif line.strip() in ("# via", "") or line.startswith(("-e ", "    # via -r")):
            continue
        elif found and (via := _VIA.fullmatch(line)):
            found[-1][2].append(via["via"])
        else:
            raise ValueError(f"not a pin: {line!r}")
    return tuple(
        Locked(pin["name"], pin["version"], pin["marker"], tuple(hashes), tuple(v for v in via if v[0] != "-"))
        for pin, hashes, via in found
    )


def _after_header(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.startswith("#"))
