"""The picture of the README, in each language: ``python tasks.py picture``.

Rehearses the article's case in a folder that goes away, and photographs the top of the notebook that it leaves, as
nbconvert shows it, in the installed Chromium or Edge. Nothing in it is drawn; the account and machine that made it are
no reader's business, and are shown as ``WHO``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from nbconvert import HTMLExporter
from playwright.sync_api import sync_playwright

from runbook.papers.browser import find_browser
from runbook.run.opening import operator
from runbook.words.sentences import LANGS, data_root

TARGET = Path(__file__).resolve().parents[2] / ".github" / "pictures"
WIDTH, HEIGHT = 1040, 760
WHO = "rehearsal@WS01"
#: nbconvert's margins, and the French or English texts between the steps, leave the picture to what the steps say.
STYLE = "body {margin: 0; padding: 12px 20px !important} .jp-Cell {padding: 0 !important}"


def main() -> None:
    """Write ``.github/pictures/notebook.LANG.png``."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        for lang in LANGS:
            name = f"case-2024-07-{lang}"
            environ = {k: v for k, v in os.environ.items() if not k.startswith("RUNBOOK_")} | {"RUNBOOK_HOME": scratch}
            notebook = str(data_root() / "notebooks" / "migrate.ipynb")
            command = [sys.executable, "-m", "papermill", notebook, f"{name}.ipynb", "--no-progress-bar"]
            words = ["-p", "rehearsal", "nominal", "-p", "lang", lang]
            subprocess.run([*command, *words], cwd=scratch, env=environ, check=True)
            exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
            shown, _ = exporter.from_filename(str(Path(scratch, f"{name}.ipynb")))
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_content(shown.replace(operator(), WHO))
            page.add_style_tag(content=STYLE)
            page.screenshot(path=str(TARGET / f"notebook.{lang}.png"))
        browser.close()


if __name__ == "__main__":
    main()
