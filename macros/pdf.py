"""``python -m macros.pdf [SITE] [OUT]``: each language's print.html as a PDF, printed by the installed browser.

Chromium, Chrome or Edge is started without a window on the local file; nothing is downloaded. Writes
OUT/rds-cal-fr.pdf and OUT/rds-cal-en.pdf (OUT is SITE unless given).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runbook.errors import RunbookError
from runbook.papers.browser import print_pdf
from runbook.words.sentences import LANGS


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m macros.pdf", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=Path("site"))
    parser.add_argument("out", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    out: Path = options.out or options.site
    out.mkdir(parents=True, exist_ok=True)
    for lang in LANGS:
        pdf = out / f"rds-cal-{lang}.pdf"
        try:
            print_pdf(options.site / lang / "print.html", pdf, lang)
        except RunbookError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"{pdf} ({pdf.stat().st_size / 1e6:.1f} MB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
