"""``python -m macros.pdf [SITE] [OUT]``: each language's print.html as a PDF, printed by the installed browser.

Chromium, Chrome or Edge is started without a window on the local file; nothing is downloaded. Writes
OUT/rds-cal-fr.pdf and OUT/rds-cal-en.pdf (OUT is SITE unless given).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runbook.sentences import LANGS

_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
    "chrome",
)
_WINDOWS = (r"Microsoft\Edge\Application\msedge.exe", r"Google\Chrome\Application\chrome.exe")
_QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
TIME_LIMIT = 180.0


def browsers() -> Iterator[Path]:
    """Installed browsers that can print, best first: in PATH, then where Windows installs them."""
    for command in _COMMANDS:
        found = shutil.which(command)
        if found:
            yield Path(found)
    for variable in ("ProgramFiles(x86)", "ProgramFiles", "LocalAppData"):
        root = os.environ.get(variable)
        for tail in _WINDOWS if root else ():
            path = Path(str(root)) / tail
            if path.is_file():
                yield path


def print_pdf(browser: Path, page: Path, pdf: Path) -> None:
    """Print ``page`` into ``pdf`` (A4 by the page's style sheet).

    Raises RuntimeError with the browser's words where no PDF came out, TimeoutExpired after three minutes.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(browser), *_QUIET, f"--user-data-dir={profile}", f"--print-to-pdf={pdf.resolve()}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to start for root otherwise
        command.append(page.resolve().as_uri())
        run = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    if run.returncode or not pdf.is_file():
        words = run.stderr.decode("utf-8", errors="replace").strip()
        raise RuntimeError(f"{browser} made no PDF of {page} (exit code {run.returncode}): {words[-2000:]}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m macros.pdf", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=Path("site"))
    parser.add_argument("out", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    browser = next(browsers(), None)
    if browser is None:
        sys.stderr.write("No Chromium, Chrome or Edge was found: open print.html in a browser and print it there.\n")
        return 1
    out: Path = options.out or options.site
    out.mkdir(parents=True, exist_ok=True)
    for lang in LANGS:
        pdf = out / f"rds-cal-{lang}.pdf"
        print_pdf(browser, options.site / lang / "print.html", pdf)
        sys.stdout.write(f"{pdf} ({pdf.stat().st_size / 1e6:.1f} MB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
