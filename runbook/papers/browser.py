"""Printing a page with the browser that is installed: Chromium, Chrome or Edge, headless.

Windows Server 2022 comes with Edge. No PDF library is added for this: the browser already knows the page.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runbook.errors import RunbookError
from runbook.files import move
from runbook.words.sentences import say

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
    "--generate-pdf-document-outline",
    # From an elevated window Chromium starts itself again without elevation, ends at once with 0, and may then neither
    # read the case nor write here.
    "--do-not-de-elevate",
)
#: As a service's account on Windows the sandbox of the part that puts pages together fails; tried only after the
#: first way gave nothing.
_AS_SERVICE = ("--disable-features=PrintCompositorLPAC",)
#: Seconds after which a browser that does not answer is ended.
TIME_LIMIT = 180
#: Seconds that the PDF may come after the program that was started has ended well: another one may be writing it.
LATE = 20.0


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
        made = Path(scratch) / "page.pdf"
        for extra in ((), _AS_SERVICE):
            command: Sequence[str] = [
                str(browser),
                *_QUIET,
                *extra,
                # Chromium refuses its sandbox to root; Edge on Windows knows no such case
                *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
                f"--user-data-dir={Path(scratch) / 'profile'}",
                f"--print-to-pdf={made}",
                page.resolve().as_uri(),
            ]
            try:
                ended = run(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIME_LIMIT, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise RunbookError(say("record.pdf_failed", lang, browser=browser, page=page)) from error
            if _printed(made, _title(page), LATE if ended.returncode == 0 else 0.0):
                break
        else:
            raise RunbookError(say("record.pdf_failed", lang, browser=browser, page=page))
        partial = target.with_name(f".{target.name}.part")
        shutil.copyfile(made, partial)
        move(partial, target)
    return target


def _title(page: Path) -> str:
    """The page's own title, as a browser reads it; "" where it has none."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _printed(made: Path, title: str, late: float) -> bool:
    """Whether ``made`` is a whole PDF of the page called ``title``, or becomes one within ``late`` seconds. A browser
    that may not read the page prints its own page of that error, which is a PDF as well."""
    end = time.monotonic() + late
    while True:
        content = made.read_bytes() if made.is_file() else b""
        if content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]:
            return not title or _names(content, title)
        if time.monotonic() >= end:
            return False
        time.sleep(0.1)


def _names(content: bytes, title: str) -> bool:
    """Whether a PDF's information names ``title``: as plain text, or as UTF-16 in either writing of a PDF's text."""
    wide = b"\xfe\xff" + title.encode("utf-16-be")
    plain = re.sub(rb"([\\()])", rb"\\\1", title.encode("ascii", "replace"))
    return any(said in content for said in (plain, wide, wide.hex().upper().encode("ascii")))
