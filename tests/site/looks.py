"""Every page of a built site in every look: both languages, both themes, both widths.

``python tests/site/looks.py [SITE]`` (``site`` by default) lists what is wrong; exit code 1 where something is. A run
of the tests looks at each page once, in a look that it draws: this is all of it, for a release.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright
from test_offline import NARROW, WIDE, faults_of

from runbook.papers.browser import find_browser
from runbook.words.sentences import LANGS


def main(site: Path) -> int:
    """Look at all pages below ``site``; returns the exit code."""
    bad = 0
    path = find_browser()
    if path is None:
        sys.stderr.write("no Chromium, Chrome or Edge is installed\n")
        return 2
    with sync_playwright() as driver:
        offline = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        browser = driver.chromium.launch(executable_path=str(path), args=offline)
        for lang, size in product(LANGS, (WIDE, NARROW)):
            names = sorted(path.relative_to(site / lang).as_posix() for path in (site / lang).rglob("*.html"))
            faults = faults_of(browser, site, names, (lang, "light", size), whole=True)
            bad += len(faults)
            sys.stdout.write(f"{lang} {size[0]} px, both themes: {len(names)} pages, {len(faults)} faults\n")
            sys.stdout.writelines(f"  {fault}\n" for fault in faults)
            sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "site").resolve()))
