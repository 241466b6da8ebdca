"""``python -m macros [MKDOCS ARGUMENT …]``: the strict build of the site, with its samples (see ``macros.samples``)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from macros.samples import SAMPLES, make


def main(arguments: list[str]) -> int:
    """Make the samples, then build the site with them; returns the build's exit code."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            make(Path(folder))
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"samples: {error}\n{error.stderr.decode('utf-8', 'replace')[-4000:]}\n")
            return 1
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", *arguments]
        return subprocess.run(command, env=dict(os.environ, **{SAMPLES: folder}), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
