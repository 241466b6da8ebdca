"""The runbook in the real JupyterLab, in a browser, as somebody works who uses no papermill. One server, once.

JupyterLab has an environment of its own (``python tasks.py lab``), as on the machine of somebody who has it already:
its ninety packages stay out of ours, and slow no other test. The kernel is this environment's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.words.sentences import data_root

TOKEN = "rehearsal"
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="a rehearsal without a word is for machines that are no server"),
    pytest.mark.timeout(400),
]


@pytest.fixture
def program() -> str:
    """JupyterLab's Python. Missing: the test is skipped; in CI it fails."""
    found = data_root() / ".venv-lab" / "bin" / "python"
    if not found.is_file():
        reason = "no JupyterLab: python tasks.py lab"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return str(found)


@pytest.fixture
def lab(tmp_path: Path, program: str) -> Iterator[str]:
    """JupyterLab in a folder laid out as ``runbook init`` does, its application within reach of the page."""
    shutil.copyfile(data_root() / "notebooks" / "migrate.ipynb", tmp_path / "migrate.ipynb")
    (tmp_path / "cases").mkdir()
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "JUPYTER_"))}
    environ |= {"HOME": str(tmp_path / "home"), "LANG": "en_GB.UTF-8", "IPYTHONDIR": str(tmp_path / "home" / "ipython")}
    environ["JUPYTER_PATH"] = str(tmp_path / "jupyter")
    words = ["--no-browser", "--allow-root", f"--port={port}", f"--IdentityProvider.token={TOKEN}", "--ip=127.0.0.1",
             "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]  # fmt: skip
    log = (tmp_path / "lab.log").open("wb")
    server = subprocess.Popen([program, "-m", "jupyterlab", *words], cwd=tmp_path, env=environ, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"{url}/lab/tree/migrate.ipynb?token={TOKEN}&reset"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def do(page: Page, command: str) -> None:
    """A command of JupyterLab, as its menus carry them out; not waited for."""
    page.evaluate("name => { window.jupyterapp.commands.execute(name) }", command)


def run_all(page: Page, case: str) -> None:
    """Run > Run All Cells, and the name of the case where the first cell asks for it."""
    do(page, "notebook:run-all-cells")
    asked = page.locator("input.jp-Stdin-input")
    expect(page.locator(".jp-Stdin-prompt")).to_contain_text("The case’s name", timeout=90_000)
    asked.fill(case)
    asked.press("Enter")


def to_the_top(page: Page) -> None:
    page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer, .jp-Notebook').scrollTo(0, 0)")


def test_cell_by_cell_all_and_again(lab: str, tmp_path: Path, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    page.goto(lab)
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=90_000)
    page.wait_for_function("() => window.jupyterapp")
    # Before its kernel is there, a cell that is run would ask which kernel is meant.
    expect(page.get_by_text(re.compile(r"\| Idle")).first).to_be_attached(timeout=90_000)

    # Code is folded, and opens.
    folded = page.locator(".jp-CodeCell .jp-InputPlaceholder")
    expect(folded.first).to_be_visible()

    # The first cell forgotten: the cell of a step is run alone.
    page.locator(".jp-CodeCell").nth(2).click()
    do(page, "notebook:run-cell")
    told = page.locator(".jp-OutputArea").filter(has_text="The first code cell has not been run")
    expect(told.first).to_be_visible(timeout=60_000)

    # The whole notebook; the case's name is asked for below the first cell.
    run_all(page, "case-lab")
    journal = Journal(tmp_path / "cases" / "case-lab" / "journal.jsonl")

    def outcomes(count: int) -> list[str]:
        for _ in range(300):
            history = History(journal.entries())
            closed = [str(c["outcome"]) for run in history.runs() if (c := history.closing(run))]
            if len(closed) >= count:
                return closed
            page.wait_for_timeout(300)
        raise AssertionError((tmp_path / "lab.log").read_text(encoding="utf-8")[-3000:])

    assert outcomes(1) == ["waiting"]
    to_the_top(page)
    verdict = page.locator(".jp-OutputArea .verdict")
    expect(verdict.first).to_contain_text("WAITING", timeout=30_000)
    expect(page.locator(".stamp").filter(has_text="not run by papermill").first).to_be_attached()

    # The same kernel again, from the top: the rehearsal answers in the person's place, and the case is done.
    run_all(page, "case-lab")
    assert outcomes(2) == ["waiting", "done"]
    to_the_top(page)
    expect(verdict.first).to_contain_text("DONE", timeout=30_000)
    expect(verdict.first).to_contain_text("runbook record case-lab")

    # The first cell once more, alone: nothing is locked against the person who holds the notebook.
    page.locator(".jp-CodeCell").nth(1).click()
    for _ in range(2):
        do(page, "notebook:run-cell")
        asked = page.locator("input.jp-Stdin-input")
        asked.fill("case-lab", timeout=60_000)
        asked.press("Enter")
        expect(page.locator(".stamp").filter(has_text=re.compile("RUN r0[34] NOT FINISHED")).first).to_be_attached(
            timeout=60_000
        )
        page.wait_for_timeout(500)
    assert outcomes(3)[2] == "interrupted"
    page.close()
