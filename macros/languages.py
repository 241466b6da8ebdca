"""One build, one language: start the other language's build beside this one, and link the two.

``mkdocs build`` builds the language of ``DOC_LANG`` (French unless said otherwise) in its own process. The first
build starts the second one in parallel with the same configuration, waits for it at its end, and fails with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from macros.words import NAMES, OTHER

PART = "SITE_PART"  # set for the build that was started by the other one


@dataclass
class OtherBuild:
    """The running build of the other language; its output goes to a file, so that no pipe can fill up."""

    lang: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def wait(self) -> tuple[int, str]:
        """Wait for its end. Returns the exit code and everything it wrote."""
        code = self.process.wait()
        self.output.seek(0)
        text = self.output.read().decode("utf-8", errors="replace")
        self.output.close()
        return code, text

    def stop(self) -> None:
        """End it: the build that started it has failed."""
        self.process.kill()
        self.process.wait()
        self.output.close()


def is_part() -> bool:
    """Whether this process was started by the other language's build."""
    return bool(os.environ.get(PART))


def start_other(lang: str, config_file: str, site_dir: Path, strict: bool) -> OtherBuild:
    """Start building the language that ``lang`` is not, into ``site_dir``/LANG."""
    other = OTHER[lang]
    command = [sys.executable, "-m", "mkdocs", "build", "-f", config_file, "-d", str(site_dir / other)]
    command += ["--strict"] if strict else []
    env = dict(os.environ, DOC_LANG=other, NO_MKDOCS_2_WARNING="1", PYTHONUTF8="1")
    env[PART] = "1"
    # closed by OtherBuild when the build has ended
    output = tempfile.TemporaryFile()  # noqa: SIM115
    folder = Path(config_file).parent
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
    return OtherBuild(other, process, output)


def alternates(url: str) -> list[dict[str, str]]:
    """The language menu of the page at ``url`` (relative to its language's root): the same page in each language."""
    return [{"name": name, "lang": lang, "link": f"../{lang}/{url}"} for lang, name in NAMES.items()]
