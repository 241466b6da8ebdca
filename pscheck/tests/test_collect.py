"""The collector finds every kind of PowerShell text; the tree may not have one of each yet, so it is made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pscheck.checker import check
from pscheck.collect import Text, collect

GOOD = "Get-Date\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project with one text of each kind, and texts that are not PowerShell."""

    def put(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    put("notebooks/steps/service.ps1", "Get-Service\n")
    put("runbook/papers/verifier.ps1", "Get-FileHash -LiteralPath 'a'\n")
    put(
        "notebooks/migrate.md",
        '# Title\n\n```powershell id="service"\nGet-Volume\n```\n\n```python\n%%powershell roles\nGet-Process\n```\n'
        "\n```python\nprint(1)\n```\n",
    )
    cells = [
        {"cell_type": "code", "id": "network", "source": ["%%powershell network\n", "Get-Culture\n"]},
        {"cell_type": "code", "id": "last", "source": "print(1)"},
        {"cell_type": "markdown", "id": "text", "source": "%%powershell no"},
    ]
    put("notebooks/migrate.ipynb", json.dumps({"cells": cells}))
    put(
        "docs/en/page.md",
        "Text\n\n=== \"Tab\"\n\n    ```powershell\n    Get-Host\n    ```\n\n```powershell\n{{ step('x') }}\n```\n\n"
        "```bash\nls\n```\n\n```text\nrunbook register\n```\n\nRun `Get-Item -LiteralPath a` now, not `a word` and not "
        "`wevtutil epl …`.\n\n"
        "`runbook verify`, `.venv/bin/runbook status case-a`, not `runbook confirm … --attach`.\n",
    )
    put(
        "knowledge/errors.yml",
        "- id: E01\n  fix:\n    en: |\n      Do:\n      ```powershell\n      Get-Random\n      ```\n",
    )
    put("knowledge/words/archive.yml", 'verifier: {en: "Check it:\\n\\ncertutil -hashfile a SHA256\\n\\nThe end."}\n')
    put("site/page.md", "```powershell\nNot-Mine\n```\n")
    put("cases/a/script.ps1", "Not-Mine\n")
    return tmp_path


def _one(texts: list[Text], file: str) -> list[tuple[str, str, int, str]]:
    return [(text.kind, text.section, text.line, text.text.strip()) for text in texts if text.file == file]


def test_every_kind_is_found(tree: Path) -> None:
    texts = collect(tree)
    assert {text.kind for text in texts} == {
        *("step", "script", "cell", "fence", "inline", "knowledge", "shell"),
    }
    assert _one(texts, "notebooks/steps/service.ps1") == [("step", "service", 1, "Get-Service")]
    assert _one(texts, "runbook/papers/verifier.ps1")[0][0] == "script"
    assert _one(texts, "notebooks/migrate.md") == [
        ("cell", 'powershell id="service"', 4, "Get-Volume"),
        ("cell", "powershell roles", 9, "Get-Process"),
    ]
    assert _one(texts, "notebooks/migrate.ipynb") == [("cell", "network", 1, "Get-Culture")]
    assert _one(texts, "docs/en/page.md") == [
        ("fence", "", 6, "Get-Host"),
        ("shell", "", 14, "ls"),
        ("fence", "", 18, "runbook register"),
        ("inline", "", 21, "Get-Item -LiteralPath a"),
        ("inline", "", 23, "runbook verify --help"),
        ("shell", "", 23, ".venv/bin/runbook status case-a"),
    ]
    assert _one(texts, "knowledge/errors.yml") == [("knowledge", "E01.fix.en", 3, "Get-Random")]
    assert _one(texts, "knowledge/words/archive.yml") == [
        ("inline", "verifier.en", 3, "certutil -hashfile a SHA256"),
    ]


def test_what_running_made_is_left_out(tree: Path) -> None:
    assert not [text for text in collect(tree) if "Not-Mine" in text.text]


def test_a_fault_in_a_fence_names_the_line_of_the_page(tree: Path) -> None:
    page = tree / "docs" / "en" / "page.md"
    page.write_text("One\n\n```powershell\nGet-Date\nGet-Dat\n```\n", encoding="utf-8", newline="\n")
    (text,) = [text for text in collect(tree) if text.file == "docs/en/page.md"]
    (fault,) = check(text)
    assert fault.line == 5
