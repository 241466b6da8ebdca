"""A program of Windows made of Python text: what a script with a first line ``#!`` is elsewhere. Standard library only.

pip carries the launcher that it puts before every command of an environment (distlib's, signed): the program is that,
the line that names its Python, and the text as a zip. It holds its Python in a job, so a kill ends both.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path


def launcher(packages: Path) -> Path:
    """The launcher in the folder ``site-packages`` of an environment for Windows x64."""
    return packages / "pip" / "_vendor" / "distlib" / "t64.exe"


def make(program: Path, text: str, python: str, packages: Path) -> None:
    """Write ``program``; ``python``: the interpreter as Windows names it, with its options (``"C:\\…" -I``)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("__main__.py", text)
    program.write_bytes(launcher(packages).read_bytes() + f"#!{python}\r\n".encode() + packed.getvalue())
