"""Printing the record with the browser that is installed: Chromium, Chrome or Edge, headless.

Windows Server 2022 comes with Edge. No PDF library is added for this: the browser already knows the page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runbook.errors import RunbookError
from runbook.sentences import say

_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
    "chrome",
)
_WINDOWS = (
    r"Microsoft\Edge\Application\msedge.exe",
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
)
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-quic",
    "--no-pdf-header-footer",
)
#: Seconds after which a browser that does not answer is ended.
TIME_LIMIT = 120


def find_browser(
    environ: Mapping[str, str] | None = None, which: Callable[[str], str | None] = shutil.which
) -> Path | None:
    """A browser that can print: from PATH, else where Windows installs Edge and Chrome; None without one."""
    environ = os.environ if environ is None else environ
    for command in _COMMANDS:
        if found := which(command):
            return Path(found)
    for variable in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"):
        if root := environ.get(variable):
            for place in _WINDOWS:
                candidate = Path(root, *place.split("\\"))
                if candidate.is_file():
                    return candidate
    return None


def print_pdf(
    page: Path,
    target: Path,
    lang: str,
    browser: Path | None = None,
    run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run,
) -> Path:
    """Print the HTML file ``page`` to ``target``; the file appears whole or not at all.

    Raises RunbookError, which says how to print by hand, where there is no browser or it made no PDF.
    """
    browser = browser or find_browser()
    if browser is None:
        raise RunbookError(say("record.no_browser", lang, page=page))
    with tempfile.TemporaryDirectory(prefix="runbook-pdf-", ignore_cleanup_errors=True) as scratch:
        made = Path(scratch) / "record.pdf"
        command: Sequence[str] = [
            str(browser),
            *_QUIET,
            # Chromium refuses its sandbox to root; Edge on Windows knows no such case
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            f"--user-data-dir={Path(scratch) / 'profile'}",
            f"--print-to-pdf={made}",
            page.resolve().as_uri(),
        ]
        try:
            run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIME_LIMIT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunbookError(say("record.pdf_failed", lang, browser=browser, page=page)) from error
        if not made.is_file() or made.read_bytes()[:5] != b"%PDF-":
            raise RunbookError(say("record.pdf_failed", lang, browser=browser, page=page))
        partial = target.with_name(f".{target.name}.part")
        shutil.copyfile(made, partial)
        partial.replace(target)
    return target
